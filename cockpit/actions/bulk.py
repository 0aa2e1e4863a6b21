"""Bulks: planned up front, started once confirmed, listed and cancelled from any cockpit.

A bulk lives in `<state>/bulks/<id>/`, under a supervisor of its own (`cockpit.actions.bulk_supervisor`) that outlives
the cockpit: `bulk.json` (what was confirmed), `progress.jsonl` (what became of which item so far, appended and
synced), `cancel.json`, and at the end `result.json`. Its jobs are jobs like all others; they know the bulk's id, so
that none is unaccounted for, whoever dies when.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any

from cockpit.actions.bulk_dir import make_bulk_dir, spawn_bulk
from cockpit.actions.bulk_record import (
    BULK,
    bulk_dirs,
    load_bulk,
    record_bulk_end,
    write_result,
)
from cockpit.actions.jobs import cancel_job, find_job
from cockpit.actions.launcher import REFUSED, JobContext
from cockpit.actions.plan import plan_hash, sealed
from cockpit.actions.processes import find
from cockpit.actions.storage import canonical, pretty, read_object, sync_dir, write_atomic
from cockpit.actions.supervisor import CANCEL, OWN, SUPERVISOR
from cockpit.clock import iso
from cockpit.errors import CockpitError, MovedError, UsageError
from cockpit.journal.files import ensure_state_dir, not_writable
from cockpit.models.action import Plan
from cockpit.models.bulk import Bulk, BulkItemState, BulkPlan, BulkState, PlannedItem
from cockpit.models.run import Run
from cockpit.sanitize import clean

STARTED = "bulk.started"
CANCELLED = "bulk.cancelled"

PARALLEL = 2
"""How many jobs run at a time where nothing else is said."""
MOST = 2_000
"""Runs of one bulk."""
NAMED = 500
"""Runs a journal entry names; the bulk's own file names all."""


def plan_bulk(
    action: str,
    runs: Iterable[Run],
    plan_one: Callable[[Run], Plan],
    *,
    flow: str | None = None,
    step: str | None = None,
    options: Mapping[str, str] | None = None,
    rest_of: str | None = None,
) -> BulkPlan:
    """What an action would do to each of many runs; changes nothing.

    Args:
        action: Its id.
        runs: In the order they are to be done; a run that is named twice counts once.
        plan_one: Plans the action for one run (`ActionDesk.plan`).
        flow: As given to `plan_one`, to be able to plan it again.
        step: Likewise.
        options: Likewise.
        rest_of: Id of the bulk that is taken up again.

    Raises:
        UsageError: There are no runs, or too many.
    """
    chosen = list({run.key: run for run in runs}.values())
    if not chosen:
        raise UsageError(f"no run to {clean(action)}")
    if len(chosen) > MOST:
        raise UsageError(f"{len(chosen)} runs are too many at once; at most {MOST}")
    items = tuple(PlannedItem(ref=run.ref, plan=_planned(action, run, plan_one)) for run in chosen)
    return BulkPlan(
        action=action,
        hash=_hash(action, items),
        items=items,
        flow=flow,
        step=step,
        options=dict(options or {}),
        rest_of=rest_of,
    )


def start_bulk(
    plan: BulkPlan,
    context: JobContext,
    *,
    parallel: int = PARALLEL,
    stop_on_failure: bool = False,
    timeout_s: float | None = None,
    expected: str | None = None,
) -> Bulk:
    """Carry out a confirmed bulk plan; returns as soon as its supervisor has it.

    Args:
        plan: As it was shown and confirmed.
        context: Where it and its jobs are kept and recorded.
        parallel: How many jobs at a time; items that lock the same thing never run together.
        stop_on_failure: Start nothing more once an item has failed, was lost or had moved.
        timeout_s: Of each job; see `start_job`.
        expected: Hash of the bulk plan that was confirmed, where that was another process.

    Raises:
        UsageError: Every item is refused, or the plan was tampered with.
        MovedError: The plan that was confirmed is another one.
        CockpitError: The state directory or the journal cannot be written.

        Whatever is raised, nothing ran.
    """
    try:
        _check(plan, expected)
        if parallel < 1:
            raise UsageError("at least one job at a time")
        facts = _facts(plan, context, parallel, stop_on_failure=stop_on_failure, timeout_s=timeout_s)
        return _launch(plan, context, facts)
    except CockpitError as error:
        about = {"action": plan.action, "plan": plan.hash, "bulk_of": len(plan.items)}
        with suppress(CockpitError, OSError):
            context.recorder.append(REFUSED, {**about, "reason": str(error)})
        raise


def load_bulks(state_dir: Path, limit: int | None = None) -> tuple[Bulk, ...]:
    """All bulks of a state directory, newest first, those of other operators and of ended sessions included."""
    found = (load_bulk(bulk_dir) for bulk_dir in bulk_dirs(state_dir)[:limit])
    return tuple(bulk for bulk in found if bulk is not None)


def find_bulk(state_dir: Path, bulk_id: str) -> Path:
    """The directory of a bulk.

    Raises:
        UsageError: There is no such bulk.
    """
    for bulk_dir in bulk_dirs(state_dir):
        if bulk_dir.name == bulk_id:
            return bulk_dir
    raise UsageError(f"there is no bulk {clean(bulk_id)!r}")


def cancel_bulk(bulk_dir: Path, context: JobContext) -> bool:
    """Start nothing more of a bulk and end its jobs; recorded before it happens.

    Its supervisor does that, so it goes on when this process ends; what a lost bulk left at work is ended from here.

    Returns:
        `False` when there was nothing left to end.

    Raises:
        CockpitError: The request could not be recorded or written.
    """
    bulk = load_bulk(bulk_dir)
    if bulk is None:
        raise CockpitError(f"{clean(bulk_dir)} holds no bulk")
    at_work = [item.job for item in bulk.items if item.state is BulkItemState.RUNNING and item.job]
    if bulk.state is not BulkState.RUNNING and not at_work:
        return False
    by = context.actor.real_user
    context.recorder.append(CANCELLED, {"bulk": bulk.id, "action": bulk.action})
    if bulk.state is BulkState.RUNNING:
        try:
            write_atomic(bulk_dir / CANCEL, pretty({"by": by}))
        except OSError as error:
            raise CockpitError(f"the bulk {bulk.id} cannot be cancelled: {error.strerror}") from error
        wake(bulk_dir)
        return True
    for job in at_work:
        cancel_job(find_job(bulk_dir.parent.parent, job), by)
    return True


def wake(bulk_dir: Path) -> None:
    """Let the supervisor of a bulk look at once what is asked of it."""
    import signal

    supervisor = find(read_object(bulk_dir / SUPERVISOR) or {}, *OWN)
    if supervisor is not None:
        with suppress(Exception):
            supervisor.send_signal(signal.SIGUSR1)


def _planned(action: str, run: Run, plan_one: Callable[[Run], Plan]) -> Plan:
    try:
        return plan_one(run)
    except CockpitError as error:
        return sealed(Plan(action=action, run=run.id, run_key=run.key, hash="", refused=str(error)))


def _hash(action: str, items: tuple[PlannedItem, ...]) -> str:
    return sha256(canonical([action, *([item.ref.key, item.plan.hash] for item in items)])).hexdigest()


def _check(plan: BulkPlan, expected: str | None) -> None:
    honest = all(plan_hash(item.plan) == item.plan.hash and item.plan.run_key == item.ref.key for item in plan.items)
    if not honest or _hash(plan.action, plan.items) != plan.hash:
        raise UsageError("the plan is not the one its hash was made from; nothing was done")
    if expected is not None and expected != plan.hash:
        raise MovedError(f"one of the {len(plan.items)} runs changed since the plan {clean(expected[:12])} was made")
    if plan.startable == 0:
        reasons = {clean(item.plan.refused) for item in plan.items}
        told = reasons.pop() if len(reasons) == 1 else f"{len(reasons)} reasons, such as: {min(reasons)}"
        raise UsageError(f"nothing to {clean(plan.action)}: all of the {len(plan.items)} plans are refused: {told}")


def _facts(
    plan: BulkPlan, context: JobContext, parallel: int, *, stop_on_failure: bool, timeout_s: float | None
) -> dict[str, Any]:
    return {
        "action": plan.action,
        "plan_hash": plan.hash,
        "started_at": iso(context.clock()),
        "actor": context.actor.model_dump(mode="json"),
        "journal": None if context.journal is None else str(context.journal.absolute()),
        "config": None if context.config is None else str(context.config.absolute()),
        "limits": {**asdict(context.limits), "timeouts": dict(context.limits.timeouts)},
        "parallel": parallel,
        "stop_on_failure": stop_on_failure,
        "timeout_s": timeout_s,
        "flow": plan.flow,
        "step": plan.step,
        "options": dict(plan.options),
        "rest_of": plan.rest_of,
        "items": [item.model_dump(mode="json") for item in plan.items],
    }


def _launch(plan: BulkPlan, context: JobContext, facts: dict[str, Any]) -> Bulk:
    at = context.clock().astimezone(UTC)
    try:
        ensure_state_dir(context.state_dir)
        bulk_dir, alive = make_bulk_dir(context.state_dir, at, len(plan.items))
    except OSError as error:
        raise CockpitError(not_writable(context.state_dir, error)) from error
    try:
        try:
            write_atomic(bulk_dir / BULK, pretty(facts))
            sync_dir(bulk_dir.parent)
            context.recorder.append(STARTED, {"bulk": bulk_dir.name, **_about(plan, facts)})
        except BaseException as error:
            shutil.rmtree(bulk_dir, ignore_errors=True)
            if isinstance(error, OSError):
                raise CockpitError(f"cannot write {bulk_dir}: {error.strerror}; nothing was done") from error
            raise
        failure = spawn_bulk(bulk_dir, alive)
        if failure is not None:
            write_result(bulk_dir, [], context.clock(), failure)
    finally:
        os.close(alive)
    if failure is not None:
        with suppress(OSError):
            record_bulk_end(bulk_dir, context.recorder, lambda _: False)
    bulk = load_bulk(bulk_dir)
    if bulk is None:
        raise CockpitError(f"the bulk {bulk_dir.name} was started and its directory is gone")
    return bulk


def _about(plan: BulkPlan, facts: dict[str, Any]) -> dict[str, Any]:
    """What the journal keeps of a start."""
    runs = [item.ref.id for item in plan.items]
    return {
        "action": plan.action,
        "plan": plan.hash,
        "count": len(runs),
        "refused": len(runs) - plan.startable,
        "runs": runs[:NAMED],
        "parallel": facts["parallel"],
        "stop_on_failure": facts["stop_on_failure"],
        "rest_of": plan.rest_of,
    }
