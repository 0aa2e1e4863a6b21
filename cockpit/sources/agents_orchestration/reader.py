"""One run as a `RunDetail`: a recorded command, a stretch of a console capture, an execution of a log, a project."""

import os
import signal as signals
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, RunRecord, Signal
from cockpit.models.run import RunRef
from cockpit.sources.agents_orchestration import artifacts, facts, layout
from cockpit.sources.agents_orchestration.artifacts import Window
from cockpit.sources.agents_orchestration.config import Project, read_config
from cockpit.sources.agents_orchestration.console import ConsoleReader
from cockpit.sources.agents_orchestration.layout import TextKind
from cockpit.sources.agents_orchestration.segments import Segment
from cockpit.sources.fields import moment, newest, oldest
from cockpit.sources.paths import on_disk
from cockpit.sources.tree import modified

_SHELL_SIGNAL = 128
GONE = "nothing of this run is left"


class Gathered(NamedTuple):
    """What every kind of run is put together from."""

    segment: Segment
    path: str
    record: RunRecord
    window: Window
    project: str
    started_at: datetime | None
    updated_at: datetime | None
    signals: tuple[Signal, ...] = ()
    problems: tuple[Problem, ...] = ()
    own: tuple[Artifact, ...] = ()


def read_text_run(ref: RunRef, fingerprint: str) -> RunDetail:
    """A run in a text file of the root: console capture or JSON log; never raises."""
    base, part = split(ref.path)
    file = on_disk(ref.root, base)
    kind = layout.kind_of_text(file)
    if kind is TextKind.JSON:
        return _execution(ref, file, base, unquote(part), fingerprint)
    if kind is TextKind.CONSOLE:
        return _capture(ref, file, base, part, fingerprint)
    return lost(ref, fingerprint)


def lost(ref: RunRef, fingerprint: str, reason: str = GONE) -> RunDetail:
    """A run that cannot be found where it was."""
    problem = Problem(path=split(ref.path)[0], reason=reason, fatal=True)
    return RunDetail(ref, RunRecord(), problems=(problem,), fingerprint=fingerprint)


def split(path: str) -> tuple[str, str]:
    """The file of a run, and which of its runs; "" where it holds only one."""
    base, _, part = path.partition("#")
    return base, part


def assemble(ref: RunRef, given: Gathered, fingerprint: str, cache: Mapping[str, Any] | None = None) -> RunDetail:
    """The detail made from what was gathered."""
    root = Path(ref.root)
    segment, path, record = given.segment, given.path, given.record
    found = artifacts.look(root, given.project, given.window)
    steps = facts.step_facts(segment, path, found.failed_report)
    signals = [*facts.signals(segment, path), *given.signals, *found.signals]
    if record.means == "succeeded" and not facts.bad(steps):
        hollow = facts.silent_success(segment, steps, path, given.updated_at)
        if hollow is not None and not found.artifacts:
            signals.append(hollow)
    if record.means == "failed" and not facts.bad(steps):
        whole = facts.whole_failure(segment, path)
        signals += [] if whole is None else [whole]
    signals.sort(key=_signal_order)
    return RunDetail(
        ref=ref,
        record=record,
        plan=facts.planned(segment),
        steps=steps,
        events=facts.events(segment, path),
        signals=tuple(signals),
        artifacts=(*given.own, *found.artifacts),
        problems=given.problems,
        started_at=oldest(given.started_at, segment.first_at),
        updated_at=newest(given.updated_at, segment.last_at),
        fingerprint=fingerprint,
        cache=cache or {},
    )


def _signal_order(signal: Signal) -> tuple[float, str, int]:
    return (0.0 if signal.at is None else signal.at.timestamp(), signal.evidence.path, signal.evidence.line or 0)


def record_of(segment: Segment, path: str, **more: object) -> RunRecord:
    """What a segment says of its own end: an exit code, an HTTP status, a word of the coordinator, or nothing."""
    claimed, means, evidence = _claim(segment, path)
    given: dict[str, Any] = {
        "claimed": claimed,
        "means": means,
        "finished": claimed is not None,
        "error": facts.worst(segment) if means == "failed" else None,
        "title": segment.title or None,
        "flows": (facts.flow_of(segment),),
        "backend": "console",
        "recorded_id": segment.name,
        "current_flow": facts.flow_of(segment) if segment.current else None,
        "current_step": segment.current,
        "started_at": segment.first_at,
        "ended_at": segment.ended_at or (segment.last_at if segment.ended else None),
        "evidence": evidence,
    }
    return RunRecord(**{**given, **more})


def _claim(segment: Segment, path: str) -> tuple[str | None, str | None, Evidence | None]:
    if segment.rc is not None:
        evidence = facts.place(path, segment.rc_line, segment.rc_text, Rank.PHYSICS)
        return exit_words(segment.rc), exit_means(segment.rc), evidence
    if segment.answer is not None:
        evidence = facts.place(path, segment.answer_line, segment.answer_text, Rank.NARRATIVE)
        return f"http {segment.answer}", "succeeded" if segment.answer < 400 else "failed", evidence
    if segment.finished_word is not None:
        evidence = facts.place(path, segment.finished_word.line, segment.finished_word.text)
        return "success", "succeeded", evidence
    if segment.killed is not None:
        evidence = facts.place(path, segment.killed.line, segment.killed.text, Rank.PHYSICS)
        return segment.killed.text.lower(), "interrupted", evidence
    return None, None, None


def exit_means(code: int, signal: str | None = None) -> str:
    """What an exit code claims: `succeeded`, `failed` or `interrupted` (by someone: INT, TERM, HUP, QUIT)."""
    if code == 0:
        return "succeeded"
    if signal is not None:
        return "interrupted" if signal in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") else "failed"
    return "interrupted" if code in (129, 130, 131, 143) else "failed"


def exit_words(code: int, signal: str | None = None) -> str:
    """An exit code as the run's own claim: `exit 0`, `ended by SIGTERM`."""
    if signal is None and code > _SHELL_SIGNAL:
        with suppress(ValueError):
            signal = signals.Signals(code - _SHELL_SIGNAL).name
    return f"exit {code}" if signal is None else f"ended by {signal}"


def _capture(ref: RunRef, file: str, base: str, part: str, fingerprint: str) -> RunDetail:
    detail: list[RunDetail] = []

    def use(reader: ConsoleReader) -> None:
        named = dict(layout.names_of(reader.segments, service=reader.service))
        segment = named.get(part)
        if segment is None:
            return
        only = len(named) == 1 and not reader.service
        stamp = modified_at(file) if only and not segment.ended else None
        window = Window(segment.first_at, newest(segment.last_at, segment.ended_at, stamp))
        given = Gathered(
            segment, base, record_of(segment, base), window, project_of(ref, base),
            started_at=segment.first_at, updated_at=stamp or segment.last_at or modified_at(file),
        )  # fmt: skip
        detail.append(assemble(ref, given, fingerprint))

    problem = layout.console_file(file).read(use)
    if not detail:
        return lost(ref, fingerprint, problem or GONE)
    return detail[0]


def _execution(ref: RunRef, file: str, base: str, name: str, fingerprint: str) -> RunDetail:
    log = layout.log_file(file, base)
    log.refresh()
    segment = log.visitor.executions.get(name)
    if segment is None:
        return lost(ref, fingerprint)
    began = segment.first_at
    window = Window(began, segment.last_at)
    means = "succeeded" if segment.finished_word is not None else None
    record = record_of(segment, base, backend="structured log", means=means, flows=(facts.WORKFLOW,))
    if segment.finished_word is None:
        # Nothing but its beginning: `log_execution_end` is written on success only (formats 1).
        line = facts.place(base, segment.first, "execution_start")
        record = record.model_copy(update={"claimed": "started", "means": None, "evidence": line})
    given = Gathered(
        segment, base, record, window, project_of(ref, base), started_at=began, updated_at=segment.last_at,
        problems=log.problems,
    )  # fmt: skip
    return assemble(ref, given, fingerprint)


def read_project(ref: RunRef, fingerprint: str) -> RunDetail:
    """An entry of a configuration's `projects[]`; its status is written at the start and never again (formats 1)."""
    base, part = split(ref.path)
    directory = Path(on_disk(ref.root, base)).parent.parent
    config = read_config(directory, base)
    project = next((one for one in config.projects if one.id == unquote(part)), None)
    if project is None:
        return lost(ref, fingerprint)
    return RunDetail(
        ref, _project_record(project, base), problems=config.problems, fingerprint=fingerprint,
        started_at=moment(project.created_at), updated_at=moment(project.created_at),
    )  # fmt: skip


def _project_record(project: Project, base: str) -> RunRecord:
    others: tuple[Evidence, ...] = ()
    if project.status is not None:
        quote = f'"status": "{project.status}"'
        others = (Evidence(rank=Rank.NARRATIVE, path=base, line=project.status_line, quote=quote),)
    return RunRecord(title=project.name, backend="web", recorded_id=project.id, others=others)


def project_of(ref: RunRef, base: str) -> str:
    """The checkout a text file belongs to: the directory it is in, or the one above `logs`; relative to the root."""
    folder = base.rpartition("/")[0]
    if folder == "logs":
        folder = ""
    folder = folder.removesuffix("/logs")
    return folder or "."


def modified_at(file: str) -> datetime | None:
    """When a file was last written."""
    try:
        return modified(os.lstat(file).st_mtime_ns)
    except OSError:
        return None
