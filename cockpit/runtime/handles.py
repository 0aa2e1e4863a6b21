"""Who has files below a directory open for writing, as far as the kernel lets this user see (proc(5): fd, fdinfo)."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST = 20
"""Handles that are told of; one is enough to know that somebody writes."""
_PATH_ONLY = 0o10000000
"""`O_PATH`: such a descriptor can neither read nor write."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A file that a process has open for writing."""

    pid: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Handles:
    """What was found.

    Attributes:
        found: At most `MOST`, in the order of process ids.
        hidden: How many processes of the directory's owner could not be looked into.
    """

    found: tuple[Handle, ...] = ()
    hidden: int = 0


def open_for_writing(folder: str, proc: Path = Path("/proc")) -> Handles:
    """Files below a directory that any process has open for writing, this one included. Never raises.

    Args:
        folder: Real path of the directory, as the kernel names it.
        proc: Where the kernel tells of processes.
    """
    found: list[Handle] = []
    hidden = 0
    try:
        owner = os.stat(folder).st_uid  # noqa: PTH116 - as the kernel names it
        pids = sorted(int(name) for name in os.listdir(proc) if name.isdigit())  # noqa: PTH208
    except OSError:
        return Handles()
    for pid in pids:
        place = proc / str(pid)
        try:
            paths = _paths(place, folder)
        except PermissionError:
            with suppress(OSError):
                hidden += place.stat().st_uid == owner
            continue
        except OSError:
            continue
        found += [Handle(pid, _name(place), path) for path in paths]
        if len(found) >= MOST:
            break
    return Handles(tuple(found[:MOST]), hidden)


def _paths(place: Path, folder: str) -> list[str]:
    """What one process has open for writing below the directory.

    Raises:
        OSError: It is gone, or may not be looked into.
    """
    found = []
    below = folder.rstrip("/") + "/"
    with os.scandir(place / "fd") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            with suppress(OSError, ValueError):
                target = os.readlink(entry.path)  # noqa: PTH115 - of every descriptor
                if target.startswith(below) and _writes(place / "fdinfo" / entry.name):
                    found.append(target)
    return found


def _writes(fdinfo: Path) -> bool:
    for line in fdinfo.read_bytes().splitlines():
        if line.startswith(b"flags:"):
            flags = int(line[6:], 8)
            return flags & os.O_ACCMODE in (os.O_WRONLY, os.O_RDWR) and not flags & _PATH_ONLY
    return False


def _name(place: Path) -> str:
    try:
        return (place / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
