"""Shows one log of any size in a pane: follows it, filters it, and goes to places in it.

No work is done on the loop that grows with the file; what takes long says how far it is, and ends when another thing
is asked for.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import Screen

from cockpit.errors import UsageError
from cockpit.presenters import words
from cockpit.presenters.log_lines import LogRows
from cockpit.runtime.big_log import BigLog, Happening, Look, WatchFile, looks
from cockpit.runtime.log_file import LogLines, Span
from cockpit.runtime.log_filter import LogFilter, parse_log_filter
from cockpit.runtime.log_matches import Matches, MatchLines
from cockpit.runtime.log_seek import Hunt, place_of_time
from widgets.log_view import LogView
from widgets.rows import Cell, Level, Tone

FIRST_BUDGET = 2 * 1024 * 1024
"""Bytes a hunt looks at before it leaves the key press for a thread: a few milliseconds."""
SCAN_BUDGET = 16 * 1024 * 1024


class LogReader:
    """Owns what a `LogView` shows.

    Args:
        screen: Where the pane is; its workers do the reading.
        pane: The pane's selector.
        watch: See `looks`.
        changed: Called when the title has to say something else.
    """

    def __init__(self, screen: Screen[Any], pane: str, watch: WatchFile, changed: Callable[[], None]) -> None:
        self._screen = screen
        self._selector = pane
        self._watch = watch
        self._changed = changed
        self._group = f"scan-{pane.lstrip('#')}"
        self._wanted: LogFilter | None = None
        self._scanning = False
        self.close()

    def close(self) -> None:
        """Nothing is shown any more."""
        self._lines: LogLines | None = None
        self._matches: Matches | None = None
        self._happening = Happening.SAME
        self._busy = ""
        self._line: int | None = None
        self._offset: int | None = None
        self._anchor: tuple[int, int] | None = None

    @property
    def _pane(self) -> LogView:
        return self._screen.query_one(self._selector, LogView)

    # -- following

    async def follow(self, path: Path, *, line: int | None = None, follows: bool = False) -> None:
        """Show a file until cancelled.

        Args:
            path: The file; it need not exist.
            line: Where to begin, from 1.
            follows: Whether to stay at its end.
        """
        self.close()
        self._line = line
        async with aclosing(looks(BigLog(path), watch=self._watch)) as seen:
            async for look in seen:
                self._take(look, follows=follows)
                follows = self._pane.following

    def _take(self, look: Look, *, follows: bool) -> None:
        pane = self._pane
        self._lines = look.lines
        if look.happening is not Happening.GROWN:
            self._happening = look.happening
        if look.lines is None:
            pane.show(())
        elif look.happening.anew:
            self._matches = None if self._wanted is None else Matches(self._wanted, look.lines)
            pane.show(self._rows(look.lines))
            pane.following = follows
        else:
            self._paint()
        self._go()
        self._scan()
        self._changed()

    def _rows(self, lines: LogLines) -> LogRows:
        return LogRows(lines if self._matches is None else MatchLines(self._matches, lines))

    def _paint(self) -> None:
        if self._lines is None:
            return
        pane, anchor = self._pane, self._anchor
        went_on = anchor is not None and anchor[1] not in (-1, pane.cursor_index)
        rows = self._rows(self._lines)
        pane.set_rows(rows)
        if anchor is None or went_on or pane.following:
            self._anchor = None
            return
        # While a filter is at work: the line nearest to where the operator was.
        found = rows.lines.index_of(anchor[0])
        if found is not None and pane.move_to(found):
            self._anchor = (anchor[0], pane.cursor_index) if self._scanning else None

    # -- what is under the cursor

    @property
    def span(self) -> Span | None:
        """The line under the cursor."""
        pane = self._pane
        rows, index = pane.rows, pane.cursor_index
        return rows.lines.span(index) if isinstance(rows, LogRows) and 0 <= index < len(rows) else None

    def text(self, limit: int) -> bytes:
        """The first `limit` bytes of the line under the cursor."""
        span = self.span
        return b"" if span is None or self._lines is None else self._lines.text(span, limit)

    def badges(self) -> tuple[Cell, ...]:
        """What the title says about it."""
        cells: list[Cell] = []
        if self._happening is Happening.GONE:
            cells.append(Cell("gone", Tone.WARN))
        elif self._happening in (Happening.REPLACED, Happening.REWRITTEN):
            cells.append(Cell(f"was {self._happening.value}", Tone.WARN))
        if self._wanted is not None:
            count = len(self._pane.rows)
            cells += [words.text(f"/{self._wanted.text}", Tone.ACCENT, 40), Cell(f"{count:,} lines", Tone.DIM)]
        if self._busy:
            cells.append(Cell(self._busy, Tone.BUSY))
        elif self._line is not None or self._offset is not None:
            cells.append(Cell(f"on the way, counting {self._counted}", Tone.BUSY))
        elif self._lines is not None and not self._lines.whole:
            cells.append(Cell(f"counting {self._counted}", Tone.BUSY))
        return tuple(cells)

    @property
    def _counted(self) -> str:
        return "" if self._lines is None else percent(self._lines.counted, self._lines.size)

    # -- the filter

    @property
    def filter_text(self) -> str:
        """The filter in force."""
        return "" if self._wanted is None else self._wanted.text

    def filter(self, text: str) -> None:
        """Show only lines that fit; nothing shows all of them again.

        Raises:
            UsageError: A broken expression.
        """
        wanted = parse_log_filter(text)
        if wanted == self._wanted:
            return
        span = self.span
        if span is not None and (self._anchor is None or self._anchor[1] != self._pane.cursor_index):
            self._anchor = (span.offset, -1)
        elif self._anchor is not None:
            self._anchor = (self._anchor[0], -1)
        self._wanted = wanted
        self._matches = None
        if wanted is not None and self._lines is not None:
            self._matches = Matches(wanted, self._lines)
        self._busy = ""
        self._scan()
        self._paint()
        self._changed()

    def _scan(self) -> None:
        if self._matches is not None and not self._scanning:
            self._scanning = True
            self._screen.run_worker(self._scan_on(), group=self._group, exit_on_error=False)

    async def _scan_on(self) -> None:
        """One slice after the other, until everything counted so far is tested."""
        try:
            more = True
            while more and self._matches is not None and self._lines is not None:
                matches, lines = self._matches, self._lines
                more = await asyncio.to_thread(matches.advance, lines, SCAN_BUDGET)
                if matches is not self._matches or lines is not self._lines:
                    more = True
                    continue
                self._busy = f"filtering {percent(matches.scanned, lines.counted)}" if more else ""
                self._scanning = more
                self._paint()
                self._changed()
        finally:
            self._scanning = False

    # -- going to places

    def hunt(self, levels: frozenset[Level], step: int, ended: Callable[[bool], None]) -> None:
        """To the next loud line; `ended` is told whether there is one."""
        pane = self._pane
        rows = pane.rows
        span = self.span
        if not isinstance(rows, LogRows) or span is None:
            ended(False)
            return
        hunt = rows.hunt(span, step, levels)
        if hunt.advance(FIRST_BUDGET):
            self._screen.run_worker(self._hunt_on(hunt, ended), group="seek", exclusive=True, exit_on_error=False)
        else:
            self._screen.workers.cancel_group(self._screen, "seek")
            self._arrive(hunt, ended)

    async def _hunt_on(self, hunt: Hunt, ended: Callable[[bool], None]) -> None:
        start = self._pane.cursor_key
        try:
            while await asyncio.to_thread(hunt.advance):
                if self._pane.cursor_key != start and not self._pane.following:
                    return
                self._busy = f"hunting {percent(hunt.done, 1)}"
                self._changed()
        finally:
            self._busy = ""
            self._changed()
        self._arrive(hunt, ended)

    def _arrive(self, hunt: Hunt, ended: Callable[[bool], None]) -> None:
        self._offset = hunt.found
        self._go()
        ended(hunt.found is not None)

    def goto_line(self, number: int) -> None:
        """To a line by its number, from 1; beyond the end means the last one. It may have to be counted first.

        Raises:
            UsageError: There is no file.
        """
        self._require()
        self._line, self._offset = max(1, number), None
        self._go()
        self._changed()

    def goto_time(self, when: datetime, ended: Callable[[bool], None] = lambda _found: None) -> None:
        """To the first line that is not older than a moment; `ended` is told whether any line has a time.

        Raises:
            UsageError: There is no file.
        """
        lines = self._require()
        seek = self._seek(lines, when, ended)
        self._screen.run_worker(seek, group="seek", exclusive=True, exit_on_error=False)

    async def _seek(self, lines: LogLines, when: datetime, ended: Callable[[bool], None]) -> None:
        try:
            self._offset = await asyncio.to_thread(place_of_time, lines, when)
        except OSError:
            self._offset = None
        found = self._offset is not None
        self._go()
        self._changed()
        ended(found)

    def _require(self) -> LogLines:
        if self._lines is None:
            raise UsageError("no file is open in the Log pane")
        return self._lines

    def _go(self) -> None:
        """To where the operator wants to be, once that is counted."""
        rows = self._pane.rows
        if not isinstance(rows, LogRows) or self._lines is None:
            return
        index: int | None = None
        if self._line is not None and (self._lines.whole or self._line <= self._lines.counted_lines):
            line = min(self._line, self._lines.counted_lines) - 1
            span = self._lines.span(line) if line >= 0 else None
            index, self._line = None if span is None else rows.lines.index_of(span.offset), None
        elif self._offset is not None:
            index = rows.lines.index_of(self._offset)
            if index is not None and rows.lines.span(index) is None:
                return
            self._offset = None
        if index is not None:
            self._pane.move_to(index)


def percent(part: float, whole: float) -> str:
    """`34 %`: how much of the whole a part is."""
    return f"{int(100 * part / whole) if whole else 100} %"
