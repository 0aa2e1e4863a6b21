"""`actions`, `plan`, and the verbs that act: `resume`, `retry`, `archive`, `restore`, every other action of a run."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from cockpit import locations
from cockpit.actions.declining import NO, UNASKED
from cockpit.actions.desk import ActionDesk
from cockpit.actions.notes import check_hash, recall, remember
from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import CockpitError, ExitCode, UsageError
from cockpit.models.action import Confirm, Job, JobState, Plan
from cockpit.models.request import RequestExit
from cockpit.models.run import Run, RunRef
from cockpit.presenters import documents
from cockpit.presenters.jobs import told
from cockpit.presenters.plans import dry_run_lines, offer_lines, plan_lines
from cockpit.sanitize import clean
from cockpit.session import Session
from widgets.rows import TextRow


def actions(options: argparse.Namespace) -> int:
    """What can be done to a run, with what is to be chosen, and why not the rest."""
    with open_session(options) as session:
        run = session.find(options.run)
        desk = session.desk(session.root_of(run.ref))
        offers = desk.offers(run, session.detail(run))
        if options.json:
            output.emit([documents.offer(offer.spec, offer.refused) for offer in offers])
        else:
            for offer in offers:
                _say(offer_lines(offer.spec, offer.refused))
        for problem in desk.clashes(run.ref):
            output.tell(problem)
    return int(ExitCode.OK)


def plan(options: argparse.Namespace) -> int:
    """What an action would do; nothing of it is done and nothing of it recorded. Exit 1 where it is refused."""
    with open_session(options) as session:
        made, ref = _plan(session, options)
        said = session.desk(session.root_of(ref)).dry_run(made) if options.dry_run and not made.refused else None
        remember(locations.cache_dir(), made)
        if options.json:
            document = documents.plan(made)
            if options.dry_run:
                document["dry_run_output"] = documents.plain(said and asdict(said))
            output.emit(document)
        else:
            print_plan(made)
            if said is not None:
                _say(dry_run_lines(said.lines, said.exit_code, said.ended))
    return int(ExitCode.BAD if made.refused or (said is not None and said.exit_code != 0) else ExitCode.OK)


def act(options: argparse.Namespace) -> int:
    """Do it, once confirmed. Exit 1 where the job fails, 3 where its gate is closed, 5 where the run moved."""
    with open_session(options) as session:
        try:
            made, ref = _plan(session, options)
        except UsageError as error:
            raise UsageError(f"{error}{_hint(options)}") from error
        return carry_out(session, made, ref, options)


def carry_out(session: Session, made: Plan, ref: RunRef, options: argparse.Namespace) -> int:
    """Do what a plan says, once confirmed (`--yes`, `--plan`, `--timeout`, `--wait`); returns the exit code.

    Raises:
        UsageError: It was not confirmed, or it is refused.
        MovedError: The run moved since the plan.
        CockpitError: It could not be started.
    """
    rested_on = None if options.plan is None else recall(locations.cache_dir(), check_hash(options.plan))
    if made.refused:
        # Through the same door as a confirmed one, so that the refusal is on record too.
        session.perform(made, ref, expected=options.plan, rested_on=rested_on)
    desk = session.desk(session.root_of(ref))
    if not options.yes:
        confirm(made, lambda why: desk.decline(made, why))
    job = session.perform(made, ref, expected=options.plan, rested_on=rested_on, timeout_s=options.timeout)
    if options.wait and job.state is JobState.RUNNING:
        job = wait(desk, job, echo=not options.json)
    if options.json:
        output.emit(documents.job(job))
    else:
        output.tell(f"{told(job)}; job {job.id}")
    _file(session, job)
    return int(_exit_code(made, job))


def _file(session: Session, job: Job) -> None:
    """Write what an incident keeps of such a job. That it cannot be written changes nothing about the job."""
    from cockpit.reporting import file_ended

    try:
        for path in file_ended(session, job):
            output.tell(f"written: {path}")
    except CockpitError as error:
        output.tell(f"the incident's file was not written: {error}")


def _exit_code(made: Plan, job: Job) -> ExitCode:
    if made.request is not None and job.exit_code == RequestExit.NOT_SENT:
        return ExitCode.GATE
    return ExitCode.OK if job.state in (JobState.RUNNING, JobState.SUCCEEDED) else ExitCode.BAD


def _hint(options: argparse.Namespace) -> str:
    """For a word that was taken for an action because it is no verb, and was perhaps meant to be one."""
    if not options.guessed:
        return ""
    from difflib import get_close_matches

    from cockpit.cli.parser import VERBS

    close = get_close_matches(options.action, VERBS, n=2)
    return f"\n{options.action!r} is no verb" + (f"; did you mean {' or '.join(close)}?" if close else "")


def _plan(session: Session, options: argparse.Namespace) -> tuple[Plan, RunRef]:
    if options.action == "restore":
        return _plan_restore(session, options.run)
    run = session.find(options.run)
    return session.plan(options.action, run, options.flow, options.step, chosen_options(options)), run.ref


def _plan_restore(session: Session, name: str) -> tuple[Plan, RunRef]:
    """Restoring is about a run that is not there: it is looked for among the archives of every root."""
    for root in session.roots:
        desk = session.desk(root)
        for archived in desk.archives():
            if name in (archived.ref.id, archived.path.name):
                return session.plan_restore(root, archived.path.name), archived.ref
    run: Run = session.find(name)
    return session.plan("restore", run, None, None), run.ref


def chosen_options(options: argparse.Namespace) -> dict[str, str]:
    """What `--set` and `--remove` chose.

    Raises:
        UsageError: One of them is no NAME=VALUE.
    """
    chosen: dict[str, str] = {"remove": "yes"} if options.remove else {}
    return chosen | given(options)


def given(options: argparse.Namespace) -> dict[str, str]:
    """What `--set` gives.

    Raises:
        UsageError: One of them is no `NAME=VALUE`.
    """
    chosen: dict[str, str] = {}
    for text in options.set:
        name, found, value = text.partition("=")
        if not found or not name:
            raise UsageError(f"--set {text}: write NAME=VALUE")
        chosen[name] = value
    return chosen


def print_plan(made: Plan) -> None:
    """The plan, as a dialog shows it."""
    _say(plan_lines(made))


def _say(rows: Sequence[TextRow]) -> None:
    for row in rows:
        output.say_cells(row.spans, separator="")


def confirm(made: Plan, decline: Callable[[str], None]) -> None:
    """Ask on a terminal; without one nothing is done that was not confirmed on the command line.

    Args:
        made: The plan.
        decline: Puts on record that it was not confirmed, and why.

    Raises:
        UsageError: It was not confirmed.
    """
    if not on_terminal():
        decline(UNASKED)
        raise UsageError("nothing was done: confirm with --yes (there is no terminal to ask on)")
    print_plan(made)
    typed = made.confirm is Confirm.TYPED
    question = f"type {clean(made.run)} to confirm: " if typed else "do it? [y/N] "
    ask(question, made.run if typed else "y", decline)


def ask(question: str, wanted: str, decline: Callable[[str], None]) -> None:
    """Ask on the terminal.

    Raises:
        UsageError: The answer was another one than `wanted`; that is on record.
    """
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline().strip()
    except KeyboardInterrupt:
        decline(NO)
        raise
    if answer != wanted:
        decline(NO)
        raise UsageError("nothing was done")


def on_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def wait(desk: ActionDesk, job: Job, *, echo: bool) -> Job:
    """Wait for the end of a job; on the way its output goes to stdout, clean."""
    from cockpit.cli.jobs import follow

    return follow(desk, job, echo=echo)
