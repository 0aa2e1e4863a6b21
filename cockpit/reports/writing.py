"""Finished reports on disk: whole or not at all, and never over something else unasked."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cockpit.actions.storage import make_dir, publish, sync_dir, write_atomic
from cockpit.errors import CockpitError, UsageError
from cockpit.sanitize import clean

REPORTS = "reports"
"""Folder of a state directory for reports that nobody named a file for."""


def default_path(state_dir: Path, incident: str, suffix: str, data: bytes) -> Path:
    """Where a report goes by default: its name holds a part of its hash, so that one never takes another's place."""
    return state_dir / REPORTS / f"{incident}-{sha256(data).hexdigest()[:12]}{suffix}"


def write_report(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a report; the very same one that is there already is left alone.

    Args:
        path: Where to; the folder `reports` of an existing directory is made, no other.
        data: The report.
        force: Whether a file that is there is replaced.

    Raises:
        UsageError: A file of that name is there, or what is there is no ordinary file.
        CockpitError: It could not be written.
    """
    try:
        if path.parent.name == REPORTS and not path.parent.is_dir() and path.parent.parent.is_dir():
            make_dir(path.parent)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise UsageError(f"{clean(path)} is no ordinary file")
        if path.exists() and _same(path, data):
            return
        if force:
            write_atomic(path, data)
        else:
            _write_new(path, data)
    except FileExistsError:
        raise UsageError(f"{clean(path)} exists; --force replaces it") from None
    except OSError as error:
        raise CockpitError(f"{clean(path)}: {(error.strerror or 'cannot be written').lower()}") from error


def _same(path: Path, data: bytes) -> bool:
    with suppress(OSError):
        return path.stat().st_size == len(data) and path.read_bytes() == data
    return False


def _write_new(path: Path, data: bytes) -> None:
    if path.exists():
        raise FileExistsError
    whole = path.with_name(f".{path.name[:200]}.{os.getpid()}.new")
    try:
        write_atomic(whole, data)
        publish(whole, path)
    finally:
        with suppress(OSError):
            whole.unlink()
    sync_dir(path.parent)
