"""Every size from the floor on, from one to the other while something is open; and what is shown of nothing."""

from pathlib import Path

import pytest

from cockpit.screens.view import NUMBERS, PANES
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.builders import FlowStudioRun
from widgets.dialogs import HelpDialog, PlanDialog, PromptDialog
from widgets.header import Header

SIZES = [(60, 16), (80, 24), (100, 30), (120, 40), (160, 45), (220, 60)]
SMALL = [(20, 5), (1, 1), (59, 15)]


def check(me: Operator) -> None:
    """The header is whole and the focused pane can be worked in."""
    width, height = me.app.size
    header = me.screen.query_one("#header", Header)
    assert header.region.y == 0
    assert header.size.height == 1
    assert header.size.width == width
    pane = me.pane(me.active)
    assert pane.size.height >= 3, (me.active, pane.size)
    assert pane.region.bottom <= height
    assert pane.region.right <= width
    rows = sum(me.pane(name).region.area for name in PANES if me.pane(name).region)
    assert rows <= width * height, "panes do not overlap"


@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_is_reachable_and_whole(make_app: MakeApp, root: Path, size: tuple[int, int]) -> None:
    scenes.three(root)
    async with operate(make_app(), size) as me:
        check(me)
        assert scenes.FAILED[:12] in me.picture()
        for name in PANES:
            await me.press(NUMBERS[name])
            await me.pilot.pause()
            assert me.active == name
            assert me.screen.focused is me.pane(name)
            check(me)
            await me.press("z")
            await me.pilot.pause()
            check(me)
            await me.press("z")


async def test_resizing_while_a_dialog_is_open(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        for key, kind in (("T", PlanDialog), ("question_mark", HelpDialog), ("c", PromptDialog), ("p", HelpDialog)):
            await me.press(key)
            dialog = await me.open_dialog(kind)
            for width, height in (*SIZES, *reversed(SIZES)):
                await me.pilot.resize_terminal(width, height)
                await me.pilot.pause()
                assert me.dialog is dialog
                box = dialog.query_one("#box").region
                assert box.width > 20
                assert box.height >= 3
                assert box.x >= 0
                assert box.right <= width
                assert box.y >= 0
                assert box.bottom <= height
            await me.press("escape")
            await me.no_dialog()
        check(me)


async def test_resizing_keeps_focus_cursor_and_scope(make_app: MakeApp, root: Path) -> None:
    for number in range(60):
        scenes.failed(root, f"run-20261121-040000-n{number:05}", at=20 + number)
    async with operate(make_app()) as me:
        await me.press(*["j"] * 40)
        await me.until(lambda: me.scope.key == me.pane("runs").cursor_key and me.scope.detail is not None)
        chosen = me.run.id
        for width, height in (*SIZES, *SMALL, *reversed(SIZES)):
            await me.pilot.resize_terminal(width, height)
            await me.pilot.pause()
            assert me.run.id == chosen
            assert me.pane("runs").cursor_key == me.scope.key
            assert me.active == "runs"
            if (width, height) not in SMALL:
                check(me)
                assert me.pane("runs").cursor_index in me.pane("runs").view.visible


@pytest.mark.parametrize("size", SIZES)
async def test_input_lines_leave_room(make_app: MakeApp, root: Path, size: tuple[int, int]) -> None:
    scenes.three(root)
    async with operate(make_app(), size) as me:
        for key, name in (("slash", "filter"), ("colon", "command")):
            await me.press(key)
            await me.pilot.pause()
            bar = me.screen.query_one(f"#{name}")
            assert bar.region.bottom <= size[1]
            assert bar.region.height >= 1
            assert me.pane("runs").size.height >= 3
            await me.press("escape")


async def test_a_root_that_is_missing(make_app: MakeApp, tmp_path: Path) -> None:
    missing = tmp_path / "not-there"
    async with operate(make_app(missing)) as me:
        assert str(missing) in me.says("runs")
        assert "cockpit ROOT" in me.says("runs")
        assert "root lost" in me.header
        await me.press("R", "T", "A", "p", "c", "K", "enter", "e", "slash", "escape")
        assert me.dialog is None
        scenes.failed(missing)
        await me.until(lambda: me.ids == [scenes.FAILED], "it is found once it is there")


async def test_a_root_of_no_known_system(make_app: MakeApp, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    async with operate(make_app(empty)) as me:
        assert "No known system" in me.says("runs")
        assert "cockpit demo" in me.says("runs")


async def test_a_root_without_runs(make_app: MakeApp, root: Path) -> None:
    (root / "swarm" / "config").mkdir()
    async with operate(make_app()) as me:
        assert me.says("runs")
        for name in ("receipts", "routing", "checklist", "log", "detail"):
            assert not me.pane(name).rows
        assert "No run in scope" in me.says("receipts")
        scenes.running(root)
        await me.until(lambda: me.ids == [scenes.RUNNING] and me.scope.detail is not None)
        assert me.pane("receipts").rows


async def test_a_run_with_nothing_in_it(make_app: MakeApp, root: Path) -> None:
    FlowStudioRun(scenes.runs_of(root), "run-20261121-040000-nothin").raw("meta.json", "{}", at=1)
    async with operate(make_app()) as me:
        for key in "2345601":
            await me.press(key, "G", "g", "e", "enter", "escape")
        assert me.says("routing")
        assert me.says("timeline")
        assert me.says("checklist")
        await me.press("R")
        await me.told("no step to start from")
