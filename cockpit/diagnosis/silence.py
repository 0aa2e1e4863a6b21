"""Rules about runs that should be moving: in progress, not begun, or silent for too long."""

from datetime import datetime, timedelta

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.parts import Ruling, claim_evidence, clock, silence_evidence, span, where
from cockpit.models.detail import RunDetail
from cockpit.models.records import StepFact, StepStatus
from cockpit.models.run import Becomes, Reason, RunState


def in_progress(detail: RunDetail) -> tuple[str | None, str | None, StepFact | None]:
    """Flow and step that run now, and what is known of that step.

    The last step that began and did not end; where nothing marks a beginning (the newest tree), the step the last
    decision routed to.
    """
    running = [step for step in detail.steps if step.status is StepStatus.RUNNING]
    if running:
        latest = max(running, key=lambda step: step.started_at.timestamp() if step.started_at else 0.0)
        return latest.flow, latest.step, latest
    record = detail.record
    if record.current_step is not None:
        return record.current_flow, record.current_step, None
    if detail.steps:
        return None, None, None
    first = detail.plan[0] if detail.plan else None
    return (first.flow, first.step, None) if first is not None else (record.current_flow, None, None)


def moving(detail: RunDetail, claim: Claim, now: datetime, limits: Limits) -> tuple[Ruling, Becomes | None]:
    """Running, pending, or stuck by silence; and what silence will make of it."""
    flow, step, known = in_progress(detail)
    begun = bool(detail.steps) or detail.record.started_at is not None or len(detail.events) > 1
    state = RunState.RUNNING if begun else RunState.PENDING
    stuck = _stuck(detail, claim, flow, step, known, limits)
    if detail.updated_at is None:
        return Ruling(state, _moving_reason(detail, state, flow, step, known), flow, step), None
    at = detail.updated_at + timedelta(seconds=limits.stuck_after_s)
    if now >= at:
        text = f"{stuck.text.removesuffix(')')}, it has been {span((now - detail.updated_at).total_seconds())})"
        return Ruling(RunState.STUCK, stuck.model_copy(update={"text": text}), flow, step), None
    ruling = Ruling(state, _moving_reason(detail, state, flow, step, known), flow, step)
    return ruling, Becomes(at=at, state=RunState.STUCK, reason=stuck)


def _moving_reason(
    detail: RunDetail, state: RunState, flow: str | None, step: str | None, known: StepFact | None
) -> Reason:
    evidence = (known.evidence,) if known is not None and known.evidence is not None else claim_evidence(detail)
    if state is RunState.PENDING:
        return Reason(text="nothing has begun yet", evidence=evidence)
    if known is not None:
        return Reason(text=f"{where(flow, step)} began at {clock(known.started_at)}", evidence=evidence)
    if step is not None:
        return Reason(text=f"{where(flow, step)} is next", evidence=evidence)
    return Reason(text="in progress", evidence=evidence)


def _stuck(
    detail: RunDetail, claim: Claim, flow: str | None, step: str | None, known: StepFact | None, limits: Limits
) -> Reason:
    since = clock(detail.updated_at)
    allowed = span(limits.stuck_after_s) + (f": {limits.normal}" if limits.normal else "")
    if known is not None:
        what = f"{where(flow, step)} began at {clock(known.started_at)} and never ended"
    elif detail.steps and step is not None:
        what = f"{where(flow, step)} was next and left no trace"
    elif detail.steps:
        what = f"no step after {where(detail.steps[-1].flow, detail.steps[-1].step)}"
    else:
        what = "no step ever began"
    claims = f'says "{detail.record.claimed}", but ' if claim is not Claim.NONE else ""
    text = f"{claims}{what}; nothing since {since} (a step may take {allowed})"
    evidence = (known.evidence,) if known is not None and known.evidence is not None else ()
    evidence = (*evidence, *silence_evidence(detail), *claim_evidence(detail))
    return Reason(text=text, evidence=evidence, code=Code.SILENT)
