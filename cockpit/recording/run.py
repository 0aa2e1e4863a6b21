"""Running a command as if nobody watched, and keeping what it did."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from cockpit.recording.keeper import Keeper
from cockpit.recording.relay import Relay, Stream
from cockpit.recording.signals import SignalTap, block, wanted
from cockpit.recording.terminal import Terminal

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_STDOUT, _STDERR = 1, 2

Journalled = Callable[[str, dict[str, Any]], None]
"""Told `record.started` and `record.ended` with their data; must not raise."""


def run_recorded(argv: Sequence[str], keeper: Keeper, journal: Journalled, warn: Callable[[str], None]) -> int:
    """Run a command with its streams, signals and exit code passed through, and keep its recording.

    Where standard output is a terminal the command gets a pseudo-terminal of the same size, else pipes; standard
    input is its own in either case. The command runs whatever becomes of the recording.

    Args:
        argv: The command.
        keeper: Writes the recording; not begun yet.
        journal: Told of the start and the end.
        warn: Called with what the person at the keyboard must know.

    Returns:
        Its exit code as a shell shows it: 128 + n where signal n ended it, 127 where there is no such command, 126
        where it cannot be executed. 1 where it succeeded but its output could not be written.
    """
    _fill_closed()
    terminal = _terminal(warn)
    keeper.begin(terminal=terminal is not None)
    numbers = wanted()
    mask = block(numbers)
    try:
        started = _spawn(argv, terminal, mask)
    except OSError as error:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return _not_started(argv, keeper, journal, warn, error)
    process, streams = started
    relay = Relay(process.pid, streams, keeper.keep, terminal)
    tap = SignalTap(numbers, relay.on_signal)
    tap.start()
    keeper.started(process.pid)
    journal("record.started", {"recording": keeper.id, "argv": keeper.meta["argv"], "cwd": keeper.meta["cwd"]})
    try:
        relay.run(tap)
    finally:
        if terminal is not None:
            terminal.release()
    code = os.waitstatus_to_exitcode(relay.status or 0)
    process.returncode = code
    shown = code if code >= 0 else 128 - code
    left_behind = bool(relay.open_streams) and terminal is None
    keeper.end(
        exit_code=shown,
        signal=_name(-code) if code < 0 else None,
        ended_at=relay.ended_at,
        left_behind=left_behind,
    )
    journal("record.ended", {"recording": keeper.id, "exit_code": shown, "signal": keeper.meta["signal"]})
    if left_behind:
        _follow_on(relay, keeper)
    keeper.close()
    if relay.write_error is not None:
        # The command may have ended before it could notice; a success that lost its output is none.
        warn(f"its output could not be written: {relay.write_error}")
        return shown or 1
    return shown


def _terminal(warn: Callable[[str], None]) -> Terminal | None:
    if not os.isatty(_STDOUT):
        return None
    try:
        return Terminal()
    except OSError as error:
        warn(f"no pseudo-terminal, the command gets pipes: {error.strerror}")
        return None


def _spawn(
    argv: Sequence[str], terminal: Terminal | None, mask: set[int]
) -> "tuple[subprocess.Popen[bytes], list[Stream]]":
    """Start the command with the signal mask this process had.

    Raises:
        OSError: It cannot be started.
    """
    if terminal is not None:
        return _spawn_on(terminal, argv, mask)
    merged = _same(_STDOUT, _STDERR)
    process = subprocess.Popen(
        list(argv),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        bufsize=0,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, mask),  # noqa: PLW1509 - no threads yet
    )
    if process.stdout is None:
        raise OSError("the command has no output pipe")
    if merged:
        # Two pipes would lose the order of what goes to one place.
        return process, [Stream("output", os.dup(process.stdout.fileno()), _STDOUT)][:1] + _closed(process)
    if process.stderr is None:
        raise OSError("the command has no error pipe")
    streams = [
        Stream("stdout", os.dup(process.stdout.fileno()), _STDOUT),
        Stream("stderr", os.dup(process.stderr.fileno()), _STDERR),
    ]
    return process, streams + _closed(process)


def _closed(process: "subprocess.Popen[bytes]") -> list[Stream]:
    """Close the pipes as file objects: their descriptors were duplicated and are closed one by one."""
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    return []


def _spawn_on(
    terminal: Terminal, argv: Sequence[str], mask: set[int]
) -> "tuple[subprocess.Popen[bytes], list[Stream]]":
    """Start the command with the pseudo-terminal as its controlling one; what is redirected stays redirected."""

    def prepare() -> None:
        terminal.take()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    own_errors = os.isatty(_STDERR)
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=terminal.slave if terminal.typed else None,
            stdout=terminal.slave,
            stderr=terminal.slave if own_errors else subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - no threads yet; only the child itself can take its terminal
        )
    finally:
        os.close(terminal.slave)
    streams = [Stream("terminal", terminal.master, _STDOUT)]
    if process.stderr is not None:
        streams.append(Stream("stderr", os.dup(process.stderr.fileno()), _STDERR))
    return process, streams + _closed(process)


def _same(one: int, other: int) -> bool:
    """Whether two descriptors lead to the same place, so that the order of what is written matters."""
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino, first.st_rdev) == (second.st_dev, second.st_ino, second.st_rdev)


def _fill_closed() -> None:
    """Open what was closed of the three standard descriptors: a file of ours must not become the command's output."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)


def _not_started(
    argv: Sequence[str], keeper: Keeper, journal: Journalled, warn: Callable[[str], None], error: OSError
) -> int:
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    code = NOT_FOUND if missing else NOT_EXECUTABLE
    why = "command not found" if missing else error.strerror or str(error)
    warn(f"{argv[0]}: {why}")
    keeper.end(exit_code=code, error=f"{keeper.meta['argv'][0]}: {why}")
    keeper.close()
    journal("record.ended", {"recording": keeper.id, "exit_code": code, "error": keeper.meta["error"]})
    return code


def _follow_on(relay: Relay, keeper: Keeper) -> None:
    """Leave a process behind that goes on copying for those the command left behind.

    Without it they would die of SIGPIPE at their next line, which they would not do unrecorded.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if os.fork():
            return
    except OSError:
        return
    with contextlib.suppress(Exception):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        relay.drain()
        keeper.refresh()
        keeper.close()
    os._exit(0)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names
        return f"SIG{number}"
