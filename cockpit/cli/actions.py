"""`actions`, `plan`, and the verbs that act: `resume`, `retry`, `archive`, `restore`."""

import argparse
import sys

from cockpit.actions.desk import ActionDesk
from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode, UsageError
from cockpit.models.action import Confirm, Job, JobState, Plan
from cockpit.models.run import Run, RunRef
from cockpit.presenters import documents, words
from cockpit.presenters.plans import command_text, plan_lines, told
from cockpit.session import Session
from widgets.rows import Cell, Tone


def actions(options: argparse.Namespace) -> int:
    """What can be done to a run, and why not the rest."""
    with open_session(options) as session:
        run = session.find(options.run)
        offers = session.desk(session.root_of(run.ref)).offers(run, session.detail(run))
        if options.json:
            output.emit([{**documents.plain(offer.spec), "refused": offer.refused} for offer in offers])
            return int(ExitCode.OK)
        output.table(
            ("action", "title", "command", "now"),
            [
                (
                    Cell(offer.spec.id, Tone.STRONG),
                    words.text(offer.spec.title),
                    words.text(command_text(offer.spec.argv), Tone.ACCENT),
                    words.text(f"no: {offer.refused}", Tone.WARN) if offer.refused else Cell("yes", Tone.OK),
                )
                for offer in offers
            ],
        )
    return int(ExitCode.OK)


def plan(options: argparse.Namespace) -> int:
    """What an action would do. Exit 1 where it is refused."""
    with open_session(options) as session:
        made, _ = _plan(session, options)
        if options.json:
            output.emit(documents.plan(made))
        else:
            print_plan(made)
    return int(ExitCode.BAD if made.refused else ExitCode.OK)


def act(options: argparse.Namespace) -> int:
    """Do it, once confirmed. Exit 1 where the job fails, 5 where the run moved since the plan."""
    with open_session(options) as session:
        made, ref = _plan(session, options)
        if made.refused:
            # Through the same door as a confirmed one, so that the refusal is on record too.
            session.perform(made, ref)
        if not options.yes:
            confirm(made)
        job = session.perform(made, ref, expected=options.plan, timeout_s=options.timeout)
        desk = session.desk(session.root_of(ref))
        if options.wait and job.state is JobState.RUNNING:
            job = wait(desk, job, echo=not options.json)
        if options.json:
            output.emit(documents.job(job))
        else:
            output.tell(f"{told(job)}; job {job.id}")
    return int(ExitCode.OK if job.state in (JobState.RUNNING, JobState.SUCCEEDED) else ExitCode.BAD)


def _plan(session: Session, options: argparse.Namespace) -> tuple[Plan, RunRef]:
    if options.action == "restore":
        return _plan_restore(session, options.run)
    run = session.find(options.run)
    return session.plan(options.action, run, options.flow, options.step, _options(options)), run.ref


def _plan_restore(session: Session, name: str) -> tuple[Plan, RunRef]:
    """Restoring is about a run that is not there: it is looked for among the archives of every root."""
    for root in session.roots:
        desk = session.desk(root)
        for archived in desk.archives():
            if name in (archived.ref.id, archived.path.name):
                return desk.plan_restore(archived.path.name), archived.ref
    run: Run = session.find(name)
    return session.plan("restore", run, None, None), run.ref


def _options(options: argparse.Namespace) -> dict[str, str]:
    chosen: dict[str, str] = {"remove": "yes"} if options.remove else {}
    for text in options.set:
        name, found, value = text.partition("=")
        if not found or not name:
            raise UsageError(f"--set {text}: write NAME=VALUE")
        chosen[name] = value
    return chosen


def print_plan(made: Plan) -> None:
    """The plan, as a dialog shows it."""
    for row in plan_lines(made):
        output.say_cells(row.spans, separator="")


def confirm(made: Plan) -> None:
    """Ask on a terminal; without one nothing is done that was not confirmed on the command line.

    Raises:
        UsageError: It was not confirmed.
    """
    if not _on_terminal():
        raise UsageError("nothing was done: confirm with --yes (there is no terminal to ask on)")
    print_plan(made)
    typed = made.confirm is Confirm.TYPED
    question = f"type {made.run} to confirm: " if typed else "do it? [y/N] "
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer != (made.run if typed else "y"):
        raise UsageError("nothing was done")


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def wait(desk: ActionDesk, job: Job, *, echo: bool) -> Job:
    """Wait for the end of a job; on the way its output goes to stdout, clean."""
    from cockpit.cli.jobs import follow

    return follow(desk, job, echo=echo)
