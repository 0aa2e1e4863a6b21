"""Finding a place in a log of any size without reading what is far from it: the next loud line, the line of a time.

Everything goes in steps of bounded work, so that whoever asks can say how far it is, or stop.
"""

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime

from cockpit.runtime.log_file import LogLines
from cockpit.sources.line_level import ERROR, SPAN, WARN, alarmed_lines
from cockpit.sources.line_telling import level_of
from cockpit.sources.line_time import time_of

__all__ = ["ERROR", "WARN", "Hunt", "place_of_time"]

CHUNK = 1024 * 1024
BUDGET = 8 * 1024 * 1024
NEAR = 256 * 1024
"""Bytes around a place in which lines may be out of order, or have no time."""
_HEAD = 4096
_PATIENCE = 64
"""Stretches without a time that are passed over."""


class Hunt:
    """The way to the nearest loud line.

    Args:
        lines: All lines, as of when it began.
        start: Offset of the line it starts from, which does not count.
        step: +1 for below, -1 for above.
        level: `WARN` or `ERROR`: the least that counts.
        passes: Whether the line at an offset counts at all; for a filter.
        chunk: Bytes looked at at once.
    """

    def __init__(
        self,
        lines: LogLines,
        start: int,
        step: int,
        level: int,
        *,
        passes: Callable[[int], bool] | None = None,
        chunk: int = CHUNK,
    ) -> None:
        self.step = step
        self.level = level
        self.found: int | None = None
        """Offset of the line, once there is one."""
        self._lines = lines
        self._passes = passes
        self._chunk = chunk
        self._at = self._end_of(start) if step > 0 else start
        self._way = lines.size - self._at if step > 0 else start

    @property
    def done(self) -> float:
        """The part of the way that lies behind, 0 to 1."""
        left = self._lines.size - self._at if self.step > 0 else self._at
        return 1.0 if not self._way else 1 - left / self._way

    def advance(self, budget: int = BUDGET) -> bool:
        """Look at about `budget` bytes more; whether to go on."""
        spent = 0
        while spent < budget:
            before = self._at
            found = self._below() if self.step > 0 else self._above()
            if found is not None:
                self.found = found
                return False
            if self._at == before:
                return False
            spent += abs(self._at - before)
        return True

    def _below(self) -> int | None:
        data = self._lines.file.read(self._at, min(self._chunk, self._lines.size - self._at))
        cut = data.rfind(b"\n") + 1
        if self._at + len(data) >= self._lines.size:
            cut = len(data)
        base = self._at
        if data and not cut:
            self._at = self._end_of(base)
            return base if self._counts(base, self._head(base)) else None
        self._at += cut
        return self._first(base, data[:cut], 1)

    def _above(self) -> int | None:
        base = max(0, self._at - self._chunk)
        data = self._lines.file.read(base, self._at - base)
        skip = 0
        if base:
            skip = data.find(b"\n", 0, len(data) - 1) + 1
            if data and not skip:
                # The line above begins before the chunk does.
                self._at = base = self._start_of(self._at - 1)
                return base if self._counts(base, self._head(base)) else None
        self._at = base + skip
        return self._first(base + skip, data[skip:], -1)

    def _first(self, base: int, data: bytes, step: int) -> int | None:
        for start in alarmed_lines(data, self.level)[::step]:
            end = data.find(b"\n", start)
            if self._counts(base + start, data[start:] if end < 0 else data[start:end]):
                return base + start
        return None

    def _head(self, offset: int) -> bytes:
        """What tells the level of the line at `offset`."""
        return self._lines.file.read(offset, SPAN).partition(b"\n")[0]

    def _counts(self, offset: int, line: bytes) -> bool:
        return level_of(line[:SPAN]) >= self.level and (self._passes is None or self._passes(offset))

    def _end_of(self, offset: int) -> int:
        """Where the line after the one at `offset` begins."""
        place = self._lines.index_of(offset)
        span = None if place is None else self._lines.span(place)
        return self._lines.size if span is None else min(span.end, self._lines.size)

    def _start_of(self, offset: int) -> int:
        place = self._lines.index_of(offset)
        span = None if place is None else self._lines.span(place)
        return 0 if span is None else span.offset


def place_of_time(lines: LogLines, when: datetime, near: int = NEAR) -> int | None:
    """Offset of the first line from `when` on, by halving the file; the last line where all are older.

    Lines need not be in perfect order, nor all have a time (stack traces): within `near` bytes of where the halving
    ends, the first line that is not older counts.

    Args:
        lines: All lines; those not counted yet are found as well.
        when: Aware.
        near: Bytes.

    Returns:
        `None` where no line has a time.
    """
    clock = _Times(lines, datetime.fromtimestamp(lines.file.stat().st_mtime, when.tzinfo), near)
    if not clock.any:
        return None
    number = bisect_left(range(clock.blocks), True, key=lambda block: clock.late(block, when))
    for nearby in range(max(0, number - 2), clock.blocks):
        told = clock.first(nearby, since=when)
        if told is not None:
            return told[0]
        if nearby > number + _PATIENCE:
            break
    return lines.size - 1


class _Times:
    """The times of a log, asked for by stretches of `near` bytes."""

    def __init__(self, lines: LogLines, day: datetime, near: int) -> None:
        self._lines = lines
        self._day = day
        self._near = near
        self.blocks = max(1, -(-lines.size // near))

    @property
    def any(self) -> bool:
        """Whether a line near the beginning or the end has a time."""
        ends = (*range(min(_PATIENCE, self.blocks)), *range(max(0, self.blocks - _PATIENCE), self.blocks))
        return any(self.first(block) is not None for block in ends)

    def late(self, block: int, when: datetime) -> bool:
        """Whether the first time from a stretch on is not before `when`; stretches without any are passed over."""
        for nearby in range(block, min(block + _PATIENCE, self.blocks)):
            told = self.first(nearby)
            if told is not None:
                return told[1] >= when
        return block + _PATIENCE >= self.blocks

    def first(self, block: int, since: datetime | None = None) -> tuple[int, datetime] | None:
        """Offset and time of the first line that begins in a stretch and has a time (not before `since`)."""
        start = block * self._near
        return _first_time(self._lines, start, min(start + self._near, self._lines.size), self._day, since)


def _first_time(
    lines: LogLines, start: int, stop: int, day: datetime, since: datetime | None = None
) -> tuple[int, datetime] | None:
    """Offset and time of the first line that begins in a stretch and has a time (not older than `since`)."""
    # The byte before it tells whether a line begins with the stretch.
    begin = max(0, start - 1)
    data = lines.file.read(begin, stop + _HEAD - begin)
    at = data.find(b"\n") + 1 if start else 0
    if start and not at:
        return None
    while at < min(len(data), stop - begin):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        told = time_of(data[at : min(end, at + _HEAD)], day)
        if told is not None and (since is None or told >= since):
            return begin + at, told
        at = end + 1
    return None
