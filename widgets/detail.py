"""The pane of details: a text in tones, whose linked lines lead to the evidence."""

from collections.abc import Sequence

from textual.events import Resize

from widgets.column_texts import Text
from widgets.line_list import LineList
from widgets.rows import TextRow
from widgets.text_rows import draw_text_row, wrap_text_row


class DetailPane(LineList[TextRow]):
    """A text of `TextRow`s, wrapped to the pane's width. Every line of a wrapped row carries the row's key.

    Messages: `Highlighted`; `Chosen` on Enter on a linked line only.
    """

    _source: Sequence[TextRow] = ()
    _wrapped_to = 0

    @property
    def source(self) -> Sequence[TextRow]:
        """The rows as they were given."""
        return self._source

    def set_rows(self, rows: Sequence[TextRow]) -> None:
        """Show another text; it is short enough to be wrapped as a whole."""
        self._source = rows
        self._wrapped_to = self.content_width
        super().set_rows(self._wrap(rows))

    def _wrap(self, rows: Sequence[TextRow]) -> tuple[TextRow, ...]:
        width = self.content_width
        if width <= 0:
            return tuple(rows)
        return tuple(line for row in rows for line in wrap_text_row(row, width))

    def on_resize(self, _event: Resize) -> None:
        """Wrap again."""
        if self.content_width != self._wrapped_to:
            self.set_rows(self._source)

    def cells(self, row: TextRow, width: int) -> Sequence[Text]:
        """The spans after their indent."""
        return draw_text_row(row, width)

    def action_select(self) -> None:
        """Choose the line, if it leads anywhere."""
        row = self.cursor_row
        if row is not None and row.link:
            super().action_select()


class TextView(DetailPane, can_focus=False):
    """A text without frame and cursor, for dialogs."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(framed=False, id=id)
        self.show_cursor = False
