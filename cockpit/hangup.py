"""The end of a terminal: told by a signal, or found out where signals are ignored (`nohup`).

Whatever the program is in the middle of, it is gone within `PATIENCE_S` seconds: a pager that holds the terminal is
ended with it, and where the event loop does not come round (a line that takes no bytes any more), the process ends
without it.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

from cockpit.errors import ExitCode

PATIENCE_S = 3.0
"""Seconds an orderly end may take before there is a disorderly one."""
_LEAVE_SCREEN = b"\x1b[0m\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
"""What gives a terminal back: Textual's own sequences."""

_borrowers: set[subprocess.Popen[bytes]] = set()


class Hangup:
    """Listens for the end of the session while the terminal UI is open.

    Args:
        leave: Ends the UI in order, with an exit code; called in the event loop.
        attributes: Those the terminal had before, for the disorderly end.
    """

    def __init__(
        self, leave: Callable[[int], None], attributes: Callable[[], "list[Any] | None"] = lambda: None
    ) -> None:
        self._leave = leave
        self._attributes = attributes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._before: dict[int, Any] = {}
        self._wake: tuple[int, int] | None = None
        self._last_resort: threading.Timer | None = None

    def start(self) -> None:
        """Listen, in the running loop. A signal that is ignored stays ignored."""
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                # Not by the loop: its handlers do not run while a pager has the terminal.
                self._before[number] = signal.signal(number, self._signalled)
        if terminal_is_there():
            self._wake = os.pipe()
            threading.Thread(target=self._watch, args=(self._wake[0],), name="hangup", daemon=True).start()

    def stop(self) -> None:
        """Listen no longer: the UI has ended."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
        if self._last_resort is not None:
            self._last_resort.cancel()
        if self._wake is not None:
            os.close(self._wake[1])
            self._wake = None

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._end(128 + number)

    def _watch(self, wake: int) -> None:
        """Sleep until the terminal is hung up or nobody cares any more. Costs nothing, and reads nothing."""
        poll = select.poll()
        poll.register(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0, 0)
        poll.register(wake, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll()}
        os.close(wake)
        if wake not in ready:
            self._end(int(ExitCode.HANGUP))

    def _end(self, code: int) -> None:
        if self._last_resort is not None or self._loop is None:
            return
        self._last_resort = threading.Timer(PATIENCE_S, self._force, (code,))
        self._last_resort.daemon = True
        self._last_resort.start()
        for borrower in tuple(_borrowers):
            with suppress(OSError):
                borrower.terminate()
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._leave, code)

    def _force(self, code: int) -> None:
        """End without the event loop; what was acknowledged is on disk, and the terminal is given back if it can be."""
        for borrower in tuple(_borrowers):
            with suppress(OSError):
                borrower.kill()
        give_back(self._attributes())
        os._exit(code)


def give_back(attributes: "list[Any] | None") -> None:
    """Put the terminal into order without waiting for it."""
    with suppress(OSError, ValueError, AttributeError, termios.error):
        if attributes is not None and sys.__stdin__ is not None:
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, attributes)
        if sys.__stdout__ is not None and sys.__stdout__.isatty():
            os.set_blocking(sys.__stdout__.fileno(), False)
            os.write(sys.__stdout__.fileno(), _LEAVE_SCREEN)


def terminal_is_there() -> bool:
    """Whether standard input is a terminal."""
    return sys.__stdin__ is not None and not sys.__stdin__.closed and sys.__stdin__.isatty()


def lend_terminal(argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a program that takes the terminal (a pager, an editor) until it ends; the session's end ends it, too.

    Returns:
        Its exit code.

    Raises:
        OSError: It cannot be started.
    """
    with subprocess.Popen(list(argv), env=None if env is None else dict(env)) as program:
        _borrowers.add(program)
        try:
            return program.wait()
        finally:
            _borrowers.discard(program)
