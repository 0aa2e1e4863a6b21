"""Where the lines of a big, growing file begin and how loud each is, in nine bytes a line. Pure: fed with bytes."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection
from itertools import accumulate, count
from operator import add

INFO, WARN, ERROR = 0, 1, 2
SPAN = 64 * 1024
"""Bytes of a line that are looked at to tell its level."""

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
