"""One run of a declared system as a `RunDetail`."""

import os
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.problem import Problem
from cockpit.models.records import (
    Artifact,
    PlannedStep,
    Receipt,
    RunRecord,
    Signal,
    SignalKind,
    StepFact,
    StepStatus,
)
from cockpit.models.run import RunRef
from cockpit.sources.custom.declaration import STATES, STEP_STATES, Declaration, StepsDeclaration
from cockpit.sources.custom.paths import compiled, lookup, stem
from cockpit.sources.fields import LONG, SHORT, Obj, items, moment, newest, number, obj, oldest, text, whole, word
from cockpit.sources.jsonfile import kind_of, read_object
from cockpit.sources.paths import encode
from cockpit.sources.tree import FileEntry

_FINISHED = frozenset(("succeeded", "failed", "stopped", "interrupted"))
# Words every system is understood to say, besides those of the declaration.
_STEP_WORDS = {
    "ok": "succeeded",
    "success": "succeeded",
    "done": "succeeded",
    "completed": "succeeded",
    "complete": "succeeded",
    "error": "failed",
    "failure": "failed",
    "cancelled": "interrupted",
    "canceled": "interrupted",
    "in_progress": "running",
}
_RUN_WORDS = _STEP_WORDS | {"queued": "pending", "created": "pending", "started": "running", "aborted": "interrupted"}


class Place(NamedTuple):
    """What is on disk of a run.

    Attributes:
        base: Directory its files are relative to, absolute.
        inside: The same, relative to the root, with a slash at the end; empty for the root.
        record: Path of the record, relative to `base`.
        name: The run's id, as `os` returns it.
        files: Everything that belongs to the run, relative to `base`.
        trouble: `(rel, reason)` of what could not be listed.
    """

    base: str
    inside: str
    record: str
    name: str
    files: list[FileEntry]
    trouble: list[tuple[str, str]]

    def path(self, rel: str) -> str:
        """A file as evidence spells it."""
        return encode(f"{self.inside}{rel}")


def read(
    ref: RunRef, what: Declaration, place: Place, fingerprint: str, previous: RunDetail | None = None
) -> RunDetail:
    """All facts of a run.

    Args:
        ref: The run.
        what: How its system is declared.
        place: Its files.
        fingerprint: Of the files and the declaration.
        previous: What was read before; files that did not change since are not read again.
    """
    old: Mapping[str, Any] = {} if previous is None or previous.ref != ref else previous.cache
    reader = _Reader(ref, what, place, old if old.get("\0digest") == what.digest else {})
    return reader.read(fingerprint)


class _Reader:
    """Reads one run once."""

    def __init__(self, ref: RunRef, what: Declaration, place: Place, old: Mapping[str, Any]) -> None:
        self.ref = ref
        self.what = what
        self.place = place
        self.old = old
        self.cache: dict[str, Any] = {"\0digest": what.digest}
        self.problems = [
            Problem(path=place.path(rel), reason=reason, fatal=rel == ".") for rel, reason in place.trouble
        ]

    def read(self, fingerprint: str) -> RunDetail:
        """The detail."""
        what, place = self.what, self.place
        entries = {entry.rel: entry for entry in place.files}
        data = self._object(entries.get(place.record), place.record, fatal=True) or {}
        record = self._record(data)
        steps = list(self._steps(data, entries))
        steps.sort(key=lambda one: one[0].started_at.timestamp() if one[0].started_at else float("inf"))
        times = [record.created_at, record.started_at, record.updated_at, record.ended_at]
        times += [at for fact, _ in steps for at in (fact.started_at, fact.ended_at)]
        return RunDetail(
            ref=self.ref,
            record=record,
            plan=tuple(PlannedStep(flow=what.flow, step=step) for step in what.plan),
            steps=tuple(fact for fact, _ in steps),
            receipts=tuple(receipt for _, receipt in steps),
            signals=tuple(self._signals(data, record)),
            artifacts=tuple(self._artifacts()),
            problems=tuple(self.problems),
            started_at=oldest(*times),
            updated_at=newest(*times, *(entry.modified_at for entry in place.files)),
            fingerprint=fingerprint,
            cache=self.cache,
        )

    def _object(self, entry: FileEntry | None, rel: str, *, fatal: bool = False) -> Obj | None:
        path = self.place.path(rel)
        if entry is None:
            self.problems.append(Problem(path=path, reason="there is no such file", fatal=fatal))
            return None
        known = self.old.get(rel)
        if known is None or known[0] != entry.stamp:
            if not stat.S_ISREG(entry.mode) and not entry.link:
                problem: Problem | None = Problem(
                    path=path, reason=f"not an ordinary file but {kind_of(entry.mode)}", fatal=fatal
                )
                data = None
            else:
                data, problem = read_object(f"{self.place.base}/{rel}", path, root=self.ref.root, fatal=fatal)
            known = (entry.stamp, data, problem)
        self.cache[rel] = known
        if known[2] is not None:
            self.problems.append(known[2])
        return known[1]

    def _record(self, data: Obj) -> RunRecord:
        what, path = self.what, self.place.path(self.place.record)
        raw = _word(lookup(data, what.status))
        claimed = None if raw is None else raw.strip().lower()
        meaning = self._meaning(claimed)
        flow = what.flow
        return RunRecord(
            claimed=claimed,
            # What waits for a person or is blocked is told by a signal; the word itself claims nothing else.
            means="other" if meaning in ("blocked", "waiting") else meaning,
            finished=meaning in _FINISHED,
            error=text(lookup(data, what.error)),
            title=word(lookup(data, what.title)),
            flows=(flow,) if what.plan or what.steps is not None else (),
            backend=what.name,
            recorded_id=_word(lookup(data, what.id)),
            created_at=self._time(data, what.created),
            started_at=self._time(data, what.started),
            updated_at=self._time(data, what.updated),
            ended_at=self._time(data, what.ended),
            evidence=None
            if raw is None
            else Evidence(rank=Rank.NARRATIVE, path=path, quote=f"{what.status} = {raw}"[:SHORT]),
        )

    def _meaning(self, claimed: str | None) -> str | None:
        if claimed is None:
            return None
        meaning = self.what.words.get(claimed) or (claimed if claimed in STATES else _RUN_WORDS.get(claimed))
        if meaning is None:
            reason = f"the status word {claimed!r} is not declared: {self.what.name} should say under words what it is"
            self.problems.append(Problem(path=self.place.path(self.place.record), reason=reason))
        return meaning

    def _time(self, data: object, path: str | None) -> datetime | None:
        return when(lookup(data, path), self.what.time)

    def _signals(self, data: Obj, record: RunRecord) -> Iterator[Signal]:
        meaning = self.what.words.get(record.claimed or "", record.claimed)
        kind = {"blocked": SignalKind.BLOCKED, "waiting": SignalKind.NEEDS_HUMAN}.get(meaning or "")
        if kind is not None and record.evidence is not None:
            said = text(lookup(data, self.what.error)) or record.claimed or ""
            yield Signal(kind=kind, flow=self.what.flow, text=said[:LONG], evidence=record.evidence)

    def _artifacts(self) -> Iterator[Artifact]:
        logs = [compiled(pattern) for pattern in named(self.what.logs, self.place.name)]
        for entry in self.place.files:
            if entry.rel == self.place.record:
                continue
            kind = "log" if any(pattern.match(entry.rel) for pattern in logs) else "artifact"
            yield Artifact(
                path=self.place.path(entry.rel),
                kind=kind,
                flow=self.what.flow,
                size=entry.size,
                modified_at=entry.modified_at,
            )

    def _steps(self, data: Obj, entries: Mapping[str, FileEntry]) -> Iterator[tuple[StepFact, Receipt]]:
        steps = self.what.steps
        if steps is None:
            return
        if steps.within is not None:
            found = lookup(data, steps.within)
            pairs = list(found.items())[:1_000] if type(found) is dict else list(enumerate(items(found), 1))
            if found is not None and type(found) not in (dict, list):
                reason = f"{steps.within} holds neither a list nor an object of steps"
                self.problems.append(Problem(path=self.place.path(self.place.record), reason=reason))
            for key, one in pairs:
                where = f"{steps.within}[{key - 1}]" if type(found) is list else f"{steps.within}.{key}"
                yield self._step(steps, obj(one), str(key), self.place.record, where)
            return
        patterns = [compiled(pattern) for pattern in named(steps.files, self.place.name)]
        for rel, entry in entries.items():
            if rel != self.place.record and any(pattern.match(rel) for pattern in patterns):
                one = self._object(entry, rel)
                if one is not None:
                    yield self._step(steps, one, encode(stem(rel)), rel, "")

    def _step(self, steps: StepsDeclaration, data: Obj, default: str, rel: str, where: str) -> tuple[StepFact, Receipt]:
        path = self.place.path(rel)
        raw = _word(lookup(data, steps.status))
        code = whole(lookup(data, steps.exit_code))
        started, ended = self._time(data, steps.started), self._time(data, steps.ended)
        status = _status(steps, raw, code, started, ended)
        said = f"{steps.status} = {raw}" if code is None else f"{steps.exit_code} = {code}"
        rank = Rank.RECEIPT if code is None else Rank.PHYSICS
        name = _word(lookup(data, steps.name)) or default
        flow = _word(lookup(data, steps.flow)) or self.what.flow
        error = text(lookup(data, steps.error)) if status.bad else None
        if error is None and code:
            error = f"exit code {code}"
        agent = word(lookup(data, steps.agent))
        quote = f"{where}: {said}" if where else said
        fact = StepFact(
            flow=flow,
            step=name,
            agent=agent,
            status=status,
            started_at=started,
            ended_at=None if status is StepStatus.RUNNING else ended,
            error=error,
            evidence=Evidence(rank=rank, path=path, quote=quote[:SHORT]),
        )
        took = None if started is None or ended is None else max(0, round((ended - started).total_seconds() * 1000))
        receipt = Receipt(
            flow=flow,
            step=name,
            agent=agent,
            status=_worded(steps, raw) or status,
            raw_status=raw,
            started_at=started,
            ended_at=ended,
            duration_ms=took,
            error=error,
            exit_code=code,
            path=path,
        )
        return fact, receipt


def _status(
    steps: StepsDeclaration, raw: str | None, code: int | None, started: datetime | None, ended: datetime | None
) -> StepStatus:
    """An exit code is stronger than a word; without either, a beginning and an end tell."""
    said = _worded(steps, raw)
    if code is not None and code != 0:
        return said if said is not None and said.bad else StepStatus.FAILED
    if said is not None:
        return said
    if code == 0:
        return StepStatus.SUCCEEDED
    if raw is None and started is not None and steps.ended is not None:
        return StepStatus.RUNNING if ended is None else StepStatus.SUCCEEDED
    return StepStatus.UNKNOWN


def _worded(steps: StepsDeclaration, raw: str | None) -> StepStatus | None:
    if raw is None:
        return None
    low = raw.strip().lower()
    meaning = steps.words.get(low) or (low if low in STEP_STATES else _STEP_WORDS.get(low))
    return None if meaning is None else StepStatus(meaning)


def _word(value: object) -> str | None:
    """A status, name or id: also a number or a truth value, as JSON writes it."""
    if type(value) is bool:
        return "true" if value else "false"
    return word(value)


def named(patterns: tuple[str, ...], name: str) -> list[str]:
    """Patterns with `{id}` replaced by the run's id."""
    from cockpit.sources.custom.paths import literal

    return [pattern.replace("{id}", literal(name)) for pattern in patterns]


def when(value: object, spelled: str) -> datetime | None:
    """A time as a declaration says it is written, aware UTC; `None` for what is none.

    Args:
        value: From the record.
        spelled: `auto`, `iso`, `epoch` (seconds) or `epoch_ms`.
    """
    if spelled in ("auto", "iso") and type(value) is str and (found := moment(value)) is not None:
        return found
    if spelled == "iso":
        return None
    try:
        seconds = number(float(value)) if type(value) is str and len(value) < 32 else number(value)
    except ValueError:
        return None
    if seconds is None:
        return None
    if spelled == "epoch_ms" or (spelled == "auto" and abs(seconds) >= 1e11):
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def entry_of(base: str, rel: str) -> FileEntry | None:
    """A file with its stamp, or `None` where it is gone."""
    try:
        info = os.lstat(f"{base}/{rel}")
    except OSError:
        return None
    return FileEntry(rel, (info.st_ino, info.st_size, info.st_mtime_ns), info.st_mode)
