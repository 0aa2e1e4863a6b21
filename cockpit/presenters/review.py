"""A report as lines to look through before it is written: what is missing first, then the text. Pure functions."""

from collections.abc import Sequence
from dataclasses import replace

from cockpit.models.metrics import Metrics
from cockpit.presenters import metrics as shown
from cockpit.presenters import words
from widgets.cells import plain
from widgets.rows import Cell, Level, TextRow, Tone

_MISSING = "**missing"
"""How the templates mark what nobody has written yet, in either case."""


def review_rows(text: str, missing: Sequence[str], redactions: int | None, files: Sequence[str] = ()) -> list[TextRow]:
    """What is missing, what was taken out, what is in it, then the Markdown line by line.

    Args:
        text: Markdown.
        missing: What should be in it and is not.
        redactions: How many secrets were taken out; `None` where nobody counts them.
        files: Names in a bundle; empty for a single document.
    """
    rows = [_row("missing", f"missing: {line}", Tone.WARN, Level.WARN) for line in missing]
    if not missing:
        rows.append(_row("whole", "nothing is missing", Tone.OK))
    if redactions is not None:
        rows.append(_row("secrets", f"{redactions} secrets were taken out", Tone.DIM))
    if files:
        rows.append(_row("files", f"{len(files)} files:", Tone.STRONG))
        rows += [_row("file", f"  {name}", Tone.PLAIN) for name in files]
    rows.append(_row("gap", "", Tone.PLAIN))
    rows += [_line(line) for line in text.splitlines()]
    # Keys must be unique over the page.
    return [replace(row, key=str(number)) for number, row in enumerate(rows)]


def metric_rows(item: Metrics, *, unicode: bool) -> list[TextRow]:
    """Table, charts and notes of the metrics, as the verb prints them."""
    table = [tuple(Cell(title, Tone.DIM) for title in shown.TITLES), *shown.table(item)]
    widths = [max(len(plain(row[column].text)) for row in table) for column in range(len(shown.TITLES))]
    lines: list[tuple[Cell, ...]] = [(Cell(shown.headline(item), Tone.STRONG),), ()]
    lines += [
        tuple(Cell(f"{plain(cell.text):<{width}}  ", cell.tone) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    for title, bars in shown.charts(item, unicode=unicode):
        lines += [(), (Cell(title, Tone.ACCENT),)]
        lines += [tuple(_spaced(bar)) for bar in bars]
    lines += [(), *((Cell(line, Tone.DIM),) for line in shown.notes(item))]
    return [TextRow(key=str(number), spans=line) for number, line in enumerate(lines)]


def _spaced(cells: Sequence[Cell]) -> list[Cell]:
    return [Cell(f"{cell.text}  ", cell.tone) for cell in cells]


def _row(key: str, text: str, tone: Tone, level: Level = Level.INFO) -> TextRow:
    return TextRow(key=key, level=level, spans=(words.text(text, tone, 4_000),), hang=2)


def _line(line: str) -> TextRow:
    if _MISSING in line.casefold():
        return _row("", line, Tone.WARN, Level.WARN)
    if line.startswith("#"):
        return _row("", line, Tone.STRONG)
    return _row("", line, Tone.DIM if line.startswith("<!--") else Tone.PLAIN)
