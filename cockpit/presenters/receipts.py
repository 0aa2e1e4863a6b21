"""The steps of the run in scope: what was done with what receipt, and what should have been done and was not."""

from collections.abc import Iterable
from datetime import datetime

from cockpit.models.detail import RunDetail
from cockpit.models.records import Handoff, HandoffStatus, Receipt, StepFact, StepStatus
from cockpit.presenters import times, words
from cockpit.presenters.runs import place
from cockpit.presenters.times import TimeStyle
from widgets.rows import EMPTY, Cell, Level, ReceiptRow, Tone

STEP_KEY = "step"
"""Row keys are `step<TAB>length of flow<TAB>flow and step`, whatever these hold: `step_of` takes them apart."""


def step_key(flow: str, step: str) -> str:
    """Row key of a step."""
    return f"{STEP_KEY}\t{len(flow)}\t{flow}{step}"


def step_of(key: str) -> tuple[str, str] | None:
    """Flow and step of a row key, or `None` for another kind of row."""
    kind, *rest = key.split("\t", 2)
    if kind != STEP_KEY or len(rest) != 2 or not rest[0].isdecimal():
        return None
    length, both = int(rest[0]), rest[1]
    return both[:length], both[length:]


def receipt_rows(detail: RunDetail, now: datetime, style: TimeStyle, *, unicode: bool = False) -> list[ReceiptRow]:
    """One row a step in order: those done, then (dim) those still expected."""
    receipts = {(receipt.flow, receipt.step): receipt for receipt in detail.receipts}
    handoffs = best_handoffs(detail.handoffs)
    seen = {(fact.flow, fact.step) for fact in detail.steps}
    rows = [
        _done(fact, receipts.get((fact.flow, fact.step)), handoffs.get((fact.flow, fact.step)), now, style, unicode)
        for fact in detail.steps
    ]
    rows.extend(
        ReceiptRow(
            key=step_key(planned.flow, planned.step),
            state=Cell(". not run", Tone.DIM),
            step=words.text(place(planned.flow, planned.step), Tone.DIM),
            agent=words.text(planned.agent, Tone.DIM),
        )
        for planned in detail.plan
        if (planned.flow, planned.step) not in seen
    )
    return rows


def best_handoffs(handoffs: Iterable[Handoff]) -> dict[tuple[str, str], Handoff]:
    """The handoff that speaks loudest for each step: a BLOCKED draft outweighs a committed success."""
    best: dict[tuple[str, str], Handoff] = {}
    for handoff in handoffs:
        key = (handoff.flow, handoff.step)
        known = best.get(key)
        if known is None or (handoff.status is HandoffStatus.BLOCKED) or (known.draft and not handoff.draft):
            if known is not None and known.status is HandoffStatus.BLOCKED and handoff.status is not known.status:
                continue
            best[key] = handoff
    return best


def _done(
    fact: StepFact, receipt: Receipt | None, handoff: Handoff | None, now: datetime, style: TimeStyle, unicode: bool
) -> ReceiptRow:
    level = words.step_level(fact.status)
    note = _note(fact, receipt, handoff)
    if note.tone is Tone.BAD and level is Level.INFO:
        level = Level.ERROR
    elif note.tone is Tone.WARN and level is Level.INFO:
        level = Level.WARN
    tokens = receipt.tokens.total if receipt and receipt.tokens else 0
    took = receipt.duration_ms if receipt and receipt.duration_ms is not None else _took(fact)
    tries = f" x{fact.attempts}" if fact.attempts > 1 else ""
    return ReceiptRow(
        key=step_key(fact.flow, fact.step),
        level=level,
        state=words.step_status(fact.status, unicode=unicode),
        step=words.text(f"{place(fact.flow, fact.step)}{tries}"),
        agent=words.text(fact.agent, Tone.DIM),
        took=Cell(times.duration_ms(took), Tone.DIM),
        tokens=Cell(f"{tokens:,}" if tokens else "", Tone.DIM),
        at=Cell(times.moment(fact.ended_at or fact.started_at, now, style), Tone.DIM),
        note=note,
    )


def _took(fact: StepFact) -> int | None:
    if fact.started_at is None or fact.ended_at is None:
        return None
    return max(0, int((fact.ended_at - fact.started_at).total_seconds() * 1000))


def _note(fact: StepFact, receipt: Receipt | None, handoff: Handoff | None) -> Cell:
    """The most telling word about a step: its error, its blocked handoff, a missing receipt, its summary."""
    if receipt is not None and receipt.status.bad and fact.status is StepStatus.SUCCEEDED:
        return Cell(f"no receipt of this attempt; the one before: {receipt.status.value}", Tone.WARN)
    error = fact.error or (receipt.error if receipt else None)
    if error:
        return words.text(last_line(error), Tone.BAD)
    if handoff is not None:
        loud = handoff.status in (HandoffStatus.BLOCKED, HandoffStatus.FAILED)
        human = handoff.routing is not None and handoff.routing.needs_human
        if loud or human:
            why = (handoff.routing.reason if handoff.routing else "") or handoff.error or handoff.summary
            label = handoff.status.value.upper() if loud else "needs a person"
            return words.text(f"{label}: {why}" if why else label, Tone.BAD if loud else Tone.WARN)
        if handoff.verified is False:
            return words.text(f"verification failed behind {handoff.status.value.upper()}", Tone.WARN)
    if receipt is None and fact.status.value != "running":
        return Cell("no receipt", Tone.DIM)
    if handoff is not None and handoff.status is not HandoffStatus.UNKNOWN:
        return words.text(f"{handoff.status.value.upper()} {handoff.summary}".strip(), Tone.DIM)
    return EMPTY


def last_line(error: str) -> str:
    """The line of a traceback that says what went wrong: its last one that is not empty."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    return lines[-1] if lines else ""
