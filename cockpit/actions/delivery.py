"""Handing a text to a program of the operator's: a mailer, a pager, a client of a webhook.

The program is an argument list, never a shell line; the text goes to its standard input. Its output is kept up to a
limit and is foreign. What it does not read, how long it takes and how it ends is told, whatever it does.
"""

import contextlib
import fcntl
import os
import selectors
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.actions.processes import signal_group, signal_name

TIMEOUT_S = 30.0
KEPT = 16 * 1024
"""Bytes kept of the beginning of the output, and as many of its end."""
_LOOK_S = 0.05
_GRACE_S = 1.0
_CHUNK = 64 * 1024
_MAX_DRAIN = 64
"""Chunks read after the end: what the program started may go on writing for ever."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it went.

    Attributes:
        delivered: The program ended well.
        exit_code: Of the program; negative is the signal that ended it, `None` where it could not be started.
        outcome: What happened, for people; without anything foreign.
        output: What the program wrote, head and tail of it; foreign.
        unread: Bytes of the text that the program did not read.
    """

    delivered: bool
    exit_code: int | None
    outcome: str
    output: str = ""
    unread: int = 0


def deliver(argv: Sequence[str], text: str, *, timeout_s: float = TIMEOUT_S) -> Delivery:
    """Run a program with a text as its input, and wait for its end. Blocks; never raises for what the program does.

    Args:
        argv: The program and its arguments.
        text: What it reads.
        timeout_s: Seconds after which it is ended with everything in its process group.
    """
    data = text.encode("utf-8", "backslashreplace")
    theirs, ours = os.pipe()
    try:
        process = _start(argv, theirs)
        if isinstance(process, Exception):
            os.close(ours)
            return Delivery(False, None, _not_started(process), unread=len(data))
        talk = _Talk(process, ours, data)
        in_time = False
        try:
            in_time = talk.run(timeout_s)
        finally:
            _end(process)
            talk.drain()
            talk.close()
        # Our copy of the reading end shows what nobody took, however the program treated its own.
        unread = talk.unsent + _waiting(theirs)
    finally:
        os.close(theirs)
    return _told(process.returncode, timeout_s if not in_time else None, talk.output(), unread)


def _start(argv: Sequence[str], stdin: int) -> "subprocess.Popen[bytes] | Exception":
    try:
        return subprocess.Popen(
            list(argv), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
    except (OSError, ValueError) as error:
        return error


def _not_started(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such program"
    return f"it could not be started: {(getattr(error, 'strerror', None) or 'it cannot be executed').lower()}"


def _told(code: int | None, stopped_after: float | None, output: str, unread: int) -> Delivery:
    if stopped_after is not None:
        return Delivery(False, code, f"it did not end within {stopped_after:g} s and was stopped", output, unread)
    left = f"; {unread} bytes of the text were not read" if unread else ""
    if code is not None and code < 0:
        return Delivery(False, code, f"it was ended by {signal_name(-code)}{left}", output, unread)
    return Delivery(code == 0, code, f"exit {code}{left}", output, unread)


class _Talk:
    """Writes the input and reads the output of a process at the same time, so that neither side waits for ever."""

    def __init__(self, process: "subprocess.Popen[bytes]", ours: int, data: bytes) -> None:
        self._process = process
        self._in = ours
        self._in_open = True
        self._data = memoryview(data)
        self._head = b""
        self._tail = b""
        self._total = 0
        if process.stdout is None:  # pragma: no cover - a pipe was asked for
            raise RuntimeError("no pipe")
        self._out = process.stdout
        os.set_blocking(ours, False)
        os.set_blocking(self._out.fileno(), False)

    @property
    def unsent(self) -> int:
        """Bytes that did not even go into the pipe."""
        return len(self._data)

    def run(self, timeout_s: float) -> bool:
        """Until the process ends; returns whether it did in time."""
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE, self._write)
            selector.register(self._out, selectors.EVENT_READ, self._read)
            while self._process.poll() is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(min(left, _LOOK_S)):
                    if not key.data():
                        selector.unregister(key.fileobj)
                        self._close_input(key.fileobj)
                if not selector.get_map():
                    # It closed its output and goes on: there is nothing to look at but its end.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self._process.wait(min(max(left, 0), _LOOK_S))
        return True

    def drain(self) -> None:
        """What is in the pipe after the end; what others go on writing is not waited for."""
        for _ in range(_MAX_DRAIN):
            if not self._read(once=True):
                return

    def close(self) -> None:
        """Close both ends."""
        self._close_input(self._in)
        self._out.close()

    def output(self) -> str:
        """Head and tail of what was written."""
        lost = self._total - len(self._head) - len(self._tail)
        middle = f"\n[{lost} bytes left out]\n".encode() if lost else b""
        return (self._head + middle + self._tail).decode("utf-8", "replace")

    def _write(self) -> bool:
        try:
            written = os.write(self._in, self._data[:_CHUNK])
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._data = self._data[written:]
        return bool(self._data)

    def _read(self, *, once: bool = False) -> bool:
        try:
            chunk = os.read(self._out.fileno(), _CHUNK)
        except BlockingIOError:
            return not once
        except OSError:
            return False
        self._total += len(chunk)
        room = KEPT - len(self._head)
        self._head += chunk[: max(room, 0)]
        self._tail = (self._tail + chunk[max(room, 0) :])[-KEPT:]
        return bool(chunk)

    def _close_input(self, which: object) -> None:
        if which == self._in and self._in_open:
            self._in_open = False
            with contextlib.suppress(OSError):
                os.close(self._in)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop the process group of a process that did not end by itself; one that did may leave others at work."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        signal_group(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
            break
    # Whoever ignored the first signal and is not the leader.
    signal_group(process.pid, signal.SIGKILL)


def _waiting(fd: int) -> int:
    """Bytes that wait in a pipe."""
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))
    except OSError:
        return 0
    return int(count)
