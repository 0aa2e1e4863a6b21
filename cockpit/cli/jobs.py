"""`jobs`: what was started, by whomever, and how it went."""

import argparse
import threading
from pathlib import Path

from cockpit.actions.desk import ActionDesk
from cockpit.actions.jobs import find_job, wait_job
from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode, UsageError
from cockpit.models.action import Job, JobState
from cockpit.presenters import documents, times, words
from cockpit.presenters.plans import command_text, told
from cockpit.session import Session
from cockpit.sources.lines import FileLines
from widgets.rows import Cell, Tone

_LOOK_S = 0.2
"""Seconds between looks at the output of a job that is followed."""


def jobs(options: argparse.Namespace) -> int:
    """List jobs, show one, follow or cancel it. Exit 1 where the one asked about did not go well."""
    with open_session(options) as session:
        session.settle()
        if options.job is None:
            if options.follow or options.cancel:
                raise UsageError("--follow and --cancel need the id of a job")
            return _list(session, options)
        desk, job = _find(session, options.job)
        if options.cancel:
            if not desk.cancel(job.id):
                output.tell(f"{job.id} has ended already")
            wait_job(find_job(desk.jobs_context.state_dir, job.id), timeout_s=30)
        job = follow(desk, job, echo=not options.json) if options.follow else desk.job(job.id)
        if options.json:
            output.emit([documents.job(job)])
        elif options.follow:
            output.tell(told(job))
        else:
            _table([job], session)
    good = (JobState.RUNNING, JobState.SUCCEEDED, JobState.CANCELLED)
    return int(ExitCode.OK if job.state in good else ExitCode.BAD)


def _list(session: Session, options: argparse.Namespace) -> int:
    found = [job for root in session.roots for job in session.desk(root).jobs()]
    found.sort(key=lambda job: (job.started_at, job.id), reverse=True)
    if options.json:
        output.emit([documents.job(job) for job in found])
    else:
        _table(found, session)
        if not found:
            output.tell("no jobs")
    return int(ExitCode.OK)


def _table(found: list[Job], session: Session) -> None:
    tones = {JobState.RUNNING: Tone.BUSY, JobState.SUCCEEDED: Tone.OK, JobState.CANCELLED: Tone.WARN}
    output.table(
        ("job", "state", "action", "run", "age", "outcome", "command"),
        [
            (
                Cell(job.id, Tone.DIM),
                Cell(job.state.value, tones.get(job.state, Tone.BAD)),
                words.text(job.action),
                words.text(job.run, Tone.STRONG),
                Cell(times.span(session.now() - job.started_at), Tone.DIM),
                words.text(job.outcome),
                words.text(command_text(job.argv), Tone.ACCENT),
            )
            for job in found
        ],
    )


def _find(session: Session, job_id: str) -> tuple[ActionDesk, Job]:
    for root in session.roots:
        desk = session.desk(root)
        for job in desk.jobs():
            if job.id == job_id:
                return desk, job
    raise UsageError(f"no job {job_id!r}; `cockpit jobs` lists them")


def follow(desk: ActionDesk, job: Job, *, echo: bool) -> Job:
    """Wait for a job's end; with `echo` its output goes to stdout line by line, made clean."""
    lines = FileLines(Path(job.output), classify=False)
    ended = threading.Event()
    result: list[Job] = []

    def wait() -> None:
        try:
            result.append(wait_job(find_job(desk.jobs_context.state_dir, job.id)))
        finally:
            ended.set()

    waiter = threading.Thread(target=wait, name="job-wait", daemon=True)
    waiter.start()
    shown = 0
    while True:
        last = ended.wait(_LOOK_S)
        if echo:
            lines.refresh()
            while shown < len(lines):
                output.say(lines.line(shown).decode("utf-8", "replace"))
                shown += 1
        if last:
            break
    if echo and lines.partial:
        output.say(lines.partial.decode("utf-8", "replace"))
    return result[0] if result else desk.job(job.id)
