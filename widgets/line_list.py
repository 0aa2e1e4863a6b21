"""A list of rows drawn by line: a million rows cost what is visible, a changed row repaints itself only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.message import Message
from textual.reactive import var

from widgets import rows as row_models
from widgets.row_pane import RowPane, RowT
from widgets.row_store import RowStore
from widgets.rows import Cell, EmptyState, Level, Tone


class LineList(RowPane[RowT]):
    """A list with a cursor that follows a row's key.

    Rows are a tuple, or a lazy sequence of any length (`widgets.row_store`), of which only visible rows are asked for.

    Messages: `Highlighted` (the cursor is on another row now), `Chosen` (Enter), `Marked` (marks changed).
    """

    following: var[bool] = var(False)
    """Whether the view stays at the end as rows are appended."""

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
        super().__init__(
            title=title,
            number=number,
            empty=empty,
            framed=framed,
            show_header=show_header,
            name=name,
            id=id,
            classes=classes,
        )
        self._told: str | None = None
        self._new = 0
        self._held: tuple[str, int] | None = None
        self.set_reactive(LineList.following, self.FOLLOWS)

    # -- rows

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
        self._keep_hold()
        self._settle()
        self.sync()
        self._tell()

    def reset_rows(self, rows: Sequence[RowT]) -> None:
        """Show the rows of something else altogether: where the cursor was means nothing there."""
        self._store = RowStore()
        self.view.count, self.view.cursor, self.view.top = 0, -1, 0
        self._told = None
        self.set_rows(rows)

    # -- coming back

    def hold(self, key: str, line: int) -> None:
        """Keep the cursor on the row with `key`, `line` lines below the first in view, until it is moved or let go.

        The row need not be there yet: rows may arrive in any order.
        """
        self._held = (key, line)
        self.following = False
        self._keep_hold()
        self.sync()
        self._tell()

    @property
    def held(self) -> bool:
        """Whether the cursor is kept on a row by `hold`."""
        return self._held is not None

    def let_go(self) -> None:
        """Hold the cursor no more; it stays where it is."""
        self._held = None

    @property
    def cursor_line(self) -> int:
        """Lines between the first row in view and the cursor."""
        return max(0, self.view.cursor - self.view.top)

    def _keep_hold(self) -> None:
        if self._held is None:
            return
        key, line = self._held
        found = self._store.find(key, self.view.cursor)
        if found is not None:
            self.view.cursor, self.view.top = found, max(0, found - line)
            self.view.clamp()

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
        self._held = None
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

    # -- the tail

    def before_sync(self) -> None:
        """Bring cursor and scroll into the window; to the end where it is followed."""
        super().before_sync()
        if self.following:
            self.view.to_end()

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

    # -- actions

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        row = self.cursor_row
        if row is not None and self.selectable(row):
            self.post_message(self.Chosen(self, row.key))

    def set_marks(self, keys: frozenset[str]) -> None:
        """Mark exactly these rows, and say so."""
        if keys != self.marked:
            self.marked = keys
            self.post_message(self.Marked(self, keys))
