"""`checklist`, `tick`, `untick`, `skip`."""

import argparse
import re
from collections.abc import Callable

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode
from cockpit.ledger import Ledger
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import Checklist
from cockpit.models.run import Run
from cockpit.presenters import documents
from cockpit.presenters.checklist import checklist_rows, progress
from cockpit.presenters.times import TimeStyle
from cockpit.session import Session
from widgets.rows import Cell, Tone


def checklist(options: argparse.Namespace) -> int:
    """Print a run's checklist; `--playbook` starts one first."""
    with open_session(options) as session:
        run, ledger = _target(session, options)
        if options.playbook:
            session.require_writable("start a checklist", session.root_of(run.ref), run)
            ledger.start(run.id, options.playbook)
        current = ledger.checklist(run.id)
        _print(session, current, options)
        if not current.items:
            offer = session.library.suggest(run, session.findings(run, session.detail(run)))
            name = f"; for this run: {offer.id}" if offer else ""
            output.tell(f"no checklist yet: start one with --playbook ID (cockpit playbooks lists them{name})")
    return int(ExitCode.OK)


def tick(options: argparse.Namespace) -> int:
    """Tick an item, with the evidence and a note where given."""
    return _write(
        "tick",
        options,
        lambda ledger, target: ledger.tick(target, options.item, _evidence(options.evidence), options.note),
    )


def untick(options: argparse.Namespace) -> int:
    """Take a tick back."""
    return _write("untick", options, lambda ledger, target: ledger.untick(target, options.item))


def skip(options: argparse.Namespace) -> int:
    """Skip an item, with the reason."""
    return _write("skip", options, lambda ledger, target: ledger.skip(target, options.item, options.reason))


def _write(what: str, options: argparse.Namespace, write: Callable[[Ledger, str], Checklist]) -> int:
    with open_session(options) as session:
        run, ledger = _target(session, options)
        session.require_writable(what, session.root_of(run.ref), run)
        _print(session, write(ledger, run.id), options)
    return int(ExitCode.OK)


def _target(session: Session, options: argparse.Namespace) -> tuple[Run, Ledger]:
    """The run, and the record it belongs to as of now."""
    run = session.find(options.target)
    ledger = session.ledger(session.root_of(run.ref))
    ledger.refresh()
    return run, ledger


def _evidence(text: str | None) -> tuple[Evidence, ...]:
    """`PATH[:LINE]`; a path that itself ends in `:digits` is written with a line."""
    if text is None:
        return ()
    found = re.fullmatch(r"(.+):([1-9][0-9]{0,8})", text, re.DOTALL)
    if found is None:
        return (Evidence(rank=Rank.ARTIFACT, path=text),)
    return (Evidence(rank=Rank.ARTIFACT, path=found[1], line=int(found[2])),)


def _print(session: Session, current: Checklist, options: argparse.Namespace) -> None:
    if options.json:
        output.emit(documents.checklist(current))
        return
    titles = {book.id: book.title for book in session.library.playbooks}
    for row in checklist_rows(current, titles, session.now(), TimeStyle.UTC):
        if row.heading:
            output.say_cells([row.text])
        else:
            output.say_cells([row.state, Cell(row.key, Tone.DIM), row.text, row.by, row.at, row.note])
    if current.items:
        output.say(f"{progress(current)} settled")
