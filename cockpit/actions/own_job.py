"""What the cockpit's own jobs share: modules that run as commands, so that they are jobs like any other.

`python -P -m cockpit.actions.<module> ...`: listed, followed, cancelled and recorded like a command of a system. Each
module may tell beforehand what it would do (`foresee`), from the same code that does it.
"""

import argparse
import errno
import os
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cockpit.errors import CockpitError
from cockpit.sanitize import clean

Say = Callable[[str], None]
"""Hears one line for people about what happens."""

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How foreign files are opened: never through a link in the last place, never waiting for a FIFO."""


class OwnJobError(CockpitError):
    """An own job cannot be done; what was there before is untouched, unless the message says otherwise."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What an own job would do, told beforehand.

    Attributes:
        effects: What it will write, one line each.
        warnings: What must be known before saying yes.
    """

    effects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class JobParser(argparse.ArgumentParser):
    """Arguments of an own job; a mistake in them is an error like any other, and nothing is printed."""

    def __init__(self, module: str) -> None:
        super().__init__(prog=module, allow_abbrev=False, add_help=False)

    def error(self, message: str) -> NoReturn:
        """Refuse.

        Raises:
            OwnJobError: Always.
        """
        raise OwnJobError(f"{self.prog}: {message}")


def split_command(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands before and after the first `--`."""
    if "--" not in arguments:
        return arguments, []
    end = arguments.index("--")
    return arguments[:end], arguments[end + 1 :]


def say(line: str) -> None:
    """One clean line on standard output, at once."""
    sys.stdout.write(f"{clean(line)}\n")
    sys.stdout.flush()


def run_job(job: Callable[[], int]) -> int:
    """Do it: its exit code, or 1 with the reason as the last line."""
    # As an exception, so that a cancelled job takes away what it left half made.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return job()
    except CockpitError as error:
        say(f"error: {error}")
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


def trouble(what: str, error: OSError) -> OwnJobError:
    """The error for an `OSError`, naming the file."""
    if error.errno == errno.ELOOP:
        return OwnJobError(f"{what} {clean(error.filename)}: it is a symbolic link; act on what it points to")
    name = f" {clean(error.filename)}" if error.filename else ""
    return OwnJobError(f"{what}{name}: {error.strerror or error}")


def read_regular(path: Path, limit: int) -> tuple[bytes, os.stat_result]:
    """The content of a regular file that is no link, and its stat.

    Args:
        path: The file.
        limit: Bytes it may have at most.

    Raises:
        OwnJobError: It is something else, too large, or cannot be read.
    """
    try:
        fd = os.open(path, READ)
    except OSError as error:
        raise trouble("cannot read", error) from error
    with os.fdopen(fd, "rb") as file:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise OwnJobError(f"cannot read {clean(path)}: it is no file")
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise trouble(f"cannot read {clean(path)}", error) from error
    if len(data) > limit:
        raise OwnJobError(f"cannot read {clean(path)}: it has more than {limit} bytes")
    return data, info
