"""Starting a job: lock the run, look whether it moved, write it down, hand over to a supervisor.

Nothing here waits for the command. From the moment the run's lock is taken until the supervisor is gone, the lock is
never free: the descriptor goes from this process to the supervisor, so killing either at any moment leaves no gap in
which a second action could slip in, and no stale lock behind.
"""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cockpit.actions.ending import Recorder, Seen, record_end
from cockpit.actions.jobs import ALIVE, JOBS, describe_owner, is_alive, job_dirs, load_job, orphan
from cockpit.actions.plan import plan_hash
from cockpit.actions.storage import make_dir, pretty, read_object, sync_dir, try_lock, write_atomic
from cockpit.actions.supervisor import JOB, NOT_FOUND, OUTPUT, RESERVE, RESULT
from cockpit.clock import Clock, iso, system_clock
from cockpit.errors import Change, CockpitError, MovedError, UsageError
from cockpit.journal.files import ensure_state_dir
from cockpit.models.action import Job, Plan, Reach
from cockpit.models.journal import Actor
from cockpit.sanitize import clean

PLANNED = "action.planned"
CONFIRMED = "action.confirmed"
STARTED = "action.started"
REFUSED = "action.refused"

_RESERVED = 4096
_HANDOVER_S = 3.0
"""Seconds to wait for a job whose result is written and whose supervisor is about to let go."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """Where jobs are kept and recorded.

    Attributes:
        state_dir: State directory of the root.
        recorder: The journal.
        clock: What time it is.
        actor: Who acts.
        journal: File of the journal, for the supervisor to record the end in; `None` leaves that to `settle`.
    """

    state_dir: Path
    recorder: Recorder
    clock: Clock
    actor: Actor
    journal: Path | None = None


class BusyError(CockpitError):
    """Another job holds the run; nothing was done."""


def start_job(
    plan: Plan,
    context: JobContext,
    current_fingerprint: Callable[[], str],
    *,
    changes: Callable[[], tuple[Change, ...]] | None = None,
    confirmed: Callable[[], None] | None = None,
    grace_s: float | None = None,
    timeout_s: float | None = None,
    output_cap: int | None = None,
) -> Job:
    """Carry out a confirmed plan in a job of its own.

    Args:
        plan: As it was shown and confirmed.
        context: Where the job is kept and recorded.
        current_fingerprint: Tells the run's fingerprint now; called while the run is locked.
        changes: Tells what of the plan's basis is another one now; asked where the fingerprint is another one.
        confirmed: Raises where what was confirmed is not this plan; asked first of all.
        grace_s: Seconds between SIGTERM and SIGKILL when the job is cancelled.
        timeout_s: Seconds after which the job is cancelled; `None` for never.
        output_cap: Bytes of output kept.

    Returns:
        The job, running, or ended already where it could not be started.

    Raises:
        UsageError: The plan is refused, was tampered with, or holds nothing to run.
        MovedError: The run is not as it was when the plan was made.
        BusyError: Another job holds the run.
        CockpitError: The state directory or the journal cannot be written.

        Whatever is raised, nothing ran, and the refusal is in the journal where that can be written.
    """
    try:
        if confirmed is not None:
            confirmed()
        _check(plan)
        lock = _lock_run(context.state_dir, plan)
        try:
            if current_fingerprint() != plan.fingerprint:
                raise moved(plan, changes() if changes else ())
            limits = {"grace_s": grace_s, "timeout_s": timeout_s, "output_cap": output_cap}
            return _launch(plan, context, lock, {key: value for key, value in limits.items() if value is not None})
        finally:
            os.close(lock)
    except CockpitError as error:
        with suppress(CockpitError, OSError):
            context.recorder.append(REFUSED, {**_about(plan), "reason": str(error)})
        raise


def moved(plan: Plan, changes: tuple[Change, ...]) -> MovedError:
    """The refusal of a plan whose run is not as it was."""
    what = "; ".join(map(str, changes)) or "its files are not as they were"
    return MovedError(f"the run {clean(plan.run)} changed after this was planned: {what}; nothing was done", changes)


def _check(plan: Plan) -> None:
    if plan.refused is not None:
        raise UsageError(plan.refused)
    if plan_hash(plan) != plan.hash:
        raise UsageError("the plan is not the one its hash was made from; nothing was done")
    if not plan.argv and plan.request is None:
        raise UsageError(f"the plan of {clean(plan.action)} holds neither a command nor a request")


def _lock_run(state_dir: Path, plan: Plan) -> int:
    """The lock of the plan's run, or of its system, as a descriptor.

    Raises:
        BusyError: A job holds it, or a lost job's command still works on it.
        CockpitError: The state directory cannot be written.
    """
    key = lock_of(plan)
    taken = f"the run {clean(plan.run)}" if plan.reach is Reach.RUN else f"the system of the run {clean(plan.run)}"
    name = sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    deadline = time.monotonic() + _HANDOVER_S
    try:
        ensure_state_dir(state_dir)
        locks = make_dir(state_dir / "locks")
        while (lock := try_lock(locks / f"{name}.lock")) is None:
            owner = holder(state_dir, key)
            if owner is None and time.monotonic() > deadline:
                owner = "an action that is just starting or ending"
            if owner is not None:
                raise BusyError(f"{taken} is taken: {owner}")
            time.sleep(0.01)
    except OSError as error:
        raise CockpitError(f"cannot lock the run in {state_dir}: {error.strerror}; nothing was done") from error
    left = holder(state_dir, key)
    if left is not None:
        os.close(lock)
        raise BusyError(f"{taken} is taken: {left}")
    return lock


def lock_of(plan: Plan) -> str:
    """What a plan locks; plans of before that have no such key lock their run."""
    return plan.lock_key or plan.run_key


def holder(state_dir: Path, key: str) -> str | None:
    """Who works on a run or a system, doing what, since when; `None` where no job does.

    Args:
        state_dir: State directory of a root.
        key: The lock key: a run's key, or that of a system.
    """
    return holders(state_dir, (key,)).get(key)


def holders(state_dir: Path, keys: Iterable[str]) -> dict[str, str]:
    """Who works on any of several runs or systems; those nobody works on are left out.

    A job whose supervisor was killed counts as long as its command still runs.
    """
    wanted = set(keys)
    found: dict[str, str] = {}
    for job_dir in job_dirs(state_dir):
        if (job_dir / RESULT).exists():
            continue
        facts = read_object(job_dir / JOB) or {}
        # Jobs of before know only their run.
        key = facts.get("lock_key") or facts.get("run_key")
        if key not in wanted or key in found:
            continue
        if is_alive(job_dir):
            found[key] = describe_owner(job_dir)
            continue
        pid = orphan(job_dir)
        if pid is not None:
            found[key] = f"{describe_owner(job_dir)} lost its supervisor, but process {pid} still runs"
    return found


def _launch(plan: Plan, context: JobContext, lock: int, limits: dict[str, float]) -> Job:
    started = context.clock()
    try:
        job_dir, alive = _make_job_dir(context.state_dir, plan, started)
    except OSError as error:
        raise CockpitError(f"cannot make a job in {context.state_dir}: {error.strerror}; nothing was done") from error
    try:
        try:
            argv = _argv(plan, job_dir)
            _write_job(job_dir, plan, argv, context, started, limits)
            about = {**_about(plan), "job": job_dir.name}
            context.recorder.append(PLANNED, {**about, "effects": list(plan.effects), "fingerprint": plan.fingerprint})
            context.recorder.append(CONFIRMED, about)
            context.recorder.append(STARTED, {**about, "argv": list(argv), "cwd": plan.cwd})
        except BaseException as error:
            # Not acknowledged, so it never was.
            shutil.rmtree(job_dir, ignore_errors=True)
            if isinstance(error, OSError):
                raise CockpitError(f"cannot write {job_dir}: {error.strerror}; nothing was done") from error
            raise
        failure = _spawn(job_dir, lock, alive)
        if failure is not None:
            _write_failure(job_dir, started, failure)
    finally:
        os.close(alive)
    if failure is not None:
        with suppress(OSError):
            record_end(job_dir, context.recorder, _never)
    job = load_job(job_dir)
    if job is None:
        raise CockpitError(f"the job {job_dir.name} was started and its directory is gone")
    return job


def _make_job_dir(state_dir: Path, plan: Plan, started: datetime) -> tuple[Path, int]:
    """A new directory with everything in it that takes room on disk, and the job's lock, held."""
    at = started.astimezone(UTC)
    name = f"{at:%Y%m%dT%H%M%S}.{at.microsecond:06d}Z-{secrets.token_hex(3)}"
    job_dir = make_dir(make_dir(state_dir / JOBS) / name, exist_ok=False)
    try:
        alive = try_lock(job_dir / ALIVE)
        if alive is None:
            raise BlockingIOError(f"{plan.run}: the lock of a new job is taken")
        (job_dir / OUTPUT).touch()
        (job_dir / RESERVE).write_bytes(b" " * _RESERVED)
    except OSError:
        shutil.rmtree(job_dir, ignore_errors=True)
        raise
    return job_dir, alive


def _argv(plan: Plan, job_dir: Path) -> tuple[str, ...]:
    """The plan's command; that of a request reads the request from the job."""
    if plan.request is None:
        return plan.argv or ()
    from cockpit.actions.http_call import call_argv

    return call_argv(job_dir)


def _write_job(
    job_dir: Path,
    plan: Plan,
    argv: tuple[str, ...],
    context: JobContext,
    started: datetime,
    limits: dict[str, float],
) -> None:
    facts: dict[str, Any] = {
        "action": plan.action,
        "run": plan.run,
        "run_key": plan.run_key,
        "lock_key": lock_of(plan),
        "argv": list(argv),
        "cwd": plan.cwd,
        "env": dict(plan.env),
        "plan_hash": plan.hash,
        "plan": plan.model_dump(mode="json"),
        "started_at": iso(started),
        "actor": context.actor.model_dump(mode="json"),
        "journal": None if context.journal is None else str(context.journal.absolute()),
        **limits,
    }
    write_atomic(job_dir / JOB, pretty(facts))
    sync_dir(job_dir.parent)


def _spawn(job_dir: Path, lock: int, alive: int) -> str | None:
    """Start the supervisor; returns why it could not be, if so.

    `-P` keeps the working directory off the module path: a run must not be able to bring its own `json.py`.
    """
    held = (alive, lock)
    argv = [sys.executable, "-P", "-m", "cockpit.actions.supervisor", str(job_dir.absolute()), *map(str, held)]
    try:
        with (job_dir / "supervisor.log").open("wb") as log:
            code = subprocess.run(
                argv,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=held,
                start_new_session=True,
            ).returncode
    except OSError as error:
        return f"its supervisor could not be started: {error.strerror}"
    if code == 0:
        return None
    said = (job_dir / "supervisor.log").read_text("utf-8", "replace").strip().splitlines()
    return f"its supervisor could not be started: {said[-1] if said else f'exit {code}'}"


def _write_failure(job_dir: Path, started: datetime, why: str) -> None:
    now = system_clock()
    result = {"started_at": iso(started), "ended_at": iso(now), "duration_s": 0, "exit_code": NOT_FOUND, "error": why}
    with suppress(OSError):
        write_atomic(job_dir / RESULT, pretty(result))


def _about(plan: Plan) -> dict[str, Any]:
    """What every entry about a plan says of it."""
    return {
        "action": plan.action,
        "run": plan.run,
        "run_key": plan.run_key,
        "flow": plan.flow,
        "step": plan.step,
        "plan": plan.hash,
    }


_never: Seen = lambda _job_id: False  # noqa: E731
