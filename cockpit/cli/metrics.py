"""`metrics`: what incidents cost, as a table with charts, or as a document with every source."""

import argparse
import sys
from datetime import datetime

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.cli.moments import moment
from cockpit.errors import ExitCode, UsageError
from cockpit.incidents.fold import fold
from cockpit.incidents.metrics import metrics as measure
from cockpit.models.incident import Incident
from cockpit.presenters import metrics as shown
from cockpit.session import Session
from widgets.rows import Cell, Tone


def metrics(options: argparse.Namespace) -> int:
    """Measure the incidents of all roots."""
    with open_session(options) as session:
        now = session.now()
        since = moment("--since", options.since, now) if options.since else None
        until = moment("--until", options.until, now) if options.until else None
        if since is not None and until is not None and since >= until:
            raise UsageError("--since must lie before --until")
        found = measure(
            _incidents(session, now),
            now,
            since=since,
            until=until,
            policy=session.settings.incidents.policy(),
            runs=[run.at(now) for run in session.load().runs],
        )
        if options.json:
            output.emit(shown.document(found))
            return int(ExitCode.OK)
        output.say(shown.headline(found))
        output.say()
        output.table(shown.TITLES, shown.table(found))
        unicode = session.settings.glyphs == "unicode" and _utf8()
        for title, bars in shown.charts(found, unicode=unicode):
            output.say()
            output.say_cells([Cell(title, Tone.ACCENT)])
            for bar in bars:
                output.say_cells(bar)
        notes = shown.notes(found)
        if notes:
            output.say()
        for line in notes:
            output.say_cells([Cell(line, Tone.DIM)])
    return int(ExitCode.OK)


def _incidents(session: Session, now: datetime) -> list[Incident]:
    """Every incident as it was at `now`: what was recorded later is not looked at."""
    found: list[Incident] = []
    for ledger in session.ledgers():
        ledger.refresh()
        found += fold(entry for entry in ledger.entries if entry.at <= now)
    return found


def _utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
