"""The scanner: one thread that lists roots, looks at runs and hands over what changed, in small batches."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.clock import Clock
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.run import Run, RunRef, RunState
from cockpit.models.snapshot import Progress
from cockpit.runtime.census import Census
from cockpit.runtime.compact import give_back, without_gc
from cockpit.runtime.index import Index, Row
from cockpit.runtime.reader import Read, RunReader, unreadable
from cockpit.runtime.roots import Listing
from cockpit.runtime.saver import Saver
from cockpit.runtime.sweep import ACTIVE, DEFAULT_PACE, Pace, Sweeper, hot
from cockpit.runtime.table import RunTable
from cockpit.runtime.workqueue import WorkQueue

logger = logging.getLogger(__name__)

_BATCH_S = 0.04
"""A batch of reads ends after this long, so that what it found is seen and what is more pressing gets its turn."""
_JOIN_S = 2.0
_RECOVER_S = 1.0


_TIMED = (RunState.RUNNING, RunState.PENDING, RunState.STUCK)
"""States that depend on how long a step may take."""
_MOST_EARLY = 256
"""Facts of that many such runs are kept until the first scan is over."""


@dataclass(frozen=True, slots=True)
class ScanEvents:
    """Whom the scanner tells; called from its thread.

    Attributes:
        changed: After every batch that changed anything a snapshot shows.
        listed: With every listing.
        read: With the facts of every run that was read.
    """

    changed: Callable[[], None] = lambda: None
    listed: Callable[[Listing], None] = lambda _: None
    read: Callable[[RunDetail], None] = lambda _: None


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
        events: ScanEvents,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self.queue = WorkQueue()
        self.progress = Progress()
        self._early: list[Read] = []
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
        self._sweeper = Sweeper(table)
        self._sweeps = 0
        self._sweep_at = 0.0
        self._dirty_from = 0.0
        self._saver = Saver(indexes)
        self._anew: str | None = None
        """What verdicts depend on from the next turn on."""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own: the rest of the index, then everything on disk, then what changes."""
        self._thread = threading.Thread(target=self._loop, name="cockpit-scan", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Begin no more reads; does not wait for the thread."""
        self.queue.close()
        self._ended.set()

    def stop(self) -> None:
        """Stop after the run being read; returns once the thread has ended."""
        self.close()
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

    def load_these(self, keys: Iterable[str]) -> None:
        """Take the summaries of some runs from the index, however old they are."""
        wanted = [key for key in keys if self._table.ref(key) is None]
        for index in self._indexes.values() if wanted else ():
            if self._table.put(index.find(wanted), self._clock()):
                self._events.changed()

    def recheck(self, roots: Iterable[Path]) -> None:
        """Look at every run of these roots again, newest first."""
        names = {str(root) for root in roots}
        if names:
            self.queue.relist(Path(name) for name in names)
            self.queue.add(run.ref for run in self._table.runs() if run.ref.root in names)

    def judge_anew(self, judged_by: str) -> None:
        """Verdicts depend on something else now: read and judge every run again, in the scanner's thread."""
        self._anew = judged_by
        self.queue.wake()

    def accept(self, read: Read) -> None:
        """Take in what somebody else read: at once, or by the scanner's own thread, which never writes old over new."""
        if self._thread is None:
            self._apply([read])
        elif read.detail is None or read.fingerprint != self._table.known(read.ref.key):
            self.queue.mark([read.ref])

    def run_once(self) -> None:
        """Look at everything once, in this thread."""
        self.load()
        self._unseen.update(self._roots)
        for root in self._roots:
            self._list(root)
        while self.queue.waiting:
            self._work_off_backlog()
        while (due := self.queue.next_retry()) is not None:
            time.sleep(max(0.0, due - time.monotonic()))
            self._read_dirty()
        self._saver.flush()

    def _loop(self) -> None:
        self.load()
        self.queue.relist(self._roots)
        self._sweep_at = time.monotonic() + self._interval()
        while not self.queue.closed:
            try:
                self._turn()
            except Exception:
                # Nothing here raises for what is on disk; if it does, the rest of the picture must go on living.
                logger.exception("the scanner stumbled")
                self.failures[""] = Problem(path=".", reason="the scanner stumbled; the log says where", fatal=True)
                self._events.changed()
                self._ended.wait(_RECOVER_S)
        self._saver.flush()

    def _turn(self) -> None:
        self.queue.wait(min(self._sweep_at, self._saver.due()), self._dirty_from)
        began = time.monotonic()
        if self._anew is not None:
            self._begin_anew(self._anew)
        if self._read_dirty():
            # Bursts come in batches, and reading takes half of a core at most.
            self._dirty_from = time.monotonic() + max(_BATCH_S, time.monotonic() - began)
        self._list_next()
        self._work_off_backlog()
        self._sweep_at = min(self._sweep_at, began + self._interval())
        if time.monotonic() >= self._sweep_at and not self.queue.waiting:
            self._sweep_at = time.monotonic() + self._interval()
            self._sweep()
        self._saver.flush(lazily=True)

    def _begin_anew(self, judged_by: str) -> None:
        # In this thread nothing is being read: no summary of before can come after this.
        self._anew = None
        self._saver.flush()
        for index in self._indexes.values():
            index.judge_by(judged_by)
        self._table.doubt()
        self.recheck(self._roots)

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
        with without_gc(stays=True):
            self._apply(list(self._look(iter(self.queue.take_waiting, None), _BATCH_S)))
        progress = self.progress
        if progress.finished or progress.total is None:
            return
        waiting = self.queue.waiting
        done = max(progress.total - waiting, progress.done)
        self.progress = Progress(done, progress.total, finished=waiting == 0)
        self._events.changed()
        if self.progress.finished:
            for index in self._indexes.values():
                index.prune()
            self._judge_early()
            self._census.share(self._table.ref)
            give_back()

    def _judge_early(self) -> None:
        """Judge the runs that time decides once more: how long steps usually take is known only now."""
        early, self._early = self._early, []
        self._apply([replace(read, run=self._reader.judge(read.detail)) for read in early if read.detail is not None])

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
            if read.detail is not None:
                self._events.read(read.detail)
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
                if not self.progress.finished and read.run.state in _TIMED and len(self._early) < _MOST_EARLY:
                    self._early.append(read)
            else:
                changed |= self._table.touch(key, read.fingerprint)
        changed |= self._table.put(puts, self._clock())
        changed |= self._drop(gone)
        self._saver.put(row for row in puts if row[1])
        if changed:
            self._events.changed()

    def _drop(self, keys: Iterable[str], *, unsave: bool = True) -> bool:
        gone = self._table.drop(keys)
        for key in gone:
            self._census.forget(key)
            self._reader.forget(key)
            self.failures.pop(key, None)
        if unsave:
            self._saver.drop(gone)
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
            for key, _ in known:
                changed |= self._table.mark_stale(key, doubt=False)
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
        if self.progress.finished:
            self._census.share(self._table.ref)
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
        self._apply(list(self._look(self._sweeper.next_hot(self.hot()), self._pace.hot_s)))
        if self._polling and self._sweeps % max(1, round(self._pace.sweep_s / self._pace.poll_s)):
            return
        self.queue.mark(self._census.touched())
        self._apply(list(self._look(self._sweeper.next_few(), self._pace.slice_s)))
