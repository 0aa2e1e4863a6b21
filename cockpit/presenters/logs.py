"""Lines of logs as rows: the routing log, the timeline, and the lines of a file."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.clock import parse_iso
from cockpit.models.journal import Entry
from cockpit.models.records import RoutingEntry
from cockpit.presenters import times, words
from cockpit.presenters.lazy import LazyRows
from cockpit.presenters.runs import place
from cockpit.presenters.times import TimeStyle
from widgets.rows import EMPTY, Cell, Level, LogRow, Tone


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


def file_rows(lines: Sequence[bytes]) -> LazyRows[bytes, LogRow]:
    """Lines of a file; JSON lines are told in short, everything else as it stands."""
    return LazyRows(lines, file_row)


def file_row(index: int, line: bytes) -> LogRow:
    """One line with its number; a JSON object shows its time, its kind and its text."""
    text = line.decode("utf-8", errors="replace")
    number = Cell(str(index + 1), Tone.DIM)
    record = _object(text)
    if record is None:
        return LogRow(key=str(index), level=text_level(text), at=number, text=words.text(text, _tone(text), 4_000))
    what = _first(record, "type", "role", "kind", "event", "level", "decision")
    body = _first(record, "content", "message", "text", "reason", "output", "payload", "tool_output", "error", "input")
    told = f"{_first(record, 'tool', 'tool_name', 'step_id')} {body}".strip() or text
    level = text_level(told if record.get("level") is None else str(record["level"]))
    tone = {Level.ERROR: Tone.BAD, Level.WARN: Tone.WARN}.get(level, Tone.PLAIN)
    return LogRow(
        key=str(index),
        level=level,
        at=number,
        where=words.text(what, Tone.ACCENT) if what else EMPTY,
        text=words.text(told, tone, 4_000),
    )


def _object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{") or len(text) > 64_000:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _first(record: dict[str, Any], *names: str) -> str:
    for name in names:
        value = record.get(name)
        if value not in (None, "", {}, []):
            return value if isinstance(value, str) else _told(value)
    return ""


def _told(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except RecursionError:
        return "nested too deeply to be shown"


_ERRORS = ("error", "traceback", "exception", "fatal", "failed", "critical")
_WARNINGS = ("warn", "blocked", "retry", "timed out", "timeout")


def text_level(text: str) -> Level:
    """How loud a line of free text is."""
    lowered = text[:2_000].lower()
    if any(word in lowered for word in _ERRORS):
        return Level.ERROR
    return Level.WARN if any(word in lowered for word in _WARNINGS) else Level.INFO


def _tone(text: str) -> Tone:
    return {Level.ERROR: Tone.BAD, Level.WARN: Tone.WARN}.get(text_level(text), Tone.PLAIN)
