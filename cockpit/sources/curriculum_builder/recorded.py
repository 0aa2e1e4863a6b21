"""Recorded commands of a run (`cockpit record`) as facts: the one trace of the failures that leave none on disk.

formats/curriculum-builder.md 3.5: after the failures A, C, D and E of the incident document a run is merely
`initialized` or `spec_ready`; what went wrong is in the words of the command that failed. The texts are those of
section 2, "Exact texts".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from signal import SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM
from typing import NamedTuple

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Signal, SignalKind, StepFact, StepStatus
from cockpit.sources.curriculum_builder.layout import FLOW
from cockpit.sources.curriculum_builder.stage import STEPS
from cockpit.sources.fields import SHORT, newest

_TYPED = re.compile(r"\[(\w+)\] \S")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|InvalidURL|Timeout)\b(?::.*)?$")
_MAKE_TARGET = "orchestration-"
_COMMANDS = {"run": "generate", "validate": "validate", "plan": "plan", "iterate": "iterate"}
_SPEC_WORDS = ("Topic spec not ready", "Topic spec missing or incomplete")
_BY_SIGNAL = {128 + one: one.name for one in (SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM)}
"""What a shell makes of the signals that end a command from outside."""


class Command(NamedTuple):
    """A recorded command of a run, in this module's own terms.

    Attributes:
        argv: What was run.
        lines: The last lines of its output.
        output: Path of its output as evidence spells it.
        meta: Path of the record of its end, likewise.
        started_at: When it began.
        ended_at: When it ended; `None` while it runs, and for ever if its recorder was killed.
        exit_code: As a shell shows it; `None` while it runs.
        lost: Whether its recorder was killed, so that nobody knows how it ended.
        last_output_at: When it last wrote something.
    """

    argv: tuple[str, ...]
    lines: Sequence[str]
    output: str
    meta: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    lost: bool = False
    last_output_at: datetime | None = None


def verb_of(argv: Sequence[str]) -> str | None:
    """The system's command in an argv (`run`, `validate` ...), through make or not; `None` if there is none."""
    for position, argument in enumerate(argv):
        name = argument.rpartition("/")[2]
        if name in ("orchestration.py", "workflow.py"):
            return next((one for one in argv[position + 1 :] if not one.startswith("-")), None)
        if name.startswith(_MAKE_TARGET):
            return name.removeprefix(_MAKE_TARGET)
    return None


def with_commands(detail: RunDetail, commands: Iterable[Command]) -> RunDetail:
    """The facts of a run with what its recorded commands add.

    Only the last command that drives the pipeline speaks: a later success makes up for an earlier failure. A failure
    is left out where the step's own file was written after it (by a command that was not recorded).

    Args:
        detail: What the files say.
        commands: Recorded commands of this run, in any order.
    """
    driving = [one for one in commands if verb_of(one.argv) in _COMMANDS]
    if not driving:
        return detail
    last = max(driving, key=lambda one: one.started_at.timestamp() if one.started_at else 0.0)
    heard = newest(detail.updated_at, *(one.last_output_at or one.started_at for one in driving), last.ended_at)
    detail = replace(detail, updated_at=heard)
    if last.exit_code == 0:
        return detail
    step = _step(last)
    status = _status(last)
    done = next((one for one in detail.steps if one.step == step), None)
    if _made_up_for(done, last, status):
        return detail
    error = None if status is StepStatus.RUNNING else _error(last)
    fact = StepFact(
        flow=FLOW,
        step=step,
        agent=done.agent if done else None,
        status=status,
        started_at=last.started_at,
        ended_at=None if status is StepStatus.RUNNING else last.ended_at,
        attempts=(done.attempts if done else 0) + 1,
        error=error,
        evidence=_end(last, status),
    )
    steps = [one for one in detail.steps if one.step != step] + [fact]
    steps.sort(key=lambda one: STEPS.index(one.step))
    signals = detail.signals
    if error is not None:
        signals = tuple(one for one in signals if one.kind is not SignalKind.NEEDS_HUMAN)
        signals = (*signals, _said(last, step, error))
    return replace(detail, steps=tuple(steps), signals=signals)


def _made_up_for(done: StepFact | None, last: Command, status: StepStatus) -> bool:
    """Whether the step's file is newer than the command's end, or says the same already with more words."""
    if done is None or last.ended_at is None:
        return False
    if done.step == "validate" and done.status is StepStatus.FAILED and status is StepStatus.FAILED:
        return True
    # Within the second of its end the file may be the command's own.
    return done.status is StepStatus.SUCCEEDED and done.ended_at is not None and done.ended_at > last.ended_at


def _step(command: Command) -> str:
    """The step a command failed at or is working on."""
    text = "\n".join(command.lines)
    if any(words in text for words in _SPEC_WORDS):
        return "spec"
    if "Missing curriculum file" in text:
        return "generate"
    if "Saved validation report" in text or "CURRICULUM VALIDATION REPORT" in text:
        return "validate"
    return _COMMANDS[verb_of(command.argv) or "run"]


def _status(command: Command) -> StepStatus:
    if command.exit_code is None:
        return StepStatus.INTERRUPTED if command.lost else StepStatus.RUNNING
    return StepStatus.INTERRUPTED if command.exit_code in _BY_SIGNAL else StepStatus.FAILED


def _error(command: Command) -> str:
    """The telling words of a command's output: its typed error, else what it complained of, else its exit code."""
    code = command.exit_code
    if code is None:
        return "its recorder was killed; nobody knows how it ended"
    if code in _BY_SIGNAL:
        return f"ended by {_BY_SIGNAL[code]}"
    lines = [one.strip() for one in command.lines if one.strip() and not one.startswith("make: ***")]
    typed = next((one for one in reversed(lines) if _TYPED.match(one)), None)
    if typed is not None:
        return typed
    for position, one in enumerate(lines):
        if one.startswith(_SPEC_WORDS):
            return "; ".join((one, *(below for below in lines[position + 1 :] if below.startswith("- "))))
        if one.startswith("Missing curriculum file"):
            return one
    raised = next((one for one in reversed(lines) if _EXCEPTION.match(one)), None)
    return raised or (f"exit code {code}: {lines[-1]}" if lines else f"exit code {code} and no output")


def _end(command: Command, status: StepStatus) -> Evidence:
    quote = "no end recorded" if command.exit_code is None else f'"exit_code": {command.exit_code}'
    if status is StepStatus.RUNNING:
        quote = "running"
    return Evidence(rank=Rank.PHYSICS, path=command.meta, quote=quote)


def _said(command: Command, step: str, error: str) -> Signal:
    evidence = Evidence(rank=Rank.PHYSICS, path=command.output, quote=error[:SHORT])
    return Signal(kind=SignalKind.STEP_ERROR, at=command.ended_at, flow=FLOW, step=step, text=error, evidence=evidence)
