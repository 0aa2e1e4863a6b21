"""The picture of a list: rows in columns, the selected one, the marks, the header, what an empty list says."""

from collections.abc import Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.reactive import var

from widgets.column_texts import Text, column_texts, header_text
from widgets.columns import GAP, Column, place
from widgets.empty import draw_empty
from widgets.navigation import NavigablePane
from widgets.pane import Piece
from widgets.row_store import RowStore
from widgets.rows import EmptyState, Row, Tone
from widgets.viewport import Viewport

RowT = TypeVar("RowT", bound=Row)


class RowPane(NavigablePane, Generic[RowT]):
    """Draws the rows in view, and asks for no others. `LineList` says which rows, and where the cursor goes."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()

    marked: var[frozenset[str]] = var(frozenset())
    """Keys of marked rows."""
    show_header: var[bool] = var(False)
    """Whether the columns' titles stand above the rows."""
    show_cursor: var[bool] = var(True)
    """Whether the selected row looks different."""

    def __init__(
        self,
        *,
        title: str = "",
        number: str = "",
        empty: EmptyState | None = None,
        framed: bool = True,
        show_header: bool = False,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(title=title, number=number, framed=framed, name=name, id=id, classes=classes)
        self.view = Viewport()
        self._store: RowStore[RowT] = RowStore()
        self._empty = empty
        self.set_reactive(RowPane.show_header, show_header)

    @property
    def rows(self) -> Sequence[RowT]:
        """What it shows."""
        return self._store.rows

    @property
    def empty(self) -> EmptyState | None:
        """What it says while it has no rows."""
        return self._empty

    @empty.setter
    def empty(self, state: EmptyState | None) -> None:
        self._empty = state
        self.sync()

    def row_at(self, index: int) -> RowT:
        """The row at `index`."""
        return self._store.at(index)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns shown now: `COLUMNS`, unless a subclass has others at times."""
        return self.COLUMNS

    @property
    def content_width(self) -> int:
        """Cells of a row: the line without the gutter."""
        return max(0, self.body_width - 1)

    @property
    def _header_lines(self) -> int:
        return 1 if self.show_header and self.columns and self.view.count else 0

    @property
    def rows_top(self) -> int:
        """The line of the pane on which the first row in view stands."""
        return self.body_top + self._header_lines

    def cells(self, row: RowT, width: int) -> Sequence[Text]:
        """The texts of a row in `width` cells: its columns, unless a subclass draws otherwise."""
        texts: list[Text] = []
        for position, placed in enumerate(place(self.columns, width)):
            if position:
                texts.append((" " * GAP, Tone.PLAIN))
            texts.extend(column_texts(row, placed))
        return texts

    def before_sync(self) -> None:
        """Bring cursor and scroll into the window."""
        self.view.height = max(0, self.body_height - self._header_lines)
        self.view.clamp()
        self._store.forget_all_but(self.view.visible, self.view.cursor)

    def body_state(self, line: int) -> Hashable:
        """A row, its place, and whether it is selected and marked."""
        if not self.view.count:
            return ("empty", line, self.body_height, self._empty) if self._empty else None
        line -= self._header_lines
        if line < 0:
            return ("header", self.columns)
        index = self.view.top + line
        return self.row_state(self.row_at(index), index) if index < self.view.count else None

    def row_state(self, row: RowT, index: int) -> tuple[Hashable, ...]:
        """Everything the picture of a row depends on."""
        return ("row", row, self._selected(index), self.is_marked(row))

    def _selected(self, index: int) -> bool:
        return self.show_cursor and index == self.view.cursor

    def is_marked(self, row: RowT) -> bool:
        """Whether the gutter shows a mark."""
        return row.key in self.marked or bool(getattr(row, "marked", False))

    def draw_body(self, state: Hashable) -> Sequence[Piece]:
        """Draw a row, the header or a line of the empty state."""
        if not isinstance(state, tuple):
            return ()
        if state[0] == "empty":
            texts: Sequence[Text] = draw_empty(state[3], state[1], state[2], self.body_width)
        elif state[0] == "header":
            texts = [(" " + header_text(self.columns, self.content_width), Tone.DIM)]
        else:
            _, row, selected, marked, *_ = state
            gutter = "*" if marked else ">" if selected else " "
            texts = [(gutter, Tone.ACCENT), *self.cells(row, self.content_width)]
            if selected:
                return self._bar(texts)
        return [(text, self.palette.style(tone)) for text, tone in texts]

    def _bar(self, texts: Sequence[Text]) -> list[Piece]:
        """The selected line: the bar reaches the frame even where the texts do not."""
        palette, focused = self.palette, self.has_focus
        pieces = [(text, palette.on_cursor(tone, focused=focused)) for text, tone in texts]
        return [*pieces, (" " * self.body_width, palette.on_cursor(Tone.PLAIN, focused=focused))]

    def thumb(self) -> range:
        """Beside the part of the rows that is in view."""
        thumb = self.view.thumb()
        return range(thumb.start + self._header_lines, thumb.stop + self._header_lines)

    def position(self) -> str:
        """Cursor and count, where not everything is in view."""
        return f"{self.view.cursor + 1}/{self.view.count}" if self.view.count > self.view.height else ""

    def watch_marked(self) -> None:
        """Repaint the gutter."""
        self.sync()

    def watch_show_header(self) -> None:
        """Repaint."""
        self.sync()

    def watch_show_cursor(self) -> None:
        """Repaint."""
        self.sync()
