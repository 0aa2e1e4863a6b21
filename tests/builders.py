"""Writes runs in each on-disk layout of Flow Studio into a directory, for everybody's tests.

    run = FlowStudioRun(tmp_path / "runs", "run-20261121-120000-abc123")
    run.meta("running", flows=("build",))
    run.event("step_start", "build", "implement", "code-implementer", at=0)
    run.receipt("build", "implement", "code-implementer", status="failed", error="boom")
    run.handoff("build", "implement", "BLOCKED", layout="docs", agent="code-implementer")

Times are seconds after `START` (or datetimes), written the way the code writes them (`...+00:00Z`). Every method
returns the path it wrote. `raw` writes anything anywhere, for what is broken on purpose.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
"""Moment 0 of every built run."""
At = float | datetime


def moment(at: At) -> datetime:
    """`at` as a datetime."""
    return at if isinstance(at, datetime) else START + timedelta(seconds=at)


def stamp(at: At) -> str:
    """`at` as Flow Studio's code writes it: an offset and a Z."""
    return moment(at).isoformat() + "Z"


class FlowStudioRun:
    """One run directory being written. File times are set to the newest moment written, so that silence is exact."""

    def __init__(self, root: Path, name: str = "run-20261121-040000-abc123") -> None:
        self.path = root / name
        self.path.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.now = START

    def raw(self, rel: str, content: bytes | str | dict[str, Any] | list[Any], at: At | None = None) -> Path:
        """Write a file; objects become JSON with an indent, as the code writes them."""
        path = self.path / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content, indent=2)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self._age(path, at)

    def append(self, rel: str, record: dict[str, Any] | bytes, at: At | None = None) -> Path:
        """Append a JSON line (or raw bytes)."""
        path = self.path / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(record if isinstance(record, bytes) else json.dumps(record).encode() + b"\n")
        return self._age(path, at)

    def _age(self, path: Path, at: At | None) -> Path:
        if at is not None:
            self.now = max(self.now, moment(at))
        os.utime(path, (self.now.timestamp(), self.now.timestamp()))
        return path

    def meta(
        self, status: str = "running", *, flows: tuple[str, ...] = ("build",), error: str | None = None, at: At = 0,
        **more: Any,
    ) -> Path:  # fmt: skip
        """meta.json as v1, v2 and HEAD write it."""
        spec = {"flow_keys": list(flows), "backend": "claude-step-orchestrator", "initiator": "cli"}
        record: dict[str, Any] = {
            "id": self.name, "spec": spec, "status": status, "sdlc_status": "unknown", "created_at": stamp(0),
            "updated_at": stamp(at),
            "started_at": None if status == "pending" else stamp(0), "completed_at": None, "error": error, "tags": [],
            "title": None,
        }  # fmt: skip
        return self.raw("meta.json", {**record, **more}, at)

    def event(
        self, kind: str, flow: str = "build", step: str | None = None, agent: str | None = None, *, at: At = 0,
        **payload: Any,
    ) -> Path:  # fmt: skip
        """One runtime line of events.jsonl."""
        record = {
            "run_id": self.name, "ts": stamp(at), "kind": kind, "flow_key": flow, "step_id": step, "agent_key": agent,
            "payload": payload,
        }  # fmt: skip
        return self.append("events.jsonl", record, at)

    def step(self, flow: str, step: str, agent: str, *, at: At = 0, ok: bool = True, error: str | None = None) -> None:
        """A whole step of v1: start, receipt, end (or error), route."""
        begin = moment(at)
        end = begin + timedelta(seconds=1)
        status = "succeeded" if ok else "failed"
        self.event("step_start", flow, step, agent, at=begin)
        self.receipt(flow, step, agent, status=status, at=end, error=error)
        kind = "step_end" if ok else "step_error"
        self.event(kind, flow, step, agent, at=end, status=status, error=error)

    def receipt(
        self, flow: str, step: str, agent: str, *, status: str = "succeeded", at: At = 1, error: str | None = None,
        **more: Any,
    ) -> Path:  # fmt: skip
        """A receipt; `at` is its end, it took a second."""
        end = moment(at)
        record = {
            "engine": "claude-step", "mode": "cli", "provider": "anthropic", "model": "claude-sonnet-4-20250514",
            "step_id": step, "flow_key": flow, "run_id": self.name, "agent_key": agent,
            "started_at": stamp(end - timedelta(seconds=1)), "completed_at": stamp(end), "duration_ms": 1000,
            "status": status, "tokens": {"prompt": 10, "completion": 5, "total": 15},
            "transcript_path": f"llm/{step}-{agent}-claude.jsonl",
        }  # fmt: skip
        if error is not None:
            record["error"] = error
        return self.raw(f"{flow}/receipts/{step}-{agent}.json", {**record, **more}, at)

    def handoff(
        self, flow: str, step: str, status: str = "VERIFIED", *, layout: str = "code", agent: str = "agent",
        draft: bool = False, at: At = 1, **more: Any,
    ) -> Path:  # fmt: skip
        """A handoff of the code's layout (`handoff/<step>.json`) or the documents' (`handoffs/<step>-<agent>.json`)."""
        suffix = ".draft.json" if draft else ".json"
        if layout == "docs":
            meta = {"step_id": step, "flow_key": flow, "agent_key": agent, "timestamp": stamp(at)}
            record = {
                "meta": meta,
                "status": status,
                "summary": {"what_i_did": "it"},
                "concerns": [],
                "assumptions": [],
            }
            return self.raw(f"{flow}/handoffs/{step}-{agent}{suffix}", {**record, **more}, at)
        record = {"step_id": step, "flow_key": flow, "status": status, "summary": "it", "timestamp": stamp(at)}
        return self.raw(f"{flow}/handoff/{step}{suffix}", {**record, **more}, at)

    def decision(self, flow: str, step: str, decision: str, *, at: At = 0, reason: str = "why", **more: Any) -> Path:
        """One line of routing/decisions.jsonl."""
        record = {
            "timestamp": moment(at).isoformat().replace("+00:00", "Z"), "run_id": self.name, "flow_key": flow,
            "step_id": step, "decision": decision, "reason": reason,
        }  # fmt: skip
        return self.append(f"{flow}/routing/decisions.jsonl", {**record, **more}, at)
