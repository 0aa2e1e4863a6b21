"""The filter and the command line."""

import string
from collections.abc import Sequence

from rich.cells import cell_len

from tests.widgets.harness import NASTY, Bench, screen_lines, type_text
from widgets.filter_bar import FilterBar
from widgets.rows import MenuItem
from widgets.run_list import RunList

COMMANDS = [MenuItem("run.resume", "Resume", "R"), MenuItem("run.retry", "reTry", "T"), MenuItem("app.quit", "quit")]


def complete(text: str) -> Sequence[MenuItem]:
    return [item for item in COMMANDS if text in item.id]


class Listening(Bench):
    """Remembers what its bar says."""

    def on_mount(self) -> None:
        self.changed: list[str] = []
        self.submitted: list[str] = []
        self.cancelled = 0

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        assert event.control is event.bar
        self.changed.append(event.value)

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        self.submitted.append(event.value)

    def on_filter_bar_cancelled(self) -> None:
        self.cancelled += 1


async def test_it_is_hidden_until_opened() -> None:
    app = Listening(RunList, FilterBar)
    async with app.run_test(size=(60, 16)) as pilot:
        bar = app.query_one(FilterBar)
        assert not bar.display
        bar.open("state:failed")
        await pilot.pause()
        assert screen_lines(app)[-1].startswith(" /state:failed")
        assert bar.region.height == 1
        await pilot.press("!")
        await pilot.press("enter")
        await pilot.press("escape")
        await pilot.pause()
        bar.close()
        await pilot.pause()
        assert not screen_lines(app)[-1].startswith(" /")
    assert app.changed[-1] == "state:failed!"
    assert app.submitted == ["state:failed!"]
    assert app.cancelled == 1


async def test_every_printable_character_is_text() -> None:
    app = Listening(RunList, FilterBar)
    typed = string.digits + string.ascii_letters + string.punctuation + " "
    async with app.run_test(size=(160, 16)) as pilot:
        app.query_one(FilterBar).open()
        await pilot.pause()
        await type_text(pilot, typed)
        await pilot.pause()
        assert app.query_one(FilterBar).value == typed
    assert app.changed[-1] == typed
    assert app.submitted == []


async def test_a_problem_stands_beneath_the_text() -> None:
    app = Listening(RunList, FilterBar)
    async with app.run_test(size=(60, 16)) as pilot:
        bar = app.query_one(FilterBar)
        bar.open("age<x")
        bar.problem = NASTY
        await pilot.pause()
        lines = screen_lines(app)
        assert lines[-2].startswith(" /age<x")
        assert lines[-1].startswith(" [/x] [@click")
        assert {cell_len(line) for line in lines} == {60}
        bar.problem = ""
        await pilot.pause()
        assert screen_lines(app)[-1].startswith(" /age<x")


async def test_completions_are_offered_and_taken() -> None:
    app = Listening(RunList, lambda: FilterBar(":", complete))
    async with app.run_test(size=(60, 16)) as pilot:
        bar = app.query_one(FilterBar)
        bar.open()
        await pilot.pause()
        text = "\n".join(screen_lines(app))
        assert all(item.title in text for item in COMMANDS)
        await pilot.press(*"run")
        await pilot.pause()
        assert "quit" not in "\n".join(screen_lines(app))
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert bar.value == "run.retry"
        await pilot.press("tab")
        assert bar.value == "run.resume"
        await pilot.press("shift+tab")
        await pilot.press("enter")
        await pilot.pause()
    assert app.submitted == ["run.retry"]


HISTORY = ["sort name", "filter state:failed", "sort age"]


async def test_up_and_down_walk_the_lines_that_begin_with_what_was_typed() -> None:
    app = Listening(RunList, lambda: FilterBar(":", complete, history=lambda: HISTORY))
    async with app.run_test(size=(60, 16)) as pilot:
        bar = app.query_one(FilterBar)
        bar.open()
        seen = []
        for key in ("up", "up", "up", "up", "down", "down", "down", "down"):
            await pilot.press(key)
            seen.append(bar.value)
        newest_first = HISTORY[::-1]
        assert seen == [*newest_first, newest_first[2], *newest_first[1::-1], "", ""]
        await pilot.press(*"so", "up")
        assert bar.value == "sort age"
        await pilot.press("up")
        assert bar.value == "sort name"
        await pilot.press("down", "down")
        assert bar.value == "so"
        await pilot.press("up", "x", "enter")
    assert app.submitted == ["sort agex"]
