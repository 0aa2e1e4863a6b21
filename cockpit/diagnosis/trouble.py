"""Rules about what went wrong: blocked, failed, waiting for a person, interrupted, stopped."""

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.parts import Ruling, begun_since, claim_evidence, fact, gist, of_kind, where
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import HandoffStatus, Receipt, Signal, SignalKind, StepFact, StepStatus
from cockpit.models.run import Reason, RunState


def blocked(detail: RunDetail) -> list[Ruling]:
    """Handoffs that say BLOCKED and whose step did not begin again since."""
    found = []
    for signal in of_kind(detail, SignalKind.BLOCKED):
        step = fact(detail, signal.flow, signal.step)
        if step is not None and step.started_at is not None and signal.at is not None and step.started_at > signal.at:
            continue
        asked = [
            one.evidence
            for one in of_kind(detail, SignalKind.NEEDS_HUMAN, SignalKind.ESCALATION)
            if (one.flow, one.step) == (signal.flow, signal.step)
        ]
        text = f"{where(signal.flow, signal.step)} is BLOCKED: {gist(signal.text)}"
        if asked:
            text += " (needs a human)"
        reason = Reason(text=text, evidence=(signal.evidence, *asked[:2]), code=Code.BLOCKED)
        found.append(Ruling(RunState.BLOCKED, reason, signal.flow, signal.step, signal.text))
    return found


def failed_steps(detail: RunDetail) -> list[StepFact]:
    """Steps that failed or ran out of time, in order."""
    return [step for step in detail.steps if step.status in (StepStatus.FAILED, StepStatus.TIMEOUT)]


def failures(detail: RunDetail, claim: Claim) -> list[Ruling]:
    """Failed steps, failed flows and failures of the run as a whole, the first to happen first."""
    found = [_step_failure(detail, step) for step in failed_steps(detail)]
    told = {ruling.flow for ruling in found}
    found += [_flow_failure(detail, signal) for signal in flow_failures(detail, claim) if signal.flow not in told]
    last = of_kind(detail, SignalKind.RUN_FAILED)[-1:]
    if not found and last and not any(begun_since(detail, flow, last[0].at) for flow in detail.record.flows):
        said = last[0].text
        reason = Reason(text=f"the run failed: {gist(said)}", evidence=(last[0].evidence,), code=Code.RUN_FAILED)
        found.append(Ruling(RunState.FAILED, reason, *_last_place(detail), said))
    if not found and claim is Claim.FAILED:
        found.append(_claimed_failure(detail))
    return found


def flow_failures(detail: RunDetail, claim: Claim) -> list[Signal]:
    """The flows whose last word is that they failed, unless they were begun again since.

    A summary made by an agent counts where nothing else speaks.
    """
    last: dict[str | None, Signal] = {}
    for signal in of_kind(detail, SignalKind.FLOW_FAILED, SignalKind.FLOW_ENDED):
        if signal.evidence.rank is Rank.ARTIFACT and (claim is not Claim.NONE or detail.steps):
            continue
        last[signal.flow] = signal
    return [
        signal
        for signal in last.values()
        if signal.kind is SignalKind.FLOW_FAILED and not begun_since(detail, signal.flow, signal.at)
    ]


def _step_failure(detail: RunDetail, step: StepFact) -> Ruling:
    place = where(step.flow, step.step)
    how = "timed out" if step.status is StepStatus.TIMEOUT else "failed"
    raw = step.error or _said_elsewhere(detail, step)
    said = gist(raw)
    receipts = [one for one in detail.receipts if (one.flow, one.step) == (step.flow, step.step)]
    envelopes = [one for one in detail.handoffs if (one.flow, one.step) == (step.flow, step.step)]
    evidence = [step.evidence] if step.evidence is not None else []
    evidence += [signal.evidence for signal in _about(detail, step) if signal.evidence not in evidence][:2]
    evidence += [_status_of(receipt) for receipt in receipts if receipt.status.bad][:1]
    if said:
        text = f"{place} {how}: {said}"
    elif any(one.fallback for one in envelopes) and not receipts:
        text = f"{place} {how} without a word: the orchestrator made up its handoff ({envelopes[0].raw_status})"
    else:
        text = f"{place} {how}, and no record says why"
    if not receipts:
        text += "; it left no receipt"
    for draft in envelopes:
        if draft.draft and draft.summary and draft.status in (HandoffStatus.UNVERIFIED, HandoffStatus.BLOCKED):
            if not draft.fallback and draft.summary not in text:
                text += f"; its draft says {draft.raw_status}: {gist(draft.summary)}"
            evidence.append(Evidence(rank=Rank.NARRATIVE, path=draft.path, quote=draft.summary[:400]))
    code = Code.STEP_TIMED_OUT if step.status is StepStatus.TIMEOUT else Code.STEP_FAILED
    reason = Reason(text=text, evidence=_once(evidence), code=code)
    return Ruling(RunState.FAILED, reason, step.flow, step.step, raw)


def _once(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    places = {(one.path, one.line): one for one in reversed(evidence)}
    return tuple(reversed(places.values()))


def _status_of(receipt: Receipt) -> Evidence:
    return Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=f'"status": "{receipt.raw_status}"')


def _about(detail: RunDetail, step: StepFact) -> list[Signal]:
    kinds = (SignalKind.STEP_ERROR, SignalKind.TIMEOUT)
    return [one for one in of_kind(detail, *kinds) if (one.flow, one.step) == (step.flow, step.step)]


def _said_elsewhere(detail: RunDetail, step: StepFact) -> str:
    for signal in reversed(_about(detail, step)):
        if gist(signal.text):
            return signal.text
    return ""


def _flow_failure(detail: RunDetail, signal: Signal) -> Ruling:
    steps = [step for step in detail.steps if step.flow == signal.flow]
    planned = sum(1 for step in detail.plan if step.flow == signal.flow)
    text = f"flow {signal.flow or '?'} failed: {gist(signal.text)}"
    if steps and planned:
        text += f" (after {len(steps)} of {planned} steps)"
    last = steps[-1].step if steps else None
    reason = Reason(text=text, evidence=(signal.evidence,), code=Code.FLOW_FAILED)
    return Ruling(RunState.FAILED, reason, signal.flow, last, signal.text)


def _claimed_failure(detail: RunDetail) -> Ruling:
    flow, step = _last_place(detail)
    said = gist(detail.record.error)
    text = f"the run failed at {where(flow, step)}" if step else "the run failed before any step"
    text += f": {said}" if said else ", and no record says why"
    evidence = claim_evidence(detail)
    if detail.record.error and evidence:
        evidence = (evidence[0].model_copy(update={"quote": detail.record.error[:400]}),)
    reason = Reason(text=text, evidence=evidence, code=Code.RUN_FAILED)
    return Ruling(RunState.FAILED, reason, flow, step, detail.record.error or "")


def _last_place(detail: RunDetail) -> tuple[str | None, str | None]:
    """Where a run ended that does not say so: the step it had routed to, else the last that left a trace."""
    record = detail.record
    if record.current_step is not None and fact(detail, record.current_flow, record.current_step) is None:
        return record.current_flow, record.current_step
    if detail.steps:
        return detail.steps[-1].flow, detail.steps[-1].step
    return record.current_flow or (record.flows[0] if record.flows else None), record.current_step


def asks(detail: RunDetail) -> list[Ruling]:
    """Decisions a person was asked for, in a flow where nothing began since."""
    found = []
    for signal in of_kind(detail, SignalKind.ESCALATION, SignalKind.NEEDS_HUMAN):
        if begun_since(detail, signal.flow, signal.at):
            continue
        escalated = signal.kind is SignalKind.ESCALATION
        what = "was escalated" if escalated else "needs a human"
        text = f"{where(signal.flow, signal.step)} {what} and nobody answered: {gist(signal.text)}"
        code = Code.ESCALATED if escalated else Code.NEEDS_HUMAN
        reason = Reason(text=text, evidence=(signal.evidence,), code=code)
        found.append(Ruling(RunState.WAITING, reason, signal.flow, signal.step, signal.text))
    return found[-1:]


def interruptions(detail: RunDetail, claim: Claim) -> list[Ruling]:
    """Interrupted steps, interrupt records nothing followed, and the run's own word for it."""
    found = []
    for step in detail.steps:
        if step.status is StepStatus.INTERRUPTED:
            evidence = () if step.evidence is None else (step.evidence,)
            text = f"{where(step.flow, step.step)} was interrupted"
            reason = Reason(text=text, evidence=evidence, code=Code.INTERRUPTED)
            found.append(Ruling(RunState.INTERRUPTED, reason, step.flow, step.step))
    for signal in of_kind(detail, SignalKind.INTERRUPTED):
        if not begun_since(detail, signal.flow, signal.at):
            text = f"{where(signal.flow, signal.step)}: {gist(signal.text)}"
            reason = Reason(text=text, evidence=(signal.evidence,), code=Code.INTERRUPTED)
            found.append(Ruling(RunState.INTERRUPTED, reason, signal.flow, signal.step))
    if claim is Claim.INTERRUPTED:
        record = detail.record
        text = f"the run was {record.claimed}"
        reason = Reason(text=text, evidence=claim_evidence(detail), code=Code.INTERRUPTED)
        found.insert(0, Ruling(RunState.INTERRUPTED, reason, record.current_flow, record.current_step))
    return found


def stops(detail: RunDetail, claim: Claim) -> list[Ruling]:
    """A run that was stopped between two steps and can be resumed."""
    signals = of_kind(detail, SignalKind.STOPPED)
    signals = [signal for signal in signals if not begun_since(detail, signal.flow, signal.at)]
    if claim is not Claim.STOPPED:
        return []
    record = detail.record
    named = next((signal for signal in signals if signal.step), None)
    flow = named.flow or record.current_flow if named else record.current_flow
    step = named.step if named else record.current_step
    said = gist(record.error) or (gist(signals[-1].text) if signals else "")
    text = f"{record.claimed} before {where(flow, step)}, can be resumed" + (f": {said}" if said else "")
    evidence = (*(signal.evidence for signal in signals[-2:]), *claim_evidence(detail))
    return [Ruling(RunState.PARTIAL, Reason(text=text, evidence=evidence, code=Code.STOPPED), flow, step)]
