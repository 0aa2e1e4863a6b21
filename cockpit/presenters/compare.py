"""A comparison with a run that went well, as lines: what differs first, then the rest in short."""

from cockpit.diagnosis.compare import Comparison, StepDifference
from cockpit.models.records import StepStatus
from cockpit.models.run import Run
from cockpit.presenters import times, words
from cockpit.presenters.receipts import last_line
from cockpit.presenters.runs import place
from widgets.rows import Cell, Level, TextRow, Tone

_STEP, _STATUS, _TOOK = 25, 14, 8
"""Cells of the columns: with the tries they fit a terminal of 80 columns."""


def compare_lines(run: Run, good: Run, found: Comparison) -> list[TextRow]:
    """The whole comparison."""
    rows: list[TextRow] = []

    def add(*spans: Cell, level: Level = Level.INFO, hang: int = 0) -> None:
        rows.append(TextRow(key=str(len(rows)), spans=spans, level=level, hang=hang))

    add(
        Cell(f"{'this run':<{_STEP}}", Tone.DIM),
        words.text(run.id, Tone.STRONG),
        Cell("  "),
        words.run_state(run.state),
    )
    add(
        Cell(f"{'went well':<{_STEP}}", Tone.DIM),
        words.text(good.id, Tone.STRONG),
        Cell(f"  {times.full(good.updated_at)}"),
    )
    different = [step for step in found.steps if step.differs]
    add()
    add(Cell(f"{len(different)} of {len(found.steps)} steps differ", Tone.ACCENT))
    if different:
        titles = (
            f"{'flow › step':<{_STEP}}{'here':<{_STATUS}}{'there':<{_STATUS}}{'took':>{_TOOK}}{'usual':>{_TOOK}}  tries"
        )
        add(Cell(titles, Tone.DIM))
    for step in different:
        add(*_step(step), level=Level.ERROR if step.status and step.status.bad else Level.WARN)
        if step.error:
            add(Cell(" " * 4), words.text(last_line(step.error), Tone.BAD), level=Level.ERROR, hang=4)
    add()
    add(Cell("Routing decisions, here and there", Tone.ACCENT))
    for kind, (here, there) in found.routing.items():
        tone = Tone.WARN if here != there else Tone.DIM
        add(words.decision(kind), Cell(" " * (12 - len(kind.value))), Cell(f"{here:>5}{there:>5}", tone))
    if not found.routing:
        add(Cell("none in either run", Tone.DIM))
    return rows


def _step(step: StepDifference) -> list[Cell]:
    name = words.text(place(step.flow, step.step), limit=_STEP - 1).text
    both = step.status is not None and step.good_status is not None
    tries = f"  {step.attempts}/{step.good_attempts}" if both and step.attempts != step.good_attempts else ""
    return [
        Cell(f"{name:<{_STEP}}"),
        _status(step.status),
        _status(step.good_status),
        Cell(f"{times.duration_ms(step.took_ms):>{_TOOK}}", Tone.WARN if step.slower else Tone.PLAIN),
        Cell(f"{times.duration_ms(step.good_ms):>{_TOOK}}", Tone.DIM),
        Cell(tries, Tone.WARN),
    ]


def _status(status: StepStatus | None) -> Cell:
    if status is None:
        return Cell(f"{'not run':<{_STATUS}}", Tone.DIM)
    cell = words.step_status(status)
    return Cell(f"{cell.text:<{_STATUS}}", cell.tone)
