"""Who was started for a run: the commands of jobs and of recordings, whose process ids their records keep."""

from datetime import datetime
from pathlib import Path

from cockpit.actions.jobs import job_dirs, load_job
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import SUPERVISOR
from cockpit.models.run import RunRef
from cockpit.runtime.matching import RecordedPid

MOST = 50
"""The newest jobs and recordings that are looked at."""


def recorded_producers(state_dir: Path, ref: RunRef) -> tuple[RecordedPid, ...]:
    """The processes that jobs of this program and recordings started for a run, the newest of each. Never raises.

    Args:
        state_dir: State directory of the run's root.
        ref: The run.
    """
    return (*_jobs(state_dir, ref), *_recordings(state_dir, ref))


def _jobs(state_dir: Path, ref: RunRef) -> tuple[RecordedPid, ...]:
    for folder in job_dirs(state_dir)[:MOST]:
        job = load_job(folder)
        if job is None or job.run_key != ref.key:
            continue
        facts = read_object(folder / SUPERVISOR) or {}
        pid, created = facts.get("child"), facts.get("child_created")
        if not isinstance(pid, int):
            return ()
        known = float(created) if isinstance(created, int | float) else None
        return (RecordedPid(pid, job.started_at, job.ended_at, known, "job", job.action),)
    return ()


def _recordings(state_dir: Path, ref: RunRef) -> tuple[RecordedPid, ...]:
    import socket

    from cockpit.sources.recordings import load_recording, recording_dirs

    for folder in recording_dirs(state_dir)[:MOST]:
        recording, _ = load_recording(folder)
        if recording is None or recording.run != ref.id or recording.host != socket.gethostname():
            continue
        at: datetime | None = recording.started_at
        if at is None:
            continue
        name = Path(recording.argv[0]).name if recording.argv else ""
        return (RecordedPid(recording.pid or 0, at, recording.ended_at, recording.pid_created, "recording", name),)
    return ()
