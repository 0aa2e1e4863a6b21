"""What journal entries about an incident's records do to it: notes, pins, decisions, tasks, updates, escalations.

See `cockpit.incidents.apply`.
"""

from collections.abc import Mapping

from cockpit.incidents import events
from cockpit.journal.actor import shown
from cockpit.models.incident import (
    Decision,
    Escalation,
    Incident,
    Level,
    Note,
    Notification,
    Pin,
    Task,
    TaskStatus,
    Update,
)
from cockpit.models.journal import Entry


def note(incident: Incident, entry: Entry) -> Incident:
    """Add a remark."""
    text = events.words(entry.data, "text")
    if text is None:
        return incident
    happened = events.moment(entry.data, "happened_at")
    note = Note(text=text, at=entry.at, by=shown(entry.actor), happened_at=happened, seq=entry.seq)
    return incident.model_copy(update={"notes": (*incident.notes, note)})


def pin(incident: Incident, entry: Entry) -> Incident:
    """Add pinned evidence."""
    data = entry.data
    path, root, sha256 = (events.words(data, name) for name in ("path", "root", "sha256"))
    size, modified = events.count(data, "size"), events.moment(data, "modified_at")
    if path is None or root is None or sha256 is None or size is None or modified is None:
        return incident
    pin = Pin(
        path=path,
        line=events.count(data, "line", 1),
        root=root,
        sha256=sha256,
        size=size,
        modified_at=modified,
        quote=events.words(data, "quote") or "",
        note=events.words(data, "note"),
        at=entry.at,
        by=shown(entry.actor),
        seq=entry.seq,
    )
    return incident.model_copy(update={"pins": (*incident.pins, pin)})


def decision(incident: Incident, entry: Entry) -> Incident:
    """Add a decision; one without a reason is none."""
    text, rationale = events.words(entry.data, "text"), events.words(entry.data, "rationale")
    if text is None or rationale is None:
        return incident
    decision = Decision(
        text=text,
        rationale=rationale,
        alternative=events.words(entry.data, "alternative"),
        at=entry.at,
        by=shown(entry.actor),
        seq=entry.seq,
    )
    return incident.model_copy(update={"decisions": (*incident.decisions, decision)})


def task(incident: Incident, entry: Entry) -> Incident:
    """Add an action item; an id that is there already is ignored."""
    name, action = events.words(entry.data, "task"), events.words(entry.data, "action")
    if name is None or action is None or any(task.id == name for task in incident.tasks):
        return incident
    task = Task(
        id=name,
        action=action,
        owner=events.words(entry.data, "owner") or "",
        deadline=events.moment(entry.data, "deadline"),
        verification=events.words(entry.data, "verification") or "",
        created_at=entry.at,
        by=shown(entry.actor),
        seq=entry.seq,
    )
    return incident.model_copy(update={"tasks": (*incident.tasks, task)})


def task_status(incident: Incident, entry: Entry) -> Incident:
    """Set an action item to pending or in progress; `task_done` completes it."""
    status = next((each for each in TaskStatus if each.value == entry.data.get("status")), None)
    if status is None or status is TaskStatus.COMPLETE:
        return incident
    return _with_task(incident, entry, {"status": status, "completed_at": None, "completed_by": None, "outcome": None})


def task_done(incident: Incident, entry: Entry) -> Incident:
    """Complete an action item."""
    done = {
        "status": TaskStatus.COMPLETE,
        "completed_at": entry.at,
        "completed_by": shown(entry.actor),
        "outcome": events.words(entry.data, "outcome"),
    }
    return _with_task(incident, entry, done)


def _with_task(incident: Incident, entry: Entry, update: Mapping[str, object]) -> Incident:
    name = events.words(entry.data, "task")
    if not any(task.id == name for task in incident.tasks):
        return incident
    tasks = tuple(task.model_copy(update=update) if task.id == name else task for task in incident.tasks)
    return incident.model_copy(update={"tasks": tasks})


def update(incident: Incident, entry: Entry) -> Incident:
    """Add a status update; the next one is due when it says, or is promised no more."""
    text = events.words(entry.data, "text")
    if text is None:
        return incident
    due = events.moment(entry.data, "next_due")
    update = Update(text=text, next_due=due, at=entry.at, by=shown(entry.actor), seq=entry.seq)
    return incident.model_copy(update={"updates": (*incident.updates, update), "next_update_due": due})


def escalated(incident: Incident, entry: Entry) -> Incident:
    """Add a call for a higher level."""
    data = entry.data
    name, reason = events.words(data, "escalation"), events.words(data, "reason")
    level = next((each for each in Level if each.value == data.get("level")), None)
    if name is None or level is None or reason is None or any(each.id == name for each in incident.escalations):
        return incident
    call = Escalation(
        id=name,
        level=level,
        to=events.words(data, "to"),
        reason=reason,
        at=entry.at,
        by=shown(entry.actor),
        seq=entry.seq,
    )
    return incident.model_copy(update={"escalations": (*incident.escalations, call)})


def escalation_acknowledged(incident: Incident, entry: Entry) -> Incident:
    """The level that was called has answered."""
    name = events.words(entry.data, "escalation")
    open_ones = {each.id for each in incident.escalations if each.acknowledged_at is None}
    if name not in open_ones:
        return incident
    answer = {"acknowledged_at": entry.at, "acknowledged_by": shown(entry.actor)}
    calls = tuple(each.model_copy(update=answer) if each.id == name else each for each in incident.escalations)
    return incident.model_copy(update={"escalations": calls})


def section(incident: Incident, entry: Entry) -> Incident:
    """Set a text of the post-mortem; an empty one takes it away."""
    key, text = events.words(entry.data, "section"), entry.data.get("text")
    if key is None or not isinstance(text, str):
        return incident
    others = {name: value for name, value in incident.sections.items() if name != key}
    kept = {key: text.strip()} if text.strip() else {}
    if not kept and key not in incident.sections:
        return incident
    return incident.model_copy(update={"sections": dict(sorted((others | kept).items()))})


def notified(incident: Incident, entry: Entry) -> Incident:
    """Add a notification."""
    data = entry.data
    template, channel = events.words(data, "template"), events.words(data, "channel")
    if template is None or channel is None:
        return incident
    made = Notification(
        template=template,
        channel=channel,
        delivered=data.get("delivered") is True,
        outcome=events.words(data, "outcome") or "",
        at=entry.at,
        by=shown(entry.actor),
        seq=entry.seq,
    )
    return incident.model_copy(update={"notifications": (*incident.notifications, made)})


def playbook(incident: Incident, entry: Entry) -> Incident:
    """A playbook's checklist was started for it."""
    name = events.words(entry.data, "playbook")
    if name is None or name in incident.playbooks:
        return incident
    return incident.model_copy(update={"playbooks": (*incident.playbooks, name)})


def settled(incident: Incident, entry: Entry) -> Incident:
    """A settled item changes the checklist; the first one also shows that somebody responds."""
    if incident.acknowledged_at is not None:
        return incident
    return incident.model_copy() if events.words(entry.data, "item") else incident
