"""What turns bad, or runs out, is told on the screen: once, by the rules in force, and remembered."""

from datetime import timedelta
from pathlib import Path

from cockpit.attention_memory import load_memory, memory_path
from cockpit.incident_index import IncidentIndex
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, operate


async def test_a_run_that_fails_is_counted_until_a_key_is_pressed(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        await me.quiet()
        assert "new" not in me.header.split()
        run.event("step_error", "build", "load_context", "context-loader", at=70, error=scenes.ERROR)
        run.receipt("build", "load_context", "context-loader", status="failed", error=scenes.ERROR, at=70)
        run.meta("failed", error=scenes.ERROR, at=71)
        await me.until(lambda: "1 new" in me.header, "the header counts it")
        await me.told(f"{scenes.RUNNING} failed")
        await me.press("j")
        await me.until(lambda: "1 new" not in me.header, "seen is seen")
    told = load_memory(memory_path([root]))
    assert told is not None
    assert sorted(key.rpartition("/")[2] for key in told) == [scenes.FAILED, scenes.RUNNING]


async def test_a_clock_that_runs_out_is_told_and_not_again_by_the_next_cockpit(
    make_app: MakeApp, root: Path, hand_clock: HandClock
) -> None:
    scenes.three(root)
    app = make_app()
    app.session.load()
    made = IncidentIndex(app.session).desk(root).declare("Masked failure", answers="yn")
    async with operate(app) as me:
        await me.until(lambda: me.screen.responding.open, "the incident is known")
        hand_clock.now += timedelta(minutes=51)
        me.screen._tick()
        await me.told(made.id, "about to run out")
        assert "1 new" in me.header
        said = len(me.said)
        me.screen._tick()
        await me.quiet()
        assert len(me.said) == said
    async with operate(make_app()) as again:
        await again.until(lambda: again.screen.responding.open, "the incident is known")
        await again.quiet()
        again.screen._tick()
        assert not [note.title for note in again.said if made.id in note.title]
