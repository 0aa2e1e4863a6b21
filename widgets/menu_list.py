"""A list of menu items, under the headings of their groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len

from widgets.cells import fit, plain
from widgets.column_texts import Text
from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import EMPTY, Cell, MenuItem, Row, Tone

KEYS = 10
"""Cells of the keys of an item that has no help beside its title."""


NAMES = 28
"""Most cells of the names' column."""
REMARK = 24
"""Cells from which on a remark behind the title is worth showing."""


@dataclass(frozen=True, slots=True)
class MenuRow(Row):
    """One item, or the heading of a group (no item).

    Attributes:
        name_width: Cells of the names' column: what the longest name of all items needs.
    """

    keys: Cell = EMPTY
    title: Cell = EMPTY
    help: Cell = EMPTY
    item: MenuItem | None = None
    name: Cell = EMPTY
    name_width: int = 0


def menu_rows(items: Iterable[MenuItem]) -> tuple[MenuRow, ...]:
    """Rows of items, in order, each group under its heading. A disabled item is dim and says why."""
    rows: list[MenuRow] = []
    group = ""
    items = list(items)
    name_width = min(NAMES, max((cell_len(plain(item.name)) for item in items), default=0))
    for item in items:
        if item.group and item.group != group:
            group = item.group
            rows.append(MenuRow(key=f"\n{group}", title=Cell(group, Tone.STRONG)))
        usable = item.disabled is None
        rows.append(
            MenuRow(
                key=item.id,
                keys=Cell(item.key, Tone.ACCENT if usable else Tone.DIM),
                title=Cell(item.title, Tone.PLAIN if usable else Tone.DIM),
                help=Cell(item.help if usable else f"not now: {item.disabled}", Tone.DIM),
                item=item,
                name=Cell(item.name, Tone.STRONG if usable else Tone.DIM),
                name_width=name_width,
            )
        )
    return tuple(rows)


class MenuList(LineList[MenuRow]):
    """Menu items. Messages: those of `LineList`; keys are item ids."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("keys", "", min=6, max=10),
        Column("title", "", min=12, max=16),
        Column("help", "", min=8, flex=1, priority=1),
    )

    def selectable(self, row: MenuRow) -> bool:
        """Items, not headings."""
        return row.item is not None

    def cells(self, row: MenuRow, width: int) -> Sequence[Text]:
        """A heading takes the whole line."""
        if row.item is None:
            return [(fit(row.title.text, width), row.title.tone)]
        if row.name_width:
            return self._named(row, width)
        if not row.help.text:
            keys = fit(row.keys.text, min(KEYS, width))
            return [(f"{keys} ", row.keys.tone), (fit(row.title.text, width - len(keys) - 1), row.title.tone)]
        return super().cells(row, width)

    @staticmethod
    def _named(row: MenuRow, width: int) -> Sequence[Text]:
        """Key, name, title; the remark only where the whole title leaves it room."""
        texts: list[Text] = [
            (f"{fit(row.keys.text, 2)} ", row.keys.tone),
            (f"{fit(row.name.text, row.name_width)}  ", row.name.tone),
        ]
        left = max(0, width - row.name_width - 5)
        size = cell_len(plain(row.title.text))
        if not row.help.text or left - size - 2 < REMARK:
            return [*texts, (fit(row.title.text, left), row.title.tone)]
        return [
            *texts,
            (f"{plain(row.title.text)}  ", row.title.tone),
            (fit(row.help.text, left - size - 2), row.help.tone),
        ]
