"""What the detail of a run is made of: receipts, handoffs, routing decisions, events and their kin.

These are translations: every enum is in one spelling here, and the word the system wrote is kept beside it as `raw_*`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence


class StepStatus(StrEnum):
    """How a step ended, in one spelling over all systems."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    PARTIAL = "partial"
    RUNNING = "running"
    UNKNOWN = "unknown"

    @property
    def bad(self) -> bool:
        """Whether a step that ended so did not do its work."""
        return self in (StepStatus.FAILED, StepStatus.INTERRUPTED, StepStatus.TIMEOUT)


class HandoffStatus(StrEnum):
    """What a handoff says of its step's work (three vocabularies in one field; formats/flow-studio.md 2.6)."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    PARTIAL = "partial"
    BLOCKED = "blocked"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """A routing decision in one vocabulary (formats/flow-studio.md 2.8)."""

    CONTINUE = "continue"
    LOOP = "loop"
    BRANCH = "branch"
    SKIP = "skip"
    DETOUR = "detour"
    INJECT = "inject"
    EXTEND = "extend"
    ESCALATE = "escalate"
    PAUSE = "pause"
    TERMINATE = "terminate"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """How loud a line is: what the hunt keys look for."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Tokens(Model):
    """Tokens a step used, as its receipt counts them."""

    prompt: int = 0
    completion: int = 0
    total: int = 0


class Receipt(Model):
    """What the machinery recorded of one step. Times are UTC; durations in milliseconds."""

    flow: str
    step: str
    agent: str | None = None
    status: StepStatus
    raw_status: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    tokens: Tokens | None = None
    model: str | None = None
    error: str | None = None
    transcript: str | None = None
    """Path of its transcript relative to the root, where the receipt names one."""
    mode: str | None = None
    """`stub`, `cli`, `sdk`: a stub's success proves nothing."""
    exit_code: int | None = None
    measures: dict[str, Any] = Field(default_factory=dict)
    """The evidence blocks (tests, changes, security ...) as written."""
    path: str
    modified_at: datetime | None = None


class Concern(Model):
    """Something an agent was worried about."""

    text: str
    severity: str | None = None
    location: str | None = None


class Assumption(Model):
    """Something an agent took for granted."""

    text: str
    why: str | None = None
    impact: str | None = None
    status: str | None = None


class HandoffRouting(Model):
    """Where a handoff wants the run to go next."""

    decision: Decision
    raw_decision: str | None = None
    target: str | None = None
    reason: str = ""
    confidence: float | None = None
    needs_human: bool = False
    can_iterate: bool | None = None


class Handoff(Model):
    """The envelope a step hands to the next one."""

    flow: str
    step: str
    agent: str | None = None
    status: HandoffStatus
    raw_status: str | None = None
    summary: str = ""
    concerns: tuple[Concern, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    routing: HandoffRouting | None = None
    error: str | None = None
    verified: bool | None = None
    """The machinery's own verification, where it made one."""
    fallback: bool = False
    """The engine wrote none; the orchestrator made this one up."""
    draft: bool = False
    at: datetime | None = None
    path: str
    modified_at: datetime | None = None


class Iteration(Model):
    """Where a microloop stands."""

    current: int
    max: int | None = None


class RoutingEntry(Model):
    """One routing decision."""

    at: datetime | None = None
    flow: str | None = None
    step: str | None = None
    decision: Decision
    raw_decision: str | None = None
    target: str | None = None
    reason: str = ""
    iteration: Iteration | None = None
    confidence: float | None = None
    needs_human: bool = False
    level: Level = Level.INFO
    path: str
    line: int | None = None


class Event(Model):
    """One line of a run's own event log or step log."""

    at: datetime | None = None
    kind: str
    flow: str | None = None
    step: str | None = None
    agent: str | None = None
    text: str = ""
    level: Level = Level.INFO
    path: str
    line: int | None = None


class Artifact(Model):
    """A file of the run that is not one of the records above. Sizes in bytes."""

    path: str
    kind: str
    flow: str | None = None
    size: int
    modified_at: datetime


class StepFact(Model):
    """One step of a run, put together from everything that speaks of it.

    Attributes:
        flow: Flow key.
        step: Step id (as the flow's configuration spells it, where the files disagree).
        agent: Agent key.
        status: How it ended, `running` where it has begun and nothing says it ended.
        started_at: When it began.
        ended_at: When it ended.
        attempts: How often it ran (microloops and retries).
        error: Its error text, wherever that was found.
        evidence: The place that decides `status`.
    """

    flow: str
    step: str
    agent: str | None = None
    status: StepStatus
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 1
    error: str | None = None
    evidence: Evidence | None = None


class PlannedStep(Model):
    """A step the run is expected to do, from the tree's own configuration or the known lists."""

    flow: str
    step: str
    agent: str | None = None
    loop_max: int | None = None


class SignalKind(StrEnum):
    """Things in a run's files that speak for themselves."""

    FLOW_FAILED = "flow_failed"
    FLOW_ENDED = "flow_ended"
    RUN_FAILED = "run_failed"
    STEP_ERROR = "step_error"
    VERIFICATION_FAILED = "verification_failed"
    NEEDS_HUMAN = "needs_human"
    ESCALATION = "escalation"
    BLOCKED = "blocked"
    LOOP_EXHAUSTED = "loop_exhausted"
    STALLED = "stalled"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    PAUSED = "paused"
    BOUNDARY = "boundary"
    SLO_BREACH = "slo_breach"
    EVAL_DROP = "eval_drop"
    SAFETY = "safety"
    BUDGET = "budget"
    ANOMALY = "anomaly"
    GATE = "gate"
    """A gate that is not green: PR contexts, a preview's smoke test, a release threshold."""


class Signal(Model):
    """One of them, with its place."""

    kind: SignalKind
    at: datetime | None = None
    flow: str | None = None
    step: str | None = None
    text: str = ""
    evidence: Evidence


class RunRecord(Model):
    """What the run says about itself: narrative until the evidence agrees.

    Attributes:
        claimed: Its status word, lower case, or `None`.
        means: `claimed` in the words of `cockpit.diagnosis.claims`, where the system's own word means something else
            there or nothing; `idle`: it was made and waits to be started, so that silence means nothing.
        finished: Whether that word means that nothing more will happen.
        error: Its error text.
        flows: Flow keys it was asked to do, in order.
        evidence: Where the claim stands.
        others: Where further records of the run claim something else than `claimed`.
        refused: Why the system itself no longer takes the run (its record is invalid), or `None`.
    """

    claimed: str | None = None
    means: str | None = None
    finished: bool = False
    error: str | None = None
    title: str | None = None
    flows: tuple[str, ...] = ()
    backend: str | None = None
    initiator: str | None = None
    tags: tuple[str, ...] = ()
    recorded_id: str | None = None
    current_flow: str | None = None
    current_step: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    evidence: Evidence | None = None
    others: tuple[Evidence, ...] = ()
    refused: str | None = None
