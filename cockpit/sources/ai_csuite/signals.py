"""What the rows of a run and its incident files say of trouble, as signals (formats/ai-csuite.md 5, seed 004).

Reverts and bisects are simulated by the system: no file of theirs proves that anything was reverted, tested or found
(formats/ai-csuite.md 0.1). They are labelled so wherever they are quoted.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Event, Level, Signal, SignalKind, StepStatus
from cockpit.sources.ai_csuite.queries import RunRows
from cockpit.sources.ai_csuite.steps import Attempt, evidence, exhausted, next_step, parsed
from cockpit.sources.ai_csuite.survey import Incident
from cockpit.sources.fields import LONG, SHORT, Obj, items, moment, obj, text, word
from cockpit.sources.paths import encode
from cockpit.sources.tree import modified

_ALERTS = {
    "slo_burn": SignalKind.SLO_BREACH,
    "budget_overflow": SignalKind.BUDGET,
    "pr_gating_stuck": SignalKind.GATE,
    "retry_exhaust": SignalKind.STEP_ERROR,
}
_REASONS = (
    ("slo", SignalKind.SLO_BREACH),
    ("eval", SignalKind.EVAL_DROP),
    ("safety", SignalKind.SAFETY),
    ("budget", SignalKind.BUDGET),
    ("anomal", SignalKind.ANOMALY),
)
SIMULATED = "simulated, nothing was changed or tested"


class Where(NamedTuple):
    """What every signal of a run carries."""

    flow: str
    path: str
    run_id: str


def kind_of_reason(reason: str) -> SignalKind | None:
    """The trigger of the playbook that a free text names."""
    low = reason.lower().replace(" ", "_")
    return next((kind for word_, kind in _REASONS if word_ in low), None)


def row_signal(kind: SignalKind, where: Where, said: str, quote: str, at: datetime | None, step: str | None) -> Signal:
    """A signal whose evidence is a row."""
    place = Evidence(rank=Rank.RECEIPT, path=where.path, quote=quote[:SHORT])
    return Signal(kind=kind, at=at, flow=where.flow, step=step, text=said[:LONG], evidence=place)


def alarms(rows: RunRows, where: Where) -> Iterable[Signal]:
    """Active alerts, budgets that are spent, and a preview that failed. Alerts are as old as their last computation."""
    budgeted = False
    for row in rows.of("alerts"):
        if word(row.get("status")) != "active":
            continue
        name, key = word(row.get("alert_type")) or "?", word(row.get("key"))
        said = text(row.get("message")) or name
        kind = _ALERTS.get(name) or kind_of_reason(name) or SignalKind.ANOMALY
        budgeted |= kind is SignalKind.BUDGET
        step = key.partition(":")[2] if key and name == "retry_exhaust" else None
        quote = f"alerts[{name}{f', {key}' if key else ''}].message = {said} ({word(row.get('severity'))})"
        yield row_signal(kind, where, said, quote, moment(row.get("updated_at")), step or None)
    for row in rows.of("budget_usages"):
        status = word(row.get("status"))
        if row.get("persona") is None and status in ("warn", "blocked") and not budgeted:
            quote = f"budget_usages[total].status = {status}"
            at = moment(row.get("updated_at"))
            yield row_signal(SignalKind.BUDGET, where, f"Budget status is {status}", quote, at, None)
    for row in rows.of("preview_deploys"):
        if word(row.get("status")) == "failure":
            said = f"the preview's smoke test failed: {text(row.get('error')) or 'no reason given'}"
            quote = f"preview_deploys.status = failure, error = {text(row.get('error'))}"
            yield row_signal(SignalKind.GATE, where, said, quote, moment(row.get("updated_at")), None)
    for row in rows.of("audit_logs"):
        if (signal := audit_signal(row, where)) is not None:
            yield signal


def audit_signal(row: Obj, where: Where) -> Signal | None:
    """A failed evaluation gate or a canary that was rolled back, by its audit row."""
    event, details, at = word(row.get("event_type")), parsed(row.get("details_redacted")), moment(row.get("ts"))
    if event == "self.eval.gate" and word(details.get("status")) == "fail":
        said = f"evaluation score {details.get('score')} is below the threshold {details.get('threshold')}"
        return row_signal(SignalKind.EVAL_DROP, where, said, f"audit_logs[{event}]: {said}", at, None)
    if event == "self.feature.rollback":
        found = [name for name, value in obj(details.get("anomalies")).items() if value is True]
        said = f"{word(details.get('feature_key'))} was rolled back from {details.get('from')} % to "
        said += f"{details.get('to')} %: {', '.join(map(str, found[:5])) or 'no anomaly named'}"
        return row_signal(SignalKind.ANOMALY, where, said, f"audit_logs[{event}]: {said}", at, None)
    return None


def course(rows: RunRows, found: list[Attempt], where: Where, answer: Evidence | None) -> Iterable[Signal]:
    """What the run's own status amounts to, held against its steps (formats/ai-csuite.md 0.4, 0.5, 2).

    Args:
        rows: The run's rows.
        found: Its attempts.
        where: Flow, database and run.
        answer: The server's refusal of a start or a resume, where its log has one.
    """
    status = (word(rows.run.get("status")) or "").lower()
    claim = f"runs[{where.run_id}].status = {status}"
    last = found[-1].ended_at if found else None
    gone = exhausted(found)
    if status == "blocked":
        missing = "the definition of ready is not met: PRD, design check or research of its roadmap item is missing"
        yield row_signal(SignalKind.BLOCKED, where, missing, claim, None, None)
    elif status == "running" and gone is not None:
        said = f"{gone.step} had used up its {gone.number} attempts and the record was set to running again: a resume "
        said += "or a start of this run collides with the rows of the first attempts, and it stays so for ever"
        if any(word(row.get("state")) == "active" for row in rows.of("scheduler_items")):
            said += "; its scheduler item stays active and takes up the tenant's quota"
        yield _stalled(row_signal(SignalKind.STALLED, where, said, claim, last, gone.step), answer)
    elif status == "running" and found and found[-1].step == "release" and found[-1].status is StepStatus.SUCCEEDED:
        said = "all steps had ended and the record was set to running again: a second start of a run collides with "
        said += "the rows of the first, and it stays so for ever"
        yield _stalled(row_signal(SignalKind.STALLED, where, said, claim, last, "release"), answer)
    elif status == "paused":
        step = next_step(found)
        said = f"paused before {step or 'its end'}"
        if step in ("design", "research"):
            said += "; a resume here skips design and research and goes on with cto_plan"
        yield row_signal(SignalKind.PAUSED, where, said, f"{claim}; {said}", last, step)
    elif status == "succeeded" and not found:
        said = "no step ever ran: POST /runs/{id}/start sets succeeded without running an agent"
        place = Evidence(rank=Rank.ARTIFACT, path=where.path, quote=f"{claim}, and graph_states has no row of it")
        yield Signal(kind=SignalKind.STALLED, flow=where.flow, text=said, evidence=place)
    elif status == "succeeded" and found[-1].step == "release" and found[-1].status is StepStatus.SUCCEEDED:
        yield Signal(
            kind=SignalKind.FLOW_ENDED,
            at=last,
            flow=where.flow,
            text="release ok",
            evidence=evidence(where.path, found[-1]),
        )


def _stalled(signal: Signal, answer: Evidence | None) -> Signal:
    return signal if answer is None else signal.model_copy(update={"evidence": answer})


def incident_signals(incidents: Iterable[Incident], flow: str | None) -> Iterable[Signal]:
    """The triggers incident files name."""
    for one in incidents:
        reason = text(one.data.get("reason"), SHORT)
        kind = kind_of_reason(reason) if reason else None
        if kind is None:
            continue
        said = f"{one.kind} ({SIMULATED}): {reason}"
        place = Evidence(rank=Rank.NARRATIVE, path=encode(one.rel), quote=f'"reason": "{reason}"'[:SHORT])
        yield Signal(kind=kind, at=modified(one.stamp[2]), flow=flow, text=said, evidence=place)


def incident_events(incidents: Iterable[Incident], audited: frozenset[str], flow: str | None) -> Iterable[Event]:
    """Incident files as events; they bear no time of their own, so the file's counts.

    Args:
        incidents: The files.
        audited: Incident ids that have an audit row.
        flow: The run's flow.
    """
    for one in incidents:
        data = one.data
        if one.kind == "bisect":
            span, shas = obj(data.get("range")), [obj(step).get("sha") for step in items(data.get("steps"))]
            said = f"range {span.get('start')}..{span.get('end')}, tried {shas}, culprit {data.get('culprit')}: "
            said += f"{SIMULATED}; the culprit is the alphabetically larger SHA"
        elif one.kind == "revert":
            said = f"reason {text(data.get('reason'), SHORT)}; {SIMULATED}, its results are constants"
        else:
            said = text(data.get("reason"), SHORT) or ", ".join(
                f"{key}={value}" for key, value in list(data.items())[:6]
            )
        incident_id = word(data.get("incident_id"))
        unaudited = one.kind in ("revert", "bisect") and incident_id not in audited
        if unaudited:
            said += "; no audit row: only the first of a run gets one"
        yield Event(
            at=modified(one.stamp[2]),
            kind=f"incident.{one.kind}",
            flow=flow,
            text=said[:LONG],
            level=Level.WARN if unaudited else Level.INFO,
            path=encode(one.rel),
        )
