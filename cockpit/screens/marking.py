"""The runs the operator marked: what several runs at once are done to."""

from typing import TYPE_CHECKING

from cockpit.models.run import Run
from cockpit.presenters.runs import Marks

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen


class Marking:
    """Which runs are marked. Marks outlive filters and updates; a run that is gone is marked no more."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    @property
    def runs(self) -> tuple[Run, ...]:
        """The marked runs as listed, then those a filter hides; a line that stands for many (`&`) marks all of them."""
        keys = self._screen.pane("runs").marked
        if not keys:
            return ()
        runs = self._screen.snapshot.runs
        alike: set[str] = set()
        if self._screen.view.clustered:
            alike = {run.signature for run in runs if run.key in keys and run.signature is not None}
        marked = [run for run in runs if run.key in keys or run.signature in alike]
        places = {run.key: place for place, run in enumerate(self._screen.painter.shown)}
        return tuple(sorted(marked, key=lambda run: places.get(run.key, len(places))))

    @property
    def marks(self) -> Marks:
        """How many are marked, and how many of them the filter hides."""
        marked = self.runs
        if not marked:
            return Marks()
        passes = self._screen.view.filter
        now = self._screen.painter.now
        hidden = sum(not passes.matches(run, now) for run in marked) if passes.tests else 0
        return Marks(len(marked), hidden)

    def clear(self) -> None:
        """No run is marked."""
        self._screen.pane("runs").set_marks(frozenset())

    def spread(self) -> None:
        """Lines stop to stand for many runs: their marks go to the runs themselves."""
        self._screen.pane("runs").set_marks(frozenset(run.key for run in self.runs))
