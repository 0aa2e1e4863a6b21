"""One run directory as a `RunDetail`, reading again only what changed since the previous one."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, Event, Handoff, Receipt, RunRecord
from cockpit.models.run import RunRef
from cockpit.sources.fields import Obj, newest, oldest
from cockpit.sources.flow_studio import records
from cockpit.sources.flow_studio.event_lines import make_event, make_routing
from cockpit.sources.flow_studio.events import EventFacts, EventReader
from cockpit.sources.flow_studio.layout import Kind, Place, artifact_kind, place
from cockpit.sources.flow_studio.logs import DecisionReader, LogReader, make_decision, make_log_event
from cockpit.sources.flow_studio.plan import Names, expected, names_near
from cockpit.sources.flow_studio.record import run_record
from cockpit.sources.flow_studio.small import SmallFacts, read_small
from cockpit.sources.flow_studio.steps import step_facts
from cockpit.sources.flow_studio.weave import gather_routing, gather_signals, in_time
from cockpit.sources.jsonfile import kind_of, read_object, read_quickly
from cockpit.sources.jsonl import JsonlFile
from cockpit.sources.paths import encode, in_root, run_dir
from cockpit.sources.tree import FileEntry, Stamp, Tree, digest, list_tree, modified

_NAMES = "\0names"
"""Key of the cache that no file can have."""
_Cached = tuple[Stamp | None, Any, Problem | None]
# Stamp of the file when it was read (None: read again in any case), what it became, and what is wrong with it.
LineVisitor = EventReader | DecisionReader | LogReader

_RECORDS = frozenset((Kind.META, Kind.SPEC, Kind.RUN_STATE, Kind.RUN_JSON))
_SMALL = frozenset((Kind.CANDIDATES, Kind.INJECTION, Kind.INTERRUPT, Kind.BUILD_RECEIPT, Kind.WISDOM, Kind.BOUNDARY))
_JSON = _RECORDS | _SMALL | {Kind.RECEIPT, Kind.HANDOFF}
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
    lines: dict[str, JsonlFile[LineVisitor]] = field(default_factory=dict)
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
    names = names_near(directory, root)
    old: Mapping[str, Any] = previous.cache if previous is not None and previous.ref == ref else {}
    if old.get(_NAMES, names) is not names:
        old = {}  # what a record's step is called depends on them
    return _Reader(ref, directory, root, names, old).read(tree)


class _Reader:
    """Reads one run once."""

    def __init__(self, ref: RunRef, directory: Path, root: Path, names: Names, old: Mapping[str, Any]) -> None:
        self.ref = ref
        self.directory = os.fspath(directory)
        self.root = root
        self.names = names
        self.old = old
        self.cache: dict[str, Any] = {_NAMES: names}
        self.found = _Gathered()

    def path(self, rel: str) -> str:
        """A path as evidence spells it."""
        return in_root(self.ref, rel)

    def read(self, tree: Tree) -> RunDetail:
        """The detail of the run whose files are `tree`."""
        for entry in tree.files:
            where = place(entry.rel)
            kind = where.kind
            if kind in _ARTIFACTS:
                self._artifact(entry, where)
            if kind in _LINES:
                self._line_file(entry, where)
            elif kind in _JSON:
                self._json_file(entry, where)
        for rel, reason in tree.trouble:
            self._trouble(rel, reason)
        return self._assemble(tree)

    def _trouble(self, rel: str, reason: str) -> None:
        if rel != ".":
            self.found.problems.append(Problem(path=self.path(rel), reason=reason))
        else:
            gone = not os.path.lexists(self.directory)
            said = "the run's directory is gone" if gone else reason
            self.found.problems.append(Problem(path=self.ref.path, reason=said, fatal=True))

    def _artifact(self, entry: FileEntry, where: Place) -> None:
        self.found.artifacts.append(
            Artifact(
                path=self.path(entry.rel),
                kind=artifact_kind(entry.rel),
                flow=encode(where.flow) or None,
                size=entry.size,
                modified_at=entry.modified_at,
            )
        )

    def _json_file(self, entry: FileEntry, where: Place) -> None:
        rel = entry.rel
        known: _Cached | None = self.old.get(rel)
        if known is None or known[0] != entry.stamp:
            known = self._keep(known, entry, self._read_json(entry, where))
        self.cache[rel] = known
        _, made, problem = known
        if problem is not None:
            self.found.problems.append(problem)
        if made is None:
            return
        found = self.found
        if where.kind is Kind.RECEIPT:
            found.receipts.append(made[0])
            if made[1] is not None:
                found.notes[made[0].path] = made[1]
        elif where.kind is Kind.HANDOFF:
            found.handoffs.append(made)
        elif where.kind in _RECORDS:
            found.objects[rel] = made
        else:
            found.small.append(made)

    @staticmethod
    def _keep(known: "_Cached | None", entry: FileEntry, read: tuple[Any, Problem | None]) -> "_Cached":
        made, problem = read
        if made is None and problem is not None and known is not None and known[1] is not None:
            # Caught half-written: the last good one stays, and it is read again in any case.
            said = f"{problem.reason}; shown as last read"
            return None, known[1], problem.model_copy(update={"reason": said, "fatal": False})
        return entry.stamp, made, problem

    def _read_json(self, entry: FileEntry, where: Place) -> tuple[Any, Problem | None]:
        kind, path, absolute = where.kind, self.path(entry.rel), f"{self.directory}/{entry.rel}"
        fatal = kind is Kind.META
        if not entry.regular and not entry.link:
            reason = f"not an ordinary file but {kind_of(entry.mode)}"
            return None, Problem(path=path, reason=reason, fatal=fatal)
        if kind in _SMALL:
            return read_small(absolute, path, where, entry, self.root)
        data, problem = read_quickly(absolute, entry.size), None
        if data is None:
            data, problem = read_object(absolute, path, root=self.root, fatal=fatal)
        if data is None or kind in _RECORDS:
            return data, problem
        flow = encode(where.flow)
        if kind is Kind.RECEIPT:
            made = records.receipt(data, self.names, flow, path, entry)
            return (made, records.loop_note(data)), problem
        return records.handoff(data, self.names, flow, path, entry), problem

    def _line_file(self, entry: FileEntry, where: Place) -> None:
        path = self.path(entry.rel)
        if not entry.regular:
            self.found.problems.append(Problem(path=path, reason=f"not an ordinary file but {kind_of(entry.mode)}"))
            return
        known = self.old.get(entry.rel)
        file: JsonlFile[LineVisitor] = self._new_lines(entry, where, path) if known is None else known[1]
        if known is None or known[0] != entry.stamp:
            file.refresh()
        self.cache[entry.rel] = (entry.stamp if file.file.problem is None else None, file)
        self.found.lines[entry.rel] = file
        self.found.problems.extend(file.problems)

    def _new_lines(self, entry: FileEntry, where: Place, path: str) -> JsonlFile[LineVisitor]:
        absolute, flow = f"{self.directory}/{entry.rel}", encode(where.flow)
        if where.kind is Kind.EVENTS:
            return JsonlFile(absolute, path, partial(EventReader, self.names, path), channels=2)
        if where.kind is Kind.DECISIONS:
            return JsonlFile(absolute, path, partial(DecisionReader, path, flow))
        return JsonlFile(absolute, path, partial(LogReader, path, flow, timeouts=where.kind is Kind.TIMEOUTS))

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
        times = [
            *(file.visitor.last_at for file in found.lines.values()),
            *(step.ended_at for step in steps),
            *(step.started_at for step in steps),
        ]
        newest_file = max((entry.stamp[2] for entry in tree.files), default=None)
        return RunDetail(
            ref=self.ref,
            record=record,
            plan=expected(self.names, flows, seen, facts.jumps),
            steps=steps,
            receipts=receipts,
            handoffs=handoffs,
            routing=gather_routing(self.names, facts, found.lines, found.small, handoffs, make_routing, make_decision),
            events=in_time([_events(file) for file in found.lines.values()]),
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


def _facts_of(file: JsonlFile[LineVisitor] | None) -> EventFacts:
    if file is None or not isinstance(file.visitor, EventReader):
        return EventFacts()
    return file.visitor.facts


def _events(file: JsonlFile[LineVisitor]) -> Sequence[Event]:
    visitor = file.visitor
    if isinstance(visitor, EventReader):
        return file.sequence(make_event(file.name))
    if isinstance(visitor, LogReader):
        return file.sequence(make_log_event(file.name, visitor.flow, timeouts=visitor.timeouts))
    return ()


def _receipt_order(receipt: Receipt) -> tuple[float, str]:
    at = receipt.ended_at or receipt.modified_at
    return (at.timestamp() if at is not None else 0.0, receipt.path)


def _handoff_order(handoff: Handoff) -> tuple[float, str]:
    at = handoff.at or handoff.modified_at
    return (at.timestamp() if at is not None else 0.0, handoff.path)
