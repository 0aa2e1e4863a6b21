"""What an incident is made of: each of these comes from one or two entries of the journal (seeds 000 and 002).

Every text is foreign and cleaned where it is shown. Times are aware UTC. `by` is the person as
`cockpit.journal.actor.shown` tells it, `seq` the number of the journal entry it comes from.
"""

from datetime import datetime

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence
from cockpit.models.incident_scales import Level, Phase, Role, Severity, TaskStatus
from cockpit.models.run import RunState


class RunLink(Model):
    """A run that belongs to an incident, as it was when it was attached.

    Attributes:
        id: The run's id.
        key: Its unique key.
        at: When it was attached.
        state: What the evidence said of it then.
        flow: Where it stood.
        step: Likewise: the step that must do better before the incident is over.
        signature: Its failure signature then, or `None`.
        reason: Why it was in that state, one sentence.
        evidence: What that rests on.
        failed_at: The time of the first evidence that it went wrong, where that has one.
    """

    id: str
    key: str
    at: datetime
    by: str
    state: RunState | None = None
    flow: str | None = None
    step: str | None = None
    signature: str | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
    failed_at: datetime | None = None
    seq: int = 0


class Responder(Model):
    """A person in a role.

    Attributes:
        person: As named: the login name of whoever took the role, or any name.
        since: From when on.
        until: Until when; `None` while they are in it.
        by: Who put them there.
        contribution: What they did, for the record (seed 002), or `None`.
    """

    role: Role
    person: str
    since: datetime
    until: datetime | None = None
    by: str
    contribution: str | None = None
    seq: int = 0


class HandOver(Model):
    """A role offered by one person and accepted by another; both sides are in the journal.

    Attributes:
        role: What is handed over.
        from_person: Who had it, or `None` where nobody had.
        to_person: Who it is offered to.
        offered_at: When.
        offered_by: By whom.
        accepted_at: When it was accepted, or `None` while it is open.
        accepted_by: By whom.
        withdrawn_at: When another offer or a taking without one ended it, or `None`.
    """

    role: Role
    from_person: str | None = None
    to_person: str
    offered_at: datetime
    offered_by: str
    accepted_at: datetime | None = None
    accepted_by: str | None = None
    withdrawn_at: datetime | None = None
    seq: int = 0

    @property
    def open(self) -> bool:
        """Whether it still waits for the other side."""
        return self.accepted_at is None and self.withdrawn_at is None


class Task(Model):
    """An action item (seed 000): specific, owned, dated, and with a way to tell that it is done.

    Attributes:
        id: `t1`, `t2` ... within its incident.
        action: What is to be done.
        owner: Who does it; empty where nobody was named.
        deadline: By when, or `None`.
        verification: How it will be known to be done; empty where nobody said.
        status: Where it stands.
        created_at: When it was written down.
        completed_at: When it was reported done, or `None`.
        completed_by: By whom.
        outcome: What the verification showed, or `None`.
    """

    id: str
    action: str
    owner: str = ""
    deadline: datetime | None = None
    verification: str = ""
    status: TaskStatus = TaskStatus.PENDING
    created_at: datetime
    by: str
    completed_at: datetime | None = None
    completed_by: str | None = None
    outcome: str | None = None
    seq: int = 0

    def overdue(self, now: datetime) -> bool:
        """Whether it should be done by now and is not."""
        return self.status is not TaskStatus.COMPLETE and self.deadline is not None and now > self.deadline

    @property
    def accountable(self) -> bool:
        """Whether it has an owner, a deadline and a verification."""
        return bool(self.owner and self.deadline is not None and self.verification)


class Decision(Model):
    """A decision, why, and what was considered instead (seed 002, "Decisions made")."""

    text: str
    rationale: str
    alternative: str | None = None
    at: datetime
    by: str
    seq: int = 0


class Update(Model):
    """A status update, and when the next one was promised."""

    text: str
    next_due: datetime | None = None
    at: datetime
    by: str
    seq: int = 0


class Pin(Model):
    """A file or a line kept as evidence, with what it was worth when it was pinned.

    Attributes:
        path: POSIX path relative to `root`.
        line: 1-based line, or `None` for the file as a whole.
        root: Absolute path of the root.
        sha256: Of the bytes pointed to: the line without its line break, or the whole file.
        size: Bytes of the file.
        modified_at: The file's modification time.
        quote: The line, cut; foreign text.
        note: Why it matters, or `None`.
    """

    path: str
    line: int | None = None
    root: str
    sha256: str
    size: int
    modified_at: datetime
    quote: str = ""
    note: str | None = None
    at: datetime
    by: str
    seq: int = 0


class Note(Model):
    """A remark; `happened_at` is what it speaks of where that is not when it was written."""

    text: str
    at: datetime
    by: str
    happened_at: datetime | None = None
    seq: int = 0


class PhaseChange(Model):
    """A step through the phases.

    Attributes:
        from_phase: The phase that was left.
        to_phase: The phase that was entered.
        override: Why the gate was passed although it was not met, or `None` where it was met.
        missing: What the gate was missing then.
        reason: Why, where one was given without need.
    """

    from_phase: Phase
    to_phase: Phase
    at: datetime
    by: str
    override: str | None = None
    missing: tuple[str, ...] = ()
    reason: str | None = None
    seq: int = 0


class SeverityChange(Model):
    """A severity that was given: the first one at the declaration, with `from_severity` `None`.

    Attributes:
        answers: What was answered to the questions of the decision tree (`yny`), or `None` where it was chosen.
    """

    from_severity: Severity | None = None
    to_severity: Severity
    at: datetime
    by: str
    reason: str | None = None
    answers: str | None = None
    seq: int = 0


class Escalation(Model):
    """A call for a higher level.

    Attributes:
        id: `e1`, `e2` ... within its incident.
        level: Who was called.
        to: The person called, where one was named.
        reason: Why.
        acknowledged_at: When the level answered, or `None`.
        acknowledged_by: Who recorded that.
    """

    id: str
    level: Level
    to: str | None = None
    reason: str
    at: datetime
    by: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    seq: int = 0


class Notification(Model):
    """A notification that was made from a template and delivered.

    Attributes:
        template: Id of the template.
        channel: Where it went.
        delivered: Whether the channel took it.
        outcome: What the channel said, for people.
    """

    template: str
    channel: str
    delivered: bool
    outcome: str = ""
    at: datetime
    by: str
    seq: int = 0
