"""The texts of a row, column by column."""

from rich.cells import cell_len

from widgets.cells import fit, plain
from widgets.columns import GAP, Column, Placed, place
from widgets.rows import EMPTY, Cell, Row, Tone

Text = tuple[str, Tone]
"""A piece of a line: plain text and its tone."""


def column_texts(row: Row, placed: Placed) -> list[Text]:
    """A column's texts of one row, in exactly its width. A column of several fields shows those that say something."""
    column, width = placed.column, placed.width
    values = [cell for name in column.fields if (cell := cell_of(row, name)).text]
    if len(values) <= 1:
        value = values[0] if values else EMPTY
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


def header_text(columns: tuple[Column, ...], width: int) -> str:
    """The columns' titles."""
    placed = place(columns, width)
    return (" " * GAP).join(fit(item.column.title, item.width, "end", item.column.align) for item in placed)


def cell_of(row: Row, name: str) -> Cell:
    """The field `name` of a row as a cell."""
    value = getattr(row, name, None)
    return value if isinstance(value, Cell) else EMPTY
