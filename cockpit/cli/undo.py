"""`undo`: take back the last thing the operator did that can be taken back, once its plan is confirmed."""

import argparse
from typing import Any

from cockpit.cli import output
from cockpit.cli.actions import confirm, wait
from cockpit.cli.context import open_session
from cockpit.clock import iso
from cockpit.errors import ExitCode
from cockpit.models.action import Job, JobState
from cockpit.presenters import documents, words
from cockpit.session import Session
from cockpit.undoing import Done, Undoing
from widgets.rows import Cell, Tone


def undo(options: argparse.Namespace) -> int:
    """Undo, or list what can be undone. Exit 1 where the job fails, 2 where nothing can be, 5 where it moved."""
    with open_session(options) as session:
        session.settle()
        undoing = Undoing(session)
        if options.list:
            return _list(undoing.done(options.run), as_json=options.json)
        done, passed = undoing.last(options.run)
        plan = undoing.plan(done, passed)
        if plan.refused:
            # Through the same door as a confirmed one, so that the refusal is on record too.
            undoing.perform(done, plan)
        if not options.yes:
            confirm(plan, lambda why: session.desk(done.root).decline(plan, why))
        result = undoing.perform(done, plan, expected=options.plan, timeout_s=options.timeout)
        if isinstance(result, Job):
            return _ended(session, done, plan.hash, result, options)
        if options.json:
            output.emit(_document(done, plan.hash, None, documents.plain(result)))
        else:
            output.tell(f"#{done.undoable.seq} {words.text(done.undoable.title).text} was taken back")
    return int(ExitCode.OK)


def _ended(session: Session, done: Done, plan: str, job: Job, options: argparse.Namespace) -> int:
    if options.wait and job.state is JobState.RUNNING:
        job = wait(session.desk(done.root), job, echo=not options.json)
    if options.json:
        output.emit(_document(done, plan, documents.job(job), None))
    else:
        output.tell(f"#{done.undoable.seq}: {job.action} of {job.run}: {job.outcome} (job {job.id})")
    return int(ExitCode.OK if job.state in (JobState.RUNNING, JobState.SUCCEEDED) else ExitCode.BAD)


def _document(done: Done, plan: str, job: object, entry: object) -> dict[str, Any]:
    return {"undoes": done.undoable.seq, "title": done.undoable.title, "plan": plan, "job": job, "entry": entry}


def _list(found: tuple[Done, ...], *, as_json: bool) -> int:
    if as_json:
        output.emit(
            [
                {
                    "seq": each.undoable.seq,
                    "at": iso(each.undoable.at),
                    "kind": each.undoable.kind,
                    "run": each.undoable.run,
                    "run_key": each.undoable.run_key,
                    "root": str(each.root),
                    "title": each.undoable.title,
                    "undone_by": each.undoable.inverse.action if each.undoable.inverse else None,
                    "why_not": each.undoable.why_not,
                }
                for each in found
            ]
        )
        return int(ExitCode.OK)
    rows = [
        (
            Cell(str(each.undoable.seq), Tone.DIM),
            Cell(iso(each.undoable.at) or "", Tone.DIM),
            words.text(each.undoable.title),
            words.text(each.undoable.run),
            words.text(f"no: {each.undoable.why_not}", Tone.DIM)
            if each.undoable.inverse is None
            else words.text(each.undoable.inverse.action, Tone.OK),
        )
        for each in found
    ]
    output.table(("#", "at", "what", "run", "taken back by"), rows)
    if not rows:
        output.tell("you have done nothing yet")
    return int(ExitCode.OK)
