"""The cockpit dies at any moment of a running job: the job ends, its record is complete, the next start shows it."""

import json
import os
import random
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cockpit.actions.jobs import load_jobs
from cockpit.actions.supervisor import RESULT, VERDICT
from cockpit.models.action import Job, JobState
from tests.app import scenes
from tests.e2e.conftest import PATIENCE_S, answer, verb
from tests.samples import FORBIDDEN
from tests.terminal import PtyProgram, cockpit_argv, terminal_environment
from tests.workshop import Workshop, check_record, until

SEED = 20261121
LINES = 12
# What a step at work looks like: a line now and then, and in the end the step's receipt.
MAKEFILE = """\
stepwise-retry:
\t@n=0; while [ $$n -lt {lines} ]; do n=$$((n + 1)); echo "line $$n"; sleep 0.03; done
\t@touch swarm/runs/$(RUN_ID)/retried
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """A tree whose state directory is where the cockpit puts it."""
    (tmp_path / "Makefile").write_text(MAKEFILE.format(lines=LINES))
    return Workshop(tmp_path, folder=".cockpit")


def job_of(shop: Workshop, run: str) -> Job | None:
    return next((job for job in load_jobs(shop.state) if job.run == run), None)


def lines_of(shop: Workshop, run: str) -> int:
    job = job_of(shop, run)
    return -1 if job is None else shop.output(job).count(b"\n")


def is_complete(shop: Workshop, run: str) -> None:
    """The job of a run came to its end, and nothing of it is missing."""
    job = job_of(shop, run)
    assert job is not None
    job = shop.end(job)
    assert (job.state, job.exit_code) == (JobState.SUCCEEDED, 0)
    assert shop.output(job) == b"".join(b"line %d\n" % number for number in range(1, LINES + 1))
    assert (shop.base / "swarm" / "runs" / run / "retried").exists()
    result = json.loads((shop.dir(job) / RESULT).read_bytes())
    assert (result["exit_code"], result["output_bytes"], result["lost"]) == (0, len(shop.output(job)), 0)
    assert json.loads((shop.dir(job) / VERDICT).read_bytes())["state"] == "succeeded"


@pytest.mark.parametrize("part", [0, 1])
def test_killing_the_command_line_at_twenty_moments_of_a_running_job(shop: Workshop, part: int) -> None:
    chance = random.Random(SEED + part)  # noqa: S311
    moments = {f"run-20261121-0400{number:02d}-failed": chance.randrange(1, LINES) for number in range(10)}
    for run in moments:
        scenes.failed(shop.base, run)

    def start_and_kill(run: str) -> None:
        process = subprocess.Popen(
            cockpit_argv("retry", run, "--root", shop.base, "--yes"), env=terminal_environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            # The moment is told by the job's own output.
            until(lambda: lines_of(shop, run) >= moments[run], f"{run} wrote {moments[run]} lines")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(start_and_kill, moments))
    for run in moments:
        is_complete(shop, run)
    listed = json.loads(verb("jobs", "--root", shop.base, "--json").stdout)
    assert {job["run"]: job["state"] for job in listed} == dict.fromkeys(moments, "succeeded")
    check_record(shop)


def wait_for_line(shop: Workshop, jobs_before: int, line: int) -> None:
    """Wait until there is one more job, and it has written so many lines."""
    until(lambda: len(load_jobs(shop.state)) > jobs_before, "the job was started")
    newest = load_jobs(shop.state)[0]
    until(lambda: shop.output(newest).count(b"\n") >= line, f"line {line} is written")


def test_killing_the_screen_while_jobs_run(shop: Workshop) -> None:
    """Each start shows the job of the one that was killed before."""
    chance = random.Random(SEED + 2)  # noqa: S311
    scenes.failed(shop.base)
    for number in range(3):
        with PtyProgram(cockpit_argv(shop.base)) as program:
            program.wait_for("[1] Runs", "[2] Receipts", "x failed      build", "live", timeout=PATIENCE_S)
            if number:
                program.press("5")
                program.wait_for("retry", "ended", timeout=PATIENCE_S)
                program.press("1")
            program.press("T")
            answer(program, "make stepwise-retry", "y")
            moment = chance.randrange(1, LINES)
            wait_for_line(shop, number, moment)
            program.kill()
            assert program.wait(PATIENCE_S) == -signal.SIGKILL
        is_complete(shop, scenes.FAILED)
    assert [job.state for job in load_jobs(shop.state)] == [JobState.SUCCEEDED] * 3
    check_record(shop)


@pytest.mark.parametrize("ignored", [False, True], ids=["hang-up", "nohup"])
def test_a_dropped_connection_ends_the_cockpit_and_not_the_job(shop: Workshop, ignored: bool) -> None:
    scenes.failed(shop.base)
    nohup = ["nohup"] if ignored else []
    argv = [*nohup, *cockpit_argv("retry", scenes.FAILED, "--root", shop.base, "--yes")]
    with PtyProgram(argv, cwd=shop.base) as program:
        until(lambda: lines_of(shop, scenes.FAILED) >= 2, "the command began")
        program.hang_up()
        is_complete(shop, scenes.FAILED)
        program.process.wait(PATIENCE_S)
    check_record(shop)


def test_a_hang_up_of_the_whole_session_does_not_reach_the_job(shop: Workshop) -> None:
    scenes.failed(shop.base)
    process = subprocess.Popen(
        cockpit_argv("retry", scenes.FAILED, "--root", shop.base, "--yes"), env=terminal_environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until(lambda: lines_of(shop, scenes.FAILED) >= 2, "the command began")
    os.killpg(process.pid, signal.SIGHUP)
    process.wait(PATIENCE_S)
    is_complete(shop, scenes.FAILED)
    check_record(shop)


HOSTILE = "\\033]52;c;AA==\\a\\033[2J\\033[31m[/red]\\r\\0\\342\\200\\256"


def test_two_followers_see_the_same_and_nothing_raw(shop: Workshop) -> None:
    """Both follow in terminals of their own, while the command writes what would take them over."""
    (shop.base / "Makefile").write_text(
        "stepwise-retry:\n"
        f"\t@printf 'hostile {HOSTILE} text\\n'; read line < fifo; "
        "for n in 1 2 3 4 5; do echo line $$n; done; printf end\n"
    )
    os.mkfifo(shop.base / "fifo")
    scenes.failed(shop.base)
    started = json.loads(verb("retry", scenes.FAILED, "--root", shop.base, "--yes", "--no-wait", "--json").stdout)
    follow = cockpit_argv("jobs", started["id"], "--root", shop.base, "--follow")
    with PtyProgram(follow, keep=True) as first, PtyProgram(follow, keep=True) as second:
        for program in (first, second):
            program.wait_for("hostile", "text", timeout=PATIENCE_S)
        (shop.base / "fifo").write_text("go on\n")
        assert [program.wait(PATIENCE_S) for program in (first, second)] == [0, 0]
        told = [bytes(program.raw).decode() for program in (first, second)]
    assert told[0] == told[1]
    assert [line for line in told[0].split("\r\n") if line.startswith("line ")] == [f"line {n}" for n in range(1, 6)]
    assert "\r\nend\r\n" in told[0]
    assert f"retry of {scenes.FAILED} succeeded: exit 0 after" in told[0]
    assert "\x1b" not in told[0]
    assert not FORBIDDEN.search(told[0].replace("\r\n", ""))


def test_a_flood_is_followed_within_its_bound(shop: Workshop) -> None:
    """Thirty megabytes as fast as they come; the file never grows beyond its cap, and a follower sees head and tail."""
    config = shop.base / "config.toml"
    config.write_text("[jobs]\noutput_cap = '2M'\n")
    (shop.base / "Makefile").write_text(
        f"stepwise-retry:\n\t@echo first; yes {'x' * 99} | head -c 30000000; echo last\n"
    )
    scenes.failed(shop.base)
    started = json.loads(
        verb("retry", scenes.FAILED, "--root", shop.base, "--config", config, "--yes", "--no-wait", "--json").stdout
    )
    followed = verb("jobs", started["id"], "--root", shop.base, "--follow")
    job = job_of(shop, scenes.FAILED)
    assert job is not None
    assert Path(job.output).stat().st_size <= 2 << 20
    lines = followed.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("first", "last")
    missed = sum(int(line.split()[1]) for line in lines if line.startswith("[cockpit: "))
    kept = sum(len(line) + 1 for line in lines if line and not line.startswith("[cockpit: "))
    assert missed + kept == pytest.approx(30_000_011, abs=4 * 200)
    assert followed.returncode == 0
