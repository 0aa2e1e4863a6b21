"""Runs of the demo that no flow engine writes: made through the HTTP API, in the documents' layout, or damaged.

Shapes: formats/flow-studio.md 2.10 (run state of the API), sections 1 and 2 marked DOC and LATER (the documents'
layout).
"""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.demo.files import RunFiles, SimulatedPace, stamp


def _zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _open(runs: Path, name: str, start: datetime) -> tuple[RunFiles, SimulatedPace]:
    pace = SimulatedPace(start)
    return RunFiles(runs / name, name, pace, random.Random(name)), pace  # noqa: S311  # reproducible on purpose


def _api_state(
    name: str, flow: str, status: str, created: datetime, updated: datetime, **more: object
) -> dict[str, Any]:
    state: dict[str, Any] = {
        "run_id": name,
        "flow_id": flow,
        "status": status,
        "current_step": None,
        "completed_steps": [],
    }
    state |= {"pending_steps": [], "context": {}, "created_at": created.isoformat(), "updated_at": updated.isoformat()}
    return state | {"paused_at": updated.isoformat(), "completed_at": None, "error": None} | more


def write_paused(runs: Path, now: datetime) -> str:
    """A run made and paused through the HTTP API: a run state and events of the API's own shape, nothing else."""
    name, created, paused = "api-checkout-redesign", now - timedelta(minutes=70), now - timedelta(minutes=47)
    files, pace = _open(runs, name, created)
    pace.moment = paused
    event = {"event": "run:paused", "timestamp": paused.isoformat(), "run_id": name, "previous_status": "running"}
    files.append("events.jsonl", event | {"current_step": "load_context", "paused_at": paused.isoformat()})
    state = _api_state(
        name, "build", "paused", created, paused, current_step="load_context", completed_steps=["branch"]
    )
    files.replace("run_state.json", state | {"pending_steps": ["clarify"]})
    files.age()
    return name


def write_interrupted(runs: Path, now: datetime) -> str:
    """A run interrupted through the HTTP API for a detour: a run state only."""
    name, created, stopped = "api-dependency-update", now - timedelta(hours=8), now - timedelta(hours=7.5)
    files, pace = _open(runs, name, created)
    pace.moment = stopped
    detour: dict[str, Any] = {"reason": "upstream diverged", "detour_flow": "reset", "detour_steps": None}
    detour |= {"resume_after": True, "interrupted_at": stopped.isoformat(), "interrupted_step": "security"}
    state = _api_state(name, "gate", "interrupted", created, stopped, current_step="security")
    files.replace(
        "run_state.json", state | {"context": {"interrupt": detour}, "completed_steps": ["receipt", "contract"]}
    )
    files.age()
    return name


def write_partial(runs: Path, now: datetime) -> str:
    """A run stopped at a step boundary on request: its record says partial and can be resumed."""
    from cockpit.demo.scenarios import Scenario, write_scenario  # scenarios and oddities are peers

    past = Scenario("partial", "Split the monolith's user module", timedelta(hours=3), ("build",))
    run_id = write_scenario(runs, past, now, 77)
    directory, flow = runs / run_id, "build"
    files, pace = _open(runs, run_id, now - timedelta(hours=3))
    kept = {"branch", "load_context", "clarify", "author_tests", "critique_tests"}
    for path in sorted((directory / flow).glob("*/*")):
        if path.name.partition("-")[0].removesuffix(".json").removesuffix(".draft") not in kept:
            path.unlink()
    lines = (directory / "events.jsonl").read_text(encoding="utf-8").splitlines()
    cut = next(at for at, line in enumerate(lines) if '"step_start"' in line and '"implement"' in line)
    last = json.loads(lines[cut - 1])
    pace.moment = datetime.fromisoformat(last["ts"].removesuffix("Z"))
    for path in (directory / flow).glob("*.*"):
        if path.stat().st_mtime > pace.moment.timestamp() + 1:
            path.unlink()
    files.overwrite("events.jsonl", "\n".join(lines[:cut]) + "\n")
    reason = "Stopped at step boundary before implement"
    files.event("run_stop_requested", flow, "implement", None, {"reason": "operator_stop"})
    ended: dict[str, Any] = {"status": "partial", "error": reason, "steps_completed": 5, "total_steps_executed": 5}
    files.event("run_completed", flow, None, None, ended | {"loop_state_final": {}, "cancelled": False})
    meta = files.load("meta.json") | {"status": "partial", "sdlc_status": "partial", "error": reason}
    files.replace("meta.json", meta | {"completed_at": stamp(pace.now()), "updated_at": stamp(pace.now())})
    state = files.load("run_state.json")
    envelopes = {key: value for key, value in state["handoff_envelopes"].items() if key in kept}
    state |= {"current_step_id": "implement", "step_index": 5, "handoff_envelopes": envelopes}
    files.replace("run_state.json", state)
    files.age()
    return run_id


def write_unreadable(runs: Path, now: datetime) -> str:
    """A run whose record and receipts were cut off by a full disk."""
    name = f"run-{now - timedelta(hours=10):%Y%m%d-%H%M%S}-diskfl"
    files, pace = _open(runs, name, now - timedelta(hours=10))
    files.overwrite("meta.json", f'{{\n  "id": "{name}",\n  "spec": {{\n    "flow_keys": [\n      "bui')
    for step, agent in (("branch", "repo-operator"), ("load_context", "context-loader")):
        pace.wait(40)
        files.overwrite(
            f"build/receipts/{step}-{agent}.json", f'{{\n  "engine": "claude-step",\n  "step_id": "{step}",\n  "sta'
        )
    files.overwrite("events.jsonl", '{"run_id": "' + name)
    files.age()
    return name


def write_documented(runs: Path, now: datetime) -> str:
    """A run in the documents' layout: numbered steps, routing log with DETOUR and ESCALATE, scent trail, logs."""
    name, start = "docs-login-hardening", now - timedelta(minutes=64)
    files, pace = _open(runs, name, start)
    spec = {"flow_keys": ["build"], "profile_id": None, "backend": "claude-step-orchestrator", "initiator": "cli"}
    meta: dict[str, Any] = {"id": name, "spec": spec | {"params": {}, "no_human_mid_flow": False}, "status": "running"}
    meta |= {
        "sdlc_status": "unknown",
        "created_at": _zulu(start),
        "updated_at": _zulu(start),
        "started_at": _zulu(start),
    }
    meta |= {"completed_at": None, "error": None, "artifacts": {}, "is_exemplar": False, "tags": ["documents-layout"]}
    files.replace("meta.json", meta | {"title": "Harden the login form", "path": None, "description": None})
    agents = ("context-loader", "test-author", "code-implementer", "code-critic")
    for number, agent in enumerate(agents, 1):
        began = pace.now()
        pace.wait(110 + 37 * number)
        _documented_step(files, f"step-{number}", agent, began, pace.now(), blocked=agent == "code-critic")
        if agent == "code-implementer":
            _documented_routing(files, pace)
    trail = {"flow_objective": "Harden the login form", "decisions": [], "assumptions_in_effect": []}
    files.overwrite_json("build/scent_trail.json", {"scent_trail": trail | {"open_questions": ["Session duration?"]}})
    files.overwrite("build/boundary_scan.log", "boundary scan\nPASS secrets: nothing found\n")
    _documented_line(
        files, pace, "step-4", "ESCALATE", "no test environment; a human must provide one", confidence="LOW"
    )
    files.age()
    return name


def _documented_step(
    files: RunFiles, step: str, agent: str, began: datetime, ended: datetime, *, blocked: bool
) -> None:
    stem = f"{step}-{agent}"
    spent = round((ended - began).total_seconds() * 1000)
    paper: dict[str, Any] = {"engine": "claude-step", "mode": "sdk", "provider": "anthropic", "step_id": step}
    paper |= {"model": "claude-sonnet-4-20250514", "flow_key": "build", "run_id": files.run_id, "agent_key": agent}
    paper |= {"started_at": _zulu(began), "completed_at": _zulu(ended), "duration_ms": spent, "status": "succeeded"}
    paper |= {"tokens": {"prompt": 5_200, "completion": 800, "total": 6_000}}
    paper["transcript_path"] = f"llm/{stem}-claude.jsonl"
    if agent == "code-implementer":
        paper["tests"] = {
            "measured": True,
            "passed": 40,
            "failed": 2,
            "skipped": 3,
            "evidence_path": "build/test_output.log",
        }
    files.overwrite_json(f"build/receipts/{stem}.json", paper)
    said = [{"role": "system", "content": f"You are {agent}"}, {"role": "assistant", "content": "Done."}]
    lines = [json.dumps({"timestamp": _zulu(began)} | line) for line in said]
    files.overwrite(f"build/llm/{stem}-claude.jsonl", "\n".join(lines) + "\n")
    concern = {
        "severity": "HIGH",
        "description": "No test environment is reachable",
        "location": "tests/conftest.py:12",
    }
    routing: dict[str, Any] = {"recommendation": "CONTINUE", "reason": "ready for review"}
    if blocked:
        routing = {"recommendation": "ESCALATE", "reason": "no test environment; a human must provide one"}
        routing["can_further_iteration_help"] = False
    summary = {"what_i_did": f"{agent} ran", "what_i_found": "see concerns", "key_decisions": [], "evidence": {}}
    envelope: dict[str, Any] = {
        "meta": {"step_id": step, "flow_key": "build", "agent_key": agent, "timestamp": _zulu(ended)}
    }
    envelope |= {
        "status": "BLOCKED" if blocked else "VERIFIED",
        "summary": summary,
        "assumptions": [],
        "routing": routing,
    }
    envelope["concerns"] = [concern | {"recommendation": "Provide one"}] if blocked else []
    files.overwrite_json(f"build/handoffs/{stem}.json", envelope)
    log = {"timestamp": _zulu(ended), "level": "INFO", "run_id": files.run_id, "flow_key": "build", "step_id": step}
    files.append(
        f"build/logs/{step}.jsonl", log | {"agent_key": agent, "message": f"Step {step} ended", "event": "step_end"}
    )


def _documented_routing(files: RunFiles, pace: SimulatedPace) -> None:
    for current in (1, 2, 3):
        pace.wait(60)
        _documented_line(files, pace, "step-3", "LOOP", "2 tests fail", iteration={"current": current, "max": 3})
    pace.wait(20)
    detour = {"detour_target": "auto-linter", "signature_matched": "lint_errors"}
    _documented_line(files, pace, "step-3", "DETOUR", "5 fixable lint errors detected", **detour)


def _documented_line(
    files: RunFiles, pace: SimulatedPace, step: str, decision: str, reason: str, **more: object
) -> None:
    line = {"timestamp": _zulu(pace.now()), "run_id": files.run_id, "flow_key": "build", "step_id": step}
    files.append("build/routing/decisions.jsonl", line | {"decision": decision, "reason": reason} | more, compact=True)
