"""The order in which runs ask for attention."""

from cockpit.models.run import ATTENTION, Run, RunState

_REST = (RunState.RUNNING, RunState.PAUSED, RunState.PENDING, RunState.SUCCEEDED, RunState.ARCHIVED)
_RANK = {state: rank for rank, state in enumerate((*ATTENTION, *_REST))}


def attention_rank(run: Run) -> int:
    """0 for what presses most; see `cockpit.models.run.ATTENTION`."""
    return _RANK[run.state]


def attention_key(run: Run) -> tuple[int, float, str]:
    """Sort key: what needs attention first, then by the last sign of life, newest first; ties by the run's key."""
    at = run.updated_at or run.started_at
    return attention_rank(run), 0.0 if at is None else -at.timestamp(), run.key
