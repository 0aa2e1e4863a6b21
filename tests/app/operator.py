"""Somebody at the keyboard of the whole app: presses keys, waits for what should happen, remembers what was said."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.message import Message
from textual.notifications import Notification, Notify
from textual.pilot import Pilot
from textual.worker import Worker, WorkerState

from cockpit.app import CockpitApp
from cockpit.models.journal import Entry
from cockpit.models.run import Run
from cockpit.screens.cockpit import CockpitScreen
from cockpit.screens.scope import RunScope
from cockpit.session import Session
from tests.builders import START
from widgets.dialogs.base import Dialog
from widgets.header import Header
from widgets.line_list import LineList
from widgets.rows import Cell, Row

PATIENCE_S = 60.0
"""Most seconds anything may take on a busy machine."""
LATER = START + timedelta(minutes=2)
"""When most journeys take place: runs that began at `START` are still at work."""
TAIL = "tail"
"""Workers of this group live as long as their file is shown."""

DialogT = TypeVar("DialogT", bound=Dialog[Any])


class HandClock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = LATER) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Operator:
    """One person at one app."""

    def __init__(self, app: CockpitApp, pilot: Pilot[None], said: list[Notification]) -> None:
        self.app = app
        self.pilot = pilot
        self.said = said

    # -- what there is

    @property
    def session(self) -> Session:
        return self.app.session

    @property
    def screen(self) -> CockpitScreen:
        """The panes, also while a dialog stands before them."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, CockpitScreen))

    @property
    def scope(self) -> RunScope:
        return self.screen.scope

    @property
    def run(self) -> Run:
        """The run in scope."""
        assert self.scope.run is not None
        return self.scope.run

    def pane(self, name: str) -> LineList[Any]:
        return self.screen.pane(name)

    @property
    def active(self) -> str:
        """The pane that has the focus, or had it before the dialog."""
        return self.screen.deck.state.active

    @property
    def ids(self) -> list[str]:
        """Ids of the runs in the Runs pane, from the top."""
        return [run.id for run in self.screen.painter.shown]

    def texts(self, name: str) -> list[str]:
        """Every row of a pane, as one text each."""
        return [row_text(row) for row in self.pane(name).rows]

    def text(self, name: str) -> str:
        """All rows of a pane."""
        return "\n".join(self.texts(name))

    @property
    def header(self) -> str:
        line = self.screen.query_one("#header", Header).line
        return "  ".join(cell.text for cell in (*line.left, *line.right))

    @property
    def dialog(self) -> Dialog[Any] | None:
        """The dialog that is open."""
        return self.app.screen if isinstance(self.app.screen, Dialog) else None

    def row(self, name: str, index: int) -> Any:
        return self.pane(name).row_at(index)

    def selected(self, name: str) -> Any:
        """The row under a pane's cursor."""
        row = self.pane(name).cursor_row
        assert row is not None
        return row

    def says(self, name: str) -> str:
        """What a pane says while it is empty."""
        state = self.pane(name).empty
        assert not self.pane(name).rows
        assert state is not None
        return "\n".join((state.title, *state.hints))

    def key_of(self, run_id: str) -> str:
        """Key of a run that is on the screen."""
        return next(run.key for run in self.screen.painter.shown if run.id == run_id)

    @property
    def journal(self) -> tuple[Entry, ...]:
        """The journal as it is on disk now."""
        ledger = self.session.ledgers()[0]
        return tuple(ledger.journal.entries())

    def kinds(self) -> list[str]:
        """The kinds of all entries of the journal."""
        return [entry.kind for entry in self.journal]

    # -- what they do

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Press the key of every character, as fast as a terminal delivers them."""
        for character in text:
            key = "enter" if character == "\r" else _character_to_key(character)
            self.app.post_message(Key(key, character))
        await self.pilot.pause()
        await self.until(lambda: not self.app.typing, "what was typed is carried out")
        await self.pilot.pause()

    async def paste(self, text: str) -> None:
        self.app.post_message(Paste(text))
        await self.pilot.pause()

    async def enter_command(self, line: str) -> None:
        """A line on the command line."""
        await self.press("colon")
        await self.write(line)
        await self.press("enter")

    # -- waiting

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the app work until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"still not: {what or condition}\n{self.picture()}")
            await self.pilot.pause(0.01)

    async def quiet(self) -> None:
        """Until the first scan is over, the newest snapshot is on the screen and nothing is being read or written."""
        board = self.session.board
        await self.until(lambda: board.snapshot.progress.finished, "the first scan ends")
        calm = 0
        deadline = time.monotonic() + PATIENCE_S
        # A cursor that moved waits a moment before it reads: look more than once.
        while calm < 4:
            assert time.monotonic() < deadline, f"never quiet\n{self.picture()}"
            await self.pilot.pause(0.01)
            calm = calm + 1 if self._calm() else 0

    def _calm(self) -> bool:
        screen = self.screen
        newest = screen.latest.revision == self.session.board.snapshot.revision
        read = self.scope.key is None or self.scope.detail is not None
        busy = [worker for worker in self.app.workers if worker.is_running and worker.group not in (TAIL, "dialog")]
        return newest and read and not busy

    async def open_dialog(self, kind: type[DialogT]) -> DialogT:
        """Until a dialog is open and listens."""
        await self.until(lambda: isinstance(self.app.screen, kind), f"a {kind.__name__} opens")
        dialog = self.app.screen
        assert isinstance(dialog, kind)
        await self.until(lambda: not dialog.deaf, "the dialog listens")
        return dialog

    async def no_dialog(self) -> None:
        await self.until(lambda: self.dialog is None, "the dialog closes")

    async def told(self, *words: str) -> Notification:
        """Until a toast says all of `words`."""

        def found() -> list[Notification]:
            return [note for note in self.said if all(word in f"{note.title} {note.message}" for word in words)]

        await self.until(found, f"a toast about {words}; said were {[note.message for note in self.said]}")
        return found()[0]

    async def scope_on(self, run_id: str) -> None:
        """Move the cursor to a run and wait for its facts."""
        await self.until(lambda: run_id in self.ids, f"{run_id} is listed")
        assert self.pane("runs").move_to(self.key_of(run_id))
        await self.until(
            lambda: self.scope.run is not None and self.run.id == run_id and self.scope.detail is not None,
            f"{run_id} is in scope",
        )

    def picture(self) -> str:
        """The screen as text, for messages of failed tests."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())


def row_text(row: Row) -> str:
    """All cells of a row."""
    cells: list[Cell] = []
    for name in row.__dataclass_fields__:
        value = getattr(row, name)
        cells += [value] if isinstance(value, Cell) else []
        cells += [cell for cell in value if isinstance(cell, Cell)] if isinstance(value, tuple) else []
    return " ".join(cell.text for cell in cells if cell.text)


@asynccontextmanager
async def operate(app: CockpitApp, size: tuple[int, int] = (160, 45), *, wait: bool = True) -> AsyncIterator[Operator]:
    """Run the app for one person; fails when a worker does, even where nobody would have seen it.

    Args:
        app: The app.
        size: Columns and rows.
        wait: Until the first scan is on the screen.
    """
    said: list[Notification] = []
    broken: list[BaseException] = []

    def listen(message: Message) -> None:
        if isinstance(message, Notify):
            said.append(message.notification)
        elif isinstance(message, Worker.StateChanged) and message.state is WorkerState.ERROR:
            error = message.worker.error
            broken.append(error or RuntimeError(str(message.worker)))

    async with app.run_test(size=size, notifications=True, message_hook=listen) as pilot:
        operator = Operator(app, pilot, said)
        await operator.until(
            lambda: any(isinstance(screen, CockpitScreen) and screen.is_mounted for screen in app.screen_stack),
            "the panes are there",
        )
        if wait:
            await operator.quiet()
        yield operator
    assert not broken, broken


def states(rows: Sequence[Any]) -> list[str]:
    """The word of each row's state: `x failed` is `failed`."""
    return [row.state.text.partition(" ")[2] for row in rows]
