"""Into a run, to its step, to the line of evidence, and back; panes, zoom, anchor, freeze, times."""

from pathlib import Path

import pytest

from cockpit.presenters.links import link_of
from cockpit.screens.view import NUMBERS, PANES
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate, states


def log_title(me: Operator) -> str:
    pane = me.pane("log")
    return " ".join([pane.subtitle.text, *(badge.text for badge in pane.badges)])


def name_of(path: str) -> str:
    """The title may leave out the folders that all files of the run share."""
    return path.rpartition("/")[2]


async def test_enter_leads_to_the_step_and_its_file_and_escape_back(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("enter")
        assert me.active == "receipts"
        assert me.selected("receipts").step.text == "build › clarify"
        await me.press("g")
        await me.until(lambda: me.scope.step == ("build", "branch"), "the step under the cursor is in scope")
        assert "branch" in me.text("detail")
        assert "step" in [badge.text for badge in me.pane("detail").badges]
        await me.press("enter")
        assert me.active == "log"
        await me.until(lambda: "branch" in log_title(me) and me.pane("log").rows, "a file of the step is open")
        await me.press("escape")
        assert me.active == "receipts"
        await me.press("escape")
        assert me.active == "runs"
        assert me.scope.step is None
        assert scenes.FAILED in me.text("detail")


async def test_enter_on_a_decision_opens_its_line(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("3", "g", "j")
        assert not me.pane("routing").following
        await me.press("enter")
        assert me.active == "log"
        await me.until(lambda: "decisions.jsonl" in log_title(me) and len(me.pane("log").rows) == 3)
        await me.until(lambda: me.pane("log").cursor_index == 1, "the cursor is on the line of the decision")
        assert "load_context is done" in me.texts("log")[1]


async def test_enter_on_evidence_opens_its_line(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("0")
        detail = me.pane("detail")
        place, link = next(
            (index, found)
            for index in range(len(detail.rows))
            if (found := link_of(detail.row_at(index).key)) is not None and found.line is not None
        )
        assert detail.move_to(place)
        await me.press("enter")
        assert me.active == "log"
        await me.until(lambda: link.path.rpartition("/")[2] in log_title(me), "the file of the evidence is open")
        await me.until(lambda: me.pane("log").cursor_index == (link.line or 0) - 1, "the cursor is on its line")


async def test_enter_on_a_line_that_leads_nowhere_does_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("0", "g", "enter")
        assert me.active == "detail"


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24), (60, 16)])
async def test_every_pane_by_its_number_and_by_tab(make_app: MakeApp, root: Path, size: tuple[int, int]) -> None:
    scenes.three(root)
    async with operate(make_app(), size) as me:
        for name in PANES:
            await me.press(NUMBERS[name])
            assert me.active == name
            assert me.screen.focused is me.pane(name)
            assert me.pane(name).size.height >= 3
        await me.press("1")
        seen = []
        for _ in PANES:
            await me.press("tab")
            seen.append(me.active)
        assert seen == [*PANES[1:], PANES[0]]
        await me.press("shift+tab")
        assert me.active == PANES[-1]


async def test_minus_swaps_with_the_view_before(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("3", "5", "minus")
        assert me.active == "routing"
        await me.press("minus")
        assert me.active == "timeline"


async def test_zoom_fills_the_screen_and_escape_leaves_it(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("2", "z")
        await me.pilot.pause()
        assert me.screen.deck.state.zoomed
        assert me.pane("receipts").size == me.screen.deck.size
        await me.press("3")
        assert me.pane("routing").size == me.screen.deck.size
        await me.press("escape")
        assert not me.screen.deck.state.zoomed
        assert me.active == "routing"
        assert me.pane("routing").size.height < me.screen.deck.size.height


async def test_brackets_turn_to_the_other_files(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.until(lambda: "transcript" in log_title(me))
        files = me.screen.logfiles.files
        assert len(files) > 2
        seen = []
        for file in [*files[1:], files[0]]:
            await me.press("right_square_bracket")
            wanted = name_of(file.path)
            await me.until(lambda name=wanted: name in log_title(me), f"{wanted} is open")  # type: ignore[misc]
            seen.append(me.pane("log").count)
        assert len(set(seen)) == len(files)
        await me.press("left_square_bracket")
        await me.until(lambda: name_of(files[-1].path) in log_title(me))


async def test_a_file_that_was_chosen_stays_while_the_run_changes(make_app: MakeApp, root: Path) -> None:
    run = scenes.failed(root)
    async with operate(make_app()) as me:
        await me.until(lambda: "transcript" in log_title(me))
        await me.press("right_square_bracket")
        chosen = name_of(me.screen.logfiles.files[1].path)
        await me.until(lambda: chosen in log_title(me))
        run.event("step_start", "build", "author_tests", "test-author", at=40)
        await me.until(lambda: "author_tests" in me.text("receipts"))
        await me.quiet()
        assert chosen in log_title(me)


async def test_an_anchored_scope_stays_while_the_cursor_moves(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("a", "j")
        await me.quiet()
        assert me.pane("runs").cursor_key == me.key_of(scenes.RUNNING)
        assert me.run.id == scenes.FAILED
        assert scenes.FAILED in me.text("detail")
        assert "anchored" in me.header.lower()
        await me.press("a")
        await me.until(lambda: me.run.id == scenes.RUNNING)
        assert "anchored" not in me.header.lower()


async def test_an_anchored_run_that_vanishes_lets_go(make_app: MakeApp, root: Path) -> None:
    import shutil

    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("a", "j")
        shutil.rmtree(scenes.runs_of(root) / scenes.FAILED)
        await me.until(lambda: scenes.FAILED not in me.ids)
        await me.until(lambda: me.run.id == scenes.RUNNING)
        assert me.scope.key == me.pane("runs").cursor_key


async def test_frozen_nothing_changes_and_thawed_everything_has(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        receipts = me.text("receipts")
        await me.press("equals_sign")
        assert "FROZEN" in me.header
        run.event("step_error", "build", "load_context", "context-loader", at=70, error=scenes.ERROR)
        run.receipt("build", "load_context", "context-loader", status="failed", error=scenes.ERROR, at=70)
        run.meta("failed", error=scenes.ERROR, at=71)
        scenes.failed(root, "run-20261121-040000-unseen")
        await me.until(lambda: len(me.screen.latest.runs) == 4, "the board has seen it")
        await me.until(
            lambda: sum(found.state.value == "failed" for found in me.screen.latest.runs) == 3, "and the change"
        )
        await me.pilot.pause()
        assert len(me.ids) == 3
        assert me.ids.count("run-20261121-040000-unseen") == 0
        assert states(me.pane("runs").rows) == ["failed", "running", "succeeded"]
        assert me.text("receipts") == receipts
        await me.press("equals_sign")
        assert "FROZEN" not in me.header
        assert len(me.ids) == 4
        await me.until(lambda: "failed" in states(me.pane("receipts").rows))
        assert me.run.id == scenes.RUNNING


async def test_frozen_another_run_can_be_looked_at(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("equals_sign", "j")
        await me.until(lambda: me.run.id == scenes.RUNNING and me.scope.detail is not None)
        assert states(me.pane("receipts").rows)[:2] == ["succeeded", "running"]


async def test_sort_goes_round_and_the_cursor_stays_with_its_run(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        orders = []
        for _ in range(4):
            await me.press("s")
            orders.append((me.screen.view.sort.value, me.ids))
            assert me.run.id == scenes.RUNNING
            assert me.pane("runs").cursor_key == me.key_of(scenes.RUNNING)
        assert [name for name, _ in orders] == ["changed", "age", "name", "attention"]
        assert orders[0][1][0] == scenes.RUNNING
        assert orders[2][1] == sorted([scenes.FAILED, scenes.RUNNING, scenes.DONE])
        assert orders[3][1] == [scenes.FAILED, scenes.RUNNING, scenes.DONE]


async def test_times_go_round(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        seen = [me.row("receipts", 0).at.text]
        for _ in range(2):
            await me.press("t")
            seen.append(me.row("receipts", 0).at.text)
        assert len(set(seen)) >= 2
        assert "04:00" in seen[1]
        await me.press("t")
        assert me.row("receipts", 0).at.text == seen[0]


async def test_follow_only_where_there_is_an_end(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("f")
        await me.told("follow")
        await me.press("3")
        assert me.pane("routing").following
        await me.press("f")
        assert not me.pane("routing").following
        await me.press("g", "f")
        assert me.pane("routing").following
        assert me.pane("routing").cursor_index == 2


async def test_routing_grows_under_a_follower_and_waits_for_a_reader(make_app: MakeApp, root: Path) -> None:
    run = scenes.failed(root)
    async with operate(make_app()) as me:
        routing = me.pane("routing")
        await me.press("3", "g")
        run.decision("build", "clarify", "CONTINUE", at=40, reason="later")
        await me.until(lambda: len(routing.rows) == 4)
        assert routing.cursor_index == 0
        await me.press("f")
        run.decision("build", "clarify", "CONTINUE", at=41, reason="still later")
        await me.until(lambda: len(routing.rows) == 5)
        assert routing.cursor_index == 4
