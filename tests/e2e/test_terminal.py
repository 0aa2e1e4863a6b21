"""What the program does to the terminal: how it is drawn on, resized, coloured, and left behind."""

import base64
import re
import signal
import sys
from pathlib import Path

import pytest

from cockpit.actions.jobs import JOBS
from tests.app import scenes
from tests.app.test_hostile import nasty_run
from tests.e2e.conftest import LEAVES, PATIENCE_S, SHOWS_CURSOR, Open, answer, journal, quit_with_keys, verb
from tests.terminal import PtyProgram, cockpit_argv

COLOUR = re.compile(rb"\x1b\[(?:[0-9;:]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")
MOUSE = re.compile(rb"\x1b\[\?(?:9|100[0-356]|101[56])h")


def restored(program: PtyProgram) -> bool:
    """Whether the shell's screen and cursor are back."""
    raw = bytes(program.raw)
    hides = raw.rfind(b"\x1b[?25l")
    enters = raw.rfind(b"\x1b[?1049h")
    return raw.rfind(LEAVES) > enters >= 0 and raw.rfind(SHOWS_CURSOR) > hides


def ready(program: PtyProgram) -> PtyProgram:
    program.wait_for("Runs", scenes.FAILED[:12], timeout=PATIENCE_S)
    return program


def test_q_and_y_leave_the_terminal_as_it_was(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    assert not MOUSE.search(program.raw), "the mouse is the terminal's"
    assert quit_with_keys(program) == 0
    assert restored(program)
    assert not MOUSE.search(program.raw)


def test_ctrl_c_twice_quits(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    program.press("ctrl+c")
    program.wait_for("again quits", timeout=PATIENCE_S)
    program.press("ctrl+c")
    assert program.wait(PATIENCE_S) == 0
    assert restored(program)


def test_a_lost_connection_ends_the_program(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    program.hang_up()
    assert program.process.wait(PATIENCE_S) in (129, -signal.SIGHUP)


def test_a_lost_connection_ends_it_although_hang_ups_are_ignored(root: Path, open_cockpit: Open) -> None:
    program = open_cockpit("--version")
    assert program.wait(PATIENCE_S) == 0
    argv = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *cockpit_argv(root)]
    with PtyProgram(argv) as stubborn:
        ready(stubborn)
        stubborn.hang_up()
        assert stubborn.process.wait(PATIENCE_S) != 0


def test_termination_restores_the_terminal(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    program.kill(signal.SIGTERM)
    program.wait(PATIENCE_S)
    assert restored(program)


def test_resizing(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    for columns, rows in ((80, 24), (60, 16), (120, 40), (220, 60), (100, 30), (160, 45)):
        program.resize(columns, rows)
        program.read_until(lambda p, r=rows: "? help" in p.lines[r - 1] or "enter" in p.lines[r - 1], PATIENCE_S)  # type: ignore[misc]
        program.wait_for("Runs", scenes.FAILED[:12], timeout=PATIENCE_S)
        assert all(len(line) <= columns for line in program.lines)
        assert len(program.lines) == rows
    assert quit_with_keys(program) == 0


def test_no_color_sends_no_colour(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root, env={"NO_COLOR": "1"}))
    program.press("2", "3", "6", "1", "?")
    answer(program, "Help", "escape")
    program.settle()
    assert quit_with_keys(program) == 0
    found = COLOUR.search(program.raw)
    assert not found, found


def test_colour_where_it_is_wanted(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    assert COLOUR.search(program.raw)


def test_a_dumb_terminal_gets_the_status(root: Path, open_cockpit: Open) -> None:
    program = open_cockpit(root, env={"TERM": "dumb"})
    assert program.wait(PATIENCE_S) == 0
    assert b"\x1b" not in program.raw
    assert "cockpit status" in program.text
    assert scenes.FAILED in program.text
    assert "3 runs" in program.text


def test_without_a_terminal_it_is_the_status(root: Path) -> None:
    done = verb(root)
    assert done.returncode == 0, done.stderr
    assert scenes.FAILED in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout == verb("status", "--root", root).stdout or "3 runs" in done.stdout


def test_a_missing_root_exits_69_without_a_terminal(tmp_path: Path) -> None:
    assert verb(tmp_path / "nowhere").returncode == 69


def test_nothing_of_the_data_reaches_the_terminal(tmp_path: Path, open_cockpit: Open) -> None:
    root = tmp_path / "work"
    run = nasty_run(root)
    run.append(
        "build/llm/clarify-clarifier-claude.jsonl", b"\x1b]0;owned\x07\x1b[6n\x1b[?1000h\x1b[5i\xc2\x9b2J done\n"
    )
    program = open_cockpit(root)
    program.wait_for("Runs", "app.quit", timeout=PATIENCE_S)
    for key in "2345601":
        program.press(key, "z")
        program.settle(0.2, PATIENCE_S)
        program.press("G", "e", "w", "g", "z")
        program.settle(0.2, PATIENCE_S)
    program.press("6", "]")
    program.settle(0.2, PATIENCE_S)
    program.press("]", "]", "]", "1")
    program.settle(0.2, PATIENCE_S)
    assert quit_with_keys(program) == 0
    raw = bytes(program.raw)
    for sequence in (
        b"\x1b]52",
        b"\x1b]0;",
        b"\x1b[6n",
        b"\x1b[5i",
        b"\x1bP+q",
        b"\xc2\x9b",
        b"\x00",
        b"\x7f",
    ):
        assert sequence not in raw, sequence
    assert "\u202e".encode() not in raw
    # The window's title is ours; what of the data stands in it is printable.
    for title in re.findall(rb"\x1b\][02];(.*?)(?:\x07|\x1b\\)", raw, re.DOTALL):
        assert title.decode().isprintable(), title
    assert not MOUSE.search(raw)
    assert restored(program)


def test_copying_sends_one_clipboard_sequence(root: Path, open_cockpit: Open) -> None:
    program = ready(open_cockpit(root))
    program.wait_for("TimeoutError", timeout=PATIENCE_S)
    program.press("y")
    answer(program, "Copy", "i")
    program.wait_for("id copied", timeout=PATIENCE_S)
    sequence = b"\x1b]52;c;" + base64.b64encode(scenes.FAILED.encode()) + b"\x07"
    assert bytes(program.raw).count(b"\x1b]52") == bytes(program.raw).count(sequence) == 1
    assert quit_with_keys(program) == 0


BROKEN = """
from cockpit.sources.flow_studio import FlowStudioSource

class BrokenSource(FlowStudioSource):
    id = "broken"

    def actions(self, ref):
        secret = "hunter2"
        raise RuntimeError("broken on purpose with api_key=sk-ant-api03-abcdefghijklmnop0123")
"""


@pytest.fixture
def broken_source(tmp_path: Path) -> Path:
    """A directory for PYTHONPATH with an installed package whose source fails when it is asked for its actions."""
    site = tmp_path / "site"
    metadata = site / "broken_source-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "broken_source.py").write_text(BROKEN)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-source\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[cockpit.sources]\nbroken = broken_source:BrokenSource\n")
    return site


def test_a_crash_restores_the_terminal_and_names_its_traceback(
    root: Path, broken_source: Path, open_cockpit: Open
) -> None:
    scenes.makefile(root)
    program = open_cockpit(root, "--source", "broken", env={"PYTHONPATH": str(broken_source)})
    ready(program)
    program.wait_for("TimeoutError", timeout=PATIENCE_S)
    program.press("T")
    assert program.wait(PATIENCE_S) == 70
    assert restored(program)
    said = bytes(program.raw).rpartition(LEAVES)[2].decode()
    assert "internal error: RuntimeError: broken on purpose" in said
    assert "Traceback (most recent call last)" not in said
    assert "hunter2" not in said
    path = Path(said.partition("traceback in ")[2].split()[0])
    told = path.read_text()
    assert "RuntimeError: broken on purpose" in told
    assert "sk-ant" not in said + told
    assert "hunter2" not in told
    assert path.stat().st_mode & 0o777 == 0o600
    entry = journal(root)[-1]
    assert (entry["kind"], entry["data"]["error"], entry["data"]["traceback"]) == (
        "session.crashed", "RuntimeError", str(path),
    )  # fmt: skip
    assert not (root / ".cockpit" / JOBS).exists()


def test_the_interpreter_under_test_is_the_one_that_runs(root: Path) -> None:
    done = verb("info", "--root", root, "--json")
    assert done.returncode == 0
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in done.stdout
