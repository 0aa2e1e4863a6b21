"""A root's record as it stands: its journal followed live, and the folds of it that screens and verbs ask for.

Nothing is acknowledged here that is not on disk: every write goes through the journal first, and what is shown is
folded from what was read back.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cockpit.errors import UsageError
from cockpit.incidents.fold import IncidentFold
from cockpit.journal.log import Draft, Journal
from cockpit.journal.query import timeline
from cockpit.journal.reader import START
from cockpit.models.evidence import Evidence
from cockpit.models.journal import Entry
from cockpit.models.playbook import Anchor, Checklist, ChecklistItem, CheckResult, Stamp
from cockpit.models.run import Run
from cockpit.playbooks import commands
from cockpit.playbooks.checklists import ChecklistFold
from cockpit.playbooks.loader import Library
from cockpit.runtime.compact import without_gc
from cockpit.sanitize import clean

if TYPE_CHECKING:
    from cockpit.models.incident import Incident

NOTE = "note"
"""Kind of a free remark on a run's timeline: `{"run", "run_key", "text", "happened_at"}`."""


class Ledger:
    """One journal and its folds. `refresh` and the writes block on disk: call them off the event loop.

    Safe to share between threads; what it returns is immutable.
    """

    def __init__(self, journal: Journal, library: Library) -> None:
        self.journal = journal
        self._library = library
        # Reentrant: what is decided while it is held may ask for incidents and checklists.
        self._lock = threading.RLock()
        self._cursor = START
        self._entries: list[Entry] = []
        self._fold = ChecklistFold(library)
        self._incidents = IncidentFold()

    def refresh(self) -> bool:
        """Take in what was appended since, by anyone; returns whether there was anything."""
        with self._lock:
            return self._refresh()

    def _refresh(self) -> bool:
        # What is read stays: a collection in the middle of a long journal walks over all of it for nothing.
        with without_gc():
            return self._take_in()

    def _take_in(self) -> bool:
        changed = False
        while True:
            batch = self.journal.follow(self._cursor)
            if batch.reset:
                self._entries.clear()
                self._fold.clear()
                self._incidents.clear()
                changed = True
            self._cursor = batch.cursor
            self._entries.extend(batch.entries)
            self._fold.feed(batch.entries)
            self._incidents.feed(batch.entries)
            changed = changed or bool(batch.entries)
            if not batch.more:
                return changed

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything recorded, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def timeline(self, run: Run) -> tuple[Entry, ...]:
        """What was recorded about a run, oldest first."""
        with self._lock:
            return timeline(self._entries, run.id, run.key)

    def checklist(self, target: str) -> Checklist:
        """The checklist of a run's or an incident's id."""
        with self._lock:
            return self._fold.checklist(target)

    def start(self, target: str, playbook: str, anchors: Sequence[Anchor] = ()) -> Checklist:
        """Start a playbook's checklist.

        Args:
            target: A run's or an incident's id.
            playbook: Id of the playbook.
            anchors: Where the target's runs stand now.

        Raises:
            UsageError: There is no such playbook.
            JournalError: It could not be recorded.
        """
        with self._writing(target) as current:
            commands.start(self.journal, self._library, target, playbook, anchors=anchors, current=current)
        return self._after(target)

    def tick(
        self,
        target: str,
        item: str,
        evidence: Sequence[Evidence] = (),
        note: str | None = None,
        stamps: Sequence[Stamp] = (),
    ) -> Checklist:
        """Attest that an item is done. Raises as `start`; also when there is no such item."""
        with self._writing(target) as current:
            commands.tick(
                self.journal, self._library, target, item, evidence=evidence, note=note, stamps=stamps, current=current
            )
        return self._after(target)

    def verified(self, target: str, results: Sequence[tuple[ChecklistItem, CheckResult, Sequence[Stamp]]]) -> Checklist:
        """Record that checks confirmed items, see `commands.verified`."""
        commands.verified(self.journal, target, results)
        return self._after(target)

    def untick(self, target: str, item: str) -> Checklist:
        """Open an item again. Raises as `tick`."""
        with self._writing(target) as current:
            commands.untick(self.journal, self._library, target, item, current=current)
        return self._after(target)

    def claim(self, target: str, item: str, owner: str | None = None) -> Checklist:
        """Say who works on an item. Raises as `tick`."""
        with self._writing(target) as current:
            commands.claim(self.journal, self._library, target, item, owner=owner, current=current)
        return self._after(target)

    def release(self, target: str, item: str) -> Checklist:
        """Say that nobody works on an item any more. Raises as `tick`."""
        with self._writing(target) as current:
            commands.release(self.journal, self._library, target, item, current=current)
        return self._after(target)

    @contextmanager
    def _writing(self, target: str) -> Iterator[Checklist]:
        """The checklist with everything others wrote, while nothing else in this process writes."""
        with self._lock:
            self._refresh()
            yield self._fold.checklist(target)

    def skip(self, target: str, item: str, reason: str) -> Checklist:
        """Leave an item out, and say why. Raises as `tick`."""
        with self._writing(target) as current:
            commands.skip(self.journal, self._library, target, item, reason, current=current)
        return self._after(target)

    def note(self, target: str, item: str, text: str) -> Checklist:
        """Write something down about an item. Raises as `tick`."""
        with self._writing(target) as current:
            commands.note(self.journal, self._library, target, item, text, current=current)
        return self._after(target)

    def comment(self, run: Run, text: str, happened_at: str | None = None) -> Entry:
        """Put a remark on a run's timeline.

        Args:
            run: The run.
            text: The remark.
            happened_at: ISO time it speaks of, where that is not now.

        Raises:
            UsageError: It is empty.
            JournalError: It could not be recorded.
        """
        if not text.strip():
            raise UsageError("an empty remark says nothing")
        data = {"run": run.id, "run_key": run.key, "text": text.strip()[: commands.MAX_TEXT]}
        if happened_at is not None:
            data["happened_at"] = happened_at
        return self.journal.append(NOTE, data)

    def incidents(self) -> "tuple[Incident, ...]":
        """Every incident, in the order of their declaration."""
        with self._lock, without_gc():
            return self._incidents.incidents()

    def incident_names(self) -> frozenset[str]:
        """Every incident's id that occurs in the journal."""
        with self._lock:
            return self._incidents.names()

    def incident(self, name: str) -> "Incident | None":
        """The incident with this id, or `None`."""
        with self._lock:
            return self._incidents.incident(name)

    def incident_entries(self, name: str) -> tuple[Entry, ...]:
        """What was recorded about an incident, oldest first."""
        with self._lock:
            return self._incidents.entries(name)

    def declare(self, decide: Callable[[frozenset[str]], Sequence[Draft]]) -> "Incident":
        """Declare an incident.

        Args:
            decide: Takes the ids that are taken; returns what is recorded (`cockpit.incidents.lifecycle.declare`).
                Called with the journal locked, so that nobody else can take the same id.

        Raises:
            UsageError: As `decide`.
            JournalError: It could not be recorded.
        """
        entries = self._record(lambda: decide(self._incidents.names()))
        return self._there(entries[0].incident or "")

    def amend(self, name: str, decide: Callable[["Incident"], Sequence[Draft]]) -> "Incident":
        """Do something to an incident.

        Args:
            name: Its id.
            decide: Takes the incident as it is; returns what is recorded, or refuses. Called with the journal locked:
                what it sees is still so when that is recorded. It may ask this ledger for checklists.

        Returns:
            The incident after it.

        Raises:
            UsageError: There is no such incident; or as `decide`.
            CockpitError: As `decide`.
            JournalError: It could not be recorded.
        """
        self._record(lambda: decide(self._there(name)))
        return self._there(name)

    def _record(self, decide: Callable[[], Sequence[Draft]]) -> tuple[Entry, ...]:
        def as_of_now() -> Sequence[Draft]:
            self._refresh()
            return decide()

        with self._lock:
            entries = self.journal.append_decided(as_of_now)
            self._refresh()
            return entries

    def _there(self, name: str) -> "Incident":
        found = self.incident(name)
        if found is None:
            raise UsageError(f"no incident {clean(name)!r}")
        return found

    def _after(self, target: str) -> Checklist:
        self.refresh()
        return self.checklist(target)
