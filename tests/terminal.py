"""A real program in a real pseudo-terminal, read as a person would read it: through a terminal emulator.

Used by the end-to-end tests and by the benchmark suite. Nothing is answered to the program's queries (device
attributes, modes, colours), as on the plainest terminal.
"""

import contextlib
import errno
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.emulator import Emulator

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    **{f"ctrl+{chr(ord('a') + n)}": chr(1 + n) for n in range(26)},
}
"""What a terminal sends for the keys that are not plain characters."""

_CHUNK = 1 << 16
_GAP = 0.002
"""Seconds of silence that end a burst; a frame larger than the kernel's buffer comes in several pieces."""
_LONGEST_BURST = 0.05
_DROPPED = ("COLUMNS", "LINES", "NO_COLOR", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY")


class TerminalTimeoutError(AssertionError):
    """The screen did not show what was waited for; the message holds the screen."""


def terminal_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a person at an xterm: nothing of the test runner's own terminal or settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _DROPPED and not name.startswith(("COCKPIT_", "TEXTUAL", "PYTEST_", "MAKE", "MFLAGS"))
    }
    kept |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return kept | dict(extra or {})


def cockpit_argv(*arguments: str | Path) -> list[str]:
    """The argument list that runs the installed program with this interpreter."""
    return [sys.executable, "-m", "cockpit", *map(str, arguments)]


class PtyProgram:
    """A program that runs in its own session with a pseudo-terminal as its controlling terminal.

    Attributes:
        process: The running program.
        emulator: What stands between the bytes and the person.
        screen: The emulator's screen.
        received: Bytes the program has written to its terminal so far.
        started: `time.perf_counter()` just before the program was started.
        last_read: `time.perf_counter()` of the latest read that returned bytes, taken before they were interpreted.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        size: tuple[int, int] = (160, 45),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        keep: bool = False,
    ) -> None:
        """Start `argv`.

        Args:
            argv: Program and arguments.
            size: Columns and rows.
            env: Variables on top of `terminal_environment`.
            cwd: Working directory; that of the caller when omitted.
            keep: Keep every byte received in `raw`.
        """
        columns, rows = size
        self.emulator = Emulator(columns, rows)
        self.screen = self.emulator.screen
        self.received = 0
        self.raw = bytearray()
        self._keep = keep
        self._open = True
        self._master, slave = os.openpty()
        try:
            _set_size(slave, columns, rows)
            os.set_blocking(self._master, False)
            self.started = self.last_read = time.perf_counter()
            # The child needs the terminal as its controlling one (SIGHUP, SIGWINCH, /dev/tty), which only it can take.
            self.process = subprocess.Popen(
                list(argv),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=terminal_environment(env),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_take_terminal,  # noqa: PLW1509  # no threads are running here
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    @classmethod
    def spawn(
        cls, argv: Sequence[str], size: tuple[int, int] = (160, 45), env: Mapping[str, str] | None = None
    ) -> "PtyProgram":
        """Start `argv` in a terminal of `size` columns and rows."""
        return cls(argv, size=size, env=env)

    def __enter__(self) -> "PtyProgram":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # What the person sees.

    @property
    def lines(self) -> list[str]:
        """The screen's lines, without the spaces at their ends."""
        return self.emulator.lines

    @property
    def text(self) -> str:
        """The whole screen as text."""
        return "\n".join(self.lines)

    def line_with(self, *words: str) -> str | None:
        """The first line that holds all of `words`."""
        return next((line for line in self.lines if all(word in line for word in words)), None)

    # What the person does.

    def send(self, keys: str | bytes) -> None:
        """Type raw characters."""
        data = keys.encode() if isinstance(keys, str) else keys
        while data:
            select.select([], [self._master], [], 5)
            data = data[os.write(self._master, data) :]

    def press(self, *keys: str) -> None:
        """Press keys by name (`KEYS`) or by their character."""
        for key in keys:
            self.send(KEYS.get(key, key))

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size; the kernel tells the program with SIGWINCH."""
        self.emulator.resize(columns, rows)
        _set_size(self._master, columns, rows)

    # Waiting: always for something to happen, never for time to pass.

    def pump(self, timeout: float = 0.0) -> int:
        """Read what the program wrote, waiting up to `timeout` seconds for the first byte; how many bytes came."""
        chunks = self._gather(timeout)
        for moment, data in chunks:
            self.last_read = moment
            self.emulator.feed(data)
        return sum(len(data) for _, data in chunks)

    def _gather(self, timeout: float) -> list[tuple[float, bytes]]:
        """One burst of output, each piece with the moment it was read.

        Nothing is interpreted before the burst is over: a slow reader fills the kernel's few kilobytes of buffer and
        holds up the program it is measuring.
        """
        chunks: list[tuple[float, bytes]] = []
        limit = time.perf_counter() + max(0.0, timeout) + _LONGEST_BURST
        while self._open and select.select([self._master], [], [], _GAP if chunks else max(0.0, timeout))[0]:
            data = self._read()
            if data is None or not data:
                break
            chunks.append((time.perf_counter(), data))
            self.received += len(data)
            if self._keep:
                self.raw += data
            if time.perf_counter() > limit:
                break
        return chunks

    def _read(self) -> bytes | None:
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: the last process that held the terminal is gone
                raise
            data = b""
        if not data:
            self._open = False
        return data

    def read_until(self, predicate: Callable[["PtyProgram"], object], timeout: float = 20.0) -> float:
        """Read until `predicate(self)` is true.

        Returns:
            `time.perf_counter()` of the read that made it true.

        Raises:
            TerminalTimeoutError: It was not true within `timeout` seconds, or the program ended before.
        """
        deadline = time.perf_counter() + timeout
        found = self.last_read if predicate(self) else None
        while found is None:
            left = deadline - time.perf_counter()
            if left <= 0 or not self._open:
                reason = "time is up" if self._open else f"the program ended ({self._ended()})"
                raise TerminalTimeoutError(f"{reason}; the screen:\n{self.text}")
            for moment, data in self._gather(left):
                self.last_read = moment
                self.emulator.feed(data)
                if found is None and predicate(self):
                    found = moment
        return found

    def _ended(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(5)
        return None

    def wait_for(self, *words: str, timeout: float = 20.0) -> float:
        """Read until every one of `words` is somewhere on the screen."""
        return self.read_until(lambda program: all(word in program.text for word in words), timeout)

    def wait_gone(self, text: str, timeout: float = 20.0) -> float:
        """Read until `text` is nowhere on the screen."""
        return self.read_until(lambda program: text not in program.text, timeout)

    def read_for(self, seconds: float) -> int:
        """Read for a fixed time, for measuring what is written meanwhile; how many bytes came."""
        before, deadline = self.received, time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0 and self._open:
            self.pump(left)
        return self.received - before

    def settle(self, quiet: float = 0.5, timeout: float = 20.0) -> None:
        """Read until nothing has come for `quiet` seconds.

        Raises:
            TerminalTimeoutError: The program was still writing after `timeout` seconds.
        """
        deadline = time.perf_counter() + timeout
        while self.pump(quiet):
            if time.perf_counter() > deadline:
                raise TerminalTimeoutError(f"the program never falls silent; the screen:\n{self.text}")

    # How it ends.

    def wait(self, timeout: float = 20.0) -> int:
        """Read until the program has ended.

        Returns:
            Its exit code; negative is the number of the signal that killed it.

        Raises:
            TerminalTimeoutError: It still runs after `timeout` seconds.
        """
        deadline = time.perf_counter() + timeout
        while self._open and time.perf_counter() < deadline:
            self.pump(deadline - time.perf_counter())
        try:
            return self.process.wait(max(0.1, deadline - time.perf_counter()))
        except subprocess.TimeoutExpired:
            raise TerminalTimeoutError(f"the program still runs; the screen:\n{self.text}") from None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the program alone, not to what it has started."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def hang_up(self) -> None:
        """Drop the connection: the terminal goes away and the kernel sends SIGHUP."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        self._open = False

    def close(self) -> None:
        """End the program, if it still runs, and give the terminal back. Safe to call twice."""
        if self.process.poll() is None:
            self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.hang_up()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
