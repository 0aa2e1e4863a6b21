"""Runs as rows: what the state is, what is claimed, where it stands, how long it is silent, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cockpit.diagnosis.clusters import clusters
from cockpit.diagnosis.order import attention_key
from cockpit.filtering import EVERYTHING, Filter
from cockpit.models.run import Run, RunState, StepCounts
from cockpit.presenters import times, words
from cockpit.presenters.lazy import LazyRows
from widgets.rows import EMPTY, Cell, RunRow, Tone


class Sort(StrEnum):
    """Orders of the Runs pane; `s` cycles through them."""

    ATTENTION = "attention"
    CHANGED = "changed"
    AGE = "age"
    NAME = "name"

    @property
    def next(self) -> "Sort":
        """The order after this one."""
        orders = list(Sort)
        return orders[(orders.index(self) + 1) % len(orders)]


@dataclass(frozen=True, slots=True)
class Marks:
    """How many runs are marked, and how many of them the filter hides."""

    marked: int = 0
    hidden: int = 0

    @property
    def badge(self) -> Cell:
        """For the title of the pane; empty where nothing is marked."""
        if not self.marked:
            return EMPTY
        hidden = f" ({self.hidden} hidden)" if self.hidden else ""
        return Cell(f"{self.marked} marked{hidden}", Tone.ACCENT)


@dataclass(frozen=True, slots=True)
class RunsView:
    """How the operator wants to see the runs."""

    now: datetime
    filter: Filter = EVERYTHING
    sort: Sort = Sort.ATTENTION
    unicode: bool = False
    systems: bool = False
    """Whether there are several systems, so that each run says which is its own."""


def arrange(runs: Sequence[Run], view: RunsView) -> tuple[Run, ...]:
    """The runs that pass the filter, in the wanted order; newest first where nothing else decides."""
    shown = runs if not view.filter.tests else [run for run in runs if view.filter.matches(run, view.now)]
    return tuple(sorted(shown, key=ORDERS[view.sort]))


def collapse(runs: Sequence[Run]) -> tuple[tuple[Run, ...], dict[str, int]]:
    """One run for every failure signature: the one that had it first, at the place of the most pressing of them.

    Returns:
        The runs that stay, and how many each of them stands for (by key, where that is more than one).
    """
    first = {one.signature: one for one in clusters(runs)}
    shown: list[Run] = []
    told: set[str] = set()
    for run in runs:
        if run.signature is None:
            shown.append(run)
        elif run.signature not in told:
            told.add(run.signature)
            shown.append(first[run.signature].earliest)
    counts = {one.earliest.key: len(one.runs) for one in first.values() if len(one.runs) > 1}
    return tuple(shown), counts


def run_rows(
    runs: Sequence[Run],
    view: RunsView,
    stale: frozenset[str] = frozenset(),
    stands_for: Mapping[str, int] | None = None,
    keys: Sequence[str] | None = None,
    index_of: Callable[[str], int | None] | None = None,
) -> LazyRows[Run, RunRow]:
    """Rows of arranged runs, made when they are looked at.

    Args:
        runs: The runs.
        view: How to see them.
        stale: Keys of runs whose last read failed.
        stands_for: What `collapse` counted.
        keys: Their keys, where they are at hand.
        index_of: Finds a run by its key, where that is cheaper than a table of all keys.
    """
    many = stands_for or {}
    return LazyRows(
        runs,
        lambda _, run: run_row(run, view, stale=run.key in stale, stands_for=many.get(run.key, 1)),
        [run.key for run in runs] if keys is None else keys,
        index_of,
    )


def run_row(run: Run, view: RunsView, *, stale: bool = False, stands_for: int = 1) -> RunRow:
    """One run. Its claim shows only where the evidence disagrees with it."""
    why = note(run, stale=stale)
    if stands_for > 1:
        why = Cell(f"{stands_for} runs: {why.text}", why.tone)
    silent = run.silence(view.now)
    quiet = run.state in (RunState.STUCK, RunState.BLOCKED, RunState.WAITING)
    return RunRow(
        key=run.key,
        level=words.run_level(run.state),
        state=words.run_state(run.state, unicode=view.unicode),
        claim=claim(run),
        name=words.text(run.id, Tone.STRONG),
        system=words.text(run.ref.source, Tone.DIM) if view.systems else EMPTY,
        where=words.text(place(run.flow, run.step)),
        steps=step_counts(run.steps),
        age=Cell(times.span(run.age(view.now)), Tone.DIM),
        silent=Cell(times.span(silent), Tone.WARN if quiet else Tone.DIM),
        note=why,
    )


def claim(run: Run) -> Cell:
    """The claimed status where the evidence disagrees; a lie is what the product exists to show."""
    if not run.contradicted or run.claimed is None:
        return EMPTY
    return words.text(run.claimed, Tone.WARN)


def place(flow: str | None, step: str | None) -> str:
    """`flow › step`, or what of it is known."""
    return " › ".join(part for part in (flow, step) if part)


def step_counts(steps: StepCounts) -> Cell:
    """`6/12`, with what failed."""
    total = "?" if steps.total is None else str(steps.total)
    if not (steps.done or steps.failed or steps.total):
        return EMPTY
    failed = f" {steps.failed}x" if steps.failed else ""
    return Cell(f"{steps.done}/{total}{failed}", Tone.BAD if steps.failed else Tone.DIM)


def note(run: Run, *, stale: bool = False) -> Cell:
    """Why: the deciding reason, else the first warning, else the title."""
    if stale:
        return Cell("last read failed; shown as last seen", Tone.WARN)
    reason = next(iter(run.reasons), None)
    if reason is not None:
        bad = words.run_level(run.state).value == "error"
        return words.text(reason.text, Tone.WARN if reason.warn else Tone.PLAIN if bad else Tone.DIM)
    if run.problems:
        return Cell(f"{run.problems} unreadable", Tone.WARN)
    return words.text(run.title, Tone.DIM)


def _by_age(run: Run) -> tuple[float, str]:
    return -_stamp(run.started_at), run.key


def _by_change(run: Run) -> tuple[float, str]:
    return -_stamp(run.updated_at), run.key


def _by_name(run: Run) -> tuple[str, str]:
    return run.id, run.key


def _stamp(value: datetime | None) -> float:
    return value.timestamp() if value else 0.0


ORDERS: dict[Sort, Callable[[Run], tuple[Any, ...]]] = {
    Sort.ATTENTION: attention_key,
    Sort.CHANGED: _by_change,
    Sort.AGE: _by_age,
    Sort.NAME: _by_name,
}
"""The sort key of each order. No two runs have the same: it ends with the run's key."""
