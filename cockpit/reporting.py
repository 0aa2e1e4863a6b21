"""Reports of a session's incidents: what they are made from is gathered here, what was written is recorded here."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cockpit import locations
from cockpit.errors import CockpitError, UsageError
from cockpit.incident_desk import IncidentDesk
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import events
from cockpit.journal.log import Draft
from cockpit.models.action import Job
from cockpit.models.incident import Incident
from cockpit.reports.gathered import Gathered, commands_of
from cockpit.reports.incident_files import incident_files, kind_of, write_incident_file
from cockpit.reports.writing import REPORTS, default_path, write_report
from cockpit.session import Session

_MAX_FILE = 8 << 20
"""Bytes of a document that is continued."""


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


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is made and not yet written.

    Attributes:
        kind: `postmortem` or `bundle`.
        incident: Id of the incident.
        root: The root whose record the incident is in.
        path: Where it goes.
        data: What is written.
        text: The Markdown to look through.
        missing: What should be in it and is not.
        redactions: How many secrets were taken out.
        files: Names in a bundle.
        before: What stands at `path` where people may have worked on it; `None` where nothing does.
    """

    kind: str
    incident: str
    root: Path
    path: Path
    data: bytes
    text: str
    missing: tuple[str, ...]
    redactions: int
    files: tuple[str, ...] = ()
    before: str | None = None


def make_report(session: Session, index: IncidentIndex, name: str, kind: str) -> Report:
    """A report of an incident as things stand, to be looked through. Writes nothing.

    A post-mortem goes on from the file that was written before: what people wrote into it stays.

    Raises:
        UsageError: There is no such incident, or a template or the file that is there is wrong.
        CockpitError: The file that is there cannot be read.
    """
    desk, incident = index.find(name)
    root = next(root for root in session.roots if session.ledger(root) is desk.ledger)
    known = gather(session, desk, incident)
    if kind == "bundle":
        from cockpit.reports.bundle import make_bundle, report_text

        made = make_bundle(known, session.evidence, templates_dir())
        path = default_path(state_dir(desk), incident.id, "-bundle.tar.gz", made.data)
        text = report_text(made.data)
        return Report(kind, incident.id, root, path, made.data, text, made.missing, made.redactions, made.files)
    from cockpit.reports.plain import to_text
    from cockpit.reports.postmortem import is_document, make_postmortem

    path = state_dir(desk) / REPORTS / f"{incident.id}-postmortem.md"
    before = read_report(path)
    if before is not None and not is_document(before):
        raise UsageError(f"{path} is no post-mortem of the cockpit: move it away")
    document = make_postmortem(known, session.evidence, templates_dir(), before)
    data, lacking = to_text(document.text), document.missing
    return Report(
        kind, incident.id, root, path, data, document.text, lacking, document.redactions, before=before
    )  # fmt: skip


def keep_report(session: Session, index: IncidentIndex, report: Report) -> None:
    """Write a report that was looked through, and put that on record.

    Raises:
        UsageError: Nothing may be written.
        CockpitError: What stands at its place has changed meanwhile, or it could not be written.
        JournalError: It could not be recorded.
    """
    desk, incident = index.find(report.incident)
    session.require_writable(f"write a {report.kind}", report.root, incident=incident.id)
    if report.kind == "postmortem" and read_report(report.path) != report.before:
        raise CockpitError(f"{report.path} has changed meanwhile; nothing was written, look again")
    write_report(report.path, report.data, force=report.before is not None)
    record_report(desk, incident, report.kind, report.path.absolute(), report.data, report.redactions)


def read_report(path: Path) -> str | None:
    """The text of a report that people may have worked on; `None` where there is none.

    Raises:
        UsageError: It is too large, no ordinary file or no text.
        CockpitError: It cannot be read.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise UsageError(f"{path} is no ordinary file")
        if not path.exists():
            return None
        if path.stat().st_size > _MAX_FILE:
            raise UsageError(f"{path} has more than {_MAX_FILE >> 20} MiB")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8") from error
    except OSError as error:
        raise CockpitError(f"{path}: cannot be read: {error.strerror}") from error
