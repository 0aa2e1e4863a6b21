"""From a capital letter to a job: plan, dialog, confirmation, start; then its output, and how it ended."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from cockpit.actions.declining import COPIED, NO
from cockpit.actions.jobs import can_end
from cockpit.errors import CockpitError, MovedError
from cockpit.models.action import Confirm, Job, JobState, Plan
from cockpit.models.journal import Entry
from cockpit.models.run import Run, RunRef
from cockpit.presenters import words
from cockpit.presenters.jobs import job_lines
from cockpit.presenters.plans import command_text, moved_lines, plan_lines
from cockpit.screens import asking
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.actions.desk import ActionDesk
    from cockpit.screens.cockpit import CockpitScreen


_TOAST = 240
"""Characters of an outcome in a toast."""


class Acting:
    """Actions on the run in scope."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._jobs: dict[str, Job] = {}
        self._running: set[str] = set()
        self._listening = False

    @property
    def running(self) -> int:
        """How many jobs run under all roots, as far as the journals tell."""
        return len(self._running)

    def act(self, action: str) -> None:
        """Show the plan of an action on the run in scope, or on those that are marked; carry it out once confirmed."""
        marked = self._screen.marking.runs
        run = marked[0] if len(marked) == 1 else self._screen.scope.run
        if len(marked) > 1:
            self._screen.several.act(action, marked)
        elif run is not None:
            self._screen.run_worker(self._act(action, run), group="dialog", exit_on_error=False)

    def menu(self) -> None:
        """Choose among everything that can be done with the run in scope, or with those that are marked."""
        marked = self._screen.marking.runs
        run = marked[0] if len(marked) == 1 else self._screen.scope.run
        if len(marked) > 1:
            self._screen.several.act(None, marked)
        elif run is not None:
            self._screen.run_worker(self._choose(run), group="dialog", exit_on_error=False)

    async def _choose(self, run: Run) -> None:
        action = await self._screen.choosing.action(run)
        if action is not None:
            await self._act(action, run)

    async def _act(self, action: str, run: Run) -> None:
        options = await self._screen.choosing.inputs(action, run)
        if options is not None:
            await self._plan(action, run, options)

    async def _plan(self, action: str, run: Run, options: dict[str, str]) -> None:
        screen = self._screen
        flow, step = screen.scope.flow_and_step if screen.scope.key == run.key else (None, None)
        await self.carry_out(lambda: screen.session.plan(action, run, flow, step, options), run, action)

    async def carry_out(self, plan_of: Callable[[], Plan], run: Run, name: str) -> None:
        """Plan, ask, perform; where the run moved meanwhile, plan again if that is wanted.

        Args:
            plan_of: Makes the plan of now; called off the event loop, and again where the run moved.
            run: The run.
            name: What is planned, for messages.
        """
        screen = self._screen
        while True:
            try:
                plan = await asyncio.to_thread(plan_of)
            except CockpitError as error:
                self.fail(f"Cannot plan {name}", error)
                return
            if plan.refused:
                # Through the same door as a confirmed one, so that the refusal is on record before it is shown.
                with suppress(CockpitError):
                    await asyncio.to_thread(screen.session.perform, plan, run.ref)
                screen.refresh_ledgers()
            choice = await self.ask(plan, screen.session.desk(screen.session.root_of(run.ref)))
            if choice == "copy":
                screen.copying.copy("command", command_text(plan.argv))
            if choice != "confirm" or not await self._moved(plan, run):
                return

    async def ask(self, plan: Plan, desk: "ActionDesk") -> str | None:
        """Show a plan: `confirm`, `copy`, or `None`; one that is refused says why, and nothing can be confirmed.

        Args:
            plan: What is shown.
            desk: Puts it on record where it is not confirmed.
        """
        name = words.text(plan.title or f"{plan.action} {plan.run}", limit=80).text
        app = self._screen.app
        if plan.refused:
            await asking.tell(app, f"Cannot {name[:1].lower()}{name[1:]}", plan_lines(plan))
            return None
        confirm: Literal["yes", "typed"] = "typed" if plan.confirm is Confirm.TYPED else "yes"
        rows, copyable = plan_lines(plan), bool(plan.argv)
        choice = await asking.plan(app, name.capitalize(), rows, confirm, plan.run, copyable=copyable)
        if choice != "confirm":
            await asyncio.to_thread(desk.decline, plan, COPIED if choice == "copy" else NO)
            self._screen.refresh_ledgers()
        return choice

    async def _moved(self, plan: Plan, run: Run) -> bool:
        """Carry out a plan; returns whether the run had moved, and a plan of what it is now is wanted."""
        try:
            await self._perform(plan, run)
        except MovedError as error:
            self._screen.refresh_ledgers()
            title = f"{words.text(run.id, limit=60).text} moved; nothing was done"
            again = await asking.plan(self._screen.app, title, moved_lines(error), yes="plan again", copyable=False)
            return again == "confirm"
        return False

    async def _perform(self, plan: Plan, run: Run) -> None:
        screen = self._screen
        try:
            job = await asyncio.to_thread(screen.session.perform, plan, run.ref)
        except MovedError:
            raise
        except CockpitError as error:
            self.fail(f"{plan.action.capitalize()} was not started", error)
            screen.refresh_ledgers()
            return
        self._jobs[run.key] = job
        screen.session.board.expect([run.key])
        screen.logfiles.open_job(job)
        screen.focus_pane("log")
        screen.refresh_ledgers()

    def jobs(self) -> None:
        """Every job, whoever started it."""
        self._screen.run_worker(self._show_jobs(), group="jobs-screen", exit_on_error=False)

    async def _show_jobs(self) -> None:
        from cockpit.screens.jobs import JobsScreen

        screen = self._screen
        job = await screen.app.push_screen_wait(JobsScreen(screen.session))
        if job is not None:
            screen.logfiles.open_job(job)
            screen.focus_pane("log")

    def restore(self) -> None:
        """Bring an archived run back: choose the archive, see the plan, confirm."""
        self._screen.run_worker(self._restore(), group="dialog", exit_on_error=False)

    async def _restore(self) -> None:
        screen = self._screen
        found: dict[str, tuple[ActionDesk, RunRef]] = {}
        for root in screen.session.roots:
            desk = screen.session.desk(root)
            for archived in await asyncio.to_thread(desk.archives):
                found[archived.path.name] = (desk, archived.ref)
        if not found:
            screen.app.notify("There are no archives.", severity="warning", markup=False)
            return
        items = [MenuItem(name, words.text(name).text) for name in found]
        name = await asking.menu(screen.app, "Restore which archive?", items)
        if name is None:
            return
        desk, ref = found[name]
        try:
            plan = await asyncio.to_thread(screen.session.plan_restore, desk.root, name)
            if plan.refused:
                with suppress(CockpitError):
                    await asyncio.to_thread(desk.perform, plan, ref)
            if await self.ask(plan, desk) == "confirm":
                job = await asyncio.to_thread(desk.perform, plan, ref)
                screen.logfiles.open_job(job)
                screen.session.board.refresh()
        except CockpitError as error:
            self.fail("Restore was not started", error)
        screen.refresh_ledgers()

    def job_of(self, run: Run | None) -> Job | None:
        """The job of a run that was started last in this session."""
        return self._jobs.get(run.key) if run else None

    def told(self, entries: Sequence[Entry]) -> None:
        """The journals have grown: count the jobs that run, and say how those ended that did so meanwhile.

        What had ended before this session looked is history: it stands in the timeline and raises no toast.
        """
        again = False
        for entry in entries:
            job = entry.data.get("job")
            if entry.kind == "bulk.ended" and self._listening:
                self._toast(entry, f"{entry.data.get('action')} of several runs")
            if not isinstance(job, str):
                continue
            if entry.kind in ("action.started", "action.ended") and self._listening:
                again = again or entry.data.get("run_key") == self._screen.scope.key
            if entry.kind == "action.started":
                self._running.add(job)
            elif entry.kind == "action.ended":
                if self._listening and job in self._running:
                    self._ended(entry)
                self._running.discard(job)
        self._listening = True
        self._screen.painter.header()
        if again:
            # What can be done with the run in scope is another thing now, whoever's job it is.
            self._screen.scoping.diagnose()

    def _ended(self, entry: Entry) -> None:
        if not entry.data.get("bulk"):
            # Of a bulk only its end is told: hundreds of jobs are no news one by one.
            self._toast(entry, f"{entry.data.get('action')} of {entry.data.get('run')}")
        self._screen.session.board.refresh()
        self._screen.logfiles.renew()

    def _toast(self, entry: Entry, title: str) -> None:
        """Say how something ended, in short; the list of jobs has all of it."""
        good = entry.data.get("state") == JobState.SUCCEEDED.value
        told = words.text(entry.data.get("outcome"), limit=_TOAST).text
        severity: Literal["information", "error"] = "information" if good else "error"
        self._screen.app.notify(told, title=words.text(title).text, severity=severity, markup=False)

    def cancel(self) -> None:
        """End the job of the run in scope, once confirmed."""
        self._screen.run_worker(self._cancel(), group="dialog", exit_on_error=False)

    async def _cancel(self) -> None:
        screen = self._screen
        run = screen.scope.run
        if run is None:
            return
        desk = screen.session.desk(screen.session.root_of(run.ref))
        job = await asyncio.to_thread(_to_end, desk, run.key)
        if job is None:
            screen.app.notify("No job of this run is running.", severity="warning", markup=False)
            return
        if not await self._sure(job):
            await asyncio.to_thread(desk.decline_cancel, job)
            screen.refresh_ledgers()
            return
        try:
            await asyncio.to_thread(desk.cancel, job.id)
        except CockpitError as error:
            self.fail("The job was not cancelled", error)

    async def _sure(self, job: Job) -> bool:
        rows = job_lines(job, self._screen.session.now())
        title = f"Kill {job.action}"
        answer = await asking.plan(self._screen.app, title, rows, yes="yes, end it", copyable=False)
        return answer == "confirm"

    def open_entry(self, sequence: str) -> None:
        """Show the output of the job a timeline entry speaks of."""
        screen = self._screen
        entries = screen.recording.all_entries()
        entry = next((entry for entry in entries if str(entry.seq) == sequence), None)
        job = entry.data.get("job") if entry else None
        if isinstance(job, str) and screen.scope.run is not None:
            screen.run_worker(self._open_job(job), group="dialog", exit_on_error=False)

    async def _open_job(self, job_id: str) -> None:
        screen = self._screen
        run = screen.scope.run
        if run is None:
            return
        desk = screen.session.desk(screen.session.root_of(run.ref))
        try:
            job = await asyncio.to_thread(desk.job, job_id)
        except CockpitError as error:
            self.fail("No such job", error)
            return
        screen.logfiles.open_job(job)
        screen.focus_pane("log")

    def fail(self, title: str, error: CockpitError) -> None:
        """Say that something went wrong."""
        self._screen.app.notify(
            words.text(error).text, title=words.text(title).text, severity="error", markup=False, timeout=10
        )


def _to_end(desk: "ActionDesk", run_key: str) -> Job | None:
    """The newest job of a run that can be ended. Reads the disk."""
    return next((job for job in desk.jobs(200) if job.run_key == run_key and can_end(job)), None)
