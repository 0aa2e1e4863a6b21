"""The Log pane: one file of the step in scope, followed live; `[` and `]` turn to the others."""

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.comeback import FilePlace
from cockpit.errors import CockpitError
from cockpit.models.action import Job
from cockpit.presenters import words
from cockpit.presenters.line_detail import MOST, line_detail, parse
from cockpit.presenters.links import FileLink, link_of
from cockpit.screens.files import LogFile, log_files
from cockpit.screens.handing_over import HandingOver
from cockpit.screens.log_reader import LogReader
from cockpit.sources.line_time import time_of
from widgets.log_view import LogView
from widgets.rows import Cell, EmptyState, Level, Row, TextRow, Tone

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

NOTHING = EmptyState("No file for this step", ("enter on a receipt, a decision or an evidence line opens one.",))


class LogFiles:
    """Chooses, opens and follows what the Log pane shows."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._shown: LogFile | None = None
        self._wanted: tuple[LogFile, int | None] | None = None
        self._pinned = False
        self._path: Path | None = None
        self._by_name = False
        self._told_following = False
        self.reader = LogReader(screen, "#log", screen.session.board.watch_file, self._title)
        self.handing_over = HandingOver(screen.app)

    @property
    def _pane(self) -> LogView:
        return self._screen.query_one("#log", LogView)

    @property
    def files(self) -> list[LogFile]:
        """What there is to turn to."""
        screen = self._screen
        scope = screen.scope
        return log_files(scope.detail, scope.flow_and_step, screen.acting.job_of(scope.run))

    def forget(self) -> None:
        """Another run is in scope: nothing of the one before is followed or chosen any more."""
        self._pinned = False
        self._shown = self._wanted = self._path = None
        self._screen.workers.cancel_group(self._screen, "tail")
        self.reader.close()

    def blank(self) -> None:
        """Show that there is nothing to show."""
        self.forget()
        self._pane.empty = NOTHING
        self._pane.show(())
        self._title()

    def default(self) -> None:
        """Show the first file of the step, unless the operator chose one."""
        if self._pinned:
            return
        first = next(iter(self.files), None)
        if first is None:
            self.blank()
        elif self._shown is None or first.path != self._shown.path:
            self._want(first, None)

    def renew(self) -> None:
        """There may be new files; the one that is shown is followed by itself."""
        self.default()
        self._title()

    def turn(self, step: int) -> None:
        """The next or previous file."""
        files = self.files
        if not files:
            return
        places = [index for index, file in enumerate(files) if self._shown and file.path == self._shown.path]
        place = (places[0] + step) % len(files) if places else 0
        self._pinned = True
        self._want(files[place], None)

    def open_path(self, path: str, line: int | None) -> None:
        """Show a file of the root at a line (1-based)."""
        self._pinned = True
        known = next((file for file in self.files if file.path == path), None)
        self._want(known or LogFile(path.rpartition("/")[2], path), line)

    def open_job(self, job: Job) -> None:
        """Show and follow the output of a job."""
        self._pinned = True
        self._want(LogFile(f"output of {job.action}", job.output, job.id), None)

    @property
    def file_place(self) -> FilePlace | None:
        """What is shown, and where in it, to come back to."""
        file, pane = self._shown, self._pane
        if file is None:
            return None
        span = self.reader.span
        line = None if pane.following or span is None or span.number is None else span.number + 1
        return FilePlace(title=file.title[:200], path=file.path[:4_096], job=file.job, line=line, chosen=self._pinned)

    def show_again(self, place: FilePlace) -> None:
        """Show a file where it was shown before."""
        self._pinned = place.chosen
        if not place.chosen and place.line is None:
            self.default()
            return
        if place.line is not None and self._shown is not None and self._shown.path == place.path and self._path:
            self._pane.following = False
            self.reader.goto_line(place.line)
            return
        known = next((file for file in self.files if file.path == place.path), None)
        self._want(known or LogFile(place.title, place.path, place.job), place.line)

    @property
    def time_here(self) -> datetime | None:
        """The time of the line under the cursor, where it has one."""
        return time_of(self.reader.text(4_096), self._screen.session.now())

    def ensure(self) -> None:
        """Open what is wanted, if the pane can be seen; a hidden pane reads nothing."""
        if self._wanted is None:
            return
        region = self._screen.deck.regions(self._screen.deck.size).get("log")
        if region is None or region.height < 2:
            return
        (file, line), self._wanted = self._wanted, None
        # Not a coroutine: one that is cancelled before it begins would never be awaited.
        follow: Any = partial(self._follow, file, line)
        self._screen.run_worker(follow, group="tail", exclusive=True, exit_on_error=False)

    def _want(self, file: LogFile, line: int | None) -> None:
        self._shown = file
        self._wanted = (file, line)
        self._screen.workers.cancel_group(self._screen, "tail")
        self._title()
        # The deck may be about to open the pane.
        self._screen.call_after_refresh(self.ensure)

    async def _follow(self, file: LogFile, line: int | None) -> None:
        pane = self._pane
        try:
            self._path = await asyncio.to_thread(self._resolve, file)
        except CockpitError as error:
            self._path = None
            pane.empty = EmptyState(words.text(error).text)
            pane.show(())
            return
        pane.empty = EmptyState("The file is empty")
        # A record is read from its top; what grows is read from its end.
        follows = line is None and file.path.endswith((".jsonl", ".log"))
        await self.reader.follow(self._path, line=line, follows=follows)

    def _resolve(self, file: LogFile) -> Path:
        """The real file; job output lies below the state directory, everything else below the root."""
        session = self._screen.session
        run = self._screen.scope.run
        if run is None:
            raise CockpitError("no run in scope")
        root = session.root_of(run.ref)
        if file.job is None:
            return session.evidence(root).resolve(file.path)
        state = session.state_dir(root)
        return session.evidence(state).resolve(Path(file.path).relative_to(state.absolute()).as_posix())

    def _title(self) -> None:
        pane = self._pane
        if self._shown is None:
            pane.count, pane.badges, pane.subtitle = "", (), Cell()
            return
        files = self.files
        place = next((i for i, file in enumerate(files, 1) if file.path == self._shown.path), None)
        pane.count = f"{place}/{len(files)} []" if place else ""
        self._told_following = pane.following
        follow = (Cell("following", Tone.BUSY),) if pane.following else ()
        pane.badges = (words.text(self._shown.title, Tone.ACCENT), *follow, *self.reader.badges())
        run = self._screen.scope.run
        path = self._shown.path.removeprefix(f"{run.ref.path}/") if run else self._shown.path
        pane.subtitle = words.text(path if self._shown.job is None else f"job {self._shown.job}", Tone.DIM)

    # -- elsewhere

    @property
    def place(self) -> FileLink | None:
        """The line under the cursor: a path relative to the run's root, or a whole one for the output of a job."""
        if self._shown is None or self._path is None:
            return None
        span = self.reader.span
        return FileLink(self._shown.path, None if span is None or span.number is None else span.number + 1)

    def copyable(self, row: Row | None) -> dict[str, str]:
        """What of the row under the cursor can be copied."""
        texts: dict[str, str] = {}
        if self._path is not None and self._screen.deck.state.active == "log":
            texts["file"] = str(self._path)
        link = link_of(row.key) if row is not None else None
        if link is not None:
            texts["file"] = f"{link.path}:{link.line}" if link.line else link.path
        if row is not None:
            cells = [getattr(row, name) for name in ("at", "where", "what", "text", "note") if hasattr(row, name)]
            spans = getattr(row, "spans", None) or cells
            line = " ".join(cell.text for cell in spans if isinstance(cell, Cell) and cell.text)
            if line:
                texts["line"] = line
        return texts

    def open_elsewhere(self) -> None:
        """Hand the file over to another program at the line under the cursor, and come back."""
        if self._path is None:
            self._screen.app.notify("No file is open in the Log pane.", severity="warning", markup=False)
            return
        span = self.reader.span
        self.handing_over.ask(self._path, 1 if span is None or span.number is None else span.number + 1)

    # -- places in it

    @property
    def filtered(self) -> bool:
        """Whether some of its lines are not shown."""
        return bool(self.reader.filter_text)

    def goto_line(self, number: int) -> None:
        """See `LogReader.goto_line`."""
        self.reader.goto_line(number)

    def goto_time(self, when: datetime) -> None:
        """To the first line that is not older than a moment, or say that no line has a time."""
        self.reader.goto_time(when, lambda found: None if found else self._screen.commanding.tell("no line has a time"))

    def hunt(self, what: str, levels: frozenset[Level], step: int) -> None:
        """To the next loud line, or say that there is none."""
        direction = "below" if step > 0 else "above"
        tell = self._screen.commanding.tell
        self.reader.hunt(levels, step, lambda found: None if found else tell(f"no {what} {direction}"))

    # -- the line in full

    def detail(self, *, asked: bool) -> list[TextRow] | None:
        """The line under the cursor in full, for the Detail pane.

        Args:
            asked: Whether the operator asked for it: else only records are shown, and not while lines rush by.
        """
        span = self.reader.span
        if span is None or (not asked and self._pane.following):
            return None
        raw = self.reader.text(MOST)
        if not asked and (span.length > MOST or parse(raw) is None):
            return None
        return line_detail(raw, span.number, span.length, by_name=self._by_name)

    def moved(self) -> None:
        """The cursor moved: whether the end is followed may be another matter now."""
        if self._pane.following is not self._told_following:
            self._title()

    def turn_keys(self) -> None:
        """Records by the names of their keys, or in the order of the file."""
        self._by_name = not self._by_name
