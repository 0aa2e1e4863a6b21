"""The journal's dealings with the file system: directory, lock, opening without surprises, writing all or nothing.

Permissions follow the place. Several operators of one host share the state of a root exactly when its directory is
group-writable; then the state directory gets that group, mode 2770, and its files 0660. Otherwise the directory is
0700 and its files 0600, whatever the umask. Others never get anything: the journal quotes logs and names people.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from cockpit.errors import CockpitError
from cockpit.sanitize import clean

_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.005


class JournalError(CockpitError):
    """The journal cannot be read or written; nothing was recorded."""


def failed(what: str, path: Path, error: OSError) -> JournalError:
    """The error an operator sees for `error`: what could not be done, where, and why."""
    why = error.strerror or str(error)
    if error.errno == errno.ELOOP:
        why = "it is a symbolic link"
    return JournalError(f"cannot {what} {path}: {why}; nothing was recorded")


def ensure_state_dir(path: Path) -> None:
    """Make the state directory, with the permissions its parent asks for (see the module), unless it is there.

    Raises:
        OSError: It cannot be made, or something else is in its place.
    """
    if path.is_dir():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if path.is_dir():
            return
        raise
    parent = path.parent.stat()
    if parent.st_mode & stat.S_IWGRP:
        # Not a member of that group: the directory stays private rather than open to a wrong group.
        with contextlib.suppress(PermissionError):
            os.chown(path, -1, parent.st_gid)
            path.chmod(0o2770)
    sync_dir(path.parent)


def not_writable(path: Path, error: OSError) -> str:
    """Why nothing can be kept in the state directory `path`, and what helps, for people."""
    why = error.strerror or str(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        why = f"{error.filename or path} is no directory"
    return clean(f"the state directory {path} cannot be written: {why}; nothing was done (another one: --state-dir)")


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable.

    Raises:
        OSError: The directory cannot be opened or synced.
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network file systems cannot sync a directory; there its names are as durable as they get.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def open_regular(path: Path, flags: int) -> int:
    """Open a regular file, never through a symbolic link and never blocking on a FIFO or device.

    Raises:
        OSError: It is missing, no regular file, a link (`ELOOP`), or may not be opened.
    """
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError(errno.EINVAL, "not a regular file", str(path))


def open_or_create(path: Path) -> int:
    """Open a file for reading and writing, making it (durably, with the mode its directory asks for) where missing.

    Raises:
        OSError: It can neither be opened nor made.
    """
    with contextlib.suppress(FileNotFoundError):
        return open_regular(path, os.O_RDWR)
    try:
        fd = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return open_regular(path, os.O_RDWR)
    try:
        os.fchmod(fd, 0o660 if path.parent.stat().st_mode & stat.S_IWGRP else 0o600)
        sync_dir(path.parent)
    except BaseException:
        os.close(fd)
        raise
    return fd


@contextlib.contextmanager
def locked(path: Path, wait_s: float) -> Iterator[int]:
    """Hold the exclusive lock on a sidecar file; yields its descriptor.

    Opened anew each time, so that a forked child never shares the lock of its parent.

    Raises:
        OSError: The lock file can neither be opened nor made.
        JournalError: Someone else held the lock for longer than `wait_s` seconds.
    """
    fd = _acquire(path, wait_s)
    try:
        yield fd
    finally:
        # Explicitly, because a child forked meanwhile holds a copy of the descriptor.
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


def _acquire(path: Path, wait_s: float) -> int:
    deadline = time.monotonic() + wait_s
    pause = _FIRST_PAUSE_S
    while True:
        fd = open_or_create(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same_file(fd, path):
                return fd
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(fd)
                raise JournalError(
                    f"another process has held {path} for {wait_s:g} s; nothing was recorded, try again"
                ) from None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _same_file(fd: int, path: Path) -> bool:
    """Whether the lock file was not deleted, or made anew, while we waited for it."""
    ours = os.fstat(fd)
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def write_all(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`.

    Raises:
        OSError: The disk is full or broken; part of it may be written.
    """
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        if written == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        view = view[written:]
        offset += written


def keep_aside(journal: Path, data: bytes) -> str:
    """Save bytes as `<journal>.torn-<n>`, durably, and return that name; the same bytes are saved once.

    Raises:
        OSError: They cannot be saved; nothing is left behind.
    """
    number = 0
    while True:
        number += 1
        target = journal.with_name(f"{journal.name}.torn-{number}")
        try:
            fd = open_regular(target, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            if _holds(target, data):
                return target.name
            continue
        try:
            write_all(fd, data, 0)
            os.fsync(fd)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        sync_dir(journal.parent)
        return target.name


def _holds(path: Path, data: bytes) -> bool:
    try:
        fd = open_regular(path, os.O_RDONLY)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as file:
        return file.read(len(data) + 1) == data
