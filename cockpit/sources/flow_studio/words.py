"""Flow Studio's many spellings in the cockpit's one (formats/flow-studio.md 2.5, 2.6, 2.8 and section 3)."""

from cockpit.models.records import Decision, HandoffStatus, StepStatus

_STEP = {
    "succeeded": StepStatus.SUCCEEDED,
    "success": StepStatus.SUCCEEDED,
    "completed": StepStatus.SUCCEEDED,
    "complete": StepStatus.SUCCEEDED,
    "ok": StepStatus.SUCCEEDED,
    "verified": StepStatus.SUCCEEDED,
    "failed": StepStatus.FAILED,
    "failure": StepStatus.FAILED,
    "error": StepStatus.FAILED,
    "interrupted": StepStatus.INTERRUPTED,
    "canceled": StepStatus.INTERRUPTED,
    "cancelled": StepStatus.INTERRUPTED,
    "aborted": StepStatus.INTERRUPTED,
    "timeout": StepStatus.TIMEOUT,
    "timed_out": StepStatus.TIMEOUT,
    "skipped": StepStatus.SKIPPED,
    "partial": StepStatus.PARTIAL,
    "unverified": StepStatus.PARTIAL,
    "running": StepStatus.RUNNING,
    "in_progress": StepStatus.RUNNING,
}

_HANDOFF = {
    "verified": HandoffStatus.VERIFIED,
    "succeeded": HandoffStatus.VERIFIED,
    "success": HandoffStatus.VERIFIED,
    "unverified": HandoffStatus.UNVERIFIED,
    "partial": HandoffStatus.PARTIAL,
    "blocked": HandoffStatus.BLOCKED,
    "failed": HandoffStatus.FAILED,
    "error": HandoffStatus.FAILED,
    "skipped": HandoffStatus.SKIPPED,
}

_DECISION = {
    "continue": Decision.CONTINUE,
    "advance": Decision.CONTINUE,
    "proceed": Decision.CONTINUE,
    "next": Decision.CONTINUE,
    "goto": Decision.BRANCH,
    "loop": Decision.LOOP,
    "repeat": Decision.LOOP,
    "rerun": Decision.LOOP,
    "retry": Decision.LOOP,
    "branch": Decision.BRANCH,
    "bounce": Decision.BRANCH,
    "fork": Decision.BRANCH,
    "join": Decision.CONTINUE,
    "skip": Decision.SKIP,
    "detour": Decision.DETOUR,
    "fix_env": Decision.DETOUR,
    "inject": Decision.INJECT,
    "inject_flow": Decision.INJECT,
    "inject_nodes": Decision.INJECT,
    "extend": Decision.EXTEND,
    "extend_graph": Decision.EXTEND,
    "escalate": Decision.ESCALATE,
    "pause": Decision.PAUSE,
    "terminate": Decision.TERMINATE,
    "blocked": Decision.TERMINATE,
    "stop": Decision.TERMINATE,
    "end": Decision.TERMINATE,
    "exit": Decision.TERMINATE,
}

_CONFIDENCE = {"high": 1.0, "medium": 0.6, "low": 0.3}

# The states in which nothing more will happen by itself; `paused` and `interrupted` wait for a command.
FINISHED = frozenset(
    ("succeeded", "failed", "canceled", "cancelled", "partial", "stopped", "completed", "interrupted", "success")
)


def step_status(word: str | None) -> StepStatus:
    """A receipt's or an event's status word, in any case."""
    if word is None:
        return StepStatus.UNKNOWN
    return _STEP.get(word) or _STEP.get(word.strip().lower(), StepStatus.UNKNOWN)


def handoff_status(word: str | None) -> HandoffStatus:
    """An envelope's status word, in any case."""
    return HandoffStatus.UNKNOWN if word is None else _HANDOFF.get(word.strip().lower(), HandoffStatus.UNKNOWN)


def decision(word: str | None) -> Decision:
    """A routing word, in any case."""
    if word is None:
        return Decision.UNKNOWN
    return _DECISION.get(word) or _DECISION.get(word.strip().lower(), Decision.UNKNOWN)


def confidence(value: object) -> float | None:
    """0..1, from a number or from HIGH, MEDIUM, LOW."""
    if isinstance(value, str):
        return _CONFIDENCE.get(value.strip().lower())
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None
