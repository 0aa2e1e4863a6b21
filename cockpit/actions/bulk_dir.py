"""The directory of a new bulk, and the supervisor that takes it over."""

import secrets
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from cockpit.actions.bulk_record import ALIVE, BULKS, reserve_size
from cockpit.actions.storage import make_dir, try_lock
from cockpit.actions.supervisor import RESERVE


def make_bulk_dir(state_dir: Path, at: datetime, count: int) -> tuple[Path, int]:
    """A new directory with the bulk's lock, held, and with room for its result.

    Raises:
        OSError: It cannot be made.
    """
    name = f"{at:%Y%m%dT%H%M%S}.{at.microsecond:06d}Z-{secrets.token_hex(3)}-bulk"
    bulk_dir = make_dir(make_dir(state_dir / BULKS) / name, exist_ok=False)
    try:
        alive = try_lock(bulk_dir / ALIVE)
        if alive is None:
            raise BlockingIOError(f"{bulk_dir}: the lock of a new bulk is taken")
        (bulk_dir / RESERVE).write_bytes(b" " * reserve_size(count))
    except OSError:
        shutil.rmtree(bulk_dir, ignore_errors=True)
        raise
    return bulk_dir, alive


def spawn_bulk(bulk_dir: Path, alive: int) -> str | None:
    """Hand over to a supervisor; returns why it did not come to life, if so."""
    argv = [sys.executable, "-P", "-m", "cockpit.actions.bulk_supervisor", str(bulk_dir.absolute()), str(alive)]
    try:
        with (bulk_dir / "supervisor.log").open("wb") as log:
            code = subprocess.run(
                argv, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(alive,),
                start_new_session=True,
            ).returncode  # fmt: skip
    except OSError as error:
        return f"its supervisor could not be started: {error.strerror}"
    if code == 0:
        return None
    said = (bulk_dir / "supervisor.log").read_text("utf-8", "replace").strip().splitlines()
    return f"its supervisor could not be started: {said[-1] if said else f'exit {code}'}"
