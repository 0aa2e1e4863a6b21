"""The hand-off of a shift: what the next person must know, and where each thing is told (seed 002).

Pure: made of what was gathered as of one moment, which it names. Every text passes the redactor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.clock import iso
from cockpit.incidents import events
from cockpit.incidents.actions import KINDS
from cockpit.incidents.ladder import RUNGS
from cockpit.incidents.telling import tell_action, tell_checklist, tell_own
from cockpit.incidents.timeline import REMARK
from cockpit.journal.actor import shown
from cockpit.models.action import Job
from cockpit.models.incident import Countdown, EscalationCondition, Gate, Incident
from cockpit.models.journal import Entry
from cockpit.models.run import ATTENTION, Run, RunState
from cockpit.reports.redact import Redactor
from cockpit.reports.render import render
from cockpit.reports.spans import length

TEMPLATE = "handoff.md"
MAX_RUNS = 40
MAX_DONE = 200
"""Runs and entries that are listed; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An open incident as it stands."""

    incident: Incident
    gate: Gate
    clocks: tuple[Countdown, ...] = ()
    reasons: tuple[EscalationCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """What a hand-off is made of.

    Attributes:
        since: When the shift began.
        now: When it is handed over.
        watched: Open incidents, the most severe first.
        closed: Incidents that were closed in the shift.
        runs: Runs that need attention, the most pressing first.
        jobs: Jobs at work.
        journals: What was recorded, a journal of entries a root.
    """

    since: datetime
    now: datetime
    watched: tuple[Watched, ...] = ()
    closed: tuple[Incident, ...] = ()
    runs: tuple[Run, ...] = ()
    jobs: tuple[Job, ...] = ()
    journals: tuple[tuple[Entry, ...], ...] = field(default=())


def facts(shift: Shift) -> dict[str, Any]:
    """What the template shows, without secrets; also the document of `--json`."""
    done = _done(shift)
    made = {
        "as_of": _at(shift.now),
        "since": _at(shift.since),
        "incidents": [_incident(one, shift.now) for one in shift.watched],
        "closed": [
            {"id": one.id, "title": one.title, "severity": one.severity.value, "closed_at": _at(one.closed_at),
             "by": one.closed_by, "reason": one.close_reason}
            for one in shift.closed
        ],
        "pending": _pending(shift),
        "runs": [_run(run, shift.now) for run in shift.runs[:MAX_RUNS]],
        "more_runs": max(len(shift.runs) - MAX_RUNS, 0),
        "jobs": [
            {"id": job.id, "action": job.action, "run": job.run, "by": job.actor, "started_at": _at(job.started_at),
             "for": length(shift.now - job.started_at)}
            for job in shift.jobs
        ],
        "done": done[-MAX_DONE:],
        "earlier_done": max(len(done) - MAX_DONE, 0),
    }  # fmt: skip
    clean: dict[str, Any] = Redactor().value(made, "hand-off")
    return clean


def write(shift_facts: dict[str, Any], own: Path | None = None) -> str:
    """The hand-off as Markdown. Raises as `cockpit.reports.render.render`."""
    return render(TEMPLATE, shift_facts, own)


def _incident(one: Watched, now: datetime) -> dict[str, Any]:
    item = one.incident
    due = next((clock for clock in one.clocks if clock.name == "update" and clock.running), None)
    return {
        "id": item.id,
        "title": item.title,
        "severity": item.severity.value,
        "priority": item.severity.priority,
        "phase": item.phase.value,
        "status": item.status.value,
        "commander": item.commander,
        "declared_at": _at(item.declared_at),
        "open_for": length(now - item.declared_at),
        "clocks": [_clock(clock, now) for clock in one.clocks],
        "next_update": None if due is None else _clock(due, now),
        "last_update": {"at": _at(item.updates[-1].at), "text": item.updates[-1].text} if item.updates else None,
        "runs": [link.id for link in item.runs],
        "tasks": [
            {"id": task.id, "text": task.action, "owner": task.owner, "due": _at(task.deadline),
             "status": task.status.value, "overdue": task.overdue(now)}
            for task in item.tasks
            if task.completed_at is None
        ],
        "missing": list(one.gate.missing),
    }  # fmt: skip


def _clock(clock: Countdown, now: datetime) -> dict[str, Any]:
    late = clock.overdue(now)
    if clock.met_at is not None:
        told = f"met {length(clock.met_at - clock.due)} late" if late else "met in time"
    else:
        told = f"OVERDUE by {length(now - clock.due)}" if late else f"due in {length(clock.due - now)}"
    return {"name": clock.name, "due": _at(clock.due), "running": clock.running, "overdue": late, "told": told}


def _pending(shift: Shift) -> list[dict[str, Any]]:
    """What waits for somebody to decide: command, calls, offers, overdue tasks, runs that ask."""
    found: list[tuple[str, str]] = []
    for one in shift.watched:
        item = one.incident
        if item.commander is None:
            found.append((item.id, "nobody has the command"))
        found += [
            (item.id, f"{offer.role.value} is offered to {offer.to_person}, who has not accepted yet")
            for offer in item.hand_overs
            if offer.open
        ]
        found += [
            (item.id, f"{call.level.value} ({RUNGS[call.level].who}) was called at {_at(call.at)}, no answer yet")
            for call in item.escalations
            if call.acknowledged_at is None
        ]
        found += [
            (item.id, f"escalate to {reason.level.value}? {reason.text}: {reason.why}")
            for reason in one.reasons
            if reason.met and reason.called_at is None
        ]
        found += [(item.id, f"task {task.id} is overdue: {task.action}") for task in item.tasks
                  if task.overdue(shift.now)]  # fmt: skip
    found += [
        (run.id, run.reasons[0].text if run.reasons else "it waits for a person")
        for run in shift.runs
        if run.state is RunState.WAITING
    ]
    return [{"about": about, "text": text} for about, text in found]


def _run(run: Run, now: datetime) -> dict[str, Any]:
    silence = run.silence(now)
    return {
        "id": run.id,
        "state": run.state.value,
        "claimed": run.claimed if run.contradicted else None,
        "where": ".".join(part for part in (run.flow, run.step) if part),
        "silent_for": None if silence is None else length(silence),
        "why": run.reasons[0].text if run.reasons else None,
    }


def _done(shift: Shift) -> list[dict[str, Any]]:
    entries = [entry for journal in shift.journals for entry in journal if shift.since <= entry.at <= shift.now]
    rows = []
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.seq, entry.hash)):
        text = _told(entry)
        if text is not None:
            rows.append(
                {"at": _at(entry.at), "by": shown(entry.actor), "about": _about(entry), "text": text, "seq": entry.seq}
            )
    return rows


def _told(entry: Entry) -> str | None:
    """What an entry says in words; `None` of what is no news to the next shift."""
    if entry.kind.startswith(events.FAMILY):
        told = tell_own(entry)
        return told.text if told is not None else None
    if entry.kind in KINDS:
        return tell_action(entry)
    if entry.kind.startswith(events.CHECKLIST):
        told = tell_checklist(entry)
        return told.text if told is not None else None
    return events.words(entry.data, "text") if entry.kind == REMARK else None


def _about(entry: Entry) -> str | None:
    return events.incident_of(entry) or events.words(entry.data, "run") or events.words(entry.data, "target")


def _at(moment: datetime | None) -> str | None:
    """To the second: nobody hands over microseconds."""
    return iso(moment.replace(microsecond=0)) if moment is not None else None


def closed_since(incidents: Iterable[Incident], since: datetime, now: datetime) -> tuple[Incident, ...]:
    """The incidents that were closed in a span, in the order of their ends."""
    found = [one for one in incidents if one.closed_at is not None and since <= one.closed_at <= now]
    return tuple(sorted(found, key=lambda one: (one.closed_at or now, one.id)))


def pressing(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Runs that need attention, in the order they came."""
    return tuple(run for run in runs if run.state in ATTENTION or run.contradicted)
