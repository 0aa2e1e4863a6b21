"""Copying what a command writes, unchanged and at once, to where it would have gone, and to the recording."""

import contextlib
import errno
import os
import select
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cockpit.recording.signals import Arrival, SignalTap
from cockpit.recording.terminal import Terminal

LINGER_S = 0.3
"""Seconds that output is still waited for after the command's end, before what holds the pipes open is left to itself.
"""
_LOOK_S = 0.5
_DRAIN_S = 0.02
_BLOCK = 64 * 1024
_STDIN = 0

Keep = Callable[[str, bytes], None]


@dataclass(slots=True)
class Stream:
    """One stream of the command: where it is read, where it goes, and what it is called."""

    name: str
    source: int
    target: int
    open: bool = True
    deaf: bool = False
    """Nobody reads it on the other side any more, but it is still kept."""


class Relay:
    """Copies until the command has ended and nothing more comes.

    Args:
        pid: The command.
        streams: What it writes.
        keep: Receives every block before it is passed on.
        terminal: Its pseudo-terminal, or `None` where it has pipes.
    """

    def __init__(self, pid: int, streams: list[Stream], keep: Keep, terminal: Terminal | None = None) -> None:
        self.pid = pid
        self.streams = streams
        self.status: int | None = None
        """What `waitpid` said of the command's end."""
        self.ended_at: datetime | None = None
        self.write_error: str | None = None
        """Why some of the output could not be passed on, other than that nobody reads it any more."""
        self._keep = keep
        self._terminal = terminal
        self._typed = b""
        self._stdin_open = terminal is not None and terminal.typed
        self._selector = selectors.DefaultSelector()

    @property
    def open_streams(self) -> list[Stream]:
        """Those that did not end."""
        return [stream for stream in self.streams if stream.open]

    def on_signal(self, arrival: Arrival) -> None:
        """Hand a signal on to the command; called in the thread of the tap, so a blocked write delays nothing."""
        number, terminal = arrival.number, self._terminal
        if number in (signal.SIGCHLD, signal.SIGWINCH) or arrival.sender in (self.pid, os.getpid()):
            return
        if number in (signal.SIGTSTP, signal.SIGCONT) and terminal is not None:
            return  # the loop stops and continues the command with the terminal in its proper mode
        if arrival.kernel:
            # From the terminal, to everyone in its foreground: a command in the same group has it already.
            if terminal is not None:
                terminal.signal(number, self.pid)
            return
        if self.status is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)

    def run(self, tap: SignalTap) -> None:
        """Copy to the end; what still holds the pipes open after `LINGER_S` is left in `open_streams`."""
        for stream in self.streams:
            os.set_blocking(stream.source, False)
            self._selector.register(stream.source, selectors.EVENT_READ, stream)
        self._selector.register(tap, selectors.EVENT_READ, tap)
        self._attach()
        stopped: float | None = None
        with self._selector:
            while True:
                for key, mask in self._selector.select(self._patience()):
                    self._serve(key.data, mask, tap)
                if self.status is None:
                    self._reap()
                    continue
                if stopped is None:
                    stopped = time.monotonic()
                if not self.open_streams or time.monotonic() - stopped > LINGER_S:
                    return

    def drain(self) -> None:
        """Copy what is left until every stream has ended; for what the command left behind."""
        for stream in self.open_streams:
            os.set_blocking(stream.source, True)
        while streams := self.open_streams:
            ready, _, _ = select.select([stream.source for stream in streams], [], [])
            for stream in streams:
                if stream.source in ready:
                    self._copy(stream)

    def _serve(self, what: object, mask: int, tap: SignalTap) -> None:
        if isinstance(what, Stream):
            if mask & selectors.EVENT_READ:
                self._copy(what)
            if mask & selectors.EVENT_WRITE:
                self._type(b"")
        elif what is tap:
            for number in tap.taken():
                self._signalled(number)
        else:
            self._keys()

    def _patience(self) -> float | None:
        if self.status is not None:
            return _DRAIN_S
        waiting = self._terminal is not None and self._stdin_open and not self._terminal.attached
        return _LOOK_S if waiting and not self._attach() else None

    def _attach(self) -> bool:
        """Take over the keyboard if it is ours; a job in the background waits for its turn."""
        terminal = self._terminal
        if terminal is None or not self._stdin_open or not terminal.attach():
            return False
        if _STDIN not in self._selector.get_map():
            self._selector.register(_STDIN, selectors.EVENT_READ, "keys")
        return True

    def _signalled(self, number: int) -> None:
        terminal = self._terminal
        if number == signal.SIGWINCH and terminal is not None:
            terminal.fit()
        elif number == signal.SIGTSTP:
            if terminal is not None:
                terminal.signal(signal.SIGSTOP, self.pid)
                terminal.release()
            os.kill(os.getpid(), signal.SIGSTOP)
        elif number == signal.SIGCONT and terminal is not None:
            terminal.resume(self.pid)
            self._attach()

    def _reap(self) -> None:
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:  # somebody else's SIGCHLD handling took it: how it ended is not known
            pid, status = self.pid, 0
        if pid:
            self.status = status
            self.ended_at = datetime.now(UTC)

    def _copy(self, stream: Stream) -> None:
        try:
            data = os.read(stream.source, _BLOCK)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: the last process that held the pseudo-terminal is gone
                raise
            data = b""
        if not data:
            self._close(stream)
            return
        # Kept before it is shown: what somebody saw is there, however this process ends.
        self._keep(stream.name, data)
        if not stream.deaf:
            self._pass_on(stream, data)

    def _pass_on(self, stream: Stream, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(stream.target, view) :]
            except BlockingIOError:
                select.select([], [stream.target], [])
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.EIO):
                    self.write_error = error.strerror or str(error)
                if self._terminal is None:
                    # The reader is gone or its disk is full: the command shall notice as it would without us.
                    self._close(stream)
                stream.deaf = True
                return

    def _close(self, stream: Stream) -> None:
        if not stream.open:
            return
        stream.open = False
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(stream.source)
        if self._terminal is None:
            os.close(stream.source)

    def _keys(self) -> None:
        """Pass typed keys on."""
        terminal = self._terminal
        if terminal is None:
            return
        try:
            data = os.read(_STDIN, _BLOCK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:  # the real terminal hung up
            self._stdin_open = False
            self._selector.unregister(_STDIN)
            return
        if terminal.suspends(data):
            self._selector.unregister(_STDIN)
            terminal.suspend(self.pid)
            self._attach()
            return
        self._type(data)

    def _type(self, data: bytes) -> None:
        """Give keys to the command, as fast as it takes them."""
        self._typed += data
        stream = self.streams[0]
        with contextlib.suppress(BlockingIOError):
            while self._typed:
                self._typed = self._typed[os.write(stream.source, self._typed) :]
        if stream.open:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._typed else 0)
            self._selector.modify(stream.source, events, stream)
