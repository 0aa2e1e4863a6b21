"""What the scanner has to do next, in the order in which a person misses it."""

import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from cockpit.models.run import RunRef

RETRY_S = 0.075
"""How long after a half-written file was met it is looked at again."""


class WorkQueue:
    """Dirty runs, roots to list and the backlog of runs nobody looked at yet. Safe to use from several threads.

    A run that is marked twice before it is taken is taken once: newest wins.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._dirty: dict[str, RunRef] = {}
        self._retries: dict[str, tuple[float, RunRef]] = {}
        self._roots: dict[Path, float] = {}
        self._backlog: deque[RunRef] = deque()
        self._scoped: str | None = None
        self._woken = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether there will be no more work."""
        return self._closed

    @property
    def waiting(self) -> int:
        """Runs in the backlog."""
        return len(self._backlog)

    def mark(self, refs: Iterable[RunRef]) -> None:
        """These runs changed."""
        with self._ready:
            for ref in refs:
                self._dirty.setdefault(ref.key, ref)
            self._ready.notify()

    def mark_again(self, ref: RunRef, delay_s: float = RETRY_S) -> None:
        """This run was caught half-written; one look that has to do comes after a moment."""
        with self._ready:
            self._retries.setdefault(ref.key, (time.monotonic() + delay_s, ref))
            self._ready.notify()

    def relist(self, roots: Iterable[Path], delay_s: float = 0.0) -> None:
        """The runs of these roots must be listed, at the earliest after `delay_s` seconds."""
        due = time.monotonic() + delay_s
        with self._ready:
            for root in roots:
                self._roots[root] = min(due, self._roots.get(root, due))
            self._ready.notify()

    def fill(self, refs: Iterable[RunRef]) -> None:
        """Replace the backlog."""
        with self._ready:
            self._backlog = deque(refs)
            self._ready.notify()

    def add(self, refs: Iterable[RunRef]) -> None:
        """Put runs that are not in the backlog at its end."""
        with self._ready:
            there = {ref.key for ref in self._backlog}
            self._backlog.extend(ref for ref in refs if ref.key not in there)
            self._ready.notify()

    def scope(self, key: str | None) -> None:
        """This run comes first."""
        with self._ready:
            self._scoped = key

    def wake(self) -> None:
        """End a wait: something else is due."""
        with self._ready:
            self._woken = True
            self._ready.notify()

    def close(self) -> None:
        """End every wait for good and forget all work."""
        with self._ready:
            self._closed = True
            self._dirty.clear()
            self._retries.clear()
            self._roots.clear()
            self._backlog.clear()
            self._ready.notify_all()

    def wait(self, until: float, dirty_from: float = 0.0) -> None:
        """Wait for work.

        Args:
            until: Moment of the monotonic clock at which to give up.
            dirty_from: Moment before which dirty runs are no reason to return, so that bursts come in batches.
        """
        with self._ready:
            while not self._closed and not self._woken and not self._backlog:
                now = time.monotonic()
                due = min(until, *self._roots.values()) if self._roots else until
                if self._dirty:
                    due = min(due, dirty_from)
                if self._retries:
                    due = min(due, *(at for at, _ in self._retries.values()))
                if due <= now:
                    break
                self._ready.wait(due - now)
            self._woken = False

    def take_dirty(self) -> tuple[RunRef, bool] | None:
        """The next dirty run, and whether it may be looked at once more if it is half-written."""
        with self._ready:
            now = time.monotonic()
            for key, (at, ref) in self._retries.items():
                if at <= now:
                    del self._retries[key]
                    self._dirty.pop(key, None)
                    return ref, False
            if not self._dirty:
                return None
            key = self._scoped if self._scoped in self._dirty else next(iter(self._dirty))
            assert key is not None  # noqa: S101 -- `None` is never a key of the dirty runs
            return self._dirty.pop(key), True

    def take_root(self) -> Path | None:
        """The next root to list."""
        with self._ready:
            now = time.monotonic()
            root = next((root for root, due in self._roots.items() if due <= now), None)
            if root is not None:
                del self._roots[root]
            return root

    def take_waiting(self) -> RunRef | None:
        """The next run of the backlog."""
        with self._ready:
            return self._backlog.popleft() if self._backlog else None

    def take_all_waiting(self) -> list[RunRef]:
        """All of the backlog."""
        with self._ready:
            taken, self._backlog = list(self._backlog), deque()
            return taken

    def next_retry(self) -> float | None:
        """Moment of the monotonic clock of the next look at a half-written run."""
        with self._ready:
            return min((at for at, _ in self._retries.values()), default=None)
