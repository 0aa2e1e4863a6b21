"""`handoff`: what the next shift must know, as Markdown."""

import argparse
import sys
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.cli.moments import moment
from cockpit.errors import ExitCode, UsageError
from cockpit.reporting import templates_dir
from cockpit.reports.plain import to_text
from cockpit.reports.shift import facts, write
from cockpit.reports.writing import write_report
from cockpit.shift_report import gather_shift


def handoff(options: argparse.Namespace) -> int:
    """Print the hand-off, or write it into a file that is not there yet."""
    if options.output is not None and (not options.output or "\0" in options.output):
        raise UsageError("-o needs the name of a file")
    with open_session(options) as session:
        now = session.now()
        since = moment("--since", options.since, now)
        if since > now:
            raise UsageError("--since is still to come")
        known = facts(gather_shift(session, since, now))
        if options.output is not None:
            path = Path(options.output)
            write_report(path, to_text(write(known, templates_dir())), force=options.force)
            output.tell(f"written to {path}")
        if options.json:
            output.emit(known)
        elif options.output is None:
            sys.stdout.write(write(known, templates_dir()))
    return int(ExitCode.OK)
