"""Receipts, handoffs, plans and routing in each of the layouts' spellings."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.models.detail import RunDetail
from cockpit.models.records import (
    Decision,
    Event,
    HandoffStatus,
    Iteration,
    Level,
    Receipt,
    RoutingEntry,
    SignalKind,
    StepFact,
    StepStatus,
)
from cockpit.models.run import RunRef
from cockpit.sources.flow_studio import FlowStudioSource
from cockpit.sources.flow_studio.plan import Names
from tests.builders import START, FlowStudioRun

SOURCE = FlowStudioSource()


def detail_of(run: FlowStudioRun) -> RunDetail:
    root = run.path.parent
    return SOURCE.detail(RunRef(source=SOURCE.id, root=str(root), path=run.name, id=run.name))


@pytest.fixture
def run(tmp_path: Path) -> FlowStudioRun:
    return FlowStudioRun(tmp_path)


def test_a_receipt_of_the_code(run: FlowStudioRun) -> None:
    run.receipt("build", "implement", "code-implementer", status="failed", at=7, error="boom\nlast")
    (receipt,) = detail_of(run).receipts
    assert receipt == Receipt(
        flow="build",
        step="implement",
        agent="code-implementer",
        status=StepStatus.FAILED,
        raw_status="failed",
        started_at=datetime(2026, 11, 21, 4, 0, 6, tzinfo=UTC),
        ended_at=datetime(2026, 11, 21, 4, 0, 7, tzinfo=UTC),
        duration_ms=1000,
        tokens=receipt.tokens,
        model="claude-sonnet-4-20250514",
        error="boom\nlast",
        transcript=f"{run.name}/build/llm/implement-code-implementer-claude.jsonl",
        mode="cli",
        path=f"{run.name}/build/receipts/implement-code-implementer.json",
        modified_at=datetime(2026, 11, 21, 4, 0, 7, tzinfo=UTC),
    )
    assert receipt.tokens is not None
    assert (receipt.tokens.prompt, receipt.tokens.completion, receipt.tokens.total) == (10, 5, 15)
    assert Receipt.model_validate(receipt.model_dump()) == receipt
    assert Receipt.model_validate_json(receipt.model_dump_json()) == receipt


def test_models_made_without_validation_equal_the_validated_ones(real_data: Path) -> None:
    root = real_data / "flow-studio"
    for ref in SOURCE.scan(root):
        detail = SOURCE.detail(ref)
        for receipt in detail.receipts:
            assert Receipt.model_validate(receipt.model_dump(), strict=True) == receipt
        for step in detail.steps:
            assert StepFact.model_validate(step.model_dump(), strict=True) == step


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("succeeded", StepStatus.SUCCEEDED),
        ("SUCCEEDED", StepStatus.SUCCEEDED),
        (" Failed ", StepStatus.FAILED),
        ("interrupted", StepStatus.INTERRUPTED),
        ("timeout", StepStatus.TIMEOUT),
        ("skipped", StepStatus.SKIPPED),
        ("VERIFIED", StepStatus.SUCCEEDED),
        ("whatever", StepStatus.UNKNOWN),
        (None, StepStatus.UNKNOWN),
        (12, StepStatus.UNKNOWN),
        ({"a": 1}, StepStatus.UNKNOWN),
    ],
)
def test_receipt_statuses(run: FlowStudioRun, word: object, status: StepStatus) -> None:
    run.raw("build/receipts/implement-x.json", {"status": word, "step_id": "implement"})
    (receipt,) = detail_of(run).receipts
    assert receipt.status is status
    assert receipt.raw_status == (word if isinstance(word, str) else "12" if word == 12 else None)


@pytest.mark.parametrize(
    ("name", "step", "agent"),
    [
        ("critique_code-code-critic", "critique_code", "code-critic"),
        ("step-3-code-implementer", "step-3", "code-implementer"),
        ("step-6-timeout", "step-6", "timeout"),
        ("odd-agent-name", "odd", "agent-name"),
        ("alone", "alone", None),
    ],
)
def test_step_and_agent_from_the_name_where_the_file_is_silent(
    run: FlowStudioRun, name: str, step: str, agent: str | None
) -> None:
    run.raw(f"build/receipts/{name}.json", {"status": "succeeded"})
    (receipt,) = detail_of(run).receipts
    assert (receipt.flow, receipt.step, receipt.agent) == ("build", step, agent)


@pytest.mark.parametrize(
    ("flow", "step", "agent", "meant"),
    [
        ("build", "branch", "repo-operator", "branch"),
        ("build", "branch", "context-loader", "load_context"),
        ("build", "self_review", "repo-operator", "commit"),
        ("build", "critique_code", "mutator", "mutate"),
        ("build", "implement", "unknown-agent", "implement"),
        ("build", "sq-lint-0", "fixer", "sq-lint-0"),
        ("build", "implement", None, "implement"),
        ("other", "implement", "mutator", "implement"),
    ],
)
def test_records_named_after_the_step_before(flow: str, step: str, agent: str | None, meant: str) -> None:
    assert Names(None).resolve(flow, step, agent) == meant


def test_evidence_blocks_and_exit_codes_are_kept(run: FlowStudioRun) -> None:
    tests = {"measured": True, "passed": 40, "failed": 2}
    run.receipt(
        "build", "implement", "code-implementer", tests=tests, mutation_testing={"measured": False, "reason": "none"},
        telemetry={"x": 1}, tool_calls=[{"exit_code": 0}, {"exit_code": 2}, {"tool": "Read"}],
    )  # fmt: skip
    (receipt,) = detail_of(run).receipts
    assert receipt.measures == {"tests": tests, "mutation_testing": {"measured": False, "reason": "none"}}
    assert receipt.exit_code == 2


@pytest.mark.parametrize("transcript", ["../../../etc/passwd", "/etc/passwd", "llm/../../x", 12, ""])
def test_a_transcript_path_never_leaves_the_run(run: FlowStudioRun, transcript: object) -> None:
    run.receipt("build", "implement", "code-implementer", transcript_path=transcript)
    (receipt,) = detail_of(run).receipts
    assert receipt.transcript in (None, f"{run.name}/build/12")


@pytest.mark.parametrize(
    "word", ["VERIFIED", "verified", "UNVERIFIED", "PARTIAL", "blocked", "BLOCKED", "failed", "skipped"]
)
@pytest.mark.parametrize("layout", ["code", "docs"])
def test_handoff_statuses_in_both_layouts(run: FlowStudioRun, word: str, layout: str) -> None:
    run.handoff("build", "implement", word, layout=layout)
    (handoff,) = detail_of(run).handoffs
    assert handoff.status is HandoffStatus(word.lower())
    assert (handoff.flow, handoff.step, handoff.raw_status, handoff.at) == (
        "build",
        "implement",
        word,
        START.replace(second=1),
    )


def test_a_handoff_of_the_documents(run: FlowStudioRun) -> None:
    run.handoff(
        "build", "step-4", "BLOCKED", layout="docs", agent="code-critic",
        concerns=[{"severity": "HIGH", "description": "No validation", "location": "a.py:4"}, "LOW: flaky", 7, {}],
        assumptions=[{"assumption": "mail", "why": "spec", "impact_if_wrong": "id"}, "plain"],
        routing={"recommendation": "ESCALATE", "reason": "no env", "can_further_iteration_help": False},
    )  # fmt: skip
    (handoff,) = detail_of(run).handoffs
    assert [(one.text, one.severity, one.location) for one in handoff.concerns] == [
        ("No validation", "HIGH", "a.py:4"), ("flaky", "LOW", None), ("7", None, None),
    ]  # fmt: skip
    assert [(one.text, one.why, one.impact) for one in handoff.assumptions] == [
        ("mail", "spec", "id"),
        ("plain", None, None),
    ]
    assert handoff.routing is not None
    assert handoff.routing.decision is Decision.ESCALATE
    assert (handoff.routing.raw_decision, handoff.routing.needs_human, handoff.routing.can_iterate) == (
        "ESCALATE",
        True,
        False,
    )
    assert handoff.agent == "code-critic"


def test_a_handoff_of_the_code_and_its_draft(run: FlowStudioRun) -> None:
    signal = {
        "decision": "advance",
        "next_step_id": "critique_code",
        "reason": "r",
        "confidence": 0.5,
        "needs_human": False,
    }
    run.handoff(
        "build", "implement", "failed", routing_signal=signal, verification_passed=False, error="boom",
        _envelope_source="orchestrator_fallback",
    )  # fmt: skip
    run.handoff("build", "implement", "BLOCKED", draft=True, concerns=["HIGH: missing adr.md"], at=0)
    draft, final = detail_of(run).handoffs
    assert (draft.draft, draft.status, draft.concerns[0].severity) == (True, HandoffStatus.BLOCKED, "HIGH")
    assert (final.draft, final.fallback, final.verified, final.error) == (False, True, False, "boom")
    assert final.routing is not None
    assert (final.routing.decision, final.routing.target, final.routing.confidence) == (
        Decision.CONTINUE,
        "critique_code",
        0.5,
    )


def test_temporary_files_are_ignored(run: FlowStudioRun) -> None:
    run.meta()
    before = SOURCE.fingerprint(detail_of(run).ref)
    run.raw("meta.json.x8k2.tmp", b"{half")
    run.raw("build/handoff/implement.json.abc.tmp", b"")
    detail = detail_of(run)
    assert (detail.problems, detail.handoffs, detail.artifacts) == ((), (), ())
    assert detail.fingerprint == before


def test_the_plan_comes_from_the_trees_own_configuration(tmp_path: Path) -> None:
    flows = tmp_path / "swarm" / "config" / "flows"
    flows.mkdir(parents=True)
    (flows / "build.yaml").write_text(
        "key: build\nsteps:\n  - {id: first, agents: [a]}\n"
        "  - {id: second, agents: [b, c], routing: {max_iterations: 5}}\n"
    )
    (flows / "broken.yaml").write_text("steps: [}")
    (flows / "evil.yaml").write_text("!!python/object/apply:os.system ['touch pwned']")
    run = FlowStudioRun(tmp_path / "swarm" / "runs")
    run.meta(flows=("build", "plan"))
    plan = detail_of(run).plan
    assert [(one.step, one.agent, one.loop_max) for one in plan if one.flow == "build"] == [
        ("first", "a", None), ("second", "b", 5),
    ]  # fmt: skip
    assert len([one for one in plan if one.flow == "plan"]) == 8


def test_a_step_the_run_routed_past_is_not_expected(run: FlowStudioRun) -> None:
    run.meta(flows=("gate",))
    for at, step in enumerate(("receipt", "contract", "security", "coverage", "gate_fix", "merge_decision")):
        run.step("gate", step, "x", at=at * 2)
    assert "policy_check" not in {one.step for one in detail_of(run).plan}


def test_flows_numbered_by_the_documents_have_no_plan(run: FlowStudioRun) -> None:
    run.meta()
    run.receipt("build", "step-1", "context-loader")
    assert detail_of(run).plan == ()


def test_decisions_of_the_documents(run: FlowStudioRun) -> None:
    run.decision("build", "step-3", "LOOP", at=1, iteration={"current": 1, "max": 3})
    run.decision("build", "step-3", "LOOP", at=2, iteration={"current": 3, "max": 3}, confidence="MEDIUM")
    run.decision("build", "step-3", "DETOUR", at=3, detour_target="auto-linter")
    run.decision("build", "step-3", "INJECT_FLOW", at=4, injected_flow="reset")
    run.decision("build", "step-4", "escalate", at=5, reason="human must")
    run.decision("build", "step-4", "CONTINUE", at=6)
    detail = detail_of(run)
    assert [(one.decision, one.level, one.target, one.line) for one in detail.routing] == [
        (Decision.LOOP, Level.INFO, None, 1),
        (Decision.LOOP, Level.WARN, None, 2),
        (Decision.DETOUR, Level.WARN, "auto-linter", 3),
        (Decision.INJECT, Level.INFO, "reset", 4),
        (Decision.ESCALATE, Level.ERROR, None, 5),
        (Decision.CONTINUE, Level.INFO, None, 6),
    ]
    assert detail.routing[1].iteration == Iteration(current=3, max=3)
    assert [one.confidence for one in detail.routing[:2]] == [1.0, 0.6]
    assert detail.routing[4].raw_decision == "escalate"
    assert {one.kind for one in detail.signals} == {SignalKind.LOOP_EXHAUSTED, SignalKind.ESCALATION}


@pytest.mark.parametrize(
    ("payload", "decision", "level", "iteration"),
    [
        ({"from_step": "a", "to_step": "b", "reason": "linear_explicit"}, Decision.CONTINUE, Level.INFO, None),
        ({"from_step": "a", "to_step": None, "reason": "flow_complete"}, Decision.TERMINATE, Level.INFO, None),
        (
            {"to_step": "author_tests", "reason": "loop_iteration:2", "loop_state": {"critique_tests:author_tests": 2}},
            Decision.LOOP, Level.INFO, Iteration(current=2, max=3),
        ),
        (
            {"to_step": "implement", "reason": "max_iterations_reached:3"},
            Decision.CONTINUE, Level.WARN, Iteration(current=3, max=3),
        ),
        ({"to_step": "b", "decision": "unknown", "reason": "stub"}, Decision.CONTINUE, Level.INFO, None),
        ({"decision": "terminate", "needs_human": True, "reason": "?"}, Decision.TERMINATE, Level.ERROR, None),
        (
            {"decision": "terminate", "routing_source": "escalate", "reason": "escalate:no_routing_strategy_matched"},
            Decision.ESCALATE, Level.ERROR, None,
        ),
        (
            {"decision": "advance", "next_step_id": "sq-1", "routing_source": "navigator:detour", "reason": "lint"},
            Decision.DETOUR, Level.WARN, None,
        ),
        ({"decision": "BRANCH", "next_step_id": "b"}, Decision.BRANCH, Level.INFO, None),
    ],
)  # fmt: skip
def test_route_decisions_of_all_trees(
    run: FlowStudioRun, payload: dict[str, Any], decision: Decision, level: Level, iteration: Iteration | None
) -> None:
    run.event("route_decision", "build", "critique_tests", **payload)
    detail = detail_of(run)
    (entry,) = detail.routing
    (event,) = detail.events
    assert (entry.decision, entry.level, entry.iteration) == (decision, level, iteration)
    assert (entry.flow, entry.step, entry.line, event.level) == ("build", "critique_tests", 1, level)


def test_candidates_and_handoffs_speak_only_where_nothing_else_does(run: FlowStudioRun) -> None:
    candidates = {
        "step_id": "x",
        "candidates": [
            {"action": "loop", "target_node": "y"},
            {"action": "advance", "target_node": "z", "is_default": True},
        ],
    }
    signal = {"decision": "advance", "next_step_id": "n", "reason": "by handoff"}
    run.event("route_decision", "build", "a", to_step="b", reason="by event")
    for step in ("a", "b", "c"):
        run.raw(f"build/routing/candidates_step_{step}.json", {**candidates, "step_id": step})
    for step in ("a", "b"):
        run.handoff("build", step, routing_signal=signal)
    found = {one.step: (one.reason, one.target) for one in detail_of(run).routing}
    assert found == {"a": ("by event", "b"), "b": ("by handoff", "n"), "c": ("", "z")}


def test_both_shapes_of_event_lines(run: FlowStudioRun) -> None:
    run.event("step_start", "build", "implement", "code-implementer", at=1)
    run.append(
        "events.jsonl", {"event": "run:paused", "timestamp": "2026-11-21T04:00:02+00:00", "current_step": "implement"}
    )
    first, second = detail_of(run).events
    assert (first.kind, first.at) == ("step_start", START.replace(second=1))
    assert (second.kind, second.step, second.level, second.line) == ("run:paused", "implement", Level.WARN, 2)


def test_event_levels_are_the_same_in_the_pass_and_in_the_entry(real_data: Path) -> None:
    for ref in SOURCE.scan(real_data / "flow-studio" / "runs"):
        detail = SOURCE.detail(ref)
        both: tuple[Sequence[Event] | Sequence[RoutingEntry], ...] = (detail.events, detail.routing)
        for entries in both:
            loud = getattr(entries, "next_level", None)
            if loud is None:
                continue
            for level in Level:
                at, rows = loud(0, 1, {level}), []
                while at is not None:
                    rows.append(at)
                    at = loud(at + 1, 1, {level})
                assert rows == [i for i in range(len(entries)) if entries[i].level is level]


def test_microloops_count_once_and_their_rounds_as_attempts(run: FlowStudioRun) -> None:
    run.meta()
    for at in range(4):
        run.step("build", "author_tests", "test-author", at=at * 4)
        run.step("build", "critique_tests", "test-critic", at=at * 4 + 2)
    assert [(one.step, one.attempts, one.status) for one in detail_of(run).steps] == [
        ("author_tests", 4, StepStatus.SUCCEEDED), ("critique_tests", 4, StepStatus.SUCCEEDED),
    ]  # fmt: skip


def test_a_retried_step_is_what_its_last_attempt_was(run: FlowStudioRun) -> None:
    run.meta()
    run.step("build", "implement", "code-implementer", at=0, ok=False, error="boom")
    (step,) = detail_of(run).steps
    assert (step.status, step.error) == (StepStatus.FAILED, "boom")
    run.event("step_start", "build", "implement", "code-implementer", at=10)
    (step,) = detail_of(run).steps
    assert (step.status, step.error, step.attempts, step.ended_at) == (StepStatus.RUNNING, None, 2, None)
    run.receipt("build", "implement", "code-implementer", at=20)
    (step,) = detail_of(run).steps
    assert (step.status, step.error) == (StepStatus.SUCCEEDED, None)


def test_an_event_does_not_turn_the_failed_receipt_of_its_attempt_green(run: FlowStudioRun) -> None:
    run.event("step_start", "build", "implement", "code-implementer", at=0)
    run.receipt("build", "implement", "code-implementer", at=20, status="failed", error="boom")
    run.event("step_end", "build", "implement", "code-implementer", at=30, status="succeeded")
    (step,) = detail_of(run).steps
    assert (step.status, step.error) == (StepStatus.FAILED, "boom")
    run.event("step_start", "build", "implement", "code-implementer", at=40)
    run.event("step_end", "build", "implement", "code-implementer", at=50, status="succeeded")
    (step,) = detail_of(run).steps
    assert (step.status, step.error) == (StepStatus.SUCCEEDED, None), "another attempt, whose receipt is missing"


def test_a_retry_that_only_writes_a_receipt_counts(run: FlowStudioRun) -> None:
    run.step("build", "implement", "code-implementer", at=0, ok=False, error="boom")
    run.receipt("build", "implement", "code-implementer", at=30)
    (step,) = detail_of(run).steps
    assert step.status is StepStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("meta", "state", "claimed"),
    [
        ("running", "running", "running"),
        ("running", "paused", "paused"),
        ("running", "stopped", "stopped"),
        ("succeeded", "paused", "succeeded"),
        ("failed", "running", "failed"),
        ("PENDING", None, "pending"),
        (None, "interrupted", "interrupted"),
        (None, None, None),
    ],
)
def test_whose_status_counts(run: FlowStudioRun, meta: str | None, state: str | None, claimed: str | None) -> None:
    if meta is not None:
        run.meta(meta)
    if state is not None:
        run.raw("run_state.json", {"status": state, "flow_id": "build", "current_step": "implement"})
    record = detail_of(run).record
    assert record.claimed == claimed
    said = [one for one in (meta, state) if one is not None and one.lower() != claimed]
    assert len(record.others) == len(said)
