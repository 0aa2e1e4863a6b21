"""The jobs of all roots, live, whoever started them: what runs, what became of the rest, and ending them."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult

from cockpit.actions.jobs import can_end, load_jobs
from cockpit.bulking import Bulking
from cockpit.errors import CockpitError
from cockpit.models.action import Job, JobState
from cockpit.models.bulk import Bulk, BulkState
from cockpit.presenters import words
from cockpit.presenters.bulks import bulk_story
from cockpit.presenters.job_list import bulk_of, item_of, job_of, job_rows
from cockpit.presenters.jobs import job_lines, job_story
from cockpit.screens import asking
from cockpit.screens.side import SideScreen
from widgets.detail import DetailPane
from widgets.footer import Footer
from widgets.header import SharedHeader
from widgets.job_list import JobList
from widgets.rows import EmptyState, Level, TextRow

if TYPE_CHECKING:
    from cockpit.screens.side_commands import Deed
    from cockpit.session import Session

LOOK_S = 1.0
"""Seconds between looks at the jobs on disk while the list is open."""
MOST_JOBS, MOST_BULKS = 200, 20


class JobsScreen(SideScreen[Job | None]):
    """Closed with the job whose output is wanted, or `None`."""

    CSS = """
    JobsScreen { layout: vertical; background: $background; }
    #jobs { height: 1fr; }
    #story { height: 45%; }
    """
    AUTO_FOCUS = "#jobs"
    CALLED = "the list of jobs"

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self._session = session
        self._bulking = Bulking(session)
        self._jobs: tuple[Job, ...] = ()
        self._bulks: tuple[Bulk, ...] = ()

    def compose(self) -> ComposeResult:
        """The list, what there is to say of the line under its cursor, and the keys."""
        yield SharedHeader(id="header")
        yield JobList(id="jobs", title="Jobs", show_header=True, empty=EmptyState("Looking for jobs"))
        yield DetailPane(id="story", title="How it went")
        yield self.line()
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Look now, and again every second: jobs are other processes, often other people's."""
        hint = self.commands.hint
        self.query_one("#footer", Footer).hints = (
            hint("go.into", "output"), hint("job.cancel", "Kill"), hint("app.help"), hint("app.close"),
            hint("find.error"), hint("pane.next"), hint("copy.menu"),
        )  # fmt: skip
        self.look()
        self.set_interval(LOOK_S, self.look)

    @work(exclusive=True, group="jobs", exit_on_error=False)
    async def look(self) -> None:
        """Read the jobs on disk and show them."""
        self._jobs, self._bulks = await asyncio.to_thread(self._read)
        pane = self.query_one("#jobs", JobList)
        pane.empty = EmptyState("No jobs yet", ("Resume, retry or archive a run: its job appears here.",))
        pane.set_rows(job_rows(self._bulks, self._jobs, self._session.now()))
        running = sum(job.state is JobState.RUNNING for job in self._jobs)
        pane.count = f"{running} running of {len(self._jobs)}" if self._jobs else ""
        self._tell()

    @on(JobList.Highlighted, "#jobs")
    def _tell(self) -> None:
        """What there is to say of the line under the cursor."""
        key = self.query_one("#jobs", JobList).cursor_key or ""
        job, bulk, now = self._job(key), self._bulk(key), self._session.now()
        pane = self.query_one("#story", DetailPane)
        if job is not None:
            rows = job_story(job, now)
        else:
            rows = [] if bulk is None else bulk_story(bulk, now, item_of(key, self._bulks))
        if list(pane.source) != rows:
            pane.set_rows(rows)

    def _read(self) -> tuple[tuple[Job, ...], tuple[Bulk, ...]]:
        places = dict.fromkeys(self._session.state_dir(root) for root in self._session.roots)
        jobs = [job for place in places for job in load_jobs(place, MOST_JOBS)]
        return tuple(sorted(jobs, key=lambda job: job.id, reverse=True)), self._bulking.all(MOST_BULKS)

    @on(JobList.Chosen, "#jobs")
    def _chosen(self, event: JobList.Chosen) -> None:
        job = self._job(event.key)
        if job is not None:
            self.dismiss(job)
        else:
            self.notify("No job of its own: open one of its runs.", severity="warning", markup=False)

    def _job(self, key: str) -> Job | None:
        wanted = job_of(key, self._bulks)
        return next((job for job in self._jobs if job.id == wanted), None)

    def _bulk(self, key: str) -> Bulk | None:
        return next((each for each in self._bulks if each.id == bulk_of(key)), None)

    def cancel(self) -> None:
        """End the job or the bulk under the cursor, once confirmed."""
        if not self.busy:
            self.run_worker(self._cancel(), group="dialog", exit_on_error=False)

    async def _cancel(self) -> None:
        key = self.query_one("#jobs", JobList).cursor_key or ""
        job, bulk = self._job(key), self._bulk(key)
        if job is not None and await asyncio.to_thread(can_end, job):
            rows = job_lines(job, self._session.now())
            desk = self._session.desk(self._root_of(job))
            sure = await self._end(f"Kill {job.action}", rows, lambda: desk.cancel(job.id))
            if not sure:
                await asyncio.to_thread(desk.decline_cancel, job)
        elif job is None and bulk is not None and bulk.state is BulkState.RUNNING:
            text = "Nothing more of it is started; what runs gets SIGTERM, then SIGKILL."
            rows = [TextRow(key="bulk", spans=(words.text(text),))]
            await self._end(
                f"Kill {bulk.action} of {len(bulk.items)} runs", rows, lambda: self._bulking.cancel(bulk.id)
            )
        else:
            self.notify("It is not running.", severity="warning", markup=False)

    def _root_of(self, job: Job) -> Path:
        """A root whose state directory the job is kept in."""
        kept = Path(job.output)
        return next(root for root in self._session.roots if self._session.state_dir(root).absolute() in kept.parents)

    async def _end(self, title: str, rows: list[TextRow], cancel: Callable[[], object]) -> bool:
        """Ask, and end it; whether that was wanted."""
        answer = await asking.plan(self.app, words.text(title).text, rows, yes="yes, end it", copyable=False)
        if answer != "confirm":
            return False
        try:
            await asyncio.to_thread(cancel)
        except CockpitError as error:
            self.notify(words.text(error).text, title="It was not cancelled", severity="error", markup=False)
        self.look()
        return True

    def failed(self, step: int) -> None:
        """To the next job that failed or was lost."""
        if not self.query_one("#jobs", JobList).hunt(frozenset({Level.ERROR}), step):
            self.commands.tell(f"no failed job {'below' if step > 0 else 'above'}")

    def deeds(self) -> "Mapping[str, Deed]":
        """What its keys mean."""
        from cockpit.screens.side_commands import Deed

        return {
            "job.list": Deed(self.leave, "close", "Close the list of jobs."),
            "job.cancel": Deed(self.cancel, help="End the job under the cursor: TERM to its process group, then KILL."),
            "find.error": Deed(lambda: self.failed(1), "next failed", "To the next job that failed or was lost."),
            "find.next": Deed(lambda: self.failed(1), "next failed", "To the next job that failed or was lost."),
            "find.previous": Deed(lambda: self.failed(-1), "failed before", "To the failed or lost job before."),
            "view.rescan": Deed(self.look, help="Look at the jobs on disk again."),
        }

    def copyable(self) -> dict[str, str]:
        """The job, its output, its command, and the line under the cursor."""
        job = self._job(self.query_one("#jobs", JobList).cursor_key or "")
        about = {} if job is None else {"id": job.id, "run": job.run, "path": job.output}
        return about | super().copyable()

    def leave(self) -> None:
        """Back to the panes."""
        self.dismiss(None)
