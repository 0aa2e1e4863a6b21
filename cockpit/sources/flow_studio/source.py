"""The source itself: runs of Flow Studio in all three of its layouts (formats/flow-studio.md)."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cockpit.models.action import ActionSpec
from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef
from cockpit.sources.flow_studio.layout import find_owner, find_runs
from cockpit.sources.flow_studio.reader import read_detail
from cockpit.sources.paths import encode, run_dir
from cockpit.sources.tree import digest, list_tree

_WATCHED_DEPTH = 2


class FlowStudioSource:
    """Implements `cockpit.sources.base.Source`. Stateless; parsed configuration is shared by all instances."""

    id = "flow-studio"
    title = "Flow Studio"

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
        return digest(list_tree(run_dir(ref)))

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run; see `cockpit.sources.flow_studio.reader`."""
        return read_detail(ref, previous)

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """Resume and retry as the playbook has them; no tree defines these targets itself (formats 5)."""
        return _ACTIONS

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


_ACTIONS = (
    ActionSpec(
        id="resume",
        title="Resume the run from a step",
        argv=("make", "stepwise-{flow}", "RUN_ID={run}", "START_STEP={step}"),
        needs=("flow", "step"),
        cwd_marker="Makefile",
        undo="Not possible: receipts and handoffs of the steps that run again are overwritten.",
        expects=(
            "receipts and handoffs of this step and the ones after it are written anew",
            "the run's record says running, then how it ended",
        ),
    ),
    ActionSpec(
        id="retry",
        title="Retry one step",
        argv=("make", "stepwise-retry", "RUN_ID={run}", "FLOW={flow}", "STEP={step}"),
        needs=("flow", "step"),
        cwd_marker="Makefile",
        undo="Not possible: the step's receipt and handoff are overwritten.",
        expects=("the receipt and the handoff of this step are written anew",),
    ),
)
