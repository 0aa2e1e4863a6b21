"""The pane of the checklist."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message

from widgets.cells import fit, wrap
from widgets.column_texts import Text
from widgets.columns import Column, place
from widgets.line_list import LineList
from widgets.rows import Cell, CheckRow, Tone

_INDENT = 4
"""Cells that what stands below an item is indented by: the width of its box."""
_BELOW = 4
"""Lines one text below an item may take."""


@dataclass(frozen=True, slots=True)
class _MoreRow(CheckRow):
    """A further line of the item above, whose key it has."""


@dataclass(frozen=True, slots=True)
class _BelowRow(_MoreRow):
    """A line below an item in the full width of the pane."""


class Checklist(LineList[CheckRow]):
    """A checklist; long items are wrapped, headings are not selectable, what is said of an item stands below it.

    Messages: those of `LineList`, `Ticked` (tick, or take the tick back) and `MenuRequested`, both with the item's key.
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("state", "", min=3, max=3),
        Column("text", "item", min=24, max=48, flex=2),
        Column("note", "note", min=16, flex=1, priority=3),
        Column("by", "by", min=6, max=10, priority=2),
        Column("at", "at", min=5, max=9, priority=1, align="right"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "tick", show=False, id="checklist.tick"),
        Binding("x", "menu", "item menu", show=False, id="checklist.menu"),
    ]
    _source: Sequence[CheckRow] = ()
    _wrapped_to = 0

    @dataclass
    class Ticked(Message):
        """The operator wants the item ticked, or its tick taken back."""

        list: "LineList[Any]"
        key: str

        @property
        def control(self) -> "LineList[Any]":
            """The checklist."""
            return self.list

    @dataclass
    class MenuRequested(Message):
        """The operator wants the item's menu."""

        list: "LineList[Any]"
        key: str

        @property
        def control(self) -> "LineList[Any]":
            """The checklist."""
            return self.list

    @property
    def source(self) -> Sequence[CheckRow]:
        """The rows as they were given."""
        return self._source

    def set_rows(self, rows: Sequence[CheckRow]) -> None:
        """Show other items."""
        self._source = rows
        self._wrapped_to = self.content_width
        super().set_rows(self._wrap(rows))

    def _wrap(self, rows: Sequence[CheckRow]) -> tuple[CheckRow, ...]:
        width = next(
            (placed.width for placed in place(self.COLUMNS, self.content_width) if placed.column.field == "text"), 0
        )
        if width <= 0:
            return tuple(rows)
        lines: list[CheckRow] = []
        for row in rows:
            if row.heading:
                lines.append(row)
                continue
            first, *more = wrap(row.text.text, width)
            lines.append(replace(row, text=Cell(first, row.text.tone)))
            lines.extend(_MoreRow(key=row.key, text=Cell(text, row.text.tone)) for text in more)
            lines.extend(self._below(row))
        return tuple(lines)

    def _below(self, row: CheckRow) -> list[CheckRow]:
        room = max(8, self.content_width - _INDENT)
        found: list[CheckRow] = []
        for cell in row.below:
            texts = wrap(cell.text, room)
            if len(texts) > _BELOW:
                texts = [*texts[: _BELOW - 1], f"{texts[_BELOW - 1]}…"]
            found += [_BelowRow(key=row.key, text=Cell(text, cell.tone)) for text in texts]
        return found

    def on_resize(self, _event: Resize) -> None:
        """Wrap again."""
        if self.content_width != self._wrapped_to:
            self.set_rows(self._source)

    def selectable(self, row: CheckRow) -> bool:
        """The first line of items."""
        return not row.heading and not isinstance(row, _MoreRow)

    def row_state(self, row: CheckRow, index: int) -> tuple[object, ...]:
        """Every line of the selected item is selected."""
        state = super().row_state(row, index)
        if isinstance(row, _MoreRow) and self.show_cursor and row.key == self.cursor_key:
            return (*state[:2], True, *state[3:])
        return state

    def cells(self, row: CheckRow, width: int) -> Sequence[Text]:
        """A heading takes the whole line, and so does what stands below an item."""
        if isinstance(row, _BelowRow):
            return [(fit(f"{' ' * _INDENT}{row.text.text}", width), row.text.tone)]
        if row.heading:
            return [(fit(row.text.text, width), row.text.tone if row.text.tone is not Tone.PLAIN else Tone.STRONG)]
        return super().cells(row, width)

    def position(self) -> str:
        """The item under the cursor and how many there are, where not everything is in view."""
        if not super().position():
            return ""
        items = [index for index, row in enumerate(self.rows) if self.selectable(row)]
        return f"{sum(index <= self.cursor_index for index in items)}/{len(items)}"

    def action_tick(self) -> None:
        """Ask for a tick on the item under the cursor."""
        row = self.cursor_row
        if row is not None and self.selectable(row):
            self.post_message(self.Ticked(self, row.key))

    def action_menu(self) -> None:
        """Ask for the menu of the item under the cursor."""
        row = self.cursor_row
        if row is not None and self.selectable(row):
            self.post_message(self.MenuRequested(self, row.key))
