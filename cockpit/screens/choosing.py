"""Which action, and what it asks for: the action menu of a run and the form of an action's inputs."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, UsageError
from cockpit.models.action import ActionSpec
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.presenters.actions import action_items, form_fields
from cockpit.screens import asking

if TYPE_CHECKING:
    from cockpit.actions.menu import Offer
    from cockpit.screens.cockpit import CockpitScreen


class Choosing:
    """Asks the operator what to do with a run, before there is a plan."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    async def offers(self, run: Run) -> "tuple[Offer, ...]":
        """Every action of a run, with the reason why not. Reads the disk, off the event loop.

        Raises:
            CockpitError: The run has vanished, or nothing can be planned here.
        """
        session = self._screen.session
        detail = self._screen.scope.detail if self._screen.scope.key == run.key else None
        return await asyncio.to_thread(session.desk(session.root_of(run.ref)).offers, run, detail)

    async def action(self, run: Run) -> str | None:
        """The id of the action the operator picks from the menu, or `None`."""
        try:
            offers = await self.offers(run)
        except CockpitError as error:
            self._screen.acting.fail("No actions", error)
            return None
        title = f"Do what with {words.text(run.id, limit=60).text}?"
        return await asking.menu(self._screen.app, title, action_items(offers))

    async def inputs(self, action: str, run: Run, given: Mapping[str, str] | None = None) -> dict[str, str] | None:
        """What the action asks for; empty where it asks for nothing, `None` where the operator thought better of it.

        An action that cannot be done now is asked nothing: its plan says why.

        Args:
            action: Its id.
            run: The run.
            given: Answers of before, to begin with.
        """
        try:
            offer = next((each for each in await self.offers(run) if each.spec.id == action), None)
        except CockpitError:
            offer = None
        if offer is None or offer.refused is not None or not offer.spec.inputs:
            return dict(given or {})
        return await self._form(offer.spec, run)

    async def _form(self, spec: ActionSpec, run: Run) -> dict[str, str] | None:
        from cockpit.actions.inputs import choose

        root = Path(run.ref.root)

        def problem(answers: Mapping[str, str]) -> str | None:
            try:
                choose(spec.inputs, answers, root)
            except UsageError as error:
                return words.text(error).text
            return None

        title = f"{spec.id.capitalize()} {words.text(run.id, limit=60).text}"
        answers = await asking.form(self._screen.app, title, form_fields(spec), problem, "show the plan")
        return None if answers is None else {name: value for name, value in answers.items() if value}
