"""What was done to the runs of an incident: actions from the journal, each from its plan to its end."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cockpit.actions.desk import CANCELLED
from cockpit.actions.ending import ENDED
from cockpit.actions.launcher import PLANNED, REFUSED, STARTED
from cockpit.incidents.events import words
from cockpit.journal.actor import shown
from cockpit.models.base import Model
from cockpit.models.journal import Entry


class ActionDone(Model):
    """One action on a run, as the journal tells it.

    Attributes:
        job: Id of its job.
        danger: Whether it cannot be taken back, or reaches beyond this host.
        argv: The command; empty for a request or the cockpit's own actions.
        at: When it was started.
        by: Who started it.
        ended_at: When its end was recorded; `None` while it runs.
        state: How it ended (`succeeded`, `failed` ...), or `None`.
        exit_code: Of its command, or `None`.
        outcome: What became of it, for people.
        seq: Number of the entry that tells of its start.
    """

    job: str
    action: str
    run: str
    run_key: str
    flow: str | None = None
    step: str | None = None
    danger: bool = False
    argv: tuple[str, ...] = ()
    at: datetime
    by: str
    ended_at: datetime | None = None
    state: str | None = None
    exit_code: int | None = None
    outcome: str = ""
    seq: int


def actions_on(keys: Iterable[str], entries: Iterable[Entry], since: datetime | None = None) -> tuple[ActionDone, ...]:
    """The actions on some runs, in the order they were started.

    Args:
        keys: Keys of the runs.
        entries: Entries of the journal, oldest first.
        since: Leave out what was started before.
    """
    wanted = frozenset(keys)
    dangerous: set[str] = set()
    found: dict[str, ActionDone] = {}
    for entry in entries:
        job = words(entry.data, "job")
        if job is None or entry.data.get("run_key") not in wanted:
            continue
        if entry.kind == PLANNED and entry.data.get("danger") is True:
            dangerous.add(job)
        elif entry.kind == STARTED and job not in found and (since is None or entry.at >= since):
            found[job] = _started(entry, job, danger=job in dangerous)
        elif entry.kind == ENDED and job in found:
            found[job] = found[job].model_copy(update=_end(entry))
    return tuple(found.values())


KINDS = frozenset((STARTED, ENDED, REFUSED, CANCELLED))
"""Kinds of entry about actions that are told on a timeline."""


def _started(entry: Entry, job: str, *, danger: bool) -> ActionDone:
    data = entry.data
    argv = data.get("argv")
    return ActionDone(
        job=job,
        action=words(data, "action") or "action",
        run=words(data, "run") or "",
        run_key=words(data, "run_key") or "",
        flow=words(data, "flow"),
        step=words(data, "step"),
        danger=danger,
        argv=tuple(each for each in argv if isinstance(each, str)) if isinstance(argv, list) else (),
        at=entry.at,
        by=shown(entry.actor),
        seq=entry.seq,
    )


def _end(entry: Entry) -> dict[str, Any]:
    code = entry.data.get("exit_code")
    return {
        "ended_at": entry.at,
        "state": words(entry.data, "state"),
        "exit_code": code if isinstance(code, int) and not isinstance(code, bool) else None,
        "outcome": words(entry.data, "outcome") or "",
    }
