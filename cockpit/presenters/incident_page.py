"""The page of an incident: what it is, what is missing, who does what, what was decided. Pure functions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cockpit.incidents.similar import Recurrence
from cockpit.models.incident import Countdown, Decision, EscalationCondition, Gate, Incident, Pin, PinState
from cockpit.presenters import incidents as rows
from cockpit.presenters import times, words
from widgets.rows import Cell, TextRow, Tone


def incident_page(
    incident: Incident,
    clocks: Sequence[Countdown],
    gate: Gate,
    escalation: Sequence[EscalationCondition],
    pins: Sequence[tuple[Pin, PinState]],
    before: Recurrence,
    now: datetime,
) -> list[TextRow]:
    """The whole page, what matters first."""
    page = [TextRow(key="title", spans=(words.text(incident.title, Tone.STRONG),))]
    if line := rows.recurrence_line(before):
        page.append(TextRow(key="before", spans=(Cell(line, Tone.WARN),)))
    page += rows.facts(incident, clocks, now)
    word = Cell("met: P goes on", Tone.OK) if gate.met else Cell(f"{len(gate.missing)} missing", Tone.WARN)
    if incident.is_open:
        page += _part(f"Gate of {gate.phase.value}", rows.gate_lines(gate), word)
    page += _part("Escalate when", [row for row in rows.escalation_lines(escalation) if row.level.value != "info"])
    page += _part("Tasks", [rows.task_line(task, now) for task in incident.tasks])
    page += _part("Updates", [_said(each.at, each.by, each.text) for each in reversed(incident.updates)])
    page += _part("Decisions", [_said(each.at, each.by, _decided(each)) for each in incident.decisions])
    page += _part("Pinned", [rows.pin_line(pin, state) for pin, state in pins])
    # Keys must be unique over the page: the parts count from nought each.
    return [_numbered(row, number) for number, row in enumerate(page)]


def _part(title: str, lines: Sequence[TextRow], word: Cell | None = None) -> list[TextRow]:
    """A heading and its lines; nothing where there are none."""
    if not lines:
        return []
    spans = (Cell(title, Tone.STRONG), *((Cell("  "), word) if word is not None else ()))
    return [TextRow(key=f"{title}-gap"), TextRow(key=title, spans=spans), *lines]


def _said(at: datetime, by: str, text: str) -> TextRow:
    told = f"{times.full(at)} {by}  "
    return TextRow(key=told, spans=(words.text(told, Tone.DIM), words.text(text)), hang=4)


def _decided(decision: Decision) -> str:
    instead = f", instead of {decision.alternative}" if decision.alternative else ""
    return f"{decision.text} because {decision.rationale}{instead}"


def _numbered(row: TextRow, number: int) -> TextRow:
    return replace(row, key=f"{number}:{row.key}")
