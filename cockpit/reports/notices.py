"""Notifications: texts made of an incident's record, for people who do not read the record (seeds 003 and 000).

What is foreign in them is clean and on one line, and every secret is taken out. A text says what is recorded; what is
not recorded it says so of, and never that something is resolved that is not.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cockpit.clock import iso
from cockpit.errors import UsageError
from cockpit.incidents.ladder import RUNGS
from cockpit.incidents.similar import fixed_by
from cockpit.incidents.timeline import began_at
from cockpit.models.incident import Countdown, Incident, Phase, TimelineRow
from cockpit.reports.redact import Redactor
from cockpit.reports.render import render
from cockpit.reports.spans import length
from cockpit.sanitize import clean

PREFIX, SUFFIX = "notify-", ".txt"
SECURITY = "security-incident"
"""Playbook whose items tell what was done about an exposure."""
_MAX = 2_000
_MAX_ACTIONS = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification.

    Attributes:
        template: Its id.
        subject: One line, for channels that take one; begins with a bracket, never with a dash.
        text: All of it, with a newline at its end.
        redactions: How many secrets were taken out.
    """

    template: str
    subject: str
    text: str
    redactions: int

    @property
    def sha256(self) -> str:
        """Of the text."""
        return sha256(self.text.encode("utf-8", "backslashreplace")).hexdigest()


KINDS: dict[str, str] = {
    "initial": "INCIDENT",
    "update": "UPDATE",
    "escalation": "ESCALATION",
    "security": "SECURITY INCIDENT",
    "resolution": "RESOLVED",
}
"""The shipped ones: id and the word their subject begins with."""

GIVEN = (
    "eta", "impact", "details", "review", "reason", "kind", "exposed", "exposed_from", "exposed_to", "root_cause",
    "resolution",
)  # fmt: skip
"""What the shipped templates ask for that the record may not know; a template of one's own may ask for more."""


def notice_ids(own: Path | None = None) -> tuple[str, ...]:
    """Every notification there is a template for: the shipped ones, then the user's own."""
    mine: set[str] = set()
    if own is not None:
        found = (path.name for path in own.glob(f"{PREFIX}*{SUFFIX}.j2"))
        mine = {name.removeprefix(PREFIX).removesuffix(f"{SUFFIX}.j2") for name in found}
    return (*KINDS, *sorted(name for name in mine - set(KINDS) if _ID.fullmatch(name)))


def compose(
    incident: Incident,
    template: str,
    *,
    clocks: Sequence[Countdown] = (),
    timeline: Sequence[TimelineRow] = (),
    given: Mapping[str, str] | None = None,
    own: Path | None = None,
) -> Notice:
    """The text of a notification.

    Args:
        incident: As it is.
        template: Which one.
        clocks: Its clocks: when the next update is due.
        timeline: Its timeline: what was done, and when.
        given: What the record does not know: `eta`, `impact`, `details`, `review`, `kind` ...
        own: Directory of the user's templates.

    Raises:
        UsageError: There is no such template, it is wrong, or a given name is none.
    """
    if template not in notice_ids(own):
        raise UsageError(f"no notification {clean(template, 40)!r}; there are: {', '.join(notice_ids(own))}")
    if wrong := next((name for name in given or {} if not _NAME.fullmatch(name)), None):
        raise UsageError(f"{clean(wrong, 40)!r} is no name: small letters, digits and _")
    redactor = Redactor()
    facts = redactor.value(_facts(incident, clocks, timeline, dict(given or {})), "notification")
    text = render(f"{PREFIX}{template}{SUFFIX}", facts, own)
    text = redactor.text("\n".join(clean(line) for line in text.splitlines()), "notification") + "\n"
    word = KINDS.get(template, template.upper())
    if template == "resolution" and incident.resolved_at is None:
        word = "NOT RESOLVED"
    subject = f"[{word}] [{incident.severity.priority}] {facts['incident']['title']}"
    return Notice(template, clean(subject, 200), text, redactor.total)


def _facts(
    incident: Incident, clocks: Sequence[Countdown], timeline: Sequence[TimelineRow], given: dict[str, str]
) -> dict[str, Any]:
    due = next((clock.due for clock in clocks if clock.name == "update" and clock.running), None)
    end = incident.resolved_at
    last = incident.updates[-1] if incident.updates else None
    call = incident.escalations[-1] if incident.escalations else None
    return {
        "incident": {
            "id": incident.id,
            "title": _line(incident.title),
            "severity": incident.severity.value,
            "priority": incident.severity.priority,
            "label": incident.severity.label,
            "phase": incident.phase.value,
            "doing": _DOING[incident.phase],
            "commander": _line(incident.commander),
            "symptoms": _line(incident.symptoms),
            "detection": _line(incident.detection),
            "declared_by": _line(incident.declared_by),
        },
        "started": _second(began_at(incident)),
        "detected": _second(incident.detected_at),
        "contained": _second(incident.contained_at),
        "resolved": _second(end),
        "duration": length(end - began_at(incident)) if end is not None else None,
        "next_update": _second(due),
        "impact": _line(incident.sections.get("impact")),
        "summary": _line(incident.sections.get("summary")),
        "root_cause": _line(incident.sections.get("root-cause")),
        "resolution": _line(fixed_by(incident)) if end is not None else None,
        "update": {"text": _line(last.text), "at": _second(last.at)} if last else None,
        "escalation": {
            "level": call.level.value, "who": RUNGS[call.level].who, "to": _line(call.to),
            "reason": _line(call.reason), "at": _second(call.at),
        } if call else None,
        "runs": [
            {"id": _line(run.id), "state": run.state.value if run.state else None, "reason": _line(run.reason)}
            for run in incident.runs
        ],
        "tasks": [
            {"text": _line(task.action), "owner": _line(task.owner), "due": _second(task.deadline)}
            for task in incident.tasks
            if task.completed_at is None
        ],
        "actions": [
            {"at": _minute(row.at), "text": _line(row.text)}
            for row in timeline
            if row.kind in ("action", "decision", "checklist") and not row.text.startswith("Started the checklist")
        ][-_MAX_ACTIONS:],
        "given": dict.fromkeys(GIVEN) | {name: _line(text) for name, text in given.items()},
    }  # fmt: skip


_DOING: dict[Phase, str] = {
    Phase.DETECT: "INVESTIGATING",
    Phase.CONTAIN: "CONTAINING",
    Phase.DIAGNOSE: "INVESTIGATING",
    Phase.FIX: "FIXING",
    Phase.VERIFY: "VERIFYING THE FIX",
    Phase.DOCUMENT: "RESOLVED",
    Phase.CLOSED: "RESOLVED",
}


def _line(value: str | None) -> str | None:
    """Foreign text on one clean line; `None` where it says nothing."""
    return (" ".join(clean(value, _MAX).split()) or None) if value is not None else None


def _second(at: datetime | None) -> str | None:
    return iso(at.replace(microsecond=0)) if at is not None else None


def _minute(at: datetime) -> str | None:
    return iso(at.replace(second=0, microsecond=0))
