"""The append-only, hash-chained log of who did what. Knows no kinds of event but its own two.

`append` returns only after the entry is on disk and synced. Any number of processes append to one journal: a file
lock orders them, and each reads the end of the file anew before it writes.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any

from cockpit.clock import Clock
from cockpit.journal import anchor, files
from cockpit.journal.codec import GENESIS, decode, seal
from cockpit.journal.files import JournalError
from cockpit.journal.reader import START, Batch, Cursor, iterate, read_batch
from cockpit.models.journal import Actor, Entry
from cockpit.models.problem import Problem

REPAIRED = "journal.repaired"
"""A last line torn by a crash was set aside: `{"file", "bytes", "sha256", "earlier"}`.

`earlier` names files set aside before: a crash in the middle of a repair leaves one that no entry told of yet.
"""

LOST = "journal.lost"
"""The journal ends before an entry that was acknowledged: `{"expected": {"seq", "hash"}, "found": {...}}`."""

LOCK_WAIT_S = 5.0
_BLOCK = 1 << 14
_MAX_TORN = 1 << 26
_KIND = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class _End:
    """How a journal ends: offset after the last complete line, bytes after it, and the last entry."""

    offset: int
    torn: bytes
    last: Entry | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not written yet: what happened, its own fields, the incident it belongs to."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    incident: str | None = None


class Journal:
    """One journal file, as one actor writes it. Safe to share between threads and over a fork.

    Blocks on locks and syncs (milliseconds, `wait_s` at worst): call `append` off the event loop.
    """

    def __init__(self, path: Path, actor: Actor, clock: Clock, *, wait_s: float = LOCK_WAIT_S) -> None:
        """Touches nothing on disk.

        Args:
            path: The journal file; made with its directory by the first `append`.
            actor: Who every entry is signed by.
            clock: Gives every entry its time.
            wait_s: Seconds to wait for other writers before giving up.
        """
        self.path = path
        self.actor = actor
        self._clock = clock
        self._wait_s = wait_s

    def append(self, kind: str, data: Mapping[str, Any] | None = None, incident: str | None = None) -> Entry:
        """Record that something happened. On return it is on disk; on an exception nothing was recorded.

        Args:
            kind: What happened, dotted lower-case words.
            data: The event's own fields; plain JSON values.
            incident: The incident it belongs to.

        Raises:
            JournalError: The journal cannot be written (permissions, full disk, a symbolic link, a lock held).
            UsageError: The entry is too large.
            ValueError: `kind` is no kind, or `data` cannot be recorded.
            TypeError: `data` is no JSON.
        """
        return self.append_decided(lambda: (Draft(kind, data or {}, incident),))[-1]

    def append_decided(self, decide: Callable[[], Sequence[Draft]]) -> tuple[Entry, ...]:
        """Record what is decided while nobody else can record anything: all of it or, on an exception, nothing.

        Args:
            decide: Called with the journal locked; it may read the journal (`follow`), not write it. Whatever it
                raises goes through.

        Returns:
            The entries, in the order of their drafts, of which there is at least one.

        Raises:
            JournalError: As `append`.
            UsageError: As `append`.
            ValueError: As `append`; or nothing was decided.
            TypeError: As `append`.
        """
        try:
            files.ensure_state_dir(self.path.parent)
            with files.locked(anchor.lock_path(self.path), self._wait_s) as lock:
                drafts = tuple(decide())
                if wrong := next((draft.kind for draft in drafts if not _KIND.fullmatch(draft.kind)), None):
                    raise ValueError(f"not an event kind: {wrong!r}")
                if not drafts:
                    raise ValueError("nothing was decided")
                fd = files.open_or_create(self.path)
                try:
                    return self._append(fd, lock, drafts)
                finally:
                    os.close(fd)
        except OSError as error:
            raise files.failed("write", self.path, error) from error

    def entries(self, problems: list[Problem] | None = None) -> Iterator[Entry]:
        """Every entry, oldest first; lines that hold none are skipped (and told to `problems`). Never raises."""
        return iterate(self.path, problems)

    @staticmethod
    def read(path: Path, problems: list[Problem] | None = None) -> Iterator[Entry]:
        """The entries of any journal file; see `entries`. An absent one is empty."""
        return iterate(path, problems)

    def follow(self, cursor: Cursor = START, limit: int | None = None) -> Batch:
        """What was appended after `cursor`, by anyone; at most `limit` entries. Never raises."""
        return read_batch(self.path, cursor, limit)

    def _append(self, fd: int, lock: int, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Write entries after what the end of the file needs told first; holds the lock."""
        end = _find_end(fd)
        told: list[Draft] = []
        if end.torn:
            told.append(Draft(REPAIRED, _set_aside(self.path, end.torn)))
        if lost := _lost(anchor.load(lock), end.last):
            told.append(Draft(LOST, lost))
        blob = b""
        last = end.last
        written: list[Entry] = []
        for draft in (*told, *drafts):
            line, last = seal(
                seq=last.seq + 1 if last else 1,
                at=self._clock(),
                actor=self.actor,
                kind=draft.kind,
                incident=draft.incident,
                data=draft.data,
                prev=last.hash if last else GENESIS,
            )
            blob += line
            written.append(last)
        _commit(fd, end, blob)
        anchor.store(lock, anchor.Anchor(seq=written[-1].seq, hash=written[-1].hash))
        return tuple(written[len(told) :])


def _commit(fd: int, end: _End, blob: bytes) -> None:
    """Write and sync all of `blob` at the end, or put the file back as it was.

    Torn bytes are written over, not cut off first: at no moment are they gone without the entry that tells of them.
    """
    try:
        files.write_all(fd, blob, end.offset)
        if end.torn:
            os.ftruncate(fd, end.offset + len(blob))
        os.fsync(fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.ftruncate(fd, end.offset)
            files.write_all(fd, end.torn, end.offset)
            os.fsync(fd)
        raise


def _find_end(fd: int) -> _End:
    """Read the file backwards to its last line that holds an entry.

    Complete lines after it that hold none stay where they are: `verify` names them, the chain goes on.

    Raises:
        JournalError: There are more bytes without a newline than a crash can explain.
    """
    size = os.fstat(fd).st_size
    block = _BLOCK
    while True:
        start = max(0, size - block)
        tail = _read_exactly(fd, start, size - start)
        *complete, torn = tail.split(b"\n")
        if start > 0 and complete:
            complete = complete[1:]
        for line in reversed(complete):
            if entry := decode(line):
                return _End(size - len(torn), torn, entry)
        if start == 0:
            return _End(size - len(torn), torn, None)
        if len(torn) > _MAX_TORN:
            raise JournalError(f"the journal ends in {len(torn)} bytes that are no line; nothing was recorded")
        block *= 4


def _read_exactly(fd: int, offset: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := os.pread(fd, count, offset)):
        parts.append(part)
        offset += len(part)
        count -= len(part)
    return b"".join(parts)


def _set_aside(journal: Path, torn: bytes) -> dict[str, Any]:
    name = files.keep_aside(journal, torn)
    return {
        "file": name,
        "earlier": sorted({path.name for path in journal.parent.glob(f"{escape(journal.name)}.torn-*")} - {name}),
        "bytes": len(torn),
        "sha256": hashlib.sha256(torn).hexdigest(),
    }


def _lost(expected: anchor.Anchor | None, last: Entry | None) -> dict[str, Any] | None:
    """What the anchor knows of and the journal no longer holds; `None` when nothing is missing."""
    if expected is None:
        return None
    if last is not None and (last.seq > expected.seq or last.hash == expected.hash):
        return None
    found = {"seq": last.seq, "hash": last.hash} if last else {"seq": 0, "hash": GENESIS}
    return {"expected": expected.model_dump(), "found": found}
