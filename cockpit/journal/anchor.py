"""The anchor: the last acknowledged entry's number and hash, kept in the lock file.

A chain proves that nothing in it was changed; it cannot prove that its end was not cut off. The anchor can: it is
written after an entry is synced and before it is acknowledged, so a journal that ends before its anchor has lost
entries. A checksum tells a torn anchor, half old and half new, from a journal that lost its end.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from pydantic import ValidationError

from cockpit.journal import files
from cockpit.journal.codec import canonical
from cockpit.models.base import Model

_MAX = 512


class Anchor(Model):
    """Number and hash of the last acknowledged entry."""

    seq: int
    hash: str


def lock_path(journal: Path) -> Path:
    """The sidecar file of a journal: its lock, and what is in it: the anchor."""
    return journal.with_name(f"{journal.name}.lock")


def load(fd: int) -> Anchor | None:
    """The anchor in an open lock file, or `None` where there is none or it is torn."""
    try:
        line, _, checksum = os.pread(fd, _MAX, 0).decode("ascii").partition("\n")
        return Anchor.model_validate_json(line) if checksum.strip() == _checksum(line.encode()) else None
    except (ValidationError, ValueError, OSError):
        return None


def store(fd: int, anchor: Anchor) -> None:
    """Write the anchor. It is a hint for `verify`: failing to write it loses nothing that was acknowledged."""
    body = canonical(anchor.model_dump())
    line = body + b"\n" + _checksum(body).encode() + b"\n"
    with contextlib.suppress(OSError):
        files.write_all(fd, line, 0)
        os.ftruncate(fd, len(line))


def read(journal: Path) -> Anchor | None:
    """The anchor of a journal, or `None` where there is none."""
    try:
        fd = files.open_regular(lock_path(journal), os.O_RDONLY)
    except OSError:
        return None
    try:
        return load(fd)
    finally:
        os.close(fd)


def _checksum(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
