"""`jobs`: what was started, by whomever, and how it went."""

import argparse
import sys
import threading
from pathlib import Path

from cockpit.actions.desk import ActionDesk
from cockpit.actions.following import OutputFollower
from cockpit.actions.jobs import find_job, wait_job
from cockpit.bulking import Bulking
from cockpit.cli import bulk, output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode, UsageError
from cockpit.models.action import Job, JobState
from cockpit.models.bulk import BulkState
from cockpit.presenters import documents
from cockpit.presenters.jobs import TITLES, job_detail, job_row, told
from cockpit.session import Session

_PATIENCE_S = 20.0
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
        if Bulking(session).directory(options.job) is not None:
            return bulk.show(session, options.job, options)
        desk, job = _find(session, options.job)
        if options.cancel:
            if not desk.cancel(job.id):
                output.tell(f"{job.id} has ended already")
            # Its supervisor goes on when this process does not wait for it any longer.
            patience = session.settings.jobs.grace + _PATIENCE_S
            wait_job(find_job(desk.jobs_context.state_dir, job.id), timeout_s=patience)
        job = follow(desk, job, echo=not options.json) if options.follow else desk.job(job.id)
        if options.json:
            output.emit([documents.job(job)])
        elif options.follow:
            output.tell(told(job))
        else:
            for row in job_detail(job, session.now()):
                output.say_cells(row.spans, separator="")
    good = (JobState.RUNNING, JobState.SUCCEEDED, JobState.CANCELLED)
    return int(ExitCode.OK if job.state in good else ExitCode.BAD)


def _list(session: Session, options: argparse.Namespace) -> int:
    bulks = list(Bulking(session).all())
    if options.bulks:
        if options.json:
            output.emit([documents.bulk(each) for each in bulks])
        else:
            bulk.table(bulks, session)
            if not bulks:
                output.tell("no bulks")
        return int(ExitCode.OK)
    # Roots that share a state directory share its jobs.
    jobs_of = {job.output: job for root in session.roots for job in session.desk(root).jobs()}
    found = sorted(jobs_of.values(), key=lambda job: (job.started_at, job.id), reverse=True)
    if options.json:
        output.emit([documents.job(job) for job in found])
        return int(ExitCode.OK)
    taken_up = {each.rest_of for each in bulks}
    at_work = [
        each
        for each in bulks
        if each.state is BulkState.RUNNING or (each.state is BulkState.LOST and each.id not in taken_up)
    ]
    if at_work:
        bulk.table(at_work, session)
        output.say()
    output.table(TITLES, [job_row(job, session.now()) for job in found])
    if not found:
        output.tell("no jobs")
    return int(ExitCode.OK)


def _find(session: Session, job_id: str) -> tuple[ActionDesk, Job]:
    for root in session.roots:
        desk = session.desk(root)
        for job in desk.jobs():
            if job.id == job_id:
                return desk, job
    raise UsageError(f"no job {job_id!r}; `cockpit jobs` lists them")


def follow(desk: ActionDesk, job: Job, *, echo: bool) -> Job:
    """Wait for a job's end; with `echo` its output goes to stdout line by line, made clean."""
    followed = OutputFollower(Path(job.output))
    ended = threading.Event()
    result: list[Job] = []

    def wait() -> None:
        try:
            result.append(wait_job(find_job(desk.jobs_context.state_dir, job.id)))
        finally:
            ended.set()

    waiter = threading.Thread(target=wait, name="job-wait", daemon=True)
    waiter.start()
    while True:
        last = ended.wait(_LOOK_S)
        if echo:
            for line in followed.lines():
                output.say(line.decode("utf-8", "replace"))
            sys.stdout.flush()
        if last:
            break
    if echo and followed.partial:
        output.say(followed.partial.decode("utf-8", "replace"))
    return result[0] if result else desk.job(job.id)
