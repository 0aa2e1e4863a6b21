"""The lines of big, growing files on disk: read on from where they were, replaced and cut files noticed."""

import os
import stat
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial as bind
from pathlib import Path
from typing import NamedTuple

from cockpit.sources.jsonfile import kind_of, why
from cockpit.sources.line_index import LineIndex
from cockpit.sources.line_level import ERROR, INFO, SPAN, WARN

__all__ = ["ERROR", "INFO", "WARN", "Change", "FileLines", "LineIndex", "View"]

CHUNK = 1024 * 1024
CUT = " …".encode()
"""Marks a line that is longer than what is handed out of it."""
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_HEAD = 64


class Change(Enum):
    """What `FileLines.refresh` found."""

    SAME = "same"
    GROWN = "grown"
    RESET = "reset"
    """Another file, or the same one cut or rewritten: the index was built anew."""
    GONE = "gone"
    """It does not exist or cannot be read; `problem` says why. The index is as before."""


class View(NamedTuple):
    """The index of a file at one moment.

    Attributes:
        path: The file.
        known: Its lines; only ever added to.
        identity: Device and inode the index belongs to.
    """

    path: str
    known: LineIndex
    identity: tuple[int, int] | None

    def read(self, rows: Sequence[int], limit: int, cut: bytes | None = None) -> list[bytes]:
        """The given complete lines, empty where the file is no longer the one that was indexed.

        Args:
            rows: Numbers from 0.
            limit: Bytes of the longest line that is read whole.
            cut: Appended to the first `limit` bytes of a longer line; without it a longer line is empty.
        """
        if not len(rows):
            return []
        try:
            fd = os.open(self.path, _OPEN)
        except OSError:
            return [b""] * len(rows)
        try:
            info = os.fstat(fd)
            if (info.st_dev, info.st_ino) != self.identity:
                return [b""] * len(rows)
            return [self._one(fd, row, limit, cut) for row in rows]
        except OSError:
            return [b""] * len(rows)
        finally:
            os.close(fd)

    def _one(self, fd: int, row: int, limit: int, cut: bytes | None) -> bytes:
        offset, length = self.known.span(row)
        if length <= limit:
            return os.pread(fd, length, offset)
        return b"" if cut is None else os.pread(fd, limit, offset) + cut


class FileLines:
    """The lines of a file on disk. Holds no open file: it may watch thousands.

    Safe to read from other threads while one refreshes, as lines are only ever added; after a `RESET` numbers mean
    other lines. Opens ordinary files only, and follows no symbolic link.

    Args:
        path: The file; it need not exist yet.
        span: See `LineIndex`.
        on_lines: Called during `refresh` with the number of the first new line and the new lines.
        on_reset: Called when the index starts over.
    """

    def __init__(
        self,
        path: Path | str,
        span: int = SPAN,
        *,
        on_lines: Callable[[int, list[bytes]], None] | None = None,
        on_reset: Callable[[], None] | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self._make_index = bind(LineIndex, span)
        self.index = self._make_index()
        self.problem: str | None = None
        self._on_lines = on_lines
        self._on_reset = on_reset
        self._identity: tuple[int, int] | None = None
        self._head = b""
        self._tail = b""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.index)

    @property
    def partial(self) -> bytes:
        """The line in progress, of which the newline is still missing."""
        return self.index.partial

    @property
    def identity(self) -> tuple[int, int] | None:
        """Device and inode of the file that was indexed."""
        return self._identity

    def refresh(self) -> Change:
        """Read what was added since the last time; never blocks, never raises for what is on disk."""
        with self._lock:
            return self._refresh()

    def _refresh(self) -> Change:
        try:
            fd = os.open(self.path, _OPEN)
        except OSError as error:
            self.problem = why(error, self.path)
            return Change.GONE
        try:
            info = os.fstat(fd)
            if not stat.S_ISREG(info.st_mode):
                self.problem = f"not an ordinary file but {kind_of(info.st_mode)}"
                return Change.GONE
            change = Change.SAME
            if self._identity is not None and not self._continues(fd, info):
                self.index = self._make_index()  # views of the old one stay what they were
                self._head = self._tail = b""
                if self._on_reset is not None:
                    self._on_reset()
                change = Change.RESET
            self._identity = (info.st_dev, info.st_ino)
            if self._read_on(fd) and change is Change.SAME:
                change = Change.GROWN
            self.problem = None
        except OSError as error:
            self.problem = why(error, self.path)
            return Change.GONE
        else:
            return change
        finally:
            os.close(fd)

    def _continues(self, fd: int, info: os.stat_result) -> bool:
        """Whether the file is still the one that was read: same inode, not shorter, same first and last bytes seen."""
        size = self.index.size
        if (info.st_dev, info.st_ino) != self._identity or info.st_size < size:
            return False
        if os.pread(fd, len(self._head), 0) != self._head:
            return False
        return os.pread(fd, len(self._tail), size - len(self._tail)) == self._tail

    def _read_on(self, fd: int) -> bool:
        grown = False
        while chunk := os.pread(fd, CHUNK, self.index.size):
            grown = True
            if len(self._head) < _HEAD:
                self._head += chunk[: _HEAD - len(self._head)]
            self._tail = (self._tail + chunk[-_HEAD:])[-_HEAD:]
            first = len(self.index)
            lines = self.index.feed(chunk)
            if lines and self._on_lines is not None:
                self._on_lines(first, lines)
        return grown

    def view(self) -> "View":
        """What is indexed now, readable later: growth does not show in it, and a replaced file reads as empty."""
        return View(self.path, self.index, self._identity)

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Complete lines `start` to `stop` (exclusive), each cut to `SPAN` bytes with the cut marked by `…`.

        Lines of a file that was replaced since the last `refresh` come back empty.
        """
        return self.view().read(range(start, min(stop, len(self.index))), SPAN, CUT)

    def line(self, i: int) -> bytes:
        """Complete line `i` (from 0), see `lines`.

        Raises:
            IndexError: There is no such line.
        """
        if not 0 <= i < len(self.index):
            raise IndexError(i)
        return self.lines(i, i + 1)[0]
