"""What is written down while an incident lasts: notes, pins, decisions, tasks, updates, escalations, sections.

Pure functions that check and return what has to be recorded; see `cockpit.incidents.lifecycle`. Notes, pins, tasks
and sections are taken after the end too: the post-mortem is written then.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.clock import iso
from cockpit.errors import UsageError
from cockpit.incidents import events, words
from cockpit.incidents.lifecycle import require_open
from cockpit.incidents.sections import find_section
from cockpit.journal.log import Draft
from cockpit.models.incident import Incident, Level, Task, TaskStatus
from cockpit.sanitize import clean


def note(incident: Incident, text: str, happened_at: datetime | None = None) -> tuple[Draft, ...]:
    """Write a remark; `happened_at` puts it on the timeline where it belongs.

    Raises:
        UsageError: It is empty or too long.
    """
    data = {"text": words.text("note", text), "happened_at": iso(happened_at)}
    return (Draft(events.NOTE, data, incident.id),)


def pin(incident: Incident, place: Mapping[str, Any], note: str | None = None) -> tuple[Draft, ...]:
    """Keep a place as evidence.

    Args:
        incident: As it is.
        place: The place and what is there now (`cockpit.incidents.pins.look`).
        note: Why it matters.

    Raises:
        UsageError: The very same is pinned already, or the note is too long.
    """
    same = ("path", "line", "root", "sha256")
    if any(all(getattr(each, key) == place[key] for key in same) for each in incident.pins):
        raise UsageError(f"{clean(place['path'])} is pinned already, as it is now")
    return (Draft(events.PIN, {**place, "note": words.optional("note", note)}, incident.id),)


def decision(incident: Incident, text: str, because: str, instead_of: str | None = None) -> tuple[Draft, ...]:
    """Write down a decision, why, and what was considered instead.

    Raises:
        UsageError: The decision or its reason is missing or too long.
    """
    data = {
        "text": words.text("decision", text),
        "rationale": words.text("reason of the decision", because),
        "alternative": words.optional("alternative", instead_of),
    }
    return (Draft(events.DECISION, data, incident.id),)


def task(incident: Incident, action: str, *, owner: str, deadline: datetime, verification: str) -> tuple[Draft, ...]:
    """Write down an action item: specific, owned, dated, with a way to tell that it is done (seed 000).

    Raises:
        UsageError: A part is missing or too long.
    """
    if len(incident.tasks) >= words.MAX_RECORDS:
        raise UsageError(f"{incident.id} has {len(incident.tasks)} tasks: that is enough")
    data = {
        "task": f"t{len(incident.tasks) + 1}",
        "action": words.text("task", action),
        "owner": words.name("owner", owner),
        "deadline": iso(deadline),
        "verification": words.text("verification", verification),
    }
    return (Draft(events.TASK, data, incident.id),)


def task_done(incident: Incident, name: str, outcome: str | None = None) -> tuple[Draft, ...]:
    """Report a task done, with what its verification showed.

    Raises:
        UsageError: There is no such task, or it is done already.
    """
    found = find_task(incident, name)
    if found.status is TaskStatus.COMPLETE:
        raise UsageError(f"{found.id} of {incident.id} is complete already")
    data = {"task": found.id, "outcome": words.optional("outcome", outcome)}
    return (Draft(events.TASK_DONE, data, incident.id),)


def task_status(incident: Incident, name: str, status: TaskStatus) -> tuple[Draft, ...]:
    """Say that a task is begun, or put it (also a complete one) back.

    Raises:
        UsageError: There is no such task, or that is its status already.
    """
    found = find_task(incident, name)
    if found.status is status:
        raise UsageError(f"{found.id} of {incident.id} is {status.value} already")
    if status is TaskStatus.COMPLETE:
        return task_done(incident, name)
    return (Draft(events.TASK_STATUS, {"task": found.id, "status": status.value}, incident.id),)


def find_task(incident: Incident, name: str) -> Task:
    """A task by its id.

    Raises:
        UsageError: There is none; the message lists them.
    """
    found = next((each for each in incident.tasks if each.id == name.strip().casefold()), None)
    if found is None:
        known = ", ".join(each.id for each in incident.tasks) or "none yet"
        raise UsageError(f"no task {clean(name, 40)!r} in {incident.id}; there are: {known}")
    return found


def update(incident: Incident, text: str, next_due: datetime | None = None) -> tuple[Draft, ...]:
    """Tell how it stands, and when the next update comes.

    Raises:
        UsageError: It is closed, or nothing is told.
    """
    require_open(incident)
    data = {"text": words.text("status update", text), "next_due": iso(next_due)}
    return (Draft(events.UPDATE, data, incident.id),)


def escalate(incident: Incident, level: Level, reason: str, to: str | None = None) -> tuple[Draft, ...]:
    """Call a higher level.

    Raises:
        UsageError: It is closed, there is no reason, or that level was called and has not answered yet.
    """
    require_open(incident)
    waiting = next((each for each in incident.escalations if each.level is level and not each.acknowledged_at), None)
    if waiting is not None:
        raise UsageError(f"{level.value} was called at {iso(waiting.at)} and has not answered yet ({waiting.id})")
    data = {
        "escalation": f"e{len(incident.escalations) + 1}",
        "level": level.value,
        "to": words.name("person", to) if to is not None else None,
        "reason": words.text("reason", reason),
    }
    return (Draft(events.ESCALATED, data, incident.id),)


def acknowledge_escalation(incident: Incident, name: str, note: str | None = None) -> tuple[Draft, ...]:
    """Record that the level that was called has answered; `name` is the escalation's id or its level.

    Raises:
        UsageError: There is none that waits for an answer.
    """
    word = name.strip().casefold()
    waiting = [each for each in incident.escalations if each.acknowledged_at is None]
    found = [each for each in waiting if word in (each.id, each.level.value.casefold())]
    if not found:
        known = ", ".join(f"{each.id} ({each.level.value})" for each in waiting) or "none"
        raise UsageError(f"no escalation {clean(name, 40)!r} waits for an answer; waiting: {known}")
    data = {"escalation": found[0].id, "note": words.optional("note", note)}
    return (Draft(events.ESCALATION_ACKNOWLEDGED, data, incident.id),)


def section(incident: Incident, key: str, text: str) -> tuple[Draft, ...]:
    """Write a text of the post-mortem; an empty one takes it away.

    Raises:
        UsageError: There is no such section, it is too long, or nothing would change.
    """
    found = find_section(key)
    said = words.optional(found.title.casefold(), text, words.MAX_SECTION) or ""
    if said == incident.sections.get(found.key, ""):
        raise UsageError(f"{found.title} of {incident.id} says that already" if said else "a text is needed")
    return (Draft(events.SECTION, {"section": found.key, "text": said}, incident.id),)


def notified(
    incident: Incident,
    template: str,
    channel: str,
    *,
    delivered: bool,
    outcome: str | None = None,
    exit_code: int | None = None,
    sha256: str | None = None,
) -> tuple[Draft, ...]:
    """Record a notification and what became of it.

    Args:
        incident: As it is.
        template: What was told.
        channel: Where it went.
        delivered: Whether the channel took it.
        outcome: What the channel said.
        exit_code: Of the program that carried it.
        sha256: Of the text.

    Raises:
        UsageError: The template or the channel is missing.
    """
    data = {
        "template": words.text("template", template, words.MAX_NAME),
        "channel": words.text("channel", channel),
        "delivered": delivered,
        "outcome": words.optional("outcome", outcome),
        "exit_code": exit_code,
        "sha256": sha256,
    }
    return (Draft(events.NOTIFIED, data, incident.id),)


def read_level(text: str) -> Level:
    """A level of the ladder.

    Raises:
        UsageError: There is none of this name.
    """
    word = text.strip().upper()
    found = next((level for level in Level if level.value in (word, f"L{word}")), None)
    if found is None:
        raise UsageError(f"no level {clean(text, 20)!r}; there are: {', '.join(Level)}")
    return found
