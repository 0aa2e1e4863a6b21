"""Which file of a run is what, and which directories are runs (formats/flow-studio.md 1)."""

import os
import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FLOWS = ("signal", "plan", "build", "review", "gate", "deploy", "wisdom", "reset")
_FLOW_SET = frozenset((*FLOWS, "operate", "stepwise-demo"))
RUN_NAME = re.compile(r"run-\d{8}-\d{6}-[a-z0-9]{6}\Z")
MARKERS = frozenset(("meta.json", "spec.json", "events.jsonl", "run_state.json"))
WEAK_MARKER = "run.json"
"""Also the name other systems give their run's record: it counts only beside a flow's folder."""
CONTAINERS = frozenset(("runs", "examples", ".runs", "_corrupt"))
_STEP_FOLDERS = frozenset(("receipts", "handoff", "handoffs", "llm", "routing", "nav"))
_SKIP = frozenset(("node_modules", "__pycache__", "_wisdom", "venv", "site-packages"))
MAX_DEPTH = 4
"""Levels below a root on which runs are looked for."""
MAX_LOOKS = 20_000
"""Directories opened in one search that are no runs; a source tree above the runs must not cost minutes."""


class Kind(Enum):
    """What a file of a run is."""

    META = "meta"
    SPEC = "spec"
    EVENTS = "events"
    RUN_STATE = "run_state"
    RUN_JSON = "run_json"
    RECEIPT = "receipt"
    HANDOFF = "handoff"
    DECISIONS = "decisions"
    CANDIDATES = "candidates"
    INJECTION = "injection"
    TIMEOUTS = "timeouts"
    INTERRUPT = "interrupt"
    BOUNDARY = "boundary"
    LOG = "log"
    BUILD_RECEIPT = "build_receipt"
    WISDOM = "wisdom"
    TRANSCRIPT = "transcript"
    SCENT_TRAIL = "scent_trail"
    OTHER = "other"

    # Looked up for every file: Enum's own hash is a Python function, and members are compared by identity anyway.
    __hash__ = object.__hash__


class Place(NamedTuple):
    """What a file is and whose: `flow` is the flow directory it lies in, "" at the run's own level."""

    kind: Kind
    flow: str


_TOP = {
    "meta.json": Kind.META,
    "spec.json": Kind.SPEC,
    "events.jsonl": Kind.EVENTS,
    "run_state.json": Kind.RUN_STATE,
    "run.json": Kind.RUN_JSON,
}
_IN_FLOW = {
    "timeouts.jsonl": Kind.TIMEOUTS,
    "interrupt_state.json": Kind.INTERRUPT,
    "boundary_scan.log": Kind.BOUNDARY,
    "build_receipt.json": Kind.BUILD_RECEIPT,
    "wisdom_summary.json": Kind.WISDOM,
    "scent_trail.json": Kind.SCENT_TRAIL,
}
_FOLDERS = {
    ("receipts", "json"): Kind.RECEIPT,
    ("handoff", "json"): Kind.HANDOFF,
    ("handoffs", "json"): Kind.HANDOFF,
    ("logs", "jsonl"): Kind.LOG,
    ("llm", "jsonl"): Kind.TRANSCRIPT,
    ("routing/injections", "json"): Kind.INJECTION,
}


@lru_cache(maxsize=8192)
def place(rel: str) -> Place:
    """What the file at `rel` (relative to the run) is. Runs of one tree have the same names over and over."""
    parts = rel.split("/")
    name = parts[-1]
    if len(parts) == 1:
        return Place(_TOP.get(name) or _IN_FLOW.get(name, Kind.OTHER), "")
    # The code calls the flow's directory RUN_BASE, the documents the run's: both levels may hold the step folders.
    flow, inner = ("", parts[:-1]) if parts[0] in _STEP_FOLDERS or parts[0] == "logs" else (parts[0], parts[1:-1])
    if not inner:
        return Place(_IN_FLOW.get(name, Kind.OTHER), flow)
    return Place(_in_folder("/".join(inner), name), flow)


def _in_folder(folder: str, name: str) -> Kind:
    suffix = name.rpartition(".")[2]
    if folder == "routing":
        if name == "decisions.jsonl":
            return Kind.DECISIONS
        return Kind.CANDIDATES if name.startswith("candidates_step_") and suffix == "json" else Kind.OTHER
    return _FOLDERS.get((folder, suffix), Kind.OTHER)


def artifact_kind(rel: str) -> str:
    """A word for a file that is none of the records, for the list of artifacts."""
    kind = place(rel).kind
    if kind in (Kind.TRANSCRIPT, Kind.SCENT_TRAIL, Kind.BUILD_RECEIPT, Kind.BOUNDARY):
        return str(kind.value)
    parts = rel.split("/")
    folder = parts[-2] if len(parts) > 2 else ""
    known = {"nav": "brief", "forensics": "forensics", "proposals": "proposal", "artifacts": "artifact"}
    return known.get(folder) or ("report" if parts[-1] == "stop_report.md" else "artifact")


class Look(NamedTuple):
    """One listing of a directory that may be a run."""

    is_run: bool
    folders: tuple[str, ...] = ()


def look(path: str, name: str, *, among_runs: bool) -> Look:
    """Whether a directory is a run, by its own listing and at most one listing of each flow folder.

    Args:
        path: The directory.
        name: Its name.
        among_runs: Whether it lies where runs are kept, so that one marker file is enough.
    """
    markers = flows = weak = 0
    folders = []
    try:
        with os.scandir(path) as listing:
            for entry in listing:
                if entry.name in MARKERS:
                    markers += 1
                elif entry.name == WEAK_MARKER:
                    weak = 1
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                    flows += entry.name in _FLOW_SET
    except PermissionError:
        # Among runs it cannot be told from one, and hiding it would be worse.
        return Look(is_run=among_runs and path.rpartition("/")[0].rpartition("/")[2] in CONTAINERS)
    except OSError:
        return Look(is_run=False)
    markers += weak if flows else 0
    if among_runs and (markers or RUN_NAME.match(name)):
        return Look(is_run=True)
    if markers and (markers + flows > 1 or RUN_NAME.match(name)):
        return Look(is_run=True)
    if flows and _has_steps(path, folders):
        return Look(is_run=True)
    return Look(is_run=False, folders=tuple(folders))


def _has_steps(path: str, folders: list[str]) -> bool:
    """Whether a flow folder holds the folders of steps: a source tree's own `build/` does not."""
    for folder in folders:
        if folder in _FLOW_SET:
            try:
                with os.scandir(f"{path}/{folder}") as listing:
                    if any(entry.name in _STEP_FOLDERS for entry in listing):
                        return True
            except OSError:
                continue
    return False


def worth_entering(name: str) -> bool:
    """Whether runs are looked for inside a directory of this name."""
    return name not in _SKIP and (not name.startswith(".") or name == ".runs")


def find_runs(root: Path) -> Iterator[str]:
    """Paths of all runs below `root`, relative to it (`.` for the root itself), as `os` returns them.

    Symbolic links to directories are not followed: what they lead to is found where it is, or lies outside.

    Raises:
        OSError: `root` is gone or cannot be listed.
    """
    base = os.fspath(root)
    with os.scandir(base):  # the one error callers must see
        pass
    if look(base, root.name, among_runs=False).is_run:
        yield "."
        return
    looks = 0
    level: list[tuple[str, str]] = [(base, "")]
    for depth in range(1, MAX_DEPTH + 1):
        deeper: list[tuple[str, str]] = []
        for path, rel in level:
            # What was named as a root is taken for a place of runs, whatever it is called.
            among = depth == 1 or path.rpartition("/")[2] in CONTAINERS
            for name in _folders(path):
                if not worth_entering(name):
                    continue
                here = f"{rel}/{name}" if rel else name
                if RUN_NAME.match(name):
                    yield here
                    continue
                seen = look(f"{path}/{name}", name, among_runs=among and name not in CONTAINERS)
                if seen.is_run:
                    yield here
                elif seen.folders and looks < MAX_LOOKS:
                    looks += 1
                    deeper.append((f"{path}/{name}", here))
        level = deeper


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as listing:
            return [entry.name for entry in listing if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def find_owner(root: Path, parts: tuple[str, ...]) -> str | None:
    """The run (relative to `root`) that a path, given by its parts below the root, belongs to.

    Agrees with `find_runs`. A run with a standard name is recognised even when it is gone.
    """
    base = os.fspath(root)
    if look(base, root.name, among_runs=False).is_run:
        return "." if all(map(worth_entering, parts[:1])) else None
    path, among = base, True
    for depth, name in enumerate(parts[:MAX_DEPTH]):
        if not worth_entering(name):
            return None
        path = f"{path}/{name}"
        if RUN_NAME.match(name):
            return "/".join(parts[: depth + 1])
        if os.path.islink(path):  # noqa: PTH114 - one lstat, names may be any bytes
            return None
        if look(path, name, among_runs=among and name not in CONTAINERS).is_run:
            return "/".join(parts[: depth + 1])
        among = name in CONTAINERS
    return None
