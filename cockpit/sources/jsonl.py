"""JSON Lines of any size, tolerantly: one pass that feeds a reducer, and lazily decoded sequences afterwards.

What the pass keeps of a line is its place (12 bytes) and its level (one byte). The next pass reads on from there.
"""

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast, overload

import orjson

from cockpit.models.problem import Problem
from cockpit.models.records import Level
from cockpit.sources.jsonfile import Unreadable, decode, json_kind
from cockpit.sources.lines import ERROR, INFO, WARN, Change, FileLines

T = TypeVar("T")
MAX_LINE = 8 * 1024 * 1024
"""Bytes of the longest line that is decoded."""
MAX_PROBLEMS = 50
"""Problems named one by one for a file; the rest is counted."""
_BLOCK = 256
_BLOCKS = 16

LEVELS = {Level.INFO: INFO, Level.WARN: WARN, Level.ERROR: ERROR}


class Kept(NamedTuple):
    """What a visitor says of a line: which channels keep it (one bit each), and how loud it is."""

    channels: int
    level: int = INFO


class Visitor(Protocol):
    """What reduces the lines of a file to facts."""

    def visit(self, line: int, data: dict[str, Any], /) -> Kept:
        """Called once for every readable line with its number (from 1) and its object, in order."""
        ...


V = TypeVar("V", bound=Visitor)


def decode_line(raw: bytes) -> tuple[dict[str, Any] | None, str | None]:
    """One line as an object; `(None, None)` for a blank one, `(None, reason)` for an unreadable one.

    Both are given where the object could only be had by replacing bytes that are not UTF-8.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        if not raw.strip():
            return None, None
        try:
            value, remark = decode(raw)
        except Unreadable as trouble:
            return None, trouble.reason
        if type(value) is dict:
            return value, remark
    if type(value) is dict:
        return value, None
    return None, f"a JSON {json_kind(value)} instead of an object"


class JsonlFile(Generic[V]):
    """A growing JSON Lines file and what one pass over it keeps. May be shared by several details of a run.

    Args:
        path: The file.
        name: What problems call it: its path relative to the root.
        start: Makes the visitor, at the start and whenever the file turns out to be another one.
        channels: How many channels the visitor knows.
    """

    def __init__(self, path: Path | str, name: str, start: Callable[[], V], channels: int = 1) -> None:
        self.name = name
        self.file = FileLines(path, span=MAX_LINE, on_lines=self._take, on_reset=self._begin)
        self._start = start
        self._channels = channels
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.picks = [array("I") for _ in range(self._channels)]
        self._problems: list[Problem] = []
        self._unnamed = 0
        self.visitor = self._start()

    def refresh(self) -> Change:
        """Read on; see `FileLines.refresh`."""
        with self._lock:
            return self.file.refresh()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Lines that could not be read, the first of them by name, and why the file cannot be read at all."""
        found = list(self._problems)
        if self._unnamed:
            found.append(Problem(path=self.name, reason=f"{self._unnamed} more unreadable lines"))
        if self.file.problem is not None:
            found.append(Problem(path=self.name, reason=self.file.problem))
        return tuple(found)

    def _take(self, first: int, lines: list[bytes]) -> None:
        visit, picks, levels, loads = self.visitor.visit, self.picks, self.file.index.levels, orjson.loads
        for row, raw in enumerate(lines, first):
            try:
                value = loads(raw)
            except orjson.JSONDecodeError:
                value = None
            if type(value) is not dict:
                value, reason = decode_line(raw)
                if reason is not None:
                    self._complain(row + 1, raw, reason)
                    if value is None:
                        levels[row] = WARN
                if value is None:
                    continue
            channels, level = visit(row + 1, value)
            levels[row] = level
            bit = 0
            while channels:
                if channels & 1:
                    picks[bit].append(row)
                channels >>= 1
                bit += 1

    def _complain(self, line: int, raw: bytes, reason: str) -> None:
        if len(raw) >= MAX_LINE:
            reason = f"a line of more than {MAX_LINE} bytes"
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(path=self.name, line=line, reason=reason))
        else:
            self._unnamed += 1

    def sequence(self, make: Callable[[int, dict[str, Any]], T], channel: int = 0) -> "JsonlSequence[T]":
        """The lines a channel keeps, as of now; lines added later do not show in it."""
        return JsonlSequence(self.file, self.picks[channel], make)


class JsonlSequence(Sequence[T], Generic[T]):
    """A read-only view of chosen lines, decoded when looked at, with a small cache of decoded blocks.

    A line that is no longer there (the file was replaced) is made from an empty object.
    """

    def __init__(self, file: FileLines, picks: "array[int]", make: Callable[[int, dict[str, Any]], T]) -> None:
        self._view = file.view()
        self._picks = picks
        self._make = make
        self._length = len(picks)
        self._blocks: OrderedDict[int, list[T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self._length)))
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(index)
        number, offset = divmod(index, _BLOCK)
        return self._block(number)[offset]

    def __iter__(self) -> Iterator[T]:
        for number in range((self._length + _BLOCK - 1) // _BLOCK):
            yield from self._block(number)

    def _block(self, number: int) -> list[T]:
        with self._lock:
            if (block := self._blocks.get(number)) is not None:
                self._blocks.move_to_end(number)
                return block
        rows = self._picks[number * _BLOCK : min((number + 1) * _BLOCK, self._length)]
        block = []
        for row, raw in zip(rows, self._view.read(rows, MAX_LINE), strict=True):
            value, _ = decode_line(raw)
            block.append(self._make(row + 1, value or {}))
        with self._lock:
            self._blocks[number] = block
            while len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        return block

    def next_level(self, start: int, step: int, levels: Collection[Level]) -> int | None:
        """The nearest entry from `start` (inclusive) in the direction of `step` whose level is in `levels`.

        Looks at the levels kept by the pass; decodes nothing.
        """
        if not 0 <= start < self._length:
            if step > 0 and start < 0:
                start = 0
            elif step < 0 and start >= self._length:
                start = self._length - 1
            else:
                return None
            if not self._length:
                return None
        wanted = {LEVELS[level] for level in levels}
        row: int | None = self._picks[start]
        while row is not None:
            row = self._view.known.next_level(row, step, wanted)
            if row is None:
                return None
            at = bisect_left(self._picks, row, 0, self._length)
            if at < self._length and self._picks[at] == row:
                return at
            if not 0 <= at - (step < 0) < self._length:
                return None
            row += step
        return None


class ChainSequence(Sequence[T], Generic[T]):
    """Several sequences one after the other, without copying them."""

    def __init__(self, parts: Sequence[Sequence[T]]) -> None:
        self._parts = tuple(part for part in parts if len(part))
        self._ends: list[int] = []
        total = 0
        for part in self._parts:
            total += len(part)
            self._ends.append(total)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = bisect_right(self._ends, index)
        return self._parts[number][index - self._begin(number)]

    def __iter__(self) -> Iterator[T]:
        for part in self._parts:
            yield from part

    def _begin(self, number: int) -> int:
        return self._ends[number - 1] if number else 0

    def next_level(self, start: int, step: int, levels: Collection[Level]) -> int | None:
        """See `JsonlSequence.next_level`."""
        if not self._parts:
            return None
        start = max(start, 0) if step > 0 else min(start, len(self) - 1)
        if not 0 <= start < len(self):
            return None
        number = bisect_right(self._ends, start)
        inner = start - self._begin(number)
        while 0 <= number < len(self._parts):
            found = next_level(self._parts[number], inner, step, levels)
            if found is not None:
                return found + self._begin(number)
            number += step
            if 0 <= number < len(self._parts):
                inner = 0 if step > 0 else len(self._parts[number]) - 1
        return None


def next_level(entries: Sequence[Any], start: int, step: int, levels: Collection[Level]) -> int | None:
    """The nearest entry from `start` (inclusive) in the direction of `step` (+1, -1) whose `.level` is in `levels`.

    Fast on the lazy sequences of this module, a plain loop on tuples.
    """
    lazy = getattr(entries, "next_level", None)
    if lazy is not None:
        return cast("int | None", lazy(start, step, levels))
    start = max(start, 0) if step > 0 else min(start, len(entries) - 1)
    stop = len(entries) if step > 0 else -1
    return next((i for i in range(start, stop, 1 if step > 0 else -1) if entries[i].level in levels), None)
