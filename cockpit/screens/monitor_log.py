"""The monitor's lower pane: the newest log of the run, followed live, and changed for another when that is newer."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.errors import CockpitError
from cockpit.models.action import Job, JobState
from cockpit.models.detail import RunDetail
from cockpit.presenters import words
from cockpit.screens.files import LogFile
from cockpit.screens.log_reader import LogReader
from widgets.log_view import LogView
from widgets.rows import EmptyState, Tone

if TYPE_CHECKING:
    from cockpit.screens.monitor import MonitorScreen

_LOGS = ("transcript", "log")
_EPOCH = datetime.fromtimestamp(0, UTC)
NOTHING = EmptyState("No log yet", ("The run has left neither a log nor a transcript nor an event.",))


def newest_log(detail: RunDetail | None, job: Job | None) -> LogFile | None:
    """The log that was written last: output of a job that runs, a transcript or log of a step, the run's events."""
    if job is not None and job.state is JobState.RUNNING:
        return LogFile(f"output of {job.action}", job.output, job.id)
    if detail is None:
        return None
    found = [(item.modified_at, item.path, item.kind) for item in detail.artifacts if item.kind in _LOGS]
    if len(detail.events):
        last = detail.events[len(detail.events) - 1]
        found.append((last.at or _EPOCH, last.path, "events"))
    if not found:
        return None
    _, path, kind = max(found)
    return LogFile(kind, path)


class NewestLog:
    """Follows it. One file at a time."""

    def __init__(self, screen: "MonitorScreen") -> None:
        self._screen = screen
        self._shown: LogFile | None = None
        self._reader = LogReader(screen, "#tail", screen.session.board.watch_file, self._title)

    def renew(self, detail: RunDetail | None, job: Job | None) -> None:
        """Turn to the newest log, if that is another one now."""
        file = newest_log(detail, job)
        if file is None or (self._shown is not None and file.path == self._shown.path):
            if file is None and detail is not None and self._shown is None:
                self._pane.empty = NOTHING
            return
        self._shown = file
        following: Any = partial(self._follow, file)
        # Not a coroutine: one that is cancelled before it begins would complain that nobody awaited it.
        self._screen.run_worker(following, group="tail", exclusive=True, exit_on_error=False)

    @property
    def _pane(self) -> LogView:
        return self._screen.query_one("#tail", LogView)

    async def _follow(self, file: LogFile) -> None:
        pane = self._pane
        run = self._screen.facts.run
        pane.subtitle = words.text(file.path.removeprefix(f"{run.ref.path}/"), Tone.DIM)
        self._title()
        try:
            path = await asyncio.to_thread(self._resolve, file)
        except CockpitError as error:
            pane.empty = EmptyState(words.text(error).text)
            pane.show(())
            return
        pane.empty = EmptyState("The file is empty")
        await self._reader.follow(path, follows=True)

    def _title(self) -> None:
        if self._shown is not None:
            self._pane.badges = (words.text(self._shown.title, Tone.ACCENT), *self._reader.badges())

    def _resolve(self, file: LogFile) -> Path:
        session, run = self._screen.session, self._screen.facts.run
        root = session.root_of(run.ref)
        if file.job is None:
            return session.evidence(root).resolve(file.path)
        state = session.state_dir(root)
        return session.evidence(state).resolve(Path(file.path).relative_to(state.absolute()).as_posix())
