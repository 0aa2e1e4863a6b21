"""Filter, hunt, command line, help and palette."""

from pathlib import Path

import pytest

from cockpit.command_line import word_of
from cockpit.commands import COMMANDS, show_keys
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.builders import FlowStudioRun
from widgets.dialogs import HelpDialog, MenuDialog
from widgets.filter_bar import FilterBar
from widgets.menu_list import MenuList


def bar(me: Operator, name: str = "filter") -> FilterBar:
    return me.screen.query_one(f"#{name}", FilterBar)


def offered(me: Operator) -> list[str]:
    """Ids of the completions of the command line."""
    return [row.key for row in bar(me, "command").query_one(MenuList).rows if row.item is not None]


async def test_the_filter_acts_as_it_is_typed(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("slash")
        assert bar(me).display
        await me.write("state:fail")
        assert "state" in bar(me).problem
        await me.write("ed")
        assert me.ids == [scenes.FAILED]
        assert bar(me).problem == ""
        await me.press("enter")
        assert not bar(me).display
        assert me.screen.focused is me.pane("runs")
        assert me.pane("runs").count == "1 of 3"
        assert "state:failed" in "".join(badge.text for badge in me.pane("runs").badges)
        await me.press("escape")
        assert len(me.ids) == 3


async def test_a_broken_filter_keeps_the_last_good_one(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("slash")
        await me.write("alldon")
        assert me.ids == [scenes.DONE]
        await me.write(" [")
        assert me.ids == [scenes.DONE]
        assert "regular expression" in bar(me).problem
        await me.press("enter")
        assert bar(me).display, "it is not accepted"
        await me.press("escape")
        assert not bar(me).display
        assert len(me.ids) == 3


async def test_a_filter_that_nothing_passes_says_so(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("slash")
        await me.write("nothing-is-called-this")
        assert "No run passes the filter" in me.says("runs")
        await me.press("enter")
        await me.until(lambda: me.scope.key is None, "nothing is in scope")
        await me.press("enter", "R", "c")
        await me.told("no run in scope")
        await me.press("1", "escape")
        await me.until(lambda: me.scope.key == me.pane("runs").cursor_key is not None)


async def test_the_run_in_scope_stays_in_scope_while_it_passes(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.DONE)
        await me.press("slash")
        await me.write("!state:running")
        await me.press("enter")
        assert me.ids == [scenes.FAILED, scenes.DONE]
        assert me.run.id == scenes.DONE
        assert me.pane("runs").cursor_key == me.scope.key
        await me.press("slash")
        await me.write(" !state:succeeded")
        await me.press("enter")
        await me.until(lambda: me.run.id == scenes.FAILED, "the run under the cursor is in scope")


async def test_an_anchored_run_stays_although_the_filter_hides_it(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("a", "slash")
        await me.write("alldon")
        await me.press("enter")
        await me.quiet()
        assert me.ids == [scenes.DONE]
        assert me.run.id == scenes.FAILED


async def test_hunting_in_runs(make_app: MakeApp, root: Path) -> None:
    for number in range(6):
        scenes.failed(root, f"run-20261121-040000-f{number:05}", at=20 + number)
        scenes.done(root, f"run-20261121-040000-d{number:05}", at=20 + number)
    async with operate(make_app()) as me:
        await me.press("n")
        await me.told("nothing hunted yet")
        await me.press("s", "s", "s", "g")  # by name: the good ones stand first
        runs = me.pane("runs")
        assert runs.cursor_index == 0
        await me.press("e")
        assert runs.cursor_index == 6
        await me.press("n", "n")
        assert runs.cursor_index == 8
        await me.press("N")
        assert runs.cursor_index == 7
        await me.press("G", "n")
        assert runs.cursor_index == 11, "there is none below"
        await me.until(lambda: me.scope.key == runs.cursor_key)


async def test_hunting_in_receipts_routing_and_log(make_app: MakeApp, root: Path) -> None:
    run = scenes.failed(root)
    run.decision("build", "clarify", "CONTINUE", at=40, reason="goes on")
    async with operate(make_app()) as me:
        await me.press("2", "g", "e")
        assert me.selected("receipts").step.text == "build › clarify"
        await me.press("3", "g", "e")
        assert me.selected("routing").what.text == "ESCALATE"
        assert not me.pane("routing").following
        await me.press("6")
        await me.until(lambda: len(me.pane("log").rows) == 5)
        await me.press("g", "w")
        assert me.pane("log").cursor_index == 1
        await me.press("n")
        assert me.pane("log").cursor_index == 3, "the next warning or error"
        await me.press("g", "e")
        assert me.pane("log").cursor_index == 3
        await me.press("N")
        assert me.pane("log").cursor_index == 3, "there is no error above"


async def test_the_command_line_completes_and_runs(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("colon")
        assert {word_of(command) for command in COMMANDS} == {name.strip() for name in offered(me)}
        await me.write("pane.rou")
        assert offered(me)[0] == "pane.routing"
        await me.press("enter")
        await me.until(lambda: me.active == "routing", "the command was carried out")
        assert not bar(me, "command").display
        await me.until(lambda: me.screen.focused is me.pane("routing"))
        await me.press("colon")
        await me.write("view.z")
        await me.press("tab")
        assert bar(me, "command").value == "view.zoom"
        await me.press("enter")
        await me.until(lambda: me.screen.deck.state.zoomed)


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("sort name", lambda me: me.screen.view.sort.value == "name"),
        ("theme light", lambda me: me.app.theme == "light"),
        ("filter state:succeeded", lambda me: me.ids == [scenes.DONE]),
        ("app.readonly", lambda me: me.session.read_only),
    ],
)
async def test_commands_with_arguments(make_app: MakeApp, root: Path, line: str, holds: object) -> None:
    scenes.three(root)
    assert callable(holds)
    async with operate(make_app()) as me:
        await me.enter_command(line)
        await me.until(lambda: holds(me), line)
        assert not bar(me, "command").display


@pytest.mark.parametrize("line", ["no-such-thing", "sort sideways", "theme [/x]", "run.resume now", "filter state:x"])
async def test_a_line_that_is_no_command_says_so_and_stays(make_app: MakeApp, root: Path, line: str) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.enter_command(line)
        await me.until(lambda: bar(me, "command").problem, "what is wrong is said")
        assert bar(me, "command").display
        await me.press("escape")
        assert not bar(me, "command").display
        assert me.dialog is None
        assert me.screen.focused is me.pane("runs")
        assert not me.screen.view.filter.text


async def test_help_lists_what_is_valid_here_and_does_it(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("question_mark")
        help_ = await me.open_dialog(HelpDialog)
        rows = [row for row in help_.query_one(MenuList).rows if row.item is not None]
        shown = {row.key for row in rows}
        assert shown == {command.id for command in COMMANDS if command.scope.value != "checklist"}
        keys = {row.key: row.keys.text for row in rows}
        assert keys["find.error"] == "e"
        assert keys["app.help"] == "?"
        assert keys["list.down"] == show_keys(("j", "down"))
        await me.write("zoom")
        assert [row.key for row in help_.query_one(MenuList).rows if row.item is not None] == ["view.zoom"]
        await me.press("enter")
        await me.no_dialog()
        await me.until(lambda: me.screen.deck.state.zoomed, "it was done")


async def test_help_says_why_something_cannot_be_done(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(read_only=True)) as me:
        await me.press("question_mark")
        help_ = await me.open_dialog(HelpDialog)
        await me.write("retry the step")
        row = help_.query_one(MenuList).cursor_row
        assert row is not None
        assert row.key == "run.retry"
        assert "read-only" in row.help.text
        await me.press("enter")
        assert me.dialog is help_
        assert "read-only" in me.picture()
        await me.press("escape")
        await me.no_dialog()


async def test_the_palette_leads_to_a_run(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("5", "ctrl+p")
        await me.open_dialog(HelpDialog)
        await me.write("alldon")
        await me.press("enter")
        await me.no_dialog()
        await me.until(lambda: me.run.id == scenes.DONE)
        assert me.active == "runs"
        assert me.pane("runs").cursor_key == me.scope.key


async def test_item_menu_is_offered_in_the_checklist_only(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("x", "space")
        await me.pilot.pause()
        assert me.dialog is None
        await me.enter_command("checklist.menu")
        await me.told("only in the Checklist pane")


async def test_q_asks_and_ctrl_c_twice_quits(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    app = make_app()
    async with operate(app) as me:
        await me.press("3", "q")
        assert me.active == "runs", "q closes the view first"
        await me.press("q")
        await me.open_dialog(MenuDialog)
        await me.press("n")
        await me.no_dialog()
        assert app.is_running
        await me.press("ctrl+c")
        await me.told("again quits")
        assert app.is_running
        await me.press("ctrl+c")
        await me.until(lambda: app._exit, "it quits")
    assert app.return_code in (0, None)


async def test_q_and_y_quit(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    app = make_app()
    async with operate(app) as me:
        await me.press("q")
        await me.open_dialog(MenuDialog)
        await me.press("y")
        await me.until(lambda: app._exit, "it quits")


async def test_ctrl_c_twice_quits_from_a_dialog_too(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    app = make_app()
    async with operate(app) as me:
        await me.press("question_mark")
        await me.open_dialog(HelpDialog)
        await me.press("ctrl+c", "ctrl+c")
        await me.until(lambda: app._exit, "it quits")


async def test_two_thousand_runs(make_app: MakeApp, root: Path) -> None:
    for number in range(2_000):
        run = FlowStudioRun(scenes.runs_of(root), f"run-20261121-040000-n{number:05}")
        run.meta("failed" if number % 500 == 250 else "succeeded", at=10, error="boom" if number % 500 == 250 else None)
    async with operate(make_app()) as me:
        runs = me.pane("runs")
        assert len(runs.rows) == 2_000
        assert runs.cursor_index == 0
        await me.press("G")
        assert runs.cursor_index == 1_999
        assert 1_999 in runs.view.visible
        await me.until(lambda: me.scope.key == runs.cursor_key)
        await me.press("s", "s", "s")
        assert me.screen.view.sort.value == "name"
        assert runs.cursor_key == me.scope.key
        await me.press("g", "e")
        assert runs.cursor_index == 250
        await me.press("n", "n", "n")
        assert runs.cursor_index == 1_750
        await me.press("N")
        assert runs.cursor_index == 1_250
        await me.press("slash")
        await me.write("n00777")
        await me.press("enter")
        await me.until(lambda: me.run.id == "run-20261121-040000-n00777")
        await me.press("escape")
        assert runs.cursor_key == me.scope.key
        assert len(runs.rows) == 2_000
