"""A run as the board keeps it: its facts in short and what the evidence says of it."""

from datetime import datetime, timedelta
from enum import StrEnum
from sys import intern

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence


class RunState(StrEnum):
    """What the evidence says a run is doing (design, section "Runs and their truth")."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    """It waits for a person: a decision was asked for and nothing failed."""
    BLOCKED = "blocked"
    """A step says it cannot go on without something it was not given."""
    STUCK = "stuck"
    """Nothing moves although something should."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    PARTIAL = "partial"
    SUCCEEDED = "succeeded"
    ARCHIVED = "archived"
    UNREADABLE = "unreadable"


ATTENTION: tuple[RunState, ...] = (
    RunState.BLOCKED,
    RunState.STUCK,
    RunState.FAILED,
    RunState.UNREADABLE,
    RunState.WAITING,
    RunState.INTERRUPTED,
    RunState.PARTIAL,
)
"""States a person should look at, most pressing first; everything else follows by its last sign of life."""


class RunRef(Model):
    """Where a run lives.

    Attributes:
        source: Id of the source that reads it.
        root: Absolute path of the root it was found under.
        path: POSIX path of the run relative to the root; `.` when the root itself is the run.
        id: The name its commands know it by (the directory's name in Flow Studio).
    """

    source: str
    root: str
    path: str
    id: str

    @property
    def key(self) -> str:
        """Unique over all roots and sources; what panes and messages carry."""
        # Interned: tables, orders and sets of the same ten thousand runs hold one string each, not five.
        return intern(f"{self.source}:{self.root}/{self.path}")


class StepCounts(Model):
    """Steps of a run: finished well, finished badly, and expected in all (`None` where nothing says how many)."""

    done: int = 0
    failed: int = 0
    total: int | None = None


class Reason(Model):
    """One sentence of a verdict with the evidence it rests on. `warn` marks what does not decide the state.

    `code` says which rule of the verdict it comes from (`blocked`, `step_failed` ...; `cockpit.diagnosis.codes`), so
    that the diagnosis builds on what was found here instead of finding it again.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    warn: bool = False
    code: str = ""


class Becomes(Model):
    """What a run turns into if nothing more is heard of it: ageing costs no reading.

    `findings` are the ids of what has to be said of it then, in place of the ones before.
    """

    at: datetime
    state: RunState
    reason: Reason
    findings: tuple[str, ...] = ()


class Run(Model):
    """The summary kept for every run.

    Attributes:
        ref: Where it lives.
        title: The run's own title, or `None`.
        state: What the evidence says, as of the moment it was judged; see `at`.
        claimed: The status word of the run's own record, lower case, or `None` where it makes no claim.
        contradicted: Whether the evidence disagrees with the claim.
        flow: Flow of the step that matters now: failing, blocked or in progress.
        step: That step.
        agent: The agent of that step.
        started_at: First sign of life.
        updated_at: Last sign of life: the newest recorded time or file modification.
        steps: Counts over all flows the run was asked to do.
        reasons: Why `state` is what it is, the deciding one first.
        findings: Ids of the findings that need no more than judging (cause rules on the deciding text,
            contradictions); `cockpit.diagnosis.findings.diagnose` says what they are.
        signature: Normalised failure signature of the deciding text, the same for the same failure in any run.
        problems: How many pieces of its data could not be read.
        becomes: What silence will make of it.
        tags: The run's own tags.
        backend: What runs it, in the source's words.
        fingerprint: Changes whenever anything on disk of this run changes.
    """

    ref: RunRef
    title: str | None = None
    state: RunState
    claimed: str | None = None
    contradicted: bool = False
    flow: str | None = None
    step: str | None = None
    agent: str | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    steps: StepCounts = StepCounts()
    reasons: tuple[Reason, ...] = ()
    findings: tuple[str, ...] = ()
    signature: str | None = None
    problems: int = 0
    becomes: Becomes | None = None
    tags: tuple[str, ...] = ()
    backend: str | None = None
    fingerprint: str = ""

    @property
    def id(self) -> str:
        """The name its commands know it by."""
        return self.ref.id

    @property
    def key(self) -> str:
        """Unique over all roots and sources."""
        return self.ref.key

    def at(self, now: datetime) -> "Run":
        """This run as of `now`: itself, or what silence has made of it meanwhile."""
        if self.becomes is None or now < self.becomes.at:
            return self
        return self.model_copy(
            update={
                "state": self.becomes.state,
                "reasons": (self.becomes.reason, *self.reasons),
                "findings": self.becomes.findings,
                "contradicted": self.becomes.state is not RunState.SUCCEEDED
                and self.claimed is not None
                and self.claimed not in (self.becomes.state.value,),
                "becomes": None,
            }
        )

    def age(self, now: datetime) -> timedelta | None:
        """Time since its first sign of life, never negative."""
        return None if self.started_at is None else max(now - self.started_at, timedelta())

    def silence(self, now: datetime) -> timedelta | None:
        """Time since its last sign of life, never negative."""
        return None if self.updated_at is None else max(now - self.updated_at, timedelta())
