"""What an action will supersede and run again, and how long that usually takes. Pure functions of a run's facts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from cockpit.models.detail import RunDetail
from cockpit.models.records import Receipt, StepStatus
from cockpit.sanitize import clean

ONE_STEP = frozenset({"retry"})
"""Actions that touch the step they are given and no other; the rest go on from it to the end of the flow."""

NO_STEPS = frozenset({"rerun", "resume-check"})
"""Actions that name a flow or a step and write nothing of the run: they only look, or make a new one."""

SUPERSEDES = "supersedes "
"""Begins what is said of a file of the run that is written anew; its path is relative to the root."""

_MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class Scope:
    """Which steps an action runs.

    Attributes:
        flow: Of this flow; `None` for an action that runs no steps.
        first: From this step on; `None` for the whole flow.
        only: This step and no other.
    """

    flow: str | None
    first: str | None
    only: bool

    @classmethod
    def of(cls, action: str, needs: set[str], flow: str | None, step: str | None) -> "Scope":
        """The scope of an action with its flow and step."""
        if action in NO_STEPS or not needs & {"flow", "step"}:
            return cls(None, None, only=False)
        return cls(flow, step if "step" in needs else None, only=action in ONE_STEP)


def steps_of(scope: Scope, detail: RunDetail | None) -> list[str]:
    """The steps an action runs, in their order, as far as anything tells."""
    if scope.flow is None:
        return []
    if scope.first is not None and (scope.only or detail is None):
        return [scope.first]
    if detail is None:
        return []
    order = known_steps(detail, scope.flow)
    if scope.first is None:
        return order
    return order[order.index(scope.first) :] if scope.first in order else [scope.first]


def superseded(scope: Scope, detail: RunDetail | None) -> tuple[str, ...]:
    """The files of the run that will be written anew: one line each, in the order of the steps."""
    if detail is None:
        return ()
    lines: dict[str, None] = {}
    for step in steps_of(scope, detail):
        for receipt in detail.receipts:
            if (receipt.flow, receipt.step) == (scope.flow, step):
                lines[f"{SUPERSEDES}the receipt {clean(receipt.path)} ({receipt.status.value})"] = None
                if receipt.transcript:
                    lines[f"{SUPERSEDES}the transcript {clean(receipt.transcript)}"] = None
        for handoff in detail.handoffs:
            if (handoff.flow, handoff.step) == (scope.flow, step):
                kind = "draft handoff" if handoff.draft else "handoff"
                lines[f"{SUPERSEDES}the {kind} {clean(handoff.path)} ({handoff.status.value})"] = None
    if len(lines) > _MOST_FILES:
        return (*list(lines)[:_MOST_FILES], f"{SUPERSEDES}{len(lines) - _MOST_FILES} more files")
    return tuple(lines)


def downstream(scope: Scope, detail: RunDetail | None) -> tuple[str, ...]:
    """Which steps after the first run again, or for the first time."""
    steps = steps_of(scope, detail)
    if detail is None or len(steps) < 2:
        return ()
    done = {fact.step for fact in detail.steps if fact.flow == scope.flow}
    later = steps if scope.first is None else steps[1:]
    again = [clean(step) for step in later if step in done]
    fresh = [clean(step) for step in later if step not in done]
    lines = []
    if again:
        lines.append(f"runs again in {scope.flow}: {' '.join(again)}")
    if fresh:
        lines.append(f"then runs in {scope.flow}: {' '.join(fresh)}")
    return tuple(lines)


class Past(Protocol):
    """What is known of how steps went before, over all runs (`cockpit.runtime.history`)."""

    def durations(self, source: str, flow: str | None, step: str | None) -> tuple[float, ...]:
        """Seconds the step took, of the times it ended well."""
        ...

    def tokens(self, source: str, flow: str | None, step: str | None) -> tuple[int, ...]:
        """Tokens the step used, likewise."""
        ...


def duration(scope: Scope, source: str, detail: RunDetail | None, past: Past | None) -> float | None:
    """Seconds the steps usually take: the sum of their medians, or `None` if nothing tells for one of them."""

    def usual(step: str) -> float | None:
        known = past.durations(source, scope.flow, step) if past else ()
        return median(known) if known else _median(_receipts(scope, step, detail), _seconds)

    return _sum(steps_of(scope, detail), usual)


def tokens(scope: Scope, source: str, detail: RunDetail | None, past: Past | None) -> int | None:
    """Tokens the steps usually use, likewise."""

    def usual(step: str) -> float | None:
        known = past.tokens(source, scope.flow, step) if past else ()
        return median(known) if known else _median(_receipts(scope, step, detail), _tokens)

    total = _sum(steps_of(scope, detail), usual)
    return None if total is None else round(total)


def _sum(steps: Sequence[str], usual: Callable[[str], float | None]) -> float | None:
    """The sum over all steps; `None` where one was never measured, since a sum without it would promise too little."""
    known = [value for value in map(usual, steps) if value is not None]
    return round(sum(known), 3) if known and len(known) == len(steps) else None


def _receipts(scope: Scope, step: str, detail: RunDetail | None) -> list[Receipt]:
    return [each for each in (detail.receipts if detail else ()) if (each.flow, each.step) == (scope.flow, step)]


def _median(receipts: Sequence[Receipt], measure: Callable[[Receipt], float | None]) -> float | None:
    """Median of a measure, of the good receipts where there are any: failing is often quicker than working."""
    measured = [(each, value) for each in receipts if (value := measure(each))]
    good = [value for each, value in measured if each.status is StepStatus.SUCCEEDED]
    known = good or [value for _, value in measured]
    return median(known) if known else None


def _seconds(receipt: Receipt) -> float | None:
    return receipt.duration_ms / 1000 if receipt.duration_ms and receipt.duration_ms > 0 else None


def _tokens(receipt: Receipt) -> float | None:
    return receipt.tokens.total if receipt.tokens and receipt.tokens.total > 0 else None


def known_flows(detail: RunDetail | None) -> list[str]:
    """The flows of a run: those it was asked to do, then whatever else speaks of one."""
    if detail is None:
        return []
    return list(dict.fromkeys((*detail.record.flows, *(flow for flow, _ in _pairs(detail)))))


def known_steps(detail: RunDetail | None, flow: str) -> list[str]:
    """The steps of a flow in a run: as planned, then what ran or spoke besides."""
    if detail is None:
        return []
    return list(dict.fromkeys(step for at, step in _pairs(detail) if at == flow))


def _pairs(detail: RunDetail) -> Iterator[tuple[str, str]]:
    for planned in detail.plan:
        yield planned.flow, planned.step
    for fact in detail.steps:
        yield fact.flow, fact.step
    for receipt in detail.receipts:
        yield receipt.flow, receipt.step
    for handoff in detail.handoffs:
        yield handoff.flow, handoff.step
