"""The scanner: one thread that lists roots, looks at runs and hands over what changed, in small batches."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.clock import Clock
from cockpit.models.problem import Problem
from cockpit.models.run import Run, RunRef
from cockpit.models.snapshot import Progress
from cockpit.runtime.census import Census
from cockpit.runtime.index import Index, Row
from cockpit.runtime.reader import Read, RunReader, unreadable
from cockpit.runtime.roots import Listing
from cockpit.runtime.sweep import ACTIVE, RoundRobin, hot
from cockpit.runtime.table import RunTable
from cockpit.runtime.workqueue import WorkQueue

logger = logging.getLogger(__name__)

_BATCH_S = 0.04
"""A batch of reads ends after this long, so that what it found is seen and what is more pressing gets its turn."""
_FLUSH_S = 1.0
_FLUSH_ROWS = 1_000
_JOIN_S = 2.0


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


@dataclass(frozen=True, slots=True)
class ScanEvents:
    """Whom the scanner tells; called from its thread.

    Attributes:
        changed: After every batch that changed anything a snapshot shows.
        listed: With every listing.
    """

    changed: Callable[[], None] = lambda: None
    listed: Callable[[Listing], None] = lambda _: None


class Scanner:
    """Keeps a table of runs true to the disk.

    Args:
        census: Lists the roots.
        reader: Reads runs.
        table: Receives them.
        indexes: The index of each root.
        clock: The present moment.
        events: Whom to tell.
        pace: How often things are looked at.
    """

    def __init__(
        self,
        census: Census,
        reader: RunReader,
        table: RunTable,
        indexes: Mapping[Path, Index],
        clock: Clock,
        *,
        events: ScanEvents = ScanEvents(),
        pace: Pace = Pace(),
    ) -> None:
        self.queue = WorkQueue()
        self.progress = Progress()
        self.failures: dict[str, Problem] = {}
        """Why the last read of a run failed, by key."""
        self._census = census
        self._reader = reader
        self._table = table
        self._indexes = indexes
        self._clock = clock
        self._events = events
        self._pace = pace
        self._roots = tuple(census.statuses)
        self._unlisted = set(self._roots)
        self._unseen = set(self._roots)
        """Roots whose runs have not been gone through since they appeared."""
        self._scoped: str | None = None
        self._polling = False
        self._round = RoundRobin()
        self._hot_round = RoundRobin()
        self._sweeps = 0
        self._unsaved: dict[str, Row | None] = {}
        self._flushed_at = 0.0
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own: the rest of the index, then everything on disk, then what changes."""
        self._thread = threading.Thread(target=self._loop, name="cockpit-scan", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the run being read; returns once the thread has ended."""
        self.queue.close()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None

    def scope(self, key: str | None) -> None:
        """This run comes first and its detail is kept."""
        self._scoped = key
        self._reader.scope(key)
        self.queue.scope(key)

    def poll(self, polling: bool) -> None:
        """Whether hot runs must be looked at every second because nothing reports changes."""
        self._polling = polling
        self.queue.wake()

    def hot(self) -> list[Run]:
        """Runs worth watching closely, the scoped one first."""
        scoped = self._table.get(self._scoped) if self._scoped else None
        return hot(self._table.runs(), scoped, self._clock())

    def load(self, limit: int = -1, roots: Iterable[Path] | None = None) -> None:
        """Take summaries from the index, newest first; a page at a time, so that the screen gets its turn."""
        for root in self._roots if roots is None else roots:
            for page in self._indexes[root].load(limit) if root in self._indexes else ():
                # What was read from disk meanwhile is newer.
                fresh = [row for row in page if self._table.ref(row[0].key) is None]
                if self._table.put(fresh, self._clock()):
                    self._events.changed()
                if self.queue.closed:
                    return

    def recheck(self, roots: Iterable[Path]) -> None:
        """Look at every run of these roots again, newest first."""
        names = {str(root) for root in roots}
        if names:
            self.queue.relist(Path(name) for name in names)
            self.queue.add(run.ref for run in self._table.runs() if run.ref.root in names)

    def accept(self, read: Read) -> None:
        """Take in what somebody else read."""
        self._apply([read])

    def run_once(self) -> None:
        """Look at everything once, in this thread."""
        self.load()
        for root in self._roots:
            self._list(root)
        while self.queue.waiting:
            self._work_off_backlog()
        while (due := self.queue.next_retry()) is not None:
            time.sleep(max(0.0, due - time.monotonic()))
            self._read_dirty()
        self._flush()

    def _loop(self) -> None:
        try:
            self.load()
            self.queue.relist(self._roots)
            sweep_at = time.monotonic() + self._interval()
            dirty_from = 0.0
            while not self.queue.closed:
                until = min(sweep_at, time.monotonic() + _FLUSH_S) if self._unsaved else sweep_at
                self.queue.wait(until, dirty_from)
                began = time.monotonic()
                if self._read_dirty():
                    # Bursts come in batches, and reading takes half of a core at most.
                    dirty_from = time.monotonic() + max(_BATCH_S, time.monotonic() - began)
                self._list_next()
                self._work_off_backlog()
                sweep_at = min(sweep_at, began + self._interval())
                if time.monotonic() >= sweep_at and not self.queue.waiting:
                    self._sweep()
                    sweep_at = time.monotonic() + self._interval()
                self._flush(lazily=True)
        except Exception:
            # Nothing here raises for what is on disk; if it does, the log says where and the picture stands still.
            logger.exception("the scanner ended")
            self.failures[""] = Problem(path=".", reason="the scanner ended unexpectedly; see the log", fatal=True)
            self._events.changed()
        finally:
            self._flush()

    def _interval(self) -> float:
        return self._pace.poll_s if self._polling else self._pace.sweep_s

    def _read_dirty(self) -> bool:
        batch: list[Read] = []
        until = time.monotonic() + _BATCH_S
        while (taken := self.queue.take_dirty()) is not None:
            ref, first = taken
            batch.append(self._reader.read(ref, self._table.known(ref.key), first=first, keep=True))
            if time.monotonic() >= until:
                break
        self._apply(batch)
        return bool(batch)

    def _work_off_backlog(self) -> None:
        if not self.queue.waiting:
            return
        self._apply(list(self._look(iter(self.queue.take_waiting, None), _BATCH_S)))
        progress = self.progress
        if progress.finished or progress.total is None:
            return
        waiting = self.queue.waiting
        self.progress = Progress(max(progress.total - waiting, 0), progress.total, finished=waiting == 0)
        self._events.changed()
        if self.progress.finished:
            for index in self._indexes.values():
                index.prune()

    def _look(self, refs: Iterator[RunRef], budget_s: float) -> Iterator[Read]:
        until = time.monotonic() + budget_s
        for ref in refs:
            run = self._table.get(ref.key)
            keep = run is not None and run.state in ACTIVE
            yield self._reader.read(ref, self._table.known(ref.key), first=True, keep=keep)
            if time.monotonic() >= until or self.queue.closed:
                return

    def _apply(self, reads: Sequence[Read]) -> None:
        puts: list[Row] = []
        gone: list[str] = []
        changed = False
        for read in reads:
            key = read.ref.key
            if read.again:
                self.queue.mark_again(read.ref)
                continue
            failed = self.failures.pop(key, None)
            changed |= failed != read.problem
            if read.gone:
                gone.append(key)
            elif read.problem is not None:
                self.failures[key] = read.problem
                if not self._table.mark_stale(key):
                    puts.append((unreadable(read.ref, read.problem), ""))
            elif read.run is not None:
                puts.append((read.run, read.fingerprint))
            else:
                changed |= self._table.touch(key, read.fingerprint)
        changed |= self._table.put(puts, self._clock())
        changed |= self._drop(gone)
        with self._guard:
            self._unsaved.update((row[0].key, row) for row in puts if row[1])
        if changed:
            self._events.changed()

    def _drop(self, keys: Iterable[str], *, unsave: bool = True) -> bool:
        gone = self._table.drop(keys)
        for key in gone:
            self._census.forget(key)
            self._reader.forget(key)
            self.failures.pop(key, None)
        if unsave:
            with self._guard:
                self._unsaved.update(dict.fromkeys(gone))
        return bool(gone)

    def _list_next(self) -> None:
        root = self.queue.take_root()
        if root is None:
            return
        early = self._census.early(root)
        if early > 0 and root not in self._unlisted:
            self.queue.relist([root], early)
        else:
            self._list(root)

    def _list(self, root: Path) -> None:
        before = self._census.statuses[root], self._census.problems.get(root, ())
        listing = self._census.look(root)
        self._reader.sources = {**self._reader.sources, **{source.id: source for source in listing.sources}}
        changed = before != (listing.status(), listing.problems)
        known = [(key, ref) for key, ref in self._table.items() if ref.root == str(root)]
        if listing.gone:
            # Its index stays: a filesystem that is mounted again brings the same runs back.
            changed |= self._drop((key for key, _ in known), unsave=False)
        elif listing.error is not None:
            # The root is there and cannot be looked at: what was known of its runs is the best there is.
            changed |= any([self._table.mark_stale(key) for key, _ in known])
        else:
            missing = (key for key, ref in known if key not in listing.found and ref.source not in listing.broken)
            changed |= self._drop(missing)
            self._take_in(root, listing)
        if listing.error is not None:
            self._unseen.add(root)
        self._unlisted.discard(root)
        if not self._unlisted and self.progress.total is None:
            self.progress = Progress(0, self.queue.waiting, finished=not self.queue.waiting)
            changed = True
        self._events.listed(listing)
        if changed:
            self._events.changed()

    def _take_in(self, root: Path, listing: Listing) -> None:
        refs = [found.ref for found in listing.found.values()]
        if root not in self._unseen:
            self.queue.mark(ref for ref in refs if self._table.known(ref.key) is None)
            return
        self._unseen.discard(root)
        if root not in self._unlisted:
            # It was away; what the index knows of it need not be read.
            self.load(roots=[root])
        waiting = [*self.queue.take_all_waiting(), *refs]
        self.queue.fill(sorted(waiting, key=self._census.age_ns, reverse=True))

    def _sweep(self) -> None:
        self._sweeps += 1
        every = self._sweeps % self._pace.relist_every == 0
        self.queue.relist(root for root in self._roots if every or self._census.moved(root))
        self._apply(list(self._look(self._next_hot(), self._pace.hot_s)))
        if self._polling and self._sweeps % max(1, round(self._pace.sweep_s / self._pace.poll_s)):
            return
        self.queue.mark([ref for key, ref in self._table.items() if self._census.touched(key, ref)])
        self._apply(list(self._look(self._next_few(), self._pace.slice_s)))

    def _next_hot(self) -> Iterator[RunRef]:
        keys = [run.key for run in self.hot()]
        return self._refs(self._hot_round.take(lambda: keys) for _ in keys)

    def _next_few(self) -> Iterator[RunRef]:
        return self._refs(self._round.take(self._table.all_keys) for _ in range(len(self._table)))

    def _refs(self, keys: Iterable[str | None]) -> Iterator[RunRef]:
        for key in keys:
            ref = self._table.ref(key) if key else None
            if ref is not None:
                yield ref

    def _flush(self, *, lazily: bool = False) -> None:
        with self._guard:
            now = time.monotonic()
            if not self._unsaved:
                return
            if lazily and len(self._unsaved) < _FLUSH_ROWS and now < self._flushed_at + _FLUSH_S:
                return
            unsaved, self._unsaved = self._unsaved, {}
            self._flushed_at = now
        for root, index in self._indexes.items():
            prefix = str(root)
            rows = [row for row in unsaved.values() if row is not None and row[0].ref.root == prefix]
            gone = [key for key, row in unsaved.items() if row is None]
            index.write(rows, gone)
