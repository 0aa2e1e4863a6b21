"""Open incidents as tiles below the header: what must not be forgotten, most pressing first. Pure functions."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.models.incident import Countdown, Incident
from cockpit.presenters import incidents, words
from widgets.rows import Cell, HeaderLine, Tone

KEEP = 3
"""Left pieces of a tile that stay at any width: severity, id, phase."""


def tile(incident: Incident, clock: Countdown | None, now: datetime) -> HeaderLine:
    """One open incident: severity, id, phase, its most pressing clock, who has it, what is overdue, its title."""
    left = [
        incidents.severity(incident.severity),
        Cell(incident.id, Tone.STRONG),
        incidents.phase(incident),
    ]
    if clock is not None:
        left.append(incidents.countdown(clock, now))
    late = sum(task.overdue(now) for task in incident.tasks)
    if late:
        left.append(Cell(f"{late} task{'s' if late > 1 else ''} overdue", Tone.BAD))
    if incident.commander is None:
        left.append(Cell("nobody has the command", Tone.WARN))
    left.append(words.text(incident.title, limit=120))
    right = [words.text(incident.commander, Tone.DIM)] if incident.commander else []
    return HeaderLine(tuple(left), tuple(right))


def incident_cells(incident: Incident, clock: Countdown | None, now: datetime) -> tuple[Cell, ...]:
    """Severity, id and most pressing clock of an incident, for the header."""
    name = Cell(incident.id, Tone.STRONG)
    told = () if clock is None else (incidents.countdown(clock, now, short=True),)
    return (incidents.severity(incident.severity), name, *told)


def tiles(found: Sequence[tuple[Incident, Countdown | None]], now: datetime) -> tuple[HeaderLine, ...]:
    """A tile for each open incident, in the order given."""
    return tuple(tile(incident, clock, now) for incident, clock in found)


def severity_rows(answered: Sequence[tuple[str, bool]], question: str | None, severity: Cell | None) -> list[Cell]:
    """The questions of the severity tree as cells, a line each: those answered, then the one asked or the outcome."""
    rows = [words.text(f"{text}  {'yes' if yes else 'no'}", Tone.DIM) for text, yes in answered]
    if question is not None:
        rows.append(words.text(question, Tone.STRONG))
    if severity is not None:
        rows.append(severity)
    return rows
