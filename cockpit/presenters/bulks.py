"""Bulks as lines and tables: what would be done to which run, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.models.bulk import Bulk, BulkItem, BulkItemState, BulkPlan, BulkState, PlannedItem
from cockpit.presenters import times, words
from cockpit.presenters.plans import command_text
from widgets.rows import Cell, TextRow, Tone

ITEM_TITLES = ("run", "result", "job", "outcome")
BULK_TITLES = ("bulk", "state", "action", "runs", "by", "age", "outcome")
PLAN_TITLES = ("run", "step", "what")

ITEM_TONES = {
    BulkItemState.PENDING: Tone.DIM,
    BulkItemState.RUNNING: Tone.BUSY,
    BulkItemState.DONE: Tone.OK,
    BulkItemState.FAILED: Tone.BAD,
    BulkItemState.CANCELLED: Tone.WARN,
    BulkItemState.LOST: Tone.BAD,
    BulkItemState.REFUSED: Tone.WARN,
    BulkItemState.MOVED: Tone.WARN,
    BulkItemState.SKIPPED: Tone.DIM,
}
BULK_TONES = {
    BulkState.RUNNING: Tone.BUSY,
    BulkState.SUCCEEDED: Tone.OK,
    BulkState.FAILED: Tone.BAD,
    BulkState.CANCELLED: Tone.WARN,
    BulkState.LOST: Tone.BAD,
}


def plan_row(item: PlannedItem) -> tuple[Cell, ...]:
    """One run of a plan: what would be done to it, or why nothing."""
    plan = item.plan
    place = words.text(" › ".join(part for part in (plan.flow, plan.step) if part))
    if plan.refused is not None:
        return (words.text(plan.run, Tone.DIM), place, words.text(f"refused: {plan.refused}", Tone.WARN))
    what = command_text(plan.argv) if plan.argv else (plan.request.url if plan.request else "")
    return (words.text(plan.run, Tone.STRONG), place, words.text(what, Tone.ACCENT, 2_000))


def plan_summary(plan: BulkPlan, parallel: int, *, stop_on_failure: bool) -> str:
    """What a bulk would do, in one line."""
    refused = len(plan.items) - plan.startable
    left = f"; {refused} refused and left alone" if refused else ""
    stop = ", stops at the first failure" if stop_on_failure else ""
    return f"{plan.action} {plan.startable} runs, {parallel} at a time{stop}{left}; plan {plan.hash[:12]}"


def plan_lines(plan: BulkPlan, parallel: int, *, stop_on_failure: bool) -> list[TextRow]:
    """A bulk's plan as the lines of its dialog: the summary, what must be known, then a line for each run."""
    rows = [TextRow(key="summary", spans=(words.text(plan_summary(plan, parallel, stop_on_failure=stop_on_failure)),))]
    warnings = dict.fromkeys(warning for item in plan.items for warning in item.plan.warnings)
    rows += [
        TextRow(key=f"warning-{number}", spans=(Cell("warning   ", Tone.WARN), words.text(warning, Tone.WARN)), hang=10)
        for number, warning in enumerate(warnings)
    ]
    for number, item in enumerate(plan.items):
        run, place, what = plan_row(item)
        spans = [cell for cell in (run, place, what) if cell.text]
        joined = [part for cell in spans for part in (Cell("  "), cell)][1:]
        rows.append(TextRow(key=str(number), spans=tuple(joined), hang=4))
    return rows


def bulk_row(bulk: Bulk, now: datetime) -> tuple[Cell, ...]:
    """One bulk in a table of bulks."""
    return (
        Cell(bulk.id, Tone.DIM),
        Cell(bulk.state.value, BULK_TONES[bulk.state]),
        words.text(bulk.action),
        Cell(str(len(bulk.items))),
        words.text(bulk.actor),
        Cell(times.span(now - bulk.started_at), Tone.DIM),
        words.text(bulk.outcome),
    )


def bulk_story(bulk: Bulk, now: datetime, item: BulkItem | None = None) -> list[TextRow]:
    """A bulk for a pane beside the list of jobs: what became of it, and how it is done.

    Args:
        bulk: The bulk.
        now: The moment ages are told for.
        item: The run of it to begin with, for one that has no job to tell of.
    """
    at_once = f"{bulk.parallel} at a time" + (", nothing more after a failure" if bulk.stop_on_failure else "")
    facts = {
        "run": words.text(item.run if item else "", Tone.STRONG),
        "": words.text(f"{item.state.value}: {item.outcome}" if item and item.outcome else ""),
        "outcome": words.text(bulk.outcome),
        "runs": Cell(f"{len(bulk.items)}, {at_once}"),
        "chosen": words.text(" ".join(f"{name}={value}" for name, value in sorted(bulk.options.items()))),
        "takes up": words.text(bulk.rest_of or ""),
        "by": words.text(bulk.actor),
        "started": Cell(f"{bulk.started_at:%Y-%m-%d %H:%M:%S} UTC, {times.span(now - bulk.started_at)} ago"),
        "ended": Cell("" if bulk.ended_at is None else f"{bulk.ended_at:%Y-%m-%d %H:%M:%S} UTC"),
        "bulk": words.text(bulk.id, Tone.STRONG),
        "rest": words.text(f"cockpit bulk {bulk.action} --rest-of {bulk.id}" if _left(bulk) else "", Tone.ACCENT),
    }
    return [
        TextRow(key=name, spans=(Cell(f"{name:<10}", Tone.DIM), cell), hang=10)
        for name, cell in facts.items()
        if cell.text
    ]


def _left(bulk: Bulk) -> bool:
    """Whether it has ended and some of its runs are still to be done."""
    return bulk.state is not BulkState.RUNNING and bool(bulk.rest)


def item_row(item: BulkItem) -> tuple[Cell, ...]:
    """One run of a bulk in the table of its runs."""
    return (
        words.text(item.run, Tone.STRONG),
        Cell(item.state.value, ITEM_TONES[item.state]),
        Cell(item.job or "", Tone.DIM),
        words.text(item.outcome),
    )


def news(before: Sequence[BulkItem], after: Sequence[BulkItem]) -> list[BulkItem]:
    """The items whose state changed, in their order; for whoever follows a bulk."""
    then = {item.index: item.state for item in before}
    return [item for item in after if item.state is not then.get(item.index, BulkItemState.PENDING)]


def item_text(item: BulkItem, count: int) -> str:
    """What became of one run, in one line: `3/12 run-7 failed: exit 2 after 1 s`."""
    outcome = f": {item.outcome}" if item.outcome and item.state is not BulkItemState.RUNNING else ""
    return f"{item.index + 1}/{count} {item.run} {item.state.value}{outcome}"
