"""A pane: a thin frame with number, title, count and badges, drawn by line, repainted by line."""

from collections.abc import Hashable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.events import Resize
from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip

from widgets.cells import clip
from widgets.rows import Cell, Tone
from widgets.style import LineWidget, Palette

Piece = tuple[str, Style]
"""A text and its complete style."""
LineState = tuple[Any, ...]
"""Everything a line's picture depends on: the kind of line, then that."""


class Pane(LineWidget, can_focus=True, can_focus_children=False):
    """The frame of a pane. Subclasses draw the lines in it.

    It draws its frame itself rather than by CSS, so that a changed title or badge repaints one line; a border title
    of Textual repaints the whole widget. One line high, it is only its title (an accordion's closed pane).

    A line's *state* is everything its picture depends on. `sync` asks for the state of every line, and repaints
    exactly those whose state has changed.
    """

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 1fr; }
    """

    title: var[str] = var("")
    """Plain text, never markup."""
    number: var[str] = var("")
    """The key that leads here."""
    count: var[str] = var("")
    """How much is in it."""
    badges: var[tuple[Cell, ...]] = var(())
    """What the title says besides."""
    subtitle: var[Cell] = var(Cell())
    """What the lower edge says."""
    framed: var[bool] = var(True)
    """Whether it has a frame; without one, the title is somebody else's business."""

    def __init__(
        self,
        *,
        title: str = "",
        number: str = "",
        framed: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._shown: list[LineState] = []
        self._shown_for: object = None
        self._strips: LRUCache[Hashable, Strip] = LRUCache(256)
        self._strips_for: Palette | None = None
        self.set_reactive(Pane.title, title)
        self.set_reactive(Pane.number, number)
        self.set_reactive(Pane.framed, framed)

    # -- geometry

    @property
    def body_top(self) -> int:
        """The first line that belongs to the content."""
        return 1 if self.framed else 0

    @property
    def body_height(self) -> int:
        """How many lines the content has."""
        return max(0, self.size.height - 2) if self.framed else self.size.height

    @property
    def body_width(self) -> int:
        """Cells of a content line."""
        return max(0, self.size.width - 2) if self.framed else self.size.width

    # -- what subclasses say

    def body_state(self, line: int) -> Hashable:
        """Everything the picture of the content's line `line` depends on."""
        return None

    def draw_body(self, state: Hashable) -> Sequence[Piece]:
        """The picture of a content line from its state; padded or cut to the width by the caller."""
        return ()

    def before_sync(self) -> None:
        """Called before states are asked for: bring scroll and cursor into the window as it is now."""

    def thumb(self) -> range:
        """The content lines beside which the scroll thumb stands; empty where everything is in view."""
        return range(0)

    def position(self) -> str:
        """Where in the content the view is, for the lower edge; empty where everything is in view."""
        return ""

    def title_badges(self) -> tuple[Cell, ...]:
        """The badges of the title."""
        return self.badges

    # -- repainting

    def sync(self) -> None:
        """Repaint the lines whose state has changed, and no other."""
        if not self.is_mounted or not self.size:
            return
        stale = self._shown_for != self._environment()
        before = self._shown
        self._refresh_states()
        if stale or len(before) != len(self._shown):
            self.refresh()
            return
        width = self.size.width
        for y, (old, new) in enumerate(zip(before, self._shown, strict=True)):
            if old is not new and old != new:
                self.refresh(Region(0, y, width, 1))

    def _environment(self) -> object:
        return (self.size, self.framed, self.has_focus)

    def _refresh_states(self) -> None:
        self.before_sync()
        self._shown_for = self._environment()
        thumb = self.thumb()
        height, top, body = self.size.height, self.body_top, self.body_height
        states: list[LineState] = []
        for y in range(height):
            line = y - top
            if 0 <= line < body:
                states.append(("body", self.body_state(line), line in thumb))
            elif y == 0:
                states.append(("title", self.number, self.title, self.count, self.title_badges(), height == 1))
            else:
                states.append(("edge", self.subtitle, self.position()))
        self._shown = states

    def render_line(self, y: int) -> Strip:
        """Draw one line (Textual's line API)."""
        palette = self.palette
        if palette is not self._strips_for:
            self._strips.clear()
            self._strips_for = palette
        if self._shown_for != self._environment():
            self._refresh_states()
        width = self.size.width
        if y >= len(self._shown):
            return Strip.blank(width, palette.base)
        state = self._shown[y]
        key = (width, self.has_focus, state)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._draw(state, width)
            self._strips[key] = strip
        return strip

    def _draw(self, state: LineState, width: int) -> Strip:
        if state[0] == "title":
            pieces = self._draw_title(*state[1:], width=width)
        elif state[0] == "edge":
            pieces = self._draw_edge(*state[1:], width=width)
        else:
            pieces = self._draw_framed(*state[1:])
        return to_strip(pieces, width, self.palette.base)

    def _draw_framed(self, state: Hashable, thumb: bool) -> list[Piece]:
        inside = list(self.draw_body(state))
        if not self.framed:
            return inside
        palette = self.palette
        frame = palette.base + palette.frame
        body = to_strip(inside, self.body_width, palette.base)
        pieces: list[Piece] = [("│", frame)]
        pieces.extend((segment.text, segment.style or palette.base) for segment in body)
        pieces.append(("┃" if thumb else "│", frame))
        return pieces

    def _draw_title(
        self,
        number: str,
        title: str,
        count: str,
        badges: tuple[Cell, ...],
        closed: bool,
        *,
        width: int,
    ) -> list[Piece]:
        palette = self.palette
        frame, strong = palette.base + palette.frame, palette.base + palette.title
        pieces: list[Piece] = [("──" if closed else "┌─", frame)]
        if number:
            pieces.append((f"[{number}] ", strong))
        room = max(0, width - 4 - sum(cell_len(text) for text, _ in pieces))
        title = clip(title, room)
        pieces.append((title, strong))
        room -= cell_len(title)
        for cell in (Cell(count, Tone.DIM), *badges):
            text = clip(cell.text, room - 1)
            if text:
                pieces += [(" ", frame), (text, palette.style(cell.tone))]
                room -= cell_len(text) + 1
        pieces.append((" ", frame))
        used = sum(cell_len(text) for text, _ in pieces)
        pieces.append(("─" * (width - used - 1) + ("─" if closed else "┐"), frame))
        return pieces

    def _draw_edge(self, subtitle: Cell, position: str, *, width: int) -> list[Piece]:
        palette = self.palette
        frame = palette.base + palette.frame
        right = f" {position} ─┘" if position and len(position) + 6 < width else "┘"
        pieces: list[Piece] = [("└", frame)]
        text = clip(subtitle.text, width - len(right) - 5)
        if text:
            pieces += [("─ ", frame), (f"{text} ", palette.style(subtitle.tone))]
        used = sum(cell_len(part) for part, _ in pieces)
        pieces.append(("─" * max(0, width - used - len(right)), frame))
        if position and right != "┘":
            pieces += [(right[:-2], palette.style(Tone.DIM)), (right[-2:], frame)]
        else:
            pieces.append((right, frame))
        return pieces

    # -- changes

    def on_resize(self, _event: Resize) -> None:
        """Bring the view into the new window."""
        self.sync()

    def watch_title(self) -> None:
        """Repaint the title."""
        self.sync()

    def watch_number(self) -> None:
        """Repaint the title."""
        self.sync()

    def watch_count(self) -> None:
        """Repaint the title."""
        self.sync()

    def watch_badges(self) -> None:
        """Repaint the title."""
        self.sync()

    def watch_subtitle(self) -> None:
        """Repaint the lower edge."""
        self.sync()

    def watch_framed(self) -> None:
        """Repaint everything."""
        self.sync()


def to_strip(pieces: Sequence[Piece], width: int, base: Style) -> Strip:
    """A strip of exactly `width` cells."""
    segments = [Segment(text, style) for text, style in pieces if text]
    # Neighbours of the same style become one: fewer bytes to the terminal.
    return Strip(segments).adjust_cell_length(width, base).simplify()
