"""An open log and its lines by number, read from the disk as they are looked at; a million cost what is on screen."""

import errno
import os
import stat
import threading
import weakref
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cockpit.sources.block_counts import Newlines

Identity = tuple[int, int]
"""Device and inode."""

WINDOW = 128 * 1024
"""Bytes at the end of a file whose lines are shown before the rest is counted."""
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_KEEP = 32


class Span(NamedTuple):
    """Where a line is.

    Attributes:
        offset: Of its first byte.
        length: Bytes without the line break.
        number: From 0; `None` while what comes before it is not counted yet.
    """

    offset: int
    length: int
    number: int | None

    @property
    def end(self) -> int:
        """Offset of the next line, if there is one."""
        return self.offset + self.length + 1


class LogHandle:
    """An open ordinary file. It is closed with the last that shows it, and its inode is no other file's meanwhile.

    Args:
        path: The file; never a FIFO, socket or device, and no symbolic link.

    Raises:
        OSError: It is not there, may not be read, or is no ordinary file.
    """

    def __init__(self, path: Path | str) -> None:
        fd = os.open(path, _FLAGS)
        weakref.finalize(self, os.close, fd)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ENXIO, "not an ordinary file")
        self._fd = fd
        self.identity: Identity = (status.st_dev, status.st_ino)

    def stat(self) -> os.stat_result:
        """Size and times now.

        Raises:
            OSError: It cannot be looked at.
        """
        return os.fstat(self._fd)

    def read(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset`; fewer at the end, none where the disk fails."""
        pieces: list[bytes] = []
        while size > 0:
            try:
                piece = os.pread(self._fd, size, offset)
            except OSError:
                break
            if not piece:
                break
            pieces.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Breaks:
    """Where the line breaks of a file are: counted by block, found again by reading a block. Safe in threads."""

    def __init__(self, file: LogHandle, newlines: Newlines) -> None:
        self.file = file
        self.newlines = newlines
        self._blocks: OrderedDict[int, tuple[int, array[int]]] = OrderedDict()
        self._lock = threading.Lock()

    def offset(self, n: int) -> int | None:
        """Offset of the `n`-th line break (from 0); `None` where the file no longer is what was counted."""
        number, place = self.newlines.place(n)
        found = self._of(number)
        return number * self.newlines.block + found[place] if place < len(found) else None

    def before(self, offset: int) -> int:
        """How many line breaks there are before an offset."""
        number = offset // self.newlines.block
        inside = bisect_left(self._of(number), offset - number * self.newlines.block)
        return self.newlines.before(number) + inside

    def _of(self, number: int) -> "array[int]":
        """The line breaks in a block, relative to its beginning."""
        start = number * self.newlines.block
        size = min(self.newlines.block, self.newlines.size - start)
        with self._lock:
            known = self._blocks.get(number)
            if known is not None and known[0] == size:
                self._blocks.move_to_end(number)
                return known[1]
        found = array("I", _positions(self.file.read(start, size)))
        with self._lock:
            self._blocks[number] = (size, found)
            while len(self._blocks) > _KEEP:
                self._blocks.popitem(last=False)
        return found


def _positions(data: bytes) -> Sequence[int]:
    found, at = [], data.find(b"\n")
    while at >= 0:
        found.append(at)
        at = data.find(b"\n", at + 1)
    return found


class LogLines:
    """The lines of a file as of one moment.

    Until all of it is counted, the lines counted so far come first, then one place for what is between, then the
    lines at the end of the file, whose numbers are not known yet.

    Args:
        breaks: What is counted.
        size: Bytes of the file.
    """

    def __init__(self, breaks: Breaks, size: int) -> None:
        self.breaks = breaks
        self.counted = breaks.newlines.size
        self.size = max(size, self.counted)
        self._newlines = len(breaks.newlines)
        self.whole = self.counted >= self.size
        last = breaks.offset(self._newlines - 1) if self._newlines else -1
        self._head_end = (self.counted if last is None else last) + 1
        self._unfinished = self.whole and self._head_end < self.counted
        self._last = () if self.whole else self._window()

    @property
    def file(self) -> LogHandle:
        """The open file."""
        return self.breaks.file

    @property
    def gap(self) -> int | None:
        """The place of what is not counted yet, or `None`."""
        return None if self.whole else self._newlines

    @property
    def counted_lines(self) -> int:
        """Lines with a number."""
        return self._newlines + self._unfinished

    def __len__(self) -> int:
        return self.counted_lines + (0 if self.whole else 1 + len(self._last))

    def span(self, index: int) -> Span | None:
        """Where the line at a place is; `None` for what is not counted yet.

        Raises:
            IndexError: There is no such place.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index < self.counted_lines:
            start = 0 if not index else self._after(index - 1)
            end = self.counted if index >= self._newlines else self._after(index) - 1
            return Span(start, max(0, end - start), index)
        if index == self._newlines:
            return None
        return self._last[index - self._newlines - 1]

    def read(self, index: int, limit: int, skip: int = 0) -> bytes:
        """The bytes `skip` to `skip + limit` of the line at a place; none for what is not counted yet."""
        span = self.span(index)
        return b"" if span is None else self.text(span, limit, skip)

    def text(self, span: Span, limit: int, skip: int = 0) -> bytes:
        """The bytes `skip` to `skip + limit` of a line."""
        return self.file.read(span.offset + skip, max(0, min(limit, span.length - skip)))

    def index_of(self, offset: int) -> int | None:
        """The place of the line that holds the byte at `offset`; that of what is not counted yet, if it is there."""
        if not 0 <= offset < self.size:
            return None
        if offset < self._head_end or self._unfinished:
            return self.breaks.before(offset)
        place = bisect_right(self._last, offset, key=lambda span: span.offset) - 1
        return self._newlines + (1 + place if place >= 0 else 0)

    def _after(self, n: int) -> int:
        """Offset behind the `n`-th line break."""
        offset = self.breaks.offset(n)
        return (self.size if offset is None else offset) + 1

    def _window(self) -> tuple[Span, ...]:
        """The lines at the end of the file."""
        start = max(self.counted, self.size - WINDOW)
        data = self.file.read(start, self.size - start)
        found = _positions(data)
        if not found:
            return ()
        starts = [at + 1 for at in found]
        ends = [*found[1:], len(data)]
        spans = [Span(start + begin, end - begin, None) for begin, end in zip(starts, ends, strict=True)]
        return tuple(span for span in spans if span.offset < self.size)
