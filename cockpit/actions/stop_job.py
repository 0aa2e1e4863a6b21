"""Ending the producer of a run that a recording knows: SIGTERM to its process group, and to nothing else.

`python -P -m cockpit.actions.stop_job --recording=DIR --pid=N --created=SECONDS [--grace=SECONDS] [--kill=yes]`

`cockpit record` wrote down which process it started and when that one was made. It is signalled only if it is still
the same process, its recorder still lives, and its process group holds nothing but the two and what they started: a
group that a script shares with others is left alone, and the command and its descendants get the signal one by one.
SIGKILL comes only where it was asked for, after the grace.
"""

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from cockpit.actions.own_job import Foresight, JobParser, OwnJobError, run_job, say
from cockpit.sanitize import clean
from cockpit.sources.recordings import load_recording

MODULE = "cockpit.actions.stop_job"
GRACE_S = 10.0
"""Seconds a producer has to end by itself."""
_SAME_START_S = 2.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """Who would be signalled.

    Attributes:
        leader: The recorded command.
        group: Its process group, where that holds nobody else's processes; else `None`.
        processes: The command and all that it started.
        recorder: Process id of its recorder, which ends by itself when the command has.
    """

    leader: psutil.Process
    group: int | None
    processes: tuple[psutil.Process, ...]
    recorder: int


def find(recording: Path, pid: int, created: float) -> Target:
    """The producer, if it is still the one that was recorded.

    Raises:
        OwnJobError: It has ended, is another process now, or is not on this host.
    """
    found, _ = load_recording(recording)
    if found is None:
        raise OwnJobError(f"the recording {clean(recording.name)} cannot be read")
    if found.ended_at is not None:
        raise OwnJobError(f"the recorded command of {clean(recording.name)} has ended: there is nothing to stop")
    try:
        leader = psutil.Process(pid)
        same = abs(leader.create_time() - created) <= _SAME_START_S and leader.status() != psutil.STATUS_ZOMBIE
        if found.pid != pid or not same:
            raise OwnJobError(f"process {pid} is not the one that was recorded: it was not touched")
        mine = [leader, *leader.children(recursive=True)]
        group = os.getpgid(pid)
        members = _members(group)
        recorder = leader.ppid()
    except (psutil.Error, ProcessLookupError) as error:
        raise OwnJobError(f"process {pid} has ended: there is nothing to stop") from error
    # A group led by the command holds only what it started, also what lost its parent. One that the recorder leads may
    # hold the rest of a pipeline; one that somebody else leads is a script's.
    known = {recorder, *(each.pid for each in mine)}
    alone = group == pid or (group == recorder and all(each.pid in known for each in members))
    everybody = {each.pid: each for each in [*mine, *(members if alone else ())] if each.pid != recorder}
    return Target(leader, group if alone else None, tuple(everybody[key] for key in sorted(everybody)), recorder)


def _members(group: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def stop(target: Target, grace_s: float, *, kill: bool) -> tuple[psutil.Process, ...]:
    """Ask for the end, wait for it; returns what is still there.

    Raises:
        OwnJobError: It belongs to another user.
    """
    try:
        if target.group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(target.group, signal.SIGTERM)
        _signal([each for each in target.processes if not _in_group(each, target.group)], signal.SIGTERM)
        left = _wait(target, grace_s)
        if left and kill:
            say(f"still there after {grace_s:.0f} s, SIGKILL to: {_named(left)}")
            # One by one: the recorder shall live to write down how it ended.
            _signal(left, signal.SIGKILL)
            left = _wait(target, grace_s)
    except (PermissionError, psutil.AccessDenied) as error:
        raise OwnJobError("the producer belongs to another user: it was not ended") from error
    return left


def _in_group(process: psutil.Process, group: int | None) -> bool:
    try:
        return group is not None and os.getpgid(process.pid) == group
    except ProcessLookupError:
        return True


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            # psutil looks once more whether it is the same process.
            process.send_signal(number)


def _wait(target: Target, seconds: float) -> tuple[psutil.Process, ...]:
    deadline = time.monotonic() + seconds
    while True:
        left = tuple(each for each in target.processes if _there(each))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_POLL_S)


def _there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _named(processes: tuple[psutil.Process, ...]) -> str:
    names = []
    for each in processes:
        name = "?"
        with contextlib.suppress(psutil.Error):
            name = each.name()
        names.append(f"{each.pid} {clean(name, 40)}")
    return ", ".join(names)


def foresee(arguments: list[str]) -> Foresight:
    """Who would be signalled.

    Raises:
        OwnJobError: It cannot be done.
    """
    options = _parse(arguments)
    target = find(options.recording, options.pid, options.created)
    command = _command(target.leader)
    if target.group is not None:
        how = f"SIGTERM to the process group {target.group} of {command}"
    else:
        how = f"SIGTERM to {command} (process {target.leader.pid}) and what it started; its group holds others' too"
    then = "SIGKILL" if options.kill == "yes" else "nothing more: what is left is named, and the job fails"
    return Foresight((how, f"after {options.grace:.0f} s: {then}"))


def _command(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return clean(" ".join(process.cmdline()[:6]), 120)
    return f"process {process.pid}"


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = JobParser(MODULE)
    parser.add_argument("--recording", type=Path, required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--created", type=float, required=True)
    parser.add_argument("--grace", type=float, default=GRACE_S)
    parser.add_argument("--kill", choices=("yes", "no"), default="no")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Do it; 0 when nothing of it is left, 1 with the reason as the last line."""

    def job() -> int:
        options = _parse(arguments)
        target = find(options.recording, options.pid, options.created)
        say(f"SIGTERM to: {_named(target.processes)}")
        left = stop(target, options.grace, kill=options.kill == "yes")
        if left:
            raise OwnJobError(f"still there after {options.grace:.0f} s: {_named(left)}; kill=yes sends SIGKILL")
        say("ended; what the run wrote is as it left it")
        return 0

    return run_job(job)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
