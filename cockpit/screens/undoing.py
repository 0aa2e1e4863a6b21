"""Taking back what the operator did last: its plan first, as for any action."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.models.action import Job
from cockpit.presenters import words

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen


class TakingBack:
    """The key `u`; its headless twin is `cockpit undo`."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def undo(self) -> None:
        """Show what would be taken back and how, and do it once confirmed."""
        self._screen.run_worker(self._undo(), group="dialog", exit_on_error=False)

    async def _undo(self) -> None:
        from cockpit.undoing import Undoing

        screen = self._screen
        undoing = Undoing(screen.session)
        try:
            done, passed = await asyncio.to_thread(undoing.last)
            plan = await asyncio.to_thread(undoing.plan, done, passed)
            if plan.refused:
                # Through the same door as a confirmed one, so that the refusal is on record before it is shown.
                with suppress(CockpitError):
                    await asyncio.to_thread(undoing.perform, done, plan)
                screen.refresh_ledgers()
            if await screen.acting.ask(plan, screen.session.desk(done.root)) != "confirm":
                return
            result = await asyncio.to_thread(undoing.perform, done, plan)
        except CockpitError as error:
            screen.acting.fail("Nothing was taken back", error)
            screen.refresh_ledgers()
            return
        if isinstance(result, Job):
            screen.logfiles.open_job(result)
            screen.focus_pane("log")
            screen.session.board.refresh()
        else:
            title = words.text(f"Undone: {done.undoable.title}").text
            screen.app.notify(f"#{done.undoable.seq} is taken back", title=title, markup=False)
        screen.refresh_ledgers()
