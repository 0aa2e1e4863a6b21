"""What verbs print: one JSON document, or a table and text for people. Everything printed is clean."""

import json
import os
import re
import sys
from collections.abc import Sequence

from cockpit.presenters.documents import dumps
from cockpit.sanitize import clean
from widgets.rows import Cell, TextRow, Tone

_COLOURS = {
    Tone.OK: "32",
    Tone.BUSY: "36",
    Tone.WARN: "33",
    Tone.BAD: "31",
    Tone.DIM: "2",
    Tone.STRONG: "1",
    Tone.ACCENT: "34",
}
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def emit(document: object) -> None:
    """Print one JSON document, in escapes where the terminal's encoding is not UTF-8."""
    text = dumps(document)
    if not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf"):
        text = _FOREIGN.sub(lambda found: json.dumps(found[0])[1:-1], text)
    sys.stdout.write(text)


def say(text: str = "") -> None:
    """Print a line for people on stdout."""
    sys.stdout.write(f"{clean(text)}\n")


def tell(text: str) -> None:
    """Print a message for people on stderr; stdout stays the document's."""
    sys.stderr.write(f"cockpit: {clean(text)}\n")


def coloured() -> bool:
    """Only on a terminal, and never under NO_COLOR or on a dumb one."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(cell: Cell, *, colour: bool) -> str:
    """A cell as text, in its colour where wanted. The cell is sanitised already: its escapes are ours alone."""
    code = _COLOURS.get(cell.tone)
    return f"\x1b[{code}m{cell.text}\x1b[0m" if colour and code and cell.text else cell.text


def say_cells(cells: Sequence[Cell], separator: str = "  ") -> None:
    """Print one line of cells."""
    colour = coloured()
    sys.stdout.write(separator.join(paint(cell, colour=colour) for cell in cells if cell.text).rstrip() + "\n")


def say_row(row: TextRow) -> None:
    """Print a line of several tones, on a terminal wrapped between words at its width."""
    width = _terminal_width()
    if width is None:
        say_cells([Cell(" " * row.indent), *row.spans], separator="")
        return
    from widgets.text_rows import wrap_text_row

    for line in wrap_text_row(row, max(20, width)):
        say_cells([Cell(" " * line.indent), *line.spans], separator="")


def table(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print aligned columns; the last one runs free, so that nothing is cut when piped.

    On a terminal each line is cut at its width.
    """
    from rich.cells import cell_len, set_cell_size

    if not rows:
        return
    colour = coloured()
    widths = [
        max(cell_len(title), *(cell_len(row[column].text) for row in rows)) for column, title in enumerate(titles[:-1])
    ]
    limit = _terminal_width()
    lines = [[Cell(title.upper(), Tone.DIM) for title in titles], *rows]
    for line in lines:
        used = sum(widths) + 2 * len(widths)
        last = line[-1]
        if limit is not None and used + cell_len(last.text) > limit:
            last = Cell(set_cell_size(last.text, max(0, limit - used - 1)) + "…", last.tone)
        padded = [
            Cell(set_cell_size(cell.text, width), cell.tone) for cell, width in zip(line[:-1], widths, strict=True)
        ]
        sys.stdout.write("  ".join(paint(cell, colour=colour) for cell in [*padded, last]).rstrip() + "\n")


def _terminal_width() -> int | None:
    if not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return None
