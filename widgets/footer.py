"""The footer: the keys worth knowing here, as many as fit."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip

from widgets.cells import plain
from widgets.pane import Piece, to_strip
from widgets.rows import Cell, KeyHint, Tone
from widgets.style import LineWidget

GAP = 2


class Footer(LineWidget):
    """One line of key hints, from the most important on; what cannot be used now is dim. A message stands instead.

    No messages.
    """

    DEFAULT_CSS = """
    Footer { height: 1; width: 1fr; background: $bar-background; color: $bar-foreground; }
    """

    hints: var[Sequence[KeyHint]] = var(())
    notice: var[Cell] = var(Cell())
    """Stands before the hints: what just happened."""

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        width = self.size.width
        palette = self.palette
        if y:
            return Strip.blank(width, palette.base)
        pieces: list[Piece] = [(" ", palette.base)]
        left = width - 2
        if self.notice.text:
            text = plain(self.notice.text)
            pieces += [(text, palette.style(self.notice.tone)), ("   ", palette.base)]
            left -= cell_len(text) + 3
        for hint in self.hints:
            key, title = plain(hint.key), plain(hint.title)
            size = cell_len(key) + 1 + cell_len(title) + GAP
            if size - GAP > left:
                continue
            usable = hint.disabled is None
            pieces += [
                (f"{key} ", palette.style(Tone.ACCENT if usable else Tone.DIM)),
                (title, palette.style(Tone.PLAIN if usable else Tone.DIM)),
                (" " * GAP, palette.base),
            ]
            left -= size
        return to_strip(pieces, width, palette.base)

    def watch_hints(self) -> None:
        """Repaint."""
        self.refresh(Region(0, 0, max(1, self.size.width), 1))

    def watch_notice(self) -> None:
        """Repaint."""
        self.refresh(Region(0, 0, max(1, self.size.width), 1))
