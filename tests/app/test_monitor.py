"""`b`: the monitor of the run in scope, in the whole app."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region

from cockpit.clock import Clock
from cockpit.models.physics import HostFacts
from cockpit.models.run import RunState
from cockpit.runtime.physics import Prober
from cockpit.runtime.vigil import PhysicsSetup
from cockpit.screens.cockpit import CockpitScreen
from cockpit.screens.monitor import MonitorScreen
from cockpit.session import Session
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, Operator, operate
from tests.builders import START
from tests.unit.fake_processes import FakeTable
from tests.widgets.harness import repaints
from widgets.detail import DetailPane
from widgets.header import Header
from widgets.log_view import LogView
from widgets.rows import Cell, HeaderLine
from widgets.sparkline import Sparkline


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch, root: Path) -> FakeTable:
    """The processes of a host on which the running run has a producer, pid 7."""
    table = FakeTable()
    table.spawn(1, "init", uid=0)
    table.spawn(7, "make", f"RUN_ID={scenes.RUNNING}", cwd=str(root), at=-60, uid=os.getuid())

    def setup(session: Session) -> PhysicsSetup:
        clock: Clock = session.now
        host = HostFacts(cpu_percent=5, memory_percent=40, disk_free_percent=50, load_1m=0.5)
        return PhysicsSetup(Prober(table, clock, host=lambda _: host, own=1), session.pace)

    monkeypatch.setattr(Session, "_physics", setup)
    return table


async def open_monitor(me: Operator, run: str = scenes.RUNNING) -> MonitorScreen:
    await me.scope_on(run)
    await me.press("b")
    await me.until(lambda: isinstance(me.app.screen, MonitorScreen), "the monitor opens")
    monitor = me.app.screen
    assert isinstance(monitor, MonitorScreen)
    await me.until(lambda: monitor.facts.detail is not None and monitor.facts.look is not None, "it has looked")
    monitor._tick()
    await me.pilot.pause()
    return monitor


def shown(monitor: MonitorScreen, name: str = "#now") -> str:
    rows = monitor.query_one(name, DetailPane).source
    return "\n".join("".join(span.text for span in row.spans) for row in rows)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (160, 45)])
async def test_the_monitor_is_whole_at_any_size(
    make_app: MakeApp, root: Path, processes: FakeTable, size: tuple[int, int]
) -> None:
    scenes.three(root)
    async with operate(make_app(), size) as me:
        monitor = await open_monitor(me)
        picture = me.picture().splitlines()
        assert len(picture) == size[1]
        assert all(len(line) <= size[0] for line in picture)
        assert scenes.RUNNING in picture[0]
        assert "activity" in me.picture()
        assert "> running  its process: at work" in me.picture()
        assert "build › load_context" in me.picture()
        # The last step of the log is in view: it is followed.
        assert "step_start" in me.picture()
        assert "close" in picture[-1]
        steps = monitor.query_one("#steps", DetailPane)
        where = "#steps" if steps.display else "#now"
        assert "+ succeeded build › branch" in shown(monitor, where)
        assert ". to come   build › commit" in shown(monitor, where)
        assert "make pid 7" in shown(monitor)
        assert "cpu 5%" in shown(monitor)


@pytest.mark.parametrize("key", ["q", "escape", "b"])
async def test_it_is_closed_with_one_key_and_the_panes_are_as_they_were(
    make_app: MakeApp, root: Path, processes: FakeTable, key: str
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await open_monitor(me)
        await me.press(key)
        await me.until(lambda: isinstance(me.app.screen, CockpitScreen), "the panes are back")
        assert me.run.id == scenes.RUNNING
        assert me.active == "runs"


async def test_a_second_repaints_the_clocks_and_nothing_else(
    make_app: MakeApp, root: Path, hand_clock: HandClock, processes: FakeTable
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        monitor = await open_monitor(me)
        pane, steps = monitor.query_one("#now", DetailPane), monitor.query_one("#steps", DetailPane)
        others = [monitor.query_one(Header), monitor.query_one(LogView), monitor.query_one(Sparkline)]
        # From the middle of a column of the sparkline to its next second.
        hand_clock.now = START + timedelta(seconds=122)
        monitor._tick()
        await me.pilot.pause()
        with repaints(pane) as changed, repaints(steps) as step, repaints(*others) as rest:
            hand_clock.now += timedelta(seconds=1)
            monitor._tick()
        assert rest == []
        assert len(changed) in range(1, 4)
        assert len(step) <= 1
        assert all(region is not None and region.height == 1 for region in (*changed, *step))


async def test_what_changes_below_is_not_painted(
    make_app: MakeApp, root: Path, processes: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        monitor = await open_monitor(me)
        real = monitor._compositor.render_update
        painted: list[str] = []

        def update(**more: Any) -> Any:
            painted.append("painted")
            return real(**more)

        monkeypatch.setattr(monitor._compositor, "render_update", update)
        # This is how Textual hands on what has changed below.
        monitor.refresh(Region(0, 0, 160, 1))
        me.screen.query_one(Header).line = HeaderLine(left=(Cell("another line"),))
        for _ in range(5):
            await me.pilot.pause(0.05)
        assert painted == []
        monitor.query_one(Header).line = HeaderLine(left=(Cell("another line"),))
        await me.until(lambda: painted, "what is on top is painted")


async def test_a_producer_that_dies_is_told_at_once(make_app: MakeApp, root: Path, processes: FakeTable) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        monitor = await open_monitor(me)
        processes.kill(7)
        me.session.board.monitor(monitor.run_key)
        await me.until(lambda: monitor.facts.run.state is RunState.STUCK, "the run is stuck")
        await me.told("stuck", "make (pid 7)")
        assert "its process: dead" in shown(monitor)
        assert "its producer make (pid 7) is gone" in shown(monitor)
        assert "a new producer" in shown(monitor)
        assert len([note for note in me.said if "stuck" in note.title]) == 1
        await me.press("q")
        await me.until(lambda: "stuck" in " ".join(me.texts("runs")), "Runs shows it")


async def test_what_the_run_writes_shows_while_the_monitor_is_open(
    make_app: MakeApp, root: Path, processes: FakeTable
) -> None:
    _, running, _ = scenes.three(root)
    async with operate(make_app()) as me:
        monitor = await open_monitor(me)
        running.event("step_end", "build", "load_context", "context-loader", at=118, status="succeeded")
        running.event("step_start", "build", "clarify", "clarifier", at=119)
        await me.until(lambda: "build › clarify" in shown(monitor), "the next step shows")
        tail = monitor.query_one("#tail", LogView)
        await me.until(lambda: "clarify" in str(tail.row_at(tail.view.count - 1)), "the log has grown")


async def test_a_run_that_has_ended_can_be_watched_too(make_app: MakeApp, root: Path, processes: FakeTable) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        monitor = await open_monitor(me, scenes.FAILED)
        assert "x failed" in shown(monitor)
        assert "it is written to again" in shown(monitor)


async def test_a_run_that_vanishes_leaves_the_last_picture(make_app: MakeApp, root: Path, processes: FakeTable) -> None:
    import shutil

    _, running, _ = scenes.three(root)
    async with operate(make_app()) as me:
        monitor = await open_monitor(me)
        shutil.rmtree(running.path)
        pane = monitor.query_one("#now", DetailPane)
        await me.until(lambda: any("gone" in badge.text for badge in pane.badges), "it is said to be gone")
        assert "build › load_context" in shown(monitor)


async def test_without_a_run_there_is_nothing_to_monitor(make_app: MakeApp) -> None:
    async with operate(make_app()) as me:
        await me.press("b")
        await me.told("monitor", "no run in scope")
        assert isinstance(me.app.screen, CockpitScreen)


async def test_a_run_that_fails_raises_a_toast_and_the_first_scan_does_not(
    make_app: MakeApp, root: Path, processes: FakeTable
) -> None:
    _, running, _ = scenes.three(root)
    async with operate(make_app()) as me:
        assert me.said == []
        running.step("build", "load_context", "context-loader", at=110, ok=False, error="boom")
        running.event("run_completed", "build", at=111, status="failed", error="boom")
        running.meta("failed", at=111, error="boom")
        note = await me.told(scenes.RUNNING, "failed", "boom")
        assert note.severity == "error"
