"""A list of rows drawn by line: a million rows cost what is visible, a changed row repaints itself only."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.reactive import var

from widgets import rows as row_models
from widgets.cells import fit, plain
from widgets.columns import GAP, Column, Placed, place
from widgets.empty import draw_empty
from widgets.pane import Pane, Piece
from widgets.rows import Cell, EmptyState, Level, Row, Tone
from widgets.viewport import Viewport

RowT = TypeVar("RowT", bound=Row)
Text = tuple[str, Tone]
"""A piece of a line: plain text and its tone."""


class LineList(Pane, Generic[RowT]):
    """A list with a cursor that follows a row's key.

    Rows are a tuple, or a lazy sequence (attribute `lazy = True`) of any length, of which only visible rows are asked
    for. A lazy sequence may offer `index_of(key) -> int | None`, so that the cursor can follow its key there too.

    Messages: `Highlighted` (the cursor is on another row now), `Chosen` (Enter), `Marked` (marks changed).
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    FOLLOWS: ClassVar[bool] = False
    """Whether it has a tail worth following."""
    DEFAULT_CSS = """
    LineList { overflow: hidden hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_down", "down", show=False, id="list.down"),
        Binding("k,up", "cursor_up", "up", show=False, id="list.up"),
        Binding("g,home", "cursor_top", "top", show=False, id="list.top"),
        Binding("G,end", "cursor_bottom", "bottom", show=False, id="list.bottom"),
        Binding("ctrl+d", "half_page_down", "half page down", show=False, id="list.half_down"),
        Binding("ctrl+u", "half_page_up", "half page up", show=False, id="list.half_up"),
        Binding("pagedown", "page_down", "page down", show=False, id="list.page_down"),
        Binding("pageup", "page_up", "page up", show=False, id="list.page_up"),
        Binding("enter", "select", "open", show=False, id="go.into"),
    ]

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
        self._rows: Sequence[RowT] = ()
        self._empty = empty
        self._fetched: dict[int, RowT] = {}
        self._told: str | None = None
        self._new = 0
        self._last_key: str | None = None
        self.set_reactive(LineList.show_header, show_header)
        self.set_reactive(LineList.following, self.FOLLOWS)

    # -- rows

    @property
    def rows(self) -> Sequence[RowT]:
        """What it was given last."""
        return self._rows

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
        key, before = self._cursor_key_before(), self.view.count
        self._rows = rows
        self._fetched.clear()
        self.view.count = len(rows)
        if self.following:
            self.view.to_end()
            self._new = 0
        else:
            self._count_new(before)
            found = self._find(key)
            self.view.keep(self.view.cursor if found is None else found, follow=found is not None)
        self._last_key = None
        if self.FOLLOWS and self.view.count and not self._lazy:
            self._last_key = self.row_at(self.view.count - 1).key
        self._settle()
        self.sync()
        self._tell()

    def row_at(self, index: int) -> RowT:
        """The row at `index`, fetched at most once while these rows are shown."""
        row = self._fetched.get(index)
        if row is None:
            row = self._fetched[index] = self._rows[index]
        return row

    @property
    def _lazy(self) -> bool:
        return bool(getattr(self._rows, "lazy", False))

    def _cursor_key_before(self) -> str | None:
        row = self._fetched.get(self.view.cursor)
        return row.key if row is not None else self._told

    def _find(self, key: str | None) -> int | None:
        """Where the row with `key` stands now; looks where it stood before first."""
        if key is None:
            return None
        cursor = self.view.cursor
        if 0 <= cursor < self.view.count and self.row_at(cursor).key == key:
            return cursor
        rows = self._rows
        index_of = getattr(rows, "index_of", None)
        if index_of is not None:
            index: int | None = index_of(key)
            return index
        if self._lazy:
            return None
        return next((index for index, row in enumerate(rows) if row.key == key), None)

    def _count_new(self, before: int) -> None:
        if not self.FOLLOWS or before == 0:
            return
        if self.view.count < before:
            self._new = 0
        elif self._last_key is not None and not self._lazy:
            tail = self._distance_to_last_key()
            self._new += self.view.count - before if tail is None else tail
        else:
            self._new += self.view.count - before

    def _distance_to_last_key(self) -> int | None:
        for distance, index in enumerate(range(self.view.count - 1, -1, -1)):
            if self._rows[index].key == self._last_key:
                return distance
        return None

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
        index = self._find(target) if isinstance(target, str) else target
        if index is None or not 0 <= index < self.view.count:
            return False
        self._move(index, 1)
        return True

    def hunt(self, levels: frozenset[Level], step: int = 1) -> bool:
        """Move to the next row with one of `levels` in direction `step`.

        Returns:
            Whether there is one.
        """
        index = row_models.hunt(self._rows, self.view.cursor, step, levels)
        return index is not None and self.move_to(index)

    def _move(self, index: int, step: int) -> None:
        """To `index`, or the next selectable row beyond it in direction `step`, else the last one before it."""
        count = self.view.count
        if not count:
            return
        index = max(0, min(index, count - 1))
        found = self._selectable_from(index, step)
        if found is None:
            found = self._selectable_from(index, -step)
        if found is None:
            return
        self.view.move(found)
        if self.following and found != count - 1:
            self.following = False
        self.sync()
        self._tell()

    def scroll_lines(self, lines: int) -> None:
        """Scroll by lines; the cursor goes along."""
        if self.view.count > self.view.height:
            self.view.top = max(0, min(self.view.top + lines, self.view.count - self.view.height))
            self._move(self.view.top + self.view.height // 2, 1 if lines > 0 else -1)

    def _selectable_from(self, index: int, step: int) -> int | None:
        while 0 <= index < self.view.count:
            if self.selectable(self.row_at(index)):
                return index
            index += step
        return None

    def _settle(self) -> None:
        """Off a row that cannot be selected."""
        row = self.cursor_row
        if row is not None and not self.selectable(row):
            index = self._selectable_from(self.view.cursor, 1)
            if index is None:
                index = self._selectable_from(self.view.cursor, -1)
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

    def cells(self, row: RowT, index: int, width: int) -> Sequence[Text]:
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
        if len(self._fetched) > 4 * max(self.view.height, 64):
            visible = self.view.visible
            self._fetched = {i: row for i, row in self._fetched.items() if i in visible or i == self.view.cursor}

    def body_state(self, line: int) -> Hashable:
        """A row, its place, and whether it is selected and marked."""
        if not self.view.count:
            return ("empty", line, self.body_height, self._empty) if self._empty else None
        line -= self._header_lines
        if line < 0:
            return ("header",)
        index = self.view.top + line
        if index >= self.view.count:
            return None
        row = self.row_at(index)
        return self.row_state(row, index)

    def row_state(self, row: RowT, index: int) -> tuple[Hashable, ...]:
        """Everything the picture of a row depends on."""
        return ("row", row, self._index_in_state(index), self._selected(index), self.is_marked(row))

    def _selected(self, index: int) -> bool:
        return self.show_cursor and index == self.view.cursor

    def _index_in_state(self, index: int) -> int:
        """The index, for lists that show it; elsewhere the same row looks the same at any place."""
        return 0

    def is_marked(self, row: RowT) -> bool:
        """Whether the gutter shows a mark."""
        return row.key in self.marked or bool(getattr(row, "marked", False))

    def draw_body(self, state: Hashable) -> Sequence[Piece]:
        """Draw a row, the header or a line of the empty state."""
        if not isinstance(state, tuple):
            return ()
        palette = self.palette
        if state[0] == "empty":
            return [
                (text, palette.style(tone)) for text, tone in draw_empty(state[3], state[1], state[2], self.body_width)
            ]
        if state[0] == "header":
            return [(f" {self._header_text()}", palette.style(Tone.DIM))]
        _, row, index, selected, marked, *_ = state
        gutter = "*" if marked else ">" if selected else " "
        texts = [(gutter, Tone.ACCENT), *self.cells(row, index, self.content_width)]
        if not selected:
            return [(text, palette.style(tone)) for text, tone in texts]
        focused = self.has_focus
        pieces = [(text, palette.on_cursor(tone, focused=focused)) for text, tone in texts]
        # The bar reaches the frame even where the texts do not.
        return [*pieces, (" " * self.body_width, palette.on_cursor(Tone.PLAIN, focused=focused))]

    def _header_text(self) -> str:
        placed = place(self.COLUMNS, self.content_width)
        return (" " * GAP).join(fit(item.column.title, item.width, "end", item.column.align) for item in placed)

    def thumb(self) -> range:
        """Beside the part of the rows that is in view."""
        thumb = self.view.thumb()
        return range(thumb.start + self._header_lines, thumb.stop + self._header_lines)

    def position(self) -> str:
        """Cursor and count, where not everything is in view."""
        if self.view.count <= self.view.height:
            return ""
        return f"{self.view.cursor + 1}/{self.view.count}"

    def title_badges(self) -> tuple[Cell, ...]:
        """The badges, and how many rows came while nobody followed."""
        if self._new and not self.following:
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

    # -- actions

    def action_cursor_down(self) -> None:
        """One row down."""
        self._move(self.view.cursor + 1, 1)

    def action_cursor_up(self) -> None:
        """One row up; leaves follow mode."""
        self._move(self.view.cursor - 1, -1)

    def action_cursor_top(self) -> None:
        """The first row."""
        self._move(0, 1)

    def action_cursor_bottom(self) -> None:
        """The last row; a list with a tail follows it again."""
        self._move(self.view.count - 1, -1)
        if self.FOLLOWS:
            self.following = True

    def action_page_down(self) -> None:
        """A page down."""
        self._move(self.view.cursor + max(1, self.view.height - 1), 1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(self.view.cursor - max(1, self.view.height - 1), -1)

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self._move(self.view.cursor + max(1, self.view.height // 2), 1)

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self._move(self.view.cursor - max(1, self.view.height // 2), -1)

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

    # -- the mouse, where it is on

    def on_click(self, event: Click) -> None:
        """Select the row under the pointer; a double click chooses it."""
        index = self.view.top + event.y - self.body_top - self._header_lines
        if event.y >= self.body_top + self._header_lines and index in self.view.visible:
            self._move(index, 1)
            if event.chain > 1:
                self.action_select()

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        """Three rows down."""
        self._move(self.view.cursor + 3, 1)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        """Three rows up."""
        self._move(self.view.cursor - 3, -1)


def column_texts(row: Row, placed: Placed) -> list[Text]:
    """A column's texts of one row, in exactly its width. A column of several fields shows those that say something."""
    column, width = placed.column, placed.width
    values = [cell for name in column.fields if (cell := cell_of(row, name)).text]
    if len(values) <= 1:
        value = values[0] if values else Cell()
        return [(fit(value.text, width, column.cut, column.align), value.tone)]
    texts: list[Text] = []
    for position, value in enumerate(values):
        last = position == len(values) - 1
        size = width if last else min(width, cell_len(plain(value.text)) + GAP)
        texts.append((fit(value.text, size, column.cut), value.tone))
        width -= size
        if width <= 0:
            break
    return texts


def cell_of(row: Row, name: str) -> Cell:
    """The field `name` of a row as a cell."""
    value = getattr(row, name, None)
    return value if isinstance(value, Cell) else Cell()
