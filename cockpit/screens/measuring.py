"""`:net`: what goes over the wire, on the screen, without adding to it while nothing else does."""

from typing import TYPE_CHECKING

from cockpit.presenters.wire import net_cell
from widgets.rows import Cell

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.screens.cockpit import CockpitScreen

TICK_S = 2.0


class Measuring:
    """Shows bytes and frames a second in the header while it is switched on."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._seen: tuple[int, int] | None = None
        self.cell: Cell | None = None

    def toggle(self) -> None:
        """Show it, or hide it again."""
        if self._timer is None:
            self._timer = self._screen.set_interval(TICK_S, self.look)
            self.look()
            return
        self._timer.stop()
        self._timer = self._seen = self.cell = None
        self._screen.painter.header()

    def look(self) -> None:
        """Say what is so now."""
        meter = self._screen.host.meter
        sent, drawn = meter.rates()
        if self._seen is None or self._seen[0] != meter.frames:
            # The total also grows by what this display itself takes: that alone is no news.
            self._seen = meter.frames, meter.sent
        cell = net_cell(sent if drawn else 0.0, drawn, self._seen[1])
        if cell != self.cell:
            self.cell = cell
            self._screen.host.meter_shown()
            self._screen.painter.header()
