"""Asking the journal: what belongs to a run, who did what since when. Pure functions over entries."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cockpit.models.journal import Entry

_RUN_FIELDS = ("run", "run_key", "target")


def select(
    entries: Iterable[Entry],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: str | None = None,
    run: str | None = None,
    incident: str | None = None,
    kind: str | None = None,
    action: str | None = None,
) -> Iterator[Entry]:
    """The entries that meet every condition given, in their order.

    Args:
        entries: Entries of the journal.
        since: Not before this moment (aware).
        until: Before this moment (aware).
        actor: User or real user.
        run: Id or key of a run; see `concerns`.
        incident: Incident id.
        kind: A kind (`action.started`) or a family of kinds (`action`).
        action: Id of an action (`retry`).
    """
    for entry in entries:
        if since is not None and entry.at < since:
            continue
        if until is not None and entry.at >= until:
            continue
        if actor is not None and actor not in (entry.actor.user, entry.actor.real_user):
            continue
        if incident is not None and entry.incident != incident:
            continue
        if kind is not None and entry.kind != kind and not entry.kind.startswith(f"{kind}."):
            continue
        if action is not None and entry.data.get("action") != action:
            continue
        if run is not None and not concerns(entry, frozenset((run,))):
            continue
        yield entry


def timeline(entries: Iterable[Entry], run_id: str, run_key: str | None = None) -> tuple[Entry, ...]:
    """Everything recorded about one run, oldest first.

    Args:
        entries: Entries of the journal; for a live timeline pass only the new ones and add what comes back.
        run_id: The run's id.
        run_key: Its key. An entry that carries a key belongs to that run only, not to its namesakes.
    """
    names = frozenset((run_id, run_key)) if run_key is not None else frozenset((run_id,))
    return tuple(entry for entry in entries if concerns(entry, names) and _right_key(entry, run_key))


def concerns(entry: Entry, names: frozenset[str]) -> bool:
    """Whether an entry names one of these runs.

    As `run`, `run_key` or `target`, among `runs`, or so inside one of its fields (`plan`, `job`).
    """
    if _names(entry.data, names):
        return True
    return any(isinstance(value, dict) and _names(value, names) for value in entry.data.values())


def _names(data: Mapping[str, Any], names: frozenset[str]) -> bool:
    if any(isinstance(data.get(field), str) and data[field] in names for field in _RUN_FIELDS):
        return True
    runs = data.get("runs")
    return isinstance(runs, list) and any(isinstance(each, str) and each in names for each in runs)


def _right_key(entry: Entry, run_key: str | None) -> bool:
    key = entry.data.get("run_key")
    return run_key is None or not isinstance(key, str) or key == run_key
