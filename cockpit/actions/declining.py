"""What was shown to be confirmed and was not: on record like what was, with the plan that was looked at."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cockpit.actions.bulk import NAMED
from cockpit.actions.ending import Recorder
from cockpit.actions.launcher import PLANNED, about, foreseen
from cockpit.errors import CockpitError
from cockpit.models.action import Job, Plan
from cockpit.models.bulk import BulkPlan

DECLINED = "action.declined"

NO = "answered no"
COPIED = "its command was copied instead"
UNASKED = "not confirmed: no --yes, and no terminal to ask on"


def decline(recorder: Recorder, plan: Plan, why: str = NO) -> None:
    """Put on record that a plan was looked at and not carried out. Never raises: nothing was done."""
    _append(recorder, (PLANNED, {**about(plan), **foreseen(plan)}), (DECLINED, {**about(plan), "reason": why}))


def decline_bulk(recorder: Recorder, plan: BulkPlan, why: str = NO) -> None:
    """Likewise for the plan of a bulk."""
    runs = [item.ref.id for item in plan.items]
    facts = {"action": plan.action, "plan": plan.hash, "bulk_of": len(runs), "runs": runs[:NAMED]}
    _append(recorder, (DECLINED, {**facts, "reason": why}))


def decline_cancel(recorder: Recorder, job: Job, why: str = NO) -> None:
    """Likewise for the end of a job."""
    facts = {"job": job.id, "action": f"cancel {job.action}", "run": job.run, "run_key": job.run_key}
    _append(recorder, (DECLINED, {**facts, "plan": job.plan_hash, "reason": why}))


def _append(recorder: Recorder, *entries: tuple[str, Mapping[str, Any]]) -> None:
    with suppress(CockpitError, OSError):
        for kind, data in entries:
            recorder.append(kind, dict(data))
