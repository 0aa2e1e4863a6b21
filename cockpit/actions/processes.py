"""Processes a job is made of: who they are beyond a number, and which of them are still there.

Standard library and psutil only: the supervisor must start in no time.
"""

import contextlib
import ctypes
import os
import signal
from pathlib import Path
from typing import Any

import psutil

_SAME_START_S = 2.0
"""Tolerance when start times are compared: the kernel's idea of boot time moves when the clock is set."""
_PR_SET_CHILD_SUBREAPER = 36
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_START_FIELD = 19
"""Field of the start in `/proc/PID/stat` after the name: in clock ticks since boot, which setting it leaves be."""


def identity(pid: int, name: str, created: str, ticks: str) -> dict[str, Any]:
    """Who a process is, under these keys; what cannot be found out is left out."""
    facts: dict[str, Any] = {name: pid}
    with contextlib.suppress(psutil.Error):
        facts[created] = psutil.Process(pid).create_time()
    started = _started(pid)
    if started is not None:
        facts[ticks] = started
        facts["boot"] = _boot()
    return facts


def find(facts: dict[str, Any], name: str, created: str, ticks: str) -> psutil.Process | None:
    """The process that `identity` wrote down, if it is still the same one and no zombie."""
    try:
        process = psutil.Process(int(facts[name]))
        return process if _same(process, facts, created, ticks) and _lives(process) else None
    except (psutil.Error, KeyError, TypeError, ValueError):
        return None


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none slips away; only Linux can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_adopted(child: int) -> None:
    """Wait for adopted children that have ended, and leave `child` to whoever started it."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != child:
            os.waitpid(ended.si_pid, 0)


def descendants() -> list[psutil.Process]:
    """What this process has started, and what that has started, as far as it still runs."""
    try:
        return [process for process in psutil.Process().children(recursive=True) if _lives(process)]
    except psutil.Error:
        return []


def group_members(facts: dict[str, Any], name: str, created: str, ticks: str) -> list[int]:
    """Process ids of the group that a process led which `identity` wrote down, also when it itself is gone."""
    group = facts.get(name)
    if not isinstance(group, int) or group <= 1 or not group_alive(group):
        return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError, KeyError, TypeError, ValueError):
            if os.getpgid(process.pid) == group and _younger(process, facts, created, ticks) and _lives(process):
                found.append(process.pid)
    return found


def group_alive(group: int) -> bool:
    """Whether a process group still has members."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if it is there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def signal_name(number: int) -> str:
    """`SIGTERM` for 15."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _same(process: psutil.Process, facts: dict[str, Any], created: str, ticks: str) -> bool:
    started = _started(process.pid)
    if started is not None and isinstance(facts.get(ticks), int):
        return bool(facts.get("boot") == _boot() and facts[ticks] == started)
    return bool(abs(process.create_time() - float(facts[created])) < _SAME_START_S)


def _younger(process: psutil.Process, facts: dict[str, Any], created: str, ticks: str) -> bool:
    """Whether it began no earlier: an older one got its group's number from somebody else."""
    started = _started(process.pid)
    if started is not None and isinstance(facts.get(ticks), int):
        return bool(facts.get("boot") == _boot() and started >= facts[ticks])
    return bool(process.create_time() > float(facts[created]) - _SAME_START_S)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return int(stat[stat.rindex(b")") + 2 :].split()[_START_FIELD])
    except (OSError, ValueError, IndexError):
        return None


def _boot() -> str | None:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
