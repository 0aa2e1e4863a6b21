"""The header: one line that never hides."""

from collections.abc import Sequence

from rich.style import Style
from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip

from widgets.bars import fitting, width_of
from widgets.pane import Piece, to_strip
from widgets.rows import Cell, HeaderLine
from widgets.style import LineWidget, Palette

GAP = 2
BETWEEN = "  "
_REVERSE = Style(reverse=True)


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
        if y:
            return Strip.blank(self.size.width, self.palette.base)
        return draw(self.line, self.keep, self.size.width, self.palette)

    def watch_line(self) -> None:
        """Repaint."""
        self.refresh(Region(0, 0, max(1, self.size.width), 1))

    def watch_keep(self) -> None:
        """Repaint."""
        self.refresh()


class SharedHeader(Header):
    """The header of the screen below, on a screen that has nothing of its own to say there."""

    DEFAULT_CSS = """
    SharedHeader { height: 1; width: 1fr; background: $bar-background; color: $bar-foreground; }
    """

    def on_mount(self) -> None:
        """Say the same from the first frame on."""
        for screen in self.app.screen_stack:
            for header in screen.query(Header):
                if not isinstance(header, SharedHeader):
                    self.say(header)

    def say(self, other: Header) -> None:
        """Say what another header says."""
        self.keep = other.keep
        self.line = other.line


def draw(line: HeaderLine, keep: int, width: int, palette: Palette) -> Strip:
    """A line of exactly `width` cells: what is left at the left, what is right at the right end."""
    left, right = arrange(line, width - 2, keep)
    blank = (" " * max(0, width - 2 - width_of(left, GAP) - width_of(right, GAP)), palette.base)
    pieces = [(" ", palette.base), *_pieces(left, palette), blank, *_pieces(right, palette)]
    return to_strip(pieces, width, palette.base)


def _pieces(cells: Sequence[Cell], palette: Palette) -> list[Piece]:
    pieces: list[Piece] = []
    for cell in cells:
        if pieces:
            pieces.append((BETWEEN, palette.base))
        style = palette.style(cell.tone)
        pieces.append((cell.text, style + _REVERSE if cell.block else style))
    return pieces


def arrange(line: HeaderLine, width: int, keep: int) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """What of `line` is shown in `width` cells: left and right pieces.

    The first `keep` left pieces come first, then the right ones, then what else fits of the left.
    """
    kept = fitting(line.left[:keep], width, GAP, keep)
    room = width - width_of(kept, GAP) - (GAP if kept else 0)
    right = fitting(line.right, room, GAP)
    room -= width_of(right, GAP) + (GAP if right else 0)
    return (*kept, *fitting(line.left[keep:], room, GAP)), right
