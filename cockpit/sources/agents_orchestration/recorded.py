"""A recorded command as a run: exit code and times from the recording, everything else from what it printed."""

import os
import stat
from dataclasses import replace
from pathlib import Path

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, RunRecord, Signal, SignalKind, StepFact
from cockpit.models.run import RunRef
from cockpit.sources.agents_orchestration import facts, layout, reader
from cockpit.sources.agents_orchestration.artifacts import Window
from cockpit.sources.agents_orchestration.config import CONFIG
from cockpit.sources.agents_orchestration.console import ConsoleReader
from cockpit.sources.agents_orchestration.segments import Segment, task_of
from cockpit.sources.fields import newest
from cockpit.sources.paths import encode
from cockpit.sources.recordings import Recording
from cockpit.sources.tree import modified


def read_recording(ref: RunRef, recording: Recording, base: str, fingerprint: str) -> RunDetail:
    """A recorded command; never raises.

    Args:
        ref: The run.
        recording: What was recorded.
        base: Path of its directory as evidence spells it.
        fingerprint: Of the run.
    """
    path = f"{base}/output.log"
    detail: list[RunDetail] = []

    def use(found: ConsoleReader) -> None:
        segment = found.segments[0] if found.segments and not found.service else Segment()
        if segment.task is None:
            segment.task = task_of(" ".join(recording.argv))
        problems = () if recording.started_at is not None else (_no_start(base),)
        given = reader.Gathered(
            segment, path, _recorded(recording, segment, base, service=found.service),
            Window(recording.started_at, recording.ended_at), recorded_project(ref, recording),
            started_at=recording.started_at, updated_at=newest(recording.last_output_at, recording.ended_at),
            signals=_recorded_signals(recording, segment, base, path), problems=problems,
            own=_own_files(recording, base),
        )  # fmt: skip
        made = reader.assemble(ref, given, fingerprint)
        detail.append(made if not found.service else _with_service(made, found, path))

    layout.console_file(os.fspath(recording.output), whole=True).read(use)
    return detail[0]


def _recorded(recording: Recording, segment: Segment, base: str, *, service: bool) -> RunRecord:
    code = recording.exit_code
    line = f'"exit_code": {code}' if code is not None else '"ended_at": null'
    evidence = Evidence(rank=Rank.PHYSICS, path=f"{base}/meta.json", line=None, quote=line)
    # A server waits for requests: that it is silent means nothing.
    claimed, means = "running", "serving" if service else "running"
    if recording.ended_at is not None and code is not None:
        claimed = reader.exit_words(code, recording.signal)
        means = reader.exit_means(code, recording.signal)
    error = recording.error or (facts.worst(segment) if means == "failed" else None)
    if means == "failed" and error is None and recording.signal is not None:
        error = f"ended by {recording.signal}"
    return reader.record_of(
        segment, base, claimed=claimed, means=means, finished=recording.ended_at is not None, error=error,
        title=" ".join(recording.argv)[:200] or None, backend="recorded", recorded_id=recording.run or segment.name,
        started_at=recording.started_at, ended_at=recording.ended_at, evidence=evidence,
    )  # fmt: skip


def _recorded_signals(recording: Recording, segment: Segment, base: str, path: str) -> tuple[Signal, ...]:
    found: list[Signal] = []
    meta = f"{base}/meta.json"
    if recording.dead:
        said = "its recorder was killed: how the command ended is not known"
        evidence = Evidence(rank=Rank.PHYSICS, path=meta, quote='"ended_at": null')
        flow, at = facts.flow_of(segment), recording.last_output_at
        lost = Signal(
            kind=SignalKind.INTERRUPTED, at=at, flow=flow, step=segment.current, text=said, evidence=evidence
        )  # fmt: skip
        found.append(lost)
    if recording.left_behind:
        said = "processes it started went on after its end"
        evidence = Evidence(rank=Rank.PHYSICS, path=meta, quote='"left_behind": true')
        found.append(Signal(kind=SignalKind.ANOMALY, at=recording.ended_at, text=said, evidence=evidence))
    ended_well = recording.exit_code == 0 and recording.ended_at is not None
    if ended_well and not any(step.status.bad for step in segment.steps.values()) and segment.config_missing is None:
        evidence = Evidence(rank=Rank.PHYSICS, path=meta, quote='"exit_code": 0')
        flow = facts.flow_of(segment)
        said = "the command ended with exit code 0"
        if segment.steps or not facts.agents_of(segment):
            found.append(
                Signal(kind=SignalKind.FLOW_ENDED, at=recording.ended_at, flow=flow, text=said, evidence=evidence)
            )
    return tuple(found)


def _with_service(detail: RunDetail, found: ConsoleReader, path: str) -> RunDetail:
    """A server's own run, with what went wrong in the workflows it was asked for as warnings."""
    signals: list[Signal] = []
    for _, segment in layout.names_of(found.segments, service=True):
        steps: tuple[StepFact, ...] = facts.step_facts(segment, path)
        for step in steps:
            if step.status.bad and step.evidence is not None:
                said = f"{segment.name or segment.title or 'a request'}: {step.error or step.status.value}"
                signals.append(
                    Signal(kind=SignalKind.ANOMALY, at=step.ended_at, step=step.step, text=said, evidence=step.evidence)
                )
    return replace(detail, signals=(*detail.signals, *signals), plan=(), steps=())


def _own_files(recording: Recording, base: str) -> tuple[Artifact, ...]:
    found = []
    for name, kind in (("output.log", "log"), ("output.idx", "index")):
        try:
            info = (Path(recording.directory) / name).lstat()
        except OSError:
            continue
        if stat.S_ISREG(info.st_mode):
            found.append(
                Artifact(
                    path=f"{base}/{name}", kind=kind, flow=None, size=info.st_size,
                    modified_at=modified(info.st_mtime_ns),
                )
            )  # fmt: skip
    return tuple(found)


def _no_start(base: str) -> Problem:
    return Problem(path=f"{base}/meta.json", reason="says no time at which the command was started")


def recorded_project(ref: RunRef, recording: Recording) -> str:
    """The checkout a recorded command ran in, relative to the root; the root itself where it ran elsewhere."""
    if recording.cwd is None:
        return "."
    try:
        rel = Path(recording.cwd).resolve().relative_to(Path(ref.root).resolve())
    except (OSError, ValueError, RuntimeError):
        return "."
    return encode(rel.as_posix()) if (Path(ref.root) / rel / CONFIG).exists() else "."
