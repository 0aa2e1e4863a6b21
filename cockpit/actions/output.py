"""A command's output on disk: all of it while it is small, its head and its tail when it is not.

Standard library only, for the supervisor. The file never grows beyond its cap: when it is full, the middle is cut out
in place (no second copy, so a nearly full disk is no obstacle) and a line of fixed width says how much is missing.
Cutting takes place once per quarter of the cap, so writing costs a constant factor. Readers that follow the file see
it shrink and must begin again.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from cockpit.actions.storage import write_all

CAP = 64 * 1024 * 1024
"""Bytes of output kept of one job."""

_CHUNK = 1024 * 1024
_LINE_SEARCH = 64 * 1024
_LOCK_TRIES = 40
_LOCK_WAIT_S = 0.005


def marker(left_out: int) -> bytes:
    """The line that stands for `left_out` bytes; always equally long."""
    return f"\n[cockpit: {left_out:>20d} bytes of output left out here]\n".encode()


class CappedOutput:
    """Appends to the output file of a job.

    Attributes:
        total: Bytes the command wrote.
        left_out: Bytes cut from the middle.
        lost: Bytes that could not be written (disk full); the command is not held up by that.
    """

    def __init__(self, path: Path, cap: int = CAP) -> None:
        """Open `path` and empty it.

        Raises:
            OSError: It cannot be opened.
        """
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        self._cap = cap
        self._head = cap // 4
        self._tail = cap // 2 - len(marker(0))
        self._size = 0
        self._end = b""
        self.total = 0
        self.left_out = 0
        self.lost = 0

    def write(self, data: bytes) -> None:
        """Append; never raises for a full disk."""
        self.total += len(data)
        self._end = (self._end + data)[-1000:]
        for start in range(0, len(data), self._head):
            self._append(data[start : start + self._head])

    @property
    def last_line(self) -> str:
        """The last line that is not blank, at most 300 characters, as the command wrote it."""
        lines = self._end.decode("utf-8", "replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """Sync and close; a disk that cannot sync is let be."""
        try:
            os.fsync(self._fd)
        except OSError:
            self.lost = max(self.lost, 1)
        finally:
            os.close(self._fd)

    def _append(self, data: bytes) -> None:
        try:
            if self._size + len(data) > self._cap:
                self._cut()
            write_all(self._fd, data)
        except OSError:
            # What a torn write left behind counts as lost too: the next one begins where the last good one ended.
            self.lost += len(data)
            os.ftruncate(self._fd, self._size)
            os.lseek(self._fd, self._size, os.SEEK_SET)
        else:
            self._size += len(data)

    def _cut(self) -> None:
        """Move the last part of the file up to its head, and the marker between them."""
        self._lock()
        try:
            self._move()
        finally:
            with suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _lock(self) -> None:
        """Wait for followers that are just reading, but not for one that was stopped in the middle of it."""
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOCK_WAIT_S)
            except OSError:
                return
            else:
                return

    def _move(self) -> None:
        source = self._next_line(self._size - self._tail)
        place = self._head
        gap = len(marker(0))
        before = self.left_out
        skipped = source - place - (gap if before else 0)
        self.left_out = before + skipped
        os.pwrite(self._fd, marker(self.left_out), place)
        place += gap
        while source < self._size and (block := os.pread(self._fd, _CHUNK, source)):
            os.pwrite(self._fd, block, place)
            source += len(block)
            place += len(block)
        os.ftruncate(self._fd, place)
        os.lseek(self._fd, place, os.SEEK_SET)
        self._size = place

    def _next_line(self, offset: int) -> int:
        """The beginning of the first line after `offset`, if one begins soon."""
        found = os.pread(self._fd, min(_LINE_SEARCH, self._tail // 4), offset).find(b"\n")
        return offset + found + 1 if found >= 0 else offset
