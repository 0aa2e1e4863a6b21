"""One file watched by `stat`: it works on every filesystem, and one file costs nothing."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)


class WatchedFile:
    """A single file and what `stat` said of it last.

    Args:
        path: The file; it need not exist.
        callback: Called when it changed, appeared or vanished.
    """

    def __init__(self, path: Path, callback: Callable[[], None]) -> None:
        self.path = path
        self._callback = callback
        self._guard = threading.Lock()
        self._seen = self._stat()

    def look(self) -> None:
        """Call back if the file is not what it was."""
        with self._guard:
            now = self._stat()
            if now == self._seen:
                return
            self._seen = now
        try:
            self._callback()
        except Exception:
            # A listener that stumbles must not end the watch of everyone else.
            logger.exception("telling of a change of %s", self.path)

    def _stat(self) -> tuple[int, int, int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
