"""The life of a job, with real processes."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from cockpit.actions.ending import settle
from cockpit.actions.jobs import cancel_job, find_job, load_job, load_jobs, outcome_text, wait_job
from cockpit.actions.launcher import BusyError, start_job
from cockpit.errors import CockpitError, ExitCode, MovedError, UsageError
from cockpit.journal.verify import verify
from cockpit.models.action import JobState
from tests.workshop import Workshop, gone, until

UNWRITTEN = "of its output could not be written"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.mark.parametrize(
    ("script", "state", "code", "outcome"),
    [
        ("echo fine", JobState.SUCCEEDED, 0, "exit 0 after 0."),
        ("echo bad; exit 3", JobState.FAILED, 3, ": bad"),
        ("kill -TERM $$", JobState.FAILED, -15, "killed by SIGTERM after 0."),
        ("kill -KILL $$", JobState.FAILED, -9, "killed by SIGKILL after 0."),
        ("echo out; echo err >&2; exit 1", JobState.FAILED, 1, ": err"),
    ],
)
def test_the_end_of_a_command_is_the_end_of_its_job(
    shop: Workshop, script: str, state: JobState, code: int, outcome: str
) -> None:
    started = shop.sh(script)
    job = shop.end(started)
    assert (job.state, job.exit_code) == (state, code)
    assert outcome in job.outcome
    assert job.started_at <= (job.ended_at or job.started_at)
    assert job.id == started.id
    assert job.plan_hash == shop.plan("/bin/sh", "-c", script).hash
    assert load_jobs(shop.state) == (job,)


def test_what_cannot_be_started_says_why(shop: Workshop, tmp_path: Path) -> None:
    missing = shop.run("no-such-program", "--help")
    assert (missing.state, missing.exit_code) == (JobState.FAILED, 127)
    assert missing.outcome == "not started: no-such-program: No such file or directory"
    assert b"no-such-program" in shop.output(missing)
    homeless = shop.run("true", cwd=tmp_path / "gone")
    assert (homeless.state, homeless.exit_code) == (JobState.FAILED, 127)
    assert "gone: No such file" in homeless.outcome
    (tmp_path / "data").write_text("x")
    (tmp_path / "data").chmod(0o644)
    forbidden = shop.run(str(tmp_path / "data"))
    assert (forbidden.state, forbidden.exit_code) == (JobState.FAILED, 126)
    assert [entry.data["exit_code"] for entry in shop.entries("action.ended")] == [127, 127, 126]


def test_arguments_reach_the_program_as_they_are(shop: Workshop, tmp_path: Path) -> None:
    hostile = ["$(touch pwned)", "`touch pwned`", "; touch pwned", "--help", "a b", "*", "\n", "ü\u202e", ""]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    job = shop.run(sys.executable, "-c", code, *hostile)
    assert json.loads(shop.output(job)) == hostile
    assert not (tmp_path / "pwned").exists()


def test_the_command_stands_alone(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "n")
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("KEPT", "yes")
    code = """if True:
        import json, os, signal, sys
        names = ("SIGHUP", "SIGTERM", "SIGCHLD", "SIGUSR1")
        with open("/proc/self/status") as status:
            ignored = next(int(line.split()[1], 16) for line in status if line.startswith("SigIgn"))
        print(json.dumps({
            "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd")),
            "stdin": os.read(0, 1).decode(),
            "group": os.getpgrp() == os.getpid(),
            "session": os.getsid(0) != int(sys.argv[1]),
            "ignored": [name for name in names if ignored >> (getattr(signal, name) - 1) & 1],
            "env": {k: os.environ.get(k) for k in ("MAKEFLAGS", "MAKELEVEL", "KEPT", "ADDED")},
            "cwd": os.getcwd(),
        }))"""
    plan = shop.plan(sys.executable, "-c", code, str(os.getsid(0)), env={"ADDED": "too"})
    job = shop.end(start_job(plan, shop.context, lambda: "f1"))
    told = json.loads(shop.output(job))
    # 3 is the directory being listed; neither a lock nor a pipe of the supervisor leaks in.
    assert told["fds"] == [0, 1, 2, 3]
    assert told["stdin"] == ""
    assert told["group"] is told["session"] is True
    assert told["ignored"] == []
    assert told["env"] == {"MAKEFLAGS": None, "MAKELEVEL": None, "KEPT": "yes", "ADDED": "too"}
    assert told["cwd"] == str(shop.base)


def test_the_directory_the_cockpit_stands_in_brings_no_code(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("json.py", "psutil.py", "cockpit.py", "subprocess.py"):
        (trap / name).write_text(f"open({str(tmp_path / 'pwned')!r}, 'w'); raise SystemExit(9)\n")
    monkeypatch.chdir(trap)
    assert shop.run("true", cwd=trap).state is JobState.SUCCEEDED
    assert not (tmp_path / "pwned").exists()


def test_the_journal_tells_the_whole_story_in_order(shop: Workshop) -> None:
    job = shop.end(shop.sh("exit 4"))
    entries = shop.entries()
    kinds = [entry.kind for entry in entries]
    assert kinds == ["action.planned", "action.confirmed", "action.started", "action.ended"]
    assert {entry.data["job"] for entry in entries} == {job.id}
    assert {entry.data["plan"] for entry in entries} == {job.plan_hash}
    assert {entry.actor.real_user for entry in entries} == {"ada"}
    assert {entry.data["run"] for entry in entries} == {"run-1"}
    assert {entry.data["run_key"] for entry in entries} == {job.run_key}
    assert entries[2].data["argv"] == ["/bin/sh", "-c", "exit 4"]
    assert entries[2].data["cwd"] == str(shop.base)
    assert (entries[3].data["exit_code"], entries[3].data["state"]) == (4, "failed")
    assert verify(shop.journal.path).ok
    assert settle(shop.state, shop.journal, lambda _job: False) == 0


def test_a_run_that_moved_is_left_alone(shop: Workshop) -> None:
    plan = shop.plan("touch", str(shop.base / "ran"))
    with pytest.raises(MovedError) as caught:
        start_job(plan, shop.context, lambda: "f2")
    assert caught.value.exit_code is ExitCode.MOVED
    assert not (shop.base / "ran").exists()
    assert load_jobs(shop.state) == ()
    (entry,) = shop.entries()
    assert entry.kind == "action.refused"
    assert entry.data["plan"] == plan.hash
    assert "changed" in entry.data["reason"]
    # The refusal let go of the run.
    assert shop.run("true").state is JobState.SUCCEEDED


def test_the_fingerprint_is_taken_while_the_run_is_locked(shop: Workshop) -> None:
    seen: list[str] = []

    def look() -> str:
        with pytest.raises(BusyError):
            shop.start("true")
        seen.append("locked")
        return "f1"

    job = start_job(shop.plan("true"), shop.context, look)
    assert seen == ["locked"]
    assert shop.end(job).state is JobState.SUCCEEDED


def test_refused_and_forged_plans_do_nothing(shop: Workshop) -> None:
    refused = shop.plan("true", refused="there is no Makefile")
    forged = shop.plan("true").model_copy(update={"argv": ("rm", "-rf", "/tmp/x")})
    empty = shop.plan()
    for plan, reason in ((refused, "no Makefile"), (forged, "hash"), (empty, "neither a command nor a request")):
        with pytest.raises(UsageError, match=reason):
            start_job(plan, shop.context, lambda: "f1")
    assert load_jobs(shop.state) == ()
    assert [entry.kind for entry in shop.entries()] == ["action.refused"] * 3


def test_one_job_a_run_and_the_other_hears_who_has_it(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    first = shop.sh("read line < fifo")
    with pytest.raises(BusyError, match="retry by ada since 20") as caught:
        shop.start("true")
    assert first.id in str(caught.value)
    other = shop.run("true", run="run-2")
    assert other.state is JobState.SUCCEEDED
    (shop.base / "fifo").write_text("go on\n")
    assert shop.end(first).state is JobState.SUCCEEDED
    assert shop.run("true").state is JobState.SUCCEEDED
    assert [entry.kind for entry in shop.entries()].count("action.refused") == 1


def test_jobs_come_newest_first_and_rubbish_among_them_is_no_job(shop: Workshop) -> None:
    ids = [shop.run("true", run=f"run-{number}").id for number in range(3)]
    (shop.state / "jobs" / "99999999T000000.000000Z-bad").mkdir()
    bad = shop.state / "jobs" / "99999999T000000.000000Z-worse"
    bad.mkdir()
    (bad / "job.json").write_text('{"action": 1')
    (shop.state / "jobs" / "file").touch()
    assert [job.id for job in load_jobs(shop.state)] == ids[::-1]
    assert [job.id for job in load_jobs(shop.state, limit=2)] == ids[:0:-1]
    assert load_job(bad) is None
    assert find_job(shop.state, ids[0]).name == ids[0]
    for name in ("../jobs", "", "nope"):
        with pytest.raises(UsageError):
            find_job(shop.state, name)
    assert load_jobs(shop.base / "nowhere") == ()


def test_cancel_ends_the_whole_group(shop: Workshop) -> None:
    job = shop.sh("sleep 100 & echo $! > child; echo $$ > leader; wait")
    until(lambda: (shop.base / "leader").exists() and (shop.base / "leader").read_text().strip(), "the command began")
    pids = [int((shop.base / name).read_text()) for name in ("child", "leader")]
    assert cancel_job(shop.dir(job), "ada")
    ended = shop.end(job)
    assert ended.state is JobState.CANCELLED
    assert ended.exit_code == -signal.SIGTERM
    assert ended.outcome.startswith("cancelled by ada; killed by SIGTERM after")
    until(lambda: all(map(gone, pids)), "the whole group is gone")
    assert not cancel_job(shop.dir(job), "ada")
    assert shop.entries("action.ended")[0].data["state"] == "cancelled"


def test_who_ignores_sigterm_is_killed_after_the_grace_with_its_children(shop: Workshop) -> None:
    script = "trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo $! > child; while :; do sleep 0.1; done"
    job = shop.sh(script, grace_s=0.3)
    until(lambda: (shop.base / "child").exists() and (shop.base / "child").read_text().strip(), "the command began")
    child = int((shop.base / "child").read_text())
    cancel_job(shop.dir(job))
    ended = shop.end(job)
    assert (ended.state, ended.exit_code) == (JobState.CANCELLED, -signal.SIGKILL)
    until(lambda: gone(child), "the child is gone")


def test_a_command_may_end_itself_in_order_when_cancelled(shop: Workshop) -> None:
    job = shop.sh("trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    until(lambda: b"ready" in shop.output(job), "the command began")
    cancel_job(shop.dir(job))
    ended = shop.end(job)
    assert (ended.state, ended.exit_code) == (JobState.CANCELLED, 0)
    assert b"tidied" in shop.output(ended)


def test_a_job_may_take_only_so_long(shop: Workshop) -> None:
    job = shop.run("sleep", "100", timeout_s=0.2)
    assert job.state is JobState.FAILED
    assert job.outcome.startswith("timed out after 0.2 s; killed by SIGTERM after 0.")
    assert (job.signal, job.judged_by) == ("SIGTERM", ("time limit",))


def test_output_can_be_read_while_it_is_written(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    job = shop.sh("echo first; read line < fifo; echo second")
    assert Path(job.output).exists()
    until(lambda: shop.output(job) == b"first\n", "the first line is there")
    assert load_jobs(shop.state)[0].state is JobState.RUNNING
    (shop.base / "fifo").write_text("go on\n")
    shop.end(job)
    assert shop.output(job) == b"first\nsecond\n"


def test_output_is_kept_byte_by_byte_and_never_reaches_the_outcome_raw(shop: Workshop) -> None:
    nasty = b"\x1b]52;c;AA==\x07[/x]\xff\x00\x1b[31m" + b"y" * 1000
    (shop.base / "nasty").write_bytes(nasty)
    job = shop.end(shop.sh("cat nasty; exit 1"))
    assert shop.output(job) == nasty
    assert job.outcome.isprintable()
    assert len(job.outcome) < 500


def test_a_flood_of_output_is_capped_with_head_and_tail(shop: Workshop) -> None:
    code = "import sys; [sys.stdout.write(f'line {n:09d}\\n') for n in range(700_000)]"
    job = shop.run(sys.executable, "-c", code, output_cap=1_000_000)
    kept = shop.output(job)
    result = json.loads((shop.dir(job) / "result.json").read_bytes())
    assert len(kept) <= 1_000_000
    assert kept.startswith(b"line 000000000\nline 000000001\n")
    assert kept.endswith(b"line 000699998\nline 000699999\n")
    assert result["output_bytes"] == 15 * 700_000
    assert f"{result['left_out']:>20d} bytes of output left out here".encode() in kept


def test_a_command_that_closes_its_output_is_still_waited_for(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    job = shop.sh("echo bye; exec >&- 2>&-; read line < fifo; exit 5")
    until(lambda: shop.output(job) == b"bye\n", "the output is there")
    assert load_jobs(shop.state)[0].state is JobState.RUNNING
    (shop.base / "fifo").write_text("go on\n")
    assert shop.end(job).exit_code == 5


def test_what_a_command_leaves_behind_holds_nothing_up_and_is_told(shop: Workshop) -> None:
    job = shop.end(shop.sh("sleep 100 & echo $! > child; echo done"))
    child = int((shop.base / "child").read_text())
    try:
        assert job.state is JobState.SUCCEEDED
        assert job.outcome.endswith(f"a process it started still runs (sleep {child})")
        assert not gone(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_waiting_has_an_end(shop: Workshop) -> None:
    job = shop.start("sleep", "100")
    with pytest.raises(CockpitError, match="still runs after"):
        wait_job(shop.dir(job), 0.05)
    cancel_job(shop.dir(job))
    assert wait_job(shop.dir(job)).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"exit_code": 0, "duration_s": 12.4}, "exit 0 after 12 s"),
        ({"exit_code": -15, "duration_s": 3.04}, "killed by SIGTERM after 3.0 s"),
        ({"exit_code": -99, "duration_s": 3}, "killed by signal 99 after 3.0 s"),
        (
            {"exit_code": 2, "duration_s": 1, "last_line": "\x1b[31mmake: *** Stop."},
            "exit 2 after 1.0 s: make: *** Stop.",
        ),
        ({"exit_code": 0, "duration_s": 1, "last_line": "fine"}, "exit 0 after 1.0 s"),
        (
            {"exit_code": 0, "duration_s": 1, "lost": 7},
            "exit 0 after 1.0 s; 7 bytes of its output could not be written",
        ),
    ],
)
def test_outcomes_are_for_people(result: dict[str, object], text: str) -> None:
    assert outcome_text(result) == text


def test_state_that_cannot_be_written_is_a_clear_error(shop: Workshop) -> None:
    shop.state.write_text("a file where the directory should be")
    with pytest.raises(CockpitError, match="nothing was done"):
        shop.start("true")
