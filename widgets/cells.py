"""Fitting text into terminal cells: wide and combining characters never shift a column."""

import re
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, chop_cells, split_text

Cut = Literal["end", "middle", "start"]
"""Where a text that does not fit loses characters: ids and paths tell most at their ends, sentences at their start."""
Align = Literal["left", "right"]

ELLIPSIS = "…"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without control characters.

    Rows arrive clean; this is the second door, because one stray newline or escape would break the whole screen.
    """
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)


@lru_cache(16_384)
def fit(text: str, width: int, cut: Cut = "end", align: Align = "left") -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis.

    Args:
        text: One line.
        width: Cells; 0 or less gives the empty text.
        cut: Where it is cut if it is too long.
        align: Which side it stands on if it is short.
    """
    if width <= 0:
        return ""
    text = clip(text, width, cut)
    blank = " " * (width - cell_len(text))
    return blank + text if align == "right" else text + blank


def clip(text: str, width: int, cut: Cut = "end") -> str:
    """`text` in at most `width` cells, cut with an ellipsis where it is longer."""
    if width <= 0:
        return ""
    text = plain(text)
    if cell_len(text) <= width:
        return text
    if width == 1:
        return ELLIPSIS
    keep = width - 1
    if cut == "end":
        return _head(text, keep) + ELLIPSIS
    if cut == "start":
        return ELLIPSIS + _tail(text, keep)
    right = keep // 2
    return _head(text, keep - right) + ELLIPSIS + _tail(text, right)


def _head(text: str, width: int) -> str:
    """The first `width` cells; a wide character that straddles the edge becomes a space."""
    return split_text(text, width)[0] if width > 0 else ""


def _tail(text: str, width: int) -> str:
    """The last `width` cells."""
    return split_text(text, cell_len(text) - width)[1] if width > 0 else ""


def window(text: str, start: int, width: int) -> str:
    """The cells `start` to `start + width` of `text`, padded to exactly `width`; a cut edge shows an ellipsis."""
    if width <= 0:
        return ""
    text = plain(text)
    if start > 0:
        total = cell_len(text)
        text = split_text(text, start)[1] if total > start else ""
        if text:
            text = ELLIPSIS + (split_text(text, 1)[1] if cell_len(text) > 1 else "")
    return fit(text, width)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where possible. Always at least one line."""
    text = plain(text)
    return [text[start:end] for start, end in break_lines(text, width, width)]


def break_lines(text: str, first: int, rest: int) -> list[tuple[int, int]]:
    """Where `text` is broken into lines.

    Args:
        text: One line without control characters.
        first: Cells of the first line.
        rest: Cells of the lines after it.

    Returns:
        Start and end index of each line, at least one; the spaces a line is broken at belong to none.
    """
    lines: list[tuple[int, int]] = []
    start, width = 0, max(first, 1)
    while True:
        chunk = text[start : start + 4 * width + 16]
        if cell_len(chunk) <= width:
            end = start + len(chunk)
        else:
            # A character wider than the line takes one for itself.
            end = start + max(1, len(chop_cells(chunk, width)[0]))
            if text[end] != " ":
                space = text.rfind(" ", start, end)
                end = space if text[start : max(space, start)].strip(" ") else end
        lines.append((start, end))
        if end >= len(text):
            return lines
        start = end + len(text[end:]) - len(text[end:].lstrip(" "))
        width = max(rest, 1)
