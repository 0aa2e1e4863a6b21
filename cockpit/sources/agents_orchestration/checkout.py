"""The checkout a run belongs to, and where what its commands overwrite can be kept."""

import itertools
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cockpit.models.run import RunRef
from cockpit.sources.agents_orchestration import layout, reader
from cockpit.sources.agents_orchestration.config import CONFIG
from cockpit.sources.agents_orchestration.recorded import recorded_project
from cockpit.sources.agents_orchestration.segments import TASKS, task_of
from cockpit.sources.paths import decode, run_dir
from cockpit.sources.recordings import Recording
from cockpit.sources.tree import list_tree

TASKS_FILE = "tasks.py"
OVERWRITTEN = ("artifacts", "logs", "config")
"""What the commands of a checkout, and its web interface, write over (formats/agents-orchestration.md 6)."""
SNAPSHOTS = "snapshots"
VALIDATE = "validate-config"
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


def tree_of(ref: RunRef, recording: Recording | None) -> Path:
    """The checkout of a run: where its command ran, where its file lies, else the only one of the root."""
    root = Path(ref.root)
    base = reader.split(ref.path)[0]
    if recording is not None:
        project = recorded_project(ref, recording)
    elif base.endswith(CONFIG):
        project = base.removesuffix(CONFIG).rstrip("/") or "."
    else:
        project = reader.project_of(ref, base)
    found = root / decode(project)
    if layout.is_project(os.fspath(found)):
        return found
    known = list(layout.projects(root))
    return root / known[0] if len(known) == 1 else found


def marker(ref: RunRef, tree: Path, name: str = TASKS_FILE) -> str | None:
    """The file by which a command of the run finds the checkout; `None` where that would be another directory."""
    nearest = next((folder for folder in run_dir(ref).parents if (folder / name).is_file()), None)
    return name if nearest == tree else None


def stamp(mtime_ns: int) -> str:
    """A modification time as part of a file name: what is named by it is the same name for the same state."""
    return f"{datetime.fromtimestamp(mtime_ns / 1e9, UTC):%Y%m%dT%H%M%SZ}"


def at_work(tree: Path, recordings: Iterable[Recording]) -> Recording | None:
    """A recorded task that works in a checkout now; servers, which do so for ever, do not count."""
    for recording in recordings:
        task = task_of(" ".join(recording.argv)) if recording.running and recording.cwd else None
        if task in TASKS and task != VALIDATE and Path(recording.cwd or "/").resolve() == tree.resolve():
            return recording
    return None


def snapshot_place(tree: Path, state_dir: Path) -> Path:
    """Where the next snapshot of a checkout goes: `<state>/snapshots/<checkout>-<newest file's time>`, free."""
    newest = 0
    for folder in OVERWRITTEN:
        newest = max([newest, *(entry.stamp[2] for entry in list_tree(tree / folder).files)])
    label = _STRANGE.sub("-", tree.name).strip("-.") or "checkout"
    return free(state_dir / SNAPSHOTS / f"{label}-{stamp(newest)}")


def free(path: Path, suffix: str = "") -> Path:
    """`path` plus `suffix`, with a number where that is taken."""
    for number in itertools.count(1):
        found = path.with_name(f"{path.name}{f'-{number}' if number > 1 else ''}{suffix}")
        if not os.path.lexists(found):
            return found
    raise AssertionError("counting came to an end")
