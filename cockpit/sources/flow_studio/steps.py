"""Steps put together from everything that speaks of them: events, receipts, handoffs.

The later record wins, and of one attempt the worse one does: a receipt is written before its step's last event, and
overwritten by the next round of a microloop (formats/flow-studio.md 1, "Microloops overwrite"). So what an event says
of an attempt does not turn its failed receipt green; only another attempt, begun after that receipt, does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Handoff, HandoffStatus, Receipt, StepFact, StepStatus
from cockpit.sources.fields import SHORT, newest
from cockpit.sources.flow_studio.events import Mark
from cockpit.sources.flow_studio.plan import Names
from cockpit.sources.trusted import trusted

Key = tuple[str, str]

_BY_HANDOFF = {
    HandoffStatus.VERIFIED: StepStatus.SUCCEEDED,
    HandoffStatus.UNVERIFIED: StepStatus.PARTIAL,
    HandoffStatus.PARTIAL: StepStatus.PARTIAL,
    HandoffStatus.BLOCKED: StepStatus.PARTIAL,
    HandoffStatus.FAILED: StepStatus.FAILED,
    HandoffStatus.SKIPPED: StepStatus.SKIPPED,
}


@dataclass(slots=True)
class _Sources:
    mark: Mark | None = None
    receipt: Receipt | None = None
    handoff: Handoff | None = None
    draft: Handoff | None = None


def step_facts(
    marks: dict[Key, Mark],
    receipts: Sequence[Receipt],
    handoffs: Sequence[Handoff],
    names: Names,
    events_path: str,
    flow_order: Sequence[str],
) -> tuple[StepFact, ...]:
    """Every step that left a trace, flow by flow in `flow_order`, in the order they began.

    Args:
        marks: What the events say.
        receipts: All receipts.
        handoffs: All handoffs, drafts included.
        names: The tree's steps.
        events_path: The event log's path relative to the root, for evidence.
        flow_order: Flow keys in the order they were to run; others follow.
    """
    found: dict[Key, _Sources] = {key: _Sources(mark=mark) for key, mark in marks.items()}
    for receipt in receipts:
        key = (receipt.flow, receipt.step)
        sources = found.get(key)
        if sources is None:
            sources = found[key] = _Sources()
        if sources.receipt is None or _ended(receipt) >= _ended(sources.receipt):
            sources.receipt = receipt
    for handoff in handoffs:
        sources = found.setdefault((handoff.flow, handoff.step), _Sources())
        if handoff.draft:
            sources.draft = handoff
        else:
            sources.handoff = handoff
    any_receipt = bool(receipts)
    facts = [(_fact(key, sources, events_path, any_receipt), sources) for key, sources in found.items()]
    rank = {flow: i for i, flow in enumerate(flow_order)}
    facts.sort(key=lambda pair: _order(pair[0], pair[1], rank, names))
    return tuple(fact for fact, _ in facts)


def _ended(receipt: Receipt) -> float:
    at = receipt.ended_at or receipt.modified_at
    return 0.0 if at is None else at.timestamp()


def _order(fact: StepFact, sources: _Sources, rank: dict[str, int], names: Names) -> tuple[int, str, int, float, int]:
    began = fact.started_at or fact.ended_at
    mark = sources.mark
    return (
        rank.get(fact.flow, len(rank)),
        "" if fact.flow in rank else fact.flow,
        1_000_000 if mark is None else mark.order,
        began.timestamp() if began is not None else float("inf"),
        names.position(fact.flow, fact.step),
    )


def _fact(key: Key, sources: _Sources, events_path: str, has_receipts: bool) -> StepFact:
    mark, receipt = sources.mark, sources.receipt
    if mark is None and receipt is not None and sources.handoff is None and sources.draft is None:
        return _by_receipt(key, receipt)
    # Without a committed envelope the draft is what is left of the step's word.
    handoff = sources.handoff or sources.draft
    status, error, evidence = StepStatus.UNKNOWN, None, None
    if mark is not None and mark.line is not None:
        status, error = mark.status, mark.error
        evidence = _evidence(events_path, mark.line, mark.quote)
    if receipt is not None and _receipt_wins(mark, status, receipt):
        status = receipt.status
        error = receipt.error or (error if status.bad else None)
        quote = receipt.error or f'"status": "{receipt.raw_status}"'
        evidence = _evidence(receipt.path, None, quote[:SHORT])
    if handoff is not None and status is StepStatus.UNKNOWN:
        status, error, evidence = _by_handoff(handoff, error, no_receipt=has_receipts and receipt is None)
    if status is StepStatus.UNKNOWN and mark is not None and mark.ended_at is not None:
        status = StepStatus.SUCCEEDED  # the newest tree's step_timing marks an end and says nothing else
    made = {
        "flow": key[0],
        "step": key[1],
        "agent": _agent(mark, receipt, handoff),
        "status": status,
        "started_at": (mark.started_at if mark is not None else None) or (receipt.started_at if receipt else None),
        "ended_at": _end(mark, receipt, handoff, status),
        "attempts": max(mark.attempts if mark is not None else 1, 1),
        "error": error if status.bad else None,
        "evidence": evidence,
    }
    return trusted(StepFact, made)


def _by_receipt(key: Key, receipt: Receipt) -> StepFact:
    """The everyday case of a first scan: nothing but a receipt speaks of the step."""
    status = receipt.status
    quote = receipt.error or f'"status": "{receipt.raw_status}"'
    made = {
        "flow": key[0],
        "step": key[1],
        "agent": receipt.agent,
        "status": status,
        "started_at": receipt.started_at,
        "ended_at": None if status is StepStatus.RUNNING else receipt.ended_at,
        "attempts": 1,
        "error": receipt.error if status is not StepStatus.SUCCEEDED and status.bad else None,
        "evidence": _evidence(receipt.path, None, quote[:SHORT]),
    }
    return trusted(StepFact, made)


def _evidence(path: str, line: int | None, quote: str) -> Evidence:
    return trusted(Evidence, {"rank": Rank.RECEIPT, "path": path, "line": line, "quote": quote})


def _receipt_wins(mark: Mark | None, status: StepStatus, receipt: Receipt) -> bool:
    if receipt.status is StepStatus.UNKNOWN:
        return status is StepStatus.UNKNOWN
    if mark is None or status is StepStatus.UNKNOWN:
        return True
    end, said = receipt.ended_at or receipt.modified_at, mark.ended_at or mark.started_at
    if status is StepStatus.RUNNING:
        return end is not None and said is not None and end > said
    if status.bad == receipt.status.bad:
        return receipt.status.bad and receipt.error is not None and mark.error is None
    if receipt.status.bad:
        if end is None or said is None or end >= said or (said - end).total_seconds() < 1:
            return True
        return mark.started_at is None or mark.started_at <= end
    return receipt.ended_at is not None and said is not None and receipt.ended_at > said


def _by_handoff(handoff: Handoff, error: str | None, *, no_receipt: bool) -> tuple[StepStatus, str | None, Evidence]:
    status = _BY_HANDOFF.get(handoff.status, StepStatus.UNKNOWN)
    quote = f'"status": "{handoff.raw_status}"'
    if no_receipt and handoff.fallback and handoff.status is HandoffStatus.UNVERIFIED:
        # The newest tree's Gemini engine leaves no other trace of a failure (formats/flow-studio.md 4).
        status = StepStatus.FAILED
        quote = f'{quote}, made up by the orchestrator, and no receipt: "{handoff.summary}"'
    elif handoff.error:
        error, quote = handoff.error, handoff.error
    return status, error, Evidence(rank=Rank.NARRATIVE, path=handoff.path, quote=quote[:SHORT])


def _agent(mark: Mark | None, receipt: Receipt | None, handoff: Handoff | None) -> str | None:
    if receipt is not None and receipt.agent:
        return receipt.agent
    if mark is not None and mark.agent:
        return mark.agent
    return handoff.agent if handoff is not None else None


def _end(mark: Mark | None, receipt: Receipt | None, handoff: Handoff | None, status: StepStatus) -> datetime | None:
    if status is StepStatus.RUNNING:
        return None
    ends = newest(mark.ended_at if mark else None, receipt.ended_at if receipt else None)
    return ends or (handoff.at if handoff is not None else None)
