"""Incidents as a fold of the journal.

An incident is a function of the set of its entries: they are applied in the order of their numbers, whatever order or
portions they were fed in, and one that is fed twice counts once. Entries that say nothing usable are left out
(`cockpit.incidents.apply`); the fold never raises.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

from cockpit.incidents.events import DECLARED, incident_of
from cockpit.models.journal import Entry

if TYPE_CHECKING:
    from cockpit.models.incident import Incident


_ORDER = attrgetter("seq", "at", "hash")


class IncidentFold:
    """All incidents, kept up to date by feeding it entries as they come. Not thread-safe."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[tuple[int, str], Entry]] = {}
        self._built: dict[str, Incident | None] = {}

    def feed(self, entries: Iterable[Entry]) -> frozenset[str]:
        """Take in entries, in any order; returns the ids they are about."""
        touched: set[str] = set()
        for entry in entries:
            name = incident_of(entry)
            if name is None:
                continue
            self._entries.setdefault(name, {})[entry.seq, entry.hash] = entry
            self._built.pop(name, None)
            touched.add(name)
        return frozenset(touched)

    def clear(self) -> None:
        """Forget everything: the journal was replaced and comes again from its start."""
        self._entries.clear()
        self._built.clear()

    def incident(self, name: str) -> "Incident | None":
        """The incident with this id as of the entries fed so far; `None` where none was declared."""
        if name not in self._built and name in self._entries:
            self._built[name] = build(self._entries[name].values())
        return self._built.get(name)

    def names(self) -> frozenset[str]:
        """Every id that occurs, also where nothing was declared under it."""
        return frozenset(self._entries)

    def incidents(self) -> "tuple[Incident, ...]":
        """Every incident, in the order of their declaration."""
        found = [incident for name in self._entries if (incident := self.incident(name)) is not None]
        return tuple(sorted(found, key=lambda incident: (incident.declared_at, incident.id)))

    def entries(self, name: str) -> tuple[Entry, ...]:
        """What was recorded about an incident, oldest first."""
        return _in_order(self._entries.get(name, {}).values())


def build(entries: Iterable[Entry]) -> "Incident | None":
    """The incident that its entries make, or `None` where none of them declares it. A second declaration is ignored."""
    # Most journals hold no incident: the first frame of the screen does not wait for the models of one.
    from cockpit.incidents.apply import apply, declare

    incident: Incident | None = None
    for entry in _in_order(entries):
        if incident is None:
            incident = declare(entry)
        elif entry.kind != DECLARED:
            incident = apply(incident, entry)
    return incident


def fold(entries: Iterable[Entry]) -> "tuple[Incident, ...]":
    """Every incident from all entries of a journal."""
    folding = IncidentFold()
    folding.feed(entries)
    return folding.incidents()


def _in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=_ORDER))
