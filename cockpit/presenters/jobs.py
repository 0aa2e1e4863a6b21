"""Jobs as lines: in a table, in full, and in one sentence."""

from datetime import datetime

from cockpit.models.action import Job, JobState
from cockpit.presenters import times, words
from cockpit.presenters.plans import command_text
from widgets.rows import Cell, TextRow, Tone

TITLES = ("job", "state", "action", "run", "age", "outcome", "command")
JOB_TONES = {
    JobState.RUNNING: Tone.BUSY,
    JobState.SUCCEEDED: Tone.OK,
    JobState.FAILED: Tone.BAD,
    JobState.CANCELLED: Tone.WARN,
    JobState.LOST: Tone.BAD,
}

_ENDED = {
    JobState.RUNNING: "is at work",
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "was cancelled",
    JobState.LOST: "is lost",
}
_SHORT = 72
"""Characters of an outcome in the table; the job itself is shown in full."""


def told(job: Job) -> str:
    """How a job stands, in one line: `retry of run-1 failed: exit 0 after 2 s, but ... (judged by its output)`."""
    judged = f" (judged by {_by(job)})" if job.judged_by else ""
    return f"{job.action} of {job.run} {_ENDED[job.state]}: {job.outcome}{judged}"


def job_row(job: Job, now: datetime) -> tuple[Cell, ...]:
    """One job in a table of jobs."""
    return (
        Cell(job.id, Tone.DIM),
        Cell(job.state.value, JOB_TONES[job.state]),
        words.text(job.action),
        words.text(job.run, Tone.STRONG),
        Cell(times.span(now - job.started_at), Tone.DIM),
        words.text(job.outcome, limit=_SHORT),
        words.text(command_text(job.argv), Tone.ACCENT),
    )


def job_detail(job: Job, now: datetime) -> list[TextRow]:
    """Everything about a job: what it did, how it ended, what that rests on, and where it can be read."""
    facts: list[tuple[str, Cell]] = [
        ("job", words.text(job.id, Tone.STRONG)),
        ("bulk", words.text(job.bulk or "")),
        ("action", words.text(job.action)),
        ("run", words.text(job.run, Tone.STRONG)),
        ("state", Cell(job.state.value, JOB_TONES[job.state])),
        ("outcome", words.text(job.outcome)),
        ("judged by", words.text(_by(job))),
        *(("evidence", words.text(f"{place.path}{_line(place.line)}: {place.quote}")) for place in job.evidence),
        ("command", words.text(command_text(job.argv), Tone.ACCENT, 2_000)),
        ("in", words.text(job.cwd or "")),
        ("by", words.text(job.actor)),
        ("started", Cell(f"{job.started_at:%Y-%m-%d %H:%M:%S} UTC, {times.span(now - job.started_at)} ago")),
        ("ended", Cell("" if job.ended_at is None else f"{job.ended_at:%Y-%m-%d %H:%M:%S} UTC")),
        ("limit", Cell("" if job.timeout_s is None else times.span(job.timeout_s))),
        ("output", words.text(job.output)),
    ]
    return [_fact(number, name, cell) for number, (name, cell) in enumerate(facts) if cell.text]


def job_story(job: Job, now: datetime) -> list[TextRow]:
    """The same for a pane beside the list of jobs: what it rests on and how it ended first, what the list has last."""
    return sorted(job_detail(job, now), key=lambda row: _PLACES.get(row.spans[0].text.strip(), 1))


_PLACES = {"judged by": 0, **dict.fromkeys(("job", "bulk", "action", "run", "state"), 2)}


def _fact(number: int, name: str, cell: Cell) -> TextRow:
    return TextRow(key=str(number), spans=(Cell(f"{name:<10}", Tone.DIM), cell), hang=10)


def _by(job: Job) -> str:
    return " and ".join(part for part in (", ".join(job.judged_by[:-1]), *job.judged_by[-1:]) if part)


def _line(line: int | None) -> str:
    return "" if line is None else f":{line}"


def job_lines(job: Job, now: datetime) -> list[TextRow]:
    """A job as the lines of a dialog."""
    facts = {
        "job": words.text(job.id, Tone.STRONG),
        "run": words.text(job.run),
        "state": Cell(job.state.value, JOB_TONES[job.state]),
        "command": words.text(command_text(job.argv), Tone.ACCENT, 2_000),
        "since": Cell(f"{times.span(now - job.started_at)} ago"),
        "limit": Cell("" if job.timeout_s is None else f"ended after {times.span(job.timeout_s)}"),
        "effect": Cell("SIGTERM to its whole process group, SIGKILL after a grace"),
    }
    return [
        TextRow(key=name, spans=(Cell(f"{name:<10}", Tone.DIM), cell), hang=10)
        for name, cell in facts.items()
        if cell.text
    ]
