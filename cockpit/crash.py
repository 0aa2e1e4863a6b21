"""What is left of a crash: a traceback in a file of the user's, without values and secrets, and a line on record."""

import os
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import locations
from cockpit.errors import CockpitError, ExitCode
from cockpit.sanitize import clean

if TYPE_CHECKING:
    from cockpit.session import Session

CRASHED = "session.crashed"
"""Kind of the journal's entry."""
KEPT = 20
"""So many tracebacks are kept, the newest ones."""
_LONGEST = 1 << 20


class CrashError(CockpitError):
    """The program went wrong; its traceback is kept."""

    exit_code = ExitCode.INTERNAL


def crashed(error: BaseException, session: "Session | None" = None) -> CrashError:
    """Keep what is to be known of a crash, and say where.

    Args:
        error: What went wrong.
        session: Where the crash goes on record, too, once for each record; what is read-only or full has none.
    """
    path = save_traceback(error)
    name = type(error).__name__
    if session is not None:
        about = {"error": name, "traceback": str(path) if path else None, "where": _place(error)}
        for ledger in session.ledgers():
            with suppress(CockpitError, OSError, ValueError):
                ledger.journal.append(CRASHED, about)
    where = f"traceback in {path}" if path else "the traceback could not be saved"
    return CrashError(f"internal error: {name}: {_masked(clean(error, 200))}; {where}")


def save_traceback(error: BaseException) -> Path | None:
    """Write a traceback (mode 0600) into the user's state directory; without local values, secrets masked.

    Returns:
        Its path, or `None` where it could not be written.
    """
    directory = locations.user_state_dir() / "tracebacks"
    text = _masked("".join(traceback.format_exception(error)))[-_LONGEST:]
    path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
        _forget_old(directory)
    except OSError:
        return None
    return path


def _masked(text: str) -> str:
    from cockpit.diagnosis.masking import mask

    return mask(text)


def _place(error: BaseException) -> str | None:
    """Where it went wrong: a line of the program, never of anything it read."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else None


def _forget_old(directory: Path) -> None:
    old = sorted(path for path in directory.glob("*.txt") if path.is_file())[:-KEPT]
    for path in old:
        with suppress(OSError):
            path.unlink()
