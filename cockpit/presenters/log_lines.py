"""Lines of a file of any size as rows, made as they are looked at; JSON records are told in short."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import overload

from cockpit.presenters import words
from cockpit.runtime.log_file import LogLines, Span
from cockpit.runtime.log_matches import Lines, MatchLines
from cockpit.runtime.log_seek import ERROR, WARN, Hunt
from cockpit.sources.line_level import level_of_text
from cockpit.sources.line_telling import MOST, tell
from cockpit.tokens import LONGEST, hide_in_place
from cockpit.units import show_size
from widgets.rows import EMPTY, Cell, Level, LogRow, Tone

GAP = "gap"
"""Key of the row that stands for what is not counted yet."""
PIECE = 4_000
"""Bytes of a very long line that are read at once; more than any screen is wide."""
_LEVELS = (Level.INFO, Level.WARN, Level.ERROR)
_TONES = (Tone.PLAIN, Tone.WARN, Tone.BAD)
_KEEP = 256


class LogRows(Sequence[LogRow]):
    """Rows over lines. Keys are offsets in the file, so that the cursor stays on its line whatever is shown.

    Args:
        lines: All lines of a file, or those that fit a filter.
    """

    lazy = True

    def __init__(self, lines: LogLines | MatchLines) -> None:
        self.lines: Lines = lines
        self.all = lines.all if isinstance(lines, MatchLines) else lines
        self._column = 0
        self._made: OrderedDict[tuple[Span, int], LogRow] = OrderedDict()

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, index: int) -> LogRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[LogRow]: ...
    def __getitem__(self, index: int | slice) -> LogRow | list[LogRow]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        span = self.lines.span(index + len(self) if index < 0 else index)
        return self._gap() if span is None else self._row(span)

    @property
    def highest(self) -> int:
        """The highest number of a line."""
        return self.all.counted_lines

    def at_column(self, column: int) -> None:
        """From now on rows show a line from about this cell on."""
        self._column = column

    def length_of(self, index: int) -> int:
        """Cells of the line at a place, as far as that can be told without reading all of it."""
        span = self.lines.span(index)
        if span is None:
            return 0
        return span.length if span.length > MOST else len(tell(self.lines.text(span, MOST)).text)

    def key_of(self, index: int) -> str:
        """The key of the row at a place; its text is not read."""
        span = self.lines.span(index)
        return GAP if span is None else str(span.offset)

    def index_of(self, key: str) -> int | None:
        """The place of the line with a key; in a filtered view that of the nearest one after it."""
        return self.lines.index_of(int(key)) if key.isdecimal() else None

    def next_level(self, start: int, step: int, levels: frozenset[Level]) -> int | None:
        """See `widgets.rows.Leveled`; reads as far as it must."""
        span = self.lines.span(start) if 0 <= start < len(self) else None
        if span is None:
            return None
        found = self.hunt(span, step, levels)
        while found.advance():
            pass
        return None if found.found is None else self.lines.index_of(found.found)

    def hunt(self, start: Span, step: int, levels: frozenset[Level]) -> Hunt:
        """The way from a line to the next one with one of `levels`."""
        level = WARN if Level.WARN in levels else ERROR
        shown = self.lines
        passes = shown.shows if isinstance(shown, MatchLines) else None
        return Hunt(self.all, start.offset, step, level, passes=passes)

    def _row(self, span: Span) -> LogRow:
        known = self._made.get((span, self._column))
        if known is None:
            known = self._made[span, self._column] = self._make(span)
            if len(self._made) > _KEEP:
                self._made.popitem(last=False)
        return known

    def _make(self, span: Span) -> LogRow:
        number = Cell("…" if span.number is None else str(span.number + 1), Tone.DIM)
        if span.length <= MOST:
            return line_row(self.lines.text(span, MOST), number, str(span.offset), self._column + PIECE)
        start = max(0, self._column - LONGEST)
        level = level_of_text(self.lines.text(span, MOST))
        piece = hide_in_place(self.lines.text(span, PIECE + LONGEST, start).decode("utf-8", "replace"))
        size = Cell(show_size(span.length), Tone.DIM)
        text = words.text(piece, _TONES[level], max(1, len(piece)))
        return LogRow(key=str(span.offset), level=_LEVELS[level], at=number, what=size, text=text, start=start)

    def _gap(self) -> LogRow:
        between, done = self.all.size - self.all.counted, 100 * self.all.counted // max(1, self.all.size)
        text = f"… {show_size(between)} are still being counted ({done} %) …"
        return LogRow(key=GAP, at=Cell("…", Tone.DIM), text=Cell(text, Tone.ACCENT))


def file_row(index: int, line: bytes) -> LogRow:
    """One line with its number (from 0), its key as well."""
    return line_row(line, Cell(str(index + 1), Tone.DIM), str(index), PIECE)


def line_row(line: bytes, number: Cell, key: str, limit: int) -> LogRow:
    """One line; a JSON object shows its kind and its text, at most `limit` characters."""
    told = tell(line)
    return LogRow(
        key=key,
        level=_LEVELS[told.level],
        at=number,
        where=words.text(told.kind, Tone.ACCENT) if told.kind else EMPTY,
        text=words.text(told.text, _TONES[told.level], limit),
    )
