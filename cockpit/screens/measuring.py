"""`:net`: what goes over the wire, on the screen, without being what goes over the wire."""

from typing import TYPE_CHECKING

from cockpit.presenters import words
from widgets.rows import Cell, Tone

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.screens.cockpit import CockpitScreen

TICK_S = 2.0


class Measuring:
    """Shows bytes and frames a second in the header while it is switched on."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._frames = -1
        self.cell: Cell | None = None

    def toggle(self) -> None:
        """Show it, or hide it again."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = self.cell = None
            self._screen.painter.header()
            return
        self._timer = self._screen.set_interval(TICK_S, self.look)
        self._frames = -1
        self.look()

    def look(self) -> None:
        """Say what is so now; nothing where nothing was drawn but this."""
        meter = self._screen.host.meter
        sent, drawn = meter.rates()
        shown = words.net(sent, drawn, meter.sent)
        if self.cell is not None and meter.frames == self._frames:
            # The total may have grown by what this display itself took: that is no news.
            shown = words.net(sent, drawn, self._total)
        self._total = meter.sent if meter.frames != self._frames else self._total
        self._frames = meter.frames
        cell = Cell(shown, Tone.DIM)
        if cell != self.cell:
            self.cell = cell
            self._screen.host.meter_shown()
            self._screen.painter.header()

    _total = 0
