"""Incidents: what the journal makes of one, from its declaration to its post-mortem (seeds 002, 003, 004 and 000).

An incident is a fold of the journal (`cockpit.incidents.fold`). Its scales and parts are imported from here too.
"""

from datetime import datetime, timedelta

from pydantic import Field

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence
from cockpit.models.incident_records import (
    Decision,
    Escalation,
    HandOver,
    Note,
    Notification,
    PhaseChange,
    Pin,
    Responder,
    RunLink,
    SeverityChange,
    Task,
    Update,
)
from cockpit.models.incident_scales import IncidentStatus, Level, Phase, PinState, Role, Severity, TaskStatus

__all__ = [
    "Countdown", "Decision", "Escalation", "EscalationCondition", "Gate", "GateCondition", "HandOver", "Incident",
    "IncidentStatus", "Level", "Note", "Notification", "Phase", "PhaseChange", "Pin", "PinState", "Responder", "Role",
    "RunLink", "Severity", "SeverityChange", "Task", "TaskStatus", "TimelineRow", "Update",
]  # fmt: skip


class Incident(Model):
    """One incident as of the entries that were folded.

    Attributes:
        id: `inc-<yyyymmdd>-<nn>`, unique in its journal.
        severity: The one that holds now.
        phase: Where the response stands.
        status: Open, closed, reopened.
        declared_at: When it was declared.
        detected_at: When it was noticed; the declaration where nothing earlier was said.
        detected_seq: Number of the journal entry that says when it was noticed.
        detection: How it was noticed (seed 002, "Detect"), or `None`.
        symptoms: What was seen first, in words.
        finding: Id of the finding it was declared from, or `None`.
        runs: Runs that belong to it, in the order they were attached.
        playbooks: Playbooks whose checklists were started for it.
        acknowledged_at: When the first response was recorded: command taken, a phase left, an update, a decision,
            a task, an escalation or a settled checklist item. `None` until then.
        acknowledged_seq: Number of that journal entry; 0 until then.
        responders: People in roles, also those who left them, in order.
        hand_overs: Roles offered, in order.
        phases: Every change of phase, in order.
        severities: Every severity given, in order.
        sections: Texts of the post-mortem by key (`cockpit.incidents.sections`).
        next_update_due: When the next status update was promised, or `None`.
        closed_at: When it was closed; `None` while it is open.
        close_reason: What was said at the end, or `None`.
        reopened: How many times it was opened again.
    """

    id: str
    title: str
    severity: Severity
    phase: Phase = Phase.DETECT
    status: IncidentStatus = IncidentStatus.OPEN
    declared_at: datetime
    declared_by: str
    detected_at: datetime
    detected_seq: int = 0
    detection: str | None = None
    symptoms: str | None = None
    finding: str | None = None
    runs: tuple[RunLink, ...] = ()
    playbooks: tuple[str, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_seq: int = 0
    responders: tuple[Responder, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()
    tasks: tuple[Task, ...] = ()
    decisions: tuple[Decision, ...] = ()
    updates: tuple[Update, ...] = ()
    pins: tuple[Pin, ...] = ()
    notes: tuple[Note, ...] = ()
    phases: tuple[PhaseChange, ...] = ()
    severities: tuple[SeverityChange, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    sections: dict[str, str] = Field(default_factory=dict)
    notifications: tuple[Notification, ...] = ()
    next_update_due: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    close_reason: str | None = None
    reopened: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is worked on."""
        return self.status is not IncidentStatus.CLOSED

    @property
    def commander(self) -> str | None:
        """Who has the command, or `None`."""
        return self.holder(Role.COMMANDER)

    def holder(self, role: Role) -> str | None:
        """Who is in a role now (the last one put there), or `None`."""
        found = [each.person for each in self.responders if each.role is role and each.until is None]
        return found[-1] if found else None

    def offered(self, role: Role) -> HandOver | None:
        """The open offer of a role, or `None`."""
        return next((each for each in reversed(self.hand_overs) if each.role is role and each.open), None)

    def passed(self, phase: Phase) -> datetime | None:
        """When `phase` was left for a later one for good; `None` while it still is, or again is, ahead."""
        at = None
        for change in self.phases:
            if change.to_phase.place <= phase.place:
                at = None
            elif at is None:
                at = change.at
        return at

    @property
    def contained_at(self) -> datetime | None:
        """When the harm was stopped: `contain` was passed. `None` until then."""
        return self.passed(Phase.CONTAIN)

    @property
    def resolved_at(self) -> datetime | None:
        """When it was proven over: `verify` was passed. `None` until then."""
        return self.passed(Phase.VERIFY)

    @property
    def run_keys(self) -> frozenset[str]:
        """Keys of its runs."""
        return frozenset(link.key for link in self.runs)

    @property
    def signatures(self) -> tuple[str, ...]:
        """Failure signatures of its runs when they were attached, each once, in order."""
        return tuple(dict.fromkeys(link.signature for link in self.runs if link.signature))


class GateCondition(Model):
    """One thing that must hold before a phase may be left.

    Attributes:
        id: Stable name, `contain.harm-stopped`.
        text: What must hold.
        met: Whether it does.
        evidence: What that rests on.
        why: What was found: who ticked it, which receipt is newer, or what is missing. For people.
    """

    id: str
    text: str
    met: bool
    evidence: tuple[Evidence, ...] = ()
    why: str = ""


class Gate(Model):
    """What must hold before an incident may leave a phase, as of one moment.

    Attributes:
        incident: Its id.
        phase: The phase.
        met: Whether every condition holds.
        conditions: All of them.
        missing: What does not hold, for people, in order.
    """

    incident: str
    phase: Phase
    met: bool
    conditions: tuple[GateCondition, ...] = ()
    missing: tuple[str, ...] = ()


class Countdown(Model):
    """A clock that runs for an incident.

    Attributes:
        name: `acknowledge`, `contain` or `update`.
        started_at: When it began to run.
        due: Until when.
        met_at: When what it waits for happened; `None` while it runs.
    """

    name: str
    started_at: datetime
    due: datetime
    met_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether what it waits for is still to come."""
        return self.met_at is None

    def overdue(self, now: datetime) -> bool:
        """Whether it was missed: met too late, or not yet and too late already."""
        return (self.met_at or now) > self.due

    def due_in(self, now: datetime) -> timedelta | None:
        """The time that is left, negative where it is over; `None` once it was met."""
        return self.due - now if self.met_at is None else None


class TimelineRow(Model):
    """A line of an incident's timeline, which is put together from the record and the runs' evidence.

    Attributes:
        at: When it happened.
        kind: What kind of thing (`failure`, `declared`, `action`, `checklist`, `phase`, `severity`, `update`, `pin`,
            `note`, `decision`, `command`, `role`, `task`, `escalation`, `notification`, `closed`, `reopened`, `run`,
            `section`).
        text: What happened, unsanitised.
        evidence: What shows it.
        seq: Number of the journal entry, or `None` where it comes from a run's evidence.
        actor: Who did it, or `None`.
    """

    at: datetime
    kind: str
    text: str
    evidence: tuple[Evidence, ...] = ()
    seq: int | None = None
    actor: str | None = None


class EscalationCondition(Model):
    """A reason to escalate, judged on the evidence as of one moment.

    Attributes:
        id: Stable name.
        text: When to escalate.
        level: To whom.
        met: Whether it is so now.
        why: What it was judged by.
        evidence: What that rests on.
        called_at: When that level was last called for this incident, or `None`.
    """

    id: str
    text: str
    level: Level
    met: bool
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    called_at: datetime | None = None
