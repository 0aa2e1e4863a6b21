"""The first look: what is there, in what order, and whose facts the other panes show."""

from pathlib import Path

import pytest

from cockpit.runtime.board import Board
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import operate, states


async def test_the_most_pressing_run_is_first_and_in_scope(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        assert me.ids == [scenes.FAILED, scenes.RUNNING, scenes.DONE], me.picture()
        assert states(me.pane("runs").rows) == ["failed", "running", "succeeded"]
        assert me.pane("runs").cursor_key == me.key_of(scenes.FAILED) == me.scope.key
        assert me.pane("runs").count == "3"
        for word in ("1 failed", "1 running", "1 ok", scenes.FAILED, "live", "04:02Z"):
            assert word in me.header, word


async def test_the_facts_of_the_run_in_scope_fill_the_panes(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        receipts = me.pane("receipts")
        assert states(receipts.rows)[:4] == ["succeeded", "succeeded", "failed", "not run"]
        assert me.selected("receipts").step.text == "build › clarify"
        assert scenes.ERROR in me.selected("receipts").note.text
        assert [row.what.text for row in me.pane("routing").rows] == ["CONTINUE", "CONTINUE", "ESCALATE"]
        assert scenes.FAILED in me.text("detail")
        assert scenes.ERROR in me.text("detail")
        await me.until(lambda: len(me.pane("log").rows) == 5, "the transcript of the failed step is shown")
        assert "transcript" in [badge.text for badge in me.pane("log").badges]
        assert "p starts one" in me.says("checklist")
        assert not me.pane("timeline").rows


async def test_panes_follow_the_cursor(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("j")
        await me.until(lambda: me.run.id == scenes.RUNNING and me.scope.detail is not None)
        assert states(me.pane("receipts").rows)[:2] == ["succeeded", "running"]
        assert scenes.RUNNING in me.header
        assert scenes.FAILED not in me.text("detail")
        await me.press("G")
        await me.until(lambda: me.run.id == scenes.DONE)
        await me.press("g")
        await me.until(lambda: me.run.id == scenes.FAILED)


async def test_a_second_start_shows_rows_before_anything_is_scanned(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        first = me.ids
    # From here on nothing is ever scanned: what is shown can only come from the index.
    monkeypatch.setattr(Board, "start", lambda board: None)
    monkeypatch.setattr(Board, "stop", lambda board: None)
    async with operate(make_app(), wait=False) as me:
        await me.pilot.pause()
        assert me.ids == first
        assert me.scope.key == me.key_of(scenes.FAILED)
        assert scenes.FAILED in me.text("detail")
