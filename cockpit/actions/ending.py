"""The end of a job, in the journal exactly once.

Usually the supervisor itself appends `action.ended` right after the result is on disk. If it was killed, or the journal
could not be written just then, the next cockpit does it (`settle`). Both go the same way, under a lock of the job:

1. `ended.json` exists: it is recorded, nothing to do.
2. `ended.intent` exists: whoever came before died somewhere between announcing and confirming. The journal itself is
   asked whether the entry is in it.
3. The job is judged (`cockpit.actions.outcome`), if that was not done: the entry tells the verdict.
4. Write `ended.intent`, append to the journal (synced before it returns), write `ended.json`.

A crash at any point leaves a state from which the next one through comes to one entry, neither none nor two.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from cockpit.actions.jobs import is_alive, job_dirs, load_job
from cockpit.actions.outcome import BEFORE, conclude, load_verdict
from cockpit.actions.storage import locked, pretty, read_object, write_atomic
from cockpit.actions.supervisor import JOB
from cockpit.clock import iso, system_clock
from cockpit.errors import CockpitError
from cockpit.models.action import Job

ENDED = "action.ended"
RECORDED = "ended.json"
INTENT = "ended.intent"


class Recorder(Protocol):
    """The journal, as far as actions know it."""

    def append(self, kind: str, data: dict[str, Any], incident: str | None = None) -> object:
        """Append one entry; it is on disk and synced when this returns.

        Raises:
            CockpitError: It could not be written.
            OSError: Likewise.
        """
        ...


Seen = Callable[[str], bool]
"""Whether the journal already holds the end of the job with this id."""


def journal_holds(journal: Path, kind: str = ENDED, name: str = "job") -> Seen:
    """Looks for ends of jobs in a journal file (JSON lines with `kind` and `data.job`), or of what `name` names."""

    def seen(job_id: str) -> bool:
        try:
            with journal.open("rb") as lines:
                return any(_is_end_of(line, kind, name, job_id) for line in lines)
        except FileNotFoundError:
            return False

    return seen


def record_end(job_dir: Path, recorder: Recorder | None, seen: Seen, *, own: bool = False) -> bool:
    """Judge a job that has ended and append its end to the journal, unless that was done before.

    Args:
        job_dir: Directory of the job.
        recorder: The journal; `None` only judges.
        seen: Whether the journal holds its end.
        own: The caller is its supervisor; anybody else leaves a job alone that has one.

    Returns:
        Whether an entry was appended now.

    Raises:
        CockpitError: The journal could not be written; the next attempt makes up for it.
        OSError: The job's directory could not be written; likewise.
    """
    with locked(job_dir / JOB):
        if (job_dir / RECORDED).exists() or (is_alive(job_dir) and not own):
            return False
        conclude(job_dir)
        job = load_job(job_dir)
        if job is None or recorder is None:
            return False
        return append_once(job_dir, lambda: recorder.append(ENDED, end_facts(job, job_dir)), seen)


def append_once(folder: Path, append: Callable[[], object], seen: Seen) -> bool:
    """Append the end of what a directory holds to the journal, unless it is in there; for the holder of its lock.

    Args:
        folder: Directory of the job or bulk.
        append: Appends the entry.
        seen: Whether the journal holds the end of that name.

    Returns:
        Whether the entry was appended now.

    Raises:
        CockpitError: The journal could not be written.
        OSError: The directory could not be written.
    """
    done = (folder / INTENT).exists() and seen(folder.name)
    if not done:
        write_atomic(folder / INTENT, b"")
        append()
    write_atomic(folder / RECORDED, pretty({"job": folder.name}))
    with suppress(OSError):
        (folder / INTENT).unlink()
    return not done


def settle(state_dir: Path, recorder: Recorder, seen: Seen) -> int:
    """Record the ends that nobody recorded; returns how many that were.

    Jobs of other operators that may not be written to are left to them.

    Raises:
        CockpitError: The journal could not be written.
    """
    count = 0
    for job_dir in job_dirs(state_dir):
        if (job_dir / RECORDED).exists():
            continue
        with suppress(OSError):
            count += record_end(job_dir, recorder, seen)
    return count


def conclude_own(job_dir: Path) -> None:
    """For the supervisor: judge its own job, and record the end in the journal named in its `job.json`, if any."""
    facts = read_object(job_dir / JOB) or {}
    _know_sources(job_dir, facts)
    path, actor = facts.get("journal"), facts.get("actor")
    if not isinstance(path, str) or not isinstance(actor, dict):
        record_end(job_dir, None, _never, own=True)
        return
    from cockpit.journal.log import Journal
    from cockpit.models.journal import Actor

    journal = Path(path)
    record_end(job_dir, Journal(journal, Actor.model_validate(actor), system_clock), journal_holds(journal), own=True)


def _know_sources(job_dir: Path, facts: dict[str, Any]) -> None:
    """Let the sources know what the operator's settings say for them: this process read none."""
    before = read_object(job_dir / BEFORE)
    if before is None:
        return
    from cockpit.settings import Settings, load_settings
    from cockpit.sources import registry
    from cockpit.sources.recordings import use_state_dir

    config = facts.get("config")
    settings = Settings()
    with suppress(CockpitError):
        settings = load_settings(Path(config)) if isinstance(config, str) else settings
    registry.configure(settings.for_sources)
    ref = before.get("ref")
    if isinstance(ref, dict) and isinstance(ref.get("root"), str):
        use_state_dir(Path(ref["root"]), job_dir.parent.parent)


def end_facts(job: Job, job_dir: Path) -> dict[str, Any]:
    """What the journal keeps of an end."""
    verdict = load_verdict(job_dir)
    return {
        "job": job.id,
        "action": job.action,
        "run": job.run,
        "run_key": job.run_key,
        "plan": job.plan_hash,
        "state": job.state.value,
        "exit_code": job.exit_code,
        "signal": job.signal,
        "outcome": job.outcome,
        "judged_by": list(job.judged_by),
        "run_before": None if verdict is None else verdict.before,
        "run_after": None if verdict is None else verdict.after,
        "bulk": job.bulk,
        "started_at": iso(job.started_at),
        "ended_at": iso(job.ended_at),
    }


def _is_end_of(line: bytes, kind: str, name: str, job_id: str) -> bool:
    if kind.encode() not in line or job_id.encode() not in line:
        return False
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return isinstance(entry, dict) and entry.get("kind") == kind and entry.get("data", {}).get(name) == job_id


_never: Seen = lambda _job_id: False  # noqa: E731
