"""Fitting pieces into one line: what matters most stays, the rest is dropped whole."""

from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len

from widgets.cells import clip, plain
from widgets.rows import Cell


def fitting(cells: Sequence[Cell], room: int, gap: int, keep: int = 0) -> tuple[Cell, ...]:
    """The first of `cells` that fit into `room` cells with `gap` blanks between them.

    The first `keep` are never dropped, but cut where the room is too small even for them.
    """
    chosen: list[Cell] = []
    for index, cell in enumerate(cells):
        if not cell.text:
            continue
        space = gap if chosen else 0
        left = room - space
        size = cell_len(plain(cell.text))
        if size > left:
            if index < keep and left > 1:
                chosen.append(replace(cell, text=clip(cell.text, left)))
                room = 0
            if index >= keep:
                continue
            break
        chosen.append(replace(cell, text=plain(cell.text)))
        room = left - size
    return tuple(chosen)


def width_of(cells: Sequence[Cell], gap: int) -> int:
    """Cells that `cells` take with `gap` blanks between them."""
    return sum(cell_len(cell.text) for cell in cells) + gap * max(0, len(cells) - 1)
