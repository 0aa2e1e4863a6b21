"""The sweep: which runs to look at when nothing was reported. The watcher hints; this is what finds everything."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.models.run import Run, RunRef, RunState
from cockpit.runtime.table import RunTable

ACTIVE = frozenset(
    {
        RunState.PENDING,
        RunState.RUNNING,
        RunState.PAUSED,
        RunState.WAITING,
        RunState.BLOCKED,
        RunState.STUCK,
    }
)
"""States in which something may still happen without anybody starting it."""

MOST_HOT = 64
_ACTIVE_FOR = timedelta(days=1)
_RECENT = timedelta(minutes=10)


def hot(runs: Iterable[Run], scoped: Run | None, now: datetime, most: int = MOST_HOT) -> list[Run]:
    """Runs worth watching closely: the scoped one, what is active and what changed lately, newest first.

    Args:
        runs: All runs, newest first.
        scoped: The run in scope.
        now: The present moment.
        most: How many at most.
    """
    chosen = [] if scoped is None else [scoped]
    for run in runs:
        silence = run.silence(now)
        if len(chosen) >= most or silence is None or silence >= _ACTIVE_FOR:
            break
        if (silence < _RECENT or run.state in ACTIVE) and run is not scoped:
            chosen.append(run)
    return chosen


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are looked at, in seconds.

    Attributes:
        sweep_s: Between sweeps. With the budgets below a sweep of 10,000 runs costs about 0.2 % of a core.
        poll_s: Between looks at hot runs while nothing reports changes.
        hot_s: Most time spent on hot runs in one sweep.
        slice_s: Most time spent on the next few of all runs in one sweep.
        relist_every: Every how many sweeps the roots are listed whether or not they seem to have changed.
    """

    sweep_s: float = 30.0
    poll_s: float = 1.0
    hot_s: float = 0.03
    slice_s: float = 0.02
    relist_every: int = 20


DEFAULT_PACE = Pace()


class RoundRobin:
    """Walks over all keys again and again, a slice at a time."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._place = 0

    def take(self, keys: Callable[[], Sequence[str]]) -> str | None:
        """The next key, in a round over what `keys` gave when the round began; `None` where that is nothing."""
        if self._place >= len(self._keys):
            self._keys = list(keys())
            self._place = 0
        if not self._keys:
            return None
        self._place += 1
        return self._keys[self._place - 1]


class Sweeper:
    """Whose turn it is to be looked at.

    Args:
        table: All runs.
    """

    def __init__(self, table: RunTable) -> None:
        self._table = table
        self._round = RoundRobin()
        self._hot_round = RoundRobin()

    def next_hot(self, runs: Sequence[Run]) -> Iterator[RunRef]:
        """Each of the hot runs once, going on after the last one that got its turn."""
        keys = [run.key for run in runs]
        return self._refs(self._hot_round.take(lambda: keys) for _ in keys)

    def next_few(self) -> Iterator[RunRef]:
        """Each of all runs once, going on after the last one that got its turn."""
        return self._refs(self._round.take(self._table.all_keys) for _ in range(len(self._table)))

    def _refs(self, keys: Iterable[str | None]) -> Iterator[RunRef]:
        for key in keys:
            ref = self._table.ref(key) if key else None
            if ref is not None:
                yield ref
