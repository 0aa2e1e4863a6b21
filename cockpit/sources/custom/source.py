"""The source itself: runs of every system that the settings declare (docs/custom-sources.md)."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.models.action import ActionSpec
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.records import RunRecord
from cockpit.models.run import RunRef
from cockpit.sources.custom.paths import compiled, find, stem, wild
from cockpit.sources.paths import decode, encode
from cockpit.sources.tree import Tree, digest, list_tree

if TYPE_CHECKING:
    from cockpit.sources.custom.declaration import Declaration
    from cockpit.sources.custom.reader import Place

MAX_SIBLINGS = 200
"""Records beside a changed file that are asked whether it is theirs."""


class CustomSource:
    """Implements `cockpit.sources.base.Source` for the declarations it was given; without any it sees nothing."""

    id = "custom"
    title = "declared in the settings"

    def __init__(self, declarations: Sequence["Declaration"] = ()) -> None:
        self._declared = tuple(declarations)

    def configure(self, options: Sequence[Any]) -> None:
        """Take the declarations of the settings, as tables or already validated."""
        if any(isinstance(one, dict) for one in options):
            from cockpit.sources.custom.declaration import validate

            options = validate(options)
        self._declared = tuple(options)

    def detect(self, root: Path) -> bool:
        """Whether a pattern of a declaration finds a run below the root."""
        return next(self._found(os.fspath(root)), None) is not None

    def scan(self, root: Path) -> Iterator[RunRef]:
        """Every run of every declaration; a path that two of them find belongs to the first.

        Raises:
            OSError: The root is gone or cannot be listed.
        """
        text = os.fspath(root)
        with os.scandir(root):  # the one error callers must see
            pass
        seen: set[str] = set()
        for what, rel in self._found(text):
            if rel not in seen:
                seen.add(rel)
                yield self._ref(text, what, rel)

    def _found(self, root: str) -> Iterator[tuple["Declaration", str]]:
        for what in self._of(root):
            for pattern in what.runs:
                for rel in find(root, pattern, folders=what.record is not None):
                    if what.record is None or os.path.lexists(f"{root}/{rel}/{what.record}"):
                        yield what, rel

    def _of(self, root: str) -> Iterator["Declaration"]:
        for what in self._declared:
            if not what.roots or any(os.path.realpath(path) == os.path.realpath(root) for path in what.roots):
                yield what

    def _ref(self, root: str, what: "Declaration", rel: str) -> RunRef:
        return RunRef(source=self.id, root=root, path=encode(rel), id=encode(self._name(what, rel)))

    @staticmethod
    def _name(what: "Declaration", rel: str) -> str:
        """The directory's name; the file's own, where the pattern leaves it open."""
        folder, _, name = rel.rpartition("/")
        if what.record is not None:
            return name
        pattern = next((one for one in what.runs if compiled(one).match(rel)), rel)
        fixed = not wild(pattern.rpartition("/")[2]) and folder
        return folder.rpartition("/")[2] if fixed else stem(rel)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        """The run whose record, step or log a changed file is."""
        text = os.fspath(root)
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        for what in self._of(text):
            for depth in range(len(parts), 0, -1):
                rel = "/".join(parts[:depth])
                if not any(compiled(pattern).match(rel) for pattern in what.runs):
                    continue
                if what.record is None and depth == len(parts):
                    return self._ref(text, what, rel)
                if what.record is not None and os.path.lexists(f"{text}/{rel}/{what.record}"):
                    return self._ref(text, what, rel)
            if what.record is None and (rel_of := self._sibling(text, what, "/".join(parts))) is not None:
                return self._ref(text, what, rel_of)
        return None

    def _sibling(self, root: str, what: "Declaration", changed: str) -> str | None:
        """The record file that a step or log file beside or below it belongs to."""
        from cockpit.sources.custom.reader import named

        globs = (*what.logs, *(what.steps.files if what.steps is not None else ()))
        parts = changed.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            base, below = "/".join(parts[:depth]), "/".join(parts[depth:])
            for pattern in what.runs if globs else ():
                if len(pattern.split("/")) != depth + 1 and "**" not in pattern:
                    continue
                last = pattern.rpartition("/")[2]
                for name in list(find(f"{root}/{base}" if base else root, last, folders=False))[:MAX_SIBLINGS]:
                    rel = f"{base}/{name}" if base else name
                    if compiled(pattern).match(rel) and any(
                        compiled(one).match(below) for one in named(globs, self._name(what, rel))
                    ):
                        return rel
        return None

    def fingerprint(self, ref: RunRef) -> str:
        """From the stamps of the run's files and the declaration."""
        what, place = self._placed(ref)
        return "" if what is None or place is None else _digest(what, place)

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run; see `cockpit.sources.custom.reader`."""
        from cockpit.sources.custom.reader import read

        what, place = self._placed(ref)
        if what is None or place is None:
            problem = Problem(path=ref.path, reason="no declaration in the settings knows this run", fatal=True)
            return RunDetail(ref=ref, record=RunRecord(), problems=(problem,))
        return read(ref, what, place, _digest(what, place), previous)

    def _placed(self, ref: RunRef) -> tuple["Declaration | None", "Place | None"]:
        from cockpit.sources.custom.reader import Place, entry_of, named

        rel = decode(ref.path)
        what = next((one for one in self._of(ref.root) if any(compiled(p).match(rel) for p in one.runs)), None)
        if what is None:
            return None, None
        name = self._name(what, rel)
        if what.record is not None:
            base = f"{ref.root}/{rel}"
            tree = list_tree(Path(base))
            return what, Place(base, f"{rel}/", what.record, name, tree.files, tree.trouble)
        folder, _, record = rel.rpartition("/")
        base = f"{ref.root}/{folder}" if folder else ref.root
        globs = (*what.logs, *(what.steps.files if what.steps is not None else ()))
        rels = [record, *(found for pattern in named(globs, name) for found in find(base, pattern, folders=False))]
        entries = [entry for one in dict.fromkeys(rels) if (entry := entry_of(base, one)) is not None]
        return what, Place(base, f"{folder}/" if folder else "", record, name, entries, [])

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """None: a declaration says how a system is read, not what may be done to it."""
        return ()

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        """The run's directory, or the one its record lies in."""
        path = Path(ref.root) / decode(ref.path)
        return [path if path.is_dir() else path.parent]


def _digest(what: "Declaration", place: "Place") -> str:
    files = digest(Tree(place.files, place.trouble))
    return hashlib.blake2b(f"{what.digest} {files}".encode(), digest_size=12).hexdigest()
