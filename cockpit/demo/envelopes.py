"""The documents one step leaves: receipt, draft and committed handoff, transcript, routing line.

Pure functions of what happened; field names and their order are the real code's (formats/flow-studio.md 2.5-2.8).
"""

import json
import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cockpit.demo.files import stamp
from cockpit.demo.flows import Step

MODEL = "claude-sonnet-4-20250514"


class Outcome(NamedTuple):
    """What becomes of a step.

    Attributes:
        kind: `succeeded`, `failed`, `blocked` (a human is needed), `hollow` (claims success, leaves no artifact),
            `hung` (never ends) or `exhausted` (a critic that is never satisfied and escalates).
        text: The error, why it is blocked, or the summary of a step that succeeds.
        rounds: For a critic: how often it sends the work back before it is satisfied.
    """

    kind: str = "succeeded"
    text: str = ""
    rounds: int = 0


class Done(NamedTuple):
    """One step that has ended.

    Attributes:
        run: The run's id.
        flow: The flow's key.
        step: The step.
        outcome: What became of it.
        status: The handoff's status: `VERIFIED`, `UNVERIFIED` or `BLOCKED`.
        at: When it ended, as it is written.
        reason: Why the routing decided as it did.
        following: The step to go to, `None` at the end of the flow or where a human is needed.
        human: Whether a human is needed.
        verified: Whether the step's artifact is there.
    """

    run: str
    flow: str
    step: Step
    outcome: Outcome
    status: str
    at: str
    reason: str
    following: str | None
    human: bool
    verified: bool

    @property
    def back(self) -> bool:
        """Whether the work goes back to be done again."""
        return self.step.loop_target is not None and self.following == self.step.loop_target


def receipt(done: Done, started: datetime, ended: datetime, rng: random.Random) -> dict[str, Any]:
    """The receipt of a step, before its routing block is patched in."""
    step, outcome = done.step, done.outcome
    prompt, completion = rng.randrange(3_000, 42_000), rng.randrange(300, 4_200)
    paper: dict[str, Any] = {"engine": "claude-step", "mode": "cli", "provider": "anthropic", "model": MODEL}
    paper |= {"step_id": step.id, "flow_key": done.flow, "run_id": done.run, "agent_key": step.agent}
    paper |= {"started_at": stamp(started), "completed_at": stamp(ended)}
    paper["duration_ms"] = round((ended - started).total_seconds() * 1000)
    paper["status"] = "failed" if outcome.kind == "failed" else "succeeded"
    paper["tokens"] = {"prompt": prompt, "completion": completion, "total": prompt + completion}
    paper["transcript_path"] = f"llm/{step.id}-{step.agent}-claude.jsonl"
    if outcome.kind == "failed":
        paper["error"] = outcome.text
    return paper


def draft(done: Done) -> dict[str, Any]:
    """The handoff as the agent drafts it, with the concerns and assumptions the committed file drops."""
    step, outcome = done.step, done.outcome
    blocked = outcome.kind == "blocked"
    paper: dict[str, Any] = {"step_id": step.id, "flow_key": done.flow, "run_id": done.run, "status": done.status}
    paper |= {"summary": _summary(done), "can_further_iteration_help": "no" if blocked else "yes", "artifacts": []}
    paper["timestamp"] = done.at
    if blocked or outcome.kind == "failed":
        paper["concerns"] = [f"HIGH: {outcome.text.strip().splitlines()[-1]}"]
        paper["assumptions"] = ["The ADR of flow 2 is authoritative"]
    return paper


def committed(done: Done, duration_ms: int) -> dict[str, Any]:
    """The committed handoff envelope."""
    step, outcome = done.step, done.outcome
    decision = "terminate" if done.human else "loop" if done.back else "advance"
    signal: dict[str, Any] = {
        "decision": decision,
        "next_step_id": done.following,
        "route": None,
        "reason": done.reason,
    }
    signal |= {"confidence": 0.9 if done.human else 1.0, "needs_human": done.human, "next_flow": None}
    signal |= {"loop_count": 0, "exit_condition_met": done.reason.startswith("loop_exit")}
    changes: dict[str, Any] = {"files": [], "total_insertions": 0, "total_deletions": 0, "untracked": [], "staged": []}
    paper: dict[str, Any] = {"step_id": step.id, "flow_key": done.flow, "run_id": done.run, "routing_signal": signal}
    paper |= {"summary": _summary(done), "artifacts": {}}
    paper["file_changes"] = changes | {"scan_error": None, "summary": "No changes detected"}
    paper |= {"status": done.status, "error": outcome.text if outcome.kind == "failed" else None}
    paper |= {"duration_ms": duration_ms, "timestamp": done.at, "station_id": step.agent, "station_version": None}
    paper |= {"prompt_hash": None, "verification_passed": done.verified}
    checks = [[f"{done.flow}/{step.artifact}", done.verified]]
    paper["verification_details"] = {
        "artifact_checks": checks,
        "command_checks": [],
        "gate_status_on_fail": "UNVERIFIED",
    }
    return paper


def transcript(done: Done, started: datetime, ended: datetime) -> str:
    """The conversation of a step, one JSON object a line; written once, when the step has ended."""
    step, outcome = done.step, done.outcome
    failed = outcome.kind == "failed"
    prompt = f"# Step: {step.id}\n# Run ID: {done.run}\n\n## Step Role\n{step.role}"
    lines: list[dict[str, Any]] = [
        {"type": "init", "model": MODEL},
        {"type": "message", "role": "user", "content": prompt},
        {"type": "message", "role": "assistant", "content": f"Reading the inputs of step {step.id}."},
        {"type": "tool_use", "tool": "Read", "input": {"file_path": "docs/README.md"}},
        {"type": "tool_result", "tool": "Read", "success": True, "output": "# README ..."},
        {"type": "tool_use", "tool": "Bash", "input": {"command": "pytest tests/ -q"}},
        {
            "type": "tool_result",
            "tool": "Bash",
            "success": not failed,
            "output": outcome.text or "42 passed, 3 skipped",
        },
    ]
    if failed:
        lines.append({"type": "error", "error": outcome.text.strip().splitlines()[-1]})
    else:
        lines.append({"type": "result", "role": "assistant", "content": _summary(done)})
    pause = (ended - started) / len(lines)
    return "".join(
        json.dumps(line | {"timestamp": stamp(started + pause * at + timedelta(milliseconds=1))}, ensure_ascii=False)
        + "\n"
        for at, line in enumerate(lines)
    )


def decision_line(done: Done, decision: str, count: int, limit: int | None) -> dict[str, Any]:
    """One line of `routing/decisions.jsonl`."""
    step = done.step
    line: dict[str, Any] = {"timestamp": done.at, "run_id": done.run, "flow_key": done.flow, "step_id": step.id}
    line |= {"decision": decision, "reason": _reason(done), "agent_key": step.agent}
    if limit:
        line["iteration"] = {"current": count, "max": limit}
    if decision == "ESCALATE":
        line["confidence"] = "LOW"
    return line


def _reason(done: Done) -> str:
    if done.reason.startswith("loop_iteration"):
        return "2 tests fail"
    if done.reason.startswith("max_iterations_reached"):
        return f"{done.reason}; the same 2 tests fail, a human must decide"
    return str(done.reason)


def _summary(done: Done) -> str:
    step, outcome = done.step, done.outcome
    if outcome.kind == "blocked":
        return f"Cannot proceed: {outcome.text}"
    if outcome.kind == "failed":
        return f"Step {step.id} failed: {outcome.text.strip().splitlines()[-1]}"
    if outcome.text:
        return str(outcome.text)
    return f"{step.role} Wrote {done.flow}/{step.artifact}."
