"""The end of a terminal: told by a signal, or found out where signals are ignored (`nohup`)."""

import asyncio
import signal
import sys
import termios
from collections.abc import Callable
from functools import partial
from io import UnsupportedOperation

LOOK_S = 2.0
"""Seconds between looks at whether the terminal is still there."""


def on_end_signals(leave: Callable[[int], None]) -> None:
    """Call `leave` with the exit code on SIGHUP and SIGTERM, in the running loop; what is ignored stays ignored."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, partial(leave, 128 + number))


def terminal_is_gone() -> bool:
    """Whether standard input was a terminal whose other end has been closed."""
    try:
        termios.tcgetattr(sys.__stdin__.fileno() if sys.__stdin__ is not None else -1)
    except termios.error:
        return True
    except (ValueError, UnsupportedOperation):
        return False
    return False
