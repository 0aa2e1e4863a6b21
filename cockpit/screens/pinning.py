"""What the operator points at, as a place that can be pinned as evidence of an incident."""

import asyncio
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.models.detail import RunDetail
from cockpit.models.incident import Incident
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.presenters.links import FileLink, link_of
from cockpit.presenters.receipts import best_handoffs, step_of
from cockpit.screens import asking

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

NOTHING = "Nothing to pin here: point at a receipt, a decision, a line of Log, or an evidence line of Detail."


def receipt_place(detail: RunDetail, key: str) -> FileLink | None:
    """The file a row of Receipts rests on: the step's receipt, else its handoff; `None` where it left neither."""
    step = step_of(key)
    if step is None:
        return None
    receipt = next((each for each in detail.receipts if (each.flow, each.step) == step), None)
    if receipt is not None:
        return FileLink(receipt.path, None)
    handoff = best_handoffs(detail.handoffs).get(step)
    return None if handoff is None else FileLink(handoff.path, None)


class Pinning:
    """The key `m`; its headless twin is `cockpit incident pin`."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def place(self) -> FileLink | None:
        """What is under the cursor of the pane that has the focus; `None` where that is no place in a file."""
        screen = self._screen
        active, detail = screen.deck.state.active, screen.scope.detail
        if active == "log":
            return screen.logfiles.place
        row = screen.pane(active).cursor_row
        if row is None or detail is None:
            return None
        if active == "receipts":
            return receipt_place(detail, row.key)
        if active == "routing" and row.key.isdigit() and int(row.key) < len(detail.routing):
            entry = detail.routing[int(row.key)]
            return FileLink(entry.path, entry.line)
        return link_of(row.key) if active == "detail" else None

    def pin(self, incident: Incident, run: Run) -> None:
        """Ask for a note and pin what is under the cursor."""
        place = self.place()
        if place is None:
            self._screen.app.notify(NOTHING, title="Pin", severity="warning", markup=False)
            return
        self._screen.run_worker(self._pin(incident, run, place), group="dialog", exit_on_error=False)

    async def _pin(self, incident: Incident, run: Run, place: FileLink) -> None:
        screen = self._screen
        # Whole, for the same path may lie below several roots.
        path = place.path if place.path.startswith("/") else f"{run.ref.root}/{place.path}"
        where = path if place.line is None else f"{path}:{place.line}"
        shown = words.text(place.path if place.line is None else f"{place.path}:{place.line}", limit=80).text
        label = f"Why does it matter? (may stay empty)  {shown}"
        note = await asking.text(screen.app, f"Pin to {incident.id}", label, required=False)
        if note is None:
            return
        try:
            root = screen.session.root_of(run.ref)
            await asyncio.to_thread(screen.session.require_writable, "pin evidence", root, run)
            desk, _ = await asyncio.to_thread(screen.responding.index.find, incident.id)
            await asyncio.to_thread(desk.pin, incident.id, where, note.strip() or None)
        except CockpitError as error:
            screen.acting.fail("Not pinned", error)
        else:
            screen.app.notify(shown, title=f"Pinned to {incident.id}", markup=False)
        screen.refresh_ledgers()
