"""Data for the benchmarks: many Flow Studio runs in the shapes v1 and v2, written fast.

Layout and fields: formats/flow-studio.md sections 1 and 2. Everything is at least two days old, so that an idle
screen has no age left that ticks over every minute.
"""

import json
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.demo.files import stamp
from cockpit.demo.flows import FLOWS, Flow, Step, flow_yaml, flows_yaml
from cockpit.journal.codec import GENESIS, seal
from cockpit.models.journal import Actor

RECEIPTS_PER_RUN = 10
ID_PATTERN = r"-b\d{5}\b"
"""The end of every generated run's id, which a narrow column still shows."""
FLOW = FLOWS["build"]._replace(steps=FLOWS["build"].steps[:RECEIPTS_PER_RUN])
"""The one flow of every run: as many steps as receipts, so that a run with all of them is complete."""
LIVE_RUN = "run-live-bench"
LOG_RUN = "run-log-bench"


@dataclass(frozen=True)
class Dataset:
    """A generated tree.

    Attributes:
        tree: The tree's root; its runs are in `runs`.
        runs: The runs directory.
        count: How many runs.
        receipts: How many receipts.
        files: How many files.
        size: Bytes of all files.
        seconds: How long it took to write them.
    """

    tree: Path
    runs: Path
    count: int
    receipts: int
    files: int
    size: int
    seconds: float


class _Writer:
    def __init__(self) -> None:
        self.files = 0
        self.size = 0

    def write(self, path: Path, text: str, when: float) -> None:
        data = text.encode()
        with path.open("wb", buffering=0) as stream:
            stream.write(data)
        os.utime(path, (when, when))
        self.files += 1
        self.size += len(data)


def generate(tree: Path, runs: int, now: datetime | None = None, *, lean: bool = False) -> Dataset:
    """Write `runs` runs of ten receipts each under `tree`; `lean` leaves out what the later shape adds."""
    started = time.perf_counter()
    moment = now or datetime.now(UTC)
    folder = tree / "swarm" / "runs"
    config = tree / "swarm" / "config" / "flows"
    folder.mkdir(parents=True)
    config.mkdir(parents=True)
    (config.parent / "flows.yaml").write_text(flows_yaml())
    for flow in FLOWS.values():
        (config / f"{flow.key}.yaml").write_text(flow_yaml(FLOW if flow.key == FLOW.key else flow))
    # Creating files waits for the disk more than for the processor, so several processes help even on two cores.
    workers = min(4, os.cpu_count() or 1) if runs >= 1_000 else 1
    parts = [(folder, moment, runs, range(first, runs, workers), lean) for first in range(workers)]
    if workers == 1:
        written = [_part(*parts[0])]
    else:
        with ProcessPoolExecutor(workers) as pool:
            written = list(pool.map(_part, *zip(*parts, strict=True)))
    files, size = (sum(numbers) for numbers in zip(*written, strict=True))
    return Dataset(tree, folder, runs, runs * RECEIPTS_PER_RUN, files, size, time.perf_counter() - started)


def _part(folder: Path, moment: datetime, runs: int, numbers: range, lean: bool) -> tuple[int, int]:
    """Write some of the runs; how many files, and how many bytes."""
    writer = _Writer()
    span = timedelta(days=30)
    for number in numbers:
        start = moment - timedelta(days=2) - span * (1 - (number + 1) / runs) - timedelta(minutes=20)
        chance = random.Random(number)  # noqa: S311  # reproducible on purpose
        _run(writer, folder, number, start, chance, later=bool(number % 2) and not lean)
    return writer.files, writer.size


def _run(
    writer: _Writer, folder: Path, number: int, start: datetime, chance: random.Random, *, later: bool
) -> None:  # fmt: skip
    run_id = f"run-{start:%Y%m%d-%H%M%S}-b{number:05}"
    fate = chance.random()
    status = "succeeded" if fate < 0.9 else "failed" if fate < 0.97 else "partial" if fate < 0.99 else "running"
    flow, steps = FLOW, FLOW.steps
    directory = folder / run_id
    for name in ("receipts", "llm", "handoff") if later else ("receipts", "llm"):
        (directory / flow.key / name).mkdir(parents=True, exist_ok=True)
    moment = start
    lines = [_event(run_id, later, 1, moment, "run_created", flow.key, None, None, {"flows": ["build"]})]
    envelopes: dict[str, Any] = {}
    for index, step in enumerate(steps):
        ended = moment + timedelta(seconds=chance.uniform(20, 110))
        failed = status == "failed" and index == RECEIPTS_PER_RUN - 1
        _step(
            writer, directory, flow, step, run_id, moment, ended, failed=failed, envelopes=envelopes if later else None
        )
        lines += _step_events(run_id, flow, steps, index, moment, ended, later=later, failed=failed)
        moment = ended
    when = moment.timestamp()
    writer.write(directory / flow.key / "llm" / f"{steps[-1].id}-{steps[-1].agent}-claude.jsonl", _TRANSCRIPT, when)
    if status != "running":
        payload = {"status": status, "error": None, "steps_completed": 10, "total_steps_executed": 10}
        lines.append(_event(run_id, later, len(lines) + 1, moment, "run_completed", flow.key, None, None, payload))
    writer.write(directory / "events.jsonl", "".join(lines), when)
    meta = _meta(run_id, status, start, moment)
    writer.write(directory / "meta.json", json.dumps(meta, indent=2), when)
    writer.write(directory / "spec.json", json.dumps(meta["spec"], indent=2), start.timestamp())
    if later:
        state: dict[str, Any] = {
            "run_id": run_id,
            "flow_key": flow.key,
            "current_step_id": steps[-1].id,
            "step_index": 10,
        }
        state |= {"loop_state": {}, "handoff_envelopes": {}, "status": "running", "timestamp": stamp(moment)}
        writer.write(directory / "run_state.json", json.dumps(state, indent=2), when)
    for path in (directory / flow.key / "receipts", directory / flow.key, directory):
        os.utime(path, (when, when))


def _step(
    writer: _Writer,
    directory: Path,
    flow: Flow,
    step: Step,
    run_id: str,
    started: datetime,
    ended: datetime,
    *,
    failed: bool,
    envelopes: dict[str, Any] | None,
) -> None:
    receipt = receipt_of(run_id, flow.key, step, started, ended, failed=failed)
    when = ended.timestamp()
    writer.write(
        directory / flow.key / "receipts" / f"{step.id}-{step.agent}.json", json.dumps(receipt, indent=2), when
    )
    if envelopes is not None:
        signal: dict[str, Any] = {
            "decision": "advance",
            "next_step_id": None,
            "route": None,
            "reason": "linear",
            "confidence": 1.0,
        }
        signal |= {"needs_human": False, "next_flow": None, "loop_count": 0, "exit_condition_met": False}
        envelope: dict[str, Any] = {
            "step_id": step.id,
            "flow_key": flow.key,
            "run_id": run_id,
            "routing_signal": signal,
        }
        envelope |= {"summary": step.role, "artifacts": {}, "status": "UNVERIFIED" if failed else "VERIFIED"}
        envelope |= {"error": None, "duration_ms": receipt["duration_ms"], "timestamp": stamp(ended)}
        envelope |= {"verification_passed": not failed, "verification_details": {}}
        writer.write(directory / flow.key / "handoff" / f"{step.id}.json", json.dumps(envelope, indent=2), when)


def receipt_of(
    run_id: str, flow: str, step: Step, started: datetime, ended: datetime, *, failed: bool = False
) -> dict[str, Any]:
    """A receipt as the real code writes it."""
    paper: dict[str, Any] = {"engine": "claude-step", "mode": "cli", "provider": "anthropic"}
    paper |= {"model": "claude-sonnet-4-20250514", "step_id": step.id, "flow_key": flow, "run_id": run_id}
    paper |= {"agent_key": step.agent, "started_at": stamp(started), "completed_at": stamp(ended)}
    paper["duration_ms"] = round((ended - started).total_seconds() * 1000)
    paper["status"] = "failed" if failed else "succeeded"
    paper |= {"tokens": {"prompt": 5_200, "completion": 800, "total": 6_000}}
    paper["transcript_path"] = f"llm/{step.id}-{step.agent}-claude.jsonl"
    if failed:
        paper["error"] = (
            "Traceback (most recent call last):\n  ...\nModuleNotFoundError: No module named 'httpx_retry'\n"
        )
    return paper


def _meta(run_id: str, status: str, start: datetime, end: datetime) -> dict[str, Any]:
    spec = {"flow_keys": ["build"], "profile_id": None, "backend": "claude-step-orchestrator", "initiator": "bench"}
    meta: dict[str, Any] = {"id": run_id, "spec": spec | {"params": {}}, "status": status}
    meta |= {"sdlc_status": {"succeeded": "ok", "failed": "error"}.get(status, "unknown"), "created_at": stamp(start)}
    meta |= {"updated_at": stamp(end), "started_at": stamp(start)}
    meta |= {"completed_at": None if status == "running" else stamp(end)}
    meta |= {"error": "ModuleNotFoundError" if status == "failed" else None, "artifacts": {}, "is_exemplar": False}
    return meta | {"tags": [], "title": None, "path": None, "description": None}


def _event(
    run_id: str, later: bool, seq: int, at: datetime, kind: str, flow: str, step: str | None, agent: str | None,
    payload: dict[str, Any],
) -> str:  # fmt: skip
    line: dict[str, Any] = {"event_id": f"{seq:08x}-0000-4000-8000-000000000000", "seq": seq} if later else {}
    line |= {"run_id": run_id, "ts": stamp(at), "kind": kind, "flow_key": flow, "step_id": step, "agent_key": agent}
    return json.dumps(line | {"payload": payload}) + "\n"


def step_start_line(run_id: str, seq: int, at: datetime, flow: str, step: Step) -> str:
    """The line that says a step has begun."""
    payload = {"role": step.role, "agents": [step.agent], "step_index": seq, "engine": "claude-step"}
    return _event(run_id, True, seq, at, "step_start", flow, step.id, step.agent, payload)


def _step_events(
    run_id: str, flow: Flow, steps: tuple[Step, ...], index: int, started: datetime, ended: datetime, *,
    later: bool, failed: bool,
) -> list[str]:  # fmt: skip
    step, seq = steps[index], index * 3 + 2
    following = steps[index + 1].id if index + 1 < len(steps) else None
    begin = {"role": step.role, "agents": [step.agent], "step_index": index + 1, "engine": "claude-step"}
    duration = round((ended - started).total_seconds() * 1000)
    end = {
        "status": "failed" if failed else "succeeded",
        "duration_ms": duration,
        "error": None,
        "engine": "claude-step",
    }
    route: dict[str, Any] = {"from_step": step.id, "to_step": following, "reason": "linear_explicit", "loop_state": {}}
    kind = "step_error" if failed else "step_end"
    return [
        _event(run_id, later, seq, started, "step_start", flow.key, step.id, step.agent, begin),
        _event(run_id, later, seq + 1, ended, kind, flow.key, step.id, step.agent, end),
        _event(run_id, later, seq + 2, ended, "route_decision", flow.key, step.id, None, route),
    ]


_TRANSCRIPT = "".join(
    json.dumps({"timestamp": "2026-01-01T00:00:00Z", "role": role, "content": "Done."}) + "\n"
    for role in ("system", "user", "assistant")
)


def add_live_run(runs: Path, now: datetime) -> Path:
    """One running run whose files the live benchmarks append to; its directory."""
    directory = runs / LIVE_RUN
    (directory / "build" / "receipts").mkdir(parents=True)
    meta = _meta(LIVE_RUN, "running", now, now)
    (directory / "meta.json").write_text(json.dumps(meta, indent=2))
    (directory / "spec.json").write_text(json.dumps(meta["spec"], indent=2))
    (directory / "events.jsonl").write_text(step_start_line(LIVE_RUN, 1, now, FLOW.key, FLOW.steps[0]))
    return directory


def add_routing_log(runs: Path, lines: int, end: datetime) -> Path:
    """A run with a routing log of `lines` lines; the log's path."""
    directory = runs / LOG_RUN
    (directory / "build" / "routing").mkdir(parents=True)
    meta = _meta(LOG_RUN, "succeeded", end - timedelta(hours=5), end)
    (directory / "meta.json").write_text(json.dumps(meta, indent=2))
    (directory / "spec.json").write_text(json.dumps(meta["spec"], indent=2))
    path = directory / "build" / "routing" / "decisions.jsonl"
    words = ("LOOP", "CONTINUE", "LOOP", "DETOUR", "LOOP", "ESCALATE")
    with path.open("w", buffering=1 << 20) as stream:
        for number in range(lines):
            at = (end - timedelta(milliseconds=(lines - number) * 15)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            stream.write(
                f'{{"timestamp":"{at}","run_id":"{LOG_RUN}","flow_key":"build","step_id":"critique_code",'
                f'"decision":"{words[number % 6]}","reason":"line {number:07} of the log, 2 tests fail",'
                f'"agent_key":"code-critic","iteration":{{"current":{number % 3 + 1},"max":3}}}}\n'
            )
    when = end.timestamp()
    for changed in (path, directory / "meta.json", directory / "spec.json", directory):
        os.utime(changed, (when, when))
    return path


def incident_journal(path: Path, entries: int, incidents: int = 200) -> None:
    """A journal, sealed as a real one, of incidents that are worked at the same time.

    Seven of ten events settle items of a checklist, two are notes, the rest are tasks and updates.
    """
    actor = Actor(user="root", real_user="ada", tty="pts/1")
    start, previous = datetime(2026, 11, 19, tzinfo=UTC), GENESIS
    with path.open("wb", buffering=1 << 20) as stream:
        for number in range(entries):
            name = f"inc-20261119-{number % incidents + 1:03}"
            kind, data = _incident_event(name, number // incidents)
            at = start + timedelta(seconds=number)
            line, entry = seal(
                seq=number + 1, at=at, actor=actor, kind=kind, incident=name, data=data, prev=previous
            )  # fmt: skip
            previous = entry.hash
            stream.write(line)


def _incident_event(incident: str, number: int) -> tuple[str, dict[str, Any]]:
    """What happens to an incident as event `number` of its life."""
    item = {"target": incident, "item": f"response-protocol/item-{number % 33}", "text": "It is looked at"}
    match number % 10:
        case 0 if number == 0:
            return "incident.declared", {"title": "Builds time out", "severity": "SEV3", "evidence": []}
        case 1 | 6:
            return "incident.note", {"text": f"remark {number}"}
        case 4 if number % 20 == 4:
            return "incident.task", {"task": f"t{number}", "action": "look", "owner": "ada", "verification": "seen"}
        case 4:
            return "incident.update", {"text": f"update {number}", "next_due": "2026-11-21T06:00:00Z"}
        case 9:
            return "checklist.skip", item | {"reason": "it does not apply"}
        case _:
            evidence = [{"rank": "receipt", "path": "run/receipts/clarify-clarifier.json", "line": 1, "quote": "ok"}]
            return "checklist.tick", item | {"note": "read it", "evidence": evidence}
