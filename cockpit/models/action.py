"""Actions: what can be done to a run, the plan made before it is done, and the job that does it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence
from cockpit.models.request import PlannedRequest, Recall, RequestSpec
from cockpit.models.run import RunState


class Confirm(StrEnum):
    """How a plan is confirmed (keymap): with `y`, or by typing the run's id."""

    YES = "yes"
    TYPED = "typed"


class Reach(StrEnum):
    """What an action works on, and so what its lock covers."""

    RUN = "run"
    SYSTEM = "system"
    """The system as a whole: its configuration, its services, its traffic. One such action at a time per root."""


class InputKind(StrEnum):
    """What an input of an action may hold; anything else is refused before there is a plan."""

    NAME = "name"
    """A plain name (`cockpit.actions.names`)."""
    TEXT = "text"
    """One line for people; never part of a command that could read it as an option."""
    INTEGER = "integer"
    FLAG = "flag"
    """`yes` or `no`."""
    CHOICE = "choice"
    PATH = "path"
    """A file inside the root, relative to it."""


class ActionInput(Model):
    """Something an operator chooses before there is a plan (`--set NAME=VALUE`).

    Attributes:
        name: As a template names it: `{name}`.
        title: What is asked, for people.
        kind: What it may hold.
        default: Used where nothing is chosen; without one it is required unless `optional`.
        choices: For `choice`.
        optional: Whether it may be left out.
        recall: An earlier job that gives the default; before `default` where there is one.
    """

    name: str
    title: str
    kind: InputKind = InputKind.NAME
    default: str | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    recall: Recall | None = None


class OutcomeRule(Model):
    """What a command's own words say of how it ended, where its exit code does not.

    Attributes:
        pattern: Regular expression looked for in each line of its output.
        failed: Whether such a line means that it failed (else: that it worked).
        says: What became of it, for people.
    """

    pattern: str
    failed: bool
    says: str


class ActionSpec(Model):
    """An action a source offers for its runs, or a user declares.

    Attributes:
        id: The verb: `resume`, `retry`, `archive` ...
        title: One line for people.
        argv: Template; `{run}`, `{flow}`, `{step}` and the action's inputs are replaced in each argument. Empty for
            actions the cockpit carries out itself and for requests.
        request: The HTTP request, for actions that are one.
        needs: Which of `flow` and `step` must be known.
        inputs: What must be chosen besides.
        reach: The run, or the system.
        states: States of the run it is for; none means all but running (which can be forced) and archived.
        confirm: How its plan is confirmed.
        danger: Whether it cannot be taken back, or reaches beyond this host.
        undo: How to take it back, for people.
        undone_by: Id of the action that takes it back, or `None`.
        cwd_marker: The command runs in the nearest directory at or above the run that holds this file.
        env: Changes to the environment; values are templates.
        expects: What a person should see happen, for the plan.
        warnings: What they must know before saying yes, from `formats/`.
        dry_run: Template of a command that shows what `argv` would do and changes nothing; empty for none.
        outcome: How its output tells what became of it; first match wins, failures before successes.
        unavailable: Why this system cannot do it although its documents say so, or `None`.
        key: Key in the action menu, or `None`.
    """

    id: str
    title: str
    argv: tuple[str, ...] = ()
    request: RequestSpec | None = None
    needs: tuple[str, ...] = ()
    inputs: tuple[ActionInput, ...] = ()
    reach: Reach = Reach.RUN
    states: tuple[RunState, ...] = ()
    confirm: Confirm = Confirm.YES
    danger: bool = False
    undo: str = ""
    undone_by: str | None = None
    cwd_marker: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    expects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dry_run: tuple[str, ...] = ()
    outcome: tuple[OutcomeRule, ...] = ()
    unavailable: str | None = None
    key: str | None = None


class Plan(Model):
    """Exactly what an action would do, bound to the state it was made from.

    Attributes:
        action: Action id.
        run: Run id.
        run_key: Unique key of the run.
        lock_key: What is locked while it runs: the run's key, or `<source>:<root>` for its system.
        reach: What it works on.
        title: One line for people.
        hash: sha256 over the plan and the run's fingerprint, `basis` apart.
        argv: The command, or `None` where the cockpit acts itself.
        request: The HTTP request, or `None`.
        cwd: Where it runs.
        env: Changes to the environment.
        effects: What it will write, supersede, move or run again.
        warnings: What must be known before saying yes.
        expected_s: Seconds it usually takes, or `None` where nothing tells.
        expected_tokens: Tokens it usually takes, from past receipts, or `None`.
        undo: How to take it back.
        undone_by: Id of the action that takes it back, or `None`.
        danger: Whether it cannot be taken back, or reaches beyond this host.
        dry_run: Command that shows what it would do, or `None`.
        outcome: How its output tells what became of it.
        options: Inputs and options as they were chosen.
        fingerprint: The run's, when it was planned.
        basis: The facts it rests on, by name, to tell what changed where the run moved.
        undoes: Number of the journal entry that it takes back, or `None`.
        refused: Why it cannot be done, or `None`.
    """

    action: str
    run: str
    run_key: str
    lock_key: str = ""
    reach: Reach = Reach.RUN
    title: str = ""
    flow: str | None = None
    step: str | None = None
    hash: str
    argv: tuple[str, ...] | None = None
    request: PlannedRequest | None = None
    cwd: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    effects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    expected_s: float | None = None
    expected_tokens: int | None = None
    undo: str = ""
    undone_by: str | None = None
    danger: bool = False
    dry_run: tuple[str, ...] | None = None
    outcome: tuple[OutcomeRule, ...] = ()
    confirm: Confirm = Confirm.YES
    options: dict[str, str] = Field(default_factory=dict)
    fingerprint: str = ""
    basis: dict[str, str] = Field(default_factory=dict)
    undoes: int | None = None
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
        signal: Name of the signal that ended it (`SIGTERM`), or `None`.
        outcome: What became of it, for people.
        judged_by: What that rests on: `exit code`, `output`, `evidence of the run`, or several of them; for a job that
            was ended early `cancellation` or `time limit`.
        evidence: Where it can be read: paths of the run are relative to the root, that of the output is absolute.
        output: Absolute path of its output file.
        bulk: Id of the bulk it belongs to, or `None`.
        actor: Who started it.
        timeout_s: Seconds after which it is ended, or `None`.
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
    signal: str | None = None
    state: JobState
    outcome: str = ""
    judged_by: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    output: str
    plan_hash: str = ""
    bulk: str | None = None
    actor: str = ""
    timeout_s: float | None = None
