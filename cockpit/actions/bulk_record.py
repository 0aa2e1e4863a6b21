"""A bulk as its directory tells it: `<state>/bulks/<id>/` (see `cockpit.actions.bulk` for the files).

What is true of a bulk does not depend on who looks. It runs as long as its supervisor holds the bulk's lock. What an
item came to is in `progress.jsonl`, and where that is silent because the supervisor was killed, in the jobs themselves.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cockpit.actions.ending import RECORDED, Recorder, Seen, append_once
from cockpit.actions.jobs import job_dirs, load_job
from cockpit.actions.storage import is_locked, locked, read_object, write_all, write_reserved
from cockpit.actions.supervisor import JOB, RESERVE, RESULT
from cockpit.clock import iso, parse_iso
from cockpit.errors import CockpitError
from cockpit.models.action import Job, JobState
from cockpit.models.bulk import Bulk, BulkItem, BulkItemState, BulkState
from cockpit.sanitize import clean

BULKS = "bulks"
BULK = "bulk.json"
PROGRESS = "progress.jsonl"
ALIVE = "supervisor.lock"
"""Locked from before a bulk can be seen until its supervisor is gone."""
ENDED = "bulk.ended"

OUTCOMES = {
    JobState.RUNNING: BulkItemState.RUNNING,
    JobState.SUCCEEDED: BulkItemState.DONE,
    JobState.FAILED: BulkItemState.FAILED,
    JobState.CANCELLED: BulkItemState.CANCELLED,
    JobState.LOST: BulkItemState.LOST,
}
"""What the state of its job makes of an item."""

_ITEM_BYTES = 1_100
_TOLD = 200
"""Characters of an item's outcome that are kept with the bulk; its job tells the rest."""


def bulk_dirs(state_dir: Path) -> list[Path]:
    """Directories of all bulks, newest first (their names begin with their time)."""
    try:
        with os.scandir(state_dir / BULKS) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [state_dir / BULKS / name for name in sorted(names, reverse=True) if not name.startswith(".")]


def reserve_size(count: int) -> int:
    """Bytes that the result of a bulk of `count` items may take."""
    return 4096 + count * _ITEM_BYTES


def load_bulk(bulk_dir: Path) -> Bulk | None:
    """One bulk as it stands now, or `None` when its directory holds no bulk that can be read."""
    facts = read_object(bulk_dir / BULK)
    if facts is None:
        return None
    # In this order: a supervisor writes its result before it lets go of the lock.
    alive = is_locked(bulk_dir / ALIVE) is True
    result = read_object(bulk_dir / RESULT)
    try:
        items = _planned(facts)
        told = (result or {}).get("items") or read_progress(bulk_dir / PROGRESS)
        items = _with_progress(items, told)
        if result is None:
            items = _with_jobs(bulk_dir, items, alive=alive)
        started = parse_iso(facts["started_at"])
        return Bulk(
            id=bulk_dir.name,
            action=facts["action"],
            actor=facts["actor"]["real_user"],
            plan_hash=facts["plan_hash"],
            started_at=started,
            ended_at=None if result is None else parse_iso(result["ended_at"]),
            parallel=facts["parallel"],
            stop_on_failure=facts["stop_on_failure"],
            flow=facts.get("flow"),
            step=facts.get("step"),
            options=facts.get("options") or {},
            rest_of=facts.get("rest_of"),
            items=tuple(items),
            **_standing(items, result, alive=alive),
        )
    except (ValidationError, KeyError, TypeError, ValueError):
        return None


class Progress:
    """What became of the items, written down as it happens."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OSError: It cannot be opened.
        """
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)

    def tell(self, item: BulkItem) -> None:
        """Append, synced. A full disk is let be: the item's job knows its bulk, and the result has its own room."""
        line = json.dumps(item_facts(item), sort_keys=True) + "\n"
        with suppress(OSError):
            write_all(self._fd, line.encode())
            os.fsync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def read_progress(path: Path) -> list[dict[str, Any]]:
    """What was told so far, oldest first; a torn or broken line is skipped."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    told = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                told.append(found)
    return told


def item_facts(item: BulkItem) -> dict[str, Any]:
    """What is kept of an item as it stands."""
    return {"index": item.index, "state": item.state.value, "job": item.job, "outcome": clean(item.outcome, _TOLD)}


def write_result(bulk_dir: Path, items: Iterable[BulkItem], ended: datetime, reason: str | None = None) -> None:
    """Write down how a bulk ended, into the room reserved for it.

    Args:
        bulk_dir: Directory of the bulk.
        items: How each of its items ended; none where it never came to life.
        ended: When.
        reason: Why it was ended early, or never began; `None` where it came to its end.

    Raises:
        OSError: It could not be written.
    """
    result = {"ended_at": iso(ended), "reason": reason, "items": [item_facts(item) for item in items]}
    data = (json.dumps(result, sort_keys=True, ensure_ascii=False) + "\n").encode()
    write_reserved(bulk_dir / RESERVE, bulk_dir / RESULT, data)


def record_bulk_end(bulk_dir: Path, recorder: Recorder, seen: Seen, *, own: bool = False) -> bool:
    """Append the end of a bulk to the journal, unless that was done before; see `cockpit.actions.ending.record_end`.

    Raises:
        CockpitError: The journal could not be written.
        OSError: The bulk's directory could not be written.
    """
    with locked(bulk_dir / BULK):
        if (bulk_dir / RECORDED).exists() or (is_locked(bulk_dir / ALIVE) is True and not own):
            return False
        bulk = load_bulk(bulk_dir)
        if bulk is None:
            return False
        facts = {
            "bulk": bulk.id,
            "action": bulk.action,
            "plan": bulk.plan_hash,
            "state": BulkState.LOST.value if read_object(bulk_dir / RESULT) is None and not own else bulk.state.value,
            "outcome": bulk.outcome,
            "counts": bulk.counts,
            "failed": [item.run for item in bulk.rest][:_TOLD],
            "started_at": iso(bulk.started_at),
            "ended_at": iso(bulk.ended_at),
        }
        return append_once(bulk_dir, lambda: recorder.append(ENDED, facts), seen)


def settle_bulks(state_dir: Path, recorder: Recorder, seen: Seen) -> int:
    """Record the ends of bulks that nobody recorded; returns how many that were.

    Raises:
        CockpitError: The journal could not be written.
    """
    count = 0
    for bulk_dir in bulk_dirs(state_dir):
        if not (bulk_dir / RECORDED).exists():
            with suppress(OSError):
                count += record_bulk_end(bulk_dir, recorder, seen)
    return count


def wait_bulk(bulk_dir: Path, timeout_s: float | None = None) -> Bulk:
    """Wait until the supervisor of a bulk is gone.

    Args:
        bulk_dir: Directory of the bulk.
        timeout_s: Seconds to wait at most; `None` waits without polling.

    Raises:
        CockpitError: It is no bulk, or the time is over.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    if deadline is None:
        with suppress(FileNotFoundError), (bulk_dir / ALIVE).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
    while deadline is not None and is_locked(bulk_dir / ALIVE) is True:
        if time.monotonic() > deadline:
            raise CockpitError(f"the bulk {bulk_dir.name} still runs after {timeout_s} s")
        time.sleep(0.02)
    bulk = load_bulk(bulk_dir)
    if bulk is None:
        raise CockpitError(f"{clean(bulk_dir)} holds no bulk")
    return bulk


def told(items: Iterable[BulkItem]) -> str:
    """`3 done, 1 failed`: how many items are in which state."""
    counts: dict[BulkItemState, int] = dict.fromkeys(BulkItemState, 0)
    for item in items:
        counts[item.state] += 1
    return ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)


def _planned(facts: dict[str, Any]) -> list[BulkItem]:
    return [
        BulkItem(index=index, run=item["plan"]["run"], run_key=item["plan"]["run_key"], plan_hash=item["plan"]["hash"])
        for index, item in enumerate(facts["items"])
    ]


def _with_progress(items: list[BulkItem], told: Iterable[dict[str, Any]]) -> list[BulkItem]:
    for each in told:
        index = each.get("index")
        if isinstance(index, int) and 0 <= index < len(items):
            state = BulkItemState(str(each.get("state")))
            job = each.get("job")
            items[index] = items[index].model_copy(
                update={"state": state, "job": str(job) if job else None, "outcome": str(each.get("outcome") or "")}
            )
    return items


def _with_jobs(bulk_dir: Path, items: list[BulkItem], *, alive: bool) -> list[BulkItem]:
    """Ask the jobs of items at work; those of a bulk that died are looked for even where nothing was told of them."""
    state_dir = bulk_dir.parent.parent
    jobs: dict[str, Job] = {} if alive else _jobs_of(state_dir, bulk_dir.name)
    for index, item in enumerate(items):
        if item.state not in (BulkItemState.PENDING, BulkItemState.RUNNING):
            continue
        job = load_job(state_dir / "jobs" / item.job) if item.job else jobs.get(item.run_key)
        if job is not None:
            state = OUTCOMES[job.state]
            items[index] = item.model_copy(update={"state": state, "job": job.id, "outcome": job.outcome})
    return items


def _jobs_of(state_dir: Path, bulk_id: str) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for job_dir in job_dirs(state_dir):
        # Names begin with their time: no job is older than its bulk.
        if job_dir.name[:16] < bulk_id[:16]:
            break
        if (read_object(job_dir / JOB) or {}).get("bulk") == bulk_id and (job := load_job(job_dir)) is not None:
            found[job.run_key] = job
    return found


def _standing(items: list[BulkItem], result: dict[str, Any] | None, *, alive: bool) -> dict[str, Any]:
    counts = told(items)
    if result is None:
        if alive:
            return {"state": BulkState.RUNNING, "outcome": counts}
        return {"state": BulkState.LOST, "outcome": f"lost: its supervisor vanished; {counts}"}
    reason = result.get("reason")
    if all(item.state is BulkItemState.DONE for item in items):
        return {"state": BulkState.SUCCEEDED, "outcome": counts}
    cancelled = isinstance(reason, str) and reason.startswith("cancelled")
    state = BulkState.CANCELLED if cancelled else BulkState.FAILED
    return {"state": state, "outcome": f"{reason}; {counts}" if reason else counts}
