"""One immutable picture of everything, handed from the board to whoever draws it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cockpit.models.problem import Problem
from cockpit.models.run import ATTENTION, Run, RunState

Change = tuple[str, Run | None]
"""The key of a run that changed and its summary now; `None` where it is gone."""


class WatchMode(StrEnum):
    """How changes are noticed."""

    OFF = "off"
    INOTIFY = "inotify"
    POLL = "poll"
    DEGRADED = "degraded"
    """inotify ran out of watches: only the sweep notices changes of some runs."""


@dataclass(frozen=True, slots=True)
class RootStatus:
    """A root as the board sees it: its path, the sources found in it, and why it cannot be read, if so."""

    path: str
    sources: tuple[str, ...] = ()
    error: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the first scan is; `total` is `None` while it is still counting."""

    done: int = 0
    total: int | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs there are of a kind.

    Attributes:
        states: Of each state; states without runs are left out.
        pressing: Runs that need a look: by their state, or because their own claim is contradicted.
    """

    states: Mapping[RunState, int] = field(default_factory=dict)
    pressing: int = 0


def presses(run: Run) -> bool:
    """Whether a run needs a look."""
    return run.state in ATTENTION or run.contradicted


def tally_of(runs: Iterable[Run]) -> Tally:
    """Counted one by one."""
    states: dict[RunState, int] = {}
    pressing = 0
    for run in runs:
        states[run.state] = states.get(run.state, 0) + 1
        pressing += presses(run)
    return Tally({state: states[state] for state in RunState if state in states}, pressing)


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """All runs at one moment, compared by identity (a reactive must not walk 10,000 runs to compare).

    Attributes:
        revision: Grows with every snapshot.
        as_of: When it was made; states are judged as of then.
        runs: Every run, by key, newest first.
        roots: The roots and what is wrong with them.
        progress: Of the first scan.
        watch: How changes are noticed.
        stale: Keys of runs whose last read failed; their summary is the last good one.
        problems: What belongs to no run.
        tally: How many runs there are of a kind, where whoever made the snapshot kept count.
        serial: Grows with every change of a run; a snapshot holds all changes up to its own.
        changes: Gives the changes after one serial up to another, oldest first, or `None` where they are not known
            any more: whoever shows the runs need not walk over all of them for one that changed.
    """

    revision: int
    as_of: datetime
    runs: tuple[Run, ...] = ()
    roots: tuple[RootStatus, ...] = ()
    progress: Progress = Progress()
    watch: WatchMode = WatchMode.OFF
    stale: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    tally: Tally | None = None
    serial: int = 0
    changes: Callable[[int, int], Sequence[Change] | None] | None = None

    def count(self) -> Tally:
        """How many runs there are of a kind."""
        return tally_of(self.runs) if self.tally is None else self.tally

    @property
    def several_systems(self) -> bool:
        """Whether runs of more than one system may be among them, so that each must say which is its own."""
        return len({source for root in self.roots for source in root.sources}) > 1

    def since(self, serial: int) -> Sequence[Change] | None:
        """What changed after an earlier snapshot of that serial; `None` where everything may have."""
        return None if self.changes is None else self.changes(serial, self.serial)
