"""Where in a root the system keeps things: its databases, its working trees, and the incident files of each run.

All incident and self-work paths are relative to the directory the server was started in (formats/ai-csuite.md 1): a
tree with `apps/orchestrator/orchestrator`, or `orchestrator` in the container image. The database lies there too, or
beside.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cockpit.sources.ai_csuite.database import MAGIC, Refused, header
from cockpit.sources.ai_csuite.serverlog import Call, ServerLog
from cockpit.sources.fields import Obj, word
from cockpit.sources.jsonfile import read_object

MAX_DEPTH = 3
MAX_FOLDERS = 400
MOST_BELOW = 100
"""A directory with more directories in it than this holds runs or packages, not trees."""
MAX_INCIDENTS = 10_000
_GOOD_FOR_S = 1.0
MAX_LOGS = 16
_LOG = ".log"
_SUFFIXES = (".db", ".sqlite", ".sqlite3")
OWN_NAME = "dev.db"
"""The default name of the database; a file of this name is taken for the system's even where it cannot be read."""
_CODE = ("apps/orchestrator/orchestrator", "orchestrator")
_SKIP = frozenset(("node_modules", "__pycache__", "venv", "site-packages", "runs", "swarm"))

# What is read of a tree besides the incidents: kind -> places, below the code or (with a `/` in front) below the tree.
REPORTS = {
    "canary": "self/canary_report.json",
    "eval-gate": "self/eval_gate.json",
    "spec": "self/spec_report.json",
    "vendor-shadow": "self/vendor_shadow_report.json",
    "optimizer": "self/optimizer_report.json",
    "release": "/deployments/report.json",
    "evals": "/eval/report.json",
    "policy": "/policy/report.json",
    "compliance": "/compliance/audit_report.json",
}
_FOLDERS = {
    "incidents": ("revert-", "bisect-", "rollback-"),
    "ramp_reports": ("",),
    "provider_shadow_diffs": ("",),
}


class Incident(NamedTuple):
    """An incident file.

    Attributes:
        rel: Path relative to the root.
        kind: `revert`, `bisect`, `rollback`, `ramp` or `shadow`.
        data: What it holds.
        stamp: Inode, size and time when it was read.
    """

    rel: str
    kind: str
    data: Obj
    stamp: tuple[int, int, int]


class Tree(NamedTuple):
    """A working tree of the system: its path relative to the root (`""` for the root) and that of its code."""

    rel: str
    code: str


@dataclass(slots=True)
class Survey:
    """What one look at a root found. All paths are relative to it, as `os` returns them."""

    databases: list[str] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    incidents: dict[str, list[Incident]] = field(default_factory=dict)
    """By run id; `""` for those that name none."""
    trouble: list[tuple[str, str]] = field(default_factory=list)
    logs: list[ServerLog] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    """Absolute path and modification time (ns) of every directory that was listed."""

    def calls(self, run_id: str) -> list[Call]:
        """What the server was asked about a run, log after log."""
        return [call for log in self.logs for call in log.calls.get(run_id, ())]

    def tree_of(self, database: str) -> Tree | None:
        """The working tree a database belongs to: the one it lies in, else the one beside it, else the only one."""
        folder = database.rpartition("/")[0]
        for tree in self.trees:
            if tree.rel == folder:
                return tree
        beside = [tree for tree in self.trees if tree.rel.rpartition("/")[0] == folder]
        if len(beside) == 1:
            return beside[0]
        return self.trees[0] if len(self.trees) == len(self.databases) == 1 else None


class Surveys:
    """The surveys of all roots, looked at again where a directory changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Survey]] = {}
        self._logs: dict[str, ServerLog] = {}
        self._read: dict[str, tuple[tuple[int, int, int], Obj | None, str | None]] = {}

    def of(self, root: str) -> Survey:
        """The survey of a root, at most a second old."""
        with self._lock:
            at, known = self._known.get(root, (float("-inf"), None))
            now = time.monotonic()
            if known is not None and now - at < _GOOD_FOR_S:
                return known
            if known is None or any(_mtime(path) != mtime for path, mtime in known.folders.items()):
                known = self._look(root)
            for log in known.logs:
                log.refresh()
            self._known[root] = (now, known)
            return known

    def forget(self, root: str) -> None:
        """Something changed below a root: look again when asked."""
        with self._lock:
            self._known.pop(root, None)

    def _look(self, root: str) -> Survey:
        survey = Survey()
        for rel, folders, files in _walk(root, survey.folders):
            inside = f"{rel}/" if rel else ""
            for name in files:
                path = f"{root}/{inside}{name}"
                if name.endswith(_LOG):
                    if len(survey.logs) < MAX_LOGS:
                        survey.logs.append(self._logs.setdefault(path, ServerLog(path, inside + name)))
                elif is_database(path, name):
                    survey.databases.append(inside + name)
            code = next((place for place in _CODE if _is_code(f"{root}/{inside}{place}", folders, place)), None)
            # Looked at from `apps/orchestrator` the code of a checkout looks like that of the container image.
            if code is not None and all(tree.code != f"{inside}{code}" for tree in survey.trees):
                survey.trees.append(Tree(rel, f"{inside}{code}"))
                self._incidents(root, survey, f"{inside}{code}")
        if not survey.databases and not survey.trees:
            survey.logs.clear()  # some other system's
        return survey

    def _incidents(self, root: str, survey: Survey, code: str) -> None:
        count = 0
        for folder, prefixes in _FOLDERS.items():
            where = f"{root}/{code}/{folder}"
            survey.folders[where] = _mtime(where)
            for name in sorted(_names(where)):
                if not name.endswith(".json") or not name.startswith(prefixes) or count >= MAX_INCIDENTS:
                    continue
                count += 1
                self._incident(root, survey, f"{code}/{folder}/{name}", folder)

    def _incident(self, root: str, survey: Survey, rel: str, folder: str) -> None:
        path = f"{root}/{rel}"
        try:
            info = os.lstat(path)
        except OSError:
            return
        stamp = (info.st_ino, info.st_size, info.st_mtime_ns)
        kept = self._read.get(path)
        if kept is None or kept[0] != stamp:
            data, problem = read_object(path, rel, root=root)
            kept = self._read[path] = (stamp, data, None if problem is None else problem.reason)
        if kept[2] is not None:
            survey.trouble.append((rel, kept[2]))
        if kept[1] is not None:
            kinds = {"ramp_reports": "ramp", "provider_shadow_diffs": "shadow"}
            kind = kinds.get(folder) or rel.rpartition("/")[2].partition("-")[0]
            run_id = word(kept[1].get("run_id")) or ""
            survey.incidents.setdefault(run_id, []).append(Incident(rel, kind, kept[1], stamp))


def _walk(root: str, seen: dict[str, int]) -> Iterator[tuple[str, frozenset[str], list[str]]]:
    """Directories from the root down: path relative to it, names of directories and of ordinary files in it."""
    level = [""]
    for _ in range(MAX_DEPTH + 1):
        deeper: list[str] = []
        for rel in level:
            path = f"{root}/{rel}" if rel else root
            if len(seen) >= MAX_FOLDERS:
                return
            seen[path] = _mtime(path)
            folders, files = _list(path)
            yield rel, frozenset(folders), files
            if len(folders) <= MOST_BELOW:
                inside = f"{rel}/" if rel else ""
                deeper += [inside + name for name in folders if name not in _SKIP and not name.startswith(".")]
        level = deeper


def _list(path: str) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(path) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.name.endswith((*_SUFFIXES, _LOG)) and entry.is_file(follow_symlinks=False):
                    files.append(entry.name)
    except OSError:
        pass
    return sorted(folders), sorted(files)


def _names(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208 - names may be any bytes
    except OSError:
        return []


def _is_code(path: str, folders: frozenset[str], place: str) -> bool:
    if place.partition("/")[0] not in folders:
        return False
    return Path(path, "incidents").is_dir() or Path(path, "self").is_dir()


def is_database(path: str, name: str) -> bool:
    """Whether a file may be the system's database: it is SQLite's, or bears the default name."""
    if name == OWN_NAME:
        return True
    try:
        return header(path).startswith(MAGIC)
    except Refused:
        return False


def _mtime(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - asked of every directory of a survey
    except OSError:
        return 0
