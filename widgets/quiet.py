"""An app that is quiet on the wire: frames at a measured pace, and in them only what looks different."""

import time
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Self

from rich.color import ColorSystem
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.events import Event, InputEvent, Paste, Resize
from textual.screen import Screen, ScreenResultType

from widgets.meter import Meter
from widgets.pace import Pace
from widgets.wire import Run, Wire

if TYPE_CHECKING:
    from rich.console import Console
    from textual.timer import Timer

_SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}
_LITTLE = 600
"""Bytes up to which a frame can be that of the meter itself."""


class QuietApp(App[ReturnType], inherit_bindings=False):
    """Writes the difference between two frames, and not more frames than its pace allows.

    Attributes:
        pace: When a frame may be drawn; unlimited until it is told otherwise.
        meter: What was written to the terminal.
    """

    def __init__(self) -> None:
        self.pace = Pace()
        self.meter = Meter()
        self._meter_changed = False
        super().__init__()

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver."""
        from widgets.terminal_driver import TerminalDriver

        return TerminalDriver

    @cached_property
    def _wire(self) -> Wire:
        return Wire(_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR))

    def forget_terminal(self) -> None:
        """Something else may have written to the terminal: the next frame is written whole."""
        self._wire.forget()

    def meter_shown(self) -> None:
        """The next frame shows what the meter says, and is not to be measured itself."""
        self._meter_changed = True

    async def on_event(self, event: Event) -> None:
        """Notice what the operator does: its answer is drawn at once."""
        if isinstance(event, InputEvent | Paste | Resize):
            self.pace.asked()
        if isinstance(event, Resize):
            self.forget_terminal()
        await super().on_event(event)

    def refresh(self, *, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint the screen again; with `layout`, every cell of it."""
        if layout:
            self.forget_terminal()
        return super().refresh(repaint=repaint, layout=layout, recompose=recompose)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's way to the terminal: an update is replaced by what of it looks different."""
        drawing = self._running and not self._closed and not self._batch_count and not self.is_headless
        if not drawing or not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, renderable)
            return
        text = self._wire.draw(runs_of(renderable), screen._compositor.size)
        if not text:
            self.post_display_hook()
            return
        self.pace.drawn()
        self.meter.frame()
        if self._meter_changed and len(text) < _LITTLE:
            self.meter.leave_out(len(text.encode()))
        self._meter_changed = False
        super()._display(screen, _Drawn(text))  # type: ignore[arg-type]


class PacedScreen(Screen[ScreenResultType]):
    """A screen that waits for its turn before it draws."""

    _waiting: "Timer | None" = None
    _turn: float = 0.0

    def _on_timer_update(self) -> None:
        """Draw what has changed, if it is time; else then."""
        app = self.app
        wait = app.pace.wait() if isinstance(app, QuietApp) and not app.is_headless else 0.0
        if wait <= 0:
            self._stop_waiting()
            super()._on_timer_update()
            return
        self._update_timer.pause()
        turn = time.monotonic() + wait
        if self._waiting is not None and self._turn <= turn:
            return
        # Nothing waits, or a key came meanwhile: its answer has an earlier turn.
        self._stop_waiting()
        self._turn = turn
        self._waiting = self.set_timer(wait, self._draw_now)

    def _draw_now(self) -> None:
        self._waiting = None
        self._update_timer.resume()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None


class _Drawn(CompositorUpdate):
    """A frame that is ready to be written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: "Console") -> str:
        """The bytes of the frame."""
        return self._text


def runs_of(update: LayoutUpdate | ChopsUpdate) -> Iterator[Run]:
    """What an update of Textual's compositor draws, from left to right, line by line."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield x, y, list(strip)
                x += strip.cell_length
        return
    for y, left, right in update.spans:
        for end, (x, found) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if found is not None and x <= right and end > left:
                inside = right > x >= left and end <= right
                yield x, y, list(found if inside else found.crop(0, min(end, right) - x))
