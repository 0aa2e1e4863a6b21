"""How the incident screen records: off the event loop, refused where nothing may be written, errors said."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.journal.log import Draft
from cockpit.models.incident import Incident
from cockpit.presenters import words as shown

if TYPE_CHECKING:
    from cockpit.incident_desk import IncidentDesk
    from cockpit.screens.incident import IncidentScreen

Decide = Callable[[Incident], Sequence[Draft]]


class Recorder:
    """Records what is done to the incident on the screen, and has the screen look again."""

    def __init__(self, screen: "IncidentScreen") -> None:
        self._screen = screen

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Do it while the screen lives on; what goes wrong is said."""
        self._screen.run_worker(self._guarded(work), group="dialog", exit_on_error=False)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        """What goes wrong is said; what was recorded is looked at again."""
        try:
            await work
        except CockpitError as error:
            self._screen.notify(
                shown.text(error).text, title="Not recorded", severity="error", markup=False, timeout=10
            )
        self._screen.look()

    async def record(self, what: str, act: "Callable[[IncidentDesk], object]") -> None:
        """Do it off the event loop, unless nothing may be written."""
        screen = self._screen

        def record() -> None:
            desk, incident = screen.index.find(screen.name_of)
            root = next(root for root in screen.session.roots if screen.session.ledger(root) is desk.ledger)
            screen.session.require_writable(what, root, incident=incident.id)
            act(desk)

        screen.recording = True
        try:
            await asyncio.to_thread(record)
        finally:
            screen.recording = False

    async def amend(self, what: str, decide: Decide) -> None:
        """Record what `decide` makes of the incident as it is then."""
        name = self._screen.name_of
        await self.record(what, lambda desk: desk.amend(name, decide))
