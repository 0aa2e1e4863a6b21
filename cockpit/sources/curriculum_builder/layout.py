"""Where runs are kept, and which file of a run is what (formats/curriculum-builder.md 1)."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cockpit.sources.tree import FileEntry

FLOW = "curriculum"
"""The one flow of this system: everything it does is one pipeline."""
RUN_ID = re.compile(r"\d{8}-\d{6}(?:-[a-z0-9-]+)?\Z")
"""What the system's commands take for a run id."""

RUN = "run.json"
SPEC = "inputs/topic_spec.json"
SCOPE = "inputs/scope.md"
CURRICULUM = "outputs/curriculum/curriculum.json"
PREVIOUS = "outputs/curriculum/previous_curriculum.json"
TRACE = "outputs/reviews/optimization_trace.json"
REPORT = "outputs/reviews/validation_report.md"
DIFF = "outputs/reviews/diff_report.json"
PLAN = "outputs/plan/plan.json"
EVENTS = "logs/events.jsonl"
PASSED = "logs/validation.ok"
CONCEPTS, DAG = "scope_concepts.json", "scope_dag.json"
ARCHIVES = "archives"

CONTAINERS = frozenset(("runs", "workflows"))
"""Names under which runs lie in a checkout of the system (the second before its orchestration was rewritten)."""
MAX_DEPTH = 4
"""Levels below a root on which runs are looked for; the last two only through `CONTAINERS`."""
MAX_LOOKS = 500
"""Directories looked into that have no telling name: a root of 10,000 runs of another system costs one listing."""
_FREE_DEPTH = 2
_SKIP = frozenset(("node_modules", "__pycache__", "venv", "site-packages", ARCHIVES, "templates"))

KINDS = {
    SPEC: "input",
    SCOPE: "input",
    "inputs/automation.json": "input",
    CURRICULUM: "curriculum",
    PREVIOUS: "curriculum",
    TRACE: "trace",
    REPORT: "report",
    DIFF: "diff",
    PLAN: "plan",
    PASSED: "marker",
    CONCEPTS: "scope",
    DAG: "scope",
}
"""Words for the files of a run, for the list of artifacts; every other file is an `artifact`."""


def is_run(path: str, name: str) -> bool:
    """Whether a directory is a run: two stats at most for a standard name, three for another.

    A directory without `run.json` is no run to the system (formats 1), but one with its name and its files is a run
    whose record is lost, and is shown as that.
    """
    record = os.path.lexists(f"{path}/{RUN}")
    if RUN_ID.match(name):
        return any(map(os.path.lexists, (f"{path}/inputs", f"{path}/logs"))) or _closed(path)
    return record and os.path.lexists(f"{path}/{SPEC}")


def _closed(path: str) -> bool:
    """Whether it cannot be looked into: hiding a run would be worse than showing one too many."""
    return os.path.isdir(path) and not os.access(path, os.X_OK)  # noqa: PTH112 - names may be any bytes


class _Place(NamedTuple):
    path: str
    rel: str
    depth: int


def find_runs(root: Path) -> Iterator[str]:
    """Paths of all runs below `root`, relative to it (`.` for the root itself), as `os` returns them.

    Symbolic links to directories are not followed: what they lead to is found where it is, or lies outside.

    Raises:
        OSError: `root` is gone or cannot be listed.
    """
    base = os.fspath(root)
    with os.scandir(base):  # the one error callers must see
        pass
    if is_run(base, root.name):
        yield "."
        return
    looks = 0
    level = [_Place(base, "", 0)]
    while level:
        deeper: list[_Place] = []
        for place in level:
            for name in _folders(place.path):
                below = _Place(f"{place.path}/{name}", f"{place.rel}/{name}" if place.rel else name, place.depth + 1)
                if is_run(below.path, name):
                    yield below.rel
                elif enters(name, below.depth, _parent(place)) and (name in CONTAINERS or looks < MAX_LOOKS):
                    looks += name not in CONTAINERS
                    deeper.append(below)
        level = deeper


def _parent(place: _Place) -> str:
    return place.rel.rpartition("/")[2]


def enters(name: str, depth: int, parent: str) -> bool:
    """Whether runs are looked for inside a directory, `depth` levels below the root, that is none itself."""
    if name in _SKIP or name.startswith(".") or RUN_ID.match(name):
        return False
    if name in CONTAINERS:
        return depth < MAX_DEPTH
    # What lies among runs and is none of ours is a run of another system.
    return depth < _FREE_DEPTH + 1 and parent not in CONTAINERS and not name.startswith("run-")


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as listing:
            return [entry.name for entry in listing if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def find_owner(root: Path, parts: tuple[str, ...]) -> str | None:
    """The run (relative to `root`) that a path, given by its parts below the root, belongs to.

    Agrees with `find_runs`. A run with a standard name is recognised even when it is gone, and by its archive.
    """
    base = os.fspath(root)
    if is_run(base, root.name):
        return None if parts[:1] and parts[0].startswith(".") else "."
    path, parent = base, ""
    for depth, name in enumerate(parts[:MAX_DEPTH]):
        path = f"{path}/{name}"
        here = "/".join(parts[: depth + 1])
        if name == ARCHIVES and len(parts) == depth + 2:
            run = parts[-1].removesuffix(".tar.gz")
            found = "/".join((*parts[:depth], run))
            return found if RUN_ID.match(run) and os.path.isdir(f"{base}/{found}") else None  # noqa: PTH112
        if os.path.islink(path):  # noqa: PTH114 - one lstat, names may be any bytes
            return None
        if is_run(path, name) or (RUN_ID.match(name) and not os.path.lexists(path)):
            return here
        if not enters(name, depth + 1, parent):
            return None
        parent = name
    return None


def archive_of(directory: Path) -> FileEntry | None:
    """The archive the system made of a run, with a name relative to the run's own directory, or `None`."""
    path = directory.parent / ARCHIVES / f"{directory.name}.tar.gz"
    try:
        info = path.lstat()
    except OSError:
        return None
    rel = f"../{ARCHIVES}/{path.name}"
    return FileEntry(rel, (info.st_ino, info.st_size, info.st_mtime_ns), info.st_mode)
