"""`audit` and `audit verify`: who did what, and whether the record still stands."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.cli.moments import moment
from cockpit.clock import iso
from cockpit.errors import ExitCode, UsageError
from cockpit.incident_index import IncidentIndex
from cockpit.incidents.events import incident_of
from cockpit.journal.query import concerns, select, timeline
from cockpit.journal.verify import verify
from cockpit.models.journal import Entry
from cockpit.models.problem import Problem
from cockpit.presenters import documents, words
from cockpit.presenters.logs import describe, whence, who
from cockpit.session import Session
from widgets.rows import Cell, Tone

_TORN = "being written or torn by a crash: the next entry sets them aside and says so"


def audit(options: argparse.Namespace) -> int:
    """Print the journal's events, or check its hash chain (exit 4 names the line)."""
    with open_session(options) as session:
        if options.check == "verify":
            return _verify(session.journal_paths(), as_json=options.json)
        since = moment("--since", options.since, session.now()) if options.since else None
        problems: list[Problem] = []
        entries = [
            entry
            for ledger in session.ledgers()
            for entry in select(
                ledger.journal.entries(problems),
                since=since,
                actor=options.actor,
                kind=options.kind,
                action=options.action,
            )
        ]
        for problem in problems:
            output.tell(f"{problem.path}:{problem.line or ''} {problem.reason}; see: cockpit audit verify")
        # Lines that hold no entry are told of and skipped; a whole file that cannot be read is no record at all.
        unread = ExitCode.BAD if any(problem.line is None for problem in problems) else ExitCode.OK
        if options.incident:
            _, incident = IncidentIndex(session).find(options.incident)
            entries = [entry for entry in entries if incident_of(entry) == incident.id]
        if options.run:
            entries = _about(entries, options.run, session)
        entries.sort(key=lambda entry: (entry.at, entry.seq))
        if options.json:
            output.emit(documents.entries(entries))
            return int(unread)
        rows = [
            (Cell(str(entry.seq), Tone.DIM), Cell(iso(entry.at) or "", Tone.DIM), words.text(who(entry)),
             words.text(whence(entry), Tone.DIM), words.text(entry.kind, Tone.ACCENT),
             words.text(entry.data.get("run") or entry.data.get("target") or entry.incident),
             words.text(_details(entry)))
            for entry in entries
        ]  # fmt: skip
        output.table(*_without_empty(("#", "at", "who", "from", "what", "run", "details"), rows))
        if not entries and not problems:
            output.tell("nothing has been recorded")
    return int(unread)


def _without_empty(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> tuple[list[str], list[list[Cell]]]:
    """A table without the columns in which nothing stands."""
    kept = [at for at in range(len(titles)) if any(row[at].text for row in rows)]
    return [titles[at] for at in kept], [[row[at] for at in kept] for row in rows]


def _details(entry: Entry) -> str:
    """What happened, and the plan it belongs to: the beginning of its hash, as the plan's dialog shows it."""
    plan = entry.data.get("plan")
    told = [describe(entry)] + ([f"plan {plan[:12]}"] if isinstance(plan, str) and plan else [])
    return " · ".join(part for part in told if part)


def _about(entries: list[Entry], name: str, session: Session) -> list[Entry]:
    """The entries about a run; one that was moved aside since is known by what was recorded of it."""
    try:
        run = session.find(name)
    except UsageError:
        found = [entry for entry in entries if concerns(entry, frozenset((name,)))]
        if not found:
            raise
        return found
    return list(timeline(entries, run.id, run.key))


def _verify(paths: list[Path], *, as_json: bool) -> int:
    results = [(path, verify(path)) for path in paths]
    broken = [(path, result) for path, result in results if not result.ok]
    if as_json:
        output.emit(
            [
                {
                    "path": str(path),
                    "ok": result.ok,
                    "entries": result.entries,
                    "line": result.line,
                    "reason": result.reason,
                    "torn": result.torn,
                    "note": result.note,
                    "head": result.head,
                }
                for path, result in results
            ]
        )
    else:
        for path, result in results:
            word = "ok" if result.ok else f"BROKEN at line {result.line}: {result.reason}"
            output.say(f"{path}: {result.entries} entries, {word}")
            if result.torn:
                output.tell(f"{path}: {result.torn} bytes after the last entry, {_TORN}")
            if result.note:
                output.tell(f"{path}: {result.note}")
    return int(ExitCode.AUDIT if broken else ExitCode.OK)
