"""The source itself: runs of ai-csuite as its database has them (formats/ai-csuite.md)."""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cockpit.models.action import ActionSpec
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.records import RunRecord
from cockpit.models.run import RunRef
from cockpit.sources.ai_csuite import actions, detail, postgres, selfwork
from cockpit.sources.ai_csuite.database import reading, stamp
from cockpit.sources.ai_csuite.serverlog import Call
from cockpit.sources.ai_csuite.store import Known, Store
from cockpit.sources.ai_csuite.survey import OWN_NAME, Incident, Survey, Surveys, Tree
from cockpit.sources.paths import encode

_BESIDE = ("-wal", "-shm", "-journal")
REMOTE = "."
"""Stands for a database that is no file of the root: its runs are `.#<id>`."""


class AiCsuiteSource:
    """Implements `cockpit.sources.base.Source`. What it remembers of databases is shared by all roots.

    A run's path is `<database>#<id>`; what belongs to no run is `<database>#self-work`, or the working tree itself
    where there is no database. A database that cannot be read is a run of its own name, so that it is seen.
    """

    id = "ai-csuite"
    title = "ai-csuite"

    def __init__(self) -> None:
        self._surveys = Surveys()
        self._stores: dict[str, Store] = {}
        self._lock = threading.Lock()
        self._remote: dict[str, str] = {}

    def configure(self, options: Sequence[Any]) -> None:
        """Take PostgreSQL databases from the settings: pairs of a root's absolute path and its DSN."""
        self._remote = {os.path.realpath(root): str(dsn) for root, dsn in options}
        with self._lock:
            self._stores = {name: store for name, store in self._stores.items() if not postgres.is_dsn(name)}

    def detect(self, root: Path) -> bool:
        """Whether the root holds a database or a working tree of the system, or the settings name one for it."""
        text = os.fspath(root)
        survey = self._surveys.of(text)
        if text in self._remote or survey.trees:
            return True
        return any(self._is_ours(text, rel) for rel in survey.databases)

    def _is_ours(self, root: str, rel: str) -> bool:
        known = self._store(root, rel).look()
        return known.ours is True or (known.ours is None and known.problem is not None and _own_name(rel))

    def scan(self, root: Path) -> Iterator[RunRef]:
        """Every run of every database of the root; asks each one question.

        Raises:
            OSError: The root is gone or cannot be listed.
        """
        text = os.fspath(root)
        with os.scandir(root):  # the one error callers must see
            pass
        self._surveys.forget(text)
        survey = self._surveys.of(text)
        ours = [rel for rel in self._databases(text, survey) if rel == REMOTE or self._is_ours(text, rel)]
        for rel in ours:
            known = self._store(text, rel).look()
            if known.problem is not None and not known.versions:
                yield self._ref(text, rel, None)
            for run_id in known.versions:
                yield self._ref(text, rel, run_id)
            if known.other or selfwork.reports(text, self._tree(survey, rel)):
                yield self._ref(text, rel, selfwork.NAME)
        with_database = {self._tree(survey, rel) for rel in ours}
        for tree in survey.trees:
            if tree not in with_database and (selfwork.reports(text, tree) or survey.incidents):
                shown = encode(tree.rel) or "."
                yield RunRef(source=self.id, root=text, path=shown, id=selfwork.NAME)

    def _databases(self, root: str, survey: Survey) -> list[str]:
        return [REMOTE] if root in self._remote else survey.databases

    def _tree(self, survey: Survey, rel: str) -> Tree | None:
        if rel == REMOTE:
            return survey.trees[0] if survey.trees else None
        return survey.tree_of(rel)

    def _ref(self, root: str, rel: str, run_id: str | None) -> RunRef:
        if run_id is None:
            name = "PostgreSQL" if rel == REMOTE else encode(rel.rpartition("/")[2])
            return RunRef(source=self.id, root=root, path=encode(rel), id=name)
        return RunRef(source=self.id, root=root, path=f"{encode(rel)}#{_plain(run_id)}", id=encode_id(run_id))

    def _store(self, root: str, rel: str) -> Store:
        dsn = self._remote.get(root) if rel == REMOTE else None
        path = f"{root}/{rel}"
        with self._lock:
            store = self._stores.get(dsn or path)
            if store is None:
                if dsn is not None:
                    given = dsn
                    store = Store(lambda: postgres.reading(given), lambda: None)
                else:
                    store = Store(lambda: reading(path), lambda: stamp(path))
                self._stores[dsn or path] = store
            return store

    def owner(self, root: Path, path: Path) -> RunRef | None:
        """Of a report or an incident file: the self-work it belongs to. Databases are for `owners`."""
        return next(iter(self.owners(root, path)), None)

    def owners(self, root: Path, path: Path) -> Sequence[RunRef]:
        """The runs that a change changed: those of a database with a new version, those a new incident file names."""
        text = os.fspath(root)
        try:
            rel = path.relative_to(root).as_posix()
        except ValueError:
            return ()
        survey = self._surveys.of(text)
        whole = next((rel.removesuffix(end) for end in _BESIDE if rel.endswith(end)), rel)
        if whole in survey.databases and self._is_ours(text, whole):
            return self._changed(text, whole)
        if rel.endswith(".log") and any(log.rel == rel for log in survey.logs):
            return self._called(text, survey, rel)
        trees = [tree for tree in survey.trees if not tree.rel or rel.startswith(f"{tree.rel}/")]
        if not trees or not rel.endswith(".json"):
            return ()
        self._surveys.forget(text)
        return self._named_by(text, self._surveys.of(text), trees[0], rel)

    def _changed(self, root: str, rel: str) -> list[RunRef]:
        store = self._store(root, rel)
        found = [self._ref(root, rel, run_id) for run_id in store.changed()]
        if store.look().other:
            found.append(self._ref(root, rel, selfwork.NAME))
        return found or [self._ref(root, rel, None)] if store.look().problem else found

    def _called(self, root: str, survey: Survey, rel: str) -> list[RunRef]:
        """The runs about which the server was asked something since."""
        (log,) = [log for log in survey.logs if log.rel == rel]
        changed = log.changed()
        return [
            self._ref(root, name, run_id)
            for name in self._databases(root, survey)
            for run_id in sorted(changed)
            if run_id in self._store(root, name).look().versions
        ]

    def _named_by(self, root: str, survey: Survey, tree: Tree, rel: str) -> list[RunRef]:
        runs = {run_id for run_id, files in survey.incidents.items() if any(one.rel == rel for one in files)}
        found: list[RunRef] = []
        for name in self._databases(root, survey):
            known = self._store(root, name).look()
            found += [self._ref(root, name, run_id) for run_id in runs if run_id in known.versions]
            if self._tree(survey, name) == tree:
                found.append(self._ref(root, name, selfwork.NAME))
        return found or [RunRef(source=self.id, root=root, path=encode(tree.rel) or ".", id=selfwork.NAME)]

    def fingerprint(self, ref: RunRef) -> str:
        """From the versions of the rows and the stamps of the files; the database is asked once a change."""
        look = _Look(self, ref)
        return look.fingerprint()

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run; `previous`, where nothing changed. What cannot be read is a fatal problem."""
        look = _Look(self, ref)
        fingerprint = look.fingerprint()
        if previous is not None and previous.ref == ref and previous.fingerprint == fingerprint:
            return previous
        problems = look.problems()
        if look.run_id == selfwork.NAME:
            rows, reason = ({}, None) if look.store is None else look.store.other()
            if reason is not None:
                problems.append(Problem(path=look.path, reason=reason))
            return selfwork.read(ref, look.reports, rows, look.incidents, look.path, fingerprint, problems)
        if look.store is None or look.run_id is None:
            return _unreadable(ref, look.path, look.known.problem or "no runs in it", fingerprint)
        found, reason = look.store.rows(look.run_id, many=previous is None)
        if found is not None:
            files = detail.Files(look.path, look.incidents, look.calls)
            return detail.read(ref, found, files, fingerprint, problems)
        return _unreadable(ref, look.path, reason or "the run is no longer in the database", fingerprint)

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """All by requests to its server; see `cockpit.sources.ai_csuite.actions`."""
        look = _Look(self, ref)
        if look.run_id == selfwork.NAME:
            return actions.of_system()
        if look.store is None or look.run_id is None:
            return ()
        rows, _ = look.store.rows(look.run_id, many=False)
        return () if rows is None else actions.of_run(rows, look.code)

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        """The directory of the database: its log and its journal come and go there."""
        held = ref.path.rpartition("#")[0] or ref.path
        path = Path(ref.root, held)
        return [path.parent] if held != REMOTE and path.is_file() else [Path(ref.root)]

    def root_problems(self, root: Path) -> Sequence[Problem]:
        """Databases that cannot be read now, tables they lack, and incident files that are broken."""
        text = os.fspath(root)
        survey = self._surveys.of(text)
        found = [Problem(path=encode(rel), reason=reason) for rel, reason in survey.trouble]
        for rel in self._databases(text, survey):
            if rel == REMOTE or self._is_ours(text, rel):
                known = self._store(text, rel).look()
                reasons = [f"no table {table}" for table in known.lacks]
                if known.problem is not None:
                    reasons.append(f"{known.problem}; shown as last read" if known.versions else known.problem)
                name = postgres.shown(self._remote[text]) if rel == REMOTE else encode(rel)
                found += [Problem(path=encode(rel), reason=f"{name}: {reason}") for reason in reasons]
        return found


class _Look:
    """What one look at a run needs: its database, its version, its files."""

    def __init__(self, source: AiCsuiteSource, ref: RunRef) -> None:
        held, mark, row = ref.path.rpartition("#")
        from cockpit.sources.paths import decode

        self._ref = ref
        self.path = held if mark else ref.path
        survey = source._surveys.of(ref.root)
        rel = decode(self.path)
        known_tree = next((tree for tree in survey.trees if not mark and (tree.rel or ".") == rel), None)
        self.store = None if known_tree is not None else source._store(ref.root, rel)
        self.known = Known() if self.store is None else self.store.look()
        self.run_id = selfwork.NAME if known_tree is not None else _unplain(row) if mark else None
        self.reports: list[selfwork.Report] = []
        self.calls: list[Call] = []
        tree = known_tree or source._tree(survey, rel)
        self.code = None if tree is None else encode(tree.code)
        if self.run_id == selfwork.NAME:
            self.reports = selfwork.reports(ref.root, known_tree or source._tree(survey, rel))
            self.incidents = self._orphans(survey)
        else:
            self.incidents = survey.incidents.get(self.run_id or "", [])
            self.calls = survey.calls(self.run_id or "")

    def _orphans(self, survey: Survey) -> list[Incident]:
        return [one for run_id, files in survey.incidents.items() if run_id not in self.known.versions for one in files]

    def fingerprint(self) -> str:
        own = self.known.other if self.run_id == selfwork.NAME else self.known.versions.get(self.run_id or "", "")
        parts = [own, *(repr(one.stamp) for one in self.incidents), *(repr(one) for one in self.reports)]
        parts += [repr(call) for call in self.calls]
        if not own and not self.reports:
            parts.append(self.known.problem or "")
        return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()

    def problems(self) -> list[Problem]:
        if self.known.problem is None:
            return []
        return [Problem(path=self.path, reason=f"{self.known.problem}; shown as last read")]


def _unreadable(ref: RunRef, path: str, reason: str, fingerprint: str) -> RunDetail:
    problem = Problem(path=path, reason=reason, fatal=True)
    return RunDetail(ref=ref, record=RunRecord(), problems=(problem,), fingerprint=fingerprint)


def _own_name(rel: str) -> bool:
    return rel.rpartition("/")[2] == OWN_NAME


def encode_id(run_id: str) -> str:
    """A run id as the models carry it: foreign text, which may be anything."""
    return run_id.encode("utf-8", "replace").decode()


def _plain(run_id: str) -> str:
    """A run id as the last part of a path; everything but plain names is escaped."""
    if run_id.isascii() and all(ch.isalnum() or ch in "-_." for ch in run_id):
        return run_id
    return "".join(ch if ch.isascii() and (ch.isalnum() or ch in "-_.") else f"%{ord(ch):x};" for ch in run_id)


def _unplain(text: str) -> str:
    import re

    if "%" not in text:
        return text
    return re.sub(r"%([0-9a-f]{1,6});", lambda match: chr(int(match[1], 16)), text)
