"""Coming back after a disconnect: the first frame stands where the last session ended."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.app import CockpitApp, come_back
from cockpit.clock import system_clock
from cockpit.comeback import Comeback, session_path
from cockpit.filtering import EVERYTHING, Filter, parse_filter
from cockpit.runtime.board import Board
from cockpit.screens.monitor import MonitorScreen
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app import scenes
from tests.app.operator import HandClock, Operator, operate
from tests.app.test_incident_keys import declared
from tests.app.test_incidents import incident_screen
from tests.builders import FlowStudioRun
from widgets.log_view import LogView

Back = Callable[..., CockpitApp]


@pytest.fixture
def back(root: Path, hand_clock: HandClock) -> Back:
    """Open the app as the command line does."""

    def make(
        *, given: Filter = EVERYTHING, fresh: bool = False, now: HandClock | None = None, real_clock: bool = False
    ) -> CockpitApp:
        clock = system_clock if real_clock else now or hand_clock
        return come_back(Session(Settings(), [RootSettings(path=root)], clock), given=given, fresh=fresh)

    return make


async def leave(me: Operator) -> None:
    """Quit, as every way out does in the end."""
    me.app.exit()
    await me.until(lambda: me.app._exit, "it ends")


def many(root: Path, count: int = 80) -> list[str]:
    """More runs than the screen has lines, every second one failed."""
    names = [f"run-20261121-040000-n{number:05}" for number in range(count)]
    for place, name in enumerate(names):
        run = FlowStudioRun(scenes.runs_of(root), name)
        run.meta("failed" if place % 2 else "succeeded", at=10 + place / 10, error="boom" if place % 2 else None)
    return names


async def test_view_filter_selection_and_scroll_are_there_in_the_first_frame(
    back: Back, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(root, 120)
    async with operate(back()) as me:
        await me.press("slash")
        await me.write("state:failed")
        await me.press("enter", "s", "s", "s", "t", "z", "G", *["k"] * 12)
        await me.quiet()
        runs = me.pane("runs")
        cursor, top = runs.cursor_key, runs.view.top
        assert top > 0
        assert runs.cursor_line not in (0, runs.view.height - 1)
        await leave(me)
    # From here on nothing is ever scanned: what is shown can only come from the index.
    monkeypatch.setattr(Board, "start", lambda board: None)
    monkeypatch.setattr(Board, "stop", lambda board: None)
    async with operate(back(), wait=False) as me:
        await me.pilot.pause()
        runs = me.pane("runs")
        assert len(runs.rows) == 60
        assert (runs.cursor_key, runs.view.top) == (cursor, top)
        assert me.screen.view.sort.value == "name"
        assert me.screen.view.times.value == "utc"
        assert me.screen.view.filter.text == "state:failed"
        assert me.screen.deck.state.zoomed
        assert me.scope.key == cursor
        await me.told("filter state:failed", "--fresh")


async def test_the_selection_holds_while_rows_arrive(back: Back, root: Path) -> None:
    names = many(root)
    async with operate(back()) as me:
        await me.scope_on(names[20])
        runs = me.pane("runs")
        line = runs.cursor_line
        await leave(me)
    for number in range(30):  # more pressing ones, that the index does not know
        scenes.failed(root, f"run-20261121-040000-x{number:05}")
    async with operate(back()) as me:
        assert len(me.ids) == 110
        runs = me.pane("runs")
        assert me.run.id == names[20]
        assert runs.cursor_key == me.key_of(names[20])
        assert runs.cursor_line == line
        assert not runs.held, "the scan is over: from now on the cursor is the operator's"


async def test_a_key_while_rows_arrive_is_stronger_than_what_is_remembered(back: Back, root: Path) -> None:
    names = many(root)
    async with operate(back()) as me:
        await me.scope_on(names[20])
        await leave(me)
    async with operate(back(), wait=False) as me:
        await me.press("g")
        await me.quiet()
        assert me.pane("runs").cursor_index == 0
        assert me.run.id != names[20]


async def test_pane_step_file_and_its_line_come_back(back: Back, root: Path) -> None:
    scenes.three(root)
    async with operate(back()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("2", "g", "j", "j", "enter")
        await me.until(lambda: me.active == "log" and len(me.pane("log").rows) == 5, "the transcript is open")
        await me.press("g", "j", "j", "j")
        await me.until(lambda: me.pane("log").cursor_index == 3, "the line is shown")
        step, cursor = me.scope.step, me.pane("receipts").cursor_key
        await leave(me)
    async with operate(back()) as me:
        await me.until(lambda: me.pane("log").cursor_index == 3, "the line is shown again")
        assert me.active == "log"
        assert me.screen.focused is me.pane("log")
        log = me.pane("log")
        assert isinstance(log, LogView)
        assert scenes.ERROR in me.selected("log").text.text
        assert not log.following
        assert me.scope.step == step
        assert me.pane("receipts").cursor_key == cursor


async def test_marks_freeze_and_anchor_come_back_and_are_said(back: Back, root: Path) -> None:
    scenes.three(root)
    async with operate(back()) as me:
        await me.scope_on(scenes.DONE)
        await me.press("a", "g", "space", "space", "equals_sign", "at", "1", "ampersand")
        await me.press("ampersand", "g", "space")
        assert len(me.screen.marking.runs) == 1
        await leave(me)
    scenes.failed(root, "run-20261121-040000-newone")
    async with operate(back()) as me:
        note = await me.told("As you left", "1 marked", "frozen", "anchored")
        assert "--fresh" in note.message
        assert me.run.id == scenes.DONE
        assert me.scope.anchored
        assert me.screen.view.audit
        assert me.screen.view.frozen_at is not None
        assert len(me.ids) == 4, "the picture of the moment of return"
        scenes.failed(root, "run-20261121-040000-later")
        me.session.board.refresh()
        await me.until(lambda: len(me.screen.latest.runs) == 5, "the board knows it")
        assert len(me.ids) == 4
        await me.press("equals_sign")
        assert len(me.ids) == 5


async def test_fresh_begins_anew_and_a_filter_given_wins(back: Back, root: Path) -> None:
    scenes.three(root)
    async with operate(back()) as me:
        await me.press("slash")
        await me.write("state:running")
        await me.press("enter", "3")
        await leave(me)
    async with operate(back(given=parse_filter("state:succeeded"))) as me:
        assert me.ids == [scenes.DONE]
        assert me.active == "routing", "the rest is as it was"
    async with operate(back(fresh=True)) as me:
        assert len(me.ids) == 3
        assert me.active == "runs"
        assert not me.said


async def test_the_monitor_and_the_incident_that_were_open_are_open_again(back: Back, root: Path) -> None:
    scenes.three(root)
    async with operate(back(real_clock=True)) as me:
        name = await declared(me)
        await me.scope_on(scenes.DONE)
        await me.press("b")
        await me.until(lambda: isinstance(me.app.screen, MonitorScreen), "the monitor is open")
        await leave(me)
    async with operate(back(real_clock=True)) as me:
        await me.until(lambda: isinstance(me.app.screen, MonitorScreen), "the monitor is open again")
        assert me.run.id == scenes.DONE
        await me.press("q")
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: me.screen.responding.open)
        await me.press("i")
        await me.until(lambda: me.app.screen is not me.screen, "the incident is open")
        await leave(me)
    async with operate(back(real_clock=True)) as me:
        await me.until(lambda: me.app.screen is not me.screen, "the incident is open again")
        assert incident_screen(me).name_of == name


async def test_a_dialog_is_never_come_back_to(back: Back, root: Path) -> None:
    scenes.three(root)
    async with operate(back()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("R")
        await me.until(lambda: me.dialog is not None, "its plan is shown")
        await leave(me)
    async with operate(back()) as me:
        assert me.app.screen is me.screen
        assert me.run.id == scenes.FAILED
        assert not me.session.desk(root).jobs()


async def test_where_one_goes_is_written_soon_without_leaving(back: Back, root: Path) -> None:
    scenes.three(root)
    path = session_path([root])
    async with operate(back()) as me:
        assert not path.exists(), "looking alone writes nothing"
        await me.press("5")
        await me.until(path.exists, "it is written")
        assert json.loads(path.read_bytes())["place"]["pane"] == "timeline"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # Killed: nothing was kept at the end.
    async with operate(back()) as me:
        assert me.active == "timeline"


async def test_a_crash_keeps_it_too(back: Back, root: Path) -> None:
    scenes.three(root)
    app = back()
    with pytest.raises(RuntimeError, match="on purpose"):  # noqa: PT012  # the app ends with it
        async with operate(app) as me:
            await me.press("3")
            me.app.fail(RuntimeError("on purpose"))
    remembered = Comeback(session_path([root])).load()
    assert remembered is not None
    assert remembered.place.pane == "routing"


async def test_a_broken_file_is_set_aside_and_said(back: Back, root: Path) -> None:
    scenes.three(root)
    path = session_path([root])
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 1, "filter": "\\u001b]52;c;aGk=\\u0007"}')
    async with operate(back()) as me:
        note = await me.told("Not where you left", f"{path.name}.bad")
        assert "saved_at" in note.message
        assert len(me.ids) == 3
        await leave(me)
    assert path.with_name(f"{path.name}.bad").exists()
    assert Comeback(path).load() is not None
