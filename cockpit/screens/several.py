"""One action on all marked runs: inputs, a plan for each, one typed confirmation, and a result for each."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.presenters.actions import action_items, form_fields
from cockpit.presenters.bulks import plan_lines
from cockpit.screens import asking
from widgets.rows import FormField

if TYPE_CHECKING:
    from cockpit.actions.menu import Offer
    from cockpit.models.bulk import BulkPlan
    from cockpit.screens.cockpit import CockpitScreen

_PARALLEL, _STOP = "at_a_time", "stop_on_failure"


class Several:
    """Actions on the marked runs; their headless twin is `cockpit bulk`."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def act(self, action: str | None, runs: tuple[Run, ...]) -> None:
        """Do an action, or one that is chosen, to several runs."""
        self._screen.run_worker(self._act(action, runs), group="dialog", exit_on_error=False)

    async def _act(self, action: str | None, runs: tuple[Run, ...]) -> None:
        screen = self._screen
        try:
            offers = await self._shared(runs)
        except CockpitError as error:
            screen.acting.fail("No actions", error)
            return
        if action is None:
            action = await asking.menu(screen.app, f"Do what with {len(runs)} runs?", action_items(offers))
        if action is None:
            return
        offer = next((each for each in offers if each.spec.id == action), None)
        if offer is None:
            screen.app.notify(f"Not all of these runs have {action}.", severity="warning", markup=False)
            return
        chosen = await self._choose(offer, len(runs))
        if chosen is not None:
            await self._confirm(action, runs, chosen)

    async def _shared(self, runs: tuple[Run, ...]) -> "list[Offer]":
        """The actions that a run of every system among them has; whether each run allows it, its plan tells."""
        session = self._screen.session
        systems = {run.ref.source: run for run in reversed(runs)}
        found = [
            await asyncio.to_thread(session.desk(session.root_of(run.ref)).offers, run) for run in systems.values()
        ]
        ids = set.intersection(*({offer.spec.id for offer in offers} for offers in found))
        return [_open(offer) for offer in found[0] if offer.spec.id in ids and offer.spec.unavailable is None]

    async def _choose(self, offer: "Offer", count: int) -> dict[str, str] | None:
        jobs = self._screen.session.settings.jobs
        fields = (
            *form_fields(offer.spec),
            FormField(_PARALLEL, "at a time", str(jobs.parallel), required=True, hint="how many jobs run side by side"),
            FormField(_STOP, "stop on failure", "no", choices=("no", "yes"), hint="start nothing more after a failure"),
        )

        def problem(answers: Mapping[str, str]) -> str | None:
            number = answers[_PARALLEL]
            return None if number.isascii() and number.isdigit() and int(number) > 0 else "at a time: a number from 1"

        title = f"{offer.spec.id.capitalize()} {count} runs"
        return await asking.form(self._screen.app, title, fields, problem, "show the plans")

    async def _confirm(self, action: str, runs: tuple[Run, ...], chosen: dict[str, str]) -> None:
        from cockpit.bulking import Bulking

        screen = self._screen
        bulking = Bulking(screen.session)
        parallel, stop = int(chosen.pop(_PARALLEL)), chosen.pop(_STOP) == "yes"
        options = {name: value for name, value in chosen.items() if value}
        try:
            plan = await asyncio.to_thread(bulking.plan, action, runs, options=options)
            if not plan.startable:
                # Through the same door as a confirmed one, so that the refusal is on record before it is shown.
                with suppress(CockpitError):
                    await asyncio.to_thread(bulking.start, plan)
                screen.refresh_ledgers()
            if not await self._sure(plan, parallel, stop=stop):
                if plan.startable:
                    await asyncio.to_thread(bulking.decline, plan)
                    screen.refresh_ledgers()
                return
            await asyncio.to_thread(bulking.start, plan, parallel=parallel, stop_on_failure=stop)
        except CockpitError as error:
            screen.acting.fail(f"{action.capitalize()} of {len(runs)} runs was not started", error)
            screen.refresh_ledgers()
            return
        screen.marking.clear()
        screen.session.board.expect([run.key for run in runs])
        screen.refresh_ledgers()
        screen.acting.jobs()

    async def _sure(self, plan: "BulkPlan", parallel: int, *, stop: bool) -> bool:
        rows = plan_lines(plan, parallel, stop_on_failure=stop)
        title = words.text(f"{plan.action} {len(plan.items)} runs").text.capitalize()
        app = self._screen.app
        if not plan.startable:
            await asking.tell(app, f"Cannot {plan.action}", rows)
            return False
        return await asking.plan(app, title, rows, "typed", plan.phrase, copyable=False) == "confirm"


def _open(offer: "Offer") -> "Offer":
    """The offer without what the first run has against it: each run's own plan says that."""
    return replace(offer, refused=None)
