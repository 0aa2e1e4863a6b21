"""What the kernel grants of inotify, what this user's processes have taken of it, and what a root would need."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LIMITS = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class Usage:
    """Watches and instances of one user; `None` where the kernel does not tell."""

    watches: int = 0
    instances: int = 0
    most_watches: int | None = None
    most_instances: int | None = None


def usage(uid: int | None = None, proc: Path = Path("/proc"), limits: Path = _LIMITS) -> Usage:
    """The limits, and what is in use (proc(5), fdinfo of inotify descriptors). Never raises.

    Args:
        uid: The user; this process's by default. What other users have does not count.
        proc: Where the kernel tells of processes.
        limits: Where it tells its limits.
    """
    wanted = os.getuid() if uid is None else uid
    watches = instances = 0
    try:
        places = [proc / name for name in os.listdir(proc) if name.isdigit()]  # noqa: PTH208
    except OSError:
        places = []
    for place in places:
        with suppress(OSError):
            if place.stat().st_uid != wanted:
                continue
            for number in os.listdir(place / "fd"):  # noqa: PTH208
                with suppress(OSError):
                    if os.readlink(place / "fd" / number) == "anon_inode:inotify":  # noqa: PTH115
                        instances += 1
                        watches += (place / "fdinfo" / number).read_bytes().count(b"inotify wd:")
    return Usage(watches, instances, _limit(limits / "max_user_watches"), _limit(limits / "max_user_instances"))


def directories(root: Path, most: int) -> int | None:
    """Directories of a tree, itself among them: one watch each; `None` where there are more than `most`."""
    count = 1
    waiting = [str(root)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        count += len(below)
        if count > most:
            return None
        waiting.extend(below)
    return count


def _limit(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
