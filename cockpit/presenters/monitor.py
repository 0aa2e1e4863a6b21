"""The monitor of one run: what it is doing, since when, against what is normal, by what processes, and what comes next.

Pure functions of (facts, width). Only the lines with a clock in them change from second to second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.diagnosis.assess import MOVING, Word
from cockpit.diagnosis.pace import Pace
from cockpit.models.detail import RunDetail
from cockpit.models.physics import Pulse
from cockpit.models.records import StepFact, StepStatus
from cockpit.models.run import Run, RunState
from cockpit.presenters import times, words
from cockpit.presenters.processes import NAME, field_row
from cockpit.presenters.runs import place
from cockpit.runtime.vigil import Look
from widgets.cells import fit
from widgets.rows import Cell, Level, TextRow, Tone

PaceOf = Callable[[str | None, str | None], Pace]
"""What is normal for a step (flow, step) of the run's system."""

_WORDS: dict[Word, tuple[str, Tone]] = {
    Word.WORKING: ("at work", Tone.OK),
    Word.SLOW: ("slow", Tone.WARN),
    Word.HUNG: ("hung", Tone.BAD),
    Word.DEAD: ("dead", Tone.BAD),
    Word.UNKNOWN: ("unknown", Tone.DIM),
}
MOST_ROUTES = 500


@dataclass(frozen=True, eq=False, slots=True)
class MonitorFacts:
    """What the monitor knows.

    Attributes:
        run: The run.
        detail: Its facts, once they are read.
        look: The last look at its processes.
        pace: What is normal for its steps.
        now: The present moment.
        unicode: Whether glyphs may leave ASCII.
    """

    run: Run
    detail: RunDetail | None
    look: Look | None
    pace: PaceOf
    now: datetime
    unicode: bool = False

    @property
    def current(self) -> StepFact | None:
        """What is known of the step in question."""
        run, detail = self.run, self.detail
        if detail is None or run.step is None:
            return None
        return next((one for one in detail.steps if (one.flow, one.step) == (run.flow, run.step)), None)

    @property
    def live(self) -> bool:
        """Whether something should be moving."""
        return self.run.state in MOVING


def now_rows(facts: MonitorFacts, width: int) -> list[TextRow]:
    """What it is doing, against what is normal, and what would change that."""
    rows = [_state(facts), *_step(facts)]
    if facts.live:
        rows += _clocks(facts, width)
    if facts.look is not None and facts.live:
        reason = facts.look.assessment.reason
        rows.append(field_row("because", words.text(reason.text), key="because"))
    elif facts.run.reasons:
        rows.append(field_row("because", words.text(facts.run.reasons[0].text), key="because"))
    for index, (when, then) in enumerate(changes(facts)):
        name = "changes" if index == 0 else ""
        rows.append(field_row(name, words.text(f"{when}: "), then, key=f"change\t{index}"))
    return rows


def changes(facts: MonitorFacts) -> list[tuple[str, Cell]]:
    """What would change the verdict, and into what."""
    run, look, unicode = facts.run, facts.look, facts.unicode
    running = words.run_state(RunState.RUNNING, unicode=unicode)
    stuck = words.run_state(RunState.STUCK, unicode=unicode)
    if not facts.live:
        return [("it is written to again", Cell("judged anew", Tone.DIM))]
    if run.state is RunState.STUCK:
        found = [("any event, receipt or handoff", running)]
        if look is not None and look.physics.pulse is Pulse.STOPPED:
            found.insert(0, (f"kill -CONT {look.physics.processes[0].pid}", Cell("it goes on", Tone.BUSY)))
        elif look is not None and look.assessment.word is Word.DEAD:
            found.insert(0, ("a new producer (R resumes, T retries the step)", running))
        elif look is not None and look.physics.processes:
            found.insert(0, ("its process works again", running))
        return found
    found = [("any event, receipt or handoff", Cell("the clock starts again", Tone.DIM))]
    if run.becomes is not None:
        then = words.run_state(run.becomes.state, unicode=unicode)
        found.append((f"silence until {run.becomes.at:%H:%M:%S}Z", then))
    if look is not None and look.physics.processes:
        found.append((f"process {look.physics.processes[0].pid} ends", stuck))
        if run.becomes is not None and run.updated_at is not None:
            until = run.updated_at + timedelta(seconds=look.pace.busy_until_s)
            found.append((f"it is seen to work, until {until:%H:%M:%S}Z at most", Cell("more time", Tone.DIM)))
    return found


def step_rows(facts: MonitorFacts, width: int) -> list[TextRow]:
    """The steps in order, those done with what they took, those to come with what they usually take."""
    detail = facts.detail
    if detail is None:
        return []
    done = {(one.flow, one.step): one for one in detail.steps}
    planned = [(one.flow, one.step) for one in detail.plan]
    order = [*planned, *(key for key in done if key not in set(planned))]
    if not planned:
        order = list(done)
    limits = {(one.flow, one.step): one.loop_max for one in detail.plan}
    rounds = _rounds(detail)
    return [
        _step_row(
            facts, flow, step, done.get((flow, step)), rounds.get((flow, step)) or (0, limits.get((flow, step))), width
        )
        for flow, step in order
    ]


def current_key(facts: MonitorFacts) -> str | None:
    """The row of the step in question."""
    return step_row_key(facts.run.flow, facts.run.step) if facts.run.step else None


def step_row_key(flow: str | None, step: str | None) -> str:
    """Row key of a step in the monitor."""
    return f"step\t{flow}\t{step}"


def progress(facts: MonitorFacts) -> str:
    """`6 of 26` for a title."""
    steps = facts.run.steps
    return f"{steps.done} of {'?' if steps.total is None else steps.total}" if steps.done or steps.total else ""


def _state(facts: MonitorFacts) -> TextRow:
    run = facts.run
    spans = [words.run_state(run.state, unicode=facts.unicode)]
    if run.contradicted and run.claimed:
        spans += [Cell("  its record says ", Tone.DIM), words.text(run.claimed, Tone.WARN)]
    if facts.look is not None and facts.live:
        word, tone = _WORDS[facts.look.assessment.word]
        # Unknown physics says nothing about the run.
        shown = "" if facts.look.assessment.word is Word.UNKNOWN else f"  its process: {word}"
        if shown:
            spans.append(Cell(shown, tone))
    return field_row("state", *spans, key="state", level=words.run_level(run.state))


def _step(facts: MonitorFacts) -> list[TextRow]:
    run, current = facts.run, facts.current
    if not run.step and not run.flow:
        return []
    tries = f"  try {current.attempts}" if current is not None and current.attempts > 1 else ""
    spans = [
        words.text(place(run.flow, run.step), Tone.STRONG),
        words.text(f"  {run.agent or ''}", Tone.DIM),
        Cell(tries),
    ]
    return [field_row("step", *spans, key="step")]


def _clocks(facts: MonitorFacts, width: int) -> list[TextRow]:
    """Since when, what is normal, the bar, and the clock to stuck."""
    run, now, current = facts.run, facts.now, facts.current
    pace = facts.look.pace if facts.look is not None else facts.pace(run.flow, run.step)
    began = current.started_at if current is not None and current.status is StepStatus.RUNNING else None
    since = began or run.updated_at
    rows: list[TextRow] = []
    if run.state is RunState.STUCK:
        rows.append(field_row("stuck", Cell(f"silent for {times.span(run.silence(now))}", Tone.BAD), key="stuck"))
    elif run.becomes is not None:
        left = (run.becomes.at - now).total_seconds()
        tone = Tone.WARN if left < 60 else Tone.PLAIN
        at = f" if nothing moves, at {run.becomes.at:%H:%M:%S}Z"
        rows.append(
            field_row(run.becomes.state.value, Cell(f"in {countdown(left)}", tone), Cell(at, Tone.DIM), key="stuck")
        )
    if since is not None:
        took = (now - since).total_seconds()
        # How long that is stands beside the bar: every line with a clock in it is painted every second.
        sign = f"   last sign of life {run.updated_at:%H:%M:%S}Z" if run.updated_at is not None else ""
        rows.insert(0, field_row("since", Cell(f"{since:%H:%M:%S}Z"), Cell(sign, Tone.DIM), key="since"))
        tone = Tone.BAD if run.state is RunState.STUCK else Tone.WARN if took > pace.slow_after_s else Tone.BUSY
        rows.append(field_row("", *bar(took, pace, max(10, width - NAME - 1), tone), key="bar"))
    rows.append(field_row("normal", words.text(pace.basis, Tone.DIM), key="normal"))
    return rows


def countdown(seconds: float) -> str:
    """`4m07s`: to the second below an hour, so that it is seen to go."""
    whole = max(0, int(seconds))
    return f"{whole // 60}m{whole % 60:02d}s" if 60 <= whole < 3_600 else times.span(whole)


def bar(took: float, pace: Pace, width: int, tone: Tone) -> list[Cell]:
    """`[#####---|------]`: how much of the time to stuck is over; `|` marks what nearly all steps took."""
    total = max(pace.stuck_after_s, 1.0)
    tail = f" {countdown(took)} of {times.span(total)}"
    room = max(4, width - 2 - len(tail))
    filled = min(room, int(room * min(took, total) / total))
    mark = None if pace.p95_s is None else min(room - 1, int(room * pace.p95_s / total))
    cells = ["#" if index < filled else "-" for index in range(room)]
    rest = "".join(cells[filled:])
    if mark is not None and mark >= filled:
        rest = rest[: mark - filled] + "|" + rest[mark - filled + 1 :]
    done = "".join(cells[:filled])
    if mark is not None and mark < filled:
        done = f"{done[:mark]}|{done[mark + 1 :]}"
    return [Cell("[", Tone.DIM), Cell(done, tone), Cell(f"{rest}]", Tone.DIM), Cell(tail, tone)]


def _rounds(detail: RunDetail) -> dict[tuple[str, str], tuple[int, int | None]]:
    """How often a microloop went round, by the newest decision that counts: (round, limit)."""
    found: dict[tuple[str, str], tuple[int, int | None]] = {}
    routing = detail.routing
    for index in range(len(routing) - 1, max(-1, len(routing) - 1 - MOST_ROUTES), -1):
        entry = routing[index]
        if entry.iteration is not None and entry.flow and entry.step:
            found.setdefault((entry.flow, entry.step), (entry.iteration.current, entry.iteration.max))
    return found


def _step_row(
    facts: MonitorFacts, flow: str, step: str, fact: StepFact | None, rounds: tuple[int, int | None], width: int
) -> TextRow:
    current = (flow, step) == (facts.run.flow, facts.run.step) and facts.live
    pace = facts.pace(flow, step)
    usual = "" if pace.expected_s is None else times.duration_ms(round(pace.expected_s * 1000))
    turn, limit = rounds
    turn = max(turn, fact.attempts if fact is not None else 0)
    loop = f" {turn}/{limit}" if limit and turn else f" x{turn}" if turn > 1 else ""
    numbers = f"{_took(fact, facts.now, live=current):>7} {f'~{usual}' if usual else '':>8}"
    name = fit(f"{place(flow, step)}{loop}", max(8, width - 12 - len(numbers) - 2), "middle")
    if fact is None:
        state, tone = Cell("> next" if current else ". to come", Tone.BUSY if current else Tone.DIM), Tone.DIM
    else:
        state = words.step_status(fact.status, unicode=facts.unicode)
        tone = Tone.STRONG if current else Tone.PLAIN
    spans = (Cell(fit(state.text, 12), state.tone), words.text(name, tone), Cell(f" {numbers}", Tone.DIM))
    level = Level.INFO if fact is None else words.step_level(fact.status)
    return TextRow(key=step_row_key(flow, step), spans=spans, level=level)


def _took(fact: StepFact | None, now: datetime, *, live: bool) -> str:
    if fact is None or fact.started_at is None:
        return ""
    if fact.status is StepStatus.RUNNING:
        return times.span(times.tick(now) - fact.started_at) if live else ""
    if fact.ended_at is None:
        return ""
    return times.duration_ms(max(0, int((fact.ended_at - fact.started_at).total_seconds() * 1000)))
