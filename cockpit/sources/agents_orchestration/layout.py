"""Where this system's traces are below a root, and which runs are in them (formats/agents-orchestration.md 1).

A place is a checkout (`config/agents.config.json`), a text file that holds console output or JSON log lines, or a
recording. Text files are known by their first kilobytes, read once for every version of a file.
"""

import os
import re
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from cockpit.sources.agents_orchestration.console_file import ConsoleFile
from cockpit.sources.agents_orchestration.segments import Segment, task_of
from cockpit.sources.agents_orchestration.structured import LogVisitor
from cockpit.sources.jsonl import JsonlFile
from cockpit.sources.recordings import Recording

CONFIG = "config/agents.config.json"
_LOG = "logs/agents.log"
_TEXT = re.compile(r".+\.(?:log|txt|out)(?:\.\d+)?\Z", re.DOTALL)
_SKIP = frozenset(("node_modules", "__pycache__", "venv", "site-packages", "vectorstore", "docs", "tests"))
_HEAD = 16 * 1024
_MAX_FOLDERS = 200
_MAX_TEXTS = 1_000
_KEEP = 256
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

_JSON_MARK = re.compile(rb'\s*\{[^\n]*"logger"')
_CONSOLE_MARK = re.compile(
    rb"Sistema de logging configurado| - (?:coordinator|tasks|monitoring) - (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) - "
    rb"|Crew Execution Started"
    rb"|^(?:\$|###) [^\n]*\b(?:coordinator-run|run-(?:agents|parallel|planner|executor|reviewer)|validate-config)\b",
    re.MULTILINE,
)
_COMMANDS = re.compile(
    r"orchestration\.coordinator|agents\.(?:planner|executor|reviewer|mcp_service)\b|\bweb\.app:app\b"
    r"|\brun_web\.py\b|run-(?:mcp-)?agents\.ps1|agents\.config\.json"
)


class TextKind(Enum):
    """What a text file holds."""

    CONSOLE = "console"
    JSON = "json"
    OTHER = "other"


K = TypeVar("K")
V = TypeVar("V")


class _Memory(OrderedDict[K, V]):
    """The few newest of something, shared by all threads."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.guard = threading.Lock()

    def keep(self, key: K, value: V) -> V:
        with self.guard:
            self[key] = value
            self.move_to_end(key)
            while len(self) > self._most:
                self.popitem(last=False)
        return value

    def find(self, key: K) -> V | None:
        with self.guard:
            return self.get(key)


_kinds: _Memory[str, tuple[tuple[int, int, int], TextKind]] = _Memory(4 * _MAX_TEXTS)
_consoles: _Memory[tuple[str, bool], ConsoleFile] = _Memory(_KEEP)
_logs: _Memory[str, JsonlFile[LogVisitor]] = _Memory(_KEEP)


def console_file(path: str, *, whole: bool = False) -> ConsoleFile:
    """The one reader of a console capture, which reads on from where it was."""
    known = _consoles.find((path, whole))
    return known if known is not None else _consoles.keep((path, whole), ConsoleFile(path, whole=whole))


def log_file(path: str, name: str) -> JsonlFile[LogVisitor]:
    """The one reader of a JSON log."""
    known = _logs.find(path)
    if known is not None and known.name == name:
        return known
    return _logs.keep(path, JsonlFile(path, name, LogVisitor))


def kind_of_text(path: str) -> TextKind:
    """What a file holds, by its first kilobytes; never blocks, never raises."""
    try:
        info = os.lstat(path)
    except OSError:
        return TextKind.OTHER
    if not stat.S_ISREG(info.st_mode) or not info.st_size:
        return TextKind.OTHER
    # What a file holds does not change as it grows beyond what is looked at.
    stamp = (info.st_ino, min(info.st_size, _HEAD), 0 if info.st_size >= _HEAD else info.st_mtime_ns)
    known = _kinds.find(path)
    if known is not None and known[0] == stamp:
        return known[1]
    return _kinds.keep(path, (stamp, _look(path)))[1]


def _look(path: str) -> TextKind:
    try:
        fd = os.open(path, _OPEN)
        try:
            head = os.pread(fd, _HEAD, 0)
        finally:
            os.close(fd)
    except OSError:
        return TextKind.OTHER
    if _JSON_MARK.match(head.partition(b"\n")[0]):
        return TextKind.JSON
    return TextKind.CONSOLE if _CONSOLE_MARK.search(head) else TextKind.OTHER


def is_project(directory: str) -> bool:
    """Whether a directory is a checkout of the system."""
    return os.path.isfile(f"{directory}/{CONFIG}") or os.path.isfile(f"{directory}/{_LOG}")  # noqa: PTH113


def detect(root: Path) -> bool:
    """Whether `root` or a directory in it is a checkout of the system; one listing and two stats a directory."""
    base = os.fspath(root)
    return is_project(base) or any(is_project(f"{base}/{name}") for name in _folders(base))


def projects(root: Path) -> Iterator[str]:
    """Checkouts at or right below `root`, relative to it (`.` for the root itself)."""
    base = os.fspath(root)
    if is_project(base):
        yield "."
    yield from (name for name in _folders(base) if is_project(f"{base}/{name}"))


def texts(root: Path) -> Iterator[tuple[str, TextKind]]:
    """Text files of this system at `root`, in the directories in it and in their `logs`, relative to it.

    Raises:
        OSError: `root` cannot be listed.
    """
    base = os.fspath(root)
    with os.scandir(base):  # the one error callers must see
        pass
    looked = 0
    for folder in ("", *(f"{name}/" for name in _folders(base))):
        for rel in _texts_in(base, folder):
            looked += 1
            if looked > _MAX_TEXTS:
                return
            kind = kind_of_text(f"{base}/{rel}")
            if kind is not TextKind.OTHER:
                yield rel, kind


def in_reach(parts: tuple[str, ...]) -> bool:
    """Whether `texts` would look at a path of these parts."""
    if not parts or not _TEXT.match(parts[-1]) or any(_skipped(part) for part in parts[:-1]):
        return False
    return len(parts) <= 2 or (len(parts) == 3 and parts[1] == "logs")


def _texts_in(base: str, folder: str) -> list[str]:
    found: list[str] = []
    nested = False
    try:
        with os.scandir(f"{base}/{folder}") as listing:
            for entry in listing:
                if entry.name == "logs" and folder:
                    nested = True
                elif _TEXT.match(entry.name) and entry.is_file(follow_symlinks=False):
                    found.append(f"{folder}{entry.name}")
    except OSError:
        return []
    below = _texts_in(base, f"{folder}logs/") if nested and not folder.endswith("logs/") else []
    return sorted(found) + below


def _folders(base: str) -> list[str]:
    try:
        with os.scandir(base) as listing:
            names = sorted(
                entry.name for entry in listing if not _skipped(entry.name) and entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []
    return names[:_MAX_FOLDERS]


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIP


def ours(recording: Recording) -> bool:
    """Whether a recorded command is one of this system: by its words, not by what it printed."""
    line = " ".join(recording.argv)
    return task_of(line) is not None or _COMMANDS.search(line) is not None


def names_of(segments: list[Segment], *, service: bool) -> list[tuple[str, Segment]]:
    """The runs of a console capture, with the part of their path after `#`; "" for the only run of its file."""
    counted = [one for one in segments if counts(one, service=service)]
    if not service and len(counted) == 1 and len(segments) == 1:
        return [("", counted[0])]
    taken: dict[str, int] = {}
    named = []
    for one in counted:
        name = part(one.name) if service and one.name else (f"L{one.first}" if service else str(one.number))
        taken[name] = taken.get(name, 0) + 1
        named.append((name if taken[name] == 1 else f"{name}~{taken[name]}", one))
    return named


def counts(segment: Segment, *, service: bool) -> bool:
    """Whether a stretch of a console is a run, and not just some lines."""
    if service:
        return segment.busy or segment.answer is not None
    return bool(
        segment.busy or segment.errors or segment.alerts or segment.rc is not None or segment.config_missing
    )  # fmt: skip


def part(name: str) -> str:
    """A name as the part of a path after `#`."""
    return quote(name, safe="-_.:~")
