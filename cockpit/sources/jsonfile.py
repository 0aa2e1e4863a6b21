"""Reading one JSON object from a file that may be half-written, huge, hostile, or no file at all."""

import errno
import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from cockpit.models.problem import Problem

MAX_BYTES = 16 * 1024 * 1024
RETRIES = 2
RETRY_S = 0.06
FRESH_S = 2.0
"""A file untouched for this many seconds is not being written: a second look would only cost time."""

_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
# A surrogate half on its own: Python writes it for names that are not UTF-8, and JSON allows it; UTF-8 does not.
_HALF = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


class Unreadable(Exception):  # noqa: N818 - a reason, caught in this package and turned into a Problem
    """Why bytes are no JSON object. `torn` means it may be whole in a moment."""

    def __init__(self, reason: str, *, torn: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.torn = torn


def decode(raw: bytes) -> tuple[Any, str | None]:
    """Decode one JSON document leniently.

    Accepts a byte order mark, NaN and Infinity (Python's own writer makes them), lone surrogates and bytes that are
    not UTF-8; of the last, the second item of the result says so.

    Returns:
        The value and a remark about what had to be bent, or `None`.

    Raises:
        Unreadable: It is no JSON document, or is nested beyond reason.
    """
    try:
        return orjson.loads(raw), None
    except orjson.JSONDecodeError:
        return _lenient(raw)


def _lenient(raw: bytes) -> tuple[Any, str | None]:
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    remark = None
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raw = raw.decode("utf-8", "replace").encode()
        remark = f"not valid UTF-8 at byte {error.start}"
    if b"\\u" in raw:
        raw = _HALF.sub(rb"\1\\ufffd", raw)
    try:
        return orjson.loads(raw), remark
    except orjson.JSONDecodeError as error:
        strict = error
    if "depth limit" in str(strict):
        raise Unreadable("nested too deeply")
    try:
        value = json.loads(raw)
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError:
        if not raw.strip(b"\0 \t\r\n"):
            raise Unreadable("empty" if not raw.strip() else "only NUL bytes", torn=True) from None
        torn = strict.pos >= len(strict.doc) - 1 or "end of data" in str(strict)
        reason = "ends in the middle" if torn else str(strict.msg)
        raise Unreadable(f"not valid JSON: {reason} (line {strict.lineno})", torn=torn) from None
    return value, remark


def read_bytes(path: Path | str, root: Path | str | None = None, limit: int = MAX_BYTES) -> bytes:
    """The content of an ordinary file. Never blocks, never opens a FIFO, socket or device.

    Args:
        path: The file. A symbolic link is followed only if it ends inside `root`.
        root: The directory no link may leave; without it no link is followed.
        limit: More bytes than this are not read.

    Raises:
        Unreadable: Why it cannot be read.
        FileNotFoundError: It is gone.
    """
    try:
        fd = os.open(path, _OPEN)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP and root is not None:
            return read_bytes(_inside(path, root), None, limit)
        raise Unreadable(why(error, path)) from None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise Unreadable(f"not an ordinary file but {kind_of(info.st_mode)}")
        if info.st_size > limit:
            raise Unreadable(f"too big: {info.st_size} bytes, the limit is {limit}")
        raw = os.read(fd, info.st_size + 1)
        while len(raw) < info.st_size and len(raw) <= limit:
            more = os.read(fd, info.st_size - len(raw))
            if not more:
                break
            raw += more
    except OSError as error:
        raise Unreadable(why(error, path)) from None
    finally:
        os.close(fd)
    return raw


def _inside(path: Path | str, root: Path | str) -> str:
    """Where a symbolic link leads, if that is inside `root`."""
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        reason = "a symbolic link that leads in a circle" if error.errno == errno.ELOOP else "a broken symbolic link"
        raise Unreadable(reason) from None
    base = os.path.realpath(root)
    if target != base and not target.startswith(base.rstrip("/") + "/"):
        raise Unreadable("a symbolic link that leaves the root, not followed")
    return target


def kind_of(mode: int) -> str:
    """What a thing that is no ordinary file is, for people."""
    for test, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return name
    return "something else"


def why(error: OSError, path: Path | str) -> str:
    """The reason of an `OSError`, for people."""
    if error.errno in (errno.EACCES, errno.EPERM):
        try:
            mode = f"mode {stat.S_IMODE(os.lstat(path).st_mode):04o} of another user"
        except OSError:
            mode = "a directory above it is closed to this user"
        return f"no permission ({mode})"
    if error.errno in (errno.ENXIO, errno.ENODEV):
        return "not an ordinary file but a socket or FIFO"
    if error.errno == errno.ELOOP:
        return "a symbolic link, not followed"
    return error.strerror or type(error).__name__


def read_quickly(path: str, size: int) -> dict[str, Any] | None:
    """The everyday case at the price of four system calls: a file listed as ordinary, of `size` bytes, with one object.

    `None` for everything else, which is then for `read_object` to look into.
    """
    if not 0 < size <= MAX_BYTES:
        return None
    try:
        fd = os.open(path, _OPEN)  # were it swapped for a FIFO meanwhile, reading it would still not block
        try:
            raw = os.read(fd, size + 1)
        finally:
            os.close(fd)
        value = orjson.loads(raw)
    except (OSError, orjson.JSONDecodeError):
        return None
    return value if type(value) is dict and len(raw) == size else None


def read_object(
    path: Path | str,
    name: str,
    *,
    root: Path | str | None = None,
    fatal: bool = False,
    limit: int = MAX_BYTES,
    sleep: Callable[[float], None] = time.sleep,
    wall: Callable[[], float] = time.time,
) -> tuple[dict[str, Any] | None, Problem | None]:
    """Read a file that should hold one JSON object.

    Receipts are written in place (formats/flow-studio.md 1, "torn reads are real"), so a file that is empty or ends
    in the middle and was touched in the last seconds is looked at again before it is called unreadable.

    Args:
        path: The file on disk.
        name: What the `Problem` calls it: its path relative to the root.
        root: See `read_bytes`.
        fatal: Passed on to the `Problem`.
        limit: More bytes than this are not read.
        sleep: Waits between two looks.
        wall: Seconds since the epoch, to tell how old the file is.

    Returns:
        The object, or `None`; and what is wrong, or `None`. Both, where the object could be had by bending.
        Neither, if the file is gone.
    """
    for attempt in range(RETRIES + 1):
        try:
            value, remark = decode(read_bytes(path, root, limit))
        except FileNotFoundError:
            return None, None
        except Unreadable as trouble:
            if trouble.torn and attempt < RETRIES and _fresh(path, wall):
                sleep(RETRY_S * (attempt + 1))
                continue
            return None, Problem(path=name, reason=trouble.reason, fatal=fatal)
        if type(value) is not dict:
            return None, Problem(path=name, reason=f"a JSON {json_kind(value)} instead of an object", fatal=fatal)
        return value, None if remark is None else Problem(path=name, reason=remark)
    raise AssertionError("unreachable: the last attempt returns")


def _fresh(path: Path | str, wall: Callable[[], float]) -> bool:
    try:
        return abs(wall() - os.lstat(path).st_mtime) < FRESH_S
    except OSError:
        return False


def json_kind(value: object) -> str:
    """What JSON calls a value that is no object."""
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")
