"""The source itself: runs of curriculum-builder, read without ever calling it (formats/curriculum-builder.md)."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cockpit.models.action import ActionSpec, Plan
from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef
from cockpit.sources.base import Review
from cockpit.sources.curriculum_builder import commands, settings
from cockpit.sources.curriculum_builder.actions import actions_for
from cockpit.sources.curriculum_builder.layout import find_owner, find_runs
from cockpit.sources.curriculum_builder.reader import fingerprint, listing, read_detail
from cockpit.sources.paths import decode, encode, run_dir

_FOLDERS = (".", "inputs", "logs", "outputs", "outputs/curriculum", "outputs/plan", "outputs/reviews")


class CurriculumBuilderSource:
    """Implements `cockpit.sources.base.Source`. Stateless; which recording speaks of which run is remembered."""

    id = "curriculum-builder"
    title = "curriculum-builder"

    def detect(self, root: Path) -> bool:
        """Whether there is at least one run at or below `root`."""
        try:
            return next(find_runs(root), None) is not None
        except OSError:
            return False

    def scan(self, root: Path) -> Iterator[RunRef]:
        """Every run at or below `root`, in any order.

        Raises:
            OSError: The root is gone or cannot be listed.
        """
        for rel in find_runs(root):
            yield self._ref(root, rel)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        """The run `path` belongs to (also by its archive or a recorded command), or `None`; agrees with `scan`."""
        recorded = commands.place_of(root, path)
        if recorded is not None:
            return self._ref(root, decode(recorded))
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        rel = find_owner(root, parts)
        return None if rel is None else self._ref(root, rel)

    def _ref(self, root: Path, rel: str) -> RunRef:
        shown = encode(rel)
        name = encode(root.name) if rel == "." else shown.rpartition("/")[2]
        return RunRef(source=self.id, root=_root_text(root), path=shown, id=name)

    def fingerprint(self, ref: RunRef) -> str:
        """Changes whenever a file of the run, its archive or a recorded command of it does; stats, never reads."""
        return fingerprint(ref, *listing(ref))

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run; see `cockpit.sources.curriculum_builder.reader`."""
        return read_detail(ref, previous)

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """The system's own commands for this run, with what each of them does besides its work."""
        return actions_for(ref)

    def review(self, ref: RunRef, plan: Plan) -> Review:
        """What the environment of a run that is generated will do to it; see `settings`."""
        return settings.review(plan)

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        """The run's directories, which are always the same, and its recorded commands."""
        directory = run_dir(ref)
        found = [directory / name for name in _FOLDERS]
        return [path for path in (*found, *commands.recorded_for(ref)) if path.is_dir()]


def _root_text(root: Path) -> str:
    """A root is carried as it is; only bytes that are not UTF-8 have to be escaped, and then nothing opens it again."""
    text = os.fspath(root)
    try:
        text.encode()
    except UnicodeEncodeError:
        return encode(text)
    return text
