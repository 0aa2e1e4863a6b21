"""The pseudo-terminal a recorded command gets where its output is a terminal, and the real one it stands for."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
import tty

_STDIN, _STDOUT = 0, 1
_OFLAG, _LFLAG, _CC = 1, 3, 6


class Terminal:
    """A pseudo-terminal of the size and with the settings of the real one.

    The real terminal is put in raw mode only while this process is in its foreground: every key, Ctrl-C too, then goes
    to the command's own terminal, which makes of it what the command asked for.

    Attributes:
        master: This side of the pseudo-terminal.
        slave: The command's side; closed here once it runs.
    """

    def __init__(self) -> None:
        """Make it.

        Raises:
            OSError: There are no pseudo-terminals.
        """
        self.typed = os.isatty(_STDIN)
        """Whether keys come from a terminal."""
        self.master, self.slave = pty.openpty()
        self._saved: list[int | list[bytes | int]] | None = None
        with contextlib.suppress(termios.error):
            settings = termios.tcgetattr(_STDIN if self.typed else _STDOUT)
            if not self.typed:
                # The real terminal stays as it is and makes line ends of its own.
                settings[_OFLAG] &= ~termios.OPOST
            termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        self.fit()
        os.set_blocking(self.master, False)

    def take(self) -> None:
        """Make it the controlling terminal; called in the child, after `setsid`."""
        fcntl.ioctl(_STDOUT, termios.TIOCSCTTY, 0)

    def fit(self) -> None:
        """Give it the size of the real terminal; the kernel tells the command."""
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(_STDOUT, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    @property
    def attached(self) -> bool:
        """Whether the real terminal is in raw mode and its keys are passed on."""
        return self._saved is not None

    def attach(self) -> bool:
        """Take over the keys of the real terminal, if this process is in its foreground; whether that is so now."""
        if self.attached or not self.typed:
            return self.attached
        with contextlib.suppress(OSError, termios.error):
            if os.tcgetpgrp(_STDIN) == os.getpgrp():
                saved = termios.tcgetattr(_STDIN)
                tty.setraw(_STDIN, termios.TCSADRAIN)
                self._saved = saved
        return self.attached

    def release(self) -> None:
        """Give the real terminal back as it was."""
        saved, self._saved = self._saved, None
        if saved is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(_STDIN, termios.TCSADRAIN, saved)

    def suspends(self, keys: bytes) -> bool:
        """Whether these keys hold the one that suspends a job, and the command left that to the terminal."""
        with contextlib.suppress(termios.error):
            settings = termios.tcgetattr(self.master)
            key = settings[_CC][termios.VSUSP]
            return bool(settings[_LFLAG] & termios.ISIG) and isinstance(key, bytes) and key != b"\0" and key in keys
        return False

    def signal(self, number: int, leader: int) -> None:
        """Send a signal to the foreground group of the command's terminal, as a terminal would."""
        group = leader
        with contextlib.suppress(OSError):
            group = os.tcgetpgrp(self.master) or leader
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)

    def suspend(self, leader: int) -> None:
        """Stop the command and this process, as Ctrl-Z stops a job; returns when both were continued.

        SIGSTOP, because the command leads a session of its own, where the kernel drops the gentler stop signals.
        """
        self.signal(signal.SIGSTOP, leader)
        self.release()
        os.killpg(os.getpgrp(), signal.SIGSTOP)
        self.resume(leader)

    def resume(self, leader: int) -> None:
        """Go on after a stop."""
        self.attach()
        self.fit()
        self.signal(signal.SIGCONT, leader)
