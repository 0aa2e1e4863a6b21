"""The jumps of a session: where each started from, to go back there and forward again."""

from typing import TYPE_CHECKING

from cockpit.comeback import Place

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

MOST = 100
"""Places kept."""


class Jumps:
    """A list of places with a finger in it, as browsers have one. Hunts, evidence, `goto`, runs from the palette."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._places: list[Place] = []
        self._at = 0

    def start(self) -> None:
        """A jump is about to start from here: what lay ahead is forgotten."""
        here = self._screen.places.here()
        kept = self._places[: self._at]
        if not kept or not _same(kept[-1], here):
            kept.append(here)
        self._places = kept[-MOST:]
        self._at = len(self._places)

    def go(self, step: int) -> None:
        """To the place before (-1) or after (1) this one; one whose run is gone from the screen is passed over."""
        here = self._screen.places.here()
        if self._at == len(self._places):
            # From beyond the end: the place one is at becomes the last, to come forward to again.
            if not self._places or not _same(self._places[-1], here):
                self._places.append(here)
            self._at = len(self._places) - 1
        at = self._at + step
        while 0 <= at < len(self._places):
            if not _same(self._places[at], here) and self._screen.places.go(self._places[at]):
                self._at = at
                return
            at += step
        self._screen.app.notify("No jump before this one." if step < 0 else "No jump after this one.", markup=False)


def _same(one: Place, other: Place) -> bool:
    """Whether two places look at the same line."""
    return _line(one) == _line(other)


def _line(place: Place) -> tuple[object, ...]:
    spot = place.spots.get(place.pane)
    file = (place.file.path, place.file.line) if place.pane == "log" and place.file is not None else None
    return place.pane, place.run, file or (spot.key if spot is not None else None)
