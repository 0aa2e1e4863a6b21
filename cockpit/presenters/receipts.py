"""The steps of the run in scope: what was done with what receipt, and what should have been done and was not."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import overload

from cockpit.models.detail import RunDetail
from cockpit.models.records import Handoff, HandoffStatus, PlannedStep, Receipt, StepFact, StepStatus
from cockpit.presenters import times, words
from cockpit.presenters.lazy import LazyRows
from cockpit.presenters.runs import place
from cockpit.presenters.times import TimeStyle
from widgets.rows import EMPTY, Cell, Level, ReceiptRow, Tone

STEP_KEY = "step"
"""Row keys are `step<TAB>length of flow<TAB>flow and step`, whatever these hold: `step_of` takes them apart."""


_LOUD = (HandoffStatus.BLOCKED, HandoffStatus.FAILED)


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


class Steps(Sequence[StepFact | PlannedStep]):
    """The steps of a run with what belongs to each: those done, then those still expected."""

    def __init__(self, detail: RunDetail) -> None:
        self._done = detail.steps
        self._places = {(fact.flow, fact.step): place for place, fact in enumerate(detail.steps)}
        self._planned = tuple(one for one in detail.plan if (one.flow, one.step) not in self._places)
        for number, planned in enumerate(self._planned, len(self._done)):
            self._places.setdefault((planned.flow, planned.step), number)
        self._receipts = {(receipt.flow, receipt.step): receipt for receipt in detail.receipts}
        self._handoffs = best_handoffs(detail.handoffs)

    def __len__(self) -> int:
        return len(self._done) + len(self._planned)

    @overload
    def __getitem__(self, index: int) -> StepFact | PlannedStep: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[StepFact | PlannedStep]: ...
    def __getitem__(self, index: int | slice) -> StepFact | PlannedStep | Sequence[StepFact | PlannedStep]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        done = len(self._done)
        return self._done[index] if index < done else self._planned[index - done]

    def papers(self, fact: StepFact) -> tuple[Receipt | None, Handoff | None]:
        """Receipt and handoff of a step."""
        return self._receipts.get((fact.flow, fact.step)), self._handoffs.get((fact.flow, fact.step))

    def index_of(self, key: str) -> int | None:
        """The place of the step with a row key."""
        step = step_of(key)
        return None if step is None else self._places.get(step)

    def next_level(self, start: int, step: int, levels: frozenset[str]) -> int | None:
        """The nearest step from `start` on that is as loud as one of `levels`; no row is made for it."""
        index = start
        while 0 <= index < len(self):
            fact = self[index]
            if isinstance(fact, StepFact) and _level(fact, *self.papers(fact)).value in levels:
                return index
            index += step
        return None


@lru_cache(1)
def _steps(detail: RunDetail) -> Steps:
    """Made once for a detail, which is shown again whenever ages move."""
    return Steps(detail)


def receipt_rows(
    detail: RunDetail, now: datetime, style: TimeStyle, *, unicode: bool = False
) -> LazyRows[StepFact | PlannedStep, ReceiptRow]:
    """One row a step in order: those done, then (dim) those still expected; made as they are looked at."""
    steps = _steps(detail)

    def row(_index: int, step: StepFact | PlannedStep) -> ReceiptRow:
        if isinstance(step, StepFact):
            return _done(step, *steps.papers(step), now, style, unicode)
        return ReceiptRow(
            key=step_key(step.flow, step.step),
            state=Cell(". not run", Tone.DIM),
            step=words.text(place(step.flow, step.step), Tone.DIM),
            agent=words.text(step.agent, Tone.DIM),
        )

    return LazyRows(steps, row, index_of=steps.index_of)


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
    note = _note(fact, receipt, handoff)
    tokens = receipt.tokens.total if receipt and receipt.tokens else 0
    took = receipt.duration_ms if receipt and receipt.duration_ms is not None else _took(fact)
    tries = f" x{fact.attempts}" if fact.attempts > 1 else ""
    return ReceiptRow(
        key=step_key(fact.flow, fact.step),
        level=_level(fact, receipt, handoff),
        state=words.step_status(fact.status, unicode=unicode),
        step=words.text(f"{place(fact.flow, fact.step)}{tries}"),
        agent=words.text(fact.agent, Tone.DIM),
        took=Cell(times.duration_ms(took), Tone.DIM),
        tokens=Cell(f"{tokens:,}" if tokens else "", Tone.DIM),
        at=Cell(times.moment(fact.ended_at or fact.started_at, now, style), Tone.DIM),
        note=note,
    )


def _level(fact: StepFact, receipt: Receipt | None, handoff: Handoff | None) -> Level:
    """How loud a step is: by its status, else by what its note says (see `_note`)."""
    level = words.step_level(fact.status)
    if level is not Level.INFO:
        return level
    if _of_before(fact, receipt):
        return Level.WARN
    if fact.error or (receipt is not None and receipt.error):
        return Level.ERROR
    if handoff is None:
        return level
    if handoff.status in _LOUD:
        return Level.ERROR
    human = handoff.routing is not None and handoff.routing.needs_human
    return Level.WARN if human or handoff.verified is False else level


def _of_before(fact: StepFact, receipt: Receipt | None) -> bool:
    """Whether the receipt is that of an attempt before the one that went well."""
    return receipt is not None and receipt.status.bad and fact.status is StepStatus.SUCCEEDED


def _took(fact: StepFact) -> int | None:
    if fact.started_at is None or fact.ended_at is None:
        return None
    return max(0, int((fact.ended_at - fact.started_at).total_seconds() * 1000))


def _note(fact: StepFact, receipt: Receipt | None, handoff: Handoff | None) -> Cell:
    """The most telling word about a step: its error, its blocked handoff, a missing receipt, its summary."""
    if receipt is not None and _of_before(fact, receipt):
        return Cell(f"no receipt of this attempt; the one before: {receipt.status.value}", Tone.WARN)
    error = fact.error or (receipt.error if receipt else None)
    if error:
        return words.text(last_line(error), Tone.BAD)
    if handoff is not None:
        loud = handoff.status in _LOUD
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
