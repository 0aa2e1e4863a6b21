"""The texts of a row, column by column."""

from rich.cells import cell_len

from widgets.cells import clip, fit
from widgets.columns import GAP, Column, Placed, place
from widgets.rows import EMPTY, Cell, Row, Tone

Text = tuple[str, Tone]
"""A piece of a line: plain text and its tone."""


def column_texts(row: Row, placed: Placed) -> list[Text]:
    """A column's texts of one row, in exactly its width. A column of several fields shows those that say something.

    Blanks are texts of their own: a tone that underlines does not underline them.
    """
    column, width = placed.column, placed.width
    values = [cell for name in column.fields if (cell := cell_of(row, name)).text]
    if len(values) <= 1:
        value = values[0] if values else EMPTY
        text = clip(value.text, width, column.cut)
        blank = (" " * (width - cell_len(text)), Tone.PLAIN)
        return [blank, (text, value.tone)] if column.align == "right" else [(text, value.tone), blank]
    texts: list[Text] = []
    for position, value in enumerate(values):
        last = position == len(values) - 1
        text = clip(value.text, width, column.cut)
        width -= cell_len(text)
        gap = width if last else min(GAP, width)
        texts += [(text, value.tone), (" " * gap, Tone.PLAIN)]
        width -= gap
    return texts


def header_text(columns: tuple[Column, ...], width: int) -> str:
    """The columns' titles."""
    placed = place(columns, width)
    return (" " * GAP).join(fit(item.column.title, item.width, "end", item.column.align) for item in placed)


def cell_of(row: Row, name: str) -> Cell:
    """The field `name` of a row as a cell."""
    value = getattr(row, name, None)
    return value if isinstance(value, Cell) else EMPTY
