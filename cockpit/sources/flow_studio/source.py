"""The source itself: runs of Flow Studio in all three of its layouts (formats/flow-studio.md)."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cockpit.models.action import ActionSpec
from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef
from cockpit.sources.flow_studio.catalogue import DOCUMENTED, actions_for
from cockpit.sources.flow_studio.layout import find_owner, find_runs
from cockpit.sources.flow_studio.reader import read_detail
from cockpit.sources.paths import encode, run_dir
from cockpit.sources.tree import quick_digest

_WATCHED_DEPTH = 2


class FlowStudioSource:
    """Implements `cockpit.sources.base.Source`. Keeps only its settings; parsed files are shared by all instances."""

    id = "flow-studio"
    title = "Flow Studio"

    def __init__(self) -> None:
        self._profiles: dict[str, str] = {}

    def detect(self, root: Path) -> bool:
        """Whether there is at least one run at or below `root`."""
        try:
            return next(find_runs(root), None) is not None
        except OSError:
            return False

    def scan(self, root: Path) -> Iterator[RunRef]:
        """Every run at or below `root` (up to four levels), in any order.

        Raises:
            OSError: The root is gone or cannot be listed.
        """
        text = _root_text(root)
        for rel in find_runs(root):
            yield self._ref(root, text, rel)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        """The run `path` belongs to, or `None`; agrees with `scan`."""
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        rel = find_owner(root, parts)
        return None if rel is None else self._ref(root, _root_text(root), rel)

    def _ref(self, root: Path, text: str, rel: str) -> RunRef:
        shown = encode(rel)
        name = encode(root.name) if rel == "." else shown.rpartition("/")[2]
        return RunRef(source=self.id, root=text, path=shown, id=name)

    def fingerprint(self, ref: RunRef) -> str:
        """Changes whenever a file of the run does, temporary ones aside; one recursive listing with stats."""
        return quick_digest(run_dir(ref))

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run; see `cockpit.sources.flow_studio.reader`."""
        return read_detail(ref, previous)

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """What the root's profile offers; see `cockpit.sources.flow_studio.catalogue`."""
        return actions_for(ref, self._profiles.get(os.path.realpath(ref.root), DOCUMENTED))

    def configure(self, options: Sequence[Any]) -> None:
        """Take from the settings which commands a root has: pairs of its absolute path and a profile."""
        self._profiles = {os.path.realpath(root): str(profile) for root, profile in options}

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        """The run's directory and those below it, two levels deep: where its records are written."""
        found: list[Path] = []
        level = [run_dir(ref)]
        for _ in range(_WATCHED_DEPTH + 1):
            found += level
            level = [below for directory in level for below in _folders(directory)]
        return found


def _root_text(root: Path) -> str:
    """A root is carried as it is; only bytes that are not UTF-8 have to be escaped, and then nothing opens it again."""
    text = os.fspath(root)
    try:
        text.encode()
    except UnicodeEncodeError:
        return encode(text)
    return text


def _folders(directory: Path) -> list[Path]:
    try:
        with os.scandir(directory) as listing:
            return sorted(
                Path(entry.path)
                for entry in listing
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            )
    except OSError:
        return []
