"""Letting a command say what it would do (`make -n`), for a plan that is not confirmed yet.

Carried out like a job's command (an argument list, the plan's directory and environment, no shell, no standard input, a
process group of its own), but here and now, for a short time, and without a trace: a plan changes nothing. It is as
harmless as the command's own dry run is; make, for one, still expands `$(shell ...)` then.
"""

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from cockpit.errors import CockpitError, UsageError
from cockpit.models.action import Plan
from cockpit.sanitize import clean

LIMIT_S = 20.0
"""Seconds it may take."""
CAP = 64 * 1024
"""Bytes of its output that are kept; it is ended when it writes more."""

_BLOCK = 16 * 1024
_FOREIGN_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKE_TERMOUT", "MAKE_TERMERR", "MAKEOVERRIDES")
# As in the supervisor: the flags of a make that started the cockpit are not this one's.


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run said.

    Attributes:
        lines: Its output, clean.
        exit_code: `None` where it was ended: it took too long or wrote too much.
        ended: Why it was ended, for people.
    """

    lines: tuple[str, ...]
    exit_code: int | None
    ended: str | None = None


def dry_run(plan: Plan, *, limit_s: float = LIMIT_S, cap: int = CAP) -> DryRun:
    """Run the dry run of a plan. Blocks for as long as it takes.

    Args:
        plan: Not refused, with a dry run.
        limit_s: Seconds after which it is ended.
        cap: Bytes of output after which it is ended.

    Raises:
        UsageError: The plan is refused, or has none.
        CockpitError: It could not be started.
    """
    if plan.refused is not None:
        raise UsageError(plan.refused)
    if not plan.dry_run:
        raise UsageError(f"{clean(plan.action)} has no dry run: its plan is all that can be told beforehand")
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_MAKE} | plan.env
    try:
        process = subprocess.Popen(
            plan.dry_run,
            cwd=plan.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            process_group=0,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CockpitError(f"the dry run could not be started: {clean(plan.dry_run[0])}: {clean(why)}") from error
    try:
        output, ended = _read(process, limit_s, cap)
    finally:
        # What it left behind goes too: nothing of a dry run may go on.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    text = output[:cap].decode("utf-8", "replace")
    return DryRun(tuple(clean(line) for line in text.splitlines()), None if ended else code, ended)


def _read(process: "subprocess.Popen[bytes]", limit_s: float, cap: int) -> tuple[bytes, str | None]:
    """Its output, and why it has to be ended, if so. Ends with the process, even if another one keeps the pipe."""
    stream = process.stdout
    if stream is None:
        raise RuntimeError("the dry run has no output pipe")
    deadline = time.monotonic() + limit_s
    output = bytearray()
    with stream, selectors.DefaultSelector() as selector:
        os.set_blocking(stream.fileno(), False)
        selector.register(stream, selectors.EVENT_READ)
        while True:
            over = process.poll() is not None
            ready = selector.select(0 if over else min(0.05, max(0.0, deadline - time.monotonic())))
            block = stream.read(_BLOCK) if ready else None
            output += block or b""
            if len(output) > cap:
                return bytes(output), f"it wrote more than {cap // 1024} KiB and was ended"
            if block == b"" or (over and not block):
                return bytes(output), _wait(process, deadline, limit_s)
            if time.monotonic() > deadline:
                return bytes(output), _late(limit_s)


def _wait(process: "subprocess.Popen[bytes]", deadline: float, limit_s: float) -> str | None:
    """Its output is closed; it may still work."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return _late(limit_s)
    return None


def _late(limit_s: float) -> str:
    return f"it took longer than {limit_s:g} s and was ended"
