"""The pane of a file: its lines with their numbers, as wide as they are."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.reactive import var

from widgets.cells import fit, plain, window
from widgets.column_texts import Text
from widgets.line_list import LineList
from widgets.rows import Cell, LogRow

STEP = 16
"""Cells one key press scrolls sideways."""


class LogView(LineList[LogRow]):
    """Lines of a file, a transcript or a job's output; not wrapped, scrolled sideways, followed where it is live.

    `at` is the line's number, `where` and `what` say what kind of line it is, `text` is the line. Messages: those of
    `LineList`.
    """

    FOLLOWS: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+left", "scroll_text(-1)", "left", show=False, id="list.left"),
        Binding("shift+right", "scroll_text(1)", "right", show=False, id="list.right"),
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

    @property
    def number_width(self) -> int:
        """Cells of the numbers' column."""
        return max(4, len(str(self.view.count)))

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
        kind = " ".join(cell.text for cell in spans)
        line = Cell(f"{kind} {row.text.text}" if kind else row.text.text, row.text.tone)
        texts.append((window(line.text, self.offset_x, left), line.tone))
        return texts

    def action_scroll_text(self, steps: int) -> None:
        """Scroll sideways by `steps` times 16 cells."""
        self.offset_x = max(0, min(self.offset_x + steps * STEP, 1_000_000))

    def watch_offset_x(self) -> None:
        """Repaint."""
        self.sync()
