"""What goes over the wire to a real terminal: nothing while nothing happens, little where little does."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.screens.cockpit import AGE_TICK_S
from tests.app import scenes
from tests.builders import FlowStudioRun
from tests.e2e.conftest import PATIENCE_S, Open, at_work
from tests.terminal import PtyProgram

ROW = 1_000
"""Bytes a changed row may take at 160x45."""
SYNC = (b"\x1b[?2026h", b"\x1b[?2026l")
SUPPORTED = b"\x1b[?2026;2$y"
"""The answer of a terminal that has synchronised updates."""
LATER = {"COCKPIT_NOW": "2026-11-21T12:00:00Z"}
"""A clock that stands still: nothing ages, so whatever is written has another reason."""


@pytest.fixture
def live(tmp_path: Path) -> FlowStudioRun:
    """A run at work in a root of its own, with a few that ended."""
    for number in range(12):
        scenes.done(tmp_path / "work", f"run-20261121-040000-d{number:05}", at=20 + number)
    return at_work(tmp_path / "work")


def ready(program: PtyProgram) -> PtyProgram:
    program.wait_for("Runs", scenes.RUNNING[:12], "1 running", timeout=PATIENCE_S)
    program.settle(1.0, PATIENCE_S)
    return program


def cost(program: PtyProgram, change: Callable[[], object]) -> int:
    """Bytes from a change until the program is quiet again."""
    before = program.received
    change()
    program.read_until(lambda seen: seen.received > before, PATIENCE_S)
    program.settle(0.6, PATIENCE_S)
    return program.received - before


def test_a_quiet_host_is_quiet_on_the_wire(live: FlowStudioRun, open_cockpit: Open) -> None:
    program = open_cockpit("--fresh", live.path.parents[2], env=LATER)
    program.send(SUPPORTED)
    ready(program)

    assert program.read_for(AGE_TICK_S + 0.5) == 0, "ages were looked at meanwhile"

    program.press("end")  # another run in scope: what changes then is a row, and the header's counts
    program.settle(1.0, PATIENCE_S)
    step = {"build": iter(("load_context", "clarify", "author_tests", "critique_tests"))}
    costs = [
        cost(program, lambda: live.event("step_start", "build", next(step["build"]), "x", at=datetime.now(UTC)))
        for _ in range(3)
    ]
    assert max(costs) <= ROW // 2, costs

    # Another run in scope, with all that is told of it.
    assert cost(program, lambda: program.press("home")) < 12_000
    assert cost(program, lambda: program.press("end")) < 12_000

    raw = bytes(program.raw)
    assert raw.count(SYNC[0]) == raw.count(SYNC[1]) > 2
    for frame in raw.split(SYNC[0])[1:]:
        assert frame.count(b"H") or not frame.partition(SYNC[1])[0]


def test_a_log_that_grows_costs_its_new_lines(live: FlowStudioRun, open_cockpit: Open) -> None:
    words = [f"line {number} of {number * 7919} says {'x' * (number % 37)}" for number in range(99)]
    log = scenes.transcript(live, "load_context", words)
    live.event("step_start", "build", "load_context", "context-loader", at=datetime.now(UTC))
    program = ready(open_cockpit("--fresh", live.path.parents[2], env=LATER))
    program.press("6", "z")
    program.wait_for("line 98", timeout=PATIENCE_S)
    program.settle(0.6, PATIENCE_S)

    def grow() -> None:
        with log.open("a") as stream:
            stream.write('{"role": "assistant", "content": "one more"}\n')

    costs = [cost(program, grow) for _ in range(3)]
    assert max(costs) <= ROW, "the terminal moves the lines above"
    assert program.line_with("one more")


def test_frames_nobody_asked_for_are_few_over_ssh(live: FlowStudioRun, open_cockpit: Open) -> None:
    program = open_cockpit("--fresh", "--fps", "2", live.path.parents[2], env={"SSH_CONNECTION": "a 1 b 2"})
    program.send(SUPPORTED)
    ready(program)
    program.raw.clear()
    seconds = 4.0
    for _ in range(int(seconds / 0.1)):
        live.event("step_start", "build", "load_context", "x", at=datetime.now(UTC))
        program.read_for(0.1)
    frames = bytes(program.raw).count(SYNC[0])
    assert 2 <= frames <= 2 * seconds + 2, frames


def test_the_meter_shows_what_is_sent_and_rests_with_the_rest(live: FlowStudioRun, open_cockpit: Open) -> None:
    program = ready(open_cockpit("--fresh", live.path.parents[2], env=LATER))
    program.press(":")
    program.send("net\r")
    program.wait_for("net ", "kB", timeout=PATIENCE_S)
    program.read_until(lambda seen: re.search(r"net 0B/s 0f/s [\d.]+kB", seen.lines[0]), PATIENCE_S)
    program.settle(2.5, PATIENCE_S)
    before = re.search(r"net (.*?) {2}", program.lines[0])
    assert before
    assert program.read_for(4.5) == 0, program.lines[0]
    program.press(":")
    program.send("view.net\r")
    program.read_until(lambda seen: "net " not in seen.lines[0], PATIENCE_S)


def seen(program: PtyProgram) -> list[list[tuple[object, ...]]]:
    """Every cell as a person sees it: a blank shows no colour but its ground. Not the footer, whose keys dim late."""
    screen = program.screen
    return [
        [
            (cell.data, cell.bg, cell.reverse, () if cell.data == " " and not cell.reverse else (cell.fg, cell.bold))
            for cell in (screen.buffer[y][x] for x in range(screen.columns))
        ]
        for y in range(screen.lines - 1)
    ]


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
def test_the_sum_of_the_differences_is_the_whole_screen(
    live: FlowStudioRun, open_cockpit: Open, size: tuple[int, int]
) -> None:
    words = [f"line {number} 日本 {number * 7919} \u202eright to left\u202c e\u0301" for number in range(60)]
    scenes.transcript(live, "load_context", words)
    live.event("step_start", "build", "load_context", "context-loader", at=datetime.now(UTC))
    program = ready(open_cockpit("--fresh", live.path.parents[2], size=size, env=LATER))
    steps: list[Callable[[], None]] = [
        *(
            lambda keys=keys: program.press(*keys)
            for keys in (["j"] * 9, ["k"] * 4, ["6", "z"], ["k"] * 30, ["j"] * 12)
        ),
        lambda: program.press("G", "z"),
        lambda: program.press("0", "1"),
        lambda: program.resize(100, 30),
        lambda: program.resize(*size),
    ]
    for number, step in enumerate(steps):
        step()
        program.settle(1.0, PATIENCE_S)
        before = seen(program)
        program.press("ctrl+l")
        program.settle(0.5, PATIENCE_S)
        assert seen(program) == before, number


def test_a_console_of_sixteen_colours_gets_its_own(live: FlowStudioRun, open_cockpit: Open) -> None:
    program = ready(open_cockpit("--fresh", live.path.parents[2], env={**LATER, "TERM": "linux", "COLORTERM": ""}))
    assert not re.search(rb"\x1b\[[\d;]*[34]8;[25];[\d;]*m", program.raw)
    assert re.search(rb"\x1b\[(?:[\d;]*;)?3[1-7]m", program.raw)
    assert b"\x1b]2;" not in program.raw, "it has no title"
