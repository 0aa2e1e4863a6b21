"""Tiles: a line for each thing that must not be forgotten (an open incident), right below the header."""

from textual.reactive import var
from textual.strip import Strip

from widgets.header import draw
from widgets.rows import Cell, HeaderLine, Tone
from widgets.style import LineWidget


class Tiles(LineWidget):
    """As many lines as there are tiles, `most` of them at most; the last line says how many more there are.

    A tile is laid out as the header is: its first `keep` left pieces are never dropped. No messages.
    """

    DEFAULT_CSS = """
    Tiles { height: 0; width: 1fr; background: $bar-background; color: $bar-foreground; }
    """

    tiles: var[tuple[HeaderLine, ...]] = var(())
    most: var[int] = var(2)
    """Lines it may take."""
    keep: var[int] = var(3)
    """How many left pieces of each tile stay at any width."""

    def render_line(self, y: int) -> Strip:
        """Draw one tile."""
        if y >= len(self.tiles):
            return Strip.blank(self.size.width, self.palette.base)
        line, keep = self.tiles[y], self.keep
        hidden = len(self.tiles) - self.most
        if y == self.most - 1 and hidden > 0:
            line = HeaderLine((Cell(f"+{hidden} more", Tone.WARN), *line.left), line.right)
            keep += 1
        return draw(line, keep, self.size.width, self.palette)

    def watch_tiles(self, before: tuple[HeaderLine, ...], now: tuple[HeaderLine, ...]) -> None:
        """Repaint; another number of lines is another layout."""
        if min(len(before), self.most) != min(len(now), self.most):
            self.styles.height = min(len(now), self.most)
        if before != now:
            self.refresh()

    def watch_most(self, most: int) -> None:
        """Another number of lines is another layout."""
        self.styles.height = min(len(self.tiles), most)
