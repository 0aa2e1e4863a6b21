"""The pane of a file: its lines with their numbers, as wide as they are."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.reactive import var

from widgets.cells import fit, plain, window
from widgets.column_texts import Text
from widgets.line_list import LineList
from widgets.rows import LogRow

STEP = 16
"""Cells one key press scrolls sideways."""


class LogView(LineList[LogRow]):
    """Lines of a file, a transcript or a job's output; not wrapped, scrolled sideways, followed where it is live.

    `at` is the line's number, `where` and `what` say what kind of line it is, `text` is the line, or a piece of it.
    Rows may offer `at_column(cells)`, told how far the text is scrolled sideways, `length_of(index)`, the cells of a
    line, and `highest`, the highest number. Messages: those of `LineList`.
    """

    FOLLOWS: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+left", "scroll_text(-1)", "left", show=False, id="list.left"),
        Binding("shift+right", "scroll_text(1)", "right", show=False, id="list.right"),
        Binding("shift+home", "line_start", "start of line", show=False, id="list.line_start"),
        Binding("shift+end", "line_end", "end of line", show=False, id="list.line_end"),
    ]

    offset_x: var[int] = var(0)
    """Cells of the text that are scrolled out to the left."""

    def show(self, rows: Sequence[LogRow], at: int | None = None) -> None:
        """Show another file: at line `at` (index), or at its end where it is followed, else at its start."""
        self.offset_x = 0
        if at is not None:
            self.following = False
        self.reset_rows(rows)
        if at is not None:
            self.move_to(max(0, min(at, len(rows) - 1)))

    def set_rows(self, rows: Sequence[LogRow]) -> None:
        """Show other rows, scrolled sideways as the ones before."""
        self._tell_column(rows)
        super().set_rows(rows)

    def _tell_column(self, rows: Sequence[LogRow]) -> None:
        tell = getattr(rows, "at_column", None)
        if tell is not None:
            tell(self.offset_x)

    @property
    def number_width(self) -> int:
        """Cells of the numbers' column."""
        return max(4, len(str(getattr(self._store.rows, "highest", self.view.count))))

    def row_state(self, row: LogRow, index: int) -> tuple[object, ...]:
        """The horizontal offset and the numbers' width matter too."""
        return (*super().row_state(row, index), self.offset_x, self.number_width)

    def cells(self, row: LogRow, width: int) -> Sequence[Text]:
        """Number, kind, text."""
        number = fit(row.at.text, self.number_width, "start", "right")
        texts: list[Text] = [(f"{number} ", row.at.tone)]
        left = width - cell_len(number) - 1
        spans = [cell for cell in (row.where, row.what) if cell.text]
        if not self.offset_x:
            for cell in spans:
                text = fit(cell.text, min(max(cell_len(plain(cell.text)), 9), max(0, left - 8)))
                texts.append((f"{text} ", cell.tone))
                left -= cell_len(text) + 1
            texts.append((fit(row.text.text, left), row.text.tone))
            return texts
        # `what` says how long a line is, and is no part of it.
        line = f"{row.where.text} {row.text.text}" if row.where.text and not row.start else row.text.text
        texts.append((window(line, self.offset_x - row.start, left), row.text.tone))
        return texts

    def action_scroll_text(self, steps: int) -> None:
        """Scroll sideways by `steps` times 16 cells."""
        self.offset_x = max(0, self.offset_x + steps * STEP)

    def action_line_start(self) -> None:
        """Scroll back to where lines begin."""
        self.offset_x = 0

    def action_line_end(self) -> None:
        """Scroll to where the line under the cursor ends."""
        length_of = getattr(self._store.rows, "length_of", None)
        row = self.cursor_row
        if row is not None:
            length = cell_len(row.text.text) if length_of is None else length_of(self.view.cursor)
            self.offset_x = max(0, length - self.content_width + self.number_width + 2)

    def watch_offset_x(self) -> None:
        """Repaint; of very long lines another piece is read."""
        self._tell_column(self._store.rows)
        if hasattr(self._store.rows, "at_column"):
            self._store.forget()
        self.sync()
