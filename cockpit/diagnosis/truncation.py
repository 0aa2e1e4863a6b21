"""Steps a run should have done and did not: the silent truncation behind a green status (formats/flow-studio.md 4)."""

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.parts import Ruling, of_kind
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import PlannedStep, Signal, SignalKind
from cockpit.models.run import Reason, RunState


def truncated(detail: RunDetail) -> list[Ruling]:
    """Flows that ended before their last step, or never began, although nothing failed."""
    found = []
    for flow in detail.record.flows:
        ruling = _flow(detail, flow)
        if ruling is not None:
            found.append(ruling)
    return found


def _flow(detail: RunDetail, flow: str) -> Ruling | None:
    planned = [step for step in detail.plan if step.flow == flow]
    seen = {step.step for step in detail.steps if step.flow == flow}
    missing = [step for step in planned if step.step not in seen]
    if not missing:
        return None
    end = _end(detail, flow)
    if not seen:
        if end is not None or not detail.steps:
            return None  # run by a backend that records whole flows only
        reason = Reason(
            text=f"{flow} never began: none of its {len(planned)} steps left a trace", code=Code.NEVER_BEGAN
        )
        return Ruling(RunState.PARTIAL, reason, flow, missing[0].step)
    if began_late(planned, seen):
        missing = missing[len(planned) - len(_from_first(planned, seen)) :]
        if not missing:
            return None
    names = ", ".join(step.step for step in missing[:4]) + (" …" if len(missing) > 4 else "")
    text = f"{flow} ended after {len(planned) - len(missing)} of {len(planned)} steps; no trace of {names}"
    evidence = () if end is None else (end.evidence,)
    reason = Reason(text=text, evidence=evidence, code=Code.TRUNCATED)
    return Ruling(RunState.PARTIAL, reason, flow, missing[0].step)


def _end(detail: RunDetail, flow: str) -> Signal | None:
    ends = [one for one in of_kind(detail, SignalKind.FLOW_ENDED) if one.flow == flow]
    ends = [one for one in ends if one.evidence.rank is not Rank.ARTIFACT]
    return ends[-1] if ends else None


def _from_first(planned: list[PlannedStep], seen: set[str]) -> list[PlannedStep]:
    first = next(i for i, step in enumerate(planned) if step.step in seen)
    return planned[first:]


def began_late(planned: list[PlannedStep], seen: set[str]) -> bool:
    """Whether a flow was begun at a later step and then taken to its end (a resume gets a run of its own in v1)."""
    return bool(planned) and planned[0].step not in seen and planned[-1].step in seen


def late_starts(detail: RunDetail) -> list[Reason]:
    """A warning for every flow that was begun at a later step."""
    found = []
    for flow in detail.record.flows:
        planned = [step for step in detail.plan if step.flow == flow]
        seen = {step.step for step in detail.steps if step.flow == flow}
        if seen and began_late(planned, seen):
            rest = _from_first(planned, seen)
            first = next(step for step in detail.steps if step.flow == flow)
            evidence: tuple[Evidence, ...] = () if first.evidence is None else (first.evidence,)
            text = f"{flow} began at {rest[0].step}; the {len(planned) - len(rest)} steps before it are not in this run"
            found.append(Reason(text=text, evidence=evidence, warn=True, code=Code.LATE_START))
    return found


def all_flows_ended(detail: RunDetail, claim: Claim) -> bool:
    """Whether every flow the run was asked to do has ended, by the events' word (an agent's, where nothing claims)."""
    ended = {
        one.flow
        for one in of_kind(detail, SignalKind.FLOW_ENDED)
        if one.evidence.rank is not Rank.ARTIFACT or claim is Claim.NONE
    }
    flows = detail.record.flows or tuple(flow for flow in ended if flow)
    return bool(flows) and set(flows) <= ended
