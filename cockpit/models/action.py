"""Actions: what can be done to a run, the plan made before it is done, and the job that does it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from cockpit.models.base import Model


class Confirm(StrEnum):
    """How a plan is confirmed (keymap): with `y`, or by typing the run's id."""

    YES = "yes"
    TYPED = "typed"


class ActionSpec(Model):
    """An action a source offers for its runs.

    Attributes:
        id: The verb: `resume`, `retry`, `archive` ...
        title: One line for people.
        argv: Template; `{run}`, `{flow}` and `{step}` are replaced in each argument. Empty for actions the cockpit
            carries out itself.
        needs: Which of `flow` and `step` must be known.
        confirm: How its plan is confirmed.
        undo: How to take it back, for people.
        cwd_marker: The command runs in the nearest directory at or above the run that holds this file.
        expects: What a person should see happen, for the plan.
    """

    id: str
    title: str
    argv: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    confirm: Confirm = Confirm.YES
    undo: str = ""
    cwd_marker: str | None = None
    expects: tuple[str, ...] = ()


class Plan(Model):
    """Exactly what an action would do, bound to the state it was made from.

    Attributes:
        action: Action id.
        run: Run id.
        run_key: Unique key of the run.
        hash: sha256 over the plan and the run's fingerprint.
        argv: The command, or `None` where the cockpit acts itself.
        cwd: Where it runs.
        env: Changes to the environment.
        effects: What it will write, supersede, move or run again.
        expected_s: Seconds it usually takes, or `None` where nothing tells.
        undo: How to take it back.
        refused: Why it cannot be done, or `None`.
    """

    action: str
    run: str
    run_key: str
    flow: str | None = None
    step: str | None = None
    hash: str
    argv: tuple[str, ...] | None = None
    request: dict[str, str] | None = None
    cwd: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    effects: tuple[str, ...] = ()
    expected_s: float | None = None
    undo: str = ""
    confirm: Confirm = Confirm.YES
    options: dict[str, str] = Field(default_factory=dict)
    fingerprint: str = ""
    refused: str | None = None


class JobState(StrEnum):
    """Where a job stands; `lost` means its supervisor died before it could write an end."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class Job(Model):
    """One execution of a plan.

    Attributes:
        id: Name of its directory under `<state>/jobs`.
        exit_code: Of the command; negative is the signal that ended it.
        outcome: What became of it, for people.
        output: Absolute path of its output file.
    """

    id: str
    action: str
    run: str
    run_key: str
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    started_at: datetime
    ended_at: datetime | None = None
    exit_code: int | None = None
    state: JobState
    outcome: str = ""
    output: str
    plan_hash: str = ""
