"""Ending a recorded producer: the process that was recorded and what it started, and nobody else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cockpit.actions.own_job import OwnJobError
from cockpit.actions.stop_job import find, foresee, main
from cockpit.sources.recordings import Recording, load_recordings
from tests.workshop import PATIENCE_S, gone, until

PRODUCER = "import time\nprint('up', flush=True)\ntime.sleep(600)"
PARENT = "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"

Started = list["subprocess.Popen[bytes]"]


@pytest.fixture
def started() -> Iterator[Started]:
    """What a test starts; ended at its end, with all that it started."""
    found: Started = []
    yield found
    for process in found:
        try:
            below = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            below = []
        for each in below:
            each.kill()
        process.kill()
        process.wait(PATIENCE_S)
        if process.stdout is not None:
            process.stdout.close()


def record(root: Path, script: str, started: Started, *, session: bool = True) -> Recording:
    """Record a Python script; returns once it has said something."""
    argv = [sys.executable, "-m", "cockpit", "record", "--root", str(root), "--run", "run-1", "--", sys.executable]
    process = subprocess.Popen(
        [*argv, "-c", script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=session
    )
    started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"

    def known() -> bool:
        return any(each.pid for each in load_recordings(root / ".cockpit"))

    until(known)
    (recording,) = load_recordings(root / ".cockpit")
    return recording


def words(recording: Recording, **more: object) -> list[str]:
    given = {"recording": recording.directory, "pid": recording.pid, "created": recording.pid_created, **more}
    return [f"--{name}={value}" for name, value in given.items()]


def test_the_producer_and_what_it_started_end_and_the_recording_tells(
    tmp_path: Path, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = record(tmp_path, PARENT + PRODUCER, started)
    assert recording.pid is not None
    below = [each.pid for each in psutil.Process(recording.pid).children(recursive=True)]
    assert len(below) == 1
    assert any("SIGTERM to the process group" in effect for effect in foresee(words(recording)).effects)
    assert main(words(recording)) == 0
    assert gone(recording.pid)
    assert all(map(gone, below))
    started[0].wait(PATIENCE_S)
    (ended,) = load_recordings(tmp_path / ".cockpit")
    assert (ended.signal, ended.exit_code) == ("SIGTERM", 128 + signal.SIGTERM)
    assert "ended; what the run wrote is as it left it" in capsys.readouterr().out


def test_others_of_the_same_group_are_left_alone(tmp_path: Path, started: Started) -> None:
    """A script that recorded a command and goes on: its group is not the producer's."""
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started.append(bystander)
    recording = record(tmp_path, PARENT + PRODUCER, started, session=False)
    assert recording.pid is not None
    target = find(Path(recording.directory), recording.pid, recording.pid_created or 0)
    assert target.group is None
    assert {each.pid for each in target.processes} == {
        recording.pid,
        *(each.pid for each in psutil.Process(recording.pid).children(recursive=True)),
    }
    assert "its group holds others' too" in foresee(words(recording)).effects[0]
    assert main(words(recording)) == 0
    assert gone(recording.pid)
    assert not gone(bystander.pid)
    assert not gone(os.getpid())


def test_one_that_does_not_end_is_named_and_killed_only_when_asked(
    tmp_path: Path, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = record(tmp_path, DEAF + PRODUCER, started)
    assert recording.pid is not None
    assert main(words(recording, grace=0.2)) == 1
    assert "still there after 0 s" in capsys.readouterr().out
    assert not gone(recording.pid)
    assert main(words(recording, grace=0.2, kill="yes")) == 0
    assert gone(recording.pid)
    started[0].wait(PATIENCE_S)
    (ended,) = load_recordings(tmp_path / ".cockpit")
    assert ended.signal == "SIGKILL"


def test_a_producer_whose_recorder_was_killed_can_still_be_ended(tmp_path: Path, started: Started) -> None:
    recording = record(tmp_path, PRODUCER, started)
    assert recording.pid is not None
    started[0].kill()
    started[0].wait(PATIENCE_S)
    assert not gone(recording.pid)
    assert main(words(recording)) == 0
    assert gone(recording.pid)


def test_another_process_with_its_number_is_not_touched(tmp_path: Path, started: Started) -> None:
    recording = record(tmp_path, PRODUCER, started)
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started.append(innocent)
    for wrong in ({"pid": innocent.pid}, {"created": (recording.pid_created or 0) - 100}, {"pid": 1}):
        with pytest.raises(OwnJobError, match="it was not touched"):
            foresee(words(recording, **wrong))
        assert main(words(recording, **wrong)) == 1
    assert not gone(innocent.pid)
    assert recording.pid is not None
    assert not gone(recording.pid)


def test_one_that_has_ended_is_said(tmp_path: Path, started: Started) -> None:
    recording = record(tmp_path, "print('up', flush=True)", started)
    started[0].wait(PATIENCE_S)
    with pytest.raises(OwnJobError, match="has ended"):
        foresee(words(recording))


def test_a_recording_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(OwnJobError, match="cannot be read"):
        foresee([f"--recording={tmp_path / 'none'}", "--pid=1", "--created=1"])


def test_a_foreign_producer_is_said(tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = record(tmp_path, PRODUCER, started)

    def refuse(_group: int, _number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "killpg", refuse)
    assert main(words(recording)) == 1
    assert recording.pid is not None
    assert not gone(recording.pid)
