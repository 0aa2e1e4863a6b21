"""The words of `incident` that write something down: notes, pins, decisions, tasks, people, updates, escalations."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from cockpit.cli import output
from cockpit.cli.incident_room import Room, lines, open_room, past, show_changed
from cockpit.errors import ExitCode, UsageError
from cockpit.incidents import records, words
from cockpit.incidents.records import read_level
from cockpit.incidents.roles import read_role
from cockpit.incidents.sections import SECTIONS
from cockpit.journal.log import Draft
from cockpit.models.incident import Incident, TaskStatus
from cockpit.presenters import incident_documents as documents
from cockpit.presenters import incidents as rows
from cockpit.presenters import words as cells
from widgets.rows import Cell, Tone


def change(what: str, options: argparse.Namespace, act: Callable[[Room], Incident], *, runs: bool = False) -> int:
    """Do something to an incident and print it as it is then.

    Args:
        what: What it is, for a refusal.
        options: The command line.
        act: Does it.
        runs: Whether the incident's runs are looked at.
    """
    with open_room(options, runs=runs, writes=what) as room:
        seen = len(room.desk.ledger.incident_entries(room.incident.id))
        show_changed(room, act(room), options, seen)
    return int(ExitCode.OK)


def amend(what: str, options: argparse.Namespace, decide: Callable[[Incident], Sequence[Draft]]) -> int:
    """Record what is decided about an incident and print it as it is then."""
    return change(what, options, lambda room: room.desk.amend(room.incident.id, decide))


def _note(options: argparse.Namespace) -> int:
    def act(room: Room) -> Incident:
        at = past(room.session, "--at", options.at)
        return room.desk.amend(room.incident.id, lambda one: records.note(one, options.text, at))

    return change("write a note", options, act)


def _pin(options: argparse.Namespace) -> int:
    return change("pin evidence", options, lambda room: room.desk.pin(room.incident.id, options.place, options.note))


def _decide(options: argparse.Namespace) -> int:
    return amend(
        "write down a decision", options,
        lambda one: records.decision(one, options.text, options.because, options.instead_of),
    )  # fmt: skip


def _role(options: argparse.Namespace) -> int:
    role = read_role(options.role)

    def act(room: Room) -> Incident:
        if options.leave:
            return room.desk.leave(room.incident.id, role, options.person)
        return room.desk.assign(
            room.incident.id, role, options.person, contribution=options.did, override=options.override
        )

    return change("change a role", options, act)


_STATUS = {"start": TaskStatus.IN_PROGRESS, "reset": TaskStatus.PENDING}


def _task(options: argparse.Namespace) -> int:
    first, *rest = options.words
    if first == "done" or first in _STATUS:
        if len(rest) != 2:
            raise UsageError(f"write: cockpit incident task {first} INC ID")
        options.incident, name = rest
        if first == "done":
            return amend("complete a task", options, lambda one: records.task_done(one, name, options.outcome))
        return amend("change a task", options, lambda one: records.task_status(one, name, _STATUS[first]))
    if len(rest) != 1:
        raise UsageError("write: cockpit incident task INC TEXT --owner P --due T --verify HOW (the text as one word)")
    missing = [name for name in ("owner", "due", "verify") if getattr(options, name) is None]
    if missing:
        raise UsageError(f"an action item is owned, dated and verifiable: --{', --'.join(missing)} missing")
    options.incident = first

    def act(room: Room) -> Incident:
        due = words.future("--due", options.due, room.session.now())
        return room.desk.amend(
            room.incident.id,
            lambda one: records.task(one, rest[0], owner=options.owner, deadline=due, verification=options.verify),
        )

    return change("write down a task", options, act)


def _update(options: argparse.Namespace) -> int:
    def act(room: Room) -> Incident:
        due = words.future("--next", options.next, room.session.now()) if options.next is not None else None
        return room.desk.amend(room.incident.id, lambda one: records.update(one, options.text, due))

    return change("write an update", options, act)


def _escalate(options: argparse.Namespace) -> int:
    if options.answered is not None:
        return amend(
            "answer an escalation", options,
            lambda one: records.acknowledge_escalation(one, options.answered, options.note),
        )  # fmt: skip
    if options.level is None:
        return _reasons(options)
    level = read_level(options.level)
    if options.reason is None:
        raise UsageError("an escalation needs its --reason")
    return amend("escalate", options, lambda one: records.escalate(one, level, options.reason, options.to))


def _reasons(options: argparse.Namespace) -> int:
    """Every reason to escalate and whether it holds; calls nobody."""
    with open_room(options, runs=True) as room:
        found = room.desk.escalation(room.desk.situation(room.incident))
        if options.json:
            output.emit(documents.escalation(found))
        else:
            lines(rows.escalation_lines(found))
    return int(ExitCode.OK)


def _section(options: argparse.Namespace) -> int:
    if options.section is None:
        return _sections(options)
    if options.text is None:
        raise UsageError("what does it say? Write the text, or - to read it from the standard input")
    text = sys.stdin.read(words.MAX_SECTION + 1) if options.text == "-" else options.text
    return amend("write the post-mortem", options, lambda one: records.section(one, options.section, text))


def _sections(options: argparse.Namespace) -> int:
    """What a post-mortem is made of, and what is written already."""
    with open_room(options) as room:
        written = room.incident.sections
        if options.json:
            output.emit(
                [
                    {"key": one.key, "title": one.title, "asks": one.asks, "recorded": one.recorded,
                     "text": written.get(one.key)}
                    for one in SECTIONS
                ]
            )  # fmt: skip
            return int(ExitCode.OK)
        output.table(
            ("key", "state", "what belongs there"),
            [
                (
                    Cell(one.key, Tone.STRONG),
                    Cell("written", Tone.OK) if written.get(one.key) else Cell("recorded" if one.recorded else "-"),
                    cells.text(written.get(one.key) or one.asks),
                )
                for one in SECTIONS
            ],
        )
    return int(ExitCode.OK)


WORDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "note": _note,
    "pin": _pin,
    "decide": _decide,
    "role": _role,
    "task": _task,
    "update": _update,
    "escalate": _escalate,
    "section": _section,
}
"""Words of `incident` that are handled here."""
