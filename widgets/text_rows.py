"""Drawing and wrapping `TextRow`s."""

from dataclasses import replace
from functools import lru_cache

from rich.cells import cell_len

from widgets.cells import break_lines, clip, plain
from widgets.rows import Cell, TextRow, Tone

LINK = "› "
"""Stands before a line that leads somewhere."""
MAX_INDENT = 16


def draw_text_row(row: TextRow, width: int) -> list[tuple[str, Tone]]:
    """The texts of a row in at most `width` cells."""
    indent = min(row.indent, width)
    texts: list[tuple[str, Tone]] = [(" " * indent, Tone.PLAIN)]
    left = width - indent
    for span in row.spans:
        text = clip(span.text, left)
        if text:
            texts.append((text, span.tone))
            left -= cell_len(text)
    return texts


@lru_cache(4_096)
def wrap_text_row(row: TextRow, width: int) -> tuple[TextRow, ...]:
    """A row in as many rows of at most `width` cells as it takes, with the same key; spans keep their tones."""
    indent = min(row.indent, MAX_INDENT, max(0, width - 8))
    room = max(1, width - indent)
    spans = tuple(Cell(plain(span.text), span.tone) for span in row.spans)
    text = "".join(span.text for span in spans)
    lead = len(LINK) if row.link else 0
    hang = min(row.hang, max(0, room - lead - 8))
    lines = [_slice(spans, start, end) for start, end in break_lines(text, room - lead, room - lead - hang)]
    if row.link:
        lines[0] = (Cell(LINK, Tone.ACCENT), *lines[0])
    further = indent + lead + hang
    return tuple(replace(row, spans=line, indent=further if number else indent) for number, line in enumerate(lines))


def _slice(spans: tuple[Cell, ...], start: int, end: int) -> tuple[Cell, ...]:
    """The characters `start` to `end` of all spans together, in their tones."""
    taken: list[Cell] = []
    offset = 0
    for span in spans:
        text = span.text[max(0, start - offset) : max(0, end - offset)]
        if text:
            taken.append(Cell(text, span.tone))
        offset += len(span.text)
    return tuple(taken)
