"""`cockpit record` as a process: the command must not notice, whatever happens to it, to us, or to the disk."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.sources.recordings import Recording, load_recordings

RECORD = [sys.executable, "-m", "cockpit", "record"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def argv(state: Path, *command: str, more: tuple[str, ...] = ()) -> list[str]:
    return [*RECORD, "--root", str(state.parent), "--state-dir", str(state), *more, "--", *command]


def record(state: Path, *command: str, **more: Any) -> "subprocess.CompletedProcess[bytes]":
    given = {"capture_output": True, "timeout": 60, "cwd": state.parent, **more}
    return subprocess.run(argv(state, *command), check=False, **given)


def one(state: Path) -> Recording:
    (recording,) = load_recordings(state)
    return recording


def sh(script: str) -> tuple[str, str, str]:
    return ("sh", "-c", script)


@pytest.fixture
def started(state: Path) -> Iterator[Any]:
    """Start a recorded command and give it back once it has printed its first line."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **more: Any) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(argv(state, *command), stdout=subprocess.PIPE, cwd=state.parent, **more)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait(20)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def test_output_error_and_exit_code_pass_through_apart_and_unchanged(state: Path) -> None:
    done = record(state, *sh(r"printf '\033[31mred\033[0m\r\n\000\377'; printf 'bad\n' >&2; exit 3"))
    assert (done.returncode, done.stdout, done.stderr) == (3, b"\x1b[31mred\x1b[0m\r\n\x00\xff", b"bad\n")
    recording = one(state)
    assert (recording.exit_code, recording.signal, recording.terminal) == (3, None, False)
    kept = recording.output.read_bytes()
    assert b"\x1b[31mred\x1b[0m\r\n\x00\xff" in kept
    assert b"bad\n" in kept


def test_one_place_for_both_streams_keeps_their_order(state: Path) -> None:
    script = "for n in 1 2 3 4 5 6 7 8 9; do echo o$n; echo e$n >&2; done"
    done = record(state, *sh(script), capture_output=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.stdout == b"".join(f"o{n}\ne{n}\n".encode() for n in range(1, 10))
    assert one(state).output.read_bytes() == done.stdout


def test_standard_input_is_the_commands_own(state: Path) -> None:
    data = os.urandom(300_000)
    assert record(state, "cat", input=data).stdout == data
    assert one(state).output.read_bytes() == data


def test_arguments_reach_the_command_as_they_are(state: Path) -> None:
    words = ["--root", "x", "--json", "--", "-h", "a b", "$HOME", "*", "", "é\n"]
    program = "import sys, json; print(json.dumps(sys.argv[1:]))"
    done = record(state, sys.executable, "-c", program, *words)
    assert json.loads(done.stdout) == words
    assert list(one(state).argv[3:]) == words


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT])
def test_a_death_by_signal_is_reproduced_as_shells_show_it(state: Path, number: signal.Signals) -> None:
    done = record(state, *sh(f"kill -{number.value} $$"))
    assert done.returncode == 128 + number
    assert (one(state).exit_code, one(state).signal) == (128 + number, number.name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_a_signal_reaches_the_command_once_and_its_answer_comes_back(
    state: Path, started: Any, number: signal.Signals
) -> None:
    program = (
        "import signal, sys, time\n"
        "got = []\n"
        f"signal.signal({number.value}, lambda *a: got.append(1))\n"
        "print('ready', flush=True)\n"
        "while not got: signal.pause()\n"
        "time.sleep(0.2)\n"
        "print('got', len(got), flush=True)\n"
        "sys.exit(9)\n"
    )
    process = started(sys.executable, "-c", program)
    process.send_signal(number)
    assert process.stdout.read() == b"got 1\n"
    assert process.wait(20) == 9
    assert one(state).exit_code == 9


def test_a_signal_the_caller_ignored_stays_ignored(state: Path, started: Any) -> None:
    process = started(*sh("echo ready; read x; echo survived"), stdin=subprocess.PIPE, preexec_fn=_ignore_hangup)
    process.send_signal(signal.SIGHUP)
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.stdout.read() == b"survived\n"
    assert process.wait(20) == 0


def _ignore_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_a_stop_stops_both_and_a_continue_continues_both(state: Path, started: Any) -> None:
    # A group of its own, whose parent is in another one: the kernel ignores SIGTSTP in an orphaned group, and
    # under CI the group this test runs in is one.
    process = started(*sh("echo ready; read x; echo went on"), stdin=subprocess.PIPE, process_group=0)
    child = one(state).pid
    assert child is not None
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    _until(lambda: _state_of(child) == "T")
    process.send_signal(signal.SIGCONT)
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.stdout.read() == b"went on\n"
    assert process.wait(20) == 0


def _state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _until(condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)


def test_a_reader_that_has_seen_enough_ends_the_command_as_it_would_unrecorded(state: Path) -> None:
    process = subprocess.Popen(argv(state, "yes"), stdout=subprocess.PIPE, cwd=state.parent)
    assert process.stdout is not None
    assert process.stdout.readline() == b"y\n"
    process.stdout.close()
    assert process.wait(20) == 128 + signal.SIGPIPE
    assert one(state).signal == "SIGPIPE"


def test_a_killed_recorder_leaves_a_lost_recording_with_what_had_come(state: Path, started: Any) -> None:
    process = started(*sh("echo ready; read x"), stdin=subprocess.PIPE)
    assert one(state).running
    process.kill()
    process.wait(20)
    recording = one(state)
    assert (recording.dead, recording.ended_at, recording.exit_code) == (True, None, None)
    assert recording.output.read_bytes() == b"ready\n"


def test_what_the_command_leaves_behind_goes_on_and_is_still_kept(state: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    process = subprocess.Popen(
        argv(state, *sh(f"(read x < {tmp_path}/gate; echo late) & echo early; exit 5")),
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.wait(20) == 5  # at once, although its child still holds the pipe
    assert process.stdout.readline() == b"early\n"
    assert (one(state).left_behind, one(state).exit_code) == (True, 5)
    (tmp_path / "gate").write_text("go\n")
    assert process.stdout.read() == b"late\n"
    process.stdout.close()
    _until(lambda: one(state).output_bytes == len(b"early\nlate\n"))
    assert one(state).output.read_bytes() == b"early\nlate\n"


def test_a_command_that_is_not_there_or_cannot_be_run(state: Path, tmp_path: Path) -> None:
    missing = record(state, "no-such-command-here", "--token", "abc")
    assert (missing.returncode, missing.stdout) == (127, b"")
    assert missing.stderr == b"cockpit: no-such-command-here: command not found\n"
    assert one(state).error == "no-such-command-here: command not found"
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert record(state, str(plain)).returncode == 126


@pytest.mark.parametrize("where", ["/proc/nowhere/state", "/dev/null/state", "file"])
def test_where_nothing_can_be_kept_the_command_runs_all_the_same(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way")
    done = subprocess.run(
        [*RECORD, "--state-dir", where, "--", *sh("echo out; echo err >&2; exit 4")],
        capture_output=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (4, b"out\n")
    first, second = sorted(done.stderr.splitlines())
    assert first.startswith(b"cockpit: not recorded in full: ")
    assert second == b"err"


def test_a_success_whose_output_was_lost_is_none(state: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = record(state, "echo", "x", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == b"cockpit: its output could not be written: No space left on device\n"


def test_a_broken_configuration_is_told_and_the_command_runs(state: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("roots = [[[")
    done = subprocess.run(
        [*RECORD, "--config", "broken.toml", "--state-dir", str(state), "--", "echo", "x"],
        capture_output=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, b"x\n")
    assert b"not valid TOML" in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["--"], ["--run", ""], ["--run", "", "--", "true"], ["--read-only", "--", "true"]]
)
def test_a_wrong_command_line_runs_nothing(tmp_path: Path, words: list[str]) -> None:
    done = subprocess.run([*RECORD, *words], capture_output=True, cwd=tmp_path, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"cockpit: ")
    assert not list(tmp_path.iterdir())


def test_closed_standard_streams_are_no_trouble(state: Path) -> None:
    words = " ".join(f"'{word}'" for word in argv(state, *sh("echo out; echo err >&2; exit 6")))
    done = subprocess.run(
        ["sh", "-c", f"{words} <&- >&-"], capture_output=True, cwd=state.parent, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (6, b"err\n")
    assert sorted(one(state).output.read_bytes().splitlines()) == [b"err", b"out"]


def test_start_and_end_are_in_the_journal_without_secrets(state: Path) -> None:
    record(state, "echo", "--token=abc")
    entries = [json.loads(line) for line in (state / "journal.jsonl").read_text().splitlines()]
    assert [entry["kind"] for entry in entries] == ["record.started", "record.ended"]
    assert entries[0]["data"]["argv"] == ["echo", "--token=***"]
    assert entries[1]["data"]["exit_code"] == 0
    assert {entry["data"]["recording"] for entry in entries} == {one(state).id}


def test_help_says_how_it_is_used() -> None:
    done = subprocess.run([*RECORD, "--help"], capture_output=True, check=True, timeout=60)
    assert b"cockpit record [--root DIR] [--state-dir DIR] [--run ID] -- CMD ARG..." in done.stdout
    assert b"Output itself is not masked" in done.stdout
