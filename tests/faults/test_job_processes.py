"""Commands that slip away: out of their group, out of their supervisor's sight; and clocks that are set back."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from cockpit.actions.jobs import cancel_job, load_job, load_jobs
from cockpit.actions.launcher import BusyError
from cockpit.actions.processes import find, group_members, identity
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import CHILD, OWN, RESULT, SUPERVISOR
from cockpit.journal.verify import verify
from cockpit.models.action import Job, JobState
from tests.workshop import Workshop, check_record, gone, until

# Forks twice and becomes the leader of a session of its own: no signal to the command's group reaches it.
ESCAPE = "(setsid sh -c '{trap}echo $$ > escaped; while :; do sleep 0.05; done' &)"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def number_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().strip(), f"{path.name} is written")
    return int(path.read_text())


def supervisor_of(shop: Workshop, job: Job) -> dict[str, int]:
    path = shop.dir(job) / SUPERVISOR
    until(lambda: "child" in (read_object(path) or {}), "the supervisor wrote whom it supervises")
    facts = json.loads(path.read_bytes())
    assert isinstance(facts, dict)
    return facts


def kill_supervisor(shop: Workshop, job: Job) -> None:
    pid = supervisor_of(shop, job)["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: gone(pid), "the supervisor is gone")


@pytest.mark.parametrize("trap", ["", 'trap "" TERM; '], ids=["obedient", "deaf"])
def test_cancelling_ends_what_left_the_group_too(shop: Workshop, trap: str) -> None:
    job = shop.sh(f"{ESCAPE.format(trap=trap)}; echo $$ > leader; sleep 100", grace_s=0.3)
    escaped, leader = number_in(shop.base / "escaped"), number_in(shop.base / "leader")
    assert os.getpgid(escaped) != os.getpgid(leader)
    assert os.getsid(escaped) != os.getsid(leader)
    assert cancel_job(shop.dir(job))
    ended = shop.end(job)
    assert ended.state is JobState.CANCELLED
    assert gone(leader)
    until(lambda: gone(escaped), "what had escaped is gone")
    assert "still run" not in ended.outcome


def test_what_left_the_group_and_goes_on_is_named(shop: Workshop) -> None:
    """It even holds the command's output open: the end of the job does not wait for it."""
    job = shop.sh(f"{ESCAPE.format(trap='')}; until [ -s escaped ]; do sleep 0.02; done; echo done")
    ended = shop.end(job)
    escaped = number_in(shop.base / "escaped")
    try:
        assert ended.state is JobState.SUCCEEDED
        assert f"still run (sh {escaped}" in ended.outcome.replace("runs", "run")
        assert not gone(escaped)
    finally:
        os.killpg(escaped, signal.SIGKILL)


def test_orphans_that_end_leave_no_zombies_behind(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    job = shop.sh("for n in 1 2 3 4 5 6 7 8 9 10; do (setsid true &); done; echo made; read line < fifo")
    until(lambda: shop.output(job) == b"made\n", "the orphans were made")
    supervisor = psutil.Process(supervisor_of(shop, job)["pid"])

    def zombies() -> int:
        return sum(child.status() == psutil.STATUS_ZOMBIE for child in supervisor.children())

    until(lambda: zombies() == 0, "every orphan was reaped")
    (shop.base / "fifo").write_text("go on\n")
    assert shop.end(job).outcome.startswith("exit 0 after")


def test_a_lost_command_that_ignores_sigterm_is_killed_after_the_grace(shop: Workshop) -> None:
    job = shop.sh("trap '' TERM; echo deaf; while :; do sleep 0.05; done", grace_s=0.3)
    until(lambda: shop.output(job) == b"deaf\n", "the command began")
    child = supervisor_of(shop, job)["child"]
    kill_supervisor(shop, job)
    assert cancel_job(shop.dir(job))
    assert gone(child)
    assert not cancel_job(shop.dir(job))


def test_what_a_lost_command_left_in_its_group_still_guards_the_run(shop: Workshop) -> None:
    """Supervisor and command are killed, as the kernel does when memory runs out; what it started works on."""
    job = shop.sh("sleep 100 & echo $! > member; wait")
    member = number_in(shop.base / "member")
    child = supervisor_of(shop, job)["child"]
    kill_supervisor(shop, job)
    os.kill(child, signal.SIGKILL)
    until(lambda: gone(child), "the command is gone")
    lost = load_job(shop.dir(job))
    assert lost is not None
    assert lost.outcome == f"lost: its supervisor vanished; its command still runs as process {member}"
    with pytest.raises(BusyError, match=f"process {member} still runs"):
        shop.start("true")
    assert cancel_job(shop.dir(job))
    assert gone(member)
    assert shop.run("true").state is JobState.SUCCEEDED


def test_a_job_that_died_before_its_command_was_run_says_so(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it was killed when the job was recorded and its supervisor not yet there."""

    def killed(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("cockpit.actions.launcher.spawn", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.start("touch", str(shop.base / "ran"))
    (lost,) = load_jobs(shop.state)
    assert (lost.state, lost.outcome) == (JobState.LOST, "lost: it died before its command was run")
    assert not (shop.base / "ran").exists()
    assert shop.run("true").state is JobState.SUCCEEDED
    check_record(shop)


def test_a_clock_that_was_set_makes_no_stranger_of_a_process() -> None:
    """The kernel tells start times by the clock as it is set now; ticks since boot do not move with it."""
    facts = identity(os.getpid(), *OWN)
    assert find(facts, *OWN) is not None
    assert find({**facts, "created": facts["created"] - 86_400}, *OWN) is not None
    assert find({**facts, "ticks": facts["ticks"] + 1}, *OWN) is None
    assert find({**facts, "boot": "another"}, *OWN) is None
    # Where the kernel tells no ticks, the time has to do.
    timed = {name: facts[name] for name in ("pid", "created")}
    assert find(timed, *OWN) is not None
    assert find({**timed, "created": facts["created"] - 86_400}, *OWN) is None
    for broken in ({}, {"pid": "x"}, {"pid": -1, "created": 0}, {"pid": 2**40, "created": 0}):
        assert find(broken, *OWN) is None
        assert group_members(broken, *OWN) == []


def test_an_older_process_group_of_the_same_number_is_not_the_commands() -> None:
    group = os.getpgrp()
    facts = identity(os.getpid(), *CHILD) | {"child": group}
    assert os.getpid() in group_members(facts, *CHILD)
    later = {**facts, "child_ticks": facts["child_ticks"] + 10**9}
    assert group_members(later, *CHILD) == []


CLOCK = """
import datetime

class Back(datetime.datetime):
    looked = 0

    @classmethod
    def now(cls, tz=None):
        cls.looked += 1
        return super().now(tz) - datetime.timedelta(hours=1 if cls.looked > 1 else 0)

datetime.datetime = Back
"""


def test_a_clock_that_is_set_back_while_a_job_runs(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.base / "clock").mkdir()
    (shop.base / "clock" / "sitecustomize.py").write_text(CLOCK)
    monkeypatch.setenv("PYTHONPATH", str(shop.base / "clock"))
    job = shop.start("sleep", "0.3")
    monkeypatch.undo()
    ended = shop.end(job)
    assert ended.state is JobState.SUCCEEDED
    assert ended.ended_at is not None
    result = json.loads((shop.dir(job) / RESULT).read_bytes())
    assert result["started_at"] <= result["ended_at"]
    assert result["duration_s"] >= 0.3
    (entry,) = shop.entries("action.ended")
    # The journal took the end at the time the clock told, an hour before the start; its chain does not mind.
    assert entry.at < ended.started_at
    assert verify(shop.journal.path).ok
    assert shop.run("true").state is JobState.SUCCEEDED
    assert verify(shop.journal.path).ok
