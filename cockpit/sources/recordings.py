"""Recorded commands as facts: what `cockpit record` left of them under a state directory.

A recording is a directory `recordings/<id>/` of a state directory with

- `meta.json`: what was run, where, when, by which processes, and how it ended. Written when the command starts and
  again when it has ended, so that a recorder that was killed leaves a recording without an end;
- `output.log`: the bytes the command wrote, head and tail only where there were too many
  (`cockpit.actions.output`);
- `output.idx`: JSON lines `{"at", "offset", "stream"}`, at most one a second and stream: when the bytes from `offset`
  (counted as the command wrote them) came;
- `alive`: locked as long as the recorder lives, however it dies.

Any source may use it: a recording made with `--run ID` speaks of that run where the system itself leaves no trace
(formats/curriculum-builder.md 3, failures A, C, D and E).
"""

import errno
import fcntl
import os
import socket
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit import locations
from cockpit.models.base import Model
from cockpit.models.problem import Problem
from cockpit.sources.fields import Obj, flag, items, moment, number, obj, text, whole, word
from cockpit.sources.jsonfile import read_object
from cockpit.sources.paths import encode
from cockpit.sources.tree import modified

RECORDINGS = "recordings"
META = "meta.json"
OUTPUT = "output.log"
INDEX = "output.idx"
ALIVE = "alive"

MAX_RECORDINGS = 2_000
"""The newest of a state directory that are looked at."""
_TAIL = 64 * 1024
_SAME_START_S = 2.0
# The kernel's idea of boot time, which start times are counted from, moves when the clock is set.
_directories: dict[str, Path] = {}


class Recording(Model):
    """A command that was recorded.

    Attributes:
        id: Name of its directory; begins with its time, so names sort by age.
        directory: Absolute path of that directory.
        argv: The command, with what looks like a secret masked.
        cwd: Where it ran.
        root: The root it was recorded for.
        run: The run it was said to belong to (`--run`).
        host: Where it ran.
        pid: Process id of the command, while nothing says that it ended.
        pid_created: When that process was made, seconds since the epoch.
        started_at: When it was started.
        ended_at: When it ended; `None` while it runs, and for ever if its recorder was killed.
        exit_code: As a shell shows it: 128 + n for an end by signal n.
        signal: Name of the signal that ended it.
        error: Why it could not be started.
        terminal: Whether it ran in a pseudo-terminal.
        alive: Whether its recorder still runs; `None` where this host cannot tell.
        left_behind: Whether processes it started went on after its end.
        last_output_at: When it last wrote something, else when it was started.
        output_bytes: Bytes it wrote.
        left_out: Bytes of them that are missing in the middle of `output.log`.
        lost: Bytes of them that could not be kept.
    """

    id: str
    directory: str
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    root: str | None = None
    run: str | None = None
    host: str | None = None
    pid: int | None = None
    pid_created: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    signal: str | None = None
    error: str | None = None
    terminal: bool = False
    alive: bool | None = None
    left_behind: bool = False
    last_output_at: datetime | None = None
    output_bytes: int = 0
    left_out: int = 0
    lost: int = 0

    @property
    def running(self) -> bool:
        """Whether it has not ended, as far as can be told."""
        return self.ended_at is None and self.alive is not False

    @property
    def dead(self) -> bool:
        """Whether its recorder was killed before the command ended: nobody knows how that went."""
        return self.ended_at is None and self.alive is False

    @property
    def failed(self) -> bool:
        """Whether its exit code says that it failed. Some systems say 0 over a failure; this is not the last word."""
        return self.exit_code is not None and self.exit_code != 0

    @property
    def meta(self) -> Path:
        """Its `meta.json`."""
        return Path(self.directory) / META

    @property
    def output(self) -> Path:
        """Its `output.log`."""
        return Path(self.directory) / OUTPUT


def use_state_dir(root: Path, state_dir: Path) -> None:
    """Say where the state of `root` is kept, if not in its `.cockpit`; called by the session for each of its roots."""
    _directories[os.fspath(root)] = state_dir


def state_dir_of(root: Path) -> Path:
    """Where the state of `root` is kept: as said by `use_state_dir`, else where it is kept by default."""
    return _directories.get(os.fspath(root)) or locations.state_dir(root)


def load_recordings(state_dir: Path, limit: int = MAX_RECORDINGS) -> tuple[Recording, ...]:
    """The recordings of a state directory, newest first. Never raises; what cannot be read is left out.

    Args:
        state_dir: State directory of a root.
        limit: How many at most.
    """
    found = (load_recording(directory)[0] for directory in recording_dirs(state_dir)[:limit])
    return tuple(recording for recording in found if recording is not None)


def recordings_of(state_dir: Path, run_id: str) -> tuple[Recording, ...]:
    """The recordings that were made for a run (`cockpit record --run ID`), newest first."""
    return tuple(recording for recording in load_recordings(state_dir) if recording.run == run_id)


def recording_dirs(state_dir: Path) -> list[Path]:
    """Directories of all recordings, newest first; none where there is no state directory."""
    try:
        with os.scandir(state_dir / RECORDINGS) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [state_dir / RECORDINGS / name for name in sorted(names, reverse=True) if not name.startswith(".")]


def load_recording(directory: Path, name: str = META) -> tuple[Recording | None, Problem | None]:
    """One recording and what is wrong with it. Never raises.

    Args:
        directory: Of the recording.
        name: What a problem calls its `meta.json`.
    """
    # In this order: a recorder writes the end before it lets go of the lock.
    held = is_held(directory / ALIVE)
    data, problem = read_object(directory / META, name, fatal=True)
    if data is None:
        return None, problem
    ended_at = moment(data.get("ended_at"))
    command, output = obj(data.get("command")), obj(data.get("output"))
    recording = Recording(
        id=encode(directory.name),
        directory=encode(os.fspath(directory)),
        argv=tuple(text(one) or "" for one in items(data.get("argv"))),
        cwd=text(data.get("cwd")),
        root=text(data.get("root")),
        run=word(data.get("run")),
        host=word(data.get("host")),
        pid=whole(command.get("pid")) if ended_at is None else None,
        pid_created=number(command.get("created")) if ended_at is None else None,
        started_at=moment(data.get("started_at")),
        ended_at=ended_at,
        exit_code=whole(data.get("exit_code")),
        signal=word(data.get("signal")),
        error=text(data.get("error")),
        terminal=flag(data.get("terminal")) or False,
        alive=_recorder_alive(data) if held is None else held,
        left_behind=flag(data.get("left_behind")) or False,
        last_output_at=_last_output(directory, data),
        **{key: whole(output.get(short)) or 0 for key, short in _COUNTS.items()},
    )
    return recording, problem


_COUNTS: dict[str, Any] = {"output_bytes": "bytes", "left_out": "left_out", "lost": "lost"}


def _last_output(directory: Path, data: Obj) -> datetime | None:
    started = moment(data.get("started_at"))
    with suppress(OSError):
        info = (directory / OUTPUT).lstat()
        if info.st_size:
            return modified(info.st_mtime_ns)
    return started


def _recorder_alive(data: Obj) -> bool | None:
    """Whether the recorder still runs, by its process id; `None` where it ran on another host."""
    if data.get("host") != socket.gethostname():
        return None
    recorder = obj(data.get("recorder"))
    pid, created = whole(recorder.get("pid")), number(recorder.get("created"))
    if pid is None or pid <= 0:
        return None
    import psutil

    try:
        at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return None
    return created is None or abs(at - created) <= _SAME_START_S


def is_held(path: Path) -> bool | None:
    """Whether a process holds the lock `path`; `None` where that cannot be told (no such file, no locks)."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno == errno.EWOULDBLOCK else None
    else:
        return False
    finally:
        os.close(fd)


def last_lines(recording: Recording, count: int = 20) -> tuple[str, ...]:
    """The last lines of a recording's output that are not blank, oldest first; foreign text, not yet cleaned."""
    return last_lines_of(recording.output, count)


def last_lines_of(output: Path, count: int = 20) -> tuple[str, ...]:
    """The last lines of a file that are not blank, oldest first; foreign text, not yet cleaned. Never raises."""
    if count <= 0:
        return ()
    try:
        fd = os.open(output, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ()
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            return ()
        raw = os.pread(fd, _TAIL, max(0, info.st_size - _TAIL))
    except OSError:
        return ()
    finally:
        os.close(fd)
    lines = [line.strip("\r") for line in raw.decode("utf-8", "replace").split("\n")]
    return tuple(line for line in lines if line.strip())[-count:]
