"""Lines of logs as rows: the routing log, the timeline, and the lines of a file."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cockpit.clock import parse_iso
from cockpit.models.journal import Entry
from cockpit.models.records import RoutingEntry
from cockpit.presenters import times, words
from cockpit.presenters.lazy import LazyRows
from cockpit.presenters.runs import place
from cockpit.presenters.times import TimeStyle
from widgets.rows import Cell, Level, LogRow, Tone


def routing_rows(entries: Sequence[RoutingEntry], style: TimeStyle) -> LazyRows[RoutingEntry, LogRow]:
    """The routing log, made line by line as it is looked at; a million lines cost nothing until then."""
    return LazyRows(entries, lambda index, entry: routing_row(index, entry, style))


def routing_row(index: int, entry: RoutingEntry, style: TimeStyle) -> LogRow:
    """One decision: when, where, what, whereto and why."""
    level, tone = words.level(entry.level)
    parts = []
    if entry.target:
        parts.append(f"-> {entry.target}")
    if entry.iteration:
        limit = entry.iteration.max if entry.iteration.max is not None else "?"
        parts.append(f"[{entry.iteration.current}/{limit}]")
    if entry.needs_human:
        parts.append("needs a person:")
    parts.append(entry.reason)
    return LogRow(
        key=str(index),
        level=level,
        at=Cell(times.clock_time(entry.at, style), Tone.DIM),
        where=words.text(place(entry.flow, entry.step)),
        what=words.decision(entry.decision),
        text=words.text(" ".join(part for part in parts if part), tone),
    )


_LOUD = {"failed": Tone.BAD, "refused": Tone.WARN, "lost": Tone.BAD, "cancelled": Tone.WARN}
_KINDS = {
    "checklist.start": "started playbook", "checklist.tick": "ticked", "checklist.untick": "unticked",
    "checklist.skip": "skipped", "checklist.note": "noted", "checklist.verified": "verified",
    "checklist.claim": "claimed", "checklist.release": "released", "note": "note",
    "action.planned": "planned", "action.confirmed": "confirmed", "action.started": "started",
    "action.ended": "ended", "action.refused": "refused", "action.cancelled": "cancelled",
    "action.declined": "declined",
    "bulk.started": "started bulk", "bulk.ended": "bulk ended", "bulk.cancelled": "cancelled bulk",
    "journal.repaired": "journal repaired", "journal.lost": "entries lost", "session.crashed": "cockpit crashed",
}  # fmt: skip


def timeline_rows(entries: Sequence[Entry], style: TimeStyle, *, named: bool = False) -> list[LogRow]:
    """What operators did, oldest first; a back-dated remark stands at the time it speaks of.

    Args:
        entries: What to show.
        style: How times are written.
        named: Say of each which run it is about, where they are about more than one.
    """
    ordered = sorted(entries, key=lambda entry: (happened_at(entry), entry.seq))
    return [timeline_row(entry, style, named=named) for entry in ordered]


def happened_at(entry: Entry) -> datetime:
    """When what an entry tells of happened: usually when it was written down."""
    said = entry.data.get("happened_at")
    return (parse_iso(said) if isinstance(said, str) else None) or entry.at


def timeline_row(entry: Entry, style: TimeStyle, *, named: bool = False) -> LogRow:
    """One journal entry: when, who, what."""
    text = describe(entry)
    # The names of playbooks and runs hold such words too: what was written on a checklist is never loud.
    telling = "" if entry.kind.startswith(("checklist.", "bulk.started")) else f"{entry.kind} {text}"
    loud = next((tone for word, tone in _LOUD.items() if word in telling), Tone.PLAIN)
    level = {Tone.BAD: Level.ERROR, Tone.WARN: Level.WARN}.get(loud, Level.INFO)
    return LogRow(
        key=str(entry.seq),
        level=level,
        at=Cell(times.clock_time(happened_at(entry), style), Tone.DIM),
        where=words.text(who(entry), Tone.DIM),
        what=words.text(_KINDS.get(entry.kind, entry.kind.removeprefix("incident.")), Tone.ACCENT),
        text=words.text(f"{about(entry)}: {text}" if named and about(entry) else text, loud),
    )


def about(entry: Entry) -> str:
    """The run, or whatever else, an entry is about; nothing where its own words name it."""
    if entry.kind.startswith("incident."):
        return ""
    return str(entry.data.get("run") or entry.data.get("target") or "")


def who(entry: Entry) -> str:
    """The person: the real user, with the account where they differ."""
    actor = entry.actor
    return actor.user if actor.user == actor.real_user else f"{actor.real_user} as {actor.user}"


def whence(entry: Entry) -> str:
    """Where the person sat: the address the session came from, else the terminal."""
    return entry.actor.ssh_peer or (entry.actor.tty or "").removeprefix("/dev/")


_TOLD = (
    "action", "item", "playbook", "flow", "step", "owner", "text", "check", "why", "reason", "outcome", "note", "argv",
    "error",
)  # fmt: skip


_NAMED = 5
"""Runs of a bulk that its entry names; all of them are in the JSON."""


def describe(entry: Entry) -> str:
    """The fields that tell the story, in a fixed order; everything else is in the JSON."""
    if entry.kind.startswith("incident."):
        from cockpit.incidents.telling import tell_own

        told = tell_own(entry)
        return f"{entry.incident}: {told.text}" if told is not None else entry.incident or ""
    parts = []
    for name in _TOLD:
        value = entry.data.get(name)
        if value in (None, "", [], ()):
            continue
        parts.append(" ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
    if entry.kind == "bulk.started":
        parts.append(_bulk_text(entry.data))
    undoes = entry.data.get("undoes")
    if type(undoes) is int:
        parts.insert(0, f"undoes #{undoes}")
    return " · ".join(parts)


def _bulk_text(data: Mapping[str, object]) -> str:
    """How much a bulk is about: `12 runs, 2 refused: run-1 run-2 ...`."""
    named = data.get("runs")
    runs = [str(run) for run in named] if isinstance(named, list | tuple) else []
    refused = f", {data['refused']} refused" if data.get("refused") else ""
    count = data.get("count")
    more = " ..." if len(runs) > _NAMED else ""
    return f"{len(runs) if count is None else count} runs{refused}: {' '.join(runs[:_NAMED])}{more}"
