"""The watcher: hints about what changed on disk. What it misses, the sweep finds; it is never the truth."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.models.snapshot import WatchMode
from cockpit.runtime.filewatch import WatchedFile
from cockpit.runtime.inotify import directories
from cockpit.runtime.mounts import is_silent, max_user_watches
from cockpit.runtime.roots import Identity, identity, mtime_ns

if TYPE_CHECKING:
    from cockpit.runtime.arm import Arm

logger = logging.getLogger(__name__)

TICK_S = 0.5
"""How often roots, containers and single files are looked at by `stat`."""

BUDGET = 4_096
"""Directories of a tree that is watched as a whole. Arming takes 14 µs each, during which no Python runs."""

_AGAIN_S = 60.0
"""How long a watch that the kernel refused is left alone."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Whom the watcher tells what. All are called from its threads and must only hand over.

    Attributes:
        paths: Paths below a root that changed.
        root: A root appeared, vanished, was made again, or a directory that holds runs got or lost entries.
        armed: Directories that are watched from now on; what changed in them before may not have been told.
        mode: How changes are noticed from now on.
    """

    paths: Callable[[frozenset[str]], None]
    root: Callable[[Path], None]
    armed: Callable[[tuple[Path, ...]], None]
    mode: Callable[[WatchMode], None]


class WatchHub:
    """Watches roots as a whole while they are small, else the runs that are active, with one inotify instance.

    Roots on filesystems where inotify is silent are left to the sweep (`WatchMode.POLL`): the polling of watchfiles
    compares times in whole seconds and misses the second of two changes within one.

    Args:
        roots: Absolute paths; they need not exist.
        hints: Whom to tell.
        tick_s: Seconds between looks at roots and single files.
        budget: Most directories of a root watched as a whole.
        silent: Whether inotify says nothing about a path.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        hints: Hints,
        *,
        tick_s: float = TICK_S,
        budget: int = BUDGET,
        silent: Callable[[Path], bool] = is_silent,
    ) -> None:
        self._roots = tuple(roots)
        self._hints = hints
        self._tick_s = tick_s
        self._budget = min(budget, (max_user_watches() or 0) // 2)
        self._silent = silent
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._hot: tuple[Path, ...] = ()
        self._containers: dict[str, tuple[Path, int]] = {}
        self._files: dict[object, WatchedFile] = {}
        self._identities: dict[Path, Identity | None] = {}
        self._whole: dict[Path, bool] = {}
        self._arm: Arm | None = None
        self._stand: dict[Path, Identity | None] = {}
        self._replan = True
        self._short = False
        self._again_at = 0.0
        self._mode = WatchMode.OFF
        self._thread: threading.Thread | None = None

    @property
    def mode(self) -> WatchMode:
        """How changes are noticed."""
        return self._mode

    def start(self) -> None:
        """Begin to watch, in threads of its own."""
        self._identities = {root: identity(root) for root in self._roots}
        self._thread = threading.Thread(target=self._loop, name="cockpit-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns once the threads have ended."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None

    def focus(self, hot: Iterable[Path]) -> None:
        """Directories to watch in roots that are too large to be watched as a whole, and outside of the roots."""
        paths = tuple(dict.fromkeys(hot))
        with self._guard:
            if set(paths) == set(self._hot):
                return
            self._hot = paths
            self._replan = True
        self._wake.set()

    def contain(self, root: Path, containers: dict[str, int]) -> None:
        """Directories of `root` that hold runs, with their modification times (ns) when they were listed."""
        with self._guard:
            kept = {path: entry for path, entry in self._containers.items() if entry[0] != root}
            self._containers = kept | {path: (root, mtime) for path, mtime in containers.items()}

    def watch_file(self, path: Path, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback`, from a watcher thread, when a file changes, appears or vanishes; returns the way out.

        Told at once where the file lies in a watched directory, else within a tick.
        """
        token = object()
        with self._guard:
            self._files[token] = WatchedFile(path, callback)

        def leave() -> None:
            with self._guard:
                self._files.pop(token, None)

        return leave

    def _loop(self) -> None:
        try:
            while not self._stop.is_set():
                self._look_at_roots()
                self._look_at_containers()
                self._look_at_files(None)
                self._rearm()
                self._wake.wait(self._tick_s)
                self._wake.clear()
        finally:
            if self._arm is not None:
                self._arm.stop()

    def _look_at_roots(self) -> None:
        for root in self._roots:
            now = identity(root)
            if now == self._identities.get(root):
                continue
            self._identities[root] = now
            self._whole.pop(root, None)
            self._replan = True
            self._short = False
            self._hints.root(root)

    def _look_at_containers(self) -> None:
        with self._guard:
            containers = list(self._containers.items())
        for path, (root, known) in containers:
            now = mtime_ns(path)
            if now == known:
                continue
            with self._guard:
                if self._containers.get(path) == (root, known):
                    self._containers[path] = (root, now)
            self._hints.root(root)

    def _look_at_files(self, changed: frozenset[str] | None) -> None:
        with self._guard:
            files = list(self._files.values())
        for file in files:
            if changed is None or str(file.path) in changed:
                file.look()

    def _rearm(self) -> None:
        if not self._outdated():
            return
        self._replan = False
        wanted, mode = self._plan()
        stand = {path: identity(path) for path in wanted}
        if stand != self._stand or not self._alive():
            try:
                self._replace_arm(wanted, stand)
            except FileNotFoundError as error:
                # Vanished since the plan was made; the next tick plans without it.
                logger.info("cannot watch: %s", error)
                self._replan = True
            except OSError as error:
                logger.warning("cannot watch %d directories: %s", len(wanted), error)
                self._short = True
                self._again_at = time.monotonic() + _AGAIN_S
                if any(self._whole.values()):
                    # Less may do: only what is active.
                    self._whole = dict.fromkeys(self._whole, False)
                    self._replan = True
                    self._wake.set()
        if self._short:
            mode = WatchMode.DEGRADED
        if mode is not self._mode:
            self._mode = mode
            self._hints.mode(mode)

    def _outdated(self) -> bool:
        """Whether the watch that stands is not the one that should: also where a directory was made again."""
        if self._short and not self._alive() and time.monotonic() >= self._again_at:
            return True
        died = self._arm is not None and not self._arm.alive
        return self._replan or died or any(identity(path) != known for path, known in self._stand.items())

    def _alive(self) -> bool:
        return self._arm is not None and self._arm.alive

    def _armed(self, wanted: tuple[Path, ...]) -> "Arm":
        # Here and not above: the first frame does not wait for the watcher to load.
        from cockpit.runtime.arm import Arm

        return Arm(wanted, self._changed)

    def _replace_arm(self, wanted: tuple[Path, ...], stand: dict[Path, Identity | None]) -> None:
        # The new watch stands before the old one goes. What the old one had seen and not yet told is lost, so
        # everything that is watched has to be looked at once.
        arm = self._armed(wanted) if wanted else None
        old, self._arm, self._stand = self._arm, arm, stand
        if old is not None:
            old.stop()
        if wanted:
            self._hints.armed(wanted)

    def _plan(self) -> tuple[tuple[Path, ...], WatchMode]:
        wanted: list[Path] = []
        skipped: list[Path] = []
        with self._guard:
            hot = self._hot
        for root in self._roots:
            if self._identities.get(root) is None:
                continue
            if self._silent(root):
                skipped.append(root)
            elif self._is_small(root):
                wanted.append(root)
        above = tuple(wanted + skipped)
        wanted.extend(path for path in hot if not any(path.is_relative_to(root) for root in above) and path.is_dir())
        return tuple(wanted), WatchMode.POLL if skipped else WatchMode.INOTIFY

    def _is_small(self, root: Path) -> bool:
        known = self._whole.get(root)
        if known is None:
            known = self._whole[root] = not exceeds(root, self._budget)
        return known

    def _changed(self, paths: frozenset[str]) -> None:
        if self._stop.is_set():
            return
        self._look_at_files(paths)
        # Files are written beside their target under a temporary name; only what it is renamed to means anything.
        kept = frozenset(path for path in paths if not path.endswith(".tmp"))
        if not kept:
            return
        if any(str(root) in kept for root in self._roots):
            self._wake.set()
        self._hints.paths(kept)


def topmost(paths: Iterable[Path]) -> list[Path]:
    """Those of some paths that lie below none of the others: watched as a whole they hold the rest."""
    chosen: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(above) for above in chosen):
            chosen.append(path)
    return chosen


def exceeds(root: Path, budget: int) -> bool:
    """Whether the tree below `root` has more than `budget` directories; stops counting there."""
    return directories(root, budget) is None
