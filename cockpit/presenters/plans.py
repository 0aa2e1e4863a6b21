"""A plan as the lines of its dialog: exactly what would happen, and how to take it back."""

import shlex
from collections.abc import Sequence
from datetime import datetime

from cockpit.models.action import Job, JobState, Plan
from cockpit.presenters import times, words
from widgets.rows import Cell, TextRow, Tone

_JOB_TONES = {
    JobState.RUNNING: Tone.BUSY,
    JobState.SUCCEEDED: Tone.OK,
    JobState.FAILED: Tone.BAD,
    JobState.CANCELLED: Tone.WARN,
    JobState.LOST: Tone.BAD,
}


def command_text(argv: Sequence[str] | None) -> str:
    """The command as it could be pasted into a shell."""
    return shlex.join(argv) if argv else ""


def plan_lines(plan: Plan) -> list[TextRow]:
    """Command, place, effects, time, undo; first of all why it is refused, if it is."""
    rows: list[TextRow] = []

    def field(name: str, cell: Cell) -> None:
        rows.append(TextRow(key=str(len(rows)), spans=(Cell(f"{name:<10}", Tone.DIM), cell), hang=10))

    if plan.refused:
        field("refused", words.text(plan.refused, Tone.BAD))
    field("run", words.text(plan.run, Tone.STRONG))
    if plan.flow or plan.step:
        field("step", words.text(" › ".join(part for part in (plan.flow, plan.step) if part)))
    if plan.argv:
        field("command", words.text(command_text(plan.argv), Tone.ACCENT, 2_000))
    if plan.cwd:
        field("in", words.text(plan.cwd))
    for name, value in sorted(plan.env.items()):
        field("env", words.text(f"{name}={value}"))
    for index, effect in enumerate(plan.effects):
        warning = effect.startswith("warning: ")
        field("effect" if index == 0 else "", words.text(effect, Tone.WARN if warning else Tone.PLAIN))
    if plan.expected_s is not None:
        field("takes", Cell(f"about {times.span(plan.expected_s)}"))
    if plan.undo:
        field("undo", words.text(plan.undo))
    field("plan", Cell(plan.hash[:12], Tone.DIM))
    return rows


def job_lines(job: Job, now: datetime) -> list[TextRow]:
    """A job as the lines of a dialog."""
    facts = {
        "job": words.text(job.id, Tone.STRONG),
        "run": words.text(job.run),
        "state": Cell(job.state.value, _JOB_TONES[job.state]),
        "command": words.text(command_text(job.argv), Tone.ACCENT, 2_000),
        "since": Cell(f"{times.span(now - job.started_at)} ago"),
        "effect": Cell("SIGTERM to its whole process group, SIGKILL after a grace"),
    }
    return [
        TextRow(key=name, spans=(Cell(f"{name:<10}", Tone.DIM), cell), hang=10)
        for name, cell in facts.items()
        if cell.text
    ]
