"""Header, footer and tab line."""

import pytest
from rich.cells import cell_len

from tests.widgets.harness import NASTY, SIZES, Bench, pane_lines, repaints
from widgets.footer import Footer
from widgets.header import Header, arrange
from widgets.rows import Cell, HeaderLine, KeyHint, Tone
from widgets.tab_line import Tab, TabLine

LINE = HeaderLine(
    left=(Cell("cockpit", Tone.STRONG), Cell("x3 failed", Tone.BAD), Cell("health-check › build")),
    right=(Cell("scanning 3/9", Tone.BUSY), Cell("live", Tone.OK), Cell("12:04Z", Tone.DIM)),
)


def texts(width: int, keep: int = 1) -> list[list[str]]:
    return [[cell.text for cell in cells] for cells in arrange(LINE, width, keep)]


def test_the_header_drops_what_matters_least() -> None:
    assert texts(80) == [["cockpit", "x3 failed", "health-check › build"], ["scanning 3/9", "live", "12:04Z"]]
    assert texts(58) == [["cockpit", "x3 failed"], ["scanning 3/9", "live", "12:04Z"]]
    assert texts(30) == [["cockpit"], ["scanning 3/9", "live"]]
    assert texts(22) == [["cockpit"], ["scanning 3/9"]]
    assert texts(58, keep=3) == [["cockpit", "x3 failed", "health-check › build"], ["scanning 3/9"]]
    assert texts(5) == [["cock…"], []]
    assert texts(16, keep=2) == [["cockpit", "x3 fai…"], []]


@pytest.mark.parametrize("size", SIZES)
async def test_the_header_is_one_line_that_never_hides(size: tuple[int, int]) -> None:
    app = Bench(Header)
    async with app.run_test(size=size) as pilot:
        header = app.query_one(Header)
        header.line = LINE
        await pilot.pause()
        assert header.size.height == 1
        line = pane_lines(header)[0]
        assert cell_len(line) == size[0]
        assert line.startswith(" cockpit  x3 failed")
        header.line = HeaderLine(left=(Cell(NASTY), Cell(NASTY)), right=(Cell(NASTY),))
        await pilot.pause()
        assert pane_lines(header)[0].startswith(" [/x] [@click=app.quit]")
        assert cell_len(pane_lines(header)[0]) == size[0]


async def test_an_unchanged_header_is_not_repainted() -> None:
    app = Bench(Header)
    async with app.run_test(size=(80, 24)) as pilot:
        header = app.query_one(Header)
        header.line = LINE
        await pilot.pause()
        with repaints(header) as seen:
            header.line = HeaderLine(LINE.left, LINE.right)
        assert seen == []


async def test_the_footer_shows_the_keys_that_fit() -> None:
    app = Bench(Footer)
    hints = (KeyHint("enter", "open"), KeyHint("R", "Resume", disabled="no step failed"), KeyHint("?", "help"))
    async with app.run_test(size=(60, 16)) as pilot:
        footer = app.query_one(Footer)
        footer.hints = hints
        await pilot.pause()
        assert pane_lines(footer)[0].rstrip() == " enter open  R Resume  ? help"
        colours = {
            word: segment.style.color
            for segment in footer.render_line(0)
            if segment.style
            for word in segment.text.split()
        }
        assert colours["R"] == colours["Resume"] == footer.palette.style(Tone.DIM).color
        assert len({colours["enter"], colours["open"], colours["Resume"]}) == 3
        footer.notice = Cell("copied", Tone.OK)
        await pilot.pause()
        assert pane_lines(footer)[0].startswith(" copied   enter open")
        await pilot.resize_terminal(18, 16)
        await pilot.pause()
        assert pane_lines(footer)[0].rstrip() == " copied   ? help"
        footer.notice = Cell(NASTY)
        footer.hints = (KeyHint(NASTY, NASTY),)
        await pilot.pause()
        assert cell_len(pane_lines(footer)[0]) == 18


TABS = (Tab("runs", "1", "Runs"), Tab("receipts", "2", "Receipts"), Tab("routing", "3", "Routing", Cell("+3")))


async def test_the_tab_line_keeps_the_current_tab_in_view() -> None:
    app = Bench(TabLine)
    async with app.run_test(size=(60, 16)) as pilot:
        line = app.query_one(TabLine)
        line.tabs, line.current = TABS, "receipts"
        await pilot.pause()
        assert pane_lines(line)[0].rstrip() == " 1 Runs  2 Receipts  3 Routing +3"
        await pilot.resize_terminal(22, 16)
        await pilot.pause()
        assert pane_lines(line)[0].rstrip() == " 1  2 Receipts  3"
        line.current = "routing"
        await pilot.resize_terminal(12, 16)
        await pilot.pause()
        assert pane_lines(line)[0] == " 3 Routing …"


async def test_a_click_on_a_tab_selects_it() -> None:
    selected: list[str] = []

    class App(Bench):
        def on_tab_line_selected(self, event: TabLine.Selected) -> None:
            selected.append(event.key)

    app = App(TabLine)
    async with app.run_test(size=(60, 16)) as pilot:
        app.query_one(TabLine).tabs = TABS
        await pilot.click(TabLine, offset=(10, 0))
        await pilot.pause()
    assert selected == ["receipts"]
