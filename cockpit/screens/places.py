"""Where the operator is in the panes, and the way back there: for jumps, and for coming back after a disconnect."""

from typing import TYPE_CHECKING

from cockpit.comeback import PaneName, Place, Spot
from cockpit.screens.view import PANES

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen


class Places:
    """Knows where the cursors stand, and puts them there again as the rows arrive."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._awaited: Place | None = None

    def here(self) -> Place:
        """Where the operator is now."""
        screen = self._screen
        spots: dict[PaneName, Spot] = {}
        for name in PANES:
            pane = screen.pane(name)
            spots[name] = Spot(key=pane.cursor_key, line=pane.cursor_line, following=pane.following)
        return Place(
            pane=screen.deck.state.active,
            run=screen.scope.key,
            step=screen.scope.step,
            spots=spots,
            file=screen.logfiles.file_place,
        )

    def expect(self, place: Place) -> None:
        """Go to a place as soon as its run and its facts are there; for the beginning, before there are rows."""
        self._awaited = place
        spot = place.spots.get("runs")
        if spot is not None and spot.key is not None:
            self._screen.pane("runs").hold(spot.key, spot.line)

    def go(self, place: Place) -> bool:
        """Go to a place; whether its run is on the screen."""
        screen = self._screen
        run = screen.painter.run(place.run)
        if place.run is not None and run is None:
            return False
        if place.run == screen.scope.key:
            self._put(place)
        elif screen.scope.anchored:
            self._awaited = place
            screen.scoping.rescope(run)
        else:
            self._awaited = place
            if not screen.pane("runs").move_to(place.run or 0):
                self._awaited = None
                return False
        screen.focus_pane(place.pane)
        return True

    def arrived(self, key: str) -> bool:
        """The facts of a run are there; whether this was the place that was waited for."""
        place = self._awaited
        if place is None or place.run != key:
            return False
        self._awaited = None
        self._put(place)
        return True

    def forget_unless(self, key: str | None) -> None:
        """The cursor stands on a run; unless it is still held for another one, the operator has gone elsewhere."""
        if self._awaited is not None and key != self._awaited.run and not self._screen.pane("runs").held:
            self._awaited = None

    def left(self) -> None:
        """Another run is in scope: where the cursors stood means nothing there."""
        for name in PANES:
            if name != "runs":
                self._screen.pane(name).let_go()

    def _put(self, place: Place) -> None:
        screen = self._screen
        if place.step != screen.scope.step:
            screen.scoping.point_at(place.step)
        for name, spot in place.spots.items():
            pane = screen.pane(name)
            if name in ("runs", "log"):
                continue
            if spot.following and pane.FOLLOWS:
                pane.following = True
            elif spot.key is not None:
                pane.hold(spot.key, spot.line)
        if place.file is not None:
            screen.logfiles.show_again(place.file)
        else:
            screen.logfiles.default()
