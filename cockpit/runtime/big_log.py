"""Following one growing log of any size by its name: what was added, and when it is another file than before.

Reading a log means counting its line breaks, by block; nothing else is kept of it.
"""

import asyncio
import contextlib
import stat
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cockpit.runtime.log_file import Breaks, Identity, LogHandle, LogLines
from cockpit.sources.block_counts import BLOCK, Newlines
from cockpit.sources.jsonfile import why

CHUNK = 1024 * 1024
"""Bytes read at once."""
BUDGET = 16 * 1024 * 1024
"""Bytes counted in one go: some 10 ms where the disk is fast, so that the screen can say how far it is."""
INTERVAL_S = 1.0
_MARK = 64

WatchFile = Callable[[Path, Callable[[], None]], Callable[[], None]]
"""Calls back, from any thread, when a file changes; returns the way out. See `Board.watch_file`."""


class Happening(Enum):
    """What happened to a followed file."""

    SAME = "same"
    OPENED = "opened"
    GROWN = "grown"
    """There is more of it, or more of it was counted."""
    REPLACED = "replaced"
    """Another file has its name now."""
    REWRITTEN = "rewritten"
    """It was cut, or what was read is no longer in it."""
    GONE = "gone"
    """Nothing has its name, or no ordinary file. What was read before still stands."""

    @property
    def anew(self) -> bool:
        """Whether places in what was shown before mean nothing now."""
        return self in (Happening.OPENED, Happening.REPLACED, Happening.REWRITTEN)


@dataclass(frozen=True, slots=True)
class Look:
    """What there was to see.

    Attributes:
        happening: What happened since the last look.
        lines: The lines now; `None` where there never was a file.
        more: Whether there is more to be counted at once.
    """

    happening: Happening
    lines: LogLines | None
    more: bool


class BigLog:
    """A log that is looked at again and again, by one thread at a time. Never raises for what is on disk.

    Args:
        path: The file; it need not exist.
        chunk: Bytes read at once.
        block: See `cockpit.sources.block_counts`.
    """

    def __init__(self, path: Path, *, chunk: int = CHUNK, block: int = BLOCK) -> None:
        self.path = path
        self._chunk = chunk
        self._block = block
        self._file: LogHandle | None = None
        self._breaks: Breaks | None = None
        self._head = b""
        self._tail = b""
        self._seen: tuple[int, int] | None = None
        self._gone = False
        self._size = 0
        self.problem: str | None = None
        """Why there is no file, or none that can be read."""

    def look(self, budget: int = BUDGET) -> Look:
        """See what happened, and count at most `budget` bytes more, at least one chunk."""
        happening = self._find()
        if self._breaks is None or self._file is None:
            return Look(happening, None, more=False)
        if happening is not Happening.GONE and self._is_other():
            happening = happening if happening.anew else Happening.REWRITTEN
            self._begin()
        counted = grown = self._count(budget)
        try:
            size = self._file.stat().st_size
        except OSError:
            size = self._breaks.newlines.size
        grown, self._size = grown or size != self._size, size
        lines = LogLines(self._breaks, size)
        if happening is Happening.SAME and grown:
            happening = Happening.GROWN
        return Look(happening, lines, more=counted and not lines.whole)

    def _find(self) -> Happening:
        """Open what has the name now, if that is another file."""
        named = _identity(self.path)
        if self._file is not None and named == self._file.identity:
            self._gone, self.problem = False, None
            return Happening.SAME
        found: LogHandle | None = None
        try:
            found, self.problem = LogHandle(self.path), None
        except OSError as error:
            self.problem = why(error, self.path)
        if found is None:
            was, self._gone = self._gone, True
            return Happening.SAME if was else Happening.GONE
        happening = Happening.OPENED if self._file is None else Happening.REPLACED
        self._gone = False
        self._file = found
        self._begin()
        return happening

    def _begin(self) -> None:
        """Count from the start. What is shown of it before stays readable as it was."""
        if self._file is not None:
            self._breaks = Breaks(self._file, Newlines(self._block))
        self._head = self._tail = b""
        self._seen = None
        self._size = 0

    def _is_other(self) -> bool:
        """Whether the file was cut, or bytes that were read are no longer there."""
        if self._file is None or self._breaks is None:
            return False
        try:
            status = self._file.stat()
        except OSError:
            return False
        seen, self._seen = self._seen, (status.st_size, status.st_mtime_ns)
        counted = self._breaks.newlines.size
        if seen == self._seen or not counted:
            return False
        return (
            status.st_size < counted
            or self._file.read(0, len(self._head)) != self._head
            or self._file.read(counted - len(self._tail), len(self._tail)) != self._tail
        )

    def _count(self, budget: int) -> bool:
        if self._file is None or self._breaks is None:
            return False
        newlines = self._breaks.newlines
        before = newlines.size
        while True:
            data = self._file.read(newlines.size, self._chunk)
            if not data:
                break
            if len(self._head) < _MARK:
                self._head += data[: _MARK - len(self._head)]
            self._tail = (self._tail + data[-_MARK:])[-_MARK:]
            newlines.feed(data)
            if len(data) < self._chunk or newlines.size - before >= budget:
                break
        return newlines.size > before


async def looks(
    log: BigLog, *, watch: WatchFile | None = None, interval_s: float = INTERVAL_S, budget: int = BUDGET
) -> AsyncGenerator[Look, None]:
    """What happens to a log, beginning with what is in it, until the consumer leaves (`contextlib.aclosing`).

    Args:
        log: The log; nobody else may look at it meanwhile.
        watch: Reports changes of the file; without it, and for what it misses, the file is looked at every
            `interval_s` seconds.
        interval_s: Seconds between looks.
        budget: See `BigLog.look`.
    """
    wake = asyncio.Event()
    loop = asyncio.get_running_loop()
    leave = watch(log.path, lambda: _set(loop, wake)) if watch else None
    try:
        while True:
            wake.clear()
            look = await asyncio.to_thread(log.look, budget)
            if look.happening is not Happening.SAME:
                yield look
            if look.more:
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), interval_s)
    finally:
        if leave is not None:
            leave()


def _identity(path: Path) -> Identity | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _set(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    # The loop may be gone by the time the watcher hears of the change.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(wake.set)
