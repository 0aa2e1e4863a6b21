"""A list of rows drawn by line: a million rows cost what is visible, a changed row repaints itself only."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual.message import Message
from textual.reactive import var

from widgets import rows as row_models
from widgets.column_texts import Text, column_texts, header_text
from widgets.columns import GAP, Column, place
from widgets.empty import draw_empty
from widgets.navigation import NavigablePane
from widgets.pane import Piece
from widgets.row_store import RowStore
from widgets.rows import Cell, EmptyState, Level, Row, Tone
from widgets.viewport import Viewport

RowT = TypeVar("RowT", bound=Row)


class LineList(NavigablePane, Generic[RowT]):
    """A list with a cursor that follows a row's key.

    Rows are a tuple, or a lazy sequence of any length (`widgets.row_store`), of which only visible rows are asked for.

    Messages: `Highlighted` (the cursor is on another row now), `Chosen` (Enter), `Marked` (marks changed).
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = ()

    following: var[bool] = var(False)
    """Whether the view stays at the end as rows are appended."""
    marked: var[frozenset[str]] = var(frozenset())
    """Keys of marked rows."""
    show_header: var[bool] = var(False)
    """Whether the columns' titles stand above the rows."""
    show_cursor: var[bool] = var(True)
    """Whether the selected row looks different."""

    @dataclass
    class Highlighted(Message):
        """The cursor stands on another row now; `key` is `None` where there is none."""

        list: "LineList[Any]"
        key: str | None
        index: int

        @property
        def control(self) -> "LineList[Any]":
            """The list."""
            return self.list

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor came to rest matters."""
            return isinstance(message, LineList.Highlighted) and message.list is self.list

    @dataclass
    class Chosen(Message):
        """Enter on a row."""

        list: "LineList[Any]"
        key: str

        @property
        def control(self) -> "LineList[Any]":
            """The list."""
            return self.list

    @dataclass
    class Marked(Message):
        """The marks have changed."""

        list: "LineList[Any]"
        keys: frozenset[str]

        @property
        def control(self) -> "LineList[Any]":
            """The list."""
            return self.list

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
        self._told: str | None = None
        self._new = 0
        self.set_reactive(LineList.show_header, show_header)
        self.set_reactive(LineList.following, self.FOLLOWS)

    # -- rows

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

    def set_rows(self, rows: Sequence[RowT]) -> None:
        """Show other rows. The cursor stays on its key; visible lines that look the same are not repainted.

        The number of rows is taken now: a lazy sequence that grows is handed in again.
        """
        view = self.view
        key = self._store.key_at(view.cursor) or self._told
        appended = self._store.replace(rows)
        shrunk = self._store.count < view.count
        view.count = self._store.count
        if self.following:
            self._new = 0
            view.to_end()
        else:
            self._new = 0 if shrunk else self._new + appended
            found = None if key is None else self._store.find(key, view.cursor)
            view.keep(view.cursor if found is None else found, follow=found is not None)
        self._settle()
        self.sync()
        self._tell()

    def reset_rows(self, rows: Sequence[RowT]) -> None:
        """Show the rows of something else altogether: where the cursor was means nothing there."""
        self._store = RowStore()
        self.view.count, self.view.cursor, self.view.top = 0, -1, 0
        self._told = None
        self.set_rows(rows)

    def row_at(self, index: int) -> RowT:
        """The row at `index`."""
        return self._store.at(index)

    # -- the cursor

    @property
    def cursor_index(self) -> int:
        """Where the cursor is; -1 if there are no rows."""
        return self.view.cursor

    @property
    def cursor_row(self) -> RowT | None:
        """The row under the cursor."""
        return self.row_at(self.view.cursor) if 0 <= self.view.cursor < self.view.count else None

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        row = self.cursor_row
        return None if row is None else row.key

    def selectable(self, row: RowT) -> bool:
        """Whether the cursor may stand on `row`."""
        return True

    def move_to(self, target: str | int) -> bool:
        """Move the cursor to a key or an index and bring it into view.

        Returns:
            Whether there is such a row.
        """
        index = self._store.find(target, self.view.cursor) if isinstance(target, str) else target
        if index is None or not 0 <= index < self.view.count:
            return False
        self.go(index, 1)
        return True

    def hunt(self, levels: frozenset[Level], step: int = 1) -> bool:
        """Move to the next row with one of `levels` in direction `step`.

        Returns:
            Whether there is one.
        """
        index = row_models.hunt(self._store.rows, self.view.cursor, step, levels)
        return index is not None and self.move_to(index)

    def go(self, index: int, step: int) -> None:
        """To `index`, or the next selectable row beyond it in direction `step`, else the last one before it."""
        if not self.view.count:
            return
        found = self._selectable_near(max(0, min(index, self.view.count - 1)), step)
        if found is None:
            return
        self.view.move(found)
        if self.following and found != self.view.count - 1:
            self.following = False
        self.sync()
        self._tell()

    def follow(self) -> None:
        """Follow the tail, where there is one."""
        if self.FOLLOWS:
            self.following = True

    def scroll_lines(self, lines: int) -> None:
        """Scroll by lines; the cursor goes along."""
        view = self.view
        if view.count > view.height:
            view.top = max(0, min(view.top + lines, view.count - view.height))
            self.go(view.top + view.height // 2, 1 if lines > 0 else -1)

    def _selectable_near(self, index: int, step: int) -> int | None:
        for direction in (step, -step):
            found = index
            while 0 <= found < self.view.count:
                if self.selectable(self.row_at(found)):
                    return found
                found += direction
        return None

    def _settle(self) -> None:
        """Off a row that cannot be selected."""
        row = self.cursor_row
        if row is not None and not self.selectable(row):
            index = self._selectable_near(self.view.cursor, 1)
            if index is not None:
                self.view.move(index)

    def _tell(self) -> None:
        key = self.cursor_key
        if key != self._told:
            self._told = key
            self.post_message(self.Highlighted(self, key, self.view.cursor))

    # -- drawing

    @property
    def content_width(self) -> int:
        """Cells of a row: the line without the gutter."""
        return max(0, self.body_width - 1)

    @property
    def _header_lines(self) -> int:
        return 1 if self.show_header and self.COLUMNS and self.view.count else 0

    @property
    def rows_top(self) -> int:
        """The line of the pane on which the first row in view stands."""
        return self.body_top + self._header_lines

    def cells(self, row: RowT, width: int) -> Sequence[Text]:
        """The texts of a row in `width` cells: its columns, unless a subclass draws otherwise."""
        texts: list[Text] = []
        for position, placed in enumerate(place(self.COLUMNS, width)):
            if position:
                texts.append((" " * GAP, Tone.PLAIN))
            texts.extend(column_texts(row, placed))
        return texts

    def before_sync(self) -> None:
        """Bring cursor and scroll into the window."""
        self.view.height = max(0, self.body_height - self._header_lines)
        if self.following:
            self.view.to_end()
        self.view.clamp()
        self._store.forget_all_but(self.view.visible, self.view.cursor)

    def body_state(self, line: int) -> Hashable:
        """A row, its place, and whether it is selected and marked."""
        if not self.view.count:
            return ("empty", line, self.body_height, self._empty) if self._empty else None
        line -= self._header_lines
        if line < 0:
            return ("header",)
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
            texts = [(" " + header_text(self.COLUMNS, self.content_width), Tone.DIM)]
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

    def title_badges(self) -> tuple[Cell, ...]:
        """The badges, and how many rows came while nobody followed."""
        if self.FOLLOWS and self._new and not self.following:
            return (*self.badges, Cell(f"+{self._new} new", Tone.ACCENT))
        return self.badges

    # -- changes

    def watch_following(self, following: bool) -> None:
        """To the end, if it follows now."""
        if following:
            self._new = 0
            self.view.to_end()
            self._settle()
        self.sync()
        self._tell()

    def watch_marked(self) -> None:
        """Repaint the gutter."""
        self.sync()

    def watch_show_header(self) -> None:
        """Repaint."""
        self.sync()

    def watch_show_cursor(self) -> None:
        """Repaint."""
        self.sync()

    # -- actions

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        row = self.cursor_row
        if row is not None and self.selectable(row):
            self.post_message(self.Chosen(self, row.key))

    def action_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go on to the next."""
        key = self.cursor_key
        if key is not None:
            self.set_marks(self.marked ^ {key})
            self.action_cursor_down()

    def set_marks(self, keys: frozenset[str]) -> None:
        """Mark exactly these rows, and say so."""
        if keys != self.marked:
            self.marked = keys
            self.post_message(self.Marked(self, keys))
