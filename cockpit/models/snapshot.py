"""One immutable picture of everything, handed from the board to whoever draws it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cockpit.models.problem import Problem
from cockpit.models.run import Run


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
    """

    revision: int
    as_of: datetime
    runs: tuple[Run, ...] = ()
    roots: tuple[RootStatus, ...] = ()
    progress: Progress = Progress()
    watch: WatchMode = WatchMode.OFF
    stale: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
