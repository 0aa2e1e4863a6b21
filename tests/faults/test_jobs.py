"""Jobs when things die: the cockpit, the supervisor, the terminal, the disk."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cockpit.actions.jobs import cancel_job, load_job, load_jobs
from cockpit.actions.launcher import BusyError, start_job
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import SUPERVISOR
from cockpit.errors import CockpitError
from cockpit.models.action import JobState
from tests.workshop import Workshop, all_over, check_record, gone, until

STARTER = """
import sys
from pathlib import Path
from tests.workshop import Workshop
from cockpit.actions.launcher import BusyError
shop = Workshop(Path(sys.argv[1]))
barrier = Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    job = shop.sh(sys.argv[3])
except BusyError as error:
    print("busy", error, flush=True)
else:
    print("started", job.id, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def starter(shop: Workshop, script: str, **options: object) -> "subprocess.Popen[str]":
    """Another process that starts a job when it is told to by a line, and stays."""
    process = subprocess.Popen(  # type: ignore[call-overload]
        [sys.executable, "-c", STARTER, str(shop.base), "-", script],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert isinstance(process, subprocess.Popen)
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def heard(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def end(process: "subprocess.Popen[str]", number: signal.Signals = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def test_a_job_outlives_the_cockpit_that_started_it(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    process = starter(shop, "read line < fifo; echo $line; exit 7")
    go(process)
    assert heard(process).startswith("started")
    end(process, signal.SIGKILL)
    (job,) = load_jobs(shop.state)
    assert job.state is JobState.RUNNING
    (shop.base / "fifo").write_text("still here\n")
    ended = shop.end(job)
    assert (ended.state, ended.exit_code) == (JobState.FAILED, 7)
    assert shop.output(ended) == b"still here\n"
    check_record(shop)
    assert [entry.kind for entry in shop.entries()][-1] == "action.ended"


def test_a_job_outlives_the_terminal(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    process = starter(shop, "read line < fifo; exit 0", start_new_session=True)
    go(process)
    assert heard(process).startswith("started")
    os.killpg(process.pid, signal.SIGHUP)
    end(process, signal.SIGHUP)
    (job,) = load_jobs(shop.state)
    (shop.base / "fifo").write_text("go on\n")
    assert shop.end(job).state is JobState.SUCCEEDED
    check_record(shop)


def test_killing_the_cockpit_at_any_moment_of_a_start_leaves_a_complete_record(shop: Workshop) -> None:
    seed = random.SystemRandom().getrandbits(32)
    chance = random.Random(seed)  # noqa: S311
    for _ in range(8):
        process = starter(shop, "echo ran >> ran")
        go(process)
        # A start takes about 100 ms: some kills come before, most within, some after.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0, 0.15))
        end(process)
        all_over(shop)
    check_record(shop)
    ran = (shop.base / "ran").read_text().count("ran") if (shop.base / "ran").exists() else 0
    assert ran == sum(job.state is JobState.SUCCEEDED for job in load_jobs(shop.state)), f"seed {seed}"
    assert shop.run("true").state is JobState.SUCCEEDED


def supervisor_of(shop: Workshop, job_id: str) -> dict[str, float]:
    path = shop.state / "jobs" / job_id / SUPERVISOR
    until(lambda: "child" in (read_object(path) or {}), "the supervisor wrote whom it supervises")
    facts = json.loads(path.read_bytes())
    assert isinstance(facts, dict)
    return facts


def test_a_job_whose_supervisor_was_killed_is_lost_and_its_command_still_guards_the_run(shop: Workshop) -> None:
    job = shop.sh("exec sleep 100")
    facts = supervisor_of(shop, job.id)
    pid, child = int(facts["pid"]), int(facts["child"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: gone(pid), "the supervisor is gone")
    lost = load_job(shop.dir(job))
    assert lost is not None
    assert (lost.state, lost.exit_code, lost.ended_at) == (JobState.LOST, None, None)
    assert lost.outcome == f"lost: its supervisor vanished; its command still runs as process {child}"
    with pytest.raises(BusyError, match=f"process {child} still runs"):
        shop.start("true")
    assert cancel_job(shop.dir(job))
    until(lambda: gone(child), "the command is gone")
    again = load_job(shop.dir(job))
    assert again is not None
    assert again.outcome == "lost: its supervisor vanished"
    assert shop.run("true").state is JobState.SUCCEEDED
    check_record(shop)
    assert [entry.data["state"] for entry in shop.entries("action.ended")].count("lost") == 1


def test_another_process_with_the_same_number_is_not_taken_for_the_command(shop: Workshop) -> None:
    job = shop.sh("exec sleep 100")
    facts = supervisor_of(shop, job.id)
    os.kill(int(facts["pid"]), signal.SIGKILL)
    until(lambda: gone(int(facts["pid"])), "the supervisor is gone")
    os.kill(int(facts["child"]), signal.SIGKILL)
    path = shop.dir(job) / SUPERVISOR
    path.write_text(json.dumps({**facts, "child": os.getpid(), "child_created": facts["child_created"] - 60}))
    assert not cancel_job(shop.dir(job))
    assert shop.run("true").state is JobState.SUCCEEDED


def test_a_supervisor_that_is_asked_to_end_ends_its_command_in_order(shop: Workshop) -> None:
    job = shop.sh("exec sleep 100")
    facts = supervisor_of(shop, job.id)
    os.kill(int(facts["pid"]), signal.SIGTERM)
    ended = shop.end(job)
    assert ended.state is JobState.CANCELLED
    assert "its supervisor was asked to end" in ended.outcome
    assert gone(int(facts["child"]))
    check_record(shop)


def test_many_cockpits_racing_for_one_run_start_one_job(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    processes = [starter(shop, "echo ran >> ran; read line < fifo") for _ in range(4)]
    for process in processes:
        go(process)
    answers = [heard(process) for process in processes]
    assert sum(answer.startswith("started") for answer in answers) == 1
    assert sum(answer.startswith("busy") for answer in answers) == 3
    assert all("retry by ada" in answer or "just starting" in answer for answer in answers if answer.startswith("busy"))
    (shop.base / "fifo").write_text("go on\n")
    for process in processes:
        end(process)
    all_over(shop)
    assert (shop.base / "ran").read_text() == "ran\n"
    assert len(shop.entries("action.refused")) == 3
    check_record(shop)


def test_the_supervisor_starts_quickly(shop: Workshop) -> None:
    """Not a timing: what would make it slow is not imported."""
    code = "import sys, cockpit.actions.supervisor; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"pydantic", "orjson", "watchfiles", "asyncio", "textual", "yaml"} & set(loaded)


def test_a_supervisor_that_cannot_be_started_fails_the_job_and_says_so(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    job = shop.start("true")
    assert (job.state, job.exit_code) == (JobState.FAILED, 127)
    assert "its supervisor could not be started: No such file" in job.outcome
    monkeypatch.undo()
    assert shop.run("true").state is JobState.SUCCEEDED
    check_record(shop)


def test_a_supervisor_that_dies_at_birth_fails_the_job_and_says_so(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "psutil.py").write_text("raise ImportError('psutil is broken')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    job = shop.start("true")
    assert (job.state, job.exit_code) == (JobState.FAILED, 127)
    assert "psutil is broken" in job.outcome


def test_no_descriptor_or_child_stays_in_the_cockpit(shop: Workshop) -> None:
    me = psutil.Process()
    shop.run("true")
    before = (me.num_fds(), len(me.children()))
    for _ in range(3):
        shop.run("true")
        with pytest.raises(CockpitError):
            start_job(shop.plan("true"), shop.context, lambda: "moved")
    assert (me.num_fds(), len(me.children())) == before


def test_output_much_faster_than_anybody_reads_it_ends(shop: Workshop) -> None:
    job = shop.run("sh", "-c", "yes | head -c 20000000", output_cap=4_000_000)
    assert job.state is JobState.SUCCEEDED
    assert Path(job.output).stat().st_size <= 4_000_000
    assert b"bytes of output left out here" in shop.output(job)
