"""One run directory as a `RunDetail`, reading again only what changed since the previous one."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, Decision, Event, RoutingEntry
from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder import commands, facts, layout, trace
from cockpit.sources.curriculum_builder.layout import CURRICULUM, EVENTS, FLOW, REPORT, RUN, SPEC, TRACE
from cockpit.sources.curriculum_builder.metadata import Metadata, check
from cockpit.sources.curriculum_builder.receipts import receipts
from cockpit.sources.curriculum_builder.record import run_record
from cockpit.sources.curriculum_builder.recorded import with_commands
from cockpit.sources.curriculum_builder.report import MAX_REPORT, Report, parse
from cockpit.sources.curriculum_builder.signals import signals
from cockpit.sources.curriculum_builder.stage import GENERATED, infer
from cockpit.sources.curriculum_builder.timeline import StageReader, make_event, make_routing
from cockpit.sources.curriculum_builder.topic_spec import SpecFault, check_spec
from cockpit.sources.fields import Obj, items, newest, oldest, word
from cockpit.sources.jsonfile import Unreadable, kind_of, read_bytes, read_object
from cockpit.sources.jsonl import ChainSequence, JsonlFile
from cockpit.sources.paths import in_root, run_dir
from cockpit.sources.tree import FileEntry, Stamp, Tree, digest, list_tree, modified

_OBJECTS = (RUN, SPEC, CURRICULUM, layout.PREVIOUS, TRACE, layout.PLAN, layout.DIFF, layout.CONCEPTS, layout.DAG)
_RECORDS = frozenset((RUN, EVENTS))
_Cached = tuple[Stamp | None, Any, Problem | None]
# Stamp of the file when it was read (None: read again in any case), what it became, and what is wrong with it.
_MERGED = 5_000
"""Stage changes that are still listed together with the rounds of the optimiser."""


@dataclass(slots=True)
class _Found:
    """What one pass over the files collects."""

    files: dict[str, FileEntry] = field(default_factory=dict)
    objects: dict[str, Obj] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    report: Report | None = None
    lines: JsonlFile[StageReader] | None = None


def listing(ref: RunRef) -> tuple[Tree, list[Path]]:
    """Everything the facts of a run are made of: its files, its archive, its recorded commands."""
    directory = run_dir(ref)
    tree = list_tree(directory)
    recorded = commands.recorded_for(ref)
    return tree, recorded


def fingerprint(ref: RunRef, tree: Tree, recorded: list[Path]) -> str:
    """Changes whenever any of these does."""
    archive = layout.archive_of(run_dir(ref))
    extra = commands.stamps(recorded) + ([] if archive is None else [archive])
    return digest(Tree([*tree.files, *extra], tree.trouble))


def read_detail(ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
    """All facts of a run; never raises for what is on disk.

    Args:
        ref: The run.
        previous: What was read of the same run before, or `None`.
    """
    tree, recorded = listing(ref)
    old: Mapping[str, Any] = previous.cache if previous is not None and previous.ref == ref else {}
    detail = _Reader(ref, old).read(tree, fingerprint(ref, tree, recorded))
    return with_commands(detail, commands.read_commands(Path(ref.root), recorded)) if recorded else detail


class _Reader:
    """Reads one run once."""

    def __init__(self, ref: RunRef, old: Mapping[str, Any]) -> None:
        self.ref = ref
        self.directory = run_dir(ref)
        self.old = old
        self.cache: dict[str, Any] = {}
        self.found = _Found()

    def path(self, rel: str) -> str:
        """A path as evidence spells it."""
        return in_root(self.ref, rel)

    def read(self, tree: Tree, mark: str) -> RunDetail:
        """The detail of the run whose files are `tree`."""
        found = self.found
        for entry in tree.files:
            if entry.rel not in _RECORDS:
                found.artifacts.append(self._artifact(entry, layout.KINDS.get(entry.rel, "artifact")))
            if entry.rel in _OBJECTS or entry.rel in (REPORT, EVENTS):
                self._known_file(entry)
        archive = layout.archive_of(self.directory)
        if archive is not None:
            found.artifacts.append(self._artifact(archive, "archive"))
        for rel, reason in tree.trouble:
            self._trouble(rel, reason)
        metadata = self._metadata()
        return self._assemble(tree, mark, metadata, archive)

    def _artifact(self, entry: FileEntry, kind: str) -> Artifact:
        rel = entry.rel
        if rel.startswith("../"):
            above = self.ref.path.rpartition("/")[0]
            path = f"{above}/{rel[3:]}" if above else rel[3:]
        else:
            path = self.path(rel)
        return Artifact(path=path, kind=kind, flow=FLOW, size=entry.size, modified_at=entry.modified_at)

    def _trouble(self, rel: str, reason: str) -> None:
        if rel != ".":
            self.found.problems.append(Problem(path=self.path(rel), reason=reason))
            return
        gone = not os.path.lexists(self.directory)
        said = "the run's directory is gone" if gone else reason
        self.found.problems.append(Problem(path=self.ref.path, reason=said, fatal=True))

    def _known_file(self, entry: FileEntry) -> None:
        if not entry.regular and not entry.link:
            reason = f"not an ordinary file but {kind_of(entry.mode)}"
            self.found.problems.append(Problem(path=self.path(entry.rel), reason=reason, fatal=entry.rel == RUN))
            return
        if entry.rel == EVENTS:
            self._event_file(entry)
            return
        self.found.files[entry.rel] = entry
        known: _Cached | None = self.old.get(entry.rel)
        if known is None or known[0] != entry.stamp:
            known = _keep(known, entry, self._load(entry))
        self.cache[entry.rel] = known
        _, made, problem = known
        if problem is not None:
            self.found.problems.append(problem)
        if made is None:
            return
        if entry.rel == REPORT:
            self.found.report = made
        else:
            self.found.objects[entry.rel] = made

    def _load(self, entry: FileEntry) -> tuple[Any, Problem | None]:
        absolute, path = self.directory / entry.rel, self.path(entry.rel)
        if entry.rel != REPORT:
            return read_object(absolute, path, root=self.ref.root, fatal=entry.rel == RUN)
        try:
            report = parse(read_bytes(absolute, self.ref.root, MAX_REPORT).decode("utf-8", "replace"))
        except FileNotFoundError:
            return None, None
        except Unreadable as trouble:
            return None, Problem(path=path, reason=trouble.reason)
        said = None if report.verdict else Problem(path=path, reason="no verdict: not a whole validation report")
        return report, said

    def _event_file(self, entry: FileEntry) -> None:
        if not entry.regular:
            self.found.problems.append(Problem(path=self.path(entry.rel), reason="a symbolic link, not followed"))
            return
        known = self.old.get(EVENTS)
        file: JsonlFile[StageReader]
        file = JsonlFile(self.directory / EVENTS, self.path(EVENTS), StageReader) if known is None else known[1]
        if known is None or known[0] != entry.stamp:
            file.refresh()
        self.cache[EVENTS] = (entry.stamp if file.file.problem is None else None, file)
        self.found.lines = file
        self.found.problems.extend(file.problems)

    def _metadata(self) -> Metadata:
        """run.json as the system would take it; what is wrong with it becomes a problem."""
        data, problems = self.found.objects.get(RUN), self.found.problems
        path = self.path(RUN)
        bent = next((one for one in problems if one.path == path), None)
        if data is None:
            if bent is None:
                gone = "missing: the system does not take this directory for a run"
                bent = Problem(path=path, reason=gone, fatal=True)
                problems.append(bent)
            return Metadata({}, bent.reason)
        metadata = check(data)
        if bent is not None and "shown as last read" not in bent.reason:  # bytes that are not UTF-8 stop the system
            metadata = metadata._replace(fault=metadata.fault or bent.reason)
            problems.remove(bent)
        if metadata.fault is not None:
            older = " (written by a version before the event log)" if metadata.legacy else ""
            reason = f"invalid run metadata: {metadata.fault}{older}; every command of the system refuses this run"
            problems.append(Problem(path=path, reason=reason, fatal=True))
        return metadata

    def _spec(self) -> tuple[SpecFault, ...]:
        spec = self.found.objects.get(SPEC)
        if spec is not None:
            return check_spec(spec)
        path = self.path(SPEC)
        wrong = next((one.reason for one in self.found.problems if one.path == path), "missing")
        return (SpecFault("topic_spec", f"topic_spec.json: {wrong}"),)

    def _assemble(self, tree: Tree, mark: str, metadata: Metadata, archive: FileEntry | None) -> RunDetail:
        found = self.found
        spec = self._spec()
        times = {entry.rel: at for entry in tree.files if (at := self._time(entry)) is not None}
        staging = infer(times, spec_ok=not spec)
        log, events, changes = self._timeline(metadata)
        made = found.objects.get(TRACE, {})
        used = trace.policy(made)
        known = facts.Known(
            ref=self.ref,
            files={rel: entry for rel, entry in found.files.items() if rel in times},
            staging=staging,
            spec=spec,
            report=found.report,
            timeline=log,
            agent=word(used.get("provider")),
            unreadable=self._unreadable(),
        )
        record = run_record(known, metadata, found.objects.get(SPEC, {}), used, archive)
        last_file = max((entry.stamp[2] for entry in tree.files), default=None)
        return RunDetail(
            ref=self.ref,
            record=record,
            plan=facts.PLANNED,
            steps=facts.steps(known),
            receipts=receipts(known, made, found.objects),
            routing=self._routing(changes, made),
            events=events,
            signals=signals(known),
            artifacts=tuple(found.artifacts),
            problems=tuple(found.problems),
            started_at=oldest(record.created_at, log.first_at),
            updated_at=newest(log.last_at, None if last_file is None else modified(last_file)),
            fingerprint=mark,
            cache=self.cache,
        )

    def _unreadable(self) -> dict[str, str]:
        """Why outputs that are there hold nothing; the system itself goes by their times alone."""
        reasons = {one.path: one.reason for one in self.found.problems}
        return {
            rel: reasons[path]
            for rel in (CURRICULUM, layout.PLAN, layout.DIFF)
            if rel not in self.found.objects and (path := self.path(rel)) in reasons
        }

    def _time(self, entry: FileEntry) -> int | None:
        """When a file was written: the one a link leads to, as for the system; nothing where it leads astray."""
        if not entry.link:
            return entry.stamp[2] if entry.regular else None
        path = self.path(entry.rel)
        if any(one.path == path for one in self.found.problems):
            return None
        try:
            return (self.directory / entry.rel).stat().st_mtime_ns
        except OSError:
            return None

    def _timeline(self, metadata: Metadata) -> tuple[StageReader, Sequence[Event], Sequence[RoutingEntry]]:
        """The event log; where it holds nothing, the history in run.json."""
        file = self.found.lines
        if file is not None and file.visitor.lines:
            name = file.name
            return file.visitor, file.sequence(make_event(name)), file.sequence(make_routing(name))
        history = [item for item in items(metadata.data.get("history")) if type(item) is dict]
        log, path = StageReader(), self.path(RUN)
        for item in history:
            log.visit(0, item)
        return log, _make(make_event(path), history), _make(make_routing(path), history)

    def _routing(self, changes: Sequence[RoutingEntry], made: Obj) -> Sequence[RoutingEntry]:
        entry = self.found.files.get(TRACE)
        rounds = trace.rounds(made, self.path(TRACE), entry.modified_at) if made and entry else ()
        if not rounds:
            return changes
        if len(changes) > _MERGED:
            return ChainSequence([changes, rounds])
        # Times of whole seconds cannot tell (formats 1): the rounds led to the last curriculum that was generated.
        led_to = [place for place, one in enumerate(changes) if one.raw_decision == GENERATED and one.target]
        forward = [place for place in led_to if changes[place].decision is Decision.CONTINUE]
        at = forward[-1] if forward else len(changes)
        return (*changes[:at], *rounds, *changes[at:])


def _make(make: Callable[[int, Obj], Any], history: list[Obj]) -> tuple[Any, ...]:
    return tuple(make(0, item) for item in history)


def _keep(known: "_Cached | None", entry: FileEntry, read: tuple[Any, Problem | None]) -> "_Cached":
    made, problem = read
    if made is None and problem is not None and known is not None and known[1] is not None:
        # The system writes in place: an empty file is the rule, not the exception, while it works (formats 4).
        said = f"{problem.reason}; shown as last read"
        return None, known[1], problem.model_copy(update={"reason": said, "fatal": False})
    return entry.stamp, made, problem
