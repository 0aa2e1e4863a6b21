"""One run's rows and incident files as a `RunDetail`."""

from collections.abc import Sequence
from typing import NamedTuple

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, Event, Level, RunRecord
from cockpit.models.run import RunRef
from cockpit.sources.ai_csuite import steps
from cockpit.sources.ai_csuite.queries import MAX_ROWS, RunRows
from cockpit.sources.ai_csuite.serverlog import Call, event, evidence
from cockpit.sources.ai_csuite.signals import Where, alarms, course, incident_events, incident_signals
from cockpit.sources.ai_csuite.survey import Incident
from cockpit.sources.fields import LONG, Obj, moment, newest, text, word
from cockpit.sources.paths import encode
from cockpit.sources.tree import modified

_FINISHED = frozenset(("succeeded", "blocked", "partial"))
# `partial` is what a run becomes when a step has used up its attempts; `pending` waits for somebody's start, and so
# does what is queued: the scheduler takes a run only when it is told to (formats/ai-csuite.md 2).
_MEANS = {"partial": "failed", "pending": "idle"}


class Files(NamedTuple):
    """The files that speak of a run.

    Attributes:
        path: The database, as evidence spells it.
        incidents: The incident files that name it.
        calls: What the server was asked about it.
    """

    path: str
    incidents: Sequence[Incident] = ()
    calls: Sequence[Call] = ()


def read(ref: RunRef, rows: RunRows, files: Files, fingerprint: str, problems: Sequence[Problem]) -> RunDetail:
    """All facts of a run.

    Args:
        ref: The run.
        rows: What the database says.
        files: What else speaks of it.
        fingerprint: Of all of it.
        problems: What could not be read.
    """
    path, incidents = files.path, files.incidents
    flow = word(rows.run.get("phase")) or "delivery"
    cut = [
        Problem(path=path, reason=f"more than {MAX_ROWS} rows in {table}, the rest is not read") for table in rows.cut
    ]
    where = Where(flow, path, ref.id)
    found = steps.attempts(rows.of("graph_states"))
    record = _record(ref, rows, flow, path)
    if record.claimed == "paused":
        record = record.model_copy(update={"current_flow": flow, "current_step": steps.next_step(found)})
    facts = steps.facts(found, flow, path, live=record.claimed == "running")
    signals = [
        *course(rows, found, where, answered(files.calls)),
        *alarms(rows, where),
        *incident_signals(incidents, flow),
    ]
    signals.sort(key=lambda one: 0.0 if one.at is None else one.at.timestamp())
    return RunDetail(
        ref=ref,
        record=record,
        plan=steps.plan(flow),
        steps=facts,
        receipts=steps.receipts(found, flow, path),
        routing=steps.routing(found, flow, path),
        # The calls bear no time: they follow what does.
        events=(*_events(rows, found, incidents, where), *(event(one, encode(one.path), flow) for one in files.calls)),
        signals=tuple(signals),
        artifacts=_artifacts(incidents),
        problems=(*problems, *cut),
        started_at=record.created_at,
        # What operators computed or asked of it since is no life of the run.
        updated_at=newest(record.created_at, *(one.ended_at for one in found)),
        fingerprint=fingerprint,
    )


def answered(calls: Sequence[Call]) -> Evidence | None:
    """The last call that the server could not carry out, or that only made the run green."""
    for one in reversed(calls):
        if one.status >= 400 or one.verb == "start":
            return evidence(one, encode(one.path))
    return None


def _record(ref: RunRef, rows: RunRows, flow: str, path: str) -> RunRecord:
    status = word(rows.run.get("status"))
    claimed = None if status is None else status.strip().lower()
    quote = f"runs[{ref.id}].status = {status}"
    if claimed == "pending":
        queued = [word(row.get("state")) for row in rows.of("scheduler_items")]
        if rows.run.get("roadmap_item_id") is None:
            quote += ", roadmap_item_id = NULL: graph/start refuses it"
        elif queued:
            quote += f", scheduler_items.state = {queued[0]}"
    created = moment(rows.run.get("created_at"))
    return RunRecord(
        claimed=claimed,
        means=_MEANS.get(claimed or ""),
        finished=claimed in _FINISHED,
        title=rows.title,
        flows=(flow,),
        tags=() if rows.project is None else (rows.project,),
        recorded_id=ref.id,
        created_at=created,
        evidence=None if status is None else Evidence(rank=Rank.NARRATIVE, path=path, quote=quote[:400]),
    )


def _events(
    rows: RunRows, found: list[steps.Attempt], incidents: Sequence[Incident], where: Where
) -> tuple[Event, ...]:
    events = [
        Event(
            at=one.ended_at,
            kind="step_end",
            flow=where.flow,
            step=one.step,
            agent=steps.persona(one.step),
            text=steps.quote(one),
            level=Level.ERROR if one.status.bad else Level.WARN if one.passed is False else Level.INFO,
            path=where.path,
        )
        for one in found
    ]
    for row in rows.of("alerts"):
        state, kind = word(row.get("status")), word(row.get("alert_type"))
        said = f"{state} ({word(row.get('severity'))}): {text(row.get('message')) or ''}"
        events.append(_event(where, f"alert.{kind}", row.get("updated_at"), said, loud=state == "active"))
    for row in rows.of("budget_usages"):
        who, state = word(row.get("persona")) or "total", word(row.get("status"))
        said = f"{who}: {state}, {row.get('tokens_in')} + {row.get('tokens_out')} tokens, {row.get('cost_cents')} cents"
        events.append(_event(where, "budget", row.get("updated_at"), said, loud=state != "ok"))
    for row in rows.of("preview_deploys"):
        said = f"{word(row.get('status'))} {text(row.get('error')) or ''}".strip()
        events.append(_event(where, "preview", row.get("updated_at"), said, loud=word(row.get("status")) == "failure"))
    events += [
        _event(where, "scheduler", row.get("enqueued_at"), word(row.get("state")) or "", loud=False)
        for row in rows.of("scheduler_items")
    ]
    events += [audit_event(row, where.path, where.flow) for row in rows.of("audit_logs")]
    events += incident_events(incidents, audited(rows.of("audit_logs")), where.flow)
    events.sort(key=lambda one: 0.0 if one.at is None else one.at.timestamp())
    return tuple(events)


def _event(where: Where, kind: str, at: object, said: str, *, loud: bool) -> Event:
    level = Level.WARN if loud else Level.INFO
    return Event(at=moment(at), kind=kind, flow=where.flow, text=said[:LONG], level=level, path=where.path)


def audited(rows: Sequence[Obj]) -> frozenset[str]:
    """Ids of the incidents that have an audit row."""
    ids = (word(steps.parsed(row.get("details_redacted")).get("incident_id")) for row in rows)
    return frozenset(one for one in ids if one is not None)


def audit_event(row: Obj, path: str, flow: str | None) -> Event:
    """An audit row; its details were redacted by the system."""
    kind = word(row.get("event_type")) or "?"
    details = text(row.get("details_redacted"), 2_000) or ""
    loud = kind in ("self.feature.rollback", "incident.revert", "incident.bisect") or '"status": "fail"' in details
    return Event(
        at=moment(row.get("ts")),
        kind=f"audit.{kind}",
        flow=flow,
        agent=word(row.get("actor")),
        text=details,
        level=Level.WARN if loud else Level.INFO,
        path=path,
    )


def _artifacts(incidents: Sequence[Incident]) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(
            path=encode(one.rel), kind=f"incident.{one.kind}", size=one.stamp[1], modified_at=modified(one.stamp[2])
        )
        for one in incidents
    )
