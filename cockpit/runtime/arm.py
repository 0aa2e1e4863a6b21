"""One inotify watch: a thread that waits for the kernel and hands over the paths that changed."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

logger = logging.getLogger(__name__)

OnPaths = Callable[[frozenset[str]], None]
"""Called in the arm's thread with absolute paths that were added, modified or removed."""

DEBOUNCE_MS = 30
QUICK_STEP_MS = 10
IDLE_STEP_MS = 30
"""The watch wakes up once a step. Ten times in 100 ms costs more than the idle budget, so after a while without
changes it looks less often; the first change is then seen up to 60 ms late instead of 20."""

QUICK_FOR_S = 3.0
_TIMEOUT_MS = 3_000
_JOIN_S = 1.0


class Arm:
    """Watches directories recursively until it is stopped or fails.

    Uses the backend of watchfiles directly: `watchfiles.watch` arms itself only when it is first iterated, and a
    new arm must stand before the old one is let go.

    Args:
        paths: Directories, all of which must exist.
        on_paths: Receives what changed.

    Raises:
        FileNotFoundError: A directory is missing.
        OSError: The kernel's limit of watches or of inotify instances is reached, or a directory below cannot be
            read.
    """

    def __init__(self, paths: Sequence[Path], on_paths: OnPaths) -> None:
        self.paths = tuple(paths)
        self._on_paths = on_paths
        self._stop = threading.Event()
        try:
            # Not lenient: where it may ignore a directory without permission, it silently watches nothing at all.
            self._notify = RustNotify([str(path) for path in paths], False, False, 0, True, False)
        except WatchfilesRustInternalError as error:
            raise OSError(str(error)) from error
        self._thread = threading.Thread(target=self._loop, name="cockpit-inotify", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether changes are still reported."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop watching; returns once the thread has ended."""
        self._stop.set()
        self._thread.join(_JOIN_S)
        if not self._thread.is_alive():
            self._notify.close()

    def _loop(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            step = QUICK_STEP_MS if time.monotonic() - last < QUICK_FOR_S else IDLE_STEP_MS
            try:
                changes = self._notify.watch(DEBOUNCE_MS, step, _TIMEOUT_MS, self._stop)
            except WatchfilesRustInternalError as error:
                # A name that is no text, say. It cannot go on after that; the hub replaces it.
                logger.warning("inotify watch ended: %s", error)
                return
            if isinstance(changes, set):
                last = time.monotonic()
                self._on_paths(frozenset(path for _, path in changes))
