"""What is done with the items of the checklist of the run in scope. Journal first, then the screen."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.models.playbook import ChecklistItem, ItemState
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.screens.item_menu import Doors, item_menu, say_verified
from cockpit.standing import Work

if TYPE_CHECKING:
    from cockpit.checking import Checklists
    from cockpit.screens.cockpit import CockpitScreen


class Items:
    """Ticks, verifies, and opens the menu of an item."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def toggle(self, item: str) -> None:
        """Tick an item, or take its tick back: whichever it is on the screen."""
        found = self._found(item)
        if found is not None:
            run, one = found
            settled = one.state is not ItemState.OPEN
            lists, target = self._lists, self._lists.of_run(run)
            self._screen.recording.write("tick", run, lambda: lists.toggle(target, item, settled=settled))

    def verify(self) -> None:
        """Ask every check of the checklist in scope, and record what is confirmed."""
        run = self._screen.scope.run
        if run is not None:
            self._screen.run_worker(self._verify(run, None), group="record", exit_on_error=False)

    def menu(self, item: str) -> None:
        """What can be done with an item."""
        found = self._found(item)
        if found is not None:
            self._screen.run_worker(self._menu(*found), group="dialog", exit_on_error=False)

    async def _menu(self, run: Run, item: ChecklistItem) -> None:
        async def write(what: str, act: Callable[[], object]) -> None:
            self._screen.recording.write(what, run, act)

        async def verify(name: str) -> None:
            await self._verify(run, name)

        doors = Doors(write, verify, self.do, self._screen.open_place)
        await item_menu(self._screen.app, self._lists, self._lists.of_run(run), item, doors)

    async def do(self, work: Work) -> None:
        """The plan of an item's work, and the work once it is confirmed."""
        screen, lists = self._screen, self._lists
        options = await screen.choosing.inputs(work.action, work.run) if work.action is not None else {}
        if options is not None:
            await screen.acting.carry_out(lambda: lists.plan(work, options), work.run, work.action or "the command")

    async def _verify(self, run: Run, item: str | None) -> None:
        screen = self._screen
        target = self._lists.of_run(run)
        try:
            await asyncio.to_thread(screen.session.require_writable, "verify", target.root, run)
            written = await asyncio.to_thread(self._lists.verify, target, item)
        except CockpitError as error:
            screen.app.notify(words.text(error).text, title="Could not verify", severity="error", markup=False)
            return
        finally:
            screen.refresh_ledgers()
        say_verified(screen.app, written, item)

    @property
    def _lists(self) -> "Checklists":
        return self._screen.checking.lists

    def _found(self, item: str) -> tuple[Run, ChecklistItem] | None:
        """The run in scope, and the item as it is on the screen."""
        run = self._screen.scope.run
        current = self._screen.checking.current(run).items if run is not None else ()
        one = next((each for each in current if each.id == item), None)
        return None if run is None or one is None else (run, one)
