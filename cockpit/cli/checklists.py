"""`checklist`, `tick`, `untick`, `skip`, `claim`, `unclaim`, `verify`, `note`, `perform`."""

import argparse
from collections.abc import Callable

from cockpit import locations
from cockpit.checking import Checklists
from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode
from cockpit.models.playbook import Checklist, ItemState
from cockpit.playbooks.commands import resolve
from cockpit.presence import people
from cockpit.presenters import documents
from cockpit.presenters.checklist import checklist_rows, here_now, progress, told_of, verdict_rows
from cockpit.presenters.times import TimeStyle
from cockpit.session import Session
from cockpit.standing import Standing, Target, Written
from widgets.rows import Cell, Tone


def checklist(options: argparse.Namespace) -> int:
    """Print a run's or an incident's checklist as it stands; `--playbook` starts one first."""
    with open_session(options) as session:
        checklists, target = _target(session, options)
        if options.playbook:
            _require(session, "start a checklist", target)
            standing = checklists.start(target, options.playbook)
        else:
            standing = checklists.stand(target)
        _print(session, target, standing, options)
        if not standing.recorded.items:
            run = target.run
            offer = session.library.suggest(run, session.findings(run, session.detail(run))) if run else None
            name = f"; for this run: {offer.id}" if offer else ""
            output.tell(f"no checklist yet: start one with --playbook ID (cockpit playbooks lists them{name})")
    return int(ExitCode.OK)


def tick(options: argparse.Namespace) -> int:
    """Tick an item against its evidence, with a note where given."""
    return _write("tick", options, lambda lists, on: lists.tick(on, options.item, options.evidence, options.note))


def untick(options: argparse.Namespace) -> int:
    """Take a tick back."""
    return _write("untick", options, lambda lists, on: _only(lists, on, lists.ledger(on).untick(on.id, options.item)))


def skip(options: argparse.Namespace) -> int:
    """Skip an item, with the reason."""
    return _write(
        "skip", options, lambda lists, on: _only(lists, on, lists.ledger(on).skip(on.id, options.item, options.reason))
    )


def claim(options: argparse.Namespace) -> int:
    """Say who works on an item."""
    return _write(
        "claim", options, lambda lists, on: _only(lists, on, lists.ledger(on).claim(on.id, options.item, options.owner))
    )


def release(options: argparse.Namespace) -> int:
    """Say that nobody works on an item any more."""
    return _write("release", options, lambda lists, on: _only(lists, on, lists.ledger(on).release(on.id, options.item)))


def note(options: argparse.Namespace) -> int:
    """Write something down about an item; its state stays."""
    return _write(
        "note", options, lambda lists, on: _only(lists, on, lists.ledger(on).note(on.id, options.item, options.text))
    )


def perform(options: argparse.Namespace) -> int:
    """Do what an item names: its action or its command, once its plan is confirmed. `--show` only prints the plan."""
    from cockpit.actions.notes import remember
    from cockpit.cli import actions

    with open_session(options) as session:
        checklists, target = _target(session, options)
        if not options.show:
            _require(session, "perform", target)
        found = checklists.work(target, options.item)
        made = checklists.plan(found, actions.given(options))
        if not options.show:
            return actions.carry_out(session, made, found.run.ref, options)
        remember(locations.cache_dir(), made)
        if options.json:
            output.emit(documents.plan(made))
        else:
            actions.print_plan(made)
    return int(ExitCode.BAD if made.refused else ExitCode.OK)


def verify(options: argparse.Namespace) -> int:
    """Ask every check of a checklist and record what is confirmed; exit 1 where an item is contradicted."""
    with open_session(options) as session:
        checklists, target = _target(session, options)
        _require(session, "verify", target)
        written = checklists.verify(target, options.item)
        items = written.standing.checklist.items
        if options.json:
            document = documents.checklist(written.standing.checklist)
            output.emit(document | {"confirmed": list(written.confirmed)})
        else:
            for cells in verdict_rows(items, written.confirmed):
                output.say_cells(cells)
            output.say(told_of(items, written.confirmed))
        contradicted = any(item.state is ItemState.CONTRADICTED for item in items)
    return int(ExitCode.BAD if contradicted else ExitCode.OK)


def _write(what: str, options: argparse.Namespace, write: Callable[[Checklists, Target], Written]) -> int:
    with open_session(options) as session:
        checklists, target = _target(session, options)
        _require(session, what, target)
        written = write(checklists, target)
        # One line about what was written; the whole list is `cockpit checklist TARGET`, and in the document.
        item = resolve(written.standing.recorded, options.item, session.library)
        _print(session, target, written.standing, options, only=item.id)
        for told in written.told:
            output.tell(told)
    return int(ExitCode.OK)


def _require(session: Session, what: str, target: Target) -> None:
    """Refuse, on record, where nothing may be written."""
    incident = target.incident.id if target.incident is not None else None
    session.require_writable(what, target.root, target.run, incident=incident)


def _only(checklists: Checklists, target: Target, _recorded: Checklist) -> Written:
    """What was recorded needs no further words."""
    return Written(checklists.stand(target))


def _target(session: Session, options: argparse.Namespace) -> tuple[Checklists, Target]:
    """The run or incident, and the checklists it is looked up in, as of now."""
    checklists = Checklists(session)
    target = checklists.find(options.target)
    checklists.ledger(target).refresh()
    return checklists, target


def _print(
    session: Session, target: Target, standing: Standing, options: argparse.Namespace, only: str | None = None
) -> None:
    current = standing.checklist
    here = [one for one in people(session.state_dir(target.root)) if one.target == target.id]
    if options.json:
        output.emit(documents.checklist(current) | {"here": documents.plain(here)})
        return
    titles = {book.id: book.title for book in session.library.playbooks}
    for row in checklist_rows(current, titles, session.now(), TimeStyle.UTC):
        if only is not None and row.key != only:
            continue
        if row.heading:
            output.say_cells([row.text])
            continue
        output.say_cells([row.state, Cell(row.key, Tone.DIM), row.text, row.by, row.at, row.note])
        for line in row.below:
            output.say_cells([Cell("     "), line], separator="")
    if current.items:
        output.say(f"{progress(current)} settled")
    if here:
        output.say_cells([here_now(here)])
