"""What a run's own status word amounts to, and when the evidence makes a lie of it."""

from enum import Enum

from cockpit.models.run import RunState


class Claim(Enum):
    """What the run's own record says, over all systems' words."""

    NONE = "none"
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    IDLE = "idle"
    """It waits to be started: silence means nothing."""
    SERVING = "serving"
    """A server between requests: it runs, and silence means nothing."""
    OTHER = "other"

    @property
    def live(self) -> bool:
        """Whether something should still be moving."""
        return self in (Claim.PENDING, Claim.RUNNING)


_WORDS = {
    "idle": Claim.IDLE,
    "serving": Claim.SERVING,
    "pending": Claim.PENDING,
    "queued": Claim.PENDING,
    "created": Claim.PENDING,
    "running": Claim.RUNNING,
    "in_progress": Claim.RUNNING,
    "in-progress": Claim.RUNNING,
    "started": Claim.RUNNING,
    "stopping": Claim.RUNNING,
    "pausing": Claim.PAUSED,
    "paused": Claim.PAUSED,
    "stopped": Claim.STOPPED,
    "partial": Claim.STOPPED,
    "interrupted": Claim.INTERRUPTED,
    "canceled": Claim.INTERRUPTED,
    "cancelled": Claim.INTERRUPTED,
    "aborted": Claim.INTERRUPTED,
    "failed": Claim.FAILED,
    "failure": Claim.FAILED,
    "error": Claim.FAILED,
    "succeeded": Claim.SUCCEEDED,
    "success": Claim.SUCCEEDED,
    "completed": Claim.SUCCEEDED,
    "complete": Claim.SUCCEEDED,
    "ok": Claim.SUCCEEDED,
    "iterated": Claim.SUCCEEDED,
}

_HONEST: dict[Claim, frozenset[RunState]] = {
    Claim.PENDING: frozenset((RunState.PENDING, RunState.RUNNING, RunState.WAITING)),
    Claim.IDLE: frozenset((RunState.PENDING, RunState.WAITING)),
    Claim.SERVING: frozenset((RunState.RUNNING, RunState.WAITING)),
    Claim.RUNNING: frozenset((RunState.RUNNING, RunState.WAITING)),
    Claim.PAUSED: frozenset((RunState.PAUSED,)),
    Claim.STOPPED: frozenset((RunState.PARTIAL, RunState.INTERRUPTED)),
    Claim.INTERRUPTED: frozenset((RunState.INTERRUPTED, RunState.PARTIAL)),
    # A failed run that is blocked or waits for a person did fail; the state only says more.
    Claim.FAILED: frozenset((RunState.FAILED, RunState.BLOCKED, RunState.WAITING, RunState.INTERRUPTED)),
    Claim.SUCCEEDED: frozenset((RunState.SUCCEEDED,)),
}


def claim_of(word: str | None) -> Claim:
    """The claim behind a status word, in any case."""
    return Claim.NONE if word is None else _WORDS.get(word.strip().lower(), Claim.OTHER)


def contradicted(claim: Claim, state: RunState) -> bool:
    """Whether the evidence disagrees with the claim. Unknown words claim nothing that could be wrong."""
    honest = _HONEST.get(claim)
    return honest is not None and state not in honest and state not in (RunState.ARCHIVED, RunState.UNREADABLE)
