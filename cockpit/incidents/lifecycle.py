"""The life of an incident: declare, describe, attach runs, change severity and phase, close, reopen.

Each function checks what an operator asks for against the incident as it is and returns what has to be recorded, or
refuses with the reason. Nothing here writes: `cockpit.ledger` calls them with the journal locked, so that what they
were decided on still holds when it is recorded. Keys and verbs use the same functions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cockpit.clock import iso
from cockpit.errors import CockpitError, ExitCode, UsageError
from cockpit.incidents import events, words
from cockpit.incidents.severity import decide
from cockpit.journal.log import Draft
from cockpit.models.finding import Finding
from cockpit.models.incident import Gate, Incident, Phase, Severity
from cockpit.models.playbook import Anchor
from cockpit.playbooks import records as checklists
from cockpit.sanitize import clean


class GateError(CockpitError):
    """A phase cannot be left yet; the message says what is missing.

    Attributes:
        gates: The gates that are not met.
    """

    exit_code = ExitCode.GATE

    def __init__(self, message: str, gates: tuple[Gate, ...]) -> None:
        super().__init__(message)
        self.gates = gates


def next_id(taken: Iterable[str], now: datetime) -> str:
    """A free id `inc-<yyyymmdd>-<nn>` (UTC day), one above the highest of the day."""
    day = f"inc-{now.astimezone(UTC):%Y%m%d}-"
    numbers = [int(name.removeprefix(day)) for name in taken if events.is_incident_id(name) and name.startswith(day)]
    return f"{day}{max(numbers, default=0) + 1:02d}"


def choose_severity(severity: Severity | None, answers: str | None) -> Severity:
    """The severity that was named, or that the answers lead to.

    Raises:
        UsageError: Neither or both were given, or the answers lead nowhere.
    """
    if severity is not None and answers is not None:
        raise UsageError("name a severity or answer the questions, not both")
    if severity is None and answers is None:
        raise UsageError("a severity is needed: name one, or answer the questions of the severity tree (y and n)")
    return severity if severity is not None else decide(answers or "")


def declare(
    name: str,
    now: datetime,
    *,
    title: str,
    severity: Severity | None = None,
    answers: str | None = None,
    runs: Sequence[Mapping[str, Any]] = (),
    playbooks: Sequence[str] = (),
    anchors: Sequence[Anchor] = (),
    detected_at: datetime | None = None,
    detection: str | None = None,
    symptoms: str | None = None,
    finding: Finding | None = None,
) -> tuple[Draft, ...]:
    """Declare an incident, its runs and its checklists in one go.

    Args:
        name: A free id (`next_id`).
        now: The present moment.
        title: One line.
        severity: How bad it is; or else `answers`.
        answers: Answers to the questions of the severity tree (`yn`).
        runs: What to record of each run (`cockpit.incidents.runs.attachment`).
        playbooks: Ids of the playbooks whose checklists are started; they exist.
        anchors: Where its runs stand now, for those checklists.
        detected_at: When it was noticed, where that is not now.
        detection: How it was noticed.
        symptoms: What was seen first; without it, what the finding says.
        finding: The finding it is declared from; its evidence goes on record.

    Raises:
        UsageError: The title is missing or too long, or the severity is not clear.
    """
    if detected_at is not None and detected_at > now:
        raise UsageError("it cannot have been noticed in the future")
    chosen = choose_severity(severity, answers)
    data = {
        "title": words.text("title", title, words.MAX_TITLE),
        "severity": chosen.value,
        "answers": answers.strip().casefold() if answers is not None else None,
        "detected_at": iso(detected_at),
        "detection": words.optional("detection", detection),
        "symptoms": words.optional("symptoms", symptoms) or (_told(finding) if finding is not None else None),
        "finding": finding.id if finding is not None else None,
        "evidence": [each.model_dump(mode="json") for each in finding.supporting] if finding is not None else [],
    }
    drafts = [Draft(events.DECLARED, data, name)]
    drafts += [Draft(events.RUN_ADDED, run, name) for run in {run["run_key"]: run for run in runs}.values()]
    drafts += [start_checklist(name, playbook, anchors) for playbook in dict.fromkeys(playbooks)]
    return tuple(drafts)


def _told(finding: Finding) -> str:
    return clean(f"{finding.title}: {finding.cause}", words.MAX_TEXT)


def start_checklist(name: str, playbook: str, anchors: Sequence[Anchor] = ()) -> Draft:
    """The start of a playbook's checklist for an incident.

    Args:
        name: The incident's id.
        playbook: Id of a playbook that exists.
        anchors: Where its runs stand now.
    """
    told = {"anchors": [one.model_dump(mode="json") for one in anchors]} if anchors else {}
    return Draft(checklists.START, {"target": name, "playbook": playbook} | told, name)


def describe(
    incident: Incident,
    now: datetime,
    *,
    title: str | None = None,
    symptoms: str | None = None,
    detection: str | None = None,
    detected_at: datetime | None = None,
) -> tuple[Draft, ...]:
    """Say better what it is, how and when it was noticed. What was said before stays in the journal.

    Raises:
        UsageError: Nothing was said, or the time is in the future.
    """
    if detected_at is not None and detected_at > now:
        raise UsageError("it cannot have been noticed in the future")
    said = {
        "title": words.optional("title", title, words.MAX_TITLE),
        "symptoms": words.optional("symptoms", symptoms),
        "detection": words.optional("detection", detection),
        "detected_at": iso(detected_at),
    }
    data = {key: value for key, value in said.items() if value is not None}
    if not data:
        raise UsageError("nothing was said about it")
    return (Draft(events.DESCRIBED, data, incident.id),)


def attach(incident: Incident, run: Mapping[str, Any]) -> tuple[Draft, ...]:
    """Make a run part of it.

    Args:
        incident: As it is.
        run: What to record (`cockpit.incidents.runs.attachment`).

    Raises:
        UsageError: It is closed, or the run belongs to it already.
    """
    require_open(incident)
    if run["run_key"] in incident.run_keys:
        raise UsageError(f"{clean(run['run'])} belongs to {incident.id} already")
    return (Draft(events.RUN_ADDED, dict(run), incident.id),)


def detach(incident: Incident, key: str, reason: str) -> tuple[Draft, ...]:
    """Take a run off it that has nothing to do with it.

    Raises:
        UsageError: It is closed, the run does not belong to it, or there is no reason.
    """
    require_open(incident)
    link = next((link for link in incident.runs if link.key == key), None)
    if link is None:
        raise UsageError(f"that run does not belong to {incident.id}")
    data = {"run": link.id, "run_key": link.key, "reason": words.text("reason", reason)}
    return (Draft(events.RUN_REMOVED, data, incident.id),)


def change_severity(
    incident: Incident, reason: str, *, severity: Severity | None = None, answers: str | None = None
) -> tuple[Draft, ...]:
    """Make it more or less severe.

    Raises:
        UsageError: It is closed or that severe already, the severity is not clear, or there is no reason.
    """
    require_open(incident)
    chosen = choose_severity(severity, answers)
    if chosen is incident.severity:
        raise UsageError(f"{incident.id} is {chosen.value} already")
    data = {
        "from": incident.severity.value,
        "to": chosen.value,
        "reason": words.text("reason", reason),
        "answers": answers.strip().casefold() if answers is not None else None,
    }
    return (Draft(events.SEVERITY, data, incident.id),)


def gated(incident: Incident, to: Phase) -> tuple[Phase, ...]:
    """The phases that are left, or passed over, on the way to `to`: their gates must be met. None on the way back."""
    return tuple(phase for phase in Phase if incident.phase.place <= phase.place < to.place)


def move(
    incident: Incident, to: Phase, gates: Sequence[Gate], *, override: str | None = None, reason: str | None = None
) -> tuple[Draft, ...]:
    """Go to another phase: forward through the gates on the way, backward at any time.

    Args:
        incident: As it is.
        to: The phase to enter; `closed` closes it.
        gates: The gates of `gated(incident, to)`.
        override: Why to go although a gate is not met; recorded with what was missing.
        reason: Why, where there is something to say.

    Raises:
        UsageError: It is closed, or in that phase already.
        GateError: A gate is not met and nothing overrides it.
    """
    require_open(incident)
    if to is incident.phase:
        raise UsageError(f"{incident.id} is in phase {to.value} already")
    if to is Phase.CLOSED:
        return close(incident, gates, override=override, reason=reason)
    passed = _pass(incident, to, gates, override)
    data = {"from": incident.phase.value, "to": to.value, "reason": words.optional("reason", reason), **passed}
    return (Draft(events.PHASE, data, incident.id),)


def close(
    incident: Incident, gates: Sequence[Gate], *, override: str | None = None, reason: str | None = None
) -> tuple[Draft, ...]:
    """Close it. Arguments and errors as for `move`."""
    require_open(incident)
    passed = _pass(incident, Phase.CLOSED, gates, override)
    data = {"from": incident.phase.value, "reason": words.optional("reason", reason), **passed}
    return (Draft(events.CLOSED, data, incident.id),)


def reopen(incident: Incident, reason: str | None = None, phase: Phase = Phase.DIAGNOSE) -> tuple[Draft, ...]:
    """Open a closed incident again: what was fixed came back, or was not fixed.

    Raises:
        UsageError: It is open, the reason is too long, or the phase is none to work in.
    """
    if incident.is_open:
        raise UsageError(f"{incident.id} is open")
    if phase is Phase.CLOSED:
        raise UsageError("an open incident is in one of the phases detect to document")
    return (Draft(events.REOPENED, {"reason": words.optional("reason", reason), "phase": phase.value}, incident.id),)


def require_open(incident: Incident) -> None:
    """Refuse what cannot be done to a closed incident.

    Raises:
        UsageError: It is closed.
    """
    if not incident.is_open:
        raise UsageError(f"{incident.id} is closed: reopen it first")


def read_phase(text: str) -> Phase:
    """The phase with this name, or the start of it.

    Raises:
        UsageError: There is none, or there are several.
    """
    word = text.strip().casefold()
    found = [phase for phase in Phase if word and phase.value.startswith(word)]
    exact = [phase for phase in found if phase.value == word] or found
    if len(exact) != 1:
        raise UsageError(f"no phase {clean(text, 40)!r}; there are: {', '.join(Phase)}")
    return exact[0]


def _pass(incident: Incident, to: Phase, gates: Sequence[Gate], override: str | None) -> dict[str, Any]:
    """What is recorded of the gates on the way.

    Raises:
        GateError: One is not met and nothing overrides it.
    """
    wanted = gated(incident, to)
    by_phase = {gate.phase: gate for gate in gates}
    shut = tuple(by_phase[phase] for phase in wanted if not by_phase[phase].met)
    missing = [f"{gate.phase.value}: {text}" for gate in shut for text in gate.missing]
    why = words.optional("reason of the override", override)
    if missing and why is None:
        lines = "\n".join(f"  {line}" for line in missing)
        raise GateError(f"{incident.id} cannot leave {shut[0].phase.value} yet; missing:\n{lines}", shut)
    return {"override": why if missing else None, "missing": missing}
