"""The lines of a log that fit a filter: counted by block, found again by testing a block. Bounded, however many fit."""

import threading
from bisect import bisect_left
from collections import OrderedDict
from typing import Protocol

from cockpit.runtime.log_file import LogHandle, LogLines, Span
from cockpit.runtime.log_filter import OVERLAP, LogFilter
from cockpit.sources.block_counts import BlockCounts

CHUNK = 1024 * 1024
"""Bytes tested at once; a longer line is tested in pieces."""
BUDGET = 8 * 1024 * 1024
_KEEP = 64


class Lines(Protocol):
    """Lines by place: all of them, or those that fit."""

    def __len__(self) -> int: ...

    def span(self, index: int) -> Span | None:
        """See `LogLines.span`."""
        ...

    def text(self, span: Span, limit: int, skip: int = 0) -> bytes:
        """See `LogLines.text`."""
        ...

    def index_of(self, offset: int) -> int | None:
        """The place of the line that begins at `offset`; else of the next one after it, or `None`."""
        ...


class Matches:
    """What fits in one file, found in as many steps as it takes. One thread at a time may `advance`.

    Args:
        wanted: The filter.
        lines: The file; later ones of the same file are handed to `advance`.
        chunk: Bytes tested at once.
    """

    def __init__(self, wanted: LogFilter, lines: LogLines, chunk: int = CHUNK) -> None:
        self.wanted = wanted
        self.scanned = 0
        """Where the next line to be tested begins."""
        self._breaks = lines.breaks
        self._chunk = chunk
        self._overlap = min(OVERLAP, chunk // 2)
        self._counts = BlockCounts(lines.breaks.newlines.block)
        self._long: tuple[int, int] | None = None
        self._blocks: OrderedDict[int, tuple[int, list[int]]] = OrderedDict()
        self._lock = threading.Lock()

    def concerns(self, lines: LogLines) -> bool:
        """Whether these are lines of the same file, counted from the same start."""
        return lines.breaks is self._breaks

    def advance(self, lines: LogLines, budget: int = BUDGET) -> bool:
        """Test about `budget` bytes more of what is counted; whether there is more to test."""
        limit = lines.counted
        spent = 0
        while spent < budget:
            tested = self._step(lines.file, limit)
            if not tested:
                return False
            spent += tested
        return True

    def _step(self, file: LogHandle, limit: int) -> int:
        """Test the whole lines of the next chunk, or another piece of a line longer than that; how many bytes."""
        if self._long is not None:
            return self._piece(file, limit, *self._long)
        data = file.read(self.scanned, min(self._chunk, limit - self.scanned))
        cut = data.rfind(b"\n") + 1
        if cut:
            for start in self.wanted.starts(data[:cut]):
                self._counts.add(self.scanned + start)
            self.scanned += cut
            return cut
        if len(data) < self._chunk:
            # A line in progress: it is tested when it is whole.
            return 0
        self._long = (self.scanned + len(data), self.wanted.seen(data))
        return len(data)

    def _piece(self, file: LogHandle, limit: int, reach: int, seen: int) -> int:
        begin = max(self.scanned, reach - self._overlap)
        data = file.read(begin, min(self._chunk, limit - begin))
        end = data.find(b"\n", reach - begin)
        if end < 0:
            self._long = (begin + len(data), seen | self.wanted.seen(data))
            return begin + len(data) - reach
        if self.wanted.decide(seen | self.wanted.seen(data[:end])):
            self._counts.add(self.scanned)
        self._long = None
        self.scanned = begin + end + 1
        return self.scanned - reach

    def __len__(self) -> int:
        return len(self._counts)

    def offset(self, n: int) -> int | None:
        """Where the `n`-th line begins that fits; `None` where the file no longer is what was tested."""
        number, place = self._counts.place(n)
        found = self._of(number)
        return found[place] if place < len(found) else None

    def rank(self, offset: int) -> int:
        """How many lines that fit begin before `offset`."""
        number = offset // self._counts.block
        return min(self._counts.before(number) + bisect_left(self._of(number), offset), len(self))

    def _of(self, number: int) -> list[int]:
        """Where in a block lines begin that fit, as far as they were tested."""
        size = self._counts.block
        start, stop = number * size, min((number + 1) * size, self.scanned)
        with self._lock:
            known = self._blocks.get(number)
            if known is not None and known[0] == stop:
                self._blocks.move_to_end(number)
                return known[1]
        found = self._test(start, stop)
        with self._lock:
            self._blocks[number] = (stop, found)
            while len(self._blocks) > _KEEP:
                self._blocks.popitem(last=False)
        return found

    def _test(self, start: int, stop: int) -> list[int]:
        """Test the lines that begin between two offsets once more."""
        file = self._breaks.file
        if start:
            first = self._breaks.offset(self._breaks.before(start - 1))
            start = stop if first is None else first + 1
        if start >= stop:
            return []
        last = self._breaks.offset(self._breaks.before(stop - 1))
        end = stop if last is None else last + 1
        if end - start <= self._chunk + self._counts.block:
            data = file.read(start, end - start)
            return [start + place for place in self.wanted.starts(data)]
        return self._test_long(file, start, stop)

    def _test_long(self, file: LogHandle, start: int, stop: int) -> list[int]:
        """The same where the last line is longer than what is read at once: on its own, in pieces."""
        begin = self._breaks.offset(self._breaks.before(stop - 1) - 1) if self._breaks.before(stop - 1) else -1
        begin = start if begin is None or begin < start else begin + 1
        head = file.read(start, begin - start)
        found = [start + place for place in self.wanted.starts(head)]
        end = self._breaks.offset(self._breaks.before(begin))
        seen, reach = 0, begin
        while end is not None and reach < end:
            piece = file.read(reach, min(self._chunk, end - reach))
            if not piece:
                break
            seen |= self.wanted.seen(piece)
            reach += len(piece) if reach + len(piece) >= end else max(1, len(piece) - self._overlap)
        return [*found, begin] if self.wanted.decide(seen) else found


class MatchLines:
    """The lines that fit, as of one moment; see `Lines`. A line in progress is among them if it fits so far.

    Args:
        matches: What fits.
        lines: All lines.
    """

    def __init__(self, matches: Matches, lines: LogLines) -> None:
        self.all = lines
        self._matches = matches
        self._count = len(matches)
        self._last: Span | None = None
        if lines.whole and lines.counted_lines and matches.scanned < lines.counted:
            span = lines.span(lines.counted_lines - 1)
            if span is not None and span.offset == matches.scanned and span.length <= CHUNK:
                self._last = span if matches.wanted.fits(lines.text(span, span.length)) else None

    def __len__(self) -> int:
        return self._count + (self._last is not None)

    def span(self, index: int) -> Span | None:
        """See `LogLines.span`."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index >= self._count:
            return self._last
        offset = self._matches.offset(index)
        place = None if offset is None else self.all.index_of(offset)
        return None if place is None else self.all.span(place)

    def text(self, span: Span, limit: int, skip: int = 0) -> bytes:
        """See `LogLines.text`."""
        return self.all.text(span, limit, skip)

    def index_of(self, offset: int) -> int | None:
        """The place of the line that begins at `offset`, else of the next one that fits, else of the last one."""
        if not len(self):
            return None
        return min(self._matches.rank(offset), len(self) - 1)

    def shows(self, offset: int) -> bool:
        """Whether the line that begins at `offset` is among them."""
        index = self.index_of(offset)
        span = None if index is None else self.span(index)
        return span is not None and span.offset == offset
