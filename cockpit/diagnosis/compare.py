"""What is different in a run from one that went well: steps, durations, routing, errors. Pure."""

from collections import Counter
from dataclasses import dataclass

from cockpit.models.detail import RunDetail
from cockpit.models.records import Decision, StepFact, StepStatus

SLOWER = 1.5
"""A step that took this many times as long (and a second more) counts as slower."""
_SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One step in both runs. Durations in milliseconds; `None` where a run did not do the step, or did not say."""

    flow: str
    step: str
    status: StepStatus | None
    good_status: StepStatus | None
    took_ms: int | None
    good_ms: int | None
    attempts: int = 0
    good_attempts: int = 0
    error: str | None = None

    @property
    def differs(self) -> bool:
        """Whether there is anything to say about it."""
        return self.status != self.good_status or self.slower or self.attempts != self.good_attempts

    @property
    def slower(self) -> bool:
        """Whether it took noticeably longer than in the good run."""
        if self.took_ms is None or self.good_ms is None:
            return False
        return self.took_ms > self.good_ms * SLOWER and self.took_ms - self.good_ms > _SECOND_MS


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against one that went well.

    Attributes:
        steps: Every step either did, in the order of the good run, then what only this one did.
        routing: Decisions by kind: how often here, how often there.
    """

    steps: tuple[StepDifference, ...]
    routing: dict[Decision, tuple[int, int]]


def compare(run: RunDetail, good: RunDetail, flow: str | None = None) -> Comparison:
    """Set `run` against `good`.

    Args:
        run: The run in question.
        good: One that went well.
        flow: Only this flow; `None` for all that the run did.
    """
    flows = {flow} if flow else {fact.flow for fact in run.steps} or set(run.record.flows)
    here = {(fact.flow, fact.step): fact for fact in run.steps if fact.flow in flows}
    there = {(fact.flow, fact.step): fact for fact in good.steps if fact.flow in flows}
    took, good_took = _durations(run), _durations(good)
    steps = tuple(
        _difference(place, here.get(place), there.get(place), took.get(place), good_took.get(place))
        for place in dict.fromkeys([*there, *here])
    )
    return Comparison(steps, _routing(run, good, flows))


def _durations(detail: RunDetail) -> dict[tuple[str, str], int]:
    """How long each step took last, from its receipt, else from when it began and ended."""
    found: dict[tuple[str, str], int] = {}
    for fact in detail.steps:
        if fact.started_at is not None and fact.ended_at is not None:
            span = fact.ended_at - fact.started_at
            found[fact.flow, fact.step] = max(0, int(span.total_seconds() * 1000))
    for receipt in detail.receipts:
        if receipt.duration_ms is not None:
            found[receipt.flow, receipt.step] = receipt.duration_ms
    return found


def _difference(
    place: tuple[str, str], here: StepFact | None, there: StepFact | None, took: int | None, good: int | None
) -> StepDifference:
    return StepDifference(
        flow=place[0],
        step=place[1],
        status=here.status if here else None,
        good_status=there.status if there else None,
        took_ms=took,
        good_ms=good,
        attempts=here.attempts if here else 0,
        good_attempts=there.attempts if there else 0,
        error=here.error if here else None,
    )


def _routing(run: RunDetail, good: RunDetail, flows: set[str]) -> dict[Decision, tuple[int, int]]:
    here = Counter(entry.decision for entry in run.routing if entry.flow in flows)
    there = Counter(entry.decision for entry in good.routing if entry.flow in flows)
    return {kind: (here[kind], there[kind]) for kind in Decision if here[kind] or there[kind]}
