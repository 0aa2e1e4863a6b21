"""`handoff`: what the next shift must know, as Markdown."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.cli.moments import moment
from cockpit.diagnosis.order import attention_key
from cockpit.errors import ExitCode, UsageError
from cockpit.incident_index import IncidentIndex
from cockpit.models.action import JobState
from cockpit.reporting import templates_dir
from cockpit.reports.plain import to_text
from cockpit.reports.shift import Shift, Watched, closed_since, facts, pressing, write
from cockpit.reports.writing import write_report
from cockpit.session import Session


def handoff(options: argparse.Namespace) -> int:
    """Print the hand-off, or write it into a file that is not there yet."""
    if options.output is not None and (not options.output or "\0" in options.output):
        raise UsageError("-o needs the name of a file")
    with open_session(options) as session:
        now = session.now()
        since = moment("--since", options.since, now)
        if since > now:
            raise UsageError("--since is still to come")
        known = facts(gather(session, since, now))
        if options.output is not None:
            path = Path(options.output)
            write_report(path, to_text(write(known, templates_dir())), force=options.force)
            output.tell(f"written to {path}")
        if options.json:
            output.emit(known)
        elif options.output is None:
            sys.stdout.write(write(known, templates_dir()))
    return int(ExitCode.OK)


def gather(session: Session, since: datetime, now: datetime) -> Shift:
    """Everything the hand-off is made of, as of now. Looks at every run; changes nothing."""
    runs = sorted((run.at(now) for run in session.load().runs), key=attention_key)
    index = IncidentIndex(session)
    watched = []
    for desk, one in index.open():
        situation = desk.situation(one, runs)
        watched.append(Watched(one, desk.gate_of(situation), situation.clocks, desk.escalation(situation)))
    # Roots that share a state directory share its jobs.
    jobs = {job.output: job for root in session.roots for job in session.desk(root).jobs()}
    at_work = [job for job in jobs.values() if job.state is JobState.RUNNING]
    return Shift(
        since=since,
        now=now,
        watched=tuple(watched),
        closed=closed_since((one for _, one in index.everything()), since, now),
        runs=pressing(runs),
        jobs=tuple(sorted(at_work, key=lambda job: (job.started_at, job.id))),
        journals=tuple(ledger.entries for ledger in session.ledgers()),
    )
