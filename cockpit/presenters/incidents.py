"""Incidents as rows and lines: the only place that picks words and tones for severities, clocks, gates, timelines."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from cockpit.incidents.clocks import ACKNOWLEDGE, CONTAIN, UPDATE
from cockpit.incidents.similar import Recurrence
from cockpit.models.incident import (
    Countdown,
    EscalationCondition,
    Gate,
    Incident,
    IncidentStatus,
    Pin,
    PinState,
    Severity,
    Task,
    TaskStatus,
    TimelineRow,
)
from cockpit.presenters import times, words
from cockpit.presenters.times import TimeStyle
from widgets.rows import Cell, Level, LogRow, TextRow, Tone

_SEVERITY = {
    Severity.SEV1: Tone.BAD, Severity.SEV2: Tone.BAD, Severity.SEV3: Tone.WARN, Severity.SEV4: Tone.DIM,
}  # fmt: skip
_CLOCK_WORDS = {ACKNOWLEDGE: "acknowledge", CONTAIN: "contain", UPDATE: "next update"}
_SHORT_CLOCKS = {ACKNOWLEDGE: "ack", CONTAIN: "contain", UPDATE: "update"}
_MET_WORDS = {ACKNOWLEDGE: "acknowledged", CONTAIN: "contained"}
_LOUD_KINDS = {"failure": Level.ERROR, "escalation": Level.WARN, "severity": Level.WARN, "reopened": Level.WARN}
_KIND_TONES = {"failure": Tone.BAD, "recovery": Tone.OK, "closed": Tone.OK, "escalation": Tone.WARN}
_PIN_TONES = {PinState.SAME: Tone.OK, PinState.CHANGED: Tone.WARN, PinState.MISSING: Tone.BAD}
_TASK_BOXES = {TaskStatus.PENDING: "[ ]", TaskStatus.IN_PROGRESS: "[>]", TaskStatus.COMPLETE: "[x]"}
_WIDTH = 11


def severity(value: Severity) -> Cell:
    """`SEV2`, in its tone."""
    return Cell(value.value, _SEVERITY[value])


def phase(item: Incident) -> Cell:
    """Its phase; `closed` where it is over, with a mark where it was opened again."""
    again = " (reopened)" if item.status is IncidentStatus.REOPENED else ""
    return Cell(f"{item.phase.value}{again}", Tone.DIM if not item.is_open else Tone.BUSY)


def countdown(item: Countdown, now: datetime, *, short: bool = False) -> Cell:
    """One clock: `contain in 12m`, `acknowledge OVERDUE by 5m`, `contained in time`, `acknowledged LATE by 3m`."""
    name = (_SHORT_CLOCKS if short else _CLOCK_WORDS).get(item.name, item.name)
    left = item.due_in(now)
    if left is None:
        done = _MET_WORDS.get(item.name, name)
        late = times.span((item.met_at or now) - item.due)
        return Cell(f"{done} LATE by {late}", Tone.WARN) if item.overdue(now) else Cell(f"{done} in time", Tone.OK)
    if item.overdue(now):
        return Cell(f"{name} OVERDUE by {times.span(-left)}", Tone.BAD)
    return Cell(f"{name} in {times.span(left)}", Tone.PLAIN)


LIST_TITLES = ("sev", "incident", "phase", "since", "command", "clock", "title")


def list_row(item: Incident, clock: Countdown | None, now: datetime) -> tuple[Cell, ...]:
    """One line of the list of incidents, with its most pressing clock."""
    since = item.declared_at if item.is_open else item.closed_at
    return (
        severity(item.severity),
        Cell(item.id, Tone.STRONG),
        phase(item),
        Cell(times.moment(since, now, TimeStyle.RELATIVE), Tone.DIM),
        words.text(item.commander or "nobody", Tone.PLAIN if item.commander or not item.is_open else Tone.WARN),
        countdown(clock, now, short=True) if clock is not None else Cell("-", Tone.DIM),
        words.text(item.title),
    )


def headline(item: Incident) -> tuple[Cell, ...]:
    """Severity, id, phase and title, for one line."""
    return severity(item.severity), Cell(item.id, Tone.STRONG), phase(item), words.text(item.title)


def facts(item: Incident, clocks: Sequence[Countdown], now: datetime) -> list[TextRow]:
    """What it is, since when, who has it, what its clocks say, which runs it is about."""
    rows = _Lines()
    rows.add("severity", severity(item.severity), Cell(f"{item.severity.priority}, {item.severity.label}", Tone.DIM))
    rows.add("phase", phase(item))
    rows.add("declared", Cell(times.full(item.declared_at)), words.text(f"by {item.declared_by}", Tone.DIM))
    if item.detected_at != item.declared_at or item.detection:
        rows.add("noticed", Cell(times.full(item.detected_at)), words.text(item.detection, Tone.DIM))
    if item.closed_at is not None:
        rows.add("closed", Cell(times.full(item.closed_at)), words.text(f"by {item.closed_by}", Tone.DIM))
        rows.add("", words.text(item.close_reason))
    rows.add("symptoms", words.text(item.symptoms))
    for each in clocks:
        rows.add("clock", countdown(each, now), Cell(f"({times.full(each.due)})", Tone.DIM))
    for one in item.responders:
        left = " (left)" if one.until is not None else ""
        rows.add(
            "people", words.text(f"{one.person}{left}", Tone.DIM if left else Tone.STRONG), Cell(one.role.value),
            words.text(one.contribution, Tone.DIM),
        )  # fmt: skip
    if item.commander is None and item.is_open:
        rows.add("people", Cell("nobody has the command", Tone.WARN))
    for offer in item.hand_overs:
        if offer.open:
            text = f"{offer.role.value} is offered to {offer.to_person}, who has not accepted yet"
            rows.add("offered", words.text(text, Tone.WARN))
    for link in item.runs:
        state = link.state.value if link.state is not None else ""
        rows.add("run", words.text(link.id, Tone.STRONG), Cell(f"{state} when attached"), words.text(link.reason))
    return rows.made


def gate_lines(item: Gate) -> list[TextRow]:
    """Every condition with its box, and why it holds or does not."""
    rows = []
    for one in item.conditions:
        box = Cell("[x] " if one.met else "[ ] ", Tone.OK if one.met else Tone.BAD)
        why = words.text(f"  {one.why}" if one.why else "", Tone.DIM if one.met else Tone.WARN)
        text = words.text(one.text, Tone.DIM if one.met else Tone.PLAIN)
        level = Level.INFO if one.met else Level.ERROR
        rows.append(TextRow(key=one.id, level=level, spans=(box, text, why), hang=4))
    return rows


def escalation_lines(items: Sequence[EscalationCondition]) -> list[TextRow]:
    """Reasons to escalate: those that hold and were not followed loud, those that do not hold dim."""
    rows = []
    for one in items:
        loud = one.met and one.called_at is None
        mark = Cell("!! " if loud else "ok " if one.met else " - ", Tone.BAD if loud else Tone.DIM)
        text = words.text(f"{one.level.value} {one.text}", Tone.PLAIN if one.met else Tone.DIM)
        level = Level.WARN if loud else Level.INFO
        rows.append(TextRow(key=one.id, level=level, spans=(mark, text, words.text(f"  {one.why}", Tone.DIM)), hang=3))
    return rows


def task_line(item: Task, now: datetime) -> TextRow:
    """One action item: box, id, text, owner, deadline."""
    late = item.overdue(now)
    done = Tone.OK if item.status is TaskStatus.COMPLETE else Tone.PLAIN
    due = f"by {times.full(item.deadline)}" if item.deadline is not None else "no deadline"
    return TextRow(
        key=item.id,
        level=Level.WARN if late else Level.INFO,
        spans=(
            Cell(f"{_TASK_BOXES[item.status]} {item.id} ", done),
            words.text(item.action),
            words.text(f"  {item.owner}, ", Tone.DIM),
            Cell(f"{due} OVERDUE" if late else due, Tone.BAD if late else Tone.DIM),
            words.text(f"  verified by: {item.verification}", Tone.DIM),
        ),
        hang=7,
    )


def pin_line(pin: Pin, state: PinState) -> TextRow:
    """One pin: its place, and whether what was pinned is still there."""
    place = f"{pin.path}:{pin.line}" if pin.line else pin.path
    told = pin.note or pin.quote
    return TextRow(
        key=f"pin{pin.seq}",
        level=Level.INFO if state is PinState.SAME else Level.WARN,
        spans=(
            Cell(f"{state.value:<8}", _PIN_TONES[state]), words.text(place), words.text(f"  {told}", Tone.DIM),
        ),
        hang=8,
    )  # fmt: skip


def recurrence_line(item: Recurrence) -> str:
    """`seen 3 times before; what ended it held 2 of 3 times`; empty where it was never seen."""
    if not item.seen:
        return ""
    seen = "once" if item.seen == 1 else f"{item.seen} times"
    held = f"; what ended it held {item.held} of {item.ended} times" if item.ended else "; none of them is over"
    return f"seen {seen} before{held}"


def told_line(kind: str, text: str) -> TextRow:
    """One thing that was just recorded."""
    spans = (Cell(f"{kind:<{_WIDTH}}", Tone.ACCENT), words.text(text))
    return TextRow(key=kind, spans=spans, hang=_WIDTH)


def timeline_row(row: TimelineRow, number: int, now: datetime, style: TimeStyle) -> LogRow:
    """One line of the timeline."""
    place = next((f"{each.path}:{each.line}" if each.line else each.path for each in row.evidence), "")
    text = f"{row.text}  [{place}]" if place and place not in row.text else row.text
    return LogRow(
        key=f"{row.seq or ''}-{number}",
        level=_LOUD_KINDS.get(row.kind, Level.INFO),
        at=Cell(times.moment(row.at, now, style), Tone.DIM),
        where=words.text(row.actor or "", Tone.DIM),
        what=Cell(row.kind, _KIND_TONES.get(row.kind, Tone.ACCENT)),
        text=words.text(text, _KIND_TONES.get(row.kind, Tone.PLAIN)),
    )


def timeline_rows(rows: Sequence[TimelineRow], now: datetime, style: TimeStyle) -> list[LogRow]:
    """The lines of a timeline."""
    return [timeline_row(row, number, now, style) for number, row in enumerate(rows)]


def timeline_page(row: TimelineRow) -> list[TextRow]:
    """A line of a timeline in full. The keys of its links are the places of the evidence, counted from 0."""
    when = f"{row.at:%Y-%m-%d %H:%M:%S} UTC"
    by = f"{when} by {row.actor}" if row.actor else when
    told = f"{by}, entry {row.seq} of the journal" if row.seq else by
    made = [
        TextRow(key="text", spans=(words.text(row.text, Tone.STRONG, 4_000),)),
        TextRow(key="when", spans=(words.text(f"{row.kind}, {told}", Tone.DIM),)),
    ]
    for number, place in enumerate(row.evidence):
        path = place.path if place.line is None else f"{place.path}:{place.line}"
        made.append(TextRow(key=str(number), spans=(words.text(path, Tone.ACCENT, 1_000),), link=True))
        if place.quote:
            made.append(TextRow(key=f"quote-{number}", spans=(words.text(place.quote, Tone.PLAIN, 1_000),), indent=2))
    return made


class _Lines:
    """Lines of a name and what is known under it; nothing known is no line, a name said once is not repeated."""

    def __init__(self) -> None:
        self.made: list[TextRow] = []
        self._last = ""

    def add(self, name: str, *cells: Cell) -> None:
        known = [cell for cell in cells if cell.text]
        if not known:
            return
        shown = "" if name == self._last else name
        self._last = name
        spaced = tuple(_spaced(known))
        key = str(len(self.made))
        self.made.append(TextRow(key=key, spans=(Cell(f"{shown:<{_WIDTH}}", Tone.DIM), *spaced), hang=_WIDTH))


def _spaced(cells: Sequence[Cell]) -> Iterator[Cell]:
    for number, cell in enumerate(cells):
        yield Cell(f"  {cell.text}" if number else cell.text, cell.tone)
