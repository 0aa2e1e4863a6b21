"""Reading the journal: tolerant, in blocks, and on from where the last reading ended.

A line that holds no entry is a `Problem`, never an error. A last line without its newline is not there yet: it is
being written, or was torn by a crash and will be set aside by the next writer.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.journal.codec import MAX_LINE, decode
from cockpit.journal.files import open_regular
from cockpit.models.journal import Entry
from cockpit.models.problem import Problem

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a journal was read: which file, how many bytes and lines of it, and the last entry's hash."""

    device: int = 0
    inode: int = 0
    offset: int = 0
    line: int = 0
    hash: str | None = None


START = Cursor()
"""Nothing was read yet."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one reading brought.

    Attributes:
        entries: New entries, oldest first.
        cursor: Where to read on.
        reset: The journal is not the one that was read before (replaced, truncated, rolled back): forget everything
            folded so far; `entries` starts from the beginning again.
        problems: Lines that hold no entry, or why the journal cannot be read.
        more: Whether there is more to read now (`limit` was reached).
    """

    entries: tuple[Entry, ...]
    cursor: Cursor
    reset: bool = False
    problems: tuple[Problem, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A complete line: its bytes without the newline (`None`: too long to be one of ours) and the offset after it."""

    data: bytes | None
    end: int


def lines(fd: int, offset: int = 0) -> Iterator[Line]:
    """The complete lines of an open file from `offset` on; bytes after the last newline are left.

    Raises:
        OSError: The file cannot be read.
    """
    rest = b""
    overlong = False
    position = offset
    while block := os.pread(fd, _BLOCK, position):
        base = position - len(rest)
        position += len(block)
        *complete, rest = (rest + block).split(b"\n")
        for data in complete:
            base += len(data) + 1
            yield Line(None if overlong or len(data) > MAX_LINE else data, base)
            overlong = False
        if len(rest) > MAX_LINE:
            overlong, rest = True, b""


def read_batch(path: Path, cursor: Cursor = START, limit: int | None = None) -> Batch:
    """The entries of a journal after `cursor`; at most `limit` of them. An absent journal is an empty one.

    Costs one open and one stat when nothing is new. Never raises.
    """
    try:
        fd = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return Batch((), START, reset=cursor != START)
    except OSError as error:
        return Batch((), cursor, problems=(_unreadable(path, error),))
    try:
        return _read_open(fd, path, cursor, limit)
    except OSError as error:
        return Batch((), cursor, problems=(_unreadable(path, error),))
    finally:
        os.close(fd)


def iterate(path: Path, problems: list[Problem] | None = None) -> Iterator[Entry]:
    """Every entry of a journal, oldest first, without holding them all; never raises.

    Args:
        path: The journal; absent is empty.
        problems: Gets a `Problem` for every line that holds no entry.
    """
    sink = problems if problems is not None else []
    try:
        fd = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    except OSError as error:
        sink.append(_unreadable(path, error))
        return
    try:
        for number, line in enumerate(lines(fd), start=1):
            entry = decode(line.data) if line.data is not None else None
            if entry is None:
                sink.append(_no_entry(path, number))
            else:
                yield entry
    except OSError as error:
        sink.append(_unreadable(path, error))
    finally:
        os.close(fd)


def _read_open(fd: int, path: Path, cursor: Cursor, limit: int | None) -> Batch:
    status = os.fstat(fd)
    same = (status.st_dev, status.st_ino) == (cursor.device, cursor.inode) and status.st_size >= cursor.offset
    if not same:
        batch = _read_from(fd, path, Cursor(status.st_dev, status.st_ino), limit)
        return batch if cursor == START else _as_reset(batch)
    if status.st_size == cursor.offset:
        return Batch((), cursor)
    batch = _read_from(fd, path, cursor, limit)
    if batch.entries and cursor.hash is not None and batch.entries[0].prev != cursor.hash:
        # What was read last is no longer there: rolled back after a failed sync, or edited.
        return _as_reset(_read_from(fd, path, Cursor(status.st_dev, status.st_ino), limit))
    return batch


def _as_reset(batch: Batch) -> Batch:
    return Batch(batch.entries, batch.cursor, reset=True, problems=batch.problems, more=batch.more)


def _read_from(fd: int, path: Path, cursor: Cursor, limit: int | None) -> Batch:
    entries: list[Entry] = []
    problems: list[Problem] = []
    offset, number, last = cursor.offset, cursor.line, cursor.hash
    more = False
    for line in lines(fd, cursor.offset):
        if limit is not None and len(entries) >= limit:
            more = True
            break
        offset, number = line.end, number + 1
        entry = decode(line.data) if line.data is not None else None
        if entry is None:
            problems.append(_no_entry(path, number))
            continue
        entries.append(entry)
        last = entry.hash
    return Batch(
        tuple(entries),
        Cursor(cursor.device, cursor.inode, offset, number, last),
        problems=tuple(problems),
        more=more,
    )


def _no_entry(path: Path, number: int) -> Problem:
    return Problem(path=path.name, line=number, reason="not a journal entry")


def _unreadable(path: Path, error: OSError) -> Problem:
    return Problem(path=path.name, reason=f"the journal cannot be read: {error.strerror or error}")
