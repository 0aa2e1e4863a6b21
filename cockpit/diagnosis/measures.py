"""The evidence panel: what was measured of a run (tests, coverage, mutation, complexity ...), and what was not.

The panel is no file (formats/flow-studio.md 2.11): it is put together from the evidence blocks of receipts and from
`build_receipt.json`-like reports among the artifacts. Where two places disagree about one number, that is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.models.detail import RunDetail

EXPECTED = ("tests", "coverage", "mutation", "complexity", "security", "changes")
"""What the panel speaks of even where nothing was measured."""
_ALIASES = {
    "tests": "tests",
    "test_results": "tests",
    "coverage": "coverage",
    "line_coverage": "coverage",
    "mutation": "mutation",
    "mutation_testing": "mutation",
    "mutation_score": "mutation",
    "complexity": "complexity",
    "security": "security",
    "changes": "changes",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One statement about one metric.

    Attributes:
        metric: Its name.
        value: What was measured, for people; `None` where it was not.
        reason: Why it was not measured, where that is said.
        path: Where it is said, relative to the root.
        flow: Flow of the step that says it.
        step: That step.
    """

    metric: str
    value: str | None
    reason: str | None
    path: str
    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric with everything said about it; `disagree` where two places give different numbers."""

    metric: str
    measures: tuple[Measure, ...]
    disagree: bool

    @property
    def measured(self) -> bool:
        """Whether any place has a number for it."""
        return any(measure.value is not None for measure in self.measures)


def panel(detail: RunDetail) -> tuple[MetricLine, ...]:
    """Every expected metric, then every other one that somebody measured."""
    found: dict[str, list[Measure]] = {name: [] for name in EXPECTED}
    for measure in _measures(detail):
        found.setdefault(measure.metric, []).append(measure)
    return tuple(MetricLine(name, tuple(items), _disagree(items)) for name, items in found.items())


def _measures(detail: RunDetail) -> Iterable[Measure]:
    for receipt in detail.receipts:
        for name, block in receipt.measures.items():
            if isinstance(block, Mapping):
                yield from _block(name, block, receipt.path, receipt.flow, receipt.step)


def _block(name: str, block: Mapping[str, Any], path: str, flow: str, step: str) -> Iterable[Measure]:
    metric = _ALIASES.get(name, name)
    if block.get("measured") is False:
        reason = block.get("reason")
        yield Measure(metric, None, str(reason) if reason else None, path, flow, step)
        return
    coverage = block.get("coverage_percent")
    if metric == "tests" and coverage is not None:
        yield Measure("coverage", f"{coverage} %", None, path, flow, step)
    numbers = {
        key: value
        for key, value in block.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and key != "coverage_percent"
    }
    told = ", ".join(f"{_number(value)} {key.replace('_', ' ')}" for key, value in sorted(numbers.items()))
    if not told and (status := block.get("status")):
        told = str(status)
    if told:
        yield Measure(metric, told, None, path, flow, step)


def _number(value: float) -> str:
    """A number as written by whoever measured; foreign integers may be larger than any float."""
    try:
        return f"{value:g}"
    except OverflowError:
        return "a huge number of"


def _disagree(items: list[Measure]) -> bool:
    """Two places with different numbers for the same step; numbers of different steps may well differ."""
    by_step: dict[tuple[str, str], set[str]] = {}
    for item in items:
        if item.value is not None:
            by_step.setdefault((item.flow, item.step), set()).add(item.value)
    return any(len(values) > 1 for values in by_step.values())
