"""Who works on what: the locks of running jobs, as their directories tell (see `cockpit.actions.jobs`)."""

from collections.abc import Iterable
from pathlib import Path

from cockpit.actions.jobs import describe_owner, is_alive, job_dirs, orphan
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import JOB, RESULT
from cockpit.models.action import Plan


def lock_of(plan: Plan) -> str:
    """What a plan locks; plans of before that have no such key lock their run."""
    return plan.lock_key or plan.run_key


def holder(state_dir: Path, key: str) -> str | None:
    """Who works on a run or a system, doing what, since when; `None` where no job does.

    Args:
        state_dir: State directory of a root.
        key: The lock key: a run's key, or that of a system.
    """
    return holders(state_dir, (key,)).get(key)


def holders(state_dir: Path, keys: Iterable[str]) -> dict[str, str]:
    """Who works on any of several runs or systems; those nobody works on are left out.

    A job whose supervisor was killed counts as long as its command still runs.
    """
    wanted = set(keys)
    found: dict[str, str] = {}
    for job_dir in job_dirs(state_dir):
        if (job_dir / RESULT).exists():
            continue
        facts = read_object(job_dir / JOB) or {}
        # Jobs of before know only their run.
        key = facts.get("lock_key") or facts.get("run_key")
        if key not in wanted or key in found:
            continue
        if is_alive(job_dir):
            found[key] = describe_owner(job_dir)
            continue
        pid = orphan(job_dir)
        if pid is not None:
            found[key] = f"{describe_owner(job_dir)} lost its supervisor, but process {pid} still runs"
    return found
