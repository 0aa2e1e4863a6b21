"""The pseudo-terminal the end-to-end tests and the benchmarks look through."""

import signal
import sys

import pytest

from tests.terminal import PtyProgram, TerminalTimeoutError, terminal_environment


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_is_written_is_seen_and_what_is_typed_is_read() -> None:
    with PtyProgram(python("print('name?'); print('hello', input())"), size=(40, 10)) as program:
        program.wait_for("name?")
        program.send("Ada")
        program.press("enter")
        program.wait_for("hello Ada")
        assert program.wait() == 0
        assert program.line_with("hello", "Ada") == "hello Ada"


def test_size_and_resize_reach_the_program() -> None:
    code = (
        "import os, signal\n"
        "show = lambda *_: print(*os.get_terminal_size(), flush=True)\n"
        "signal.signal(signal.SIGWINCH, show); show()\n"
        "while True: signal.pause()\n"
    )
    with PtyProgram(python(code), size=(91, 17)) as program:
        program.wait_for("91 17")
        program.resize(60, 16)
        program.wait_for("60 16")


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[>1u",
        "\x1b[<u",
        "\x1b[=5;1u",
        "\x1b[?2026$p",
        "\x1b[>4;1m",
        "\x1b[?4m",
        "\x1bP+q544e\x1b\\",
        "\x1b]22;default\x07",
    ],
)
def test_queries_and_private_sequences_leave_no_litter(sequence: str) -> None:
    half = len(sequence) // 2
    code = (
        "import sys, termios\n"
        "mode = termios.tcgetattr(0); mode[3] &= ~termios.ECHO; termios.tcsetattr(0, termios.TCSANOW, mode)\n"
        f"w = sys.stdout.write\nw('<'); w({sequence!r}); w('>')\n"
        f"w({sequence[:half]!r}); sys.stdout.flush(); input()\nw({sequence[half:]!r}); print('|end')"
    )
    with PtyProgram(python(code), size=(60, 5)) as program:
        program.read_until(lambda seen: seen.line_with("<>"))
        program.press("enter")
        program.wait_for("|end")
        assert program.lines[0] == "<>|end"


def test_waiting_in_vain_shows_the_screen() -> None:
    with (
        PtyProgram(python("print('only this', flush=True); input()")) as program,
        pytest.raises(TerminalTimeoutError, match="only this"),
    ):
        program.wait_for("something else", timeout=1.0)


def test_a_program_that_ends_is_not_waited_for_longer() -> None:
    with (
        PtyProgram(python("raise SystemExit(3)")) as program,
        pytest.raises(TerminalTimeoutError, match="the program ended"),
    ):
        program.wait_for("anything", timeout=60)
    assert program.process.returncode == 3


def test_hanging_up_sends_sighup() -> None:
    with PtyProgram(python("print('up', flush=True); input()")) as program:
        program.wait_for("up")
        program.hang_up()
        assert program.process.wait(10) in {-signal.SIGHUP, 1}


def test_kill_reaches_the_program_alone() -> None:
    with PtyProgram(python("print('up', flush=True); input()")) as program:
        program.wait_for("up")
        program.kill()
        assert program.wait() == -signal.SIGKILL


def test_every_byte_is_counted_and_kept_on_request() -> None:
    with PtyProgram(python("print('abc')"), keep=True) as program:
        program.wait()
        assert bytes(program.raw) == b"abc\r\n"
        assert program.received == 5


def test_nothing_of_the_runner_reaches_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "TMUX", "COCKPIT_ROOT", "MAKEFLAGS", "PYTEST_CURRENT_TEST"):
        monkeypatch.setenv(name, "1")
    made = terminal_environment({"COCKPIT_NOW": "x"})
    assert not {"COLUMNS", "NO_COLOR", "TMUX", "COCKPIT_ROOT", "MAKEFLAGS", "PYTEST_CURRENT_TEST"} & set(made)
    assert made["TERM"] == "xterm-256color"
    assert made["COCKPIT_NOW"] == "x"
