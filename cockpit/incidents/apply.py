"""What one journal entry does to an incident: a table of pure functions, one for each kind of event.

Each returns the incident as it is after the entry, or the very same object where the entry says nothing that can be
used: fields missing, an unknown task, a role accepted that nobody offered. None of them raises.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from cockpit.incidents import apply_records as records
from cockpit.incidents import events
from cockpit.incidents.apply_people import role, role_accepted, role_ended, role_offered
from cockpit.journal.actor import shown
from cockpit.models.incident import (
    Incident,
    IncidentStatus,
    Phase,
    PhaseChange,
    RunLink,
    Severity,
    SeverityChange,
)
from cockpit.models.journal import Entry
from cockpit.models.run import RunState
from cockpit.playbooks import records as checklists

Apply = Callable[[Incident, Entry], Incident]
_Word = TypeVar("_Word", Severity, Phase, RunState)


def declare(entry: Entry) -> Incident | None:
    """The incident that a declaration starts, or `None` where it is none."""
    title = events.words(entry.data, "title")
    severity = _word(Severity, entry.data.get("severity"))
    if entry.kind != events.DECLARED or not entry.incident or title is None or severity is None:
        return None
    by = shown(entry.actor)
    given = SeverityChange(
        to_severity=severity,
        at=entry.at,
        by=by,
        reason=events.words(entry.data, "reason"),
        answers=events.words(entry.data, "answers"),
        seq=entry.seq,
    )
    return Incident(
        id=entry.incident,
        title=title,
        severity=severity,
        declared_at=entry.at,
        declared_by=by,
        detected_at=events.moment(entry.data, "detected_at") or entry.at,
        detected_seq=entry.seq,
        detection=events.words(entry.data, "detection"),
        symptoms=events.words(entry.data, "symptoms"),
        finding=events.words(entry.data, "finding"),
        severities=(given,),
    )


def apply(incident: Incident, entry: Entry) -> Incident:
    """The incident after one more entry."""
    function = _APPLY.get(entry.kind)
    after = incident if function is None else function(incident, entry)
    if after is incident or entry.kind not in _RESPONSES or incident.acknowledged_at is not None:
        return after
    return after.model_copy(
        update={"acknowledged_at": entry.at, "acknowledged_by": shown(entry.actor), "acknowledged_seq": entry.seq}
    )


def _described(incident: Incident, entry: Entry) -> Incident:
    update: dict[str, object] = {
        name: text for name in ("title", "detection", "symptoms") if (text := events.words(entry.data, name))
    }
    if at := events.moment(entry.data, "detected_at"):
        update |= {"detected_at": at, "detected_seq": entry.seq}
    return incident.model_copy(update=update) if update else incident


def _run_added(incident: Incident, entry: Entry) -> Incident:
    run, key = events.words(entry.data, "run"), events.words(entry.data, "run_key")
    if run is None or key is None or key in incident.run_keys:
        return incident
    link = RunLink(
        id=run,
        key=key,
        at=entry.at,
        by=shown(entry.actor),
        state=_word(RunState, entry.data.get("state")),
        flow=events.words(entry.data, "flow"),
        step=events.words(entry.data, "step"),
        signature=events.words(entry.data, "signature"),
        reason=events.words(entry.data, "why"),
        evidence=events.evidence(entry.data),
        failed_at=events.moment(entry.data, "failed_at"),
        seq=entry.seq,
    )
    return incident.model_copy(update={"runs": (*incident.runs, link)})


def _run_removed(incident: Incident, entry: Entry) -> Incident:
    key = events.words(entry.data, "run_key")
    if key not in incident.run_keys:
        return incident
    return incident.model_copy(update={"runs": tuple(link for link in incident.runs if link.key != key)})


def _severity(incident: Incident, entry: Entry) -> Incident:
    to = _word(Severity, entry.data.get("to"))
    if to is None or to is incident.severity:
        return incident
    change = SeverityChange(
        from_severity=incident.severity,
        to_severity=to,
        at=entry.at,
        by=shown(entry.actor),
        reason=events.words(entry.data, "reason"),
        answers=events.words(entry.data, "answers"),
        seq=entry.seq,
    )
    return incident.model_copy(update={"severity": to, "severities": (*incident.severities, change)})


def _phase(incident: Incident, entry: Entry) -> Incident:
    to = _word(Phase, entry.data.get("to"))
    # Closed is entered and left by events of its own.
    if to is None or Phase.CLOSED in (to, incident.phase) or to is incident.phase:
        return incident
    return _moved(incident, entry, to)


def _closed(incident: Incident, entry: Entry) -> Incident:
    if not incident.is_open:
        return incident
    return _moved(incident, entry, Phase.CLOSED).model_copy(
        update={
            "status": IncidentStatus.CLOSED,
            "closed_at": entry.at,
            "closed_by": shown(entry.actor),
            "close_reason": events.words(entry.data, "reason") or events.words(entry.data, "override"),
            "next_update_due": None,
        }
    )


def _reopened(incident: Incident, entry: Entry) -> Incident:
    if incident.is_open:
        return incident
    phase = _word(Phase, entry.data.get("phase"))
    to = phase if phase is not None and phase is not Phase.CLOSED else Phase.DIAGNOSE
    return _moved(incident, entry, to).model_copy(
        update={
            "status": IncidentStatus.REOPENED,
            "closed_at": None,
            "closed_by": None,
            "close_reason": None,
            "reopened": incident.reopened + 1,
        }
    )


def _moved(incident: Incident, entry: Entry, to: Phase) -> Incident:
    change = PhaseChange(
        from_phase=incident.phase,
        to_phase=to,
        at=entry.at,
        by=shown(entry.actor),
        override=events.words(entry.data, "override"),
        missing=events.texts(entry.data, "missing"),
        reason=events.words(entry.data, "reason"),
        seq=entry.seq,
    )
    return incident.model_copy(update={"phase": to, "phases": (*incident.phases, change)})


def _word(scale: type[_Word], value: object) -> _Word | None:
    return next((each for each in scale if each.value == value), None)


_APPLY: Mapping[str, Apply] = {
    events.DESCRIBED: _described,
    events.RUN_ADDED: _run_added,
    events.RUN_REMOVED: _run_removed,
    events.SEVERITY: _severity,
    events.PHASE: _phase,
    events.NOTE: records.note,
    events.PIN: records.pin,
    events.DECISION: records.decision,
    events.ROLE: role,
    events.ROLE_OFFERED: role_offered,
    events.ROLE_ACCEPTED: role_accepted,
    events.ROLE_ENDED: role_ended,
    events.TASK: records.task,
    events.TASK_STATUS: records.task_status,
    events.TASK_DONE: records.task_done,
    events.UPDATE: records.update,
    events.ESCALATED: records.escalated,
    events.ESCALATION_ACKNOWLEDGED: records.escalation_acknowledged,
    events.SECTION: records.section,
    events.NOTIFIED: records.notified,
    events.CLOSED: _closed,
    events.REOPENED: _reopened,
    checklists.START: records.playbook,
    checklists.TICK: records.settled,
    checklists.VERIFIED: records.settled,
    checklists.SKIP: records.settled,
}

READ = frozenset(_APPLY)
"""Kinds of event that change an incident."""

_RESPONSES = frozenset(
    (
        events.PHASE, events.DECISION, events.ROLE, events.ROLE_ACCEPTED, events.TASK, events.TASK_STATUS,
        events.TASK_DONE, events.UPDATE, events.ESCALATED, events.CLOSED, checklists.TICK,
        checklists.VERIFIED, checklists.SKIP,
    )
)  # fmt: skip
"""Events that show that somebody has taken an incident on; the first of them acknowledges it."""
