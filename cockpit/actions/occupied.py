"""Who holds a run: live producers, and whoever has one of its files open for writing. Such a run is not archived.

What is known for sure forbids: a process that was started for the run, names it, works in it or has its files open.
What is only likely is told as a warning: an orchestrator that works in the same tree may have to do with any run in it.
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.models.run import Run, RunRef
from cockpit.producers import recorded_producers
from cockpit.runtime.handles import Handle, open_for_writing
from cockpit.runtime.matching import NAMES, Match, Target, distinct, match
from cockpit.runtime.mounts import is_silent
from cockpit.runtime.processes import Card, HostProcesses, ProcessTable, ancestors
from cockpit.runtime.vigil import target_of
from cockpit.sanitize import clean

_BUDGET_S = 5.0
_MOST = 5
_DEAD = ("zombie", "dead")
_TABLE = HostProcesses(_BUDGET_S)
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Occupied:
    """What was found, in words.

    Attributes:
        holders: Why the run must be left alone; empty where nothing holds it.
        doubts: What may hold it, or could not be looked at.
    """

    holders: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def occupied(
    ref: RunRef, state_dir: Path, *, run: Run | None = None, table: ProcessTable | None = None, own: int | None = None
) -> Occupied:
    """Look at the processes of this host once. Never raises for what they are or hide.

    Args:
        ref: The run.
        state_dir: State directory of its root, where its producers may be on record.
        run: Its verdict, where there is one: a process of the tree that began with it is told of.
        table: The processes; this host's by default.
        own: Process id that does the looking; with what it was started from it is left out.
    """
    started, updated = (run.started_at, run.updated_at) if run is not None else (None, None)
    target = target_of(ref, recorded_producers(state_dir, ref), started_at=started, updated_at=updated)
    if table is None:
        # One for all plans of a bulk: who is known already costs little. The job itself looks anew.
        with _LOCK:
            return _look(target, _TABLE, own)
    return _look(target, table, own)


def _look(target: Target, table: ProcessTable, own: int | None) -> Occupied:
    listing = table.list()
    above = ancestors(listing, os.getpid() if own is None else own)
    found = [(card, why) for card in listing.cards if card.pid not in above and (why := _match(card, target, table))]
    certain = {card.pid: _certain(card, why, target) for card, why in found}
    holders = [_told(card, why) for card, why in found if certain[card.pid]]
    maybe = [_told(card, why) for card, why in found if not certain[card.pid]]
    handles = open_for_writing(target.path)
    holders += [_writing(handle, target) for handle in handles.found if not certain.get(handle.pid)]
    return Occupied(tuple(holders[:_MOST]), (*_few(maybe), *_unseen(target, handles.hidden, complete=listing.complete)))


def _match(card: Card, target: Target, table: ProcessTable) -> Match | None:
    """Why a process has to do with the run. Files it only reads are no reason; who writes is found by its handles."""
    why = match(card, target)
    if why is None:
        return None
    vitals = table.vitals(card)
    return None if vitals is None or vitals.status in _DEAD else why


def _certain(card: Card, why: Match, target: Target) -> bool:
    """Whether a process is enough to leave the run alone.

    Somebody else's process that names a run called `run-1`, in a place that is not told, may mean another one.
    """
    elsewhere = why.why == NAMES and card.cwd is None and not distinct(target.id)
    return why.sure and why.binding and not elsewhere


def _told(card: Card, why: Match) -> str:
    return f"{clean(card.name, 60)} (pid {card.pid}) {why.why}"


def _writing(handle: Handle, target: Target) -> str:
    path = clean(handle.path.removeprefix(f"{target.path}/"))
    return f"{clean(handle.name, 60)} (pid {handle.pid}) has {path} open for writing"


def _few(maybe: Sequence[str]) -> list[str]:
    lines = [f"{text} and may write to the run" for text in maybe[:_MOST]]
    return [*lines, f"{len(maybe) - _MOST} more processes may"] if len(maybe) > _MOST else lines


def _unseen(target: Target, hidden: int, *, complete: bool) -> list[str]:
    """What could not be looked at, so that nobody takes silence for an answer."""
    found = []
    if is_silent(Path(target.root)):
        found.append("the root is on a network filesystem: a producer on another host cannot be seen")
    if not complete:
        found.append("there are too many processes to look at all of them")
    if hidden:
        found.append(f"{hidden} processes of the run's owner may not be looked into: a producer among them is not seen")
    return found
