"""The hand-off of a shift, made of everything the session knows: for the verb and for the key alike."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.diagnosis.order import attention_key
from cockpit.incident_index import IncidentIndex
from cockpit.journal.files import ensure_state_dir
from cockpit.models.action import JobState
from cockpit.models.run import Run
from cockpit.reporting import templates_dir
from cockpit.reports.plain import to_text
from cockpit.reports.shift import Shift, Watched, closed_since, facts, pressing, write
from cockpit.reports.writing import REPORTS, write_report
from cockpit.session import Session

SHIFT = timedelta(hours=12)
"""How far back the key looks, and the verb without `--since`."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A hand-off that is made and not yet written.

    Attributes:
        root: The root in whose state directory it goes.
        path: Where it goes.
        text: The Markdown.
    """

    root: Path
    path: Path
    text: str


def make_handoff(session: Session, runs: tuple[Run, ...]) -> Handoff:
    """The hand-off of the last twelve hours, to be looked through. Writes nothing.

    Args:
        session: What it is about; its first root's state directory is where the file goes.
        runs: Every run, as the board knows them.

    Raises:
        CockpitError: Something it is made of cannot be read.
    """
    now = session.now()
    text = write(facts(gather_shift(session, now - SHIFT, now, runs)), templates_dir())
    root = next(iter(session.roots))
    path = session.state_dir(root) / REPORTS / f"handoff-{now:%Y%m%dT%H%M%SZ}.md"
    return Handoff(root, path, text)


def keep_handoff(session: Session, handoff: Handoff) -> None:
    """Write a hand-off that was looked through.

    Raises:
        UsageError: Nothing may be written.
        CockpitError: It could not be written.
    """
    session.require_writable("write a handoff", handoff.root)
    # Whoever has recorded nothing yet has no state directory.
    ensure_state_dir(handoff.path.parent.parent)
    write_report(handoff.path, to_text(handoff.text), force=False)


def gather_shift(session: Session, since: datetime, now: datetime, known: tuple[Run, ...] | None = None) -> Shift:
    """Everything the hand-off is made of, as of now; changes nothing.

    Args:
        session: What it is about.
        since: Where the shift began.
        now: Where it ends.
        known: Every run, where that is known; else every run is looked at.
    """
    runs = sorted((run.at(now) for run in (session.load().runs if known is None else known)), key=attention_key)
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
