"""Checklist, detail, log view and the other panes, each alone."""

from typing import Any

import pytest
from rich.cells import cell_len

from tests.widgets.harness import NASTY, SIZES, Bench, body_lines, pane_lines, repaints, screen_lines
from widgets.checklist import Checklist
from widgets.detail import DetailPane
from widgets.line_list import LineList
from widgets.log_view import LogView
from widgets.receipt_list import ReceiptList
from widgets.routing_log import RoutingLog
from widgets.rows import Cell, CheckRow, Level, LogRow, ReceiptRow, Row, TextRow, Tone
from widgets.timeline import Timeline

ITEMS = (
    CheckRow(key="=a", text=Cell("Detect"), heading=True),
    CheckRow(key="1", state=Cell("[x]", Tone.OK), text=Cell("Read the receipt"), by=Cell("ann"), at=Cell("12:04")),
    CheckRow(key="2", state=Cell("[ ]"), text=Cell("Compare the handoff of the step with its receipt and its diff")),
    CheckRow(key="=b", text=Cell("Fix"), heading=True),
    CheckRow(key="3", state=Cell("[ ]"), text=Cell("Retry the step")),
)


class Listening(Bench):
    """Remembers what its panes say."""

    def on_mount(self) -> None:
        self.ticked: list[str] = []
        self.menus: list[str] = []
        self.chosen: list[str] = []

    def on_checklist_ticked(self, event: Checklist.Ticked) -> None:
        assert event.control is event.list
        self.ticked.append(event.key)

    def on_checklist_menu_requested(self, event: Checklist.MenuRequested) -> None:
        self.menus.append(event.key)

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        self.chosen.append(event.key)


async def test_headings_of_a_checklist_are_passed_over() -> None:
    app = Listening(lambda: Checklist(title="Checklist"))
    async with app.run_test(size=(80, 24)) as pilot:
        checks = app.query_one(Checklist)
        checks.set_rows(ITEMS)
        checks.focus()
        keys = [checks.cursor_key]
        for key in ["j", "j", "j", "g", "k", "G"]:
            await pilot.press(key)
            keys.append(checks.cursor_key)
        await pilot.press("space", "x")
        await pilot.pause()
    assert keys == ["1", "2", "3", "3", "1", "1", "3"]
    assert (app.ticked, app.menus) == (["3"], ["3"])


async def test_long_items_are_wrapped_and_selected_as_one() -> None:
    app = Listening(lambda: Checklist(title="Checklist"))
    async with app.run_test(size=(40, 16)) as pilot:
        checks = app.query_one(Checklist)
        checks.set_rows(ITEMS)
        checks.move_to("2")
        await pilot.pause()
        lines = body_lines(checks)
        assert [line.rstrip() for line in lines[2:5]] == [
            ">[ ] Compare the handoff of the",
            ">    step with its receipt and",
            ">    its diff",
        ]
        await pilot.resize_terminal(150, 16)
        await pilot.pause()
        assert checks.cursor_key == "2"
        assert "receipt and its diff" in body_lines(checks)[2]


async def test_a_tick_repaints_its_line_only() -> None:
    app = Bench(Checklist)
    async with app.run_test(size=(80, 24)) as pilot:
        checks = app.query_one(Checklist)
        checks.set_rows(ITEMS)
        await pilot.pause()
        done = CheckRow(key="3", state=Cell("[x]", Tone.OK), text=Cell("Retry the step"))
        with repaints(checks) as seen:
            checks.set_rows((*ITEMS[:-1], done))
        assert len(seen) == 1
        assert seen[0] is not None
        assert "Retry" in pane_lines(checks)[seen[0].y]


DETAIL = (
    TextRow(key="0", spans=(Cell("x failed", Tone.BAD), Cell("  the run", Tone.STRONG))),
    TextRow(key="1"),
    TextRow(key="2", spans=(Cell("receipt of ", Tone.DIM), Cell("critic says that the suite exited with 1"))),
    TextRow(key="3", indent=2, link=True, spans=(Cell("build/receipts/critic.json:14", Tone.ACCENT),)),
)


async def test_details_are_wrapped_and_links_lead_on() -> None:
    app = Listening(lambda: DetailPane(title="Detail", number="0"))
    async with app.run_test(size=(30, 16)) as pilot:
        detail = app.query_one(DetailPane)
        detail.set_rows(DETAIL)
        detail.focus()
        await pilot.pause()
        lines = [line.rstrip() for line in body_lines(detail)]
        assert lines[0] == ">x failed  the run"
        assert [line.strip() for line in lines[2:4]] == ["receipt of critic says that", "the suite exited with 1"]
        assert lines[4] == "   › build/receipts/critic.j"
        assert lines[5] == "     son:14"
        await pilot.press("enter", "G", "enter")
        await pilot.pause()
        assert app.chosen == ["3"]


async def test_details_keep_their_tones_over_line_breaks() -> None:
    app = Bench(DetailPane)
    async with app.run_test(size=(24, 16)) as pilot:
        detail = app.query_one(DetailPane)
        detail.set_rows(DETAIL)
        await pilot.pause()
        dim = detail.palette.style(Tone.DIM).color
        strip = detail.render_line(3)
        tones = {segment.text.strip(): segment.style.color for segment in strip if segment.style}
        assert tones["receipt of"] == dim
        assert tones.get("critic says", tones.get("critic")) != dim


async def test_wrapped_fields_hang_under_their_value() -> None:
    app = Bench(DetailPane)
    row = TextRow(key="c", hang=10, spans=(Cell("command   ", Tone.DIM), Cell("make stepwise-retry RUN_ID=a STEP=b")))
    async with app.run_test(size=(34, 6)) as pilot:
        detail = app.query_one(DetailPane)
        detail.set_rows((row,))
        await pilot.pause()
        assert [line.rstrip() for line in body_lines(detail)[:3]] == [
            ">command   make stepwise-retry",
            "           RUN_ID=a STEP=b",
            "",
        ]


def file_rows(count: int) -> tuple[LogRow, ...]:
    return tuple(
        LogRow(
            key=str(index),
            level=Level.ERROR if index == 70 else Level.INFO,
            at=Cell(str(index + 1), Tone.DIM),
            text=Cell(f"line {index + 1} " + "=" * 100 + f" end {index + 1}"),
        )
        for index in range(count)
    )


async def test_a_file_opens_at_its_line() -> None:
    app = Bench(lambda: LogView(title="Log", number="6"))
    async with app.run_test(size=(60, 16)) as pilot:
        log = app.query_one(LogView)
        log.show(file_rows(100), at=41)
        await pilot.pause()
        assert not log.following
        assert log.cursor_key == "41"
        assert any(line.startswith(">  42 line 42 ===") for line in body_lines(log))
        log.show(file_rows(30), at=10_000)
        assert log.cursor_key == "29"
        log.show((), at=3)
        await pilot.pause()
        assert log.cursor_key is None


async def test_a_live_file_opens_at_its_end() -> None:
    app = Bench(LogView)
    async with app.run_test(size=(60, 16)) as pilot:
        log = app.query_one(LogView)
        log.following = True
        log.show(file_rows(100))
        await pilot.pause()
        assert "line 100" in body_lines(log)[-1]


async def test_wide_lines_are_scrolled_sideways() -> None:
    app = Bench(LogView)
    async with app.run_test(size=(60, 16)) as pilot:
        log = app.query_one(LogView)
        log.show(file_rows(100), at=0)
        log.focus()
        await pilot.press("shift+left")
        assert log.offset_x == 0
        await pilot.press(*["shift+right"] * 5)
        await pilot.pause()
        first = body_lines(log)[0]
        assert first.startswith(">   1 …")
        assert "end 1" in first
        assert log.hunt(frozenset({Level.ERROR}))
        assert log.cursor_index == 70
        await pilot.press(*["shift+left"] * 5)
        await pilot.pause()
        assert any("line 71 =" in line for line in body_lines(log))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pane", [ReceiptList, RoutingLog, Timeline, Checklist, DetailPane, LogView])
async def test_nasty_text_in_every_cell(pane: type[LineList[Any]], size: tuple[int, int]) -> None:
    cell = Cell(NASTY, Tone.BAD)
    rows: dict[type[LineList[Any]], Row] = {
        ReceiptList: ReceiptRow(key="k", state=cell, step=cell, agent=cell, took=cell, tokens=cell, at=cell, note=cell),
        Checklist: CheckRow(key="k", state=cell, text=cell, by=cell, at=cell, note=cell),
        DetailPane: TextRow(key="k", spans=(cell, cell), link=True, indent=3),
    }
    row = rows.get(pane, LogRow(key="k", at=cell, where=cell, what=cell, text=cell))
    heading = CheckRow(key="h", text=cell, heading=True)
    app = Bench(lambda: pane(title=NASTY, number="3"))
    async with app.run_test(size=size) as pilot:
        widget = app.query_one(pane)
        widget.set_rows((heading, row) if pane is Checklist else (row,))
        widget.focus()
        await pilot.press("enter", "shift+right")
        await pilot.pause()
        assert {cell_len(line) for line in pane_lines(widget)} == {size[0]}
        assert {cell_len(line) for line in screen_lines(app)} == {size[0]}
        assert "[/x]" in "".join(body_lines(widget)) or "@click" in "".join(body_lines(widget))
