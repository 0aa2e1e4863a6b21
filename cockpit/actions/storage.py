"""Small durable files and locks. Standard library only: the supervisor must start in no time.

Locks are `flock` locks: they belong to an open file, pass to a child with its descriptor, and vanish with the last
process that holds it, however that one dies. Files are made with the operator's umask, so that operators who share a
state directory can read each other's jobs.
"""

import ctypes
import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

_UNSUPPORTED = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


def canonical(value: object) -> bytes:
    """JSON as it is hashed and compared: sorted keys, no spaces, ASCII only (lone surrogates stay escaped)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def pretty(value: object) -> bytes:
    """JSON as it is kept on disk: sorted keys, two spaces, ASCII only, newline at the end."""
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode()


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write every byte of `data`.

    Raises:
        OSError: Disk full, limits, and so on; part of the data may be written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def open_new(path: Path) -> BinaryIO:
    """A file to write from its beginning, never through a symbolic link that somebody else put there.

    Raises:
        OSError: It cannot be opened.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    return os.fdopen(fd, "wb")


def sync_dir(path: Path) -> None:
    """Make the names in a directory durable; filesystems that cannot sync a directory are let be."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)


def sync_filesystem(path: Path) -> None:
    """Make everything written to the filesystem that holds `path` durable: of ten thousand files in one go.

    Raises:
        OSError: Something could not be written (told since Linux 5.8).
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if call is None:
            os.sync()
        elif call(fd) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(path))
    finally:
        os.close(fd)


def make_dir(path: Path, *, exist_ok: bool = True) -> Path:
    """Make a directory as open or closed as its parent: operators who share the parent share it too.

    Raises:
        OSError: It cannot be made.
    """
    try:
        path.mkdir()
    except FileExistsError:
        if exist_ok and path.is_dir():
            return path
        raise
    with suppress(PermissionError):
        path.chmod(path.parent.stat().st_mode & 0o2777)
    return path


def write_atomic(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, durably and all at once.

    Raises:
        OSError: It could not be written; what was there before is untouched and no temporary file stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_dir(path.parent)


def write_reserved(reserve: Path, target: Path, data: bytes) -> None:
    """Write into room that was taken beforehand (made here where it was not), then give it its name. Durable.

    Raises:
        OSError: There is more data than room, and no more room to be had; `target` is as it was.
    """
    fd = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        write_all(fd, data)
        os.ftruncate(fd, len(data))
        os.fsync(fd)
    finally:
        os.close(fd)
    reserve.replace(target)
    sync_dir(target.parent)


def publish(temporary: Path, target: Path) -> None:
    """Give a finished file its name, never taking it from another one.

    Raises:
        FileExistsError: Something of that name exists; the finished file keeps its temporary name.
        OSError: It cannot be renamed.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        # No hard links on this filesystem.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "File exists", str(target)) from None
        temporary.replace(target)
    else:
        temporary.unlink()


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`, or `None` where there is none that can be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def try_lock(path: Path) -> int | None:
    """Take the exclusive lock `path`, without waiting.

    Returns:
        A descriptor that holds the lock until it is closed here and in every child it is passed to, or `None` when
        somebody else holds it.

    Raises:
        OSError: The file cannot be opened, or its filesystem has no locks.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except PermissionError:
        # Made by another operator: reading is enough to lock.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    return fd


def is_locked(path: Path) -> bool | None:
    """Whether somebody holds the lock `path`; `None` where that cannot be told (no such file, no locks)."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return None
        raise
    else:
        return False
    finally:
        os.close(fd)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock on an existing file, waiting for it.

    Raises:
        OSError: The file cannot be opened or locked.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
