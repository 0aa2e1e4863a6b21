"""Is the record of this host in order: kept where everybody sees it, sound, on a disk that keeps it, with room left?

Looks and changes nothing. Every function returns what `cockpit doctor` prints.
"""

import errno
import fcntl
import os
import pwd
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cockpit import locations
from cockpit.actions.jobs import job_dirs, load_job, orphan
from cockpit.journal.anchor import lock_path
from cockpit.journal.verify import verify
from cockpit.models.action import JobState
from cockpit.runtime.inotify import Usage, directories
from cockpit.runtime.mounts import SILENT_TYPES, filesystem_type
from cockpit.runtime.watcher import BUDGET

LITTLE_ROOM = 100_000_000
"""Bytes below which archives, outputs of jobs and the journal are in danger."""
FEW_FILES = 1_000
"""Free inodes below which they are, too."""

_MEMORY = frozenset({"tmpfs", "ramfs"})
_PLAIN = frozenset({"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk"})
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `ok` is `None` for what is only told."""

    name: str
    ok: bool | None
    told: str


def place(root: Path, state: Path, *, chosen: bool, uid: int | None = None) -> list[Finding]:
    """Whether the record of a root is kept in one place that its operators share.

    A `.cockpit` that root (or one person) made for themself sends everybody else to a record of their own, which looks
    like an empty history to the others.

    Args:
        root: The root.
        state: Its state directory, for this user.
        chosen: Whether that was named (`--state-dir`), so that nobody else decides.
        uid: Who asks; this process's user by default.
    """
    me = os.geteuid() if uid is None else uid
    nearest = next(path for path in (state, *state.parents) if path.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return [Finding("state", False, f"{state} cannot be written: nothing can be done that would be on record")]
    found = [Finding("state", True, f"{state}{'' if state.exists() else ' (made by the first entry)'}")]
    found += _unwritable(state)
    if chosen:
        return found
    inside = root / locations.STATE_FOLDER
    if state != inside:
        return [*found, _apart(root, inside, state)]
    own = locations.user_state_dir() / "roots" / locations.root_slug(root) / locations.JOURNAL_FILE
    if own.exists():
        found.append(Finding("record", None, f"part of what you did is in {own}, from when the root was closed to you"))
    return found + _closed(root, inside, me)


def chain(journal: Path) -> Finding:
    """Whether the hash chain of a journal holds. Reads all of it."""
    result = verify(journal)
    if not result.ok:
        where = f"at line {result.line}: " if result.line else ""
        return Finding("record", False, f"{journal} is broken {where}{result.reason}; see: cockpit audit verify")
    notes = [f"{result.torn} bytes after the last entry, set aside by the next one"] if result.torn else []
    notes += [result.note] if result.note else []
    told = f"{result.entries} entries, the chain holds"
    return Finding("record", None if notes else True, "; ".join([told, *notes]))


def lost_jobs(state: Path) -> list[Finding]:
    """Jobs whose supervisor vanished; one whose command still runs holds its run."""
    orphans, lost = [], []
    for job_dir in job_dirs(state):
        job = load_job(job_dir)
        if job is None or job.state is not JobState.LOST:
            continue
        pid = orphan(job_dir)
        if pid is not None:
            orphans.append(f"{job.id} ({job.action} of {job.run}): process {pid}")
        else:
            lost.append(job.id)
    found = []
    if orphans:
        told = f"nobody watches what still runs: {_named(orphans)}; end it: cockpit jobs JOB --cancel"
        found.append(Finding("jobs", False, told))
    if lost:
        told = f"{len(lost)} lost their supervisor, how they ended is not known: {_named(lost)}"
        found.append(Finding("jobs", None, told))
    return found


def disk(state: Path, mountinfo: bytes | None = None) -> Finding:
    """Whether the filesystem below the record has locks and keeps what was synced, as far as that can be told."""
    kind = filesystem_type(state, mountinfo)
    if kind is None:
        return Finding("disk", None, "the filesystem of the record is not known")
    if _lockless(lock_path(state / locations.JOURNAL_FILE)):
        return Finding("disk", False, f"{kind} has no file locks: two at once would spoil the record; use --state-dir")
    if kind in _PLAIN:
        return Finding("disk", False, f"{kind} keeps neither owners nor modes: anybody reads the record")
    if kind in SILENT_TYPES or kind.startswith("fuse"):
        return Finding("disk", None, f"{kind}: locks and syncs are as good as its server; a local --state-dir is safer")
    if kind in _MEMORY:
        return Finding("disk", None, f"{kind}: the record is in memory and gone after a restart")
    return Finding("disk", True, f"{kind}")


def room(state: Path) -> Finding:
    """Whether there is room for archives, outputs and the journal."""
    nearest = next(path for path in (state, *state.parents) if path.exists())
    try:
        facts = os.statvfs(nearest)
    except OSError as error:
        return Finding("room", None, f"{nearest}: {error.strerror}")
    free = facts.f_bavail * facts.f_frsize
    told = f"{free / 1e9:,.1f} GB free" if free >= 1e9 else f"{free / 1e6:,.0f} MB free"
    if free < LITTLE_ROOM:
        return Finding("room", False, f"{told} below {nearest}: an archive or a job's output may not fit")
    if facts.f_files and facts.f_favail < FEW_FILES:
        return Finding("room", False, f"{facts.f_favail} files more can be made below {nearest}")
    return Finding("room", True, told)


def watches(roots: Iterable[Path], used: Usage) -> Finding:
    """Whether the kernel grants as many inotify watches as the roots need."""
    most = used.most_watches
    if most is None:
        return Finding("inotify", None, "not there: roots are looked at again and again")
    limit = f"{most:,} granted to a user, {used.watches:,} in use (fs.inotify.max_user_watches)"
    if used.most_instances is not None and used.instances >= used.most_instances:
        told = f"all {used.most_instances} instances are in use (fs.inotify.max_user_instances): changes are seen late"
        return Finding("inotify", False, told)
    budget = min(BUDGET, most // 2)
    counts = [directories(root, budget) for root in roots]
    large = sum(count is None for count in counts)
    need = sum(count or 0 for count in counts)
    told = f"{need:,} watches needed, {limit}"
    if large:
        told = (
            f"{told}; {large} of the roots are larger than {budget:,} directories: only their active runs are watched"
        )
    enough = need <= most - used.watches
    if not enough:
        return Finding("inotify", False, f"{told}: too few, changes are seen late")
    return Finding("inotify", None if large and budget < BUDGET else True, told)


def _unwritable(state: Path) -> list[Finding]:
    """Files of the record that somebody else made and keeps closed."""
    found = []
    for path in (state / locations.JOURNAL_FILE, lock_path(state / locations.JOURNAL_FILE)):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            told = f"{path} belongs to {_owner(path)} and is closed to you: nothing you do can be recorded"
            found.append(Finding("record", False, told))
    return found


def _apart(root: Path, inside: Path, state: Path) -> Finding:
    if inside.is_dir():
        told = (
            f"{inside} belongs to {_owner(inside)} and is closed to you: what you do is recorded apart, in {state}, "
            f"and the others do not see it; its owner opens it: chgrp -R GROUP {inside} && chmod -R g+rwX {inside}"
        )
        return Finding("record", False, told)
    return Finding("record", None, f"{root} cannot be written: what you do is recorded for you alone, in {state}")


def _closed(root: Path, inside: Path, me: int) -> list[Finding]:
    """Where root keeps a record in a root that others own: they get one of their own."""
    try:
        above = root.stat()
    except OSError:
        return []
    shared = bool(above.st_mode & stat.S_IWGRP)
    if not inside.exists():
        if me == 0 and above.st_uid != 0 and not shared:
            told = f"made by root, {inside} will be closed to {_name(above.st_uid)}, whom the root belongs to"
            return [Finding("record", None, f"{told}: run it as that user, or make it first and give it away")]
        return []
    own = inside.stat()
    if own.st_uid == 0 and (above.st_uid != 0 or shared) and not own.st_mode & stat.S_IWGRP:
        whom = "the group of the root" if shared else _name(above.st_uid)
        told = (
            f"{inside} belongs to root alone: {whom} is sent to a record apart; "
            f"open it: chown -R --reference={root} {inside}"
        )
        return [Finding("record", False, told)]
    return []


def _lockless(path: Path) -> bool:
    """Whether a lock on an existing file is refused because its filesystem has none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        return error.errno in _NO_LOCKS
    finally:
        os.close(fd)
    return False


def _owner(path: Path) -> str:
    with suppress(OSError):
        return _name(path.stat().st_uid)
    return "somebody"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
