"""`cockpit record` at a real pseudo-terminal, as a person uses it: colours, size, keys, job control."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.sources.recordings import Recording, load_recordings
from tests.terminal import PtyProgram, cockpit_argv

Run = Callable[..., PtyProgram]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def start(*command: str, size: tuple[int, int] = (100, 30)) -> PtyProgram:
        argv = cockpit_argv("record", "--root", tmp_path, "--state-dir", tmp_path / "state", "--", *command)
        return PtyProgram(argv, size=size, cwd=tmp_path, keep=True)

    return start


def one(tmp_path: Path) -> Recording:
    (recording,) = load_recordings(tmp_path / "state")
    return recording


def has_line(text: str) -> Callable[[PtyProgram], bool]:
    return lambda program: text in program.lines


def test_the_command_sees_a_terminal_of_the_same_size_and_its_colours_come_through(run: Run, tmp_path: Path) -> None:
    script = (
        r"stty size; for n in 0 1 2; do test -t $n && echo tty$n; done; printf '\033[31mred\033[0m\n'; read x; exit 7"
    )
    with run("sh", "-c", script, size=(97, 31)) as program:
        program.wait_for("31 97", "tty0", "tty1", "tty2", "red")
        assert b"\x1b[31mred\x1b[0m" in program.raw
        program.send("\r")
        assert program.wait() == 7
    assert one(tmp_path).terminal
    assert b"\x1b[31mred\x1b[0m" in one(tmp_path).output.read_bytes()


def test_typed_lines_reach_it_and_are_echoed_once(run: Run) -> None:
    with run("sh", "-c", "echo ask; read x; echo got $x") as program:
        program.read_until(has_line("ask"))
        program.send("hello\r")
        program.read_until(has_line("got hello"))
        assert [line for line in program.lines if line] == ["ask", "hello", "got hello"]
        assert program.wait() == 0


def test_a_resize_reaches_it(run: Run) -> None:
    program_text = (
        "import os, signal\n"
        "signal.signal(signal.SIGWINCH, lambda *a: print('now', *os.get_terminal_size(), flush=True))\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    with run("python3", "-c", program_text) as program:
        program.wait_for("ready")
        program.resize(77, 22)
        program.wait_for("now 77 22")


def test_ctrl_c_is_its_own_to_handle(run: Run, tmp_path: Path) -> None:
    with run("sh", "-c", "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done") as program:
        program.wait_for("ready")
        program.press("ctrl+c")
        program.wait_for("caught")
        assert program.wait() == 5
    assert one(tmp_path).exit_code == 5


def test_ctrl_c_ends_a_command_that_does_not_handle_it(run: Run, tmp_path: Path) -> None:
    with run("sh", "-c", "echo ready; read x") as program:
        program.wait_for("ready")
        program.press("ctrl+c")
        assert program.wait() == 128 + signal.SIGINT
    assert one(tmp_path).signal == "SIGINT"


def test_a_hang_up_of_the_terminal_ends_both(run: Run, tmp_path: Path) -> None:
    with run("sh", "-c", "echo ready; read x; read y") as program:
        program.wait_for("ready")
        os.kill(program.process.pid, signal.SIGHUP)
        assert program.wait() == 128 + signal.SIGHUP
    assert one(tmp_path).signal == "SIGHUP"


@pytest.fixture
def shell(tmp_path: Path) -> PtyProgram:
    environment = {"PS1": "$> ", "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    return PtyProgram(["bash", "--norc", "--noprofile", "-i"], size=(200, 40), cwd=tmp_path, env=environment)


def typed(tmp_path: Path, script: str) -> str:
    return " ".join(cockpit_argv("record", "--state-dir", tmp_path / "state", "--", "sh", "-c", f"'{script}'"))


def test_ctrl_z_stops_the_job_and_fg_goes_on_with_the_terminal_as_it_was(shell: PtyProgram, tmp_path: Path) -> None:
    with shell as program:
        program.wait_for("$>")
        program.send(typed(tmp_path, "echo ready; read x; echo got $x") + "\r")
        program.read_until(has_line("ready"))
        program.press("ctrl+z")
        program.wait_for("Stopped")
        program.send("stty -a | grep -o -w icanon\r")
        program.read_until(has_line("icanon"))  # the shell has its terminal back
        program.send("fg\r")
        program.send("again\r")
        program.read_until(has_line("got again"))
        # Until the shell asks again, what is typed still goes to the command.
        program.read_until(lambda terminal: terminal.text.rstrip().endswith("$>"))
        program.send("stty -a | grep -o -w echo && echo mode ok\r")
        program.read_until(has_line("mode ok"))
    assert one(tmp_path).exit_code == 0


def test_in_the_background_it_neither_stops_nor_takes_the_keyboard(shell: PtyProgram, tmp_path: Path) -> None:
    with shell as program:
        program.wait_for("$>")
        program.send(typed(tmp_path, "echo from; echo behind; read x; echo got $x") + " &\r")
        program.wait_for("behind")
        program.send("echo keys are mine\r")
        program.read_until(has_line("keys are mine"))
        program.send("fg\r")
        program.send("late\r")
        program.wait_for("got late")
    assert one(tmp_path).exit_code == 0


def test_piped_into_another_program_it_leaves_the_terminal_alone(shell: PtyProgram, tmp_path: Path) -> None:
    with shell as program:
        program.wait_for("$>")
        program.send(
            typed(tmp_path, "test -t 1 || echo pipe; test -t 0 && echo keys; read x; echo got $x") + " | cat\r"
        )
        program.wait_for("pipe", "keys")
        program.send("typed\r")
        program.wait_for("got typed")
    assert not one(tmp_path).terminal
