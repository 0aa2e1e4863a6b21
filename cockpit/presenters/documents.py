"""The JSON documents of the headless contract: sorted keys, UTC with `Z`, unknown is `null` and never missing."""

import json
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from pydantic import BaseModel

from cockpit.clock import iso
from cockpit.models.action import ActionSpec, Job, Plan
from cockpit.models.bulk import Bulk, BulkPlan
from cockpit.models.detail import RunDetail
from cockpit.models.journal import Entry
from cockpit.models.playbook import Checklist
from cockpit.models.run import Run
from cockpit.tokens import hide

MAX_LINES = 10_000
"""Routing decisions and events that `show --json` prints; `*_total` says how many there are."""
MAX_DEPTH = 60
"""Levels of foreign objects within objects that are printed; hostile files hold thousands."""


def dumps(document: object) -> str:
    """The one way a document is printed: sorted keys, two spaces, a newline at the end.

    Lone surrogates (from file names that are not UTF-8) are escaped, so that the output is always valid UTF-8; tokens
    of a known shape are hidden.
    """
    text = json.dumps(plain(document), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return hide(text).encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def plain(value: object, depth: int = 0) -> Any:  # noqa: ANN401, PLR0911 - JSON
    """Models, enums and moments as plain JSON values; what is not a number is `null`, what is nested too deeply cut."""
    if depth > MAX_DEPTH:
        return "…"
    below = depth + 1
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name), below) for name in type(value).model_fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(key): plain(item, below) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, below) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def run(item: Run, now: datetime) -> dict[str, Any]:
    """`run` of the contract."""
    return {
        "id": item.id,
        "source": item.ref.source,
        "root": item.ref.root,
        "path": item.ref.path,
        "title": item.title,
        "state": item.state.value,
        "claimed": item.claimed,
        "contradicted": item.contradicted,
        "flow": item.flow,
        "step": item.step,
        "agent": item.agent,
        "backend": item.backend,
        "started_at": iso(item.started_at),
        "updated_at": iso(item.updated_at),
        "age_s": seconds(item.age(now)),
        "silent_s": seconds(item.silence(now)),
        "steps": plain(item.steps),
        "reasons": [
            {"text": reason.text, "warn": reason.warn, "evidence": plain(reason.evidence)} for reason in item.reasons
        ],
        "findings": list(item.findings),
        "problems": item.problems,
        "tags": list(item.tags),
    }


def show(item: Run, detail: RunDetail, now: datetime) -> dict[str, Any]:
    """Everything about a run: `run` plus the lists. `problems` is the list here, as the contract says."""
    routing, events = len(detail.routing), len(detail.events)
    return run(item, now) | {
        "record": plain(detail.record),
        "plan": plain(detail.plan),
        "step_facts": plain(detail.steps),
        "receipts": [_receipt(receipt) for receipt in detail.receipts],
        "handoffs": [_handoff(handoff) for handoff in detail.handoffs],
        "routing": plain(detail.routing[max(0, routing - MAX_LINES) :]),
        "routing_total": routing,
        "events": plain(detail.events[max(0, events - MAX_LINES) :]),
        "events_total": events,
        "signals": plain(detail.signals),
        "problems": plain(detail.problems),
        "artifacts": plain(detail.artifacts),
    }


def _receipt(receipt: BaseModel) -> dict[str, Any]:
    return dict(plain(receipt))


def _handoff(handoff: BaseModel) -> dict[str, Any]:
    """Concerns and assumptions are texts in the contract; what else is known of them stands beside."""
    document = dict(plain(handoff))
    for name in ("concerns", "assumptions"):
        document[f"{name}_detail"] = document[name]
        document[name] = [item["text"] for item in document[name]]
    return document


def offer(spec: ActionSpec, refused: str | None) -> dict[str, Any]:
    """An action of a run, and why it cannot be done now."""
    return {**plain(spec), "refused": refused}


def plan(item: Plan) -> dict[str, Any]:
    """`plan` of the contract."""
    return dict(plain(item))


def job(item: Job) -> dict[str, Any]:
    """`job` of the contract."""
    return dict(plain(item))


def bulk_plan(item: BulkPlan) -> dict[str, Any]:
    """A plan for many runs, with each run's `plan`."""
    return {**dict(plain(item)), "phrase": item.phrase, "items": [plan(each.plan) for each in item.items]}


def bulk(item: Bulk) -> dict[str, Any]:
    """A bulk with what became of each run."""
    return {**dict(plain(item)), "counts": item.counts}


def checklist(item: Checklist) -> dict[str, Any]:
    """`{"target", "items"}` of the contract, and which playbooks were started."""
    items = [plain(each) | {"fingerprint": each.fingerprint} for each in item.items]
    return {"target": item.target, "playbooks": list(item.playbooks), "items": items}


def entries(items: Sequence[Entry]) -> list[dict[str, Any]]:
    """Journal events."""
    return [dict(plain(item)) for item in items]


def seconds(value: timedelta | None) -> float | None:
    """Seconds to the millisecond."""
    return None if value is None else round(value.total_seconds(), 3)
