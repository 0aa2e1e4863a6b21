"""The errors that reach the person at the keyboard, each with the exit code of the headless contract."""

from enum import IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """Exit codes of every verb (the headless contract)."""

    OK = 0
    BAD = 1
    """The thing asked about is bad: a failed job, an unreadable run."""
    USAGE = 2
    GATE = 3
    AUDIT = 4
    MOVED = 5
    """The run moved on since the plan was made."""
    NO_ROOT = 69
    INTERNAL = 70
    HANGUP = 129


class CockpitError(Exception):
    """Something the operator can understand and act on.

    Attributes:
        exit_code: What the process returns when this ends a headless verb.
    """

    exit_code: ExitCode = ExitCode.BAD


class UsageError(CockpitError):
    """A wrong argument, an unknown run, a name that is refused, or a broken configuration."""

    exit_code = ExitCode.USAGE


class RootError(CockpitError):
    """A root is missing or cannot be read."""

    exit_code = ExitCode.NO_ROOT


class Change(NamedTuple):
    """A fact a plan rested on that is another one now; `None` where there is no such fact."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """`receipts 4 -> 5`."""
        return f"{self.name} {self.before or 'none'} -> {self.after or 'none'}"


class MovedError(CockpitError):
    """The run changed after its plan was made; nothing was done.

    Attributes:
        changes: What changed, as far as that could be found out.
    """

    exit_code = ExitCode.MOVED

    def __init__(self, message: str, changes: tuple[Change, ...] = ()) -> None:
        """The message should say everything that `changes` does."""
        super().__init__(message)
        self.changes = changes


class AuditError(CockpitError):
    """The journal's hash chain is broken."""

    exit_code = ExitCode.AUDIT
