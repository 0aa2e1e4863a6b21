"""The JSON documents of incidents and gates (the headless contract): unknown is `null`, times are UTC with `Z`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cockpit.clock import iso
from cockpit.incidents.ladder import RUNGS
from cockpit.incidents.similar import Recurrence
from cockpit.models.incident import (
    Countdown,
    EscalationCondition,
    Gate,
    Incident,
    Pin,
    PinState,
    TimelineRow,
)
from cockpit.presenters.documents import plain, seconds


def incident(item: Incident, clocks: Sequence[Countdown], now: datetime) -> dict[str, Any]:
    """`incident` of the contract: the incident as folded, and what follows from it now.

    Args:
        item: The incident.
        clocks: Its clocks.
        now: The moment `overdue` and `due_in_s` are told of.
    """
    return dict(plain(item)) | {
        "priority": item.severity.priority,
        "label": item.severity.label,
        "commander": item.commander,
        "contained_at": iso(item.contained_at),
        "resolved_at": iso(item.resolved_at),
        "signatures": list(item.signatures),
        "clocks": [_clock(each, now) for each in clocks],
        "tasks": [dict(plain(task)) | {"overdue": task.overdue(now)} for task in item.tasks],
        "hand_overs": [dict(plain(each)) | {"open": each.open} for each in item.hand_overs],
    }


def gate(item: Gate) -> dict[str, Any]:
    """`{"incident", "phase", "met", "missing"}` of the contract, and every condition."""
    return dict(plain(item))


def pins(items: Sequence[tuple[Pin, PinState]]) -> list[dict[str, Any]]:
    """Pins with whether what was pinned is still there."""
    return [dict(plain(pin)) | {"state": state.value} for pin, state in items]


def timeline(rows: Sequence[TimelineRow]) -> list[dict[str, Any]]:
    """The rows of a timeline."""
    return [dict(plain(row)) for row in rows]


def escalation(items: Sequence[EscalationCondition]) -> list[dict[str, Any]]:
    """Reasons to escalate, each with who answers on that level."""
    return [dict(plain(each)) | {"who": RUNGS[each.level].who} for each in items]


def recurrence(item: Recurrence) -> dict[str, Any]:
    """Earlier incidents with the same failure."""
    return dict(plain(item))


def _clock(item: Countdown, now: datetime) -> dict[str, Any]:
    return dict(plain(item)) | {
        "running": item.running,
        "overdue": item.overdue(now),
        "due_in_s": seconds(item.due_in(now)),
    }
