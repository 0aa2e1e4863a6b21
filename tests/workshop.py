"""Real jobs for tests: a state directory with a real journal, plans of any command, waiting without guessing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from cockpit.actions.aftermath import Before
from cockpit.actions.ending import journal_holds, settle
from cockpit.actions.jobs import ALIVE, load_jobs, wait_job
from cockpit.actions.launcher import JobContext, start_job
from cockpit.actions.limits import JobLimits
from cockpit.actions.plan import sealed
from cockpit.actions.storage import is_locked
from cockpit.clock import system_clock
from cockpit.journal.log import Journal
from cockpit.journal.verify import verify
from cockpit.models.action import Job, JobState, Plan
from cockpit.models.journal import Actor, Entry

ACTOR = Actor(user="root", real_user="ada", tty=None, ssh_peer=None)
PATIENCE_S = 60.0


def until(condition: Callable[[], object], what: str = "") -> None:
    """Look again and again until something is so; fails after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what or condition}"
        time.sleep(0.005)


def gone(pid: int) -> bool:
    """Whether a process has ended, as a zombie too."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@dataclass(frozen=True)
class Workshop:
    """A place to run jobs in."""

    base: Path
    folder: str = "state"

    @property
    def state(self) -> Path:
        return self.base / self.folder

    @property
    def journal(self) -> Journal:
        return Journal(self.state / "journal.jsonl", ACTOR, system_clock)

    @property
    def context(self) -> JobContext:
        return JobContext(self.state, self.journal, system_clock, ACTOR, self.journal.path)

    def plan(self, *argv: str, run: str = "run-1", cwd: Path | None = None, **fields: Any) -> Plan:
        return sealed(
            Plan(
                action="retry",
                run=run,
                run_key=f"flow-studio:{self.base}/{run}",
                hash="",
                argv=argv,
                cwd=str(cwd or self.base),
                fingerprint="f1",
                **fields,
            )
        )

    def sealed(self, plan: Plan) -> Plan:
        """A plan that was changed, with the hash it has now."""
        return sealed(plan)

    def start(self, *argv: str, run: str = "run-1", cwd: Path | None = None, **limits: Any) -> Job:
        context = replace(self.context, limits=JobLimits(**limits))
        return start_job(self.plan(*argv, run=run, cwd=cwd), context, lambda: "f1")

    def perform(
        self, plan: Plan, *, context: JobContext | None = None, before: Before | None = None, **limits: Any
    ) -> Job:
        """Start a job for a plan and wait for its end."""
        context = replace(context or self.context, limits=JobLimits(**limits))
        return self.end(start_job(plan, context, lambda: plan.fingerprint, before=before))

    def run(self, *argv: str, **more: Any) -> Job:
        """Start a job and wait for its end."""
        return self.end(self.start(*argv, **more))

    def sh(self, script: str, **more: Any) -> Job:
        """A shell script, which here is what a job runs, never how."""
        return self.start("/bin/sh", "-c", script, **more)

    def end(self, job: Job) -> Job:
        return wait_job(self.dir(job), PATIENCE_S)

    def dir(self, job: Job) -> Path:
        return self.state / "jobs" / job.id

    def output(self, job: Job) -> bytes:
        return Path(job.output).read_bytes()

    def entries(self, kind: str | None = None) -> list[Entry]:
        return [entry for entry in self.journal.entries() if kind in (None, entry.kind)]


def all_over(shop: Workshop) -> None:
    """Wait until nothing runs any more."""
    until(lambda: all(not is_locked(path) for path in shop.state.glob(f"jobs/*/{ALIVE}")), "every supervisor is gone")


def check_record(shop: Workshop) -> None:
    """What must hold after any death: each job has one start at most, one end exactly, and the chain is whole."""
    settle(shop.state, shop.journal, journal_holds(shop.journal.path))
    ends = [entry.data["job"] for entry in shop.entries("action.ended")]
    starts = [entry.data["job"] for entry in shop.entries("action.started")]
    jobs = [job.id for job in load_jobs(shop.state)]
    assert sorted(ends) == sorted(jobs)
    assert len(set(starts)) == len(starts)
    assert set(starts) <= set(jobs)
    assert all(job.state is not JobState.RUNNING for job in load_jobs(shop.state))
    assert verify(shop.journal.path).ok
