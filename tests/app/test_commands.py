"""The command line with arguments, the palette, jumps and views, as an operator uses them."""

from pathlib import Path

import pytest

from cockpit.app import come_back
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from cockpit.view_settings import SavedView, find_view
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, Operator, operate
from tests.app.test_find import bar, offered
from tests.app.test_incident_keys import declared
from tests.app.test_incidents import incident_screen
from tests.app.test_review import review, text_of, written
from widgets.dialogs import HelpDialog
from widgets.menu_list import MenuList


async def test_goto_leads_to_lines_and_times_and_back_again(make_app: MakeApp, root: Path) -> None:
    run = scenes.failed(root)
    for number in range(60):
        run.decision("build", "clarify", "CONTINUE", at=100 + 60 * number, reason=f"turn {number}")
    async with operate(make_app()) as me:
        await me.press("3", "g")
        await me.enter_command("goto 05:00")
        routing = me.pane("routing")
        at = me.scope.detail.routing[routing.cursor_index].at if me.scope.detail else None
        assert at is not None
        assert (at.hour, at.minute) in {(4, 59), (5, 0), (5, 1)}
        before = routing.cursor_index
        await me.enter_command("goto -10m")
        assert routing.cursor_index == before - 10
        await me.enter_command("goto 3")
        assert routing.cursor_index == 2
        await me.press("left_curly_bracket")
        assert routing.cursor_index == before - 10
        await me.press("ctrl+o")
        assert routing.cursor_index == before
        await me.press("right_curly_bracket", "right_curly_bracket")
        assert routing.cursor_index == 2
        await me.press("right_curly_bracket")
        await me.told("No jump after")


async def test_goto_in_the_log_and_where_nothing_has_a_time(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("6")
        await me.until(lambda: len(me.pane("log").rows) == 5)
        await me.enter_command("goto 2")
        await me.until(lambda: me.pane("log").cursor_index == 1, "the second line")
        await me.enter_command("goto 2026-11-21T04:00:03Z")
        await me.until(lambda: me.pane("log").cursor_index == 3, "the line of that time")
        await me.press("1")
        await me.enter_command("goto 14:05")
        await me.until(lambda: "no times" in bar(me, "command").problem, "it says why not")


async def test_evidence_is_a_jump_across_runs_too(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.enter_command(f"run {scenes.DONE}")
        await me.until(lambda: me.run.id == scenes.DONE and me.scope.detail is not None, "the run is in scope")
        await me.press("0", "ctrl+o")
        await me.until(lambda: me.run.id == scenes.FAILED, "back at the run before")
        await me.press("right_curly_bracket")
        await me.until(lambda: me.run.id == scenes.DONE, "and forward")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("run no-such", "no run"), ("run run-2026", "3 runs are called that"), ("incident x", "no incident"),
        ("view nope", "no view"), ("goto never", "cannot go to"), ("root nope", "no root"), ("times soon", "no style"),
        ("pane cellar", "no pane"), ("do no-such", "no action"), ("playbook none", "no playbook"),
        ("write", "needs FILE"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_argument_is_said_in_place(
    make_app: MakeApp, root: Path, line: str, problem: str
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: me.scope.offers is not None, "its actions are known")
        await me.enter_command(line)
        await me.until(lambda: problem in bar(me, "command").problem, problem)
        assert bar(me, "command").display
        assert bar(me, "command").value == line


async def test_arguments_are_completed_and_lines_remembered(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("colon")
        await me.write("th")
        assert offered(me)[0] == "theme"
        await me.press("tab")
        await me.write(" lig")
        assert offered(me)[0] == "theme light"
        await me.press("tab", "enter")
        await me.until(lambda: me.app.theme == "light")
        await me.press("colon", "up")
        assert bar(me, "command").value == "theme light"
        await me.press("escape", "colon")
        await me.write("run alld")
        assert offered(me)[0] == f"run {scenes.DONE}"
        await me.press("tab", "enter")
        await me.until(lambda: me.run.id == scenes.DONE, "the run is in scope")
    async with operate(make_app()) as me:
        await me.press("colon", "up", "up")
        assert bar(me, "command").value == "theme light", "kept over sessions"


async def test_the_palette_finds_runs_incidents_playbooks_and_views(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    settings = Settings(views={"night": SavedView(filter="state:failed")}, aliases={"bad": "filter state:succeeded"})
    async with operate(make_app(settings=settings)) as me:
        name = await declared(me)
        await me.press("ctrl+p")
        palette = await me.open_dialog(HelpDialog)

        def found() -> list[str]:
            return [row.key for row in palette.query_one(MenuList).rows if row.item is not None]

        for search, first in (
            ("24runnin", f"run:{me.key_of(scenes.RUNNING)}"), (name, f"incident:{name}"), ("night", "view:night"),
            ("bad", "alias:bad"), ("zoom", "view.zoom"),
        ):  # fmt: skip
            palette.query_one("#search").value = ""  # type: ignore[attr-defined]
            await me.pilot.pause()
            await me.write(search)
            assert first in found()[:3], (search, found()[:5])
        palette.query_one("#search").value = ""  # type: ignore[attr-defined]
        await me.pilot.pause()
        await me.write("night")
        await me.press("enter")
        await me.no_dialog()
        assert me.ids == [scenes.FAILED]
        await me.enter_command("bad")
        await me.until(lambda: me.ids == [scenes.DONE], "the alias filters")
        await me.enter_command(f"incident {name}")
        await me.until(lambda: me.app.screen is not me.screen)
        assert incident_screen(me).name_of == name


async def said_in_place(me: Operator, problem: str) -> None:
    await me.until(lambda: problem in bar(me, "command").problem, problem)


async def test_a_view_is_saved_used_and_dropped(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(settings=Settings(views={"mine": SavedView(sort="age")}))) as me:
        await me.press("slash")
        await me.write("state:failed")
        await me.press("enter", "s", "3", "z")
        await me.enter_command("view save Night-1")
        await me.told("saved")
        await me.press("z", "1", "escape", "s")
        assert len(me.ids) == 3
        await me.enter_command("view Night-1")
        await me.until(lambda: me.ids == [scenes.FAILED], "filtered again")
        assert (me.active, me.screen.deck.state.zoomed, me.screen.view.sort.value) == ("routing", True, "changed")
        for line, problem in (
            ("view save mine", "the configuration has"), ("view save ../x", "no plain name"),
            ("view drop x", "no saved"),
        ):  # fmt: skip
            await me.enter_command(line)
            await said_in_place(me, problem)
            await me.press("escape")
        assert find_view("Night-1", {}).filter == "state:failed"
        await me.enter_command("view drop Night-1")
        await me.told("forgotten")


async def test_a_view_of_the_command_line_goes_before_what_was_remembered(root: Path, hand_clock: HandClock) -> None:
    scenes.three(root)

    def session() -> Session:
        return Session(Settings(), [RootSettings(path=root)], hand_clock)

    async with operate(come_back(session())) as me:
        await me.scope_on(scenes.DONE)
        await me.press("t", "3")
        me.app.exit()
    view = SavedView(filter="!state:running", pane="timeline")
    async with operate(come_back(session(), named=view)) as me:
        assert scenes.RUNNING not in me.ids
        assert (me.active, me.screen.view.times.value, me.run.id) == ("timeline", "utc", scenes.DONE)


async def test_the_lines_of_a_pane_are_written_to_a_new_file(make_app: MakeApp, root: Path, tmp_path: Path) -> None:
    scenes.three(root)
    target = tmp_path / "runs.txt"
    async with operate(make_app()) as me:
        await me.enter_command(f"w {target}")
        await me.told("3 lines in")
        assert scenes.FAILED in target.read_text()
        target.write_text("precious")
        await me.enter_command(f"w {target}")
        await me.told("Not written", "exists")
        assert target.read_text() == "precious"


async def test_the_handoff_is_looked_through_and_written(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("H")
        screen = await review(me)
        assert scenes.FAILED in text_of(screen)
        await me.press("q")
        await me.until(lambda: me.app.screen is me.screen)
        assert not written(root)
        await me.press("H")
        await review(me)
        await me.press("y")
        await me.told("Hand-off is written")
        (path,) = written(root)
        assert path.name.startswith("handoff-")
        assert scenes.FAILED in path.read_text()
    async with operate(make_app(read_only=True)) as me:
        await me.press("H")
        await review(me)
        await me.press("y")
        await me.told("read-only")
        assert len(written(root)) == 1


async def quit_at_once(me: Operator) -> None:
    await me.enter_command("q")
    await me.until(lambda: me.app._exit, "it ends")


async def test_q_on_the_command_line_quits(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await quit_at_once(me)
