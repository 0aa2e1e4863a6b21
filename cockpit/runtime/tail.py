"""Following one growing text file: what was appended, and when it is another file than before."""

import asyncio
import contextlib
import io
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from aiofiles.threadpool import wrap
from aiofiles.threadpool.binary import AsyncFileIO

from cockpit.sources.line_index import SPAN, LineIndex
from cockpit.sources.lines import CUT, View

CHUNK = 256 * 1024
"""Bytes read at once: indexing them takes a fraction of a frame."""

INTERVAL_S = 1.0
_MARK = 64

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

WatchFile = Callable[[Path, Callable[[], None]], Callable[[], None]]
"""Calls back, from any thread, when a file changes; returns the way out. See `Board.watch_file`."""

Identity = tuple[int, int]


class TailKind(Enum):
    """What happened to a followed file."""

    DATA = "data"
    RESET = "reset"
    """It is another file, or the same one cut or rewritten: what was read before is no part of it."""
    GONE = "gone"
    """It does not exist, or is no ordinary file. What was read before still stands."""


@dataclass(frozen=True, slots=True)
class TailChunk:
    """One happening.

    Attributes:
        kind: What happened.
        data: The appended bytes of `DATA`, at most `chunk` of them; lines may be split anywhere.
        identity: Device and inode of the file.
    """

    kind: TailKind
    data: bytes = b""
    identity: Identity | None = None


async def follow(
    path: Path, *, wake: asyncio.Event | None = None, interval_s: float = INTERVAL_S, chunk: int = CHUNK
) -> AsyncGenerator[TailChunk, None]:
    """Everything that is in a file and is appended to it, until the consumer leaves.

    Reads only as fast as it is consumed. Never opens a FIFO, socket or device, never follows a symbolic link and
    never raises for what is on disk. Close it (`contextlib.aclosing`) to let go of the file at once.

    Args:
        path: The file; it need not exist.
        wake: Set when the file may have changed; without it, and for what it misses, the file is looked at every
            `interval_s` seconds.
        interval_s: Seconds between looks.
        chunk: Most bytes handed over at once.
    """
    wake = wake or asyncio.Event()
    opened: _Opened | None = None
    was_gone = False
    try:
        while True:
            wake.clear()
            named = await asyncio.to_thread(_identity, path)
            if opened is not None and named != opened.identity:
                # The old file may have got its last lines before its name was taken away.
                async for grown in opened.rest(chunk):
                    yield grown
                opened.close()
                opened = None
            if opened is None:
                opened = await _open(path)
                if opened is None and not was_gone:
                    yield TailChunk(TailKind.GONE)
                was_gone = opened is None
            if opened is not None:
                if await opened.is_other():
                    yield opened.rewind()
                async for grown in opened.rest(chunk):
                    yield grown
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), interval_s)
    finally:
        if opened is not None:
            opened.close()


class _Opened:
    """An open file, how far it was read, and enough of what was read to tell whether it still is what it was.

    It stays open while it is followed: its inode cannot be given to another file meanwhile.
    """

    def __init__(self, raw: io.FileIO, identity: Identity) -> None:
        self.identity = identity
        self._raw = raw
        self._file: AsyncFileIO = wrap(raw)
        self._offset = 0
        self._head = b""
        self._last = b""
        self._seen: tuple[int, int] | None = None

    async def rest(self, size: int) -> AsyncIterator[TailChunk]:
        """What was not read yet, in portions of at most `size` bytes."""
        while data := await self._read(size):
            yield TailChunk(TailKind.DATA, data, self.identity)

    async def _read(self, size: int) -> bytes:
        try:
            await self._file.seek(self._offset)
            data: bytes = await self._file.read(size) or b""
        except OSError:
            return b""
        self._offset += len(data)
        if len(self._head) < _MARK:
            self._head += data[: _MARK - len(self._head)]
        self._last = (self._last + data[-_MARK:])[-_MARK:]
        return data

    def rewind(self) -> TailChunk:
        """Begin at the start of the file."""
        self._offset = 0
        self._head = self._last = b""
        return TailChunk(TailKind.RESET, identity=self.identity)

    async def is_other(self) -> bool:
        """Whether nothing was read yet, the file was cut, or bytes that were read are no longer there."""
        return await asyncio.to_thread(self._is_other)

    def _is_other(self) -> bool:
        try:
            fd = self._file.fileno()
            status = os.fstat(fd)
            seen, self._seen = self._seen, (status.st_size, status.st_mtime_ns)
            if seen == self._seen:
                return False
            return (
                seen is None
                or status.st_size < self._offset
                or os.pread(fd, len(self._head), 0) != self._head
                or os.pread(fd, len(self._last), self._offset - len(self._last)) != self._last
            )
        except OSError:
            return False

    def close(self) -> None:
        """At once: whoever followed it may be cancelled here, and the event loop about to end."""
        with contextlib.suppress(OSError):
            self._raw.close()


async def _open(path: Path) -> _Opened | None:
    opening = asyncio.ensure_future(asyncio.to_thread(_open_raw, path))
    try:
        raw = await asyncio.shield(opening)
    except OSError:
        return None
    except asyncio.CancelledError:
        # The thread opens it all the same, for nobody.
        opening.add_done_callback(_close_unwanted)
        raise
    status = os.fstat(raw.fileno())
    return _Opened(raw, (status.st_dev, status.st_ino))


def _open_raw(path: Path) -> io.FileIO:
    return io.FileIO(path, "rb", opener=_opener)


def _close_unwanted(opening: "asyncio.Future[io.FileIO]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _opener(path: str, _flags: int) -> int:
    fd = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"not an ordinary file: {path}")
    return fd


def _identity(path: Path) -> Identity | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


@dataclass(frozen=True, slots=True)
class TailChange:
    """What a pane must know after a happening.

    Attributes:
        kind: What happened.
        first: Number (from 0) of the first line that is new.
        total: Complete lines there are now.
    """

    kind: TailKind
    first: int
    total: int


class Tail:
    """The lines of a followed file, drawn lazily by number while they grow.

    Iterate over `changes`; between its steps the lines may be read at any time, also from other threads. Nine bytes
    a line are kept; the text is read from the file when it is drawn.

    Args:
        path: The file; it need not exist.
        watch: Reports changes of the file, such as `Board.watch_file`; without it they show within `interval_s`.
        interval_s: Seconds between looks without a report.
        chunk: Most bytes taken in between two steps of `changes`.
    """

    def __init__(
        self, path: Path, *, watch: WatchFile | None = None, interval_s: float = INTERVAL_S, chunk: int = CHUNK
    ) -> None:
        self.path = path
        self._watch = watch
        self._interval_s = interval_s
        self._chunk = chunk
        self._index = LineIndex()
        self._identity: Identity | None = None

    def __len__(self) -> int:
        """Complete lines known so far."""
        return len(self._index)

    @property
    def partial(self) -> bytes:
        """The line in progress, of which the newline is still missing; at most 64 KiB of it."""
        return self._index.partial

    @property
    def lines(self) -> View:
        """What is known now, readable later; empty lines once the file is replaced."""
        return View(os.fspath(self.path), self._index, self._identity)

    def read(self, start: int, stop: int) -> list[bytes]:
        """Complete lines `start` to `stop` (exclusive, from 0), each cut to 64 KiB with the cut marked by `…`."""
        return self.lines.read(range(max(start, 0), min(stop, len(self._index))), SPAN, CUT)

    def next_level(self, start: int, step: int, levels: Collection[int]) -> int | None:
        """The nearest line from `start` in the direction of `step` (+1, -1) whose level is in `levels`."""
        return self._index.next_level(start, step, levels)

    async def changes(self) -> AsyncGenerator[TailChange, None]:
        """What happens to the file, beginning with what is in it. One consumer at a time."""
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()
        leave = self._watch(self.path, lambda: _set(loop, wake)) if self._watch else None
        chunks = follow(self.path, wake=wake, interval_s=self._interval_s, chunk=self._chunk)
        try:
            async for chunk in chunks:
                yield self._take(chunk)
        finally:
            if leave is not None:
                leave()
            await chunks.aclose()

    def _take(self, chunk: TailChunk) -> TailChange:
        if chunk.kind is TailKind.RESET:
            self._index = LineIndex()
            self._identity = chunk.identity
        first = len(self._index)
        if chunk.data:
            self._index.feed(chunk.data)
        return TailChange(chunk.kind, first, len(self._index))


def _set(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    # The loop may be gone by the time the watcher hears of the change.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(wake.set)
