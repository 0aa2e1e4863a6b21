"""The board: the live picture of all runs on this host."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.clock import Clock, system_clock
from cockpit.locations import STATE_FOLDER, index_path
from cockpit.models.detail import RunDetail
from cockpit.models.physics import Physics
from cockpit.models.run import Run, RunRef
from cockpit.models.snapshot import RootStatus, Snapshot, WatchMode
from cockpit.runtime.census import Census
from cockpit.runtime.feed import Listener
from cockpit.runtime.history import History
from cockpit.runtime.index import Index
from cockpit.runtime.mounts import is_silent
from cockpit.runtime.publisher import Publisher
from cockpit.runtime.reader import Judge, RunReader
from cockpit.runtime.roots import Listing, SourcesFor
from cockpit.runtime.scanner import ScanEvents, Scanner
from cockpit.runtime.sweep import DEFAULT_PACE, Pace
from cockpit.runtime.table import RunTable
from cockpit.runtime.watcher import BUDGET, TICK_S, Hints, WatchHub, topmost
from cockpit.sources.base import ManyOwner, Source
from cockpit.sources.recordings import RECORDINGS

if TYPE_CHECKING:
    from cockpit.runtime.vigil import Look, PhysicsSetup, Vigil

logger = logging.getLogger(__name__)

FIRST_PAGE = 200
"""Runs taken from the index for the first frame: more than the tallest terminal shows."""


class Board:
    """Implements `cockpit.runtime.feed.Feed` for the runs on this host.

    Either call `first_page` (optional) and `start`, and `stop` at the end; or call `scan_once` and be done.

    Args:
        roots: Absolute paths; they need not exist.
        sources_for: The sources that recognise a root, such as `cockpit.sources.registry.detect`.
        judge: Gives the verdict on a run; pure.
        judged_by: What verdicts depend on besides the version (limits), as text: summaries in the index that were
            judged by anything else are not used.
        clock: The moment runs are judged and aged for.
        labels: Names of roots for people.
        use_index: Whether summaries survive a restart.
        pace: How often things are looked at.
        tick_s: Seconds between looks at roots and single files.
        budget: Most directories of a root that is watched as a whole.
        silent: Whether inotify says nothing about a path.
        history: Learns how long steps take.
        physics: Gives what looking at processes rests on; without it nobody looks.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        sources_for: SourcesFor,
        judge: Judge,
        *,
        judged_by: str = "",
        clock: Clock = system_clock,
        labels: dict[Path, str] | None = None,
        use_index: bool = True,
        pace: Pace = DEFAULT_PACE,
        tick_s: float = TICK_S,
        budget: int = BUDGET,
        silent: Callable[[Path], bool] = is_silent,
        history: History | None = None,
        physics: Callable[[], "PhysicsSetup"] | None = None,
    ) -> None:
        self._roots = tuple(dict.fromkeys(Path.cwd() / root for root in roots))
        self._labels = labels or {}
        self._clock = clock
        self._table = RunTable()
        self._census = Census(self._roots, sources_for)
        self._judge = judge
        self._history = history
        self._setup = physics
        self._vigil: Vigil | None = None
        self._reader = RunReader(judge, clock)
        self._indexes = {root: Index(index_path(root), judged_by) for root in self._roots} if use_index else {}
        self._scanner = Scanner(
            self._census,
            self._reader,
            self._table,
            self._indexes,
            clock,
            events=ScanEvents(self._on_changed, self._on_listed, self._on_read),
            pace=pace,
        )
        hints = Hints(self._on_paths, self._on_root, self._on_armed, self._on_mode)
        self._hub = WatchHub(self._roots, hints, tick_s=tick_s, budget=budget, silent=silent)
        self._publisher = Publisher(self._make, self._table.next_change, clock)
        self._making = threading.Lock()
        self._snapshot = Snapshot(0, clock(), roots=tuple(self._census.statuses.values()))
        self._sources: dict[Path, tuple[Source, ...]] = {}
        self._expected: dict[str, RunRef] = {}
        self._focused: tuple[str, ...] | None = None
        self._watched: dict[Path, RunRef] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener`, from a thread of the board, with every new snapshot; returns the way out."""
        return self._publisher.subscribe(listener)

    def first_page(self, also: Iterable[str] = ()) -> Snapshot:
        """The newest runs as the index has them, and those with keys `also`: for the first frame. Reads no run."""
        self._scanner.load(FIRST_PAGE)
        self._scanner.load_these(also)
        return self._make()

    def start(self) -> None:
        """Begin to scan, watch and publish, in threads."""
        self._publisher.start()
        self._scanner.start()
        self._hub.start()
        vigil = self._make_vigil()
        if vigil is not None:
            vigil.start()

    def stop(self) -> None:
        """Stop; returns once the threads have ended and the index is written."""
        self._scanner.close()
        if self._vigil is not None:
            self._vigil.stop()
        self._hub.stop()
        self._scanner.stop()
        self._publisher.stop()
        self._remember()

    def scan_once(self) -> Snapshot:
        """Look at everything once, without threads or watches, and give the picture: for the headless verbs."""
        self._scanner.run_once()
        self._remember()
        return self._make()

    def run(self, key: str) -> Run | None:
        """The newest summary of one run."""
        self._table.age(self._clock())
        return self._table.get(key)

    def detail(self, key: str) -> RunDetail | None:
        """Facts of the run with this key, read now and incrementally; `None` when it is gone. Blocking.

        Where it differs from what the snapshot shows, the next snapshot shows it too.
        """
        ref = self._table.ref(key)
        if ref is None:
            return None
        read = self._reader.detail(ref)
        self._scanner.accept(read)
        return read.detail

    def physics(self, key: str) -> Physics | None:
        """The processes of a run as last looked at; `None` where nobody has looked."""
        look = self.look(key)
        return None if look is None else look.physics

    def look(self, key: str) -> "Look | None":
        """The last look at the processes of a run, and what it came to."""
        return None if self._vigil is None else self._vigil.look(key)

    def look_now(self, key: str) -> "Look | None":
        """Look at the processes of a run and wait for it: for the headless verbs. CPU needs a second look."""
        vigil = self._make_vigil()
        return None if vigil is None else vigil.look_now(key)

    def monitor(self, key: str | None) -> None:
        """Look at the processes of this run every few seconds, until another or none is monitored."""
        if self._vigil is not None:
            self._vigil.monitor(key)

    def refresh(self) -> None:
        """Look at everything again soon."""
        self._scanner.recheck(self._roots)

    def judge_anew(self, judged_by: str) -> None:
        """Verdicts depend on something else now, such as other limits: every run is read and judged again soon."""
        self._scanner.judge_anew(judged_by)

    def wake(self) -> None:
        """The clock was set: see what time has made of the runs."""
        self._publisher.look()

    def scope(self, key: str | None) -> None:
        """Keep the detail of this run at hand, watch it closely and look at it first."""
        self._scanner.scope(key)
        if self._vigil is not None:
            self._vigil.scope(key)
        self._focus()

    def expect(self, keys: Iterable[str]) -> None:
        """Watch these runs closely although they look finished: something was started that will change them."""
        refs = {key: self._table.ref(key) for key in keys}
        self._expected = {key: ref for key, ref in refs.items() if ref is not None}
        self._focus()

    def watch_file(self, path: Path, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback`, from a thread, when a file changes, appears or vanishes; returns the way out.

        For the journal: what other operators append shows within a second. Works while the board is started.
        """
        return self._hub.watch_file(path, callback)

    def _make(self) -> Snapshot:
        with self._making:
            now = self._clock()
            self._table.age(now)
            problems = [problem for found in self._census.problems.values() for problem in found]
            problems += list(self._scanner.failures.values())
            problems += [index.problem for index in self._indexes.values() if index.problem is not None]
            picture = self._table.picture()
            self._snapshot = Snapshot(
                revision=self._snapshot.revision + 1,
                as_of=now,
                runs=picture.runs,
                roots=tuple(self._status(root) for root in self._roots),
                progress=self._scanner.progress,
                watch=self._hub.mode,
                stale=picture.stale,
                problems=tuple(problems),
                tally=picture.tally,
                serial=picture.serial,
                changes=self._table.changes,
            )
            self._focus()
            return self._snapshot

    def _status(self, root: Path) -> RootStatus:
        status = self._census.statuses[root]
        label = self._labels.get(root)
        return status if label is None else replace(status, label=label)

    def _focus(self) -> None:
        """Tell the watcher which runs to watch where it cannot watch everything."""
        refs = [run.ref for run in self._scanner.hot()]
        refs += [ref for ref in self._expected.values() if ref not in refs]
        keys = (*(ref.key for ref in refs), *self._reader.sources)
        if keys == self._focused:
            return
        self._focused = keys
        paths: dict[Path, RunRef] = {}
        for ref in refs:
            source = self._reader.sources.get(ref.source)
            if source is not None:
                paths.update((path, ref) for path in topmost(source.watch_paths(ref)))
        self._watched = paths
        self._hub.focus(paths)

    def _make_vigil(self) -> "Vigil | None":
        if self._vigil is None and self._setup is not None:
            from cockpit.runtime.vigil import Vigil

            self._vigil = Vigil(self._setup(), self._table, self._unsilenced, self._publisher.poke, self._clock)
        return self._vigil

    def _unsilenced(self, ref: RunRef) -> Run | None:
        """The verdict on a run as of its last sign of life."""
        detail = self._reader.detail(ref).detail
        if detail is None or detail.updated_at is None:
            return None
        return self._judge(detail, detail.updated_at)

    def _remember(self) -> None:
        """Write what survives a restart."""
        for index in self._indexes.values():
            index.close()
        if self._history is not None:
            self._history.flush()

    def _on_read(self, detail: RunDetail) -> None:
        if self._history is not None:
            self._history.learn(detail)
            self._history.flush(lazily=True)

    def _on_changed(self) -> None:
        self._publisher.poke()
        if self._vigil is not None:
            self._vigil.wake()

    def _on_listed(self, listing: Listing) -> None:
        self._sources[listing.root] = listing.sources
        self._hub.contain(listing.root, listing.containers)

    def _on_paths(self, paths: frozenset[str]) -> None:
        dirty: dict[str, RunRef] = {}
        unlisted: set[Path] = set()
        for text in paths:
            path = Path(text)
            below = [root for root in self._roots if path.is_relative_to(root)]
            if not below:
                dirty.update((ref.key, ref) for at, ref in self._watched.items() if path.is_relative_to(at))
            for root in below:
                if _aside(path.relative_to(root).parts):
                    continue
                refs = self._owners(root, path)
                dirty.update((ref.key, ref) for ref in refs)
                if refs:
                    continue
                if path.is_dir() or not os.path.lexists(path):
                    # A directory that was moved in reports only itself, and one that is gone may have held runs.
                    unlisted.add(root)
        self._scanner.queue.mark(dirty.values())
        self._scanner.queue.relist(unlisted)

    def _owners(self, root: Path, path: Path) -> Sequence[RunRef]:
        for source in self._sources.get(root, ()):
            try:
                if isinstance(source, ManyOwner) and (refs := source.owners(root, path)):
                    return refs
                ref = source.owner(root, path)
            except Exception:
                # A source may be anyone's package; the sweep finds what it fails to name here.
                logger.exception("asking %s whose %s is", source.id, path)
                continue
            if ref is not None:
                return (ref,)
        return ()

    def _on_root(self, root: Path) -> None:
        self._scanner.queue.relist([root])

    def _on_armed(self, paths: tuple[Path, ...]) -> None:
        # What changed before the watch stood was reported by nobody.
        self._scanner.recheck([path for path in paths if path in self._sources])
        self._scanner.queue.mark(ref for path, ref in self._watched.items() if path in paths)

    def _on_mode(self, mode: WatchMode) -> None:
        self._scanner.poll(mode in (WatchMode.POLL, WatchMode.DEGRADED))
        self._publisher.poke()


def _aside(parts: tuple[str, ...]) -> bool:
    """Whether a path below a root is of the cockpit's own state; what it recorded of commands is evidence of runs."""
    return parts[:1] == (STATE_FOLDER,) and parts[1:2] != (RECORDINGS,)
