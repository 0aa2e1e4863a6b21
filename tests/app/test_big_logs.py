"""A log of any size in the Log pane: counted in steps, filtered, hunted through, gone to, read sideways and in full."""

import json
import os
import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from cockpit.runtime.big_log import BigLog, Look, looks
from cockpit.screens import handing_over, log_reader
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.builders import START, FlowStudioRun
from widgets.dialogs import MenuDialog
from widgets.log_view import LogView

LINES = 400
NAME = "build/llm/clarify-clarifier-claude.jsonl"


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is done in many steps, as with gigabytes."""
    monkeypatch.setattr(log_reader, "BigLog", partial(BigLog, chunk=512, block=256))
    monkeypatch.setattr(log_reader, "looks", partial(looks, budget=4_096))
    monkeypatch.setattr(log_reader, "SCAN_BUDGET", 2_048)
    monkeypatch.setattr(log_reader, "FIRST_BUDGET", 1)


def record(number: int) -> dict[str, object]:
    moment = START + timedelta(seconds=number)
    loud = number % 100 == 50
    text = f"broken: error {number}" if loud else f"step {number} is fine"
    return {"ts": moment.isoformat(), "type": "assistant", "content": text, "n": number}


def written(root: Path, lines: Sequence[str] | None = None) -> FlowStudioRun:
    run = scenes.failed(root)
    told = [json.dumps(record(number)) for number in range(LINES)] if lines is None else lines
    run.raw(NAME, "".join(f"{line}\n" for line in told))
    return run


async def opened(me: Operator, lines: int = LINES) -> LogView:
    """The Log pane with the whole log."""
    await me.press("6")
    pane = me.pane("log")
    assert isinstance(pane, LogView)
    await me.until(lambda: len(pane.rows) == lines and not badge(me, "counting"), "everything is counted")
    return pane


def badge(me: Operator, words: str) -> bool:
    return words in " ".join(cell.text for cell in me.pane("log").badges)


def number(me: Operator) -> str:
    return str(me.selected("log").at.text)


@pytest.mark.usefixtures("small_steps")
async def test_filter_and_hunt_in_many_steps(make_app: MakeApp, root: Path) -> None:
    written(root)
    async with operate(make_app()) as me:
        pane = await opened(me)
        assert pane.following
        assert number(me) == str(LINES)
        me.screen.logfiles.goto_line(201)
        assert number(me) == "201"
        assert not pane.following

        await me.press("slash")
        await me.write("step !fine")
        await me.until(lambda: not len(pane.rows), "nothing fits")
        await me.press("escape")
        assert len(pane.rows) == LINES
        assert number(me) == "201", "back where it was"

        await me.press("slash")
        await me.write("is:error")
        await me.until(lambda: badge(me, "4 lines") and not badge(me, "filtering"), "all is filtered")
        assert [row.at.text for row in pane.rows] == ["51", "151", "251", "351"]
        assert number(me) == "251", "the next line that fits"
        await me.press("enter")
        assert badge(me, "/is:error")
        await me.press("N")
        await me.press("escape")
        assert not badge(me, "/is:error")
        assert len(pane.rows) == LINES
        assert number(me) == "251", "on the same line among all the others"

        await me.press("e")
        await me.until(lambda: number(me) == "351", "the hunt arrives")
        await me.press("N")
        await me.until(lambda: number(me) == "251", "backwards, too")
        await me.press("G", "e")
        await me.until(lambda: "no error below" in footer(me))
        assert number(me) == str(LINES)


def footer(me: Operator) -> str:
    from widgets.footer import Footer

    return me.screen.query_one("#footer", Footer).notice.text


@pytest.mark.usefixtures("small_steps")
async def test_a_broken_filter_says_so_and_the_runs_keep_theirs(make_app: MakeApp, root: Path) -> None:
    written(root)
    async with operate(make_app()) as me:
        pane = await opened(me)
        await me.press("slash")
        await me.write("(x")
        bar = me.screen.palette._bar("filter")
        await me.until(lambda: "(x" in bar.problem)
        assert len(pane.rows) == LINES
        await me.press("escape", "1", "slash")
        await me.write("state:failed")
        assert me.screen.view.filter.text == "state:failed"
        assert not me.screen.logfiles.filtered


@pytest.mark.usefixtures("small_steps")
async def test_by_line_and_by_time(make_app: MakeApp, root: Path) -> None:
    written(root)
    async with operate(make_app()) as me:
        await opened(me)
        me.screen.logfiles.goto_time(START + timedelta(seconds=123))
        await me.until(lambda: number(me) == "124", "the first line that is not older")
        me.screen.logfiles.goto_time(START + timedelta(days=1))
        await me.until(lambda: number(me) == str(LINES), "all are older: the last one")
        me.screen.logfiles.goto_line(1_000_000)
        assert number(me) == str(LINES)
        assert me.screen.logfiles.place is not None
        assert me.screen.logfiles.place.line == LINES


async def test_before_all_is_counted_the_end_is_there_and_places_are_gone_to_later(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    class Slow(BigLog):
        """A log on a disk that stops after the first bytes, until the test says so."""

        def __init__(self, path: Path) -> None:
            super().__init__(path, chunk=512, block=256)

        def look(self, budget: int = 1) -> Look:
            if self._breaks is not None:
                assert go_on.wait(60)
            return super().look(1)

    monkeypatch.setattr(log_reader, "BigLog", Slow)
    monkeypatch.setattr("cockpit.runtime.log_file.WINDOW", 2_000)
    written(root)
    async with operate(make_app(), wait=False) as me:
        pane = me.pane("log")
        await me.until(lambda: badge(me, "counting") and pane.cursor_row is not None)
        await me.press("6")
        assert "step 399" in me.selected("log").text.text, "the end is there at once"
        assert number(me) == "…"
        assert pane.following
        me.screen.logfiles.goto_line(200)
        assert badge(me, "on the way")
        await me.press("k", "k")
        held = me.selected("log").text.text
        go_on.set()
        await me.until(lambda: number(me) == "200", "it is counted and gone to")
        await me.until(lambda: len(pane.rows) == LINES and not badge(me, "counting"))
        assert number(me) == "200"
        assert held.startswith("step 397")


@pytest.mark.usefixtures("small_steps")
async def test_replaced_cut_and_gone_are_told(make_app: MakeApp, root: Path) -> None:
    path = written(root).path / NAME
    async with operate(make_app()) as me:
        pane = await opened(me)
        other = path.with_suffix(".tmp")
        other.write_text("another file\n")
        other.replace(path)
        await me.until(lambda: badge(me, "was replaced") and me.texts("log") == ["1 another file"])
        path.write_text("cut\n")
        await me.until(lambda: badge(me, "was rewritten") and me.texts("log") == ["1 cut"])
        await me.press("slash")
        await me.write("cut")
        path.unlink()
        await me.until(lambda: badge(me, "gone"))
        assert me.texts("log") == ["1 cut"], "what was read still stands"
        path.write_text("x\ncut again\n")
        await me.until(lambda: me.texts("log") == ["2 cut again"], "the filter holds for the new file")
        assert pane.following


async def test_a_line_of_a_megabyte_is_read_sideways_piece_by_piece(make_app: MakeApp, root: Path) -> None:
    secret = "sk-ant-" + "k" * 60
    line = "".join(f"<{place:07d}>" for place in range(0, 1_000_008, 9))
    line = f"{line[:500_000]} {secret} {line[500_000:]}THE END"
    written(root, ["short", line, "last"])
    async with operate(make_app()) as me:
        pane = await opened(me, 3)
        me.screen.logfiles.goto_line(2)
        await me.press("shift+right")
        assert pane.offset_x == 16
        assert "<0000027>" in shown(pane, 1)
        pane.offset_x = 499_998
        await me.pilot.pause()
        assert "[masked]" in shown(pane, 1)
        assert "kkkk" not in shown(pane, 1)
        pane.offset_x = 500_030
        await me.pilot.pause()
        assert "kkkk" not in shown(pane, 1), "nor from its middle on"
        await me.press("shift+end")
        assert shown(pane, 1).endswith("THE END")
        await me.press("shift+home")
        assert "<0000009>" in shown(pane, 1)
        assert "976.6 kB" in me.row("log", 1).what.text, "and says how long it is"


def shown(pane: LogView, line: int) -> str:
    """A line of the pane as it is drawn, inside the frame."""
    return pane.render_line(pane.rows_top + line).text.strip("│┃ ")


async def test_a_record_stands_in_detail_in_full(make_app: MakeApp, root: Path) -> None:
    inner = {"b": [1, {"x": "first\nsecond"}], "a": None, "password": "swordfish"}
    written(root, ["plain words", json.dumps({"type": "tool", "message": inner, "content": "hello"}), "[/x] last"])
    async with operate(make_app()) as me:
        await opened(me, 3)
        assert "line 2" not in me.text("detail"), "while lines rush by it stays"
        await me.press("k")
        await me.until(lambda: "line 2" in me.text("detail"))
        texts = [" ".join(text.split()) for text in me.texts("detail")]
        assert texts[1:] == [
            "type : tool", "message :", "b : [2]", "- 1", "- x :", "first", "second", "a : null",
            "password : [masked]", "content : hello",
        ]  # fmt: skip
        assert "swordfish" not in me.picture()
        await me.press("s")
        assert [text.split(" ")[0] for text in me.texts("detail")[1:4]] == ["content", "message", "a"]
        await me.press("k")
        await me.until(lambda: "line 2" not in me.text("detail"), "plain words are no record")
        await me.press("enter")
        assert me.active == "detail"
        assert "plain words" in me.text("detail"), "asked for, any line stands in full"
        await me.press("escape")
        assert me.active == "log"
        await me.press("1")
        await me.until(lambda: "line 1" not in me.text("detail"), "elsewhere, the run")


async def test_o_hands_over_at_the_line(make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Sequence[str]] = []

    def lend(argv: Sequence[str], env: object = None) -> int:
        ran.append(argv)
        return 0

    monkeypatch.setattr(handing_over, "lend_terminal", lend)
    for name in ("VISUAL", "EDITOR", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", os.fspath(root))
    path = written(root).path / NAME
    async with operate(make_app()) as me:
        monkeypatch.setattr(me.app, "suspend", _Aside)
        await opened(me)
        me.screen.logfiles.goto_line(7)
        await me.press("o")
        assert ran == [("less", "-+r", "-+R", "+7", str(path))]
        monkeypatch.setenv("EDITOR", "vim -n")
        await me.press("o")
        dialog = await me.open_dialog(MenuDialog)
        await me.press("e")
        await me.until(lambda: not dialog.is_attached)
        await me.until(lambda: len(ran) == 2)
        assert ran[1] == ("vim", "-n", "-R", "+7", str(path))
        monkeypatch.setenv("EDITOR", 'vim "')
        await me.press("o")
        await me.told("Could not open it", "quotation")


class _Aside:
    """Stands in for the suspended app: there is no terminal to lend."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
