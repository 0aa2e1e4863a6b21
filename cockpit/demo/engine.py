"""Plays flows step by step and leaves what the real orchestrator leaves: a burst of files, then silence.

The same engine writes the history of a workspace (simulated clock) and the runs that move while you watch (real
clock), in the code's shapes v1 and v2 (formats/flow-studio.md sections 2 and 7).
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cockpit.demo.envelopes import Done, Outcome, committed, decision_line, draft, receipt, transcript
from cockpit.demo.files import Pace, RunFiles, Stopped, stamp
from cockpit.demo.flows import FLOWS, REQUIRED_INPUT, Flow, Step
from cockpit.demo.record import Record

ENGINE = "claude-step"


class Result(NamedTuple):
    """How a flow ended: `succeeded`, `failed` or `blocked`, with the error or reason and the step it ended at."""

    status: str
    text: str | None
    step: str


class Engine:
    """Plays the flows of one run.

    Attributes:
        record: The run's own record; create or adopt it before playing.
    """

    def __init__(
        self,
        files: RunFiles,
        pace: Pace,
        rng: random.Random,
        *,
        seconds: Callable[[], float],
        outcomes: Mapping[str, Outcome] | None = None,
        shape: str = "v2",
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Prepare to play.

        Args:
            files: The run's files.
            pace: The producer's clock.
            rng: Source of tokens and details.
            seconds: How long the next step takes.
            outcomes: What becomes of a step, by `flow.step`; what is not named succeeds.
            shape: `v1` (no handoffs, no run state, plain events) or `v2`.
            say: Takes the lines a tool would print.
        """
        self._files, self._pace, self._rng = files, pace, rng
        self._seconds, self._outcomes = seconds, dict(outcomes or {})
        self._v2 = shape == "v2"
        self._say = say
        self.record = Record(files, pace)
        self._state: dict[str, Any] = {}
        self._loops: dict[str, int] = {}

    # Playing.

    def play(self, flow: Flow, start: int = 0, *, only: bool = False, resume: bool = False) -> Result:
        """Play a flow from a step to its end, or that step alone, and record the outcome as the real code does.

        Raises:
            Stopped: The producer was told to end, or a step hangs for ever. What is on disk stays as it is.
        """
        self._loops = {}
        self._state = {"run_id": self._files.run_id, "flow_key": flow.key, "handoff_envelopes": {}}
        self.record.write("running")
        self._files.event(
            "run_started", flow.key, None, None, {"mode": "stepwise", "routing_enabled": True, "resume": resume}
        )
        at, executed = start, 0
        result = Result("succeeded", None, flow.steps[start].id)
        while at < len(flow.steps):
            step = flow.steps[at]
            result, following = self._step(flow, step)
            executed += 1
            if only or result.status != "succeeded" or following is None:
                break
            at = flow.position(following)
        self._complete(flow, result, executed, repair=only or resume)
        return result

    def _step(self, flow: Flow, step: Step) -> tuple[Result, str | None]:
        outcome = self._outcome(flow, step)
        started = self._pace.now()
        index = flow.position(step.id)
        payload = {"role": step.role, "agents": [step.agent], "step_index": index + 1, "engine": ENGINE}
        self._files.event("step_start", flow.key, step.id, step.agent, payload, started)
        self._say(f"{flow.key}.{step.id}: {step.agent} started ({index + 1} of {len(flow.steps)})")
        self._work(outcome)
        return self._burst(flow, step, outcome, started)

    def _work(self, outcome: Outcome) -> None:
        """The silence: nothing in the run directory changes while a step works, however long it takes."""
        if outcome.kind == "hung":
            raise Stopped
        total = self._seconds()
        for line in ("  reading the inputs", "  $ pytest tests/ -q", f"  {outcome.text or '42 passed, 3 skipped'}"):
            self._pace.wait(total / 3)
            self._say(line.rstrip("\n"))

    def _burst(self, flow: Flow, step: Step, outcome: Outcome, started: datetime) -> tuple[Result, str | None]:
        """Everything a step leaves, within some hundredths of a second after it has ended."""
        files, ended = self._files, self._pace.now()
        failed, blocked = outcome.kind == "failed", outcome.kind == "blocked"
        if not failed and not blocked and outcome.kind != "hollow":
            files.overwrite(f"{flow.key}/{step.artifact}", _artifact(step, files.run_id))
        verified = files.exists(f"{flow.key}/{step.artifact}") and not failed and not blocked
        following, reason, human = self._route(flow, step, outcome)
        status = "BLOCKED" if blocked else "UNVERIFIED" if failed or self._unsatisfied(step, outcome) else "VERIFIED"
        done = Done(
            files.run_id,
            flow.key,
            step,
            outcome,
            status,
            stamp(ended),
            reason,
            following,
            human=human,
            verified=verified,
        )
        paper = receipt(done, started, ended, self._rng)
        name = f"{flow.key}/receipts/{step.id}-{step.agent}.json"
        if self._v2:
            files.overwrite_json(f"{flow.key}/handoff/{step.id}.draft.json", draft(done))
        files.overwrite_json(name, paper)
        files.overwrite(f"{flow.key}/llm/{step.id}-{step.agent}-claude.jsonl", transcript(done, started, ended))
        envelope = committed(done, round((ended - started).total_seconds() * 1000))
        if self._v2:
            files.replace(f"{flow.key}/handoff/{step.id}.json", envelope)
        files.event("log", flow.key, step.id, step.agent, {"message": f"Step {step.id} executed", "mode": "cli"})
        end = {
            "status": paper["status"],
            "duration_ms": paper["duration_ms"],
            "error": paper.get("error"),
            "engine": ENGINE,
        }
        files.event("step_error" if failed else "step_end", flow.key, step.id, step.agent, end)
        if self._v2:
            self._verification(flow, step, verified)
        if failed:
            self._say(f"{flow.key}.{step.id}: failed")
            return Result("failed", outcome.text, step.id), None
        self._decide(flow, step, done, name, paper)
        if self._v2:
            self._save_state(flow, step, envelope)
        self._say(f"{flow.key}.{step.id}: {status}, {reason}")
        return Result("blocked" if human else "succeeded", reason if human else None, step.id), following

    def _decide(self, flow: Flow, step: Step, done: Done, name: str, paper: dict[str, Any]) -> None:
        """The decision: patched into a critic's receipt, an event, and a line of the routing log where it is news."""
        count = 0
        if step.loop_target:
            count = self._loops.get(f"{step.id}:{step.loop_target}", 0)
            paper["routing"] = {"loop_iteration": count, "max_iterations": step.max_iterations}
            paper["routing"] |= {"decision": "loop" if done.back else "advance", "reason": done.reason}
            self._files.overwrite_json(name, paper)
        payload: dict[str, Any] = {
            "from_step": step.id,
            "to_step": done.following,
            "reason": done.reason,
            "loop_state": dict(self._loops),
        }
        if self._v2:
            payload |= {"decision": "loop" if done.back else "advance", "confidence": 0.9 if done.human else 1.0}
            payload["needs_human"] = done.human
        self._files.event("route_decision", flow.key, step.id, None, payload)
        if self._v2 and (done.back or done.human):
            line = decision_line(done, "ESCALATE" if done.human else "LOOP", count, step.max_iterations)
            self._files.append(f"{flow.key}/routing/decisions.jsonl", line, compact=True)

    def _route(self, flow: Flow, step: Step, outcome: Outcome) -> tuple[str | None, str, bool]:
        """Where to go next, why, and whether a human is needed first."""
        at = flow.position(step.id)
        following = flow.steps[at + 1].id if at + 1 < len(flow.steps) else None
        if outcome.kind == "blocked":
            return None, outcome.text, True
        if step.loop_target and step.max_iterations:
            key = f"{step.id}:{step.loop_target}"
            count = self._loops.get(key, 0)
            if not self._unsatisfied(step, outcome):
                return following, "loop_exit_condition_met:VERIFIED" if count else "linear_explicit", False
            if count < step.max_iterations:
                self._loops[key] = count + 1
                return step.loop_target, f"loop_iteration:{count + 1}", False
            exhausted = outcome.kind == "exhausted"
            return None if exhausted else following, f"max_iterations_reached:{step.max_iterations}", exhausted
        return following, "linear_explicit" if following else "flow_complete", False

    def _unsatisfied(self, step: Step, outcome: Outcome) -> bool:
        if not step.loop_target:
            return False
        return outcome.kind == "exhausted" or self._loops.get(f"{step.id}:{step.loop_target}", 0) < outcome.rounds

    def _outcome(self, flow: Flow, step: Step) -> Outcome:
        outcome = self._outcomes.get(f"{flow.key}.{step.id}", Outcome())
        needed = REQUIRED_INPUT.get((flow.key, step.id))
        if outcome.kind == "succeeded" and needed and needed[0] in self.record.flows:
            path = "/".join(needed)
            if not self._files.exists(path):
                return Outcome("blocked", f"Required input RUN_BASE/{path} does not exist; a human must supply it")
        return outcome

    def _verification(self, flow: Flow, step: Step, verified: bool) -> None:
        self._files.event("verification_started", flow.key, step.id, None, {"station_id": step.agent})
        checks = {"artifact_checks": [[f"{flow.key}/{step.artifact}", verified]], "command_checks": []}
        payload = {"station_id": step.agent, "gate_status_on_fail": "UNVERIFIED"} | checks
        kind = "verification_passed" if verified else "verification_failed"
        self._files.event(kind, flow.key, step.id, None, payload)

    def _save_state(self, flow: Flow, step: Step, envelope: dict[str, Any]) -> None:
        # The real code leaves "running" here for ever, and lists drafts among the envelopes: so do we.
        self._state["handoff_envelopes"][step.id] = envelope
        state: dict[str, Any] = {"run_id": self._files.run_id, "flow_key": flow.key, "current_step_id": step.id}
        state |= {"step_index": flow.position(step.id) + 1, "loop_state": dict(self._loops)}
        state |= {"handoff_envelopes": self._state["handoff_envelopes"], "status": "running"}
        state |= {
            "timestamp": stamp(self._pace.now()),
            "current_flow_index": flow.number,
            "flow_transition_history": [],
        }
        self._files.replace("run_state.json", state)

    def _complete(self, flow: Flow, result: Result, executed: int, *, repair: bool) -> None:
        """The end of a flow. A blocked flow is recorded as succeeded: that is what the real code does.

        A repair (retry, resume) is recorded as partial while a step of the run is still missing.
        """
        failed = result.status == "failed"
        status = "failed" if failed else "succeeded"
        if result.text and result.text.startswith("max_iterations_reached"):
            return  # an escalation nobody answered: the orchestrator waits, and the record stays "running"
        error = result.text if failed else None
        if repair and not failed and (left := self.record.missing()):
            status, error = "partial", f"Stopped at step boundary before {left[1]}"
        payload: dict[str, Any] = {"status": status, "error": error, "steps_completed": executed}
        payload |= {"total_steps_executed": executed, "loop_state_final": dict(self._loops)}
        later = next((known for known in FLOWS.values() if known.number == flow.number + 1), None)
        if self._v2 and later:
            target = f"{later.number}-{later.key}"
            macro: dict[str, Any] = {
                "from_flow": flow.key,
                "to_flow": target,
                "reason": f"{flow.key} complete",
                "flow_succeeded": not failed,
            }
            self._files.event("macro_route", flow.key, None, None, macro | {"loop_count": 0})
            payload |= {"next_flow": target, "macro_route_reason": macro["reason"]}
        self._files.event("run_completed", flow.key, None, None, payload)
        self.record.write(status, error)


def _artifact(step: Step, run_id: str) -> str:
    if step.artifact.endswith(".json"):
        return f'{{\n  "run_id": {_quoted(run_id)},\n  "completion_state": "VERIFIED"\n}}\n'
    return f"# {step.artifact.removesuffix('.md').replace('_', ' ')}\n\n{step.role}\n\nStatus: VERIFIED\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
