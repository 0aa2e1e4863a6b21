"""What reports are made from: an incident and everything known around it, read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.actions.jobs import find_job, load_job
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import JOB
from cockpit.clock import iso
from cockpit.errors import CockpitError
from cockpit.incidents.actions import ActionDone
from cockpit.incidents.situation import Situation
from cockpit.models.incident import EscalationCondition, Gate, Pin, PinState, TimelineRow
from cockpit.recording.masking import mask_argv
from cockpit.sources.recordings import META, Recording, recordings_of


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was run for one of an incident's runs.

    Attributes:
        kind: `job` of this program, or `recording`.
        id: Of the job or recording.
        run: Id of the run.
        title: The action, or the program's name.
        argv: The command; what looks like a secret is masked already.
        cwd: Where it ran, or `None`.
        environment: Names of the variables it ran with, as far as they are known; never a value.
        started_at: When.
        ended_at: When it ended, or `None`.
        exit_code: Or `None`.
        outcome: What became of it, for people.
        by: Who started it, or `None`.
        output: Absolute path of what it printed.
        options: What was chosen for it.
        seq: Number of the journal entry of its start, or `None`.
    """

    kind: str
    id: str
    run: str
    title: str
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    environment: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    outcome: str = ""
    by: str | None = None
    output: Path | None = None
    options: tuple[tuple[str, str], ...] = ()
    seq: int | None = None

    def facts(self) -> dict[str, Any]:
        """As it stands in a report."""
        return {
            "kind": self.kind, "id": self.id, "run": self.run, "title": self.title, "argv": list(self.argv),
            "cwd": self.cwd, "environment": list(self.environment), "started_at": iso(self.started_at),
            "ended_at": iso(self.ended_at), "exit_code": self.exit_code, "outcome": self.outcome, "by": self.by,
            "options": dict(self.options), "seq": self.seq,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gathered:
    """An incident and what is known around it.

    Attributes:
        situation: The incident, its runs, its checklist.
        timeline: Its timeline.
        gate: The gate it stands at.
        pins: What was pinned, and whether it is still there.
        escalation: Reasons to escalate.
        commands: What was run, oldest first.
    """

    situation: Situation
    timeline: tuple[TimelineRow, ...]
    gate: Gate | None = None
    pins: tuple[tuple[Pin, PinState], ...] = ()
    escalation: tuple[EscalationCondition, ...] = ()
    commands: tuple[Command, ...] = ()


def commands_of(state_dir: Path, actions: Sequence[ActionDone], runs: Sequence[str]) -> tuple[Command, ...]:
    """The commands of an incident's actions, and those recorded for its runs, oldest first. Reads the state directory.

    Args:
        state_dir: Where jobs and recordings are kept.
        actions: What was done to its runs.
        runs: Ids of its runs.
    """
    found = [_of_action(state_dir, action) for action in actions]
    for run in dict.fromkeys(runs):
        found += [_of_recording(recording, run) for recording in recordings_of(state_dir, run)]
    return tuple(sorted(found, key=lambda one: (iso(one.started_at) or "", one.id)))


def _of_action(state_dir: Path, action: ActionDone) -> Command:
    environment: tuple[str, ...] = ()
    output, cwd = None, None
    options: dict[str, str] = {}
    try:
        folder = find_job(state_dir, action.job)
        job, facts = load_job(folder), read_object(folder / JOB) or {}
    except CockpitError:
        job, facts = None, {}
    if job is not None:
        output, cwd = Path(job.output), job.cwd
        env, plan = facts.get("env"), facts.get("plan")
        environment = tuple(sorted(map(str, env))) if isinstance(env, dict) else ()
        chosen = plan.get("options") if isinstance(plan, dict) else None
        options = {str(key): str(value) for key, value in chosen.items()} if isinstance(chosen, dict) else {}
    return Command(
        kind="job", id=action.job, run=action.run, title=action.action, argv=mask_argv(action.argv), cwd=cwd,
        environment=environment, started_at=action.at, ended_at=action.ended_at, exit_code=action.exit_code,
        outcome=action.outcome, by=action.by, output=output, options=tuple(sorted(options.items())),
        seq=action.seq or None,
    )  # fmt: skip


def _of_recording(recording: Recording, run: str) -> Command:
    meta = read_object(Path(recording.directory) / META) or {}
    names = meta.get("environment")
    ended = f"ended by {recording.signal}" if recording.signal else (recording.error or "")
    return Command(
        kind="recording", id=recording.id, run=run, title=Path(recording.argv[0]).name if recording.argv else "command",
        argv=mask_argv(recording.argv), cwd=recording.cwd,
        environment=tuple(sorted(each for each in names if isinstance(each, str))) if isinstance(names, list) else (),
        started_at=recording.started_at, ended_at=recording.ended_at, exit_code=recording.exit_code, outcome=ended,
        output=recording.output,
    )  # fmt: skip
