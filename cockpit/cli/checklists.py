"""`checklist`, `tick`, `untick`, `skip`, `playbooks`."""

import argparse
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode, UsageError
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import Checklist
from cockpit.presenters import documents, words
from cockpit.presenters.checklist import checklist_rows, progress
from cockpit.presenters.times import TimeStyle
from cockpit.session import Session
from widgets.rows import Cell, Tone


def checklist(options: argparse.Namespace) -> int:
    """Print a run's checklist; `--playbook` starts one first."""
    with open_session(options) as session:
        book = session.checklists(session.find(options.target))
        if options.playbook:
            session.require_writable("start a checklist", book.root)
            book.start(options.playbook)
        _print(session, book.current(), options)
        if not book.current().items:
            run = session.find(options.target)
            offer = session.library.suggest(run)
            name = f"; for this run: {offer.id}" if offer else ""
            output.tell(f"no checklist yet: start one with --playbook ID (cockpit playbooks lists them{name})")
    return int(ExitCode.OK)


def tick(options: argparse.Namespace) -> int:
    """Tick an item, with the evidence and a note where given."""
    with open_session(options) as session:
        book = session.checklists(session.find(options.target))
        session.require_writable("tick", book.root)
        book.tick(options.item, evidence=_evidence(options.evidence), note=options.note)
        _print(session, book.current(), options)
    return int(ExitCode.OK)


def untick(options: argparse.Namespace) -> int:
    """Take a tick back."""
    with open_session(options) as session:
        book = session.checklists(session.find(options.target))
        session.require_writable("untick", book.root)
        book.untick(options.item)
        _print(session, book.current(), options)
    return int(ExitCode.OK)


def skip(options: argparse.Namespace) -> int:
    """Skip an item, with the reason."""
    with open_session(options) as session:
        book = session.checklists(session.find(options.target))
        session.require_writable("skip", book.root)
        book.skip(options.item, options.reason)
        _print(session, book.current(), options)
    return int(ExitCode.OK)


def playbooks(options: argparse.Namespace) -> int:
    """List the library, show playbooks, or lint files; exit 1 where lint finds something."""
    with open_session(options, need_root=False) as session:
        library = session.library
        if options.what == "show":
            for name in options.names or _missing("show needs the id of a playbook"):
                book = library.get(name)
                if book is None:
                    raise UsageError(f"no playbook {name!r}; there are {', '.join(item.id for item in library.playbooks)}")
                if options.json:
                    output.emit(book)
                else:
                    for line in book.body.splitlines():
                        output.say(line)
            return int(ExitCode.OK)
        if options.what == "lint":
            return _lint(session, options)
        if options.json:
            output.emit([documents.plain(book) for book in library.playbooks])
            return int(ExitCode.OK)
        rows = [
            (words.text(book.id, Tone.STRONG), Cell(str(len(book.items))), words.text(" ".join(book.states)),
             Cell("shipped" if book.shipped else "yours", Tone.DIM), words.text(book.title))
            for book in library.playbooks
        ]  # fmt: skip
        output.table(("playbook", "items", "for runs that are", "from", "title"), rows)
    return int(ExitCode.OK)


def _lint(session: Session, options: argparse.Namespace) -> int:
    problems = session.lint([Path(name) for name in options.names])
    if options.json:
        output.emit(problems)
    else:
        for problem in problems:
            line = f":{problem.line}" if problem.line else ""
            output.say(f"{problem.path}{line}: {problem.reason}")
        output.tell(f"{len(problems)} problems" if problems else "nothing to complain of")
    return int(ExitCode.BAD if problems else ExitCode.OK)


def _missing(message: str) -> list[str]:
    raise UsageError(message)


def _evidence(text: str | None) -> Evidence | None:
    """`PATH[:LINE]`; a path that itself ends in `:digits` is written with a line."""
    if text is None:
        return None
    path, _, line = text.rpartition(":")
    if path and line.isdigit():
        return Evidence(rank=Rank.ARTIFACT, path=path, line=int(line))
    return Evidence(rank=Rank.ARTIFACT, path=text)


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
