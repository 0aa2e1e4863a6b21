"""What the words of `incident` share: the incident they are about, and how a change of it is printed."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.incident_desk import IncidentDesk
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import words
from cockpit.incidents.events import FAMILY
from cockpit.incidents.telling import tell_checklist, tell_own
from cockpit.models.incident import Incident
from cockpit.presenters import incident_documents as documents
from cockpit.presenters import incidents as rows
from cockpit.session import Session
from widgets.rows import TextRow


@dataclass(frozen=True, slots=True)
class Room:
    """A session, and the incident an operator means in it."""

    session: Session
    desk: IncidentDesk
    incident: Incident


@contextmanager
def open_room(options: argparse.Namespace, *, runs: bool = False, writes: str | None = None) -> Iterator[Room]:
    """The incident that is named, as of now.

    Args:
        options: With `incident`.
        runs: Whether its runs are looked at: every root is scanned then.
        writes: What is about to be done to it; refused where nothing may be written.

    Raises:
        UsageError: There is no such incident, or nothing may be written.
        RootError: No root can be read.
    """
    with open_session(options) as session:
        desk, incident = IncidentIndex(session).find(options.incident)
        if writes is not None:
            root = next(root for root in session.roots if session.ledger(root) is desk.ledger)
            session.require_writable(writes, root, incident=incident.id)
        if runs:
            session.load()
        yield Room(session, desk, incident)


def past(session: Session, option: str, text: str | None) -> datetime | None:
    """A moment that was, where one is given. Raises as `words.past`."""
    return None if text is None else words.past(option, text, session.now())


def show_changed(room: Room, after: Incident, options: argparse.Namespace, seen: int = 0) -> None:
    """Print an incident after a change: the document, or what was recorded, the headline and the clocks that run.

    Args:
        room: Where it is.
        after: The incident.
        options: With `json`.
        seen: How many entries it had before.
    """
    now, clocks = room.session.now(), room.desk.clocks(after)
    if options.json:
        output.emit(documents.incident(after, clocks, now))
        return
    output.say_cells(rows.headline(after))
    for entry in room.desk.ledger.incident_entries(after.id)[seen:]:
        told = tell_own(entry) if entry.kind.startswith(FAMILY) else tell_checklist(entry)
        if told is not None:
            output.say_row(rows.told_line(told.kind, told.text))
    for clock in clocks:
        if clock.running:
            output.say_cells([rows.countdown(clock, now)])


def lines(made: list[TextRow]) -> None:
    """Print lines of several tones."""
    for line in made:
        output.say_row(line)
