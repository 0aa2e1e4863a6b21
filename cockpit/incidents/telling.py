"""Journal entries as sentences for a timeline: what happened, in the words of the record. Foreign text, not cleaned."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cockpit.actions.ending import ENDED
from cockpit.actions.launcher import STARTED
from cockpit.clock import iso
from cockpit.incidents import events
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.journal import Entry

Data = Mapping[str, Any]


class Told(NamedTuple):
    """One thing that happened: its kind on the timeline, a sentence, and what shows it."""

    kind: str
    text: str
    evidence: tuple[Evidence, ...] = ()


def tell_own(entry: Entry) -> Told | None:
    """An entry of the incident's own life; `None` where it says nothing usable.

    A kind that is not known (recorded by a newer cockpit) is told by its name rather than left out.
    """
    teller = _OWN.get(entry.kind)
    if teller is None:
        return Told(entry.kind.removeprefix(events.FAMILY), entry.kind)
    kind, tell = teller
    text = tell(entry.data)
    return None if text is None else Told(kind, text, _evidence(entry))


def tell_action(entry: Entry) -> str:
    """An entry about an action: started with its command, ended with what became of it, refused, cancelled."""
    data = entry.data
    action, run = events.words(data, "action") or "action", events.words(data, "run") or "the run"
    place = ".".join(part for part in (events.words(data, "flow"), events.words(data, "step")) if part)
    name = f"{action} of {run} at {place}" if place else f"{action} of {run}"
    if entry.kind == STARTED:
        command = " ".join(events.texts(data, "argv"))
        return f"{name} started: {command}" if command else f"{name} started"
    if entry.kind == ENDED:
        text = _with(data, f"{name} {events.words(data, 'state') or 'ended'}", ("outcome", ": "))
        code = data.get("exit_code")
        return f"{text} (exit {code})" if isinstance(code, int) else text
    return _with(data, f"{name} {entry.kind.rpartition('.')[2]}", ("reason", ": "))


_ITEM_WORDS = {
    "tick": "Done", "untick": "Open again", "skip": "Left out", "note": "Noted", "verified": "Verified",
    "claim": "Being worked on", "release": "No longer worked on",
}  # fmt: skip


def tell_checklist(entry: Entry) -> Told | None:
    """An entry about a checklist; `None` where it names neither item nor playbook."""
    word, data = entry.kind.removeprefix(events.CHECKLIST), entry.data
    if word == "start":
        playbook = events.words(data, "playbook")
        return None if playbook is None else Told("checklist", f"Started the checklist of {playbook}")
    item = events.words(data, "text") or events.words(data, "item")
    if item is None:
        return None
    why = events.words(data, "reason") or events.words(data, "note") or events.words(data, "why")
    text = f"{_ITEM_WORDS.get(word, word.capitalize())}: {item}"
    return Told("checklist", f"{text} ({why})" if why else text, events.evidence(data))


def _evidence(entry: Entry) -> tuple[Evidence, ...]:
    if entry.kind != events.PIN:
        return events.evidence(entry.data)
    path = events.words(entry.data, "path")
    if path is None:
        return ()
    quote = events.words(entry.data, "quote") or ""
    return (Evidence(rank=Rank.ARTIFACT, path=path, line=events.count(entry.data, "line", 1), quote=quote),)


def _with(data: Data, text: str, *more: tuple[str, str]) -> str:
    """A sentence with those of its extras that are known."""
    return text + "".join(f"{glue}{said}" for key, glue in more if (said := events.words(data, key)) is not None)


def _needs(key: str, tell: Callable[[str, Data], str]) -> Callable[[Data], str | None]:
    """Told only where this field says something."""

    def telling(data: Data) -> str | None:
        said = events.words(data, key)
        return None if said is None else tell(said, data)

    return telling


def _described(data: Data) -> str | None:
    parts = (
        f"{key.replace('_', ' ')}: {said}"
        for key in ("title", "symptoms", "detection", "detected_at")
        if (said := events.words(data, key)) is not None
    )
    text = "; ".join(parts)
    return f"Described, {text}" if text else None


def _run_added(run: str, data: Data) -> str:
    state = events.words(data, "state")
    return f"Attached {run} ({state})" if state else f"Attached {run}"


def _phase(to: str, data: Data) -> str:
    return _with(data, f"Phase {to}", ("from", ", after "), ("reason", ": "), ("override", "; gate overridden: "))


def _pin(path: str, data: Data) -> str:
    line = events.count(data, "line", 1)
    return _with(data, f"Pinned {path}:{line}" if line else f"Pinned {path}", ("note", ": "))


def _task(name: str, data: Data) -> str:
    due = events.moment(data, "deadline")
    text = _with(data, f"Task {name}", ("action", ": "), ("owner", ", owner "))
    return f"{text}, by {_moment(due)}" if due else text


def _update(text: str, data: Data) -> str:
    due = events.moment(data, "next_due")
    return f"Update: {text} (next by {_moment(due)})" if due else f"Update: {text}"


def _moment(at: datetime) -> str:
    return iso(at.replace(microsecond=0)) or ""


def _notified(template: str, data: Data) -> str:
    sent = "delivered" if data.get("delivered") is True else "not delivered"
    return _with(data, f"Notification {template} {sent}", ("channel", " to "), ("outcome", ": "))


def _role(before: str, after: str) -> Callable[[str, Data], str]:
    def tell(person: str, data: Data) -> str:
        named = _with(data, f"{before}{person}{after}", ("role", ""))
        return _with(data, named, ("contribution", ", "), ("override", "; without the other side: "))

    return tell


_OWN: Mapping[str, tuple[str, Callable[[Data], str | None]]] = {
    events.DECLARED: ("declared", _needs("title", lambda title, data: f"Declared {data.get('severity')}: {title}")),
    events.DESCRIBED: ("described", _described),
    events.RUN_ADDED: ("run", _needs("run", _run_added)),
    events.RUN_REMOVED: ("run", _needs("run", lambda run, data: _with(data, f"Detached {run}", ("reason", ": ")))),
    events.SEVERITY: (
        "severity", _needs("to", lambda to, data: _with(data, f"{to}", ("from", ", was "), ("reason", ": ")))
    ),
    events.PHASE: ("phase", _needs("to", _phase)),
    events.NOTE: ("note", lambda data: events.words(data, "text")),
    events.PIN: ("pin", _needs("path", _pin)),
    events.DECISION: (
        "decision",
        _needs(
            "text",
            lambda text, data: _with(
                data, f"Decided: {text}", ("rationale", ", because "), ("alternative", "; instead of ")
            ),
        ),
    ),
    events.ROLE: ("role", _needs("person", _role("", " is "))),
    events.ROLE_OFFERED: ("role", _needs("person", _role("Offered to ", ": "))),
    events.ROLE_ACCEPTED: ("role", _needs("person", _role("", " accepts: "))),
    events.ROLE_ENDED: ("role", _needs("person", _role("", " is no longer "))),
    events.TASK: ("task", _needs("task", _task)),
    events.TASK_STATUS: ("task", _needs("task", lambda task, data: f"Task {task} is {data.get('status')}")),
    events.TASK_DONE: (
        "task", _needs("task", lambda task, data: _with(data, f"Task {task} is done", ("outcome", ": ")))
    ),
    events.UPDATE: ("update", _needs("text", _update)),
    events.ESCALATED: (
        "escalation",
        _needs("level", lambda level, data: _with(data, f"Escalated to {level}", ("to", ", "), ("reason", ": "))),
    ),
    events.ESCALATION_ACKNOWLEDGED: (
        "escalation",
        _needs("escalation", lambda name, data: _with(data, f"Escalation {name} answered", ("note", ": "))),
    ),
    events.SECTION: ("section", _needs("section", lambda key, _: f"Post-mortem: {key} written")),
    events.NOTIFIED: ("notification", _needs("template", _notified)),
    events.REPORT: ("report", _needs("report", lambda kind, data: _with(data, f"Written: {kind}", ("path", ", ")))),
    events.CLOSED: (
        "closed", lambda data: _with(data, "Closed", ("reason", ": "), ("override", "; gate overridden: "))
    ),
    events.REOPENED: (
        "reopened", lambda data: _with(data, "Opened again", ("phase", " in phase "), ("reason", ": "))
    ),
}  # fmt: skip
