"""A sparkline: how much there was in each column, drawn by line."""

from collections.abc import Sequence
from functools import lru_cache

from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip

from widgets.bars import fitting, width_of
from widgets.pane import Piece, to_strip
from widgets.rows import Cell, Tone
from widgets.style import LineWidget

FANCY = " ▁▂▃▄▅▆▇█"
PLAIN = " .:-=+*#"
"""The same in ASCII, one line high."""


@lru_cache(64)
def columns(values: tuple[int, ...], height: int, glyphs: str) -> tuple[str, ...]:
    """The lines of a chart, from the top. What is not nothing shows, however small it is beside the largest."""
    top = max(values, default=0)
    steps = len(glyphs) - 1
    levels = [0 if value <= 0 else max(1, round(value / top * steps * height)) for value in values]
    return tuple(
        "".join(glyphs[min(steps, max(0, level - line * steps))] for level in levels)
        for line in range(height - 1, -1, -1)
    )


class Sparkline(LineWidget):
    """A label, one column for each value, and a caption. As high as its style says; the label is on the last line.

    The number of columns is `room`; whoever fills it asks. Only lines that look different are repainted. No messages.
    """

    DEFAULT_CSS = """
    Sparkline { height: 1; width: 1fr; background: $bar-background; color: $bar-foreground; }
    """

    values: var[tuple[int, ...]] = var(())
    """Newest last; what does not fit is left out on the left."""
    label: var[Cell] = var(Cell())
    caption: var[Cell] = var(Cell())
    """Dropped where there is no room for it."""
    fancy: var[bool] = var(False)
    """Whether glyphs may leave ASCII."""

    @staticmethod
    def room(width: int, label: str, caption: str) -> int:
        """Columns there are in `width` cells beside a label and a caption; the caption goes where it takes half."""
        left = width - 2 - (len(label) + 1 if label else 0)
        beside = left - len(caption) - 1
        return max(1, beside if caption and beside >= left // 2 else left)

    def lines(self) -> list[list[Piece]]:
        """The pieces of every line."""
        palette, width, height = self.palette, self.size.width, max(1, self.size.height)
        label, caption = self.label.text, self.caption.text
        room = self.room(width, label, caption)
        shown = self.values[-room:]
        drawn = columns((0,) * (room - len(shown)) + shown, height, FANCY if self.fancy else PLAIN)
        captioned = fitting((self.caption,), width - 3 - room - (len(label) + 1 if label else 0), 1)
        lines: list[list[Piece]] = []
        for index, text in enumerate(drawn):
            last = index == height - 1
            name = f"{label} " if label else ""
            pieces: list[Piece] = [
                (" ", palette.base),
                (name if last else " " * len(name), palette.style(self.label.tone)),
            ]
            pieces.append((text, palette.style(Tone.BUSY)))
            if last and width_of(captioned, 1):
                pieces += [(" ", palette.base), *((cell.text, palette.style(cell.tone)) for cell in captioned)]
            lines.append(pieces)
        return lines

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        lines: Sequence[list[Piece]] = self.lines()
        if y >= len(lines):
            return Strip.blank(width, self.palette.base)
        return to_strip(lines[y], width, self.palette.base)

    def _repaint(self, before: Sequence[str], after: Sequence[str]) -> None:
        for y, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                self.refresh(Region(0, y, max(1, self.size.width), 1))

    def watch_values(self, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        """Repaint the lines that look different."""
        height = max(1, self.size.height)
        glyphs = FANCY if self.fancy else PLAIN
        if len(before) != len(after):
            self.refresh()
        else:
            self._repaint(columns(before, height, glyphs), columns(after, height, glyphs))

    def watch_label(self) -> None:
        """Repaint."""
        self.refresh()

    def watch_caption(self) -> None:
        """Repaint the last line."""
        self.refresh(Region(0, max(0, self.size.height - 1), max(1, self.size.width), 1))

    def watch_fancy(self) -> None:
        """Repaint."""
        self.refresh()
