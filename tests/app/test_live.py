"""What changes on disk changes on the screen, and the cursor stays with its run."""

import json
import shutil
from pathlib import Path

from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, operate, states
from tests.builders import FlowStudioRun


async def test_an_event_changes_row_and_panes(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        assert "1 running" in me.header
        run.event("step_error", "build", "load_context", "context-loader", at=70, error=scenes.ERROR)
        run.receipt("build", "load_context", "context-loader", status="failed", error=scenes.ERROR, at=70)
        run.meta("failed", error=scenes.ERROR, at=71)
        await me.until(lambda: "2 failed" in me.header, "the header counts it")
        await me.until(lambda: "failed" in states(me.pane("receipts").rows), "its receipt is shown")
        assert me.run.id == scenes.RUNNING
        assert me.run.state.value == "failed"
        assert scenes.ERROR in me.text("detail")


async def test_the_cursor_stays_on_its_run_when_the_order_changes(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    scenes.running(root, "run-20261121-040000-zother", at=30)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        before = me.pane("runs").cursor_index
        # BLOCKED is the most pressing of all: the row goes to the top.
        run.handoff("build", "load_context", "BLOCKED", at=80, summary="no access")
        await me.until(lambda: me.ids[0] == scenes.RUNNING, "it is the most pressing now")
        assert me.pane("runs").cursor_index == 0 != before
        assert me.pane("runs").cursor_key == me.scope.key == me.key_of(scenes.RUNNING)
        # And another run appears above it.
        FlowStudioRun(scenes.runs_of(root), "run-20261121-040100-newone").handoff("build", "branch", "BLOCKED", at=90)
        await me.until(lambda: len(me.ids) == 5, "the new run is listed")
        assert me.pane("runs").cursor_key == me.scope.key == me.key_of(scenes.RUNNING)


async def test_a_run_that_vanishes_takes_its_row_and_the_scope_goes_on(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        shutil.rmtree(scenes.runs_of(root) / scenes.RUNNING)
        await me.until(lambda: scenes.RUNNING not in me.ids, "the row is gone")
        await me.until(lambda: me.scope.key == me.pane("runs").cursor_key, "the run under the cursor is in scope")
        await me.quiet()
        assert me.run.id in (scenes.FAILED, scenes.DONE)
        assert scenes.RUNNING not in me.text("detail")
        assert scenes.RUNNING not in me.header


async def test_the_last_run_that_vanishes_leaves_empty_panes(make_app: MakeApp, root: Path) -> None:
    scenes.failed(root)
    async with operate(make_app()) as me:
        shutil.rmtree(scenes.runs_of(root) / scenes.FAILED)
        await me.until(lambda: me.scope.key is None, "nothing is in scope")
        for name in ("runs", "receipts", "routing", "checklist", "timeline", "log", "detail"):
            assert not me.pane(name).rows, name
        await me.press("R", "p", "x", "space", "y", "escape", "e", "c")
        assert not me.kinds()


async def test_a_root_deleted_and_made_again(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        shutil.rmtree(root)
        await me.until(lambda: not me.ids, "every run is gone")
        await me.until(lambda: "root lost" in me.header, "the header says so")
        assert str(root) in me.says("runs")
        scenes.failed(root, "run-20261121-040000-again1")
        await me.until(lambda: me.ids == ["run-20261121-040000-again1"], "the new run is found")
        await me.until(lambda: "root lost" not in me.header)
        await me.until(lambda: me.run.id == "run-20261121-040000-again1" and me.scope.detail is not None)


async def test_a_half_written_receipt_is_whole_once_it_is(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        path = run.receipt("build", "load_context", "context-loader", at=70)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        await me.until(
            lambda: me.scope.detail is not None and (me.scope.detail.problems or me.run.problems),
            "a receipt that stays broken is told of",
        )
        path.write_bytes(whole)
        await me.until(
            lambda: me.scope.detail is not None and not me.scope.detail.problems and me.run.problems == 0,
            "it is whole",
        )
        assert "Could not be read" not in me.text("detail")
        await me.until(lambda: me.scope.detail is not None and len(me.scope.detail.receipts) == 2, "it is read")


async def test_a_followed_log_grows(make_app: MakeApp, root: Path) -> None:
    run = scenes.failed(root)
    async with operate(make_app()) as me:
        log = me.pane("log")
        await me.until(lambda: len(log.rows) == 5)
        assert log.following
        assert log.cursor_index == 4
        scenes.transcript(run, "clarify", ["one more"])
        await me.until(lambda: len(log.rows) == 6, "the new line is shown")
        assert "one more" in me.texts("log")[5]
        assert log.cursor_index == 5
        await me.press("6", "k", "k")
        assert not log.following
        scenes.transcript(run, "clarify", ["and another"])
        await me.until(lambda: len(log.rows) == 7)
        assert log.cursor_index == 3
        await me.press("G")
        assert log.following
        assert log.cursor_index == 6


async def test_time_alone_makes_a_run_stuck(make_app: MakeApp, root: Path, hand_clock: HandClock) -> None:
    scenes.running(root)
    async with operate(make_app()) as me:
        assert states(me.pane("runs").rows) == ["running"]
        hand_clock.now = hand_clock.now.replace(hour=7)
        me.session.board.wake()
        await me.until(lambda: states(me.pane("runs").rows) == ["stuck"], "silence tells")
        assert "1 stuck" in me.header


async def test_a_row_without_run_never_shows_another_ones_facts(make_app: MakeApp, root: Path) -> None:
    for number in range(20):
        run = scenes.failed(root, f"run-20261121-040000-n{number:05}", at=20 + number)
        run.raw("build/meta.json", json.dumps({"n": number}), at=60)
    async with operate(make_app()) as me:
        # Holding j: each stop is for less time than reading takes.
        await me.press(*(["j"] * 13), *(["k"] * 4))
        await me.until(lambda: me.scope.detail is not None and me.scope.key == me.pane("runs").cursor_key)
        assert me.scope.detail is not None
        assert me.scope.detail.ref.key == me.scope.key
        assert me.pane("runs").cursor_index == 9
        assert me.run.id == me.ids[9]
        assert me.run.id in me.text("detail")
