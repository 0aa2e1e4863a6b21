"""The process that runs one job's command, outlives the cockpit, and writes down how it ended.

`python -P -m cockpit.actions.supervisor JOBDIR FD...`, started by `cockpit.actions.launcher` in a session of its own.
`FD...` are descriptors that hold the locks of the job and of its run: they were locked before this process began and
are let go by its end, however it comes, so that no moment is unguarded and no lock is ever stale.

Reads `job.json`. Writes `output.log`, `supervisor.json` (who supervises, and whom) and, last of all, `result.json`.
Obeys `cancel.json` (noticed at once on SIGUSR1, else within a second), the job's time limit and SIGTERM by ending the
command's whole process group, and every process that left the group: SIGTERM first, SIGKILL after a grace. Imports
nothing heavy, so that it starts within milliseconds; what the end means is judged after it (`cockpit.actions.outcome`).
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.actions.output import CAP, CappedOutput
from cockpit.actions.processes import (
    adopt_orphans,
    descendants,
    group_alive,
    identity,
    reap_adopted,
    signal_group,
    signal_name,
)
from cockpit.actions.storage import pretty, read_object, write_atomic, write_reserved

JOB = "job.json"
RESULT = "result.json"
SUPERVISOR = "supervisor.json"
CANCEL = "cancel.json"
VERDICT = "verdict.json"
OUTPUT = "output.log"
RESERVE = ".result.json.tmp"
"""Room for the result, taken before the job starts: a full disk must not turn an ended job into a lost one."""
VERDICT_RESERVE = ".verdict.json.tmp"
"""Likewise, for what is made of it."""

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL."""
LINGER_S = 1.0
"""Seconds that output of processes the command left behind is still read."""
NOT_FOUND = 127
NOT_EXECUTABLE = 126

OWN = ("pid", "created", "ticks")
CHILD = ("child", "child_created", "child_ticks")
"""Keys of `supervisor.json` (`cockpit.actions.processes.identity`)."""

_POLL_S = 1.0
_BUSY_POLL_S = 0.05
_BLOCK = 256 * 1024
_MOST_LEFT = 5
_FOREIGN_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKE_TERMOUT", "MAKE_TERMERR", "MAKEOVERRIDES")
# A cockpit started by make must not hand that make's flags (-n!), variables and job server on to another.


class Supervisor:
    """One command from its start to its end.

    Attributes:
        reason: Why it is being ended early, or `None`.
    """

    def __init__(self, job_dir: Path, job: dict[str, Any]) -> None:
        self.dir = job_dir
        self.job = job
        self.output = CappedOutput(job_dir / OUTPUT, int(job.get("output_cap") or CAP))
        self.grace = float(job.get("grace_s", GRACE_S))
        self.reason: str | None = None
        self.timed_out = False
        self._began = time.monotonic()
        self._started = datetime.now(UTC)
        limit = job.get("timeout_s")
        self._deadline = None if limit is None else self._began + float(limit)
        self._kill_at: float | None = None
        self._term_seen = False
        self._ended: tuple[float, datetime] | None = None
        self._alarm, self._ringing = socket.socketpair()

    def run(self) -> None:
        """Run the command to its end and write the result."""
        self._listen()
        adopt_orphans()
        own = identity(os.getpid(), *OWN)
        try:
            # Before the command: where this is missing, it never ran.
            write_atomic(self.dir / SUPERVISOR, pretty(own))
        except OSError as error:
            self._fail(NOT_EXECUTABLE, f"its supervisor cannot write to {self.dir}: {error.strerror}")
            return
        try:
            process = self._spawn()
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            self._fail(NOT_FOUND if missing else NOT_EXECUTABLE, f"{error.filename}: {error.strerror}")
            return
        try:
            self._describe(own, process.pid)
            self._finish(self._follow(process))
        except BaseException:
            # A command nobody watches must not go on: its job would count as lost while it still works on the run.
            signal_group(process.pid, signal.SIGKILL)
            raise

    def _listen(self) -> None:
        """Turn signals into wake-ups. Handlers, not SIG_IGN: what is ignored would stay ignored in the command."""
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._alarm.setblocking(False)
        self._ringing.setblocking(False)
        signal.set_wakeup_fd(self._ringing.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_term_seen", True))

    def _spawn(self) -> "subprocess.Popen[bytes]":
        environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN_MAKE}
        environment.update(self.job.get("env") or {})
        return subprocess.Popen(
            self.job["argv"],
            cwd=self.job.get("cwd"),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            process_group=0,
        )

    def _follow(self, process: "subprocess.Popen[bytes]") -> int:
        """Copy the output until the command has ended and nothing more comes; returns its exit code."""
        stream = process.stdout
        if stream is None:
            raise RuntimeError("the command has no output pipe")
        os.set_blocking(stream.fileno(), False)
        ended_at: float | None = None
        with selectors.DefaultSelector() as selector, stream:
            selector.register(self._alarm, selectors.EVENT_READ)
            selector.register(stream, selectors.EVENT_READ)
            open_pipe = True
            while True:
                for key, _ in selector.select(self._patience(ended_at)):
                    if key.fileobj is self._alarm:
                        _drain(self._alarm)
                    elif not self._copy(stream.fileno()):
                        selector.unregister(stream)
                        open_pipe = False
                now = time.monotonic()
                reap_adopted(process.pid)
                if ended_at is None and process.poll() is not None:
                    ended_at = now
                    self._ended = now, datetime.now(UTC)
                self._end_early(process.pid, now, ended_at)
                if ended_at is not None and self._done(process.pid, now - ended_at, open_pipe=open_pipe):
                    return process.wait()

    def _patience(self, ended_at: float | None) -> float:
        """Seconds to wait for something to happen."""
        if ended_at is not None or self._kill_at is not None:
            return _BUSY_POLL_S
        if self._deadline is None or self.reason is not None:
            return _POLL_S
        return min(_POLL_S, max(0.0, self._deadline - time.monotonic()))

    def _done(self, group: int, since: float, *, open_pipe: bool) -> bool:
        """Whether nothing more is to be waited for, `since` seconds after the command ended."""
        if self.reason is not None:
            # Ended early: its children go too, and until they are gone the job is not over.
            gone = not group_alive(group) and not descendants()
            return gone or (self._kill_at is None and since > LINGER_S)
        return not open_pipe or since > LINGER_S

    def _copy(self, fd: int) -> bool:
        """Copy what is there; `False` at the end of the stream."""
        try:
            block = os.read(fd, _BLOCK)
        except BlockingIOError:
            return True
        if block:
            self.output.write(block)
        return bool(block)

    def _end_early(self, group: int, now: float, ended_at: float | None) -> None:
        """Begin or finish ending the process group, if that was asked for."""
        if self.reason is None and ended_at is None:
            self.reason = self._why_end(now)
            if self.reason is not None:
                _signal_all(group, signal.SIGTERM)
                self._kill_at = now + self.grace
        if self._kill_at is not None and now >= self._kill_at:
            _signal_all(group, signal.SIGKILL)
            self._kill_at = None

    def _why_end(self, now: float) -> str | None:
        if (self.dir / CANCEL).exists():
            by = (read_object(self.dir / CANCEL) or {}).get("by")
            return f"cancelled by {by}" if isinstance(by, str) and by else "cancelled"
        if self._term_seen:
            return "cancelled: its supervisor was asked to end"
        if self._deadline is not None and now >= self._deadline:
            self.timed_out = True
            return f"timed out after {_span(float(self.job['timeout_s']))}"
        return None

    def _describe(self, own: dict[str, Any], child: int) -> None:
        """Write down who supervises whom. Only signals depend on it, so a full disk does not stop the job."""
        facts = own | identity(child, *CHILD)
        with contextlib.suppress(OSError):
            write_atomic(self.dir / SUPERVISOR, pretty(facts))

    def _fail(self, code: int, why: str) -> None:
        self.output.write(f"cockpit: {why}\n".encode(errors="replace"))
        self._finish(code, error=why)

    def _finish(self, code: int, *, error: str | None = None) -> None:
        self.output.close()
        left = [{"pid": process.pid, "name": process.name()} for process in descendants()]
        # When the command ended, not when the last of what it left behind had been read.
        stopped, ended = self._ended or (time.monotonic(), datetime.now(UTC))
        # A clock that was set back meanwhile must not make it end before it began.
        ended = max(ended, self._started + timedelta(seconds=stopped - self._began))
        write_reserved(
            self.dir / RESERVE,
            self.dir / RESULT,
            pretty(
                {
                    "started_at": self._started.isoformat(),
                    "ended_at": ended.isoformat(),
                    "duration_s": round(stopped - self._began, 3),
                    "exit_code": code,
                    "signal": signal_name(-code) if code < 0 else None,
                    "reason": self.reason,
                    "timed_out": self.timed_out,
                    "error": error,
                    "left_behind": left[:_MOST_LEFT],
                    "last_line": self.output.last_line,
                    "output_bytes": self.output.total,
                    "left_out": self.output.left_out,
                    "lost": self.output.lost,
                }
            ),
        )


def _drain(sock: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while sock.recv(4096):
            pass


def _signal_all(group: int, number: signal.Signals) -> None:
    """Signal the command's process group, and what it started and what then left the group."""
    signal_group(group, number)
    for process in descendants():
        with contextlib.suppress(OSError):
            if os.getpgid(process.pid) != group:
                os.kill(process.pid, number)


def _span(seconds: float) -> str:
    """A time limit as it was probably meant: `90 s`, `15 min`, `2 h`."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds:.4g} s"


def main(arguments: list[str]) -> int:
    """Detach, run the job, have its end recorded.

    The first process returns as soon as the job is known to be readable, so that whoever started it has no child
    left to wait for; its child, adopted by init, is the supervisor.
    """
    job_dir = Path(arguments[0])
    for fd in arguments[1:]:
        os.set_inheritable(int(fd), False)
    job = json.loads((job_dir / JOB).read_bytes())
    if os.fork():
        os._exit(0)
    Supervisor(job_dir, job).run()
    # Only now, with the result on disk, the expensive imports.
    from cockpit.actions.ending import conclude_own

    conclude_own(job_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
