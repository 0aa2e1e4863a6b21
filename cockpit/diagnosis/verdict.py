"""From the facts of a run to what the evidence says of it: one pure function.

The rules are in the modules beside this one; here is only their order. A run that is blocked needs someone now,
whatever else is true of it; a failure outweighs the question it may have asked; a green claim has to stand against
the list of steps; and only what should still be moving can be stuck.
"""

from datetime import datetime

from cockpit.diagnosis.claims import Claim, claim_of, contradicted
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.contradictions import warnings
from cockpit.diagnosis.disagreements import observe_claim
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.parts import Ruling, agent_of, begun_since, claim_evidence, gist, of_kind
from cockpit.diagnosis.rulebook import Rules, shipped_rules
from cockpit.diagnosis.signatures import signature
from cockpit.diagnosis.silence import moving
from cockpit.diagnosis.trouble import asks, blocked, failed_steps, failures, flow_failures, interruptions, stops
from cockpit.diagnosis.truncation import all_flows_ended, late_starts, truncated
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import SignalKind, StepStatus
from cockpit.models.run import Becomes, Reason, Run, RunState, StepCounts

__all__ = ["Limits", "judge"]

_MAX_REASONS = 12
_LIMITS = Limits()
_TELLING = (RunState.FAILED, RunState.BLOCKED, RunState.WAITING, RunState.UNREADABLE)
"""States whose deciding text is that of a failure, and has a signature."""
_SAID: dict[str, tuple[str, ...]] = {
    Code.DEGRADED: ("stalled", "signal"),
    Code.ESCALATED: ("escalation", "signal"),
    Code.NEEDS_HUMAN: ("needs_human", "signal"),
    Code.BLOCKED: ("blocked", "signal", "error"),
}
"""What the text of a ruling is, for rules that look in some places only; an error where nothing else is said."""
_DONE = frozenset((StepStatus.SUCCEEDED, StepStatus.SKIPPED, StepStatus.PARTIAL))


def judge(detail: RunDetail, now: datetime, limits: Limits = _LIMITS, rules: Rules | None = None) -> Run:
    """What the evidence says of a run, as of `now`. Pure: same facts, same moment, same verdict.

    Args:
        detail: The facts.
        now: Aware UTC.
        limits: How long silence may last.
        rules: What its findings are made of; the shipped rules where `None`.

    Returns:
        The run's summary: its state, the step that matters, why (the deciding reason first, then further ones, then
        warnings), and what silence will make of it.
    """
    claim = claim_of(detail.record.means or detail.record.claimed)
    rulings, becomes = _rule(detail, claim, now, limits)
    first = rulings[0]
    reasons = [ruling.reason for ruling in rulings]
    reasons += [reason for reason in (*warnings(detail), *late_starts(detail)) if reason not in reasons]
    reasons = reasons[:_MAX_REASONS]
    said = first.said if first.state in _TELLING else ""
    rules = rules or shipped_rules()
    found = quick_findings(rules, detail, first, claim, reasons)
    if becomes is not None:
        then = Ruling(becomes.state, becomes.reason, first.flow, first.step)
        after = quick_findings(rules, detail, then, claim, [becomes.reason, *reasons])
        becomes = becomes.model_copy(update={"findings": after})
    return Run(
        ref=detail.ref,
        title=detail.record.title,
        state=first.state,
        claimed=detail.record.claimed,
        contradicted=contradicted(claim, first.state),
        flow=first.flow,
        step=first.step,
        agent=agent_of(detail, first.flow, first.step),
        started_at=detail.started_at,
        updated_at=detail.updated_at,
        steps=count_steps(detail),
        reasons=tuple(reasons),
        findings=found,
        signature=signature(said) if said else None,
        problems=len(detail.problems),
        becomes=becomes,
        tags=detail.record.tags,
        backend=detail.record.backend,
        fingerprint=detail.fingerprint,
    )


def quick_findings(
    rules: Rules, detail: RunDetail, ruling: Ruling, claim: Claim, reasons: list[Reason]
) -> tuple[str, ...]:
    """Ids of the findings that need no more than what was judged."""
    observed = [(reason.code, reason.text) for reason in reasons if reason.code]
    observed += [(one.code.value, one.text) for one in observe_claim(detail, claim, ruling.state)]
    if not observed:
        return ()
    places = _SAID.get(ruling.reason.code, ("error",))
    return rules.quick(detail.ref.source, ruling.state, claim, ruling.step, observed, ruling.said, places)


def _rule(detail: RunDetail, claim: Claim, now: datetime, limits: Limits) -> tuple[list[Ruling], Becomes | None]:
    unreadable = _unreadable(detail)
    if unreadable is not None:
        return [unreadable], None
    held = blocked(detail)
    failed = failures(detail, claim)
    live = claim.live or claim in (Claim.NONE, Claim.OTHER)
    if live and not held and _went_on(detail, failed, claim):
        ruling, becomes = moving(detail, claim, now, limits)
        if becomes is not None:
            return [ruling, *_as_warnings(failed)], becomes.model_copy(
                update={"state": RunState.FAILED, "reason": failed[0].reason}
            )
    ended = [*held, *failed, *asks(detail), *interruptions(detail, claim), *stops(detail, claim)]
    if claim is Claim.PAUSED or (claim is Claim.NONE and _paused(detail)):
        ended = [*held, *failed, _pause(detail), *asks(detail)]
    if ended:
        # A green claim is shown all of what it hides.
        return [*ended, *(truncated(detail) if claim is Claim.SUCCEEDED else ())], None
    return _unharmed(detail, claim, now, limits)


def _unharmed(detail: RunDetail, claim: Claim, now: datetime, limits: Limits) -> tuple[list[Ruling], Becomes | None]:
    """Nothing says that anything went wrong: done, cut short, or still at it."""
    cut = [*_degraded(detail), *truncated(detail)]
    if claim is Claim.SUCCEEDED:
        return cut or [_succeeded(detail)], None
    # An artifact written by an agent says that all is over; the flows themselves left no other word.
    if all_flows_ended(detail, claim):
        return cut or [_succeeded(detail)], None
    if claim is Claim.NONE and not detail.steps and not len(detail.events) and detail.record.evidence is None:
        return _without_record(detail), None
    if claim is Claim.IDLE:
        reason = Reason(text="it waits to be started", evidence=claim_evidence(detail))
        return [Ruling(RunState.PENDING, reason)], None
    if claim is Claim.SERVING:
        reason = Reason(text="it serves, and waits for requests", evidence=claim_evidence(detail))
        return [Ruling(RunState.RUNNING, reason)], None
    ruling, becomes = moving(detail, claim, now, limits)
    return [ruling], becomes


def _unreadable(detail: RunDetail) -> Ruling | None:
    lost = [problem for problem in detail.problems if problem.fatal]
    if not lost or detail.record.claimed is not None:
        return None
    # A run its own system refuses cannot go on, whatever else it left; any other one is judged by what is left.
    if detail.record.refused is None and (detail.steps or len(detail.events) or detail.signals):
        return None
    worst = lost[0]
    evidence = Evidence(rank=Rank.PHYSICS, path=worst.path, line=worst.line, quote=worst.reason)
    name = worst.path.rpartition("/")[2]
    reason = Reason(text=f"{name} cannot be read: {worst.reason}", evidence=(evidence,), code=Code.UNREADABLE)
    return Ruling(RunState.UNREADABLE, reason, said=worst.reason)


def _went_on(detail: RunDetail, failed: list[Ruling], claim: Claim) -> bool:
    """Whether a live run has its failures behind it: their flow began a step since, and did not give up."""
    steps = failed_steps(detail)
    if not steps or flow_failures(detail, claim):
        return False
    return len(failed) == len(steps) and all(begun_since(detail, step.flow, step.ended_at) for step in steps)


def _as_warnings(rulings: list[Ruling]) -> list[Ruling]:
    return [Ruling(one.state, one.reason.model_copy(update={"warn": True}), one.flow, one.step) for one in rulings]


def _paused(detail: RunDetail) -> bool:
    pauses = of_kind(detail, SignalKind.PAUSED)
    return bool(pauses) and not begun_since(detail, pauses[-1].flow, pauses[-1].at)


def _pause(detail: RunDetail) -> Ruling:
    pauses = of_kind(detail, SignalKind.PAUSED)
    record = detail.record
    evidence = (*(one.evidence for one in pauses[-1:]), *claim_evidence(detail))
    return Ruling(
        RunState.PAUSED,
        Reason(text=f"{record.claimed or 'paused'}, goes on when resumed", evidence=evidence, code=Code.PAUSED),
        record.current_flow,
        record.current_step,
    )


def _degraded(detail: RunDetail) -> list[Ruling]:
    """A flow's own summary that does not call its work done."""
    return [
        Ruling(
            RunState.PARTIAL,
            Reason(text=f"{signal.flow}: {gist(signal.text)}", evidence=(signal.evidence,), code=Code.DEGRADED),
            signal.flow,
            signal.step,
            signal.text,
        )
        for signal in of_kind(detail, SignalKind.STALLED)
        if signal.evidence.rank is Rank.ARTIFACT
    ]


def _succeeded(detail: RunDetail) -> Ruling:
    counts = count_steps(detail)
    ends = of_kind(detail, SignalKind.FLOW_ENDED)
    ends = [one for one in ends if one.evidence.rank is not Rank.ARTIFACT] or ends
    flows = len(detail.record.flows) or len({one.flow for one in ends})
    what = f"{counts.done} steps of {flows} flows" if detail.steps else f"{flows} flows"
    if flows == 1:
        what = what.replace("flows", "flow")
    evidence = (*(one.evidence for one in ends[-1:]), *claim_evidence(detail))
    return Ruling(RunState.SUCCEEDED, Reason(text=f"all of it ended well: {what}", evidence=evidence))


def _without_record(detail: RunDetail) -> list[Ruling]:
    """Neither a record nor a step: a directory with some files in it."""
    cut = _degraded(detail)
    if cut:
        return cut
    flows = sorted({one.flow for one in detail.artifacts if one.flow})
    ended = [one for one in of_kind(detail, SignalKind.FLOW_ENDED) if one.flow]
    if ended:
        evidence = tuple(one.evidence for one in ended[:1])
        names = ", ".join(dict.fromkeys(one.flow or "" for one in ended))
        reason = Reason(
            text=f"by the summary of its flows all is well ({names}); no record of its own", evidence=evidence
        )
        return [Ruling(RunState.SUCCEEDED, reason)]
    if len(flows) > 1:
        return [
            Ruling(RunState.PARTIAL, Reason(text=f"only artifacts of {', '.join(flows)}; no record says how it ended"))
        ]
    return [Ruling(RunState.PENDING, Reason(text="no record and no step: nothing says that it ever ran"))]


def count_steps(detail: RunDetail) -> StepCounts:
    """Steps finished well and badly, each microloop once, and how many there should be."""
    held = {(ruling.flow, ruling.step) for ruling in blocked(detail)}
    done = sum(1 for one in detail.steps if one.status in _DONE and (one.flow, one.step) not in held)
    failed = sum(1 for one in detail.steps if one.status not in _DONE and one.status.bad)
    planned = {(one.flow, one.step) for one in detail.plan}
    known = set(detail.record.flows) <= {flow for flow, _ in planned}
    if not planned or not known or (not detail.steps and _whole_flows(detail)):
        return StepCounts(done=done, failed=failed)
    return StepCounts(done=done, failed=failed, total=len(planned | {(one.flow, one.step) for one in detail.steps}))


def _whole_flows(detail: RunDetail) -> bool:
    """Whether the run's backend records flows as a whole, so that steps cannot be counted."""
    return any(one.evidence.rank is not Rank.ARTIFACT for one in of_kind(detail, SignalKind.FLOW_ENDED))
