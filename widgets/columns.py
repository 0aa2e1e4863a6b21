"""Columns of a list: which of them fit a pane's width, and how wide each is. Never depends on the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from widgets.cells import Align, Cut

GAP = 1
"""Blank cells between two columns."""
ESSENTIAL = 2
"""Columns of this priority or a lower number take room from others down to their `min`; further ones do not."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    Attributes:
        field: Name of the row's field it shows; several, separated by spaces, are shown after one another.
        title: Heading.
        min: Cells it needs to be worth showing.
        max: Cells it grows to before flexible columns take the rest; 0 means `min`.
        flex: Share of what is left when every column has its `max`; 0 takes none.
        priority: Columns with a higher number are dropped first; 0 is never dropped. See `ESSENTIAL`.
        align: Side its text stands on.
        cut: Where a text that is too long loses characters.
    """

    field: str
    title: str = ""
    min: int = 4
    max: int = 0
    flex: int = 0
    priority: int = 0
    align: Align = "left"
    cut: Cut = "end"

    @property
    def fields(self) -> list[str]:
        """The names in `field`."""
        return self.field.split()


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown, and its width in cells."""

    column: Column
    width: int


@lru_cache(512)
def place(columns: tuple[Column, ...], width: int) -> tuple[Placed, ...]:
    """The columns that fit into `width` cells, in order.

    Columns whose minimum widths do not fit are dropped, the least important first. What is left over first lets
    all columns grow evenly to their `max`, then goes to the flexible ones.
    """
    shown = _that_fit(columns, width)
    widths = [column.min for column in shown]
    left = width - sum(widths) - GAP * (len(shown) - 1)
    if left < 0:  # not even the columns that must stay fit: the last ones lose cells
        return _squeezed(shown, width)
    growing = [index for index, column in enumerate(shown) if column.max > column.min]
    while left > 0 and growing:
        for index in growing[:left]:
            widths[index] += 1
        left -= min(left, len(growing))
        growing = [index for index in growing if widths[index] < shown[index].max]
    flexible = [index for index, column in enumerate(shown) if column.flex]
    total = sum(shown[index].flex for index in flexible)
    for position, index in enumerate(flexible):
        share = left if position == len(flexible) - 1 else left * shown[index].flex // total
        total -= shown[index].flex
        widths[index] += share
        left -= share
    return tuple(Placed(column, size) for column, size in zip(shown, widths, strict=True))


def _that_fit(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns worth showing, the most important chosen first.

    Those up to `ESSENTIAL` come in as long as the minimum widths fit; further ones only where all before them keep
    the width they grow to.
    """
    chosen: set[int] = set()
    least = comfort = -GAP
    for index in sorted(range(len(columns)), key=lambda index: (columns[index].priority, index)):
        column = columns[index]
        used = least if column.priority <= ESSENTIAL else comfort
        if column.priority == 0 or used + GAP + column.min <= width:
            chosen.add(index)
            least += GAP + column.min
            comfort += GAP + max(column.min, column.max)
    return [column for index, column in enumerate(columns) if index in chosen]


def _squeezed(columns: Sequence[Column], width: int) -> tuple[Placed, ...]:
    placed: list[Placed] = []
    left = width
    for column in columns:
        size = min(column.min, left)
        if size <= 0:
            break
        placed.append(Placed(column, size))
        left -= size + GAP
    return tuple(placed)
