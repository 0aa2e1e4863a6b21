"""From the notes of a segment to facts: steps, signals, events."""

from datetime import datetime

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Event, Level, PlannedStep, Signal, SignalKind, StepFact, StepStatus
from cockpit.sources.agents_orchestration.patterns import classify
from cockpit.sources.agents_orchestration.segments import STEP_TIMEOUT_S, TASKS, Note, Segment, StepNote
from cockpit.sources.fields import SHORT

MAX_SIGNALS = 40
WORKFLOW = "workflow"


def flow_of(segment: Segment) -> str:
    """The name of what was run: the task of a single agent or check, else the workflow."""
    return WORKFLOW if segment.task in (None, "coordinator-run") else segment.task


def agents_of(segment: Segment) -> tuple[str, ...]:
    """The agents that should do something."""
    return TASKS.get(segment.task or "", ())


def planned(segment: Segment) -> tuple[PlannedStep, ...]:
    """The steps that should leave a trace."""
    flow = flow_of(segment)
    return tuple(PlannedStep(flow=flow, step=agent, agent=agent) for agent in agents_of(segment))


def place(path: str, line: int | None, quote: str, rank: Rank = Rank.RECEIPT) -> Evidence:
    """A line as evidence. Console lines are the machinery's own, which makes them receipts."""
    return Evidence(rank=rank, path=path, line=line, quote=quote[:SHORT])


def step_facts(segment: Segment, path: str, failed_report: Evidence | None = None) -> tuple[StepFact, ...]:
    """The steps that were seen, in the order they began."""
    flow = flow_of(segment)
    found = [_step(segment, step, flow, path) for step in segment.steps.values()]
    if failed_report is None:
        return tuple(found)
    said = "execution-report.md says error and holds no result; the workflow counts that as success"
    return tuple(
        one.model_copy(update={"status": StepStatus.FAILED, "error": said, "evidence": failed_report})
        if one.step == "executor" and one.status is StepStatus.SUCCEEDED
        else one
        for one in found
    )


def _step(segment: Segment, step: StepNote, flow: str, path: str) -> StepFact:
    status = step.status
    error = step.error
    if status is StepStatus.RUNNING and _lost(segment):
        # Nothing in the text ends it, but the command has ended, and not well.
        status = StepStatus.INTERRUPTED if _interrupted(segment) else StepStatus.FAILED
        error = worst(segment) if status is StepStatus.FAILED else None
    ended = step.ended or (segment.ended_at or segment.last_at if status is not StepStatus.RUNNING else None)
    line, quote = step.line, step.quote
    if status is StepStatus.FAILED and step.status is StepStatus.RUNNING and segment.last_exception is not None:
        line, quote = segment.last_exception.line, segment.last_exception.text
    return StepFact(
        flow=flow,
        step=step.agent,
        agent=step.agent,
        status=status,
        started_at=step.began,
        ended_at=ended,
        attempts=step.attempts,
        error=error,
        evidence=place(path, line or None, quote),
    )


def _lost(segment: Segment) -> bool:
    return (segment.rc is not None and segment.rc != 0) or (segment.answer or 0) >= 500 or segment.killed is not None


def _interrupted(segment: Segment) -> bool:
    return segment.rc in (129, 130, 131, 143) or (segment.rc is None and segment.killed is not None)


def signals(segment: Segment, path: str) -> list[Signal]:
    """What speaks for itself in the segment, oldest first."""
    flow = flow_of(segment)
    found = [_error(note, flow, path) for note in _distinct(segment.errors)]
    if segment.fallbacks > 1:
        said = f"{segment.fallbacks} attempts with fallback providers, which lack the agents' models"
        note = next((one for one in segment.notes if one.kind == "fallback"), None)
        evidence = place(path, None if note is None else note.line, "" if note is None else note.text)
        found.append(Signal(kind=SignalKind.STEP_ERROR, at=None, flow=flow, text=said, evidence=evidence))
    for note in segment.alerts[:MAX_SIGNALS]:
        evidence = place(path, note.line, note.text)
        found.append(Signal(kind=SignalKind.ANOMALY, at=note.at, flow=flow, text=note.text, evidence=evidence))
    found += [one for step in segment.steps.values() if (one := _overtime(segment, step, flow, path)) is not None]
    if segment.config_missing is not None:
        note = segment.config_missing
        evidence = place(path, note.line, note.text)
        found.append(Signal(kind=SignalKind.RUN_FAILED, at=note.at, flow=flow, text=note.text, evidence=evidence))
    loud = [note for note in segment.alerts if note.level is Level.ERROR]
    if loud and not segment.busy and segment.rc is None:
        # The monitor alone: what it says is all there is.
        evidence = place(path, loud[0].line, loud[0].text)
        said = loud[0].text + (f" (and {len(loud) - 1} more)" if len(loud) > 1 else "")
        found.append(Signal(kind=SignalKind.RUN_FAILED, at=loud[0].at, flow=flow, text=said, evidence=evidence))
    if segment.finished_word is not None:
        note = segment.finished_word
        evidence = place(path, note.line, note.text)
        found.append(Signal(kind=SignalKind.FLOW_ENDED, at=note.at, flow=flow, text=note.text, evidence=evidence))
    if segment.stopped is not None and not segment.ended:
        note = segment.stopped
        said = "the agent refused new work (409) as it was told to pause or stop, and this never got its answer"
        evidence = place(path, note.line, note.text)
        found.append(
            Signal(
                kind=SignalKind.INTERRUPTED, at=note.at, flow=flow, step=segment.current, text=said, evidence=evidence
            )
        )
    return found


def _distinct(errors: list[Note]) -> list[Note]:
    """The first error of each class and agent; the rest repeats it."""
    seen: dict[tuple[str | None, str], Note] = {}
    for note in errors:
        trouble = classify(note.text)
        seen.setdefault((note.agent, trouble.id if trouble is not None else note.text[:80]), note)
    return list(seen.values())[:MAX_SIGNALS]


def _error(note: Note, flow: str, path: str) -> Signal:
    trouble = classify(note.text)
    said = note.text if trouble is None else f"{trouble.what}: {note.text.removeprefix('Error: ')}"
    evidence = place(path, note.line, note.text)
    return Signal(kind=SignalKind.STEP_ERROR, at=note.at, flow=flow, step=note.agent, text=said, evidence=evidence)


def _overtime(segment: Segment, step: StepNote, flow: str, path: str) -> Signal | None:
    end = step.ended or (segment.ended_at or segment.last_at if segment.ended else None)
    limit = STEP_TIMEOUT_S.get(step.agent)
    if step.began is None or end is None or limit is None:
        return None
    took = (end - step.began).total_seconds()
    if took <= limit:
        return None
    said = f"it ran {took:.0f} s; its documented limit of {limit} s is not enforced"
    evidence = place(path, step.began_line or None, step.quote)
    return Signal(kind=SignalKind.TIMEOUT, at=end, flow=flow, step=step.agent, text=said, evidence=evidence)


def events(segment: Segment, path: str) -> tuple[Event, ...]:
    """The lines worth reading, in order."""
    flow = flow_of(segment)
    return tuple(
        Event(
            at=note.at, kind=note.kind, flow=flow, step=note.agent, agent=note.agent, text=note.text, level=note.level,
            path=path, line=note.line,
        )
        for note in tuple(segment.notes)
    )  # fmt: skip


def worst_note(segment: Segment) -> Note | None:
    """The error that tells most: what went all the way up, else one of a known class, else the last one."""
    last = segment.last_exception
    if last is not None and classify(last.text) is not None:
        return last
    known = [note for note in segment.errors if classify(note.text) is not None] or segment.errors
    return known[-1] if known else last


def worst(segment: Segment) -> str | None:
    """The text of that error."""
    note = worst_note(segment)
    return None if note is None else note.text.removeprefix("Error: ")


def whole_failure(segment: Segment, path: str) -> Signal | None:
    """The failure of a run of which no step is known, at the line that says it."""
    note = worst_note(segment)
    if note is None:
        return None
    evidence = place(path, note.line, note.text)
    text = note.text.removeprefix("Error: ")
    return Signal(kind=SignalKind.RUN_FAILED, at=note.at, flow=flow_of(segment), text=text, evidence=evidence)


def bad(steps: tuple[StepFact, ...]) -> bool:
    """Whether any step did not do its work."""
    return any(step.status.bad for step in steps)


def silent_success(segment: Segment, steps: tuple[StepFact, ...], path: str, at: datetime | None) -> Signal | None:
    """An exit code 0 behind which nothing shows that an agent worked: exit codes lie here (formats 0.3)."""
    if not agents_of(segment) or steps or segment.errors:
        return None
    said = "exit code 0, but nothing shows that any agent did its work"
    evidence = place(path, segment.rc_line or None, segment.rc_text or said, Rank.ARTIFACT)
    return Signal(kind=SignalKind.STALLED, at=at, flow=flow_of(segment), text=said, evidence=evidence)
