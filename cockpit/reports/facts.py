"""The facts of a report as plain JSON: the five that an escalation needs (seed 001, section 5), and the rest of it.

Pure. Nothing here is the time of writing: `as_of` is the newest moment of record and evidence, so that the same inputs
give the same facts whenever they are asked for.
"""

from datetime import datetime
from typing import Any

from cockpit.clock import iso
from cockpit.incidents.events import REPORT
from cockpit.incidents.runs import RunNow
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.incident import TimelineRow
from cockpit.models.playbook import ChecklistItem
from cockpit.models.records import StepFact
from cockpit.reports.gathered import Gathered
from cockpit.reports.plain import plain

SCHEMA = 1
MAX_ARTIFACTS = 200
"""Artifacts named of one run, the newest; the report says how many there are."""
MAX_EVENTS = 40
"""Last events of one run."""
_OWN_KINDS = (REPORT.removeprefix("incident."), "section")
"""Rows of the timeline about the writing of reports: a report does not change because it was written."""


def report_facts(known: Gathered) -> dict[str, Any]:
    """Everything a report of an incident says, not yet redacted.

    Returns:
        `incident`, `as_of`, `escalation` (the five fields), `timeline`, `checklist`, `last_events`, `gate`, `pins`,
        `escalate` (reasons to), `schema`.
    """
    situation = known.situation
    incident = situation.incident
    rows = timeline_rows(known.timeline)
    return {
        "schema": SCHEMA,
        "incident": plain(incident)
        | {
            "priority": incident.severity.priority,
            "label": incident.severity.label,
            "commander": incident.commander,
            "contained_at": iso(incident.contained_at),
            "resolved_at": iso(incident.resolved_at),
        },
        "as_of": iso(newest(known)),
        "escalation": {
            "commands": [command.facts() for command in known.commands],
            "runs": [_run(one) for one in situation.runs],
            "providers": [_provider(one, known) for one in situation.runs],
            "errors": [error for one in situation.runs for error in _errors(one)],
            "artifacts": [artifact for one in situation.runs for artifact in _artifacts(one)],
            "artifacts_total": sum(_count(one.detail) for one in situation.runs),
        },
        "timeline": rows,
        "checklist": [_item(item) for item in situation.checklist.items],
        "last_events": [event for one in situation.runs for event in _events(one)],
        "gate": None if known.gate is None else plain(known.gate),
        "pins": [plain(pin) | {"state": state.value} for pin, state in known.pins],
        "escalate": [plain(each) for each in known.escalation if each.met],
    }


def timeline_rows(rows: tuple[TimelineRow, ...]) -> list[dict[str, Any]]:
    """The timeline without the rows that tell of reports and of the texts in them."""
    return [plain(row) for row in rows if row.kind not in _OWN_KINDS]


def newest(known: Gathered) -> datetime:
    """The newest moment of the record and of what its runs left on disk."""
    moments = [row.at for row in known.timeline if row.kind not in _OWN_KINDS]
    moments += [one.run.updated_at for one in known.situation.runs if one.run is not None and one.run.updated_at]
    return max([known.situation.incident.declared_at, *moments])


def _run(one: RunNow) -> dict[str, Any]:
    run, link = one.run, one.link
    return {
        "id": link.id,
        "key": link.key,
        "source": link.key.partition(":")[0],
        "path": None if run is None else run.ref.path,
        "root": None if run is None else run.ref.root,
        "there": run is not None,
        "flow": link.flow if run is None else run.flow,
        "step": link.step if run is None else run.step,
        "state": None if run is None else run.state.value,
        "state_when_attached": plain(link.state),
        "claimed": None if run is None else run.claimed,
        "contradicted": run is not None and run.contradicted,
        "started_at": None if run is None else iso(run.started_at),
        "updated_at": None if run is None else iso(run.updated_at),
        "signature": link.signature if run is None else run.signature,
        "reasons": [] if run is None else [plain(reason) for reason in run.reasons],
    }


def _provider(one: RunNow, known: Gathered) -> dict[str, Any]:
    """How the run's agents were reached: what runs it, its modes and models, and names of environment variables."""
    detail = one.detail
    receipts = () if detail is None else detail.receipts
    mine = [command for command in known.commands if command.run == one.link.id]
    return {
        "run": one.link.id,
        "backend": None if one.run is None else one.run.backend,
        "modes": sorted({receipt.mode for receipt in receipts if receipt.mode}),
        "models": sorted({receipt.model for receipt in receipts if receipt.model}),
        "environment": sorted({name for command in mine for name in command.environment}),
    }


def _errors(one: RunNow) -> list[dict[str, Any]]:
    """The exact words of what failed, each text once: of the failing step first, then of the run's own record."""
    detail = one.detail
    if detail is None:
        return []
    flow, step = (one.run.flow, one.run.step) if one.run else (one.link.flow, one.link.step)
    bad = [fact for fact in detail.steps if fact.error]
    bad.sort(key=lambda fact: ((fact.flow, fact.step) != (flow, step), fact.flow, fact.step))
    found = [_error(one.link.id, fact) for fact in bad]
    record = detail.record
    texts = {each["text"] for each in found}
    for receipt in detail.receipts:
        if receipt.error and receipt.error not in texts:
            texts.add(receipt.error)
            place = plain(Evidence(rank=Rank.RECEIPT, path=receipt.path))
            found.append({
                "run": one.link.id, "flow": receipt.flow, "step": receipt.step, "text": receipt.error,
                "evidence": place,
            })  # fmt: skip
    if record.error and record.error not in texts:
        place = plain(record.evidence) if record.evidence else None
        found.append({"run": one.link.id, "flow": None, "step": None, "text": record.error, "evidence": place})
    texts = {each["text"] for each in found}
    for signal in detail.signals:
        if signal.text and signal.text not in texts:
            texts.add(signal.text)
            found.append({
                "run": one.link.id, "flow": signal.flow, "step": signal.step, "text": signal.text,
                "evidence": plain(signal.evidence),
            })  # fmt: skip
    return found


def _error(run: str, fact: StepFact) -> dict[str, Any]:
    place = plain(fact.evidence) if fact.evidence else None
    return {"run": run, "flow": fact.flow, "step": fact.step, "text": fact.error, "evidence": place}


def _artifacts(one: RunNow) -> list[dict[str, Any]]:
    """Paths and times, records of the machinery first, then the newest files."""
    detail = one.detail
    if detail is None:
        return []
    found: list[dict[str, Any]] = [
        {"run": one.link.id, "kind": kind, "path": each.path, "modified_at": iso(each.modified_at), "size": None}
        for kind, group in (("receipt", detail.receipts), ("handoff", detail.handoffs))
        for each in group
    ]
    files = sorted(detail.artifacts, key=lambda each: (each.modified_at, each.path), reverse=True)
    found += [
        {"run": one.link.id, "kind": each.kind, "path": each.path, "modified_at": iso(each.modified_at),
         "size": each.size}
        for each in files
    ]  # fmt: skip
    return found[:MAX_ARTIFACTS]


def _count(detail: RunDetail | None) -> int:
    return 0 if detail is None else len(detail.receipts) + len(detail.handoffs) + len(detail.artifacts)


def _events(one: RunNow) -> list[dict[str, Any]]:
    events = () if one.detail is None else one.detail.events
    last = [events[place] for place in range(max(len(events) - MAX_EVENTS, 0), len(events))]
    return [plain(event) | {"run": one.link.id} for event in last]


def _item(item: ChecklistItem) -> dict[str, Any]:
    whole = plain(item)
    names = ("id", "text", "playbook", "section", "state", "by", "at", "evidence", "note", "why")
    return {name: whole[name] for name in names}
