"""Reports of a session's incidents: what they are made from is gathered here, what was written is recorded here."""

from hashlib import sha256
from pathlib import Path

from cockpit import locations
from cockpit.incident_desk import IncidentDesk
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import events
from cockpit.journal.log import Draft
from cockpit.models.action import Job
from cockpit.models.incident import Incident
from cockpit.reports.gathered import Gathered, commands_of
from cockpit.reports.incident_files import incident_files, kind_of, write_incident_file
from cockpit.session import Session


def gather(session: Session, desk: IncidentDesk, incident: Incident) -> Gathered:
    """Everything reports are made from, as of now. Reads the incident's runs: the session is loaded.

    Args:
        session: With every run.
        desk: The incident's.
        incident: The incident.
    """
    situation = desk.situation(incident)
    return Gathered(
        situation=situation,
        timeline=desk.timeline(incident, situation),
        gate=desk.gate_of(situation),
        pins=desk.pins(incident),
        escalation=desk.escalation(situation),
        commands=commands_of(state_dir(desk), situation.actions, [link.id for link in incident.runs]),
    )


def file_ended(session: Session, job: Job) -> list[Path]:
    """Write the incident file of a job that has ended, for each open incident its run belongs to (seed 004).

    Args:
        session: With every run.
        job: The job; one of another kind leaves no file.

    Raises:
        CockpitError: A file could not be written or recorded.
    """
    kind = kind_of(job.action)
    written: list[Path] = []
    if kind is None or job.ended_at is None:
        return written
    for desk, incident in IncidentIndex(session).open():
        if job.run_key not in incident.run_keys:
            continue
        there = state_dir(desk)
        files = incident_files(gather(session, desk, incident), session.evidence, kind)
        for file in files:
            if job.id not in file.path or (there / file.path).exists():
                continue
            written.append(write_incident_file(there, file))
            record_report(desk, incident, kind, written[-1].absolute(), file.data, file.redactions)
    return written


def state_dir(desk: IncidentDesk) -> Path:
    """Where the state of the incident's root is kept."""
    return desk.ledger.journal.path.parent


def templates_dir() -> Path | None:
    """The user's templates, which go before the shipped ones."""
    own = locations.config_dir() / "templates"
    return own if own.is_dir() else None


def record_report(desk: IncidentDesk, incident: Incident, kind: str, path: Path, data: bytes, redactions: int) -> None:
    """Put it on record that a report was written.

    Raises:
        JournalError: It could not be recorded.
    """
    facts = {"report": kind, "path": str(path), "sha256": sha256(data).hexdigest(), "redactions": redactions}
    desk.amend(incident.id, lambda one: (Draft(events.REPORT, facts, one.id),))
