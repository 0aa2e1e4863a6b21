"""One run directory as a `RunDetail`, reading again only what changed since the previous one."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, Handoff, Receipt, RunRecord
from cockpit.models.run import RunRef
from cockpit.sources.fields import Obj, newest, oldest
from cockpit.sources.flow_studio import records
from cockpit.sources.flow_studio.event_lines import make_event, make_routing
from cockpit.sources.flow_studio.events import EventFacts, EventReader
from cockpit.sources.flow_studio.layout import Kind, Place, artifact_kind, place
from cockpit.sources.flow_studio.logs import DecisionReader, LogReader, make_decision, make_log_event
from cockpit.sources.flow_studio.plan import Config, Names, config_near, expected
from cockpit.sources.flow_studio.record import run_record
from cockpit.sources.flow_studio.small import SmallFacts, read_small
from cockpit.sources.flow_studio.steps import step_facts
from cockpit.sources.flow_studio.weave import gather_routing, gather_signals, in_time
from cockpit.sources.jsonfile import kind_of, read_object
from cockpit.sources.jsonl import JsonlFile
from cockpit.sources.paths import encode, in_root, run_dir
from cockpit.sources.tree import FileEntry, Stamp, Tree, digest, list_tree, modified

Cached = tuple[Stamp | None, Any, Problem | None]
"""Stamp of the file when it was read (`None`: read again in any case), what it became, and what is wrong with it."""

_RECORDS = frozenset((Kind.META, Kind.SPEC, Kind.RUN_STATE, Kind.RUN_JSON))
_SMALL = frozenset((Kind.CANDIDATES, Kind.INJECTION, Kind.INTERRUPT, Kind.BUILD_RECEIPT, Kind.WISDOM, Kind.BOUNDARY))
_LINES = frozenset((Kind.EVENTS, Kind.DECISIONS, Kind.LOG, Kind.TIMEOUTS))
_ARTIFACTS = frozenset((Kind.OTHER, Kind.TRANSCRIPT, Kind.SCENT_TRAIL, Kind.BUILD_RECEIPT, Kind.BOUNDARY))


@dataclass(slots=True)
class _Gathered:
    """What one pass over the files collects."""

    objects: dict[str, Obj] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    notes: dict[str, tuple[int, int | None, str]] = field(default_factory=dict)
    handoffs: list[Handoff] = field(default_factory=list)
    small: list[SmallFacts] = field(default_factory=list)
    lines: dict[str, JsonlFile] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_detail(ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
    """All facts of a run; never raises for what is on disk.

    Args:
        ref: The run.
        previous: What was read of the same run before, or `None`.
    """
    directory, root = run_dir(ref), Path(ref.root)
    tree = list_tree(directory)
    config = config_near(directory, root)
    cache: dict[str, Any] = dict(previous.cache) if previous is not None and previous.ref == ref else {}
    if cache.get("config", config) is not config:
        cache = {}  # names of steps depend on it
    reader = _Reader(ref, directory, root, config, cache)
    return reader.read(tree)


class _Reader:
    def __init__(self, ref: RunRef, directory: Path, root: Path, config: Config | None, cache: dict[str, Any]) -> None:
        self.ref = ref
        self.directory = os.fspath(directory)
        self.root = root
        self.config = config
        self.names: Names = cache.get("names") or Names(config)
        self.old = cache
        self.cache: dict[str, Any] = {"config": config, "names": self.names}
        self.found = _Gathered()

    def path(self, rel: str) -> str:
        """A path of evidence."""
        return in_root(self.ref, rel)

    def read(self, tree: Tree) -> RunDetail:
        found = self.found
        for entry in tree.files:
            self._file(entry, place(entry.rel))
        for rel, reason in tree.trouble:
            if rel != "." or os.path.isdir(self.directory):  # noqa: PTH112
                found.problems.append(
                    Problem(path=self.path(rel) if rel != "." else self.ref.path, reason=reason, fatal=rel == ".")
                )
            else:
                found.problems.append(Problem(path=self.ref.path, reason="the run's directory is gone", fatal=True))
        return self._assemble(tree)

    def _file(self, entry: FileEntry, where: Place) -> None:
        kind, found = where.kind, self.found
        if kind in _ARTIFACTS:
            found.artifacts.append(
                Artifact(
                    path=self.path(entry.rel),
                    kind=artifact_kind(entry.rel),
                    flow=encode(where.flow) or None,
                    size=entry.size,
                    modified_at=entry.modified_at,
                )
            )
        if kind in _LINES:
            self._line_file(entry, where)
            return
        if kind in _SMALL:
            facts = self._cached(
                entry, lambda: read_small(self._absolute(entry), self.path(entry.rel), where, entry, self.root)
            )
            if facts is not None:
                found.small.append(facts)
            return
        if kind is Kind.RECEIPT:
            made = self._cached(entry, lambda: self._receipt(entry, encode(where.flow)))
            if made is not None:
                found.receipts.append(made[0])
                if made[1] is not None:
                    found.notes[made[0].path] = made[1]
        elif kind is Kind.HANDOFF:
            made = self._cached(entry, lambda: self._handoff(entry, encode(where.flow)))
            if made is not None:
                found.handoffs.append(made)
        elif kind in _RECORDS:
            data = self._cached(entry, lambda: self._object(entry, fatal=kind is Kind.META))
            if data is not None:
                found.objects[entry.rel] = data

    def _absolute(self, entry: FileEntry) -> str:
        return f"{self.directory}/{entry.rel}"

    def _cached(self, entry: FileEntry, read: Callable[[], tuple[Any, Problem | None]]) -> Any:
        known: Cached | None = self.old.get(entry.rel)
        if known is not None and known[0] == entry.stamp:
            made, problem = known[1], known[2]
        else:
            made, problem = read()
            stamp: Stamp | None = entry.stamp
            if made is None and problem is not None and known is not None and known[1] is not None:
                # Caught half-written: the last good one stays until it can be read again.
                made, stamp = known[1], None
                problem = problem.model_copy(update={"reason": f"{problem.reason}; shown as last read", "fatal": False})
            known = (stamp, made, problem)
        self.cache[entry.rel] = known
        if problem is not None:
            self.found.problems.append(problem)
        return made

    def _object(self, entry: FileEntry, *, fatal: bool = False) -> tuple[Obj | None, Problem | None]:
        if not entry.regular and not stat.S_ISLNK(entry.mode):
            reason = f"not an ordinary file but {kind_of(entry.mode)}"
            return None, Problem(path=self.path(entry.rel), reason=reason, fatal=fatal)
        return read_object(self._absolute(entry), self.path(entry.rel), root=self.root, fatal=fatal)

    def _receipt(self, entry: FileEntry, flow: str) -> tuple[Any, Problem | None]:
        data, problem = self._object(entry)
        if data is None:
            return None, problem
        made = records.receipt(data, self.names, flow, self.path(entry.rel), entry)
        return (made, records.loop_note(data)), problem

    def _handoff(self, entry: FileEntry, flow: str) -> tuple[Handoff | None, Problem | None]:
        data, problem = self._object(entry)
        if data is None:
            return None, problem
        return records.handoff(data, self.names, flow, self.path(entry.rel), entry), problem

    def _line_file(self, entry: FileEntry, where: Place) -> None:
        path, flow = self.path(entry.rel), encode(where.flow)
        if not entry.regular:
            self.found.problems.append(Problem(path=path, reason=f"not an ordinary file but {kind_of(entry.mode)}"))
            return
        known = self.old.get(entry.rel)
        file: JsonlFile = known[1] if known is not None else self._new_lines(entry, where.kind, path, flow)
        if known is None or known[0] != entry.stamp:
            file.refresh()
        self.cache[entry.rel] = (entry.stamp if file.file.problem is None else None, file)
        self.found.lines[entry.rel] = file
        self.found.problems.extend(file.problems)

    def _new_lines(self, entry: FileEntry, kind: Kind, path: str, flow: str) -> JsonlFile:
        absolute = self._absolute(entry)
        if kind is Kind.EVENTS:
            return JsonlFile(absolute, path, lambda: EventReader(self.names, path), channels=2)
        if kind is Kind.DECISIONS:
            return JsonlFile(absolute, path, lambda: DecisionReader(path, flow))
        return JsonlFile(absolute, path, lambda: LogReader(path, flow, timeouts=kind is Kind.TIMEOUTS))

    def _assemble(self, tree: Tree) -> RunDetail:
        found = self.found
        events_file = found.lines.get("events.jsonl")
        facts = _facts_of(events_file)
        record = self._record(facts)
        receipts = tuple(sorted(found.receipts, key=_receipt_order))
        handoffs = tuple(sorted(found.handoffs, key=_handoff_order))
        flows = record.flows or tuple(facts.seen_flows) or tuple(dict.fromkeys(r.flow for r in receipts))
        steps = step_facts(facts.marks, receipts, handoffs, self.names, self.path("events.jsonl"), flows)
        seen: dict[str, set[str]] = {}
        for step in steps:
            seen.setdefault(step.flow, set()).add(step.step)
        signals = gather_signals(facts, found.lines, found.small, handoffs, receipts, found.notes)
        times = [*_line_times(found.lines), *(step.ended_at for step in steps), *(step.started_at for step in steps)]
        newest_file = max((entry.stamp[2] for entry in tree.files), default=None)
        return RunDetail(
            ref=self.ref,
            record=record,
            plan=expected(self.names, flows, seen, facts.jumps),
            steps=steps,
            receipts=receipts,
            handoffs=handoffs,
            routing=gather_routing(self.names, facts, found.lines, found.small, handoffs, make_routing, make_decision),
            events=in_time([_events(rel, file) for rel, file in found.lines.items()]),
            signals=signals,
            artifacts=tuple(found.artifacts),
            problems=tuple(found.problems),
            started_at=oldest(facts.first_at, record.created_at, record.started_at, *(s.started_at for s in steps)),
            updated_at=newest(
                record.updated_at, record.ended_at, *times, None if newest_file is None else modified(newest_file)
            ),
            fingerprint=digest(tree),
            cache=self.cache,
        )

    def _record(self, facts: EventFacts) -> RunRecord:
        record = run_record(self.found.objects, self.path)
        update: dict[str, Any] = {}
        if not record.flows and (facts.flows or facts.seen_flows):
            update["flows"] = facts.flows or tuple(facts.seen_flows)
        if record.backend is None and facts.backend is not None:
            update["backend"] = facts.backend
        if record.initiator is None and facts.initiator is not None:
            update["initiator"] = facts.initiator
        if facts.next_up is not None:  # said by the last event; run_state.json may lag by a step
            update["current_flow"], update["current_step"] = facts.next_up
        return record.model_copy(update=update) if update else record


def _facts_of(file: JsonlFile | None) -> EventFacts:
    return EventFacts() if file is None else file.visitor.facts


def _events(rel: str, file: JsonlFile) -> Any:
    if rel == "events.jsonl":
        return file.sequence(make_event(file.name))
    if rel.endswith("decisions.jsonl"):
        return ()
    return file.sequence(make_log_event(file.name, file.visitor.flow))


def _line_times(files: dict[str, JsonlFile]) -> list[datetime | None]:
    return [file.visitor.last_at for file in files.values()]


def _receipt_order(receipt: Receipt) -> tuple[float, str]:
    at = receipt.ended_at or receipt.modified_at
    return (at.timestamp() if at is not None else 0.0, receipt.path)


def _handoff_order(handoff: Handoff) -> tuple[float, str]:
    at = handoff.at or handoff.modified_at
    return (at.timestamp() if at is not None else 0.0, handoff.path)
