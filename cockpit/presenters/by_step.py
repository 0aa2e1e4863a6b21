"""What belongs to a step of a run, found without walking all of it: a run may have 50,000 receipts."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, TypeVar

from cockpit.models.detail import RunDetail
from cockpit.models.records import Artifact, Handoff, Receipt, StepFact

Step = tuple[str | None, str | None]
"""Flow and step."""
_LOGS = ("transcript", "log")


class _OfStep(Protocol):
    @property
    def flow(self) -> str | None: ...
    @property
    def step(self) -> str | None: ...


OfStepT = TypeVar("OfStepT", bound=_OfStep)


class ByStep:
    """The facts of a run by step; for `by_step`."""

    def __init__(self, detail: RunDetail) -> None:
        self._facts: dict[Step, StepFact] = {}
        for fact in detail.steps:
            self._facts.setdefault((fact.flow, fact.step), fact)
        self._receipts = _grouped(detail.receipts)
        self._handoffs = _grouped(detail.handoffs)
        self.paths = frozenset(item.path for item in detail.artifacts)
        """Paths of all artifacts."""
        self._logs: dict[str | None, list[Artifact]] = {}
        for item in detail.artifacts:
            if item.kind in _LOGS:
                self._logs.setdefault(item.flow, []).append(item)

    def fact(self, step: Step) -> StepFact | None:
        """The first record of a step that was done."""
        return self._facts.get(step)

    def receipts(self, step: Step) -> list[Receipt]:
        """Its receipts, in the order of the run's."""
        return self._receipts.get(step, [])

    def handoffs(self, step: Step) -> list[Handoff]:
        """Its handoffs, in the order of the run's."""
        return self._handoffs.get(step, [])

    def logs(self, flow: str | None) -> list[Artifact]:
        """Transcripts and logs of a flow."""
        return self._logs.get(flow, [])


@lru_cache(1)
def by_step(detail: RunDetail) -> ByStep:
    """Made once for a detail: that of the run in scope is asked at every move of the cursor."""
    return ByStep(detail)


def _grouped(items: Iterable[OfStepT]) -> dict[Step, list[OfStepT]]:
    grouped: dict[Step, list[OfStepT]] = {}
    for item in items:
        grouped.setdefault((item.flow, item.step), []).append(item)
    return grouped
