"""The sparkline: columns, label, caption, and which lines it repaints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.harness import NASTY, Bench, pane_lines, repaints, screen_lines
from widgets.rows import Cell, Tone
from widgets.sparkline import FANCY, PLAIN, Sparkline, columns


def test_columns_rise_with_their_values() -> None:
    assert columns((0, 1, 2, 3, 4, 5, 6, 7), 1, PLAIN) == (" .:-=+*#",)
    assert columns((0, 8, 4), 1, FANCY) == (" █▄",)
    assert columns((), 1, FANCY) == ("",)
    assert columns((0, 0), 2, FANCY) == ("  ", "  ")


def test_columns_of_several_lines_are_filled_from_below() -> None:
    assert columns((16, 12, 8, 1, 0), 2, FANCY) == ("█▄   ", "███▁ ")


@given(st.lists(st.integers(-5, 10**9), max_size=60), st.integers(1, 5), st.sampled_from([FANCY, PLAIN]))
def test_every_value_shows_and_nothing_else(values: list[int], height: int, glyphs: str) -> None:
    lines = columns(tuple(values), height, glyphs)
    assert [len(line) for line in lines] == [len(values)] * height
    for index, value in enumerate(values):
        assert (lines[-1][index] != " ") == (value > 0)


def make(width: int = 40) -> Sparkline:
    spark = Sparkline(id="spark")
    spark.styles.width = width
    return spark


async def test_label_columns_and_caption_fill_the_line() -> None:
    app = Bench(lambda: make(40))
    async with app.run_test(size=(40, 5)):
        spark = app.query_one(Sparkline)
        spark.label, spark.caption = Cell("activity", Tone.DIM), Cell("12m, 5s each", Tone.DIM)
        room = Sparkline.room(40, "activity", "12m, 5s each")
        spark.values = tuple(range(room))
        (line,) = pane_lines(spark)
        assert len(line) == 40
        assert line.startswith(" activity ")
        assert line.rstrip().endswith("# 12m, 5s each")


async def test_the_newest_columns_stay_where_there_is_no_room() -> None:
    app = Bench(lambda: make(12))
    async with app.run_test(size=(12, 5)):
        spark = app.query_one(Sparkline)
        spark.caption = Cell("a caption that has no room")
        spark.values = (*([0] * 20), 7, 0, 7)
        (line,) = pane_lines(spark)
        assert line == "        # # "
        spark.values = (7,)
        assert pane_lines(spark)[0] == "          # "


async def test_only_lines_that_look_different_are_repainted() -> None:
    def tall() -> Sparkline:
        spark = make(20)
        spark.styles.height = 2
        return spark

    app = Bench(tall)
    async with app.run_test(size=(20, 5)) as pilot:
        spark = app.query_one(Sparkline)
        spark.fancy = True
        spark.values = (16, 0, 0)
        await pilot.pause()
        with repaints(spark) as seen:
            spark.values = (16, 0, 0)
        assert seen == []
        with repaints(spark) as seen:
            spark.values = (16, 4, 0)
        assert [(region.y, region.height) for region in seen if region] == [(1, 1)]
        with repaints(spark) as seen:
            spark.caption = Cell("x")
        assert [region.y for region in seen if region] == [1]


@pytest.mark.parametrize("size", [(60, 16), (1, 1), (160, 45)])
async def test_nasty_text_and_any_size_are_drawn(size: tuple[int, int]) -> None:
    app = Bench(Sparkline)
    async with app.run_test(size=size) as pilot:
        spark = app.query_one(Sparkline)
        spark.label, spark.caption, spark.values = Cell(NASTY), Cell(NASTY), (1, 2, 3)
        await pilot.pause()
        assert screen_lines(app)
        assert spark.render_line(9).cell_length == size[0]
