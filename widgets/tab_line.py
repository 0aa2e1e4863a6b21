"""A line of tabs, for the screen with one pane and for the files in the log pane."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from widgets.cells import clip
from widgets.pane import Piece, to_strip
from widgets.rows import EMPTY, Cell, Tone
from widgets.style import LineWidget


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its key in messages, the key that leads there, its title, and how it is counted."""

    key: str
    number: str = ""
    title: str = ""
    badge: Cell = EMPTY


class TabLine(LineWidget):
    """One line of tabs with one current; the current one is always in view. Posts `Selected` on a click."""

    DEFAULT_CSS = """
    TabLine { height: 1; width: 1fr; }
    """

    tabs: var[Sequence[Tab]] = var(())
    current: var[str] = var("")

    @dataclass
    class Selected(Message):
        """A tab was clicked."""

        line: "TabLine"
        key: str

        @property
        def control(self) -> "TabLine":
            """The line."""
            return self.line

    def _labels(self) -> list[tuple[Tab, str]]:
        """Labels that fit: all titles, else only the current one's title, else from the current one on."""
        width = self.size.width
        full = [(tab, _label(tab, title=True)) for tab in self.tabs]
        if sum(cell_len(label) for _, label in full) <= width:
            return full
        short = [(tab, _label(tab, title=tab.key == self.current or not tab.number)) for tab in self.tabs]
        while len(short) > 1 and sum(cell_len(label) for _, label in short) > width:
            if short[0][0].key != self.current:
                short.pop(0)
            else:
                short.pop()
        return [(tab, clip(label, width)) for tab, label in short]

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        width = self.size.width
        palette = self.palette
        if y:
            return Strip.blank(width, palette.base)
        pieces: list[Piece] = []
        for tab, label in self._labels():
            if tab.key == self.current:
                pieces.append((label, palette.on_cursor(Tone.STRONG, focused=True)))
            else:
                pieces.append((label, palette.style(tab.badge.tone if tab.badge.text else Tone.DIM)))
        return to_strip(pieces, width, palette.base)

    def on_click(self, event: Click) -> None:
        """Say which tab was clicked."""
        left = 0
        for tab, label in self._labels():
            left += cell_len(label)
            if event.x < left:
                self.post_message(self.Selected(self, tab.key))
                return

    def watch_tabs(self) -> None:
        """Repaint."""
        self.refresh(Region(0, 0, max(1, self.size.width), 1))

    def watch_current(self) -> None:
        """Repaint."""
        self.refresh(Region(0, 0, max(1, self.size.width), 1))


def _label(tab: Tab, *, title: bool) -> str:
    parts = [tab.number, tab.title if title else "", tab.badge.text if title else ""]
    return f" {' '.join(part for part in parts if part)} "
