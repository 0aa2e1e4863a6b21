"""The files an incident leaves (seed 004, "Artifacts"): one a revert, bisect, rollback, shadow or ramp, and the ADR.

Written below the state directory: `incidents/revert-<id>.json`, `incidents/bisect-<id>.json`,
`incidents/rollback-<id>.json`, `provider_shadow_diffs/<id>.json`, `ramp_reports/<id>.json`, `adr/<id>.md`. The id is
that of the job; where none is on record, of the incident. What a file says is settled when the job has ended: the same
job gives the same bytes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.actions.storage import make_dir
from cockpit.clock import iso
from cockpit.errors import CockpitError, UsageError
from cockpit.models.incident import Incident
from cockpit.reports.evidence import Opener, learn_evidence
from cockpit.reports.facts import SCHEMA
from cockpit.reports.gathered import Command, Gathered
from cockpit.reports.output import shown_output
from cockpit.reports.plain import plain, to_bytes, to_text
from cockpit.reports.redact import Redactor
from cockpit.reports.render import render
from cockpit.reports.writing import write_report
from cockpit.sanitize import clean

ADR = "adr"
_NAMES = {
    "revert": "incidents/revert-{id}.json",
    "bisect": "incidents/bisect-{id}.json",
    "rollback": "incidents/rollback-{id}.json",
    "shadow": "provider_shadow_diffs/{id}.json",
    "ramp": "ramp_reports/{id}.json",
    ADR: "adr/{id}.md",
}
KINDS: tuple[str, ...] = tuple(_NAMES)
_ACTIONS = {"shadow-compare": "shadow", "shadow-stop": "shadow"} | {kind: kind for kind in KINDS if kind != ADR}


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """A file as it is to be written: its path below the state directory, its bytes, how many secrets were taken out."""

    path: str
    data: bytes
    redactions: int


def kind_of(action: str) -> str | None:
    """The kind of file that a job of this action leaves, or `None`."""
    return _ACTIONS.get(action)


def read_kind(text: str) -> str:
    """A kind of incident file.

    Raises:
        UsageError: There is none of that name.
    """
    kind = text.strip().casefold()
    if kind not in _NAMES:
        raise UsageError(f"no incident file {clean(text, 40)!r}; there are: {', '.join(KINDS)}")
    return kind


def incident_files(
    known: Gathered, opener: Opener, kind: str, templates: Path | None = None
) -> tuple[IncidentFile, ...]:
    """The files of a kind: one a job of that kind that has ended, or one of the incident where none is on record.

    Args:
        known: The incident.
        opener: Makes the reader of a root: what is a secret in the evidence is one here.
        kind: One of `KINDS`.
        templates: Directory of the user's templates.

    Raises:
        UsageError: The template of the ADR is wrong.
    """
    incident = known.situation.incident
    redactor = Redactor()
    learn_evidence(known, opener, redactor)
    if kind == ADR:
        return (_adr(known, redactor, templates),)
    done = [each for each in known.commands if _ACTIONS.get(each.title) == kind and each.kind == "job"]
    made = [_of_job(incident, kind, each, redactor) for each in done if each.ended_at is not None]
    return tuple(made) if done else (_by_hand(known, kind, redactor),)


def write_incident_file(state_dir: Path, file: IncidentFile) -> Path:
    """Write one; the very same one that is there already is left alone.

    Raises:
        UsageError: One with other content is there.
        CockpitError: It could not be written.
    """
    path = state_dir / file.path
    try:
        make_dir(path.parent)
    except OSError as error:
        raise CockpitError(f"{clean(path.parent)}: {(error.strerror or 'cannot be made').lower()}") from error
    try:
        write_report(path, file.data)
    except UsageError:
        raise UsageError(f"{clean(path)} exists and says something else; it is not replaced") from None
    return path


def _of_job(incident: Incident, kind: str, command: Command, redactor: Redactor) -> IncidentFile:
    options = dict(command.options)
    facts = {
        "schema": SCHEMA,
        "kind": kind,
        "id": command.id,
        "incident": incident.id,
        "run": command.run,
        "action": command.title,
        "reason": options.get("reason"),
        "refs": {key: value for key, value in options.items() if key != "reason"},
        "seeds": {key: value for key, value in options.items() if "seed" in key.lower()},
        "command": list(command.argv),
        "by": command.by,
        "started_at": iso(command.started_at),
        "results": {
            "ended_at": iso(command.ended_at), "exit_code": command.exit_code, "outcome": command.outcome,
            "output": shown_output(command),
        },
        "journal_seq": command.seq,
    }  # fmt: skip
    return _redacted(_NAMES[kind].format(id=command.id), facts, redactor)


def _by_hand(known: Gathered, kind: str, redactor: Redactor) -> IncidentFile:
    """What was done outside the cockpit: the record's own words, and that no job of this kind is on record."""
    incident = known.situation.incident
    facts = {
        "schema": SCHEMA,
        "kind": kind,
        "id": incident.id,
        "incident": incident.id,
        "runs": [link.id for link in incident.runs],
        "reason": incident.sections.get("root-cause") or incident.title,
        "decisions": [plain(each) for each in incident.decisions],
        "evidence": [plain(each) for link in incident.runs for each in link.evidence],
        "refs": {},
        "seeds": {},
        "results": None,
    }
    return _redacted(_NAMES[kind].format(id=incident.id), facts, redactor)


def _redacted(path: str, facts: dict[str, Any], redactor: Redactor) -> IncidentFile:
    before = redactor.total
    redactor.learn_all(facts)
    return IncidentFile(path, to_bytes(redactor.value(facts, path)), redactor.total - before)


def _adr(known: Gathered, redactor: Redactor, templates: Path | None) -> IncidentFile:
    incident = known.situation.incident
    facts = {
        "incident": plain(incident),
        "commands": [each.facts() for each in known.commands],
        "resolved_at": iso(incident.resolved_at),
    }
    redactor.learn_all(facts)
    path = _NAMES[ADR].format(id=incident.id)
    text = render("adr.md", {"report": redactor.value(facts, path)}, templates)
    return IncidentFile(path, to_text(redactor.text(text, path)), redactor.total)
