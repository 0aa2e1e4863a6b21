"""A list of rows: what it repaints, where its cursor goes, what it says."""

from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from textual.geometry import Region

from tests.widgets.harness import (
    NASTY,
    SIZES,
    Bench,
    LazyRuns,
    body_lines,
    keys_in_view,
    pane_lines,
    repaints,
    run_row,
    run_rows,
    screen_lines,
)
from widgets.line_list import LineList
from widgets.rows import Cell, EmptyState, Tone
from widgets.run_list import RunList


def bench() -> Bench:
    return Bench(lambda: RunList(title="Runs", number="1", id="runs"))


async def test_rows_are_drawn_in_their_frame() -> None:
    app = bench()
    async with app.run_test(size=(80, 8)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(3))
        runs.count = "3"
        await pilot.pause()
        lines = pane_lines(runs)
    assert lines[0].startswith("┌─[1] Runs 3 ─")
    assert lines[0].endswith("┐")
    assert lines[1].startswith("│>+ succeeded")
    assert "name-1" in lines[2]
    assert lines[7] == "└" + "─" * 78 + "┘"
    assert {cell_len(line) for line in lines} == {80}


async def test_a_changed_row_repaints_its_line_only() -> None:
    app = bench()
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        rows = run_rows(100)
        runs.set_rows(rows)
        await pilot.pause()
        with repaints(runs) as seen:
            runs.set_rows((*rows[:7], replace(rows[7], note=Cell("something else")), *rows[8:]))
        assert seen == [Region(0, 8, 160, 1)]
        await pilot.pause()
        assert "something else" in pane_lines(runs)[8]


async def test_rows_that_look_the_same_repaint_nothing() -> None:
    app = bench()
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(100))
        await pilot.pause()
        with repaints(runs) as seen:
            runs.set_rows(run_rows(100))
            changed_out_of_view = (*run_rows(99), run_row(99, note="out of view"))
            runs.set_rows(changed_out_of_view)
        assert seen == []


async def test_a_changed_count_repaints_the_title_only() -> None:
    app = bench()
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(100))
        await pilot.pause()
        with repaints(runs) as seen:
            runs.count = "100"
            runs.badges = (Cell("3 new", Tone.ACCENT),)
        assert set(seen) == {Region(0, 0, 160, 1)}
        assert "Runs 100 3 new" in pane_lines(runs)[0]


async def test_moving_the_cursor_repaints_two_lines_and_the_position() -> None:
    app = bench()
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(100))
        runs.focus()
        await pilot.pause()
        with repaints(runs) as seen:
            runs.action_cursor_down()
        assert [region and region.y for region in seen] == [1, 2, 44]


async def test_one_changed_row_costs_under_a_kilobyte() -> None:
    app = bench()
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        rows = run_rows(100)
        runs.set_rows(rows)
        await pilot.pause()
        runs.set_rows((*rows[:7], replace(rows[7], note=Cell(NASTY)), *rows[8:]))
        app.screen._compositor.update_widgets({runs})
        update = app.screen._compositor.render_partial_update()
        assert update is not None
        sent = update.render_segments(app.console)
    assert 0 < len(sent.encode()) < 1_000


async def test_a_million_lazy_rows_cost_what_is_in_view() -> None:
    app = bench()
    rows = LazyRuns(1_000_000)
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(rows)
        await pilot.pause()
        assert len(rows.asked) <= 45
        rows.asked.clear()
        runs.focus()
        await pilot.press("G", "j", "k")
        await pilot.pause()
        assert runs.cursor_index == 999_998
        assert "name-999999" in "".join(body_lines(runs))
        assert len(rows.asked) <= 45
        rows.asked.clear()
        runs.set_rows(rows)
        await pilot.pause()
        assert len(rows.asked) <= 45


async def test_lazy_rows_with_an_index_keep_the_cursor_on_its_key() -> None:
    class Indexed(LazyRuns):
        def index_of(self, key: str) -> int | None:
            return {"run-3": 5}.get(key)

        def __getitem__(self, index: Any) -> Any:
            return run_row(3) if index == 5 else run_row(100 + index)

    app = bench()
    async with app.run_test(size=(80, 24)):
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(9))
        runs.move_to(3)
        runs.set_rows(Indexed(9))
        assert (runs.cursor_index, runs.cursor_key) == (5, "run-3")


@pytest.mark.parametrize(
    ("order", "index"),
    [
        ([99, 0, 1, 2, 3, 4], 3),
        ([2], 0),
        ([4, 3, 2, 1, 0], 2),
        ([0, 1, 2], 2),
    ],
    ids=["inserted before", "others removed", "sorted", "removed after"],
)
async def test_the_cursor_follows_its_key(order: list[int], index: int) -> None:
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(5))
        runs.move_to("run-2")
        await pilot.pause()
        runs.set_rows(tuple(run_row(number) for number in order))
        await pilot.pause()
        assert (runs.cursor_key, runs.cursor_index) == ("run-2", index)
        assert runs.view.visible.start <= runs.cursor_index


async def test_the_cursor_stays_where_its_row_was_and_says_so() -> None:
    heard: list[tuple[str | None, int]] = []

    class App(Bench):
        def on_line_list_highlighted(self, event: LineList.Highlighted) -> None:
            heard.append((event.key, event.index))

    app = App(lambda: RunList(id="runs"))
    async with app.run_test(size=(80, 24)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(5))
        runs.move_to("run-2")
        await pilot.pause()
        runs.set_rows(tuple(row for row in run_rows(5) if row.key != "run-2"))
        await pilot.pause()
        runs.set_rows(())
        await pilot.pause()
    assert heard[-2:] == [("run-3", 2), (None, -1)]


async def test_the_view_stays_on_its_rows_when_others_come_before() -> None:
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        runs = app.query_one(RunList)
        rows = run_rows(200)
        runs.set_rows(rows)
        runs.move_to(100)
        await pilot.pause()
        before = keys_in_view(runs)
        with repaints(runs) as seen:
            runs.set_rows((*(run_row(1000 + number) for number in range(3)), *rows))
        assert keys_in_view(runs) == before
        assert [region and region.y for region in seen] == [23]


async def test_movement_keys() -> None:
    app = bench()
    async with app.run_test(size=(80, 22)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(100))
        runs.focus()
        await pilot.pause()
        at = []
        for key in ["j", "down", "k", "G", "up", "g", "end", "home", "ctrl+d", "ctrl+u", "pagedown", "pageup"]:
            await pilot.press(key)
            at.append(runs.cursor_index)
    assert at == [1, 2, 1, 99, 98, 0, 99, 0, 10, 0, 19, 0]


async def test_enter_chooses_the_row_under_the_cursor() -> None:
    chosen: list[str] = []

    class App(Bench):
        def on_line_list_chosen(self, event: LineList.Chosen) -> None:
            assert event.control is event.list
            chosen.append(event.key)

    app = App(lambda: RunList(id="runs"))
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(RunList).focus()
        await pilot.press("enter")
        app.query_one(RunList).set_rows(run_rows(5))
        await pilot.press("j", "enter")
        await pilot.pause()
    assert chosen == ["run-1"]


async def test_marks_show_in_the_gutter() -> None:
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows((*run_rows(3), replace(run_row(3), marked=True)))
        await pilot.pause()
        runs.action_mark()
        await pilot.pause()
        assert runs.marked == {"run-0"}
        assert [line[0] for line in body_lines(runs)[:4]] == ["*", ">", " ", "*"]


async def test_an_unfocused_list_still_shows_its_cursor() -> None:
    app = Bench(lambda: RunList(id="a"), lambda: RunList(id="b"))
    async with app.run_test(size=(80, 24)) as pilot:
        first, second = app.query(RunList)
        first.set_rows(run_rows(3))
        second.set_rows(run_rows(3))
        first.focus()
        await pilot.pause()
        focused, blurred = first.render_line(1), second.render_line(1)
    assert focused.text == blurred.text
    backgrounds = [{segment.style.bgcolor for segment in strip if segment.style} for strip in (focused, blurred)]
    assert backgrounds[0] != backgrounds[1]


async def test_an_empty_list_says_what_to_do() -> None:
    state = EmptyState("No runs here", ("press / to change the filter", "or give another --root"))
    app = Bench(lambda: RunList(empty=state))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        lines = body_lines(app.query_one(RunList))
        assert sum(1 for line in lines if line.strip()) == 3
        title = next(line for line in lines if "No runs here" in line)
        assert abs(title.index("N") - (len(title) - title.rindex("e") - 1)) <= 1
        app.query_one(RunList).set_rows(run_rows(1))
        await pilot.pause()
        assert "No runs" not in "".join(body_lines(app.query_one(RunList)))


@pytest.mark.parametrize("size", SIZES)
async def test_nasty_text_shifts_nothing_and_does_nothing(size: tuple[int, int]) -> None:
    app = Bench(lambda: RunList(title=NASTY, number="1", id="runs", show_header=True))
    cell = Cell(NASTY, Tone.WARN)
    async with app.run_test(size=size) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(
            tuple(
                replace(run_row(number), name=cell, where=cell, steps=cell, age=cell, claim=cell, note=cell, state=cell)
                for number in range(50)
            )
        )
        runs.count = NASTY
        runs.badges = (cell,)
        runs.subtitle = cell
        await pilot.pause()
        assert {cell_len(line) for line in pane_lines(runs)} == {size[0]}
        assert all(line[0] in "┌│└" and line[-1] in "┐│┃┘" for line in pane_lines(runs))
        assert "[/x] [" in "".join(pane_lines(runs))
        await pilot.click(RunList, offset=(14, 3))
        await pilot.pause()
        assert app.is_running
        assert {cell_len(line) for line in screen_lines(app)} == {size[0]}


async def test_every_size_down_to_one_line() -> None:
    app = bench()
    async with app.run_test(size=(160, 45)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(100))
        runs.move_to(50)
        for width, height in [(60, 16), (30, 5), (12, 3), (8, 2), (5, 1), (2, 1), (80, 24)]:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            lines = pane_lines(runs)
            assert {cell_len(line) for line in lines} == {width}
            assert runs.cursor_key == "run-50"
        assert any("name-50" in line for line in pane_lines(runs))


async def test_a_closed_pane_is_its_title() -> None:
    app = bench()
    async with app.run_test(size=(40, 1)) as pilot:
        runs = app.query_one(RunList)
        runs.count = "38"
        await pilot.pause()
        assert pane_lines(runs) == ["──[1] Runs 38 " + "─" * 26]


async def test_the_header_line_names_the_columns() -> None:
    app = Bench(lambda: RunList(show_header=True))
    async with app.run_test(size=(80, 10)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(100))
        runs.focus()
        await pilot.press("G")
        lines = body_lines(runs)
    assert lines[0].split()[:3] == ["state", "claims", "run"]
    assert "name-99" in lines[-1]
    assert lines[0].index("run") == lines[-1].index("name-99")


async def test_a_list_without_frame_uses_every_line() -> None:
    app = Bench(lambda: RunList(framed=False))
    async with app.run_test(size=(60, 5)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(5))
        await pilot.pause()
        assert ["name-" in line for line in pane_lines(runs)] == [True] * 5


async def test_a_click_selects_and_a_second_one_chooses() -> None:
    chosen: list[str] = []

    class App(Bench):
        def on_line_list_chosen(self, event: LineList.Chosen) -> None:
            chosen.append(event.key)

    app = App(lambda: RunList(id="runs"))
    async with app.run_test(size=(60, 10)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(5))
        await pilot.pause()
        await pilot.click(RunList, offset=(5, 3))
        assert (runs.cursor_index, chosen) == (2, [])
        await pilot.click(RunList, offset=(5, 3), times=2)
        await pilot.pause()
    assert chosen == ["run-2"]
