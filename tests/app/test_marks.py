"""Marks on runs: one, a range, all; what hides them and what takes them away."""

from pathlib import Path

from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate


def marked(me: Operator) -> set[str]:
    return {run.id for run in me.screen.marking.runs}


def title(me: Operator) -> str:
    return " ".join(cell.text for cell in me.pane("runs").badges)


async def test_space_marks_and_goes_on(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        first, second, _ = me.ids
        await me.press("g", "space")
        assert marked(me) == {first}
        assert me.selected("runs").key == me.key_of(second)
        assert title(me) == "1 marked"
        await me.press("g", "space")
        assert marked(me) == set()
        assert title(me) == ""


async def test_a_range_goes_from_the_last_mark_to_the_cursor(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("G", "space", "g", "v")
        assert marked(me) == set(me.ids)
        assert title(me) == "3 marked"


async def test_all_shown_are_marked_and_unmarked(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("asterisk")
        assert marked(me) == set(me.ids)
        await me.press("asterisk")
        assert marked(me) == set()


async def test_marks_outlive_the_filter_and_escape_takes_the_filter_first(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        everything = set(me.ids)
        await me.press("asterisk", "slash")
        await me.write(scenes.FAILED)
        await me.press("enter")
        assert me.ids == [scenes.FAILED]
        assert marked(me) == everything
        assert title(me).startswith("3 marked (2 hidden)")
        await me.press("escape")
        assert set(me.ids) == everything
        assert marked(me) == everything
        await me.press("escape")
        assert marked(me) == set()


async def test_a_line_that_stands_for_many_runs_marks_all_of_them(make_app: MakeApp, root: Path) -> None:
    for name in ("night-1", "night-2", "night-3"):
        scenes.failed(root, name)
    async with operate(make_app()) as me:
        everything = set(me.ids)
        await me.press("space", "ampersand")
        assert marked(me) == set(), "what was marked before cannot become more than was seen"
        assert len(me.ids) == 1
        await me.press("g", "space")
        assert marked(me) == everything
        await me.press("ampersand")
        assert marked(me) == everything
        assert len(me.pane("runs").marked) == 3
