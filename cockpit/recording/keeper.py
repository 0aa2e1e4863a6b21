"""The recording on disk, as it grows. Nothing in here ever stops or fails the command that is recorded.

What cannot be written is told once on stderr and given up: a full disk costs the evidence, never the work.
"""

import errno
import json
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit.actions.output import CappedOutput
from cockpit.actions.storage import make_dir, pretty, sync_dir, try_lock, write_all, write_atomic
from cockpit.clock import Clock, iso
from cockpit.recording.masking import mask_argv
from cockpit.sources.recordings import ALIVE, INDEX, META, OUTPUT, RECORDINGS

CAP = 64 * 1024 * 1024
"""Bytes of output kept of one command: its head and its tail."""
INDEX_EVERY_S = 1.0
"""Seconds between two lines of the index for one stream."""
MAX_INDEX = 100_000
"""Lines of the index."""
_RESERVE = ".meta.json.tmp"
# Room for the end, taken at the start: a full disk must not make an ended command look like a lost one.
_RESERVED = 16 * 1024


class Keeper:
    """Writes one recording.

    Attributes:
        id: Name of its directory.
        directory: Where it is kept; `None` where nothing can be kept.
        trouble: What could not be written, for people.
    """

    def __init__(
        self,
        state_dir: Path,
        argv: Sequence[str],
        *,
        clock: Clock,
        root: Path | None = None,
        run: str | None = None,
        cap: int = CAP,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Touches nothing on disk.

        Args:
            state_dir: State directory of the root.
            argv: The command as given; secrets in it are masked before anything is kept.
            clock: What time it is.
            root: The root the command works on.
            run: The run it belongs to.
            cap: Bytes of output kept.
            warn: Called with what could not be written.
        """
        self._clock = clock
        self._warn = warn
        self._cap = cap
        self._state_dir = state_dir
        started = clock().astimezone(UTC)
        self.id = f"{started:%Y%m%dT%H%M%S}.{started.microsecond:06d}Z-{secrets.token_hex(3)}"
        self.directory: Path | None = None
        self.trouble: str | None = None
        self._output: CappedOutput | None = None
        self._index: int | None = None
        self._index_lines = 0
        self._indexed: dict[str, datetime] = {}
        self._stream = ""
        self._lock: int | None = None
        self.meta: dict[str, Any] = {
            "version": 1,
            "id": self.id,
            "argv": [_plain(argument) for argument in mask_argv(argv)],
            "cwd": _cwd(),
            "environment": sorted(_plain(name) for name in os.environ),
            "root": None if root is None else _plain(os.fspath(root)),
            "run": run,
            "host": socket.gethostname(),
            "terminal": False,
            "recorder": {"pid": os.getpid(), "created": None},
            "command": None,
            "started_at": iso(started),
            "ended_at": None,
            "exit_code": None,
            "signal": None,
            "error": None,
            "left_behind": False,
            "output": {"bytes": 0, "left_out": 0, "lost": 0},
        }

    def begin(self, *, terminal: bool) -> bool:
        """Make the recording, before the command starts; whether that was possible."""
        self.meta["terminal"] = terminal
        try:
            self._make()
        except (OSError, ValueError) as error:
            self._give_up(error)
            return False
        return True

    def _make(self) -> None:
        from cockpit.journal.files import ensure_state_dir

        ensure_state_dir(self._state_dir)
        directory = make_dir(make_dir(self._state_dir / RECORDINGS) / self.id, exist_ok=False)
        self.directory = directory
        with suppress(OSError):  # a filesystem without locks: the recorder is then known by its process id
            self._lock = try_lock(directory / ALIVE)
        self._output = CappedOutput(directory / OUTPUT, self._cap)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._index = os.open(directory / INDEX, flags, 0o666)
        self.meta["recorder"]["created"] = _created(os.getpid())
        room = max(_RESERVED, 2 * len(pretty(self.meta)))
        (directory / _RESERVE).write_bytes(b" " * room)
        write_atomic(directory / META, pretty(self.meta))
        sync_dir(directory.parent)

    def started(self, pid: int) -> None:
        """Write down which process the command is."""
        self.meta["command"] = {"pid": pid, "created": _created(pid)}
        if self.directory is not None:
            try:
                write_atomic(self.directory / META, pretty(self.meta))
            except OSError as error:
                self._tell(error)

    def keep(self, stream: str, data: bytes) -> None:
        """Keep what came on a stream; never raises."""
        if self._output is None:
            return
        offset = self._output.total
        self._mark(stream, offset)
        try:
            self._output.write(data)
        except OSError as error:
            self._tell(error)
            self._output = None
            return
        if self._output.lost:
            self._tell(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def _mark(self, stream: str, offset: int) -> None:
        if self._index is None or self._index_lines >= MAX_INDEX:
            return
        now = self._clock()
        last = self._indexed.get(stream)
        if last is not None and 0 <= (now - last).total_seconds() < INDEX_EVERY_S:
            return
        self._indexed[stream] = now
        self._index_lines += 1
        line = json.dumps({"at": iso(now), "offset": offset, "stream": stream})
        with suppress(OSError):  # the times of a full disk are lost, as its output is
            write_all(self._index, f"{line}\n".encode())

    def end(
        self,
        *,
        exit_code: int,
        signal: str | None = None,
        error: str | None = None,
        ended_at: datetime | None = None,
        left_behind: bool = False,
    ) -> None:
        """Write down how the command ended, durably; never raises.

        Args:
            exit_code: As a shell shows it.
            signal: Name of the signal that ended it.
            error: Why it could not be started.
            ended_at: When it ended; now by default.
            left_behind: Whether what it started goes on.
        """
        self.meta.update(
            ended_at=iso(ended_at or self._clock()),
            exit_code=exit_code,
            signal=signal,
            error=error,
            left_behind=left_behind,
        )
        self.refresh()

    def refresh(self) -> None:
        """Write `meta.json` as it is now, into the room that was kept for it."""
        if self._output is not None:
            out = self._output
            self.meta["output"] = {"bytes": out.total, "left_out": out.left_out, "lost": out.lost}
        if self.directory is None:
            return
        try:
            _write_into(self.directory / _RESERVE, self.directory / META, pretty(self.meta))
        except OSError as error:
            self._tell(error)

    def close(self) -> None:
        """Sync and close everything; never raises. The lock goes last."""
        with suppress(OSError):
            if self._output is not None:
                self._output.close()
        self._output = None
        for fd in (self._index, self._lock):
            if fd is not None:
                with suppress(OSError):
                    os.close(fd)
        self._index = self._lock = None

    def _give_up(self, error: OSError | ValueError) -> None:
        self._tell(error)
        self.close()
        if self.directory is not None:
            import shutil

            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def _tell(self, error: OSError | ValueError) -> None:
        if self.trouble is None:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            self.trouble = f"not recorded in full: {self.directory or self._state_dir}: {why}"
            self._warn(self.trouble)


def _write_into(reserve: Path, target: Path, data: bytes) -> None:
    fd = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        write_all(fd, data)
        os.ftruncate(fd, len(data))
        os.fsync(fd)
    finally:
        os.close(fd)
    reserve.replace(target)
    sync_dir(target.parent)


def _created(pid: int) -> float | None:
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _cwd() -> str | None:
    try:
        return _plain(os.fspath(Path.cwd()))
    except OSError:  # the working directory was deleted; the command may not mind
        return None


def _plain(text: str) -> str:
    """Text that every JSON reader takes: bytes that are not UTF-8 are shown escaped."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
