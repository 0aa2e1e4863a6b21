"""Signals on their way to the recorded command.

They are blocked and taken one by one with what the kernel tells of them: a Ctrl-C typed at the terminal reaches every
process of the foreground group anyway and must not be handed on a second time, while `kill PID` reaches this process
alone and must be.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import NamedTuple

_WANTED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGWINCH,
    signal.SIGCHLD,
)
_SI_KERNEL = 0x80


class Arrival(NamedTuple):
    """A signal that came.

    Attributes:
        number: Which.
        kernel: Whether the kernel sent it to the whole foreground group, as a terminal does.
        sender: Process id of who sent it.
    """

    number: int
    kernel: bool
    sender: int


def wanted() -> set[signal.Signals]:
    """The signals to take; those that are ignored here (nohup, background jobs) stay ignored for the command too."""
    return {number for number in _WANTED if signal.getsignal(number) is not signal.SIG_IGN}


class SignalTap:
    """Takes signals in a thread of its own, so that none waits for a slow reader of the output.

    Args:
        numbers: Blocked in every thread; see `block`.
        on_signal: Called in the thread with every signal.
    """

    def __init__(self, numbers: set[signal.Signals], on_signal: Callable[[Arrival], None]) -> None:
        self._numbers = numbers
        self._on_signal = on_signal
        self._inbox, self._notify = os.pipe()
        os.set_blocking(self._notify, False)
        os.set_blocking(self._inbox, False)
        self._thread = threading.Thread(target=self._loop, name="record-signals", daemon=True)

    def fileno(self) -> int:
        """Readable when a signal came, for selectors."""
        return self._inbox

    def start(self) -> None:
        """Begin to take signals."""
        self._thread.start()

    def taken(self) -> bytes:
        """The numbers of the signals that came since the last call."""
        try:
            return os.read(self._inbox, 4096)
        except BlockingIOError:
            return b""

    def _loop(self) -> None:
        while True:
            info = signal.sigwaitinfo(self._numbers)
            self._on_signal(Arrival(info.si_signo, info.si_code == _SI_KERNEL, info.si_pid))
            with contextlib.suppress(BlockingIOError, OSError):
                os.write(self._notify, bytes((info.si_signo,)))


def block(numbers: set[signal.Signals]) -> set[int]:
    """Block signals in this thread and those it starts; returns the mask to give the command."""
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, numbers))
