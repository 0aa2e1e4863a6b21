"""Starting a job: lock the run, look whether it moved, write it down, hand over to a supervisor.

Nothing here waits for the command. From the moment the run's lock is taken until the supervisor is gone, the lock is
never free: the descriptor goes from this process to the supervisor, so killing either at any moment leaves no gap in
which a second action could slip in, and no stale lock behind.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cockpit.actions.aftermath import Before
from cockpit.actions.ending import Recorder, Seen, record_end
from cockpit.actions.holding import holder, lock_of
from cockpit.actions.job_dir import argv_of, make_job_dir, spawn, write_failure
from cockpit.actions.jobs import load_job
from cockpit.actions.limits import JobLimits
from cockpit.actions.outcome import BEFORE
from cockpit.actions.plan import plan_hash
from cockpit.actions.storage import make_dir, pretty, sync_dir, try_lock, write_atomic
from cockpit.actions.supervisor import JOB
from cockpit.clock import Clock, iso
from cockpit.errors import Change, CockpitError, MovedError, UsageError
from cockpit.journal.files import ensure_state_dir, not_writable
from cockpit.models.action import Job, Plan, Reach
from cockpit.models.journal import Actor
from cockpit.sanitize import clean

PLANNED = "action.planned"
CONFIRMED = "action.confirmed"
STARTED = "action.started"
REFUSED = "action.refused"

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
        config: Configuration file of the session, for the supervisor to read the run by; `None` for the defaults.
        limits: How long jobs may take and how much they may write.
    """

    state_dir: Path
    recorder: Recorder
    clock: Clock
    actor: Actor
    journal: Path | None = None
    config: Path | None = None
    limits: JobLimits = field(default_factory=JobLimits)


class BusyError(CockpitError):
    """Another job holds the run; nothing was done."""


def start_job(
    plan: Plan,
    context: JobContext,
    current_fingerprint: Callable[[], str],
    *,
    changes: Callable[[], tuple[Change, ...]] | None = None,
    confirmed: Callable[[], None] | None = None,
    before: Before | None = None,
    timeout_s: float | None = None,
    bulk: str | None = None,
) -> Job:
    """Carry out a confirmed plan in a job of its own.

    Args:
        plan: As it was shown and confirmed.
        context: Where the job is kept and recorded.
        current_fingerprint: Tells the run's fingerprint now; called while the run is locked.
        changes: Tells what of the plan's basis is another one now; asked where the fingerprint is another one.
        confirmed: Raises where what was confirmed is not this plan; asked first of all.
        before: The run as it is, to compare it with when the job has ended; `None` where it has no say in that.
        timeout_s: Seconds after which the job is ended, 0 for never; `None` for what the limits say.
        bulk: Id of the bulk it belongs to.

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
            more: dict[str, Any] = {"bulk": bulk, **context.limits.of(plan.action, timeout_s)}
            return _launch(plan, context, lock, before, more)
        finally:
            os.close(lock)
    except CockpitError as error:
        with suppress(CockpitError, OSError):
            context.recorder.append(REFUSED, {**about(plan), "reason": str(error)})
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
        raise CockpitError(not_writable(state_dir, error)) from error
    left = holder(state_dir, key)
    if left is not None:
        os.close(lock)
        raise BusyError(f"{taken} is taken: {left}")
    return lock


def _launch(plan: Plan, context: JobContext, lock: int, before: Before | None, more: dict[str, Any]) -> Job:
    started = context.clock()
    try:
        job_dir, alive = make_job_dir(context.state_dir, started)
    except OSError as error:
        raise CockpitError(not_writable(context.state_dir, error)) from error
    try:
        try:
            if before is not None:
                write_atomic(job_dir / BEFORE, pretty(before.model_dump(mode="json")))
            argv = argv_of(plan, job_dir)
            _write_job(job_dir, plan, argv, context, started, more)
            facts = {**about(plan), "job": job_dir.name, **({"bulk": more["bulk"]} if more.get("bulk") else {})}
            context.recorder.append(PLANNED, {**facts, **foreseen(plan)})
            context.recorder.append(CONFIRMED, facts)
            context.recorder.append(STARTED, {**facts, **_what(plan, argv), **_limit(more)})
        except BaseException as error:
            # Not acknowledged, so it never was.
            shutil.rmtree(job_dir, ignore_errors=True)
            if isinstance(error, OSError):
                raise CockpitError(f"cannot write {job_dir}: {error.strerror}; nothing was done") from error
            raise
        failure = spawn(job_dir, lock, alive)
        if failure is not None:
            write_failure(job_dir, started, failure)
    finally:
        os.close(alive)
    if failure is not None:
        with suppress(OSError):
            record_end(job_dir, context.recorder, _never)
    job = load_job(job_dir)
    if job is None:
        raise CockpitError(f"the job {job_dir.name} was started and its directory is gone")
    return job


def _write_job(
    job_dir: Path,
    plan: Plan,
    argv: tuple[str, ...],
    context: JobContext,
    started: datetime,
    more: dict[str, Any],
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
        "config": None if context.config is None else str(context.config.absolute()),
        **more,
    }
    write_atomic(job_dir / JOB, pretty(facts))
    sync_dir(job_dir.parent)


def _limit(more: dict[str, Any]) -> dict[str, Any]:
    return {"timeout_s": more["timeout_s"]} if "timeout_s" in more else {}


def _what(plan: Plan, argv: tuple[str, ...]) -> dict[str, Any]:
    """What exactly is run, or sent."""
    what: dict[str, Any] = {"argv": list(argv), "cwd": plan.cwd}
    if plan.request is not None:
        what["request"] = plan.request.model_dump(mode="json", include={"service", "method", "url", "body"})
    return what


def about(plan: Plan) -> dict[str, Any]:
    """What every entry about a plan says of it."""
    facts = {
        "action": plan.action,
        "run": plan.run,
        "run_key": plan.run_key,
        "flow": plan.flow,
        "step": plan.step,
        "plan": plan.hash,
    }
    return facts if plan.undoes is None else {**facts, "undoes": plan.undoes}


def foreseen(plan: Plan) -> dict[str, Any]:
    """What the entry that a plan was made says of it besides."""
    return {"effects": list(plan.effects), "fingerprint": plan.fingerprint, "danger": plan.danger}


_never: Seen = lambda _job_id: False  # noqa: E731
