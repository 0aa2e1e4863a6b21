"""The header: one line that never hides."""

from collections.abc import Sequence

from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip

from widgets.bars import fitting, width_of
from widgets.pane import Piece, to_strip
from widgets.rows import Cell, HeaderLine
from widgets.style import LineWidget

GAP = 2
BETWEEN = "  "


class Header(LineWidget):
    """One line. The first `keep` left pieces are never dropped; the right ones go before the other left ones do.

    No messages.
    """

    DEFAULT_CSS = """
    Header { height: 1; width: 1fr; background: $bar-background; color: $bar-foreground; }
    """

    line: var[HeaderLine] = var(HeaderLine())
    keep: var[int] = var(1)
    """How many of the left pieces stay at any width."""

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        width = self.size.width
        palette = self.palette
        if y:
            return Strip.blank(width, palette.base)
        left, right = arrange(self.line, width - 2, self.keep)
        blank = (" " * max(0, width - 2 - width_of(left, GAP) - width_of(right, GAP)), palette.base)
        return to_strip([(" ", palette.base), *self._pieces(left), blank, *self._pieces(right)], width, palette.base)

    def _pieces(self, cells: Sequence[Cell]) -> list[Piece]:
        pieces: list[Piece] = []
        for cell in cells:
            if pieces:
                pieces.append((BETWEEN, self.palette.base))
            pieces.append((cell.text, self.palette.style(cell.tone)))
        return pieces

    def watch_line(self) -> None:
        """Repaint."""
        self.refresh(Region(0, 0, max(1, self.size.width), 1))

    def watch_keep(self) -> None:
        """Repaint."""
        self.refresh()


def arrange(line: HeaderLine, width: int, keep: int) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """What of `line` is shown in `width` cells: left and right pieces.

    The first `keep` left pieces come first, then the right ones, then what else fits of the left.
    """
    kept = fitting(line.left[:keep], width, GAP, keep)
    room = width - width_of(kept, GAP) - (GAP if kept else 0)
    right = fitting(line.right, room, GAP)
    room -= width_of(right, GAP) + (GAP if right else 0)
    return (*kept, *fitting(line.left[keep:], room, GAP)), right
