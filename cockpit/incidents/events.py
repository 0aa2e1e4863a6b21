"""Kinds of event in the life of an incident, and how their fields are read.

Every entry carries the incident's id in the journal's own field `incident`. Times in `data` are ISO 8601 (UTC); `?`
marks a field that may be missing or `null`.

- `incident.declared`: `title`, `severity`, `answers?`, `reason?`, `detected_at?`, `detection?`, `symptoms?`,
  `finding?`, `evidence` (list)
- `incident.described`: any of `title`, `detected_at`, `detection`, `symptoms`, with the new text; `reason?`
- `incident.run_added`: `run` (id), `run_key`, `state?`, `flow?`, `step?`, `signature?`, `why?`, `evidence` (list),
  `failed_at?`
- `incident.run_removed`: `run`, `run_key`, `reason`
- `incident.severity`: `from`, `to`, `reason`, `answers?`
- `incident.phase`: `from`, `to`, `reason?`, `override?`, `missing` (list of texts)
- `incident.note`: `text`, `happened_at?`
- `incident.pin`: `path`, `line?`, `root`, `sha256`, `size`, `modified_at`, `quote`, `note?`
- `incident.decision`: `text`, `rationale`, `alternative?`
- `incident.role`: `role`, `person`, `contribution?`, `override?` (command taken without its holder's offer, and why)
- `incident.role_offered`: `role`, `person` (to whom), `from?`
- `incident.role_accepted`: `role`, `person`
- `incident.role_ended`: `role`, `person`
- `incident.task`: `task` (id), `action`, `owner`, `deadline?`, `verification`
- `incident.task_status`: `task`, `status`
- `incident.task_done`: `task`, `outcome?`
- `incident.update`: `text`, `next_due?`
- `incident.escalated`: `escalation` (id), `level`, `to?`, `reason`
- `incident.escalation_acknowledged`: `escalation`, `note?`
- `incident.section`: `section` (key), `text`; an empty text takes it away
- `incident.notified`: `template`, `channel`, `delivered`, `outcome?`, `exit_code?`, `sha256?` (of the text)
- `incident.report`: `report` (what kind), `path`, `sha256`, `redactions` (how many)
- `incident.closed`: `reason?`, `override?`, `missing` (list of texts)
- `incident.reopened`: `reason?`, `phase`
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from cockpit.clock import parse_iso
from cockpit.models.evidence import Evidence
from cockpit.models.journal import Entry

DECLARED = "incident.declared"
DESCRIBED = "incident.described"
RUN_ADDED = "incident.run_added"
RUN_REMOVED = "incident.run_removed"
SEVERITY = "incident.severity"
PHASE = "incident.phase"
NOTE = "incident.note"
PIN = "incident.pin"
DECISION = "incident.decision"
ROLE = "incident.role"
ROLE_OFFERED = "incident.role_offered"
ROLE_ACCEPTED = "incident.role_accepted"
ROLE_ENDED = "incident.role_ended"
TASK = "incident.task"
TASK_STATUS = "incident.task_status"
TASK_DONE = "incident.task_done"
UPDATE = "incident.update"
ESCALATED = "incident.escalated"
ESCALATION_ACKNOWLEDGED = "incident.escalation_acknowledged"
SECTION = "incident.section"
NOTIFIED = "incident.notified"
REPORT = "incident.report"
CLOSED = "incident.closed"
REOPENED = "incident.reopened"

FAMILY = "incident."
"""What the kinds above begin with."""

CHECKLIST = "checklist."
"""Family of checklist events; those whose `target` is an incident belong to its life too."""

INCIDENT_ID = re.compile(r"inc-[0-9]{8}-[0-9]{2,6}")


def is_incident_id(text: str) -> bool:
    """Whether a target's id is that of an incident rather than of a run."""
    return INCIDENT_ID.fullmatch(text) is not None


def incident_of(entry: Entry) -> str | None:
    """The incident an entry belongs to, or `None`: by its own field, or as the target of a checklist."""
    if entry.incident:
        return entry.incident
    target = entry.data.get("target")
    if entry.kind.startswith(CHECKLIST) and isinstance(target, str) and is_incident_id(target):
        return target
    return None


def words(data: Mapping[str, Any], key: str) -> str | None:
    """A text that says something, or `None`."""
    value = data.get(key)
    return value.strip() if isinstance(value, str) and value.strip() else None


def moment(data: Mapping[str, Any], key: str) -> datetime | None:
    """A time, or `None`."""
    value = data.get(key)
    return parse_iso(value) if isinstance(value, str) else None


def count(data: Mapping[str, Any], key: str, least: int = 0) -> int | None:
    """A whole number of at least `least`, or `None`."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts; what is none is left out."""
    value = data.get(key)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def evidence(data: Mapping[str, Any], key: str = "evidence") -> tuple[Evidence, ...]:
    """A list of evidence; what is none is left out."""
    found: list[Evidence] = []
    value = data.get(key)
    for each in value if isinstance(value, list) else ():
        try:
            found.append(Evidence.model_validate(each))
        except ValidationError:
            continue
    return tuple(found)
