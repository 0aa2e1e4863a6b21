"""Warnings: what does not decide a run's state, but does not fit together."""

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.parts import gist, of_kind, where
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import HandoffStatus, Receipt, SignalKind, StepStatus
from cockpit.models.run import Reason

_SHOWN = 3


def warnings(detail: RunDetail) -> list[Reason]:
    """Everything below, loudest first."""
    return [
        *_receipts_that_differ(detail),
        *_boundary(detail),
        *_timeouts(detail),
        *_exhausted_loops(detail),
        *_stalled(detail),
        *_unverified(detail),
        *_other_records(detail),
        *_stubs(detail),
    ]


def _receipts_that_differ(detail: RunDetail) -> list[Reason]:
    bad = {(step.flow, step.step): step for step in detail.steps if step.status.bad}
    found = []
    for receipt in detail.receipts if bad else ():
        step = bad.get((receipt.flow, receipt.step))
        if step is not None and receipt.status is StepStatus.SUCCEEDED:
            place = where(step.flow, step.step)
            text = f"the receipt of {place} says {receipt.raw_status}, its events say {step.status.value}"
            own = Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=f'"status": "{receipt.raw_status}"')
            evidence = (own,) if step.evidence is None else (step.evidence, own)
            found.append(Reason(text=text, evidence=evidence, warn=True, code=Code.RECEIPT_DIFFERS))
    return found


def _boundary(detail: RunDetail) -> list[Reason]:
    signals = of_kind(detail, SignalKind.BOUNDARY)
    if not signals:
        return []
    text = f"boundary scan: {gist(signals[0].text)}" + (f" and {len(signals) - 1} more" if len(signals) > 1 else "")
    evidence = tuple(one.evidence for one in signals[:_SHOWN])
    return [Reason(text=text, evidence=evidence, warn=True, code=Code.BOUNDARY)]


def _timeouts(detail: RunDetail) -> list[Reason]:
    return [
        Reason(
            text=f"{where(one.flow, one.step)}: {gist(one.text)}",
            evidence=(one.evidence,),
            warn=True,
            code=Code.TIMEOUT,
        )
        for one in of_kind(detail, SignalKind.TIMEOUT)[:_SHOWN]
    ]


def _exhausted_loops(detail: RunDetail) -> list[Reason]:
    signals = {(one.flow, one.step): one for one in of_kind(detail, SignalKind.LOOP_EXHAUSTED)}
    if not signals:
        return []
    names = ", ".join(where(flow, step) for flow, step in list(signals)[:6])
    loops = "microloop" if len(signals) == 1 else "microloops"
    reason = next(iter(signals.values())).text
    text = f"{len(signals)} {loops} ended at the limit of rounds ({gist(reason)}): {names}"
    evidence = tuple(one.evidence for one in list(signals.values())[:6])
    return [Reason(text=text, evidence=evidence, warn=True, code=Code.LOOP_EXHAUSTED)]


def _stalled(detail: RunDetail) -> list[Reason]:
    signals = [one for one in of_kind(detail, SignalKind.STALLED) if one.evidence.rank is not Rank.ARTIFACT]
    return [
        Reason(
            text=f"{where(one.flow, one.step)} stalled: {gist(one.text)}",
            evidence=(one.evidence,),
            warn=True,
            code=Code.STALLED,
        )
        for one in signals[-1:]
    ]


def _unverified(detail: RunDetail) -> list[Reason]:
    by_step = {(one.flow, one.step): one for one in of_kind(detail, SignalKind.VERIFICATION_FAILED)}
    lying = [
        one for one in detail.handoffs
        if one.verified is False and one.status is HandoffStatus.VERIFIED and not one.draft
    ]  # fmt: skip
    if not by_step and not lying:
        return []
    steps = set(by_step) | {(one.flow, one.step) for one in lying}
    evidence = [one.evidence for one in list(by_step.values())[:_SHOWN]]
    evidence += [
        Evidence(rank=Rank.RECEIPT, path=one.path, quote='"verification_passed": false') for one in lying[:_SHOWN]
    ]
    text = f"verification failed on {len(steps)} step" + ("s" if len(steps) > 1 else "")
    if lying:
        text += f" (verification_failed), {len(lying)} of them handed off as VERIFIED"
    code = Code.VERIFIED_OVER_FAILURE if lying else Code.VERIFICATION_FAILED
    return [Reason(text=text, evidence=tuple(evidence), warn=True, code=code)]


def _other_records(detail: RunDetail) -> list[Reason]:
    return [
        Reason(
            text=f"{one.path.rpartition('/')[2]} says {one.quote.rpartition(': ')[2]}",
            evidence=(one,),
            warn=True,
            code=Code.RECORD_DIFFERS,
        )
        for one in detail.record.others
    ]


def _stubs(detail: RunDetail) -> list[Reason]:
    stubs = [one for one in detail.receipts if (one.mode or "").lower() == "stub"]
    if not stubs:
        return []
    total = len(detail.receipts)
    share = f"{len(stubs)} of {total} receipts are" if total > 1 else "its only receipt is"
    text = f"{share} of mode stub, whose success proves nothing"
    return [Reason(text=text, evidence=(_mode(stubs[0]),), warn=True, code=Code.STUB)]


def _mode(receipt: Receipt) -> Evidence:
    return Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=f'"mode": "{receipt.mode}"')
