"""`diagnose`: what is probably wrong with a run, on what evidence, and what helps."""

import argparse
import os

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode
from cockpit.models.finding import Finding
from cockpit.models.physics import Physics
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.presenters.documents import plain
from cockpit.presenters.findings import finding_lines
from cockpit.session import Session
from widgets.rows import Cell, Tone


def diagnose(options: argparse.Namespace) -> int:
    """The findings of one run, best first. Exit 0 also with findings."""
    with open_session(options) as session:
        run = session.find(options.run)
        detail = session.detail(run)
        run = session.judge(detail)
        physics = None if options.now or os.environ.get("COCKPIT_NOW") else _physics(session, run)
        found = session.findings(run, detail, physics, session.offers(run, detail))
        for problem in session.rules.problems:
            output.tell(f"{problem.path}: {problem.reason}")
        if options.json:
            output.emit(document(run, found))
        else:
            _print(run, found)
    return int(ExitCode.OK)


def document(run: Run, findings: tuple[Finding, ...]) -> dict[str, object]:
    """`{"run", "state", "claimed", "findings"}` of the contract."""
    return {
        "run": run.id,
        "state": run.state.value,
        "claimed": run.claimed,
        "contradicted": run.contradicted,
        "signature": run.signature,
        "findings": [plain(one.document()) for one in findings],
    }


def _physics(session: Session, run: Run) -> Physics | None:
    look = session.board.look_now(run.key)
    return None if look is None else look.physics


def _print(run: Run, findings: tuple[Finding, ...]) -> None:
    claim = f"(claims {run.claimed})" if run.claimed else ""
    output.say_cells([words.text(run.id, Tone.STRONG), words.run_state(run.state), words.text(claim, Tone.DIM)], " ")
    output.say()
    if not findings:
        output.say("nothing found")
        return
    for row in finding_lines(findings, run.ref.path, run):
        cells = [Cell(span.text, span.tone) for span in row.spans]
        output.say_cells([Cell(" " * row.indent), *cells], "") if row.spans else output.say()
