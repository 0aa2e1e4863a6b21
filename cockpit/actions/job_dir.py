"""The directory of a new job, and the supervisor that takes it over."""

import secrets
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cockpit.actions.jobs import ALIVE, JOBS
from cockpit.actions.storage import make_dir, pretty, try_lock, write_atomic
from cockpit.actions.supervisor import NOT_FOUND, OUTPUT, RESERVE, RESULT, VERDICT_RESERVE
from cockpit.clock import iso, system_clock
from cockpit.models.action import Plan

_RESERVED = 4096


def make_job_dir(state_dir: Path, started: datetime) -> tuple[Path, int]:
    """A new directory with everything in it that takes room on disk, and the job's lock, held.

    Raises:
        OSError: It cannot be made.
    """
    at = started.astimezone(UTC)
    name = f"{at:%Y%m%dT%H%M%S}.{at.microsecond:06d}Z-{secrets.token_hex(3)}"
    job_dir = make_dir(make_dir(state_dir / JOBS) / name, exist_ok=False)
    try:
        alive = try_lock(job_dir / ALIVE)
        if alive is None:
            raise BlockingIOError(f"{job_dir}: the lock of a new job is taken")
        (job_dir / OUTPUT).touch()
        (job_dir / RESERVE).write_bytes(b" " * _RESERVED)
        (job_dir / VERDICT_RESERVE).write_bytes(b" " * 2 * _RESERVED)
    except OSError:
        shutil.rmtree(job_dir, ignore_errors=True)
        raise
    return job_dir, alive


def argv_of(plan: Plan, job_dir: Path) -> tuple[str, ...]:
    """The plan's command; that of a request reads the request from the job."""
    if plan.request is None:
        return plan.argv or ()
    from cockpit.actions.http_call import call_argv

    return call_argv(job_dir)


def spawn(job_dir: Path, lock: int, alive: int) -> str | None:
    """Start the supervisor; returns why it could not be, if so.

    `-P` keeps the working directory off the module path: a run must not be able to bring its own `json.py`.
    """
    held = (alive, lock)
    argv = [sys.executable, "-P", "-m", "cockpit.actions.supervisor", str(job_dir.absolute()), *map(str, held)]
    try:
        with (job_dir / "supervisor.log").open("wb") as log:
            code = subprocess.run(
                argv,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=held,
                start_new_session=True,
            ).returncode
    except OSError as error:
        return f"its supervisor could not be started: {error.strerror}"
    if code == 0:
        return None
    said = (job_dir / "supervisor.log").read_text("utf-8", "replace").strip().splitlines()
    return f"its supervisor could not be started: {said[-1] if said else f'exit {code}'}"


def write_failure(job_dir: Path, started: datetime, why: str) -> None:
    """The result of a job whose supervisor never came to life."""
    now = system_clock()
    result = {"started_at": iso(started), "ended_at": iso(now), "duration_s": 0, "exit_code": NOT_FOUND, "error": why}
    with suppress(OSError):
        write_atomic(job_dir / RESULT, pretty(result))
