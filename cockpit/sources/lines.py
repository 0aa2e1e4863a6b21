"""The lines of big, growing files: where each begins and how loud it is, in nine bytes a line.

`LineIndex` is pure: it is fed bytes in any portions and yields the same index. `FileLines` feeds it from a file and
notices growth, truncation, rotation and replacement.
"""

import os
import re
import stat
import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from enum import Enum
from itertools import accumulate, count
from operator import add
from pathlib import Path
from typing import NamedTuple

from cockpit.sources.jsonfile import why
from cockpit.sources.jsonfile import kind_of as _kind_of

INFO, WARN, ERROR = 0, 1, 2
SPAN = 64 * 1024
"""Bytes of a line that are looked at to tell its level, and that `FileLines.line` returns at most."""
CHUNK = 1024 * 1024
CUT = " …".encode()
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_HEAD = 64

_ERRORS = (b"error", b"fail", b"traceback", b"fatal", b"exception")
_WARNINGS = (b"warn",)
# "0 errors", "no failures": the good news of test runners.
_GOOD_NEWS = re.compile(rb"(?:(?<![0-9.])0|\bno|\bwithout)[ _:=]{1,2}$")

LevelOf = Callable[[bytes], int]


class LineIndex:
    """Offsets and levels of the lines of a file that is read from its start.

    A line is complete when its newline was seen; what comes after the last one is held back in `partial`.

    Args:
        level_of: Tells the level of a line (without its newline, at most `span` bytes). Default: by words such as
            `error` and `warn`, all lines of a portion at once.
        span: Bytes kept of the line in progress, and of each line handed out by `feed`.
        classify: `False` leaves every level at `INFO`, for callers that set `levels` themselves.
    """

    __slots__ = ("_classify", "_level_of", "_partial", "_span", "_starts", "levels", "pending")

    def __init__(self, level_of: LevelOf | None = None, span: int = SPAN, *, classify: bool = True) -> None:
        self._level_of = level_of
        self._span = span
        self._classify = classify
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._starts = array("q", (0,))
        self._partial = b""
        self.levels = bytearray()
        self.pending = 0
        """Bytes of the line in progress; `partial` holds at most `span` of them."""

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def partial(self) -> bytes:
        """The line in progress, of which the newline is still missing."""
        return self._partial

    @property
    def size(self) -> int:
        """Bytes fed so far."""
        return self._starts[-1] + self.pending

    def span(self, i: int) -> tuple[int, int]:
        """Offset and length in bytes of complete line `i` (from 0), without its newline."""
        start = self._starts[i]
        return start, self._starts[i + 1] - 1 - start

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take in the next bytes; returns the lines they completed, without newlines, each cut to `span` bytes."""
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            self._hold(chunk)
            return []
        lines = chunk[: cut - 1].split(b"\n")
        base = self._starts[-1]
        first = self.pending + len(lines[0])
        self._starts.append(base + first + 1)
        if len(lines) > 1:
            lengths = accumulate(map(len, lines[1:]))
            self._starts.extend(array("q", map(add, lengths, count(base + first + 2))))
        if self._partial:
            lines[0] = self._partial + lines[0]
        span = self._span
        if max(map(len, lines)) > span:
            lines = [line[:span] for line in lines]
        self._grade(chunk, cut, lines)
        self._partial = b""
        self.pending = 0
        self._hold(chunk[cut:])
        return lines

    def _hold(self, rest: bytes) -> None:
        room = self._span - len(self._partial)
        if room > 0:
            self._partial += rest[:room]
        self.pending += len(rest)

    def _grade(self, chunk: bytes, cut: int, lines: list[bytes]) -> None:
        known = len(self.levels)
        if not self._classify:
            self.levels.extend(bytes(len(lines)))
        elif self._level_of is not None:
            self.levels.extend(self._level_of(line) for line in lines)
        else:
            self.levels.append(level_of_text(lines[0]))
            self.levels.extend(bytes(len(lines) - 1))
            if len(lines) > 1:
                self._grade_by_words(chunk[chunk.find(b"\n") + 1 : cut].lower(), known + 1)

    def _grade_by_words(self, lowered: bytes, first: int) -> None:
        """One search a word over the whole portion costs a fraction of one call a line."""
        starts, levels, span = self._starts, self.levels, self._span
        base = starts[first]
        for level, words in ((WARN, _WARNINGS), (ERROR, _ERRORS)):
            for term in words:
                at = lowered.find(term)
                while at >= 0:
                    row = bisect_right(starts, base + at) - 1
                    begin = starts[row] - base
                    if at + len(term) - begin <= span and not good_news(lowered[max(begin, at - 10) : at]):
                        levels[row] = level
                        at = lowered.find(term, starts[row + 1] - base)
                    else:
                        at = lowered.find(term, at + 1)

    def next_level(self, start: int, step: int, levels: Collection[int]) -> int | None:
        """The nearest line from `start` (inclusive) in the direction of `step` (+1, -1) whose level is in `levels`."""
        if step > 0:
            found = [self.levels.find(level, max(start, 0)) for level in levels]
            found = [at for at in found if at >= 0]
            return min(found) if found else None
        if start < 0:
            return None
        found = [self.levels.rfind(level, 0, start + 1) for level in levels]
        return max((at for at in found if at >= 0), default=None)


def good_news(before: bytes) -> bool:
    """Whether what stands before an alarming word takes the alarm out of it (`0 errors`)."""
    return _GOOD_NEWS.search(before) is not None


def level_of_text(line: bytes) -> int:
    """The level of one line of a text log, by its words; only the first `SPAN` bytes count."""
    lowered = line[:SPAN].lower()
    for level, words in ((ERROR, _ERRORS), (WARN, _WARNINGS)):
        for term in words:
            at = lowered.find(term)
            while at >= 0:
                if not good_news(lowered[max(0, at - 10) : at]):
                    return level
                at = lowered.find(term, at + 1)
    return INFO


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
        index: Its lines; only ever added to.
        identity: Device and inode the index belongs to.
    """

    path: str
    index: LineIndex
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
        offset, length = self.index.span(row)
        if length <= limit:
            return os.pread(fd, length, offset)
        return b"" if cut is None else os.pread(fd, limit, offset) + cut


class FileLines:
    """The lines of a file on disk. Holds no open file: it may watch thousands.

    Safe to read from other threads while one refreshes, as lines are only ever added; after a `RESET` numbers mean
    other lines. Opens ordinary files only, and follows no symbolic link.

    Args:
        path: The file; it need not exist yet.
        level_of: See `LineIndex`.
        span: See `LineIndex`.
        classify: See `LineIndex`.
        on_lines: Called during `refresh` with the number of the first new line and the new lines.
        on_reset: Called when the index starts over.
    """

    def __init__(
        self,
        path: Path | str,
        level_of: LevelOf | None = None,
        span: int = SPAN,
        *,
        classify: bool = True,
        on_lines: Callable[[int, list[bytes]], None] | None = None,
        on_reset: Callable[[], None] | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self._new_index = lambda: LineIndex(level_of, span, classify=classify)
        self.index = self._new_index()
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
                self.problem = f"not an ordinary file but {_kind_of(info.st_mode)}"
                return Change.GONE
            change = Change.SAME
            if self._identity is not None and not self._continues(fd, info):
                self.index = self._new_index()  # views of the old one stay what they were
                self._head = self._tail = b""
                if self._on_reset is not None:
                    self._on_reset()
                change = Change.RESET
            self._identity = (info.st_dev, info.st_ino)
            if self._read_on(fd) and change is Change.SAME:
                change = Change.GROWN
            self.problem = None
            return change
        except OSError as error:
            self.problem = why(error, self.path)
            return Change.GONE
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

    def next_level(self, start: int, step: int, levels: Collection[int]) -> int | None:
        """See `LineIndex.next_level`."""
        return self.index.next_level(start, step, levels)


