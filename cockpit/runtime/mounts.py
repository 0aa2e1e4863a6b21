"""Which filesystem a path lies on: on some of them inotify never says a word."""

import os
import re
from functools import lru_cache
from pathlib import Path

SILENT_TYPES = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "virtiofs", "afs", "ceph", "glusterfs", "lustre", "ncpfs",
        "coda", "davfs", "vboxsf", "vmhgfs", "prl_fs", "beegfs", "gpfs", "ocfs2", "gfs2", "orangefs",
    }
)  # fmt: skip
"""Types whose changes may be made by another machine, or by a daemon that tells the kernel nothing."""

_MOUNTINFO = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def parse_mountinfo(text: bytes) -> list[tuple[str, str]]:
    """`(mount point, filesystem type)` of every mount, in the order of the file (proc(5), `/proc/pid/mountinfo`)."""
    mounts: list[tuple[str, str]] = []
    for line in text.splitlines():
        left, separator, right = line.partition(b" - ")
        fields = left.split(b" ")
        if not separator or len(fields) < 5 or not right:
            continue
        point = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), fields[4])
        mounts.append((os.fsdecode(point), right.split(b" ")[0].decode("ascii", "replace")))
    return mounts


def filesystem_type(path: Path, mountinfo: bytes | None = None) -> str | None:
    """Type of the filesystem `path` lies on, or would lie on once it is made; `None` where nothing tells.

    Args:
        path: Absolute path; it need not exist.
        mountinfo: Contents to use in place of this host's own.
    """
    if mountinfo is None:
        mountinfo = _read_mountinfo()
    real = Path(os.path.realpath(path))
    best: tuple[int, str] | None = None
    for point, kind in parse_mountinfo(mountinfo):
        # Of two mounts on one point the later one hides the earlier.
        if real.is_relative_to(point) and (best is None or len(point) >= best[0]):
            best = (len(point), kind)
    return best[1] if best else None


def is_silent(path: Path, mountinfo: bytes | None = None) -> bool:
    """Whether changes below `path` must be polled for because inotify does not report them."""
    kind = filesystem_type(path, mountinfo)
    return kind is not None and (kind in SILENT_TYPES or kind.startswith("fuse"))


@lru_cache(maxsize=1)
def max_user_watches() -> int | None:
    """The kernel's limit of inotify watches for one user, or `None` where there is no inotify."""
    try:
        return int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    except (OSError, ValueError):
        return None


def _read_mountinfo() -> bytes:
    try:
        return _MOUNTINFO.read_bytes()
    except OSError:
        return b""
