"""`incident` and `gate`: declaring, looking, and moving through the phases."""

import argparse
from collections.abc import Callable, Mapping

from cockpit.cli import incident_records as recording
from cockpit.cli import output, reports
from cockpit.cli.context import open_session
from cockpit.cli.incident_room import Room, open_room, past, show_changed
from cockpit.cli.incident_room import lines as print_lines
from cockpit.errors import ExitCode, UsageError
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import lifecycle
from cockpit.incidents.clocks import most_pressing
from cockpit.incidents.lifecycle import read_phase
from cockpit.incidents.severity import read_severity
from cockpit.models.finding import Finding
from cockpit.models.incident import Incident, Phase, Severity, TimelineRow
from cockpit.presenters import incident_documents as documents
from cockpit.presenters import incidents as rows
from cockpit.presenters.times import TimeStyle
from cockpit.session import Session
from widgets.rows import Cell, TextRow, Tone

_LATEST = 15


def incident(options: argparse.Namespace) -> int:
    """Dispatch to the word after `incident`."""
    return _WORDS[options.what](options)


def gate(options: argparse.Namespace) -> int:
    """What must hold before a phase may be left; exit 3 with what is missing."""
    with open_room(options, runs=True) as room:
        phase = read_phase(options.phase) if options.phase else None
        found = room.desk.gate(room.incident, phase)
        if options.json:
            output.emit(documents.gate(found))
        else:
            word = Cell("met", Tone.OK) if found.met else Cell("not met", Tone.BAD)
            output.say_cells([Cell(found.incident, Tone.STRONG), Cell(f"gate of {found.phase.value}"), word])
            print_lines(rows.gate_lines(found))
            if not found.conditions:
                output.say("nothing has to hold")
    return int(ExitCode.OK if found.met else ExitCode.GATE)


def _declare(options: argparse.Namespace) -> int:
    with open_session(options) as session:
        runs = [session.find(name) for name in options.run]
        root = session.root_of(runs[0].ref) if runs else next(iter(session.roots))
        session.require_writable("declare an incident", root, runs[0] if runs else None)
        if not runs and len(session.ledgers()) > 1:
            raise UsageError("several roots are watched: name the run with --run, or one root with --root")
        desk = IncidentIndex(session).desk(root)
        made = desk.declare(
            options.title,
            severity=_severity(options),
            answers=options.answers,
            runs=runs,
            playbooks=options.playbook,
            detected_at=past(session, "--detected-at", options.detected_at),
            detection=options.how,
            symptoms=options.symptoms,
            finding=_finding(session, options),
            again=options.again,
        )
        show_changed(Room(session, desk, made), made, options)
    return int(ExitCode.OK)


def _finding(session: Session, options: argparse.Namespace) -> Finding | None:
    """The finding it is declared from, where the first run really has it.

    Raises:
        UsageError: It has not; the message lists those it has.
    """
    if options.finding is None:
        return None
    if not options.run:
        raise UsageError("--finding names a finding of a run: name the run with --run")
    run = session.find(options.run[0])
    known = {finding.id: finding for finding in session.findings(run, session.detail(run))}
    if options.finding not in known:
        raise UsageError(f"{run.id} has no finding {options.finding!r}; it has: {', '.join(known) or 'none'}")
    return known[options.finding]


def _list(options: argparse.Namespace) -> int:
    with open_session(options) as session:
        index, now = IncidentIndex(session), session.now()
        found = index.everything()
        shown = [each for each in found if options.all or each[1].is_open]
        shown.sort(key=lambda each: (not each[1].is_open, each[1].severity.rank, each[1].declared_at, each[1].id))
        if options.json:
            output.emit([documents.incident(one, desk.clocks(one), now) for desk, one in shown])
            return int(ExitCode.OK)
        policy = session.settings.incidents.policy()
        output.table(rows.LIST_TITLES, [rows.list_row(one, most_pressing(one, now, policy), now) for _, one in shown])
        if not shown:
            closed = len(found)
            output.tell(f"no open incident ({closed} closed: --all)" if closed else "no incident was declared")
    return int(ExitCode.OK)


def _show(options: argparse.Namespace) -> int:
    with open_room(options, runs=True) as room:
        desk, one, now = room.desk, room.incident, room.session.now()
        situation = desk.situation(one)
        gate_now, pins = desk.gate_of(situation), desk.pins(one)
        reasons, before = desk.escalation(situation), desk.recurrence(one)
        timeline = desk.timeline(one, situation)
        if options.json:
            document = documents.incident(one, situation.clocks, now)
            document |= {
                "gate": documents.gate(gate_now),
                "pins": documents.pins(pins),
                "escalation": documents.escalation(reasons),
                "similar": documents.recurrence(before),
                "timeline": documents.timeline(timeline),
            }
            output.emit(document)
            return int(ExitCode.OK)
        output.say_cells(rows.headline(one))
        print_lines(rows.facts(one, situation.clocks, now))
        if before.seen:
            output.say_cells([Cell("similar  ", Tone.DIM), Cell(rows.recurrence_line(before), Tone.WARN)])
        _part("tasks", [rows.task_line(task, now) for task in one.tasks])
        _part("pinned", [rows.pin_line(pin, state) for pin, state in pins])
        if one.is_open:
            _part(f"gate of {gate_now.phase.value}", rows.gate_lines(gate_now))
            due = [each for each in reasons if each.met and each.called_at is None]
            _part("escalate", rows.escalation_lines(due))
        _part("timeline", [])
        _timeline(room, timeline[-_LATEST:])
        if len(timeline) > _LATEST:
            output.say(f"{len(timeline) - _LATEST} earlier: cockpit incident timeline {one.id}")
    return int(ExitCode.OK)


def _whole_timeline(options: argparse.Namespace) -> int:
    with open_room(options, runs=True) as room:
        timeline = room.desk.timeline(room.incident)
        if options.json:
            output.emit(documents.timeline(timeline))
        else:
            _timeline(room, timeline)
    return int(ExitCode.OK)


def _timeline(room: Room, timeline: tuple[TimelineRow, ...]) -> None:
    made = rows.timeline_rows(timeline, room.session.now(), TimeStyle.UTC)
    output.table(("at", "who", "what", "happened"), [(row.at, row.where, row.what, row.text) for row in made])


def _describe(options: argparse.Namespace) -> int:
    def change(room: Room) -> Incident:
        now, at = room.session.now(), past(room.session, "--detected-at", options.detected_at)
        return room.desk.amend(
            room.incident.id,
            lambda one: lifecycle.describe(
                one, now, title=options.title, symptoms=options.symptoms, detection=options.how, detected_at=at
            ),
        )

    return _change("describe an incident", options, change)


def _attach(options: argparse.Namespace) -> int:
    def change(room: Room) -> Incident:
        return room.desk.attach(room.incident.id, room.session.find(options.run))

    return _change("attach a run", options, change)


def _detach(options: argparse.Namespace) -> int:
    def change(room: Room) -> Incident:
        linked = [link for link in room.incident.runs if options.run in (link.id, link.key)]
        if len(linked) != 1:
            known = ", ".join(link.id for link in room.incident.runs) or "none"
            raise UsageError(f"{room.incident.id} has no run {options.run!r}; it has: {known}")
        return room.desk.amend(room.incident.id, lambda one: lifecycle.detach(one, linked[0].key, options.reason))

    return _change("detach a run", options, change)


def _phase(options: argparse.Namespace) -> int:
    to = read_phase(options.phase)
    return _move("change the phase", options, to)


def _close(options: argparse.Namespace) -> int:
    return _move("close an incident", options, Phase.CLOSED)


def _move(what: str, options: argparse.Namespace, to: Phase) -> int:
    def change(room: Room) -> Incident:
        return room.desk.move(room.incident.id, to, override=options.override, reason=options.reason)

    return _change(what, options, change, runs=True)


def _reopen(options: argparse.Namespace) -> int:
    phase = read_phase(options.phase)
    return _amend("reopen an incident", options, lambda one: lifecycle.reopen(one, options.reason, phase))


def _change_severity(options: argparse.Namespace) -> int:
    chosen = _severity(options)
    return _amend(
        "change the severity", options,
        lambda one: lifecycle.change_severity(one, options.reason, severity=chosen, answers=options.answers),
    )  # fmt: skip


def _severity(options: argparse.Namespace) -> Severity | None:
    return read_severity(options.severity) if options.severity is not None else None


_change = recording.change
_amend = recording.amend
_WORDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "declare": _declare,
    "list": _list,
    "show": _show,
    "timeline": _whole_timeline,
    "describe": _describe,
    "attach": _attach,
    "detach": _detach,
    "phase": _phase,
    "close": _close,
    "reopen": _reopen,
    "severity": _change_severity,
    **recording.WORDS,
    "capture": reports.capture,
    "file": reports.incident_file,
}


def _part(title: str, lines: list[TextRow]) -> None:
    if lines or title == "timeline":
        output.say()
        output.say_cells([Cell(title, Tone.ACCENT)])
    print_lines(lines)
