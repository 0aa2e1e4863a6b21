"""What a recording holds, what a reader makes of it, and what happens where it cannot be kept."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.actions.output import CappedOutput
from cockpit.clock import Clock, fixed_clock
from cockpit.recording.keeper import Keeper
from cockpit.sources import recordings
from cockpit.sources.recordings import last_lines, load_recording, load_recordings, recording_dirs, recordings_of

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class Ticking:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def keeper(state: Path, clock: Clock | None = None, *, cap: int = 1 << 20, run: str | None = None) -> Keeper:
    return Keeper(
        state, ["invoke", "run-planner", "--token=abc"], clock=clock or fixed_clock(START), cap=cap, run=run, root=state
    )


def test_a_recording_reads_back_as_it_was_kept(tmp_path: Path) -> None:
    clock = Ticking()
    kept = keeper(tmp_path / "state", clock, run="nightly")
    assert kept.begin(terminal=False)
    kept.started(os.getpid())
    kept.keep("stdout", b"one\n")
    clock.at += timedelta(seconds=5)
    kept.keep("stderr", b"two\n\n")
    (running,) = load_recordings(tmp_path / "state")
    assert (running.running, running.alive, running.exit_code, running.pid) == (True, True, None, os.getpid())
    kept.end(exit_code=143, signal="SIGTERM")
    kept.close()
    (ended,) = load_recordings(tmp_path / "state")
    assert ended.argv == ("invoke", "run-planner", "--token=***")
    assert (ended.run, ended.exit_code, ended.signal, ended.output_bytes) == ("nightly", 143, "SIGTERM", 9)
    assert (ended.started_at, ended.ended_at) == (START, START + timedelta(seconds=5))
    assert (ended.running, ended.dead, ended.failed, ended.pid) == (False, False, True, None)
    assert last_lines(ended) == ("one", "two")
    assert recordings_of(tmp_path / "state", "nightly") == (ended,)
    assert recordings_of(tmp_path / "state", "other") == ()


def test_the_index_tells_when_which_bytes_came_at_most_once_a_second_and_stream(tmp_path: Path) -> None:
    clock = Ticking()
    kept = keeper(tmp_path, clock)
    kept.begin(terminal=False)
    for stream, data, pause in (
        ("stdout", b"aa", 0.2),
        ("stdout", b"bb", 0.1),
        ("stderr", b"c", 1.0),
        ("stdout", b"d", 0),
    ):
        kept.keep(stream, data)
        clock.at += timedelta(seconds=pause)
    kept.close()
    (directory,) = recording_dirs(tmp_path)
    lines = [json.loads(line) for line in (directory / "output.idx").read_text().splitlines()]
    assert [(one["stream"], one["offset"]) for one in lines] == [("stdout", 0), ("stderr", 4), ("stdout", 5)]
    assert lines[-1]["at"] == "2026-11-21T10:00:01.300000Z"


def test_the_environment_is_kept_by_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-value")
    kept = keeper(tmp_path)
    kept.begin(terminal=False)
    kept.end(exit_code=0)
    kept.close()
    (directory,) = recording_dirs(tmp_path)
    raw = (directory / "meta.json").read_text()
    assert "OPENAI_API_KEY" in json.loads(raw)["environment"]
    assert "very-secret-value" not in raw


def test_too_much_output_keeps_its_head_and_its_tail(tmp_path: Path) -> None:
    kept = keeper(tmp_path, cap=4096)
    kept.begin(terminal=False)
    for number in range(2_000):
        kept.keep("stdout", f"line {number}\n".encode())
    kept.end(exit_code=0)
    kept.close()
    (recording,) = load_recordings(tmp_path)
    assert recording.output.stat().st_size <= 4096
    assert recording.left_out > 0
    assert recording.output.read_bytes().startswith(b"line 0\n")
    assert last_lines(recording, 1) == ("line 1999",)


def test_a_recorder_that_died_leaves_a_recording_that_is_lost(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    kept.begin(terminal=False)
    kept.keep("stdout", b"still here\n")
    kept.close()  # the lock goes, as it does with a killed process; no end was written
    (recording,) = load_recordings(tmp_path)
    assert (recording.dead, recording.running, recording.ended_at) == (True, False, None)


def test_without_locks_a_recorder_is_known_by_its_process(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    kept.begin(terminal=False)
    kept.close()
    (directory,) = recording_dirs(tmp_path)
    (directory / "alive").unlink()
    assert load_recordings(tmp_path)[0].alive is True  # this very process, by id and start time
    meta = json.loads((directory / "meta.json").read_text())
    meta["recorder"]["created"] -= 1_000  # another process that got the same id later
    (directory / "meta.json").write_text(json.dumps(meta))
    assert load_recordings(tmp_path)[0].alive is False
    meta["host"] = "another-host"
    (directory / "meta.json").write_text(json.dumps(meta))
    assert load_recordings(tmp_path)[0].alive is None


def test_where_nothing_can_be_made_it_says_so_once_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    told: list[str] = []
    kept = Keeper(tmp_path / "state", ["true"], clock=fixed_clock(START), warn=told.append)
    assert not kept.begin(terminal=False)
    kept.started(1)
    kept.keep("stdout", b"x")
    kept.end(exit_code=0)
    kept.close()
    assert len(told) == 1
    assert "not recorded" in told[0]


def test_a_disk_that_fills_up_costs_output_and_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    kept = Keeper(tmp_path, ["true"], clock=fixed_clock(START), warn=told.append)
    kept.begin(terminal=False)
    kept.keep("stdout", b"first\n")

    def full(self: CappedOutput, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(CappedOutput, "write", full)
    kept.keep("stdout", b"second\n")
    kept.keep("stdout", b"third\n")
    kept.end(exit_code=7)
    kept.close()
    (recording,) = load_recordings(tmp_path)
    assert (recording.exit_code, recording.ended_at) == (7, START)
    assert recording.output.read_bytes() == b"first\n"
    assert len(told) == 1
    assert "No space left" in told[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"argv": 5, "started_at": [], "exit_code": "x", "output": 3}',
        b"\xff\xfe",
        b"0" * 99,
    ],
)
def test_a_broken_record_is_a_problem_and_never_raises(tmp_path: Path, content: bytes) -> None:
    directory = tmp_path / "recordings" / "20261121T100000.000000Z-abcdef"
    directory.mkdir(parents=True)
    (directory / "meta.json").write_bytes(content)
    recording, problem = load_recording(directory)
    assert (recording is None) == (problem is not None)
    if recording is not None:
        assert (recording.argv, recording.exit_code, recording.started_at) == ((), None, None)


def test_a_fifo_in_place_of_the_output_is_not_opened(tmp_path: Path) -> None:
    directory = tmp_path / "recordings" / "r1"
    directory.mkdir(parents=True)
    (directory / "meta.json").write_text('{"argv": ["x"]}')
    os.mkfifo(directory / "output.log")
    os.mkfifo(directory / "alive")
    (recording,) = load_recordings(tmp_path)
    assert last_lines(recording) == ()


def test_recordings_are_looked_for_where_the_session_says(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    assert recordings.state_dir_of(root) == root / ".cockpit"
    recordings.use_state_dir(root, elsewhere)
    assert recordings.state_dir_of(root) == elsewhere
