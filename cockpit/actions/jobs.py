"""Jobs as their directories tell them: `<state>/jobs/<id>/` (see `cockpit.actions.supervisor` for the files).

What is true of a job does not depend on which cockpit started it, or whether that one still runs. A job runs as long as
its supervisor holds the job's lock; that the lock is free and there is no result means that the supervisor is gone.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from cockpit.actions.processes import find, group_members, signal_name
from cockpit.actions.storage import is_locked, pretty, read_object, write_atomic
from cockpit.actions.supervisor import CANCEL, CHILD, GRACE_S, JOB, OUTPUT, OWN, RESULT, SUPERVISOR, VERDICT
from cockpit.clock import parse_iso
from cockpit.errors import CockpitError, UsageError
from cockpit.models.action import Job, JobState
from cockpit.sanitize import clean

JOBS = "jobs"
ALIVE = "supervisor.lock"
"""Locked from before a job can be seen until its supervisor is gone."""

_KILL_S = 2.0
"""Seconds for the kernel to take away what was killed."""


def job_dirs(state_dir: Path) -> list[Path]:
    """Directories of all jobs, newest first (their names begin with their time)."""
    try:
        with os.scandir(state_dir / JOBS) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [state_dir / JOBS / name for name in sorted(names, reverse=True) if not name.startswith(".")]


def load_jobs(state_dir: Path, limit: int | None = None) -> tuple[Job, ...]:
    """All jobs of a state directory, newest first, those of other operators and of ended sessions included.

    Args:
        state_dir: State directory of a root.
        limit: How many at most.
    """
    return tuple(job for _, job in zip(range(10**9 if limit is None else limit), _jobs(state_dir), strict=False))


def find_job(state_dir: Path, job_id: str) -> Path:
    """The directory of a job.

    Raises:
        UsageError: There is no such job.
    """
    for job_dir in job_dirs(state_dir):
        if job_dir.name == job_id:
            return job_dir
    raise UsageError(f"there is no job {clean(job_id)!r}")


def load_job(job_dir: Path) -> Job | None:
    """One job as it stands now, or `None` when its directory holds no job that can be read."""
    facts = read_object(job_dir / JOB)
    if facts is None:
        return None
    # In this order: a supervisor writes its result before it lets go of the lock.
    alive = is_alive(job_dir)
    result = read_object(job_dir / RESULT)
    try:
        return Job(
            id=job_dir.name,
            action=facts["action"],
            run=facts["run"],
            run_key=facts["run_key"],
            argv=tuple(facts["argv"]),
            cwd=facts["cwd"],
            started_at=_moment(facts["started_at"]),
            output=str(job_dir.absolute() / OUTPUT),
            plan_hash=facts["plan_hash"],
            bulk=facts.get("bulk"),
            actor=_who(facts),
            timeout_s=facts.get("timeout_s"),
            **_standing(job_dir, result, alive=alive),
        )
    except (KeyError, TypeError, ValueError):
        return None


def is_alive(job_dir: Path) -> bool:
    """Whether the supervisor of a job is still there."""
    held = is_locked(job_dir / ALIVE)
    return _process(job_dir, OWN) is not None if held is None else held


def orphan(job_dir: Path) -> int | None:
    """Process id of a command, or of one of its process group, that still runs although its supervisor is gone."""
    if (job_dir / RESULT).exists():
        return None
    facts = read_object(job_dir / SUPERVISOR) or {}
    process = find(facts, *CHILD)
    if process is not None:
        return process.pid
    # The command itself may be gone and what it started still be at work, in its process group.
    return next(iter(group_members(facts, *CHILD)), None)


def can_end(job: Job) -> bool:
    """Whether there is something left to end: the job runs, or its command outlived its supervisor."""
    lost = job.state is JobState.LOST
    return job.state is JobState.RUNNING or (lost and orphan(Path(job.output).parent) is not None)


def wait_job(job_dir: Path, timeout_s: float | None = None) -> Job:
    """Wait until a job has ended and its end was recorded, or could not be.

    Args:
        job_dir: Directory of the job.
        timeout_s: Seconds to wait at most; `None` waits without polling.

    Raises:
        CockpitError: It is no job, or the time is over.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    fd = os.open(job_dir / ALIVE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if deadline is None:
            fcntl.flock(fd, fcntl.LOCK_SH)
        while deadline is not None and is_alive(job_dir):
            if time.monotonic() > deadline:
                raise CockpitError(f"the job {job_dir.name} still runs after {timeout_s} s")
            time.sleep(0.02)
    finally:
        os.close(fd)
    job = load_job(job_dir)
    if job is None:
        raise CockpitError(f"{clean(job_dir)} holds no job")
    return job


def cancel_job(job_dir: Path, by: str = "") -> bool:
    """Ask for the end of a job: of its whole process group, SIGTERM first, SIGKILL after a grace.

    The supervisor does that, so it works from any cockpit and goes on when this one ends. The command of a job that
    lost its supervisor gets the signals from here, and this returns when it is gone.

    Args:
        job_dir: Directory of the job.
        by: Who asks.

    Returns:
        `False` when there was nothing left to end.

    Raises:
        CockpitError: The request could not be written, or the command of a lost job may not be signalled.
    """
    if is_alive(job_dir):
        try:
            write_atomic(job_dir / CANCEL, pretty({"by": by}))
        except OSError as error:
            raise CockpitError(f"the job {job_dir.name} cannot be cancelled: {error.strerror}") from error
        supervisor = _process(job_dir, OWN)
        if supervisor is not None:
            with suppress(psutil.Error, PermissionError):
                supervisor.send_signal(signal.SIGUSR1)
        return True
    return _end_orphan(job_dir)


def _end_orphan(job_dir: Path) -> bool:
    """End the process group of a command whose supervisor is gone; `False` when there is none."""
    child = orphan(job_dir)
    if child is None:
        return False
    group = int((read_object(job_dir / SUPERVISOR) or {})[CHILD[0]])
    grace = float((read_object(job_dir / JOB) or {}).get("grace_s", GRACE_S))
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, _KILL_S)):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return True
        except PermissionError as error:
            raise CockpitError(f"process {child} of the lost job {job_dir.name} belongs to another user") from error
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if orphan(job_dir) is None:
                return True
            time.sleep(0.02)
    return True


def _who(facts: dict[str, Any]) -> str:
    """The real user who started a job, as its `job.json` tells; empty where it does not."""
    actor = facts.get("actor")
    who = actor.get("real_user") if isinstance(actor, dict) else None
    return who if isinstance(who, str) else ""


def describe_owner(job_dir: Path) -> str:
    """Who does what since when, for a refusal."""
    facts = read_object(job_dir / JOB) or {}
    return clean(
        f"{facts.get('action')} by {_who(facts) or 'somebody'} since {facts.get('started_at')} (job {job_dir.name})"
    )


def _jobs(state_dir: Path) -> Iterator[Job]:
    for job_dir in job_dirs(state_dir):
        job = load_job(job_dir)
        if job is not None:
            yield job


def _standing(job_dir: Path, result: dict[str, Any] | None, *, alive: bool) -> dict[str, Any]:
    """The fields of a job that say how it stands."""
    verdict = read_object(job_dir / VERDICT)
    if result is None:
        if alive:
            return {"state": JobState.RUNNING, "outcome": "running"}
        pid = orphan(job_dir)
        still = f"; its command still runs as process {pid}" if pid else ""
        lost = {"state": JobState.LOST, "outcome": f"{lost_text(job_dir)}{still}"}
        if verdict is None or verdict.get("state") != JobState.LOST.value:
            return lost
        return lost | {name: verdict[name] for name in _TOLD}
    ended = {
        "exit_code": int(result["exit_code"]),
        "signal": result.get("signal"),
        "ended_at": _moment(result["ended_at"]),
    }
    if verdict is not None:
        return ended | {name: verdict[name] for name in ("state", *_TOLD)}
    if alive:
        return ended | {"state": JobState.RUNNING, "outcome": f"{outcome_text(result)}; what it did is being judged"}
    return ended | _provisional(result)


_TOLD = ("outcome", "judged_by", "evidence")
"""What a verdict says besides the state."""


def lost_text(job_dir: Path) -> str:
    """How a job came to be lost."""
    what = "its supervisor vanished" if (job_dir / SUPERVISOR).exists() else "it died before its command was run"
    return f"lost: {what}"


def _provisional(result: dict[str, Any]) -> dict[str, Any]:
    """What can be said of a job that ended and that nobody has judged: the next cockpit that may write does it."""
    good = int(result["exit_code"]) == 0
    state = JobState.SUCCEEDED if good else JobState.FAILED
    if result.get("reason") is not None and not result.get("timed_out"):
        state = JobState.CANCELLED
    return {"state": state, "outcome": outcome_text(result), "judged_by": ("exit code",)}


def outcome_text(result: dict[str, Any]) -> str:
    """How the command ended, for people: `exit 2 after 1 s: <its last line>`."""
    code = int(result["exit_code"])
    seconds = float(result.get("duration_s", 0))
    after = f"after {seconds:.0f} s" if seconds >= 10 else f"after {seconds:.1f} s"
    if result.get("error"):
        return clean(f"not started: {result['error']}", 300)
    text = f"exit {code} {after}" if code >= 0 else f"killed by {signal_name(-code)} {after}"
    if result.get("reason"):
        text = f"{result['reason']}; {text}"
    elif code and result.get("last_line"):
        text = f"{text}: {result['last_line']}"
    text += _left_text(result.get("left_behind"))
    if result.get("lost"):
        text += f"; {result['lost']} bytes of its output could not be written"
    return clean(text, 400)


def _left_text(left: object) -> str:
    """What it started and what went on after its end."""
    if not isinstance(left, list) or not left:
        return "; a process it started still runs" if left else ""
    names = ", ".join(f"{each.get('name')} {each.get('pid')}" for each in left if isinstance(each, dict))
    what = "a process it started still runs" if len(left) == 1 else "processes it started still run"
    return f"; {what} ({names})"


def _process(job_dir: Path, keys: tuple[str, str, str]) -> psutil.Process | None:
    """The process `supervisor.json` tells of under these keys, if it is still the same one and no zombie."""
    return find(read_object(job_dir / SUPERVISOR) or {}, *keys)


def _moment(value: object) -> datetime:
    moment = parse_iso(value) if isinstance(value, str) else None
    if moment is None:
        raise ValueError(f"no time: {value!r}")
    return moment.astimezone(UTC)
