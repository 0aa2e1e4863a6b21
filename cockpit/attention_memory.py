"""What an operator was told of, kept in their own state directory: a file for each set of roots.

Only a convenience: a file that is missing, broken or somebody else's means that nothing was told yet.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from cockpit.actions.storage import pretty, read_object, write_atomic
from cockpit.locations import user_state_dir

VERSION = 1
MOST_FILES = 100
"""Sets of roots that are remembered: those opened last."""
MOST = 20_000
"""Matters that are remembered: the newest."""


def memory_path(roots: Iterable[Path]) -> Path:
    """The file for a set of roots."""
    names = b"\0".join(sorted(os.fsencode(root) for root in roots))
    return user_state_dir() / "attention" / f"{hashlib.sha256(names).hexdigest()[:16]}.json"


def load_memory(path: Path) -> dict[str, str] | None:
    """Marks by key, or `None` where nothing is remembered."""
    document = read_object(path)
    if document is None or document.get("version") != VERSION or not isinstance(document.get("told"), dict):
        return None
    return {key: mark for key, mark in document["told"].items() if isinstance(key, str) and isinstance(mark, str)}


def save_memory(path: Path, told: Mapping[str, str]) -> None:
    """Replace the file, closed to others; a full or read-only disk is let be."""
    kept = dict(list(told.items())[-MOST:])
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, pretty({"version": VERSION, "told": kept}))
        for old in sorted(path.parent.glob("*.json"), key=lambda each: each.stat().st_mtime_ns)[:-MOST_FILES]:
            old.unlink()
