"""The errors that reach the person at the keyboard, each with the exit code of the headless contract."""

from enum import IntEnum


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


class MovedError(CockpitError):
    """The run changed after its plan was made; nothing was done."""

    exit_code = ExitCode.MOVED


class AuditError(CockpitError):
    """The journal's hash chain is broken."""

    exit_code = ExitCode.AUDIT
