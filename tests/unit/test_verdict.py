"""The rules of the verdict, one by one, on built runs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cockpit.diagnosis.claims import Claim, claim_of, contradicted
from cockpit.diagnosis.order import attention_key, attention_rank
from cockpit.diagnosis.parts import gist, span
from cockpit.diagnosis.verdict import Limits, judge
from cockpit.models.evidence import Rank
from cockpit.models.run import ATTENTION, Run, RunRef, RunState
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import START, FlowStudioRun

SOURCE = FlowStudioSource()
SIGNAL = ("normalize", "frame", "author_reqs", "critique_reqs", "author_bdd", "scope")
Judge = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path) -> FlowStudioRun:
    return FlowStudioRun(tmp_path)


def verdict(run: FlowStudioRun, at: float = 60, limits: Limits | None = None) -> Run:
    ref = RunRef(source=SOURCE.id, root=str(run.path.parent), path=run.name, id=run.name)
    now = START + timedelta(seconds=at)
    return judge(SOURCE.detail(ref), now) if limits is None else judge(SOURCE.detail(ref), now, limits)


def said(run: Run) -> str:
    return "\n".join(reason.text for reason in run.reasons)


def whole_signal(run: FlowStudioRun, status: str = "succeeded") -> None:
    run.meta(status, flows=("signal",))
    for number, step in enumerate(SIGNAL):
        run.step("signal", step, "x", at=number * 2)
    run.event("run_completed", "signal", at=12, status="succeeded")


def test_a_whole_run_succeeded(run: FlowStudioRun) -> None:
    whole_signal(run)
    found = verdict(run)
    assert (found.state, found.contradicted, found.steps.done, found.steps.total) == (RunState.SUCCEEDED, False, 6, 6)
    assert (found.flow, found.step, found.becomes) == (None, None, None)
    assert found.reasons[0].evidence[0].line is not None


def test_a_running_run_becomes_stuck_exactly_at_the_limit(run: FlowStudioRun) -> None:
    run.meta("running")
    run.event("step_start", "build", "implement", "code-implementer", at=30)
    found = verdict(run, at=31)
    assert (found.state, found.flow, found.step, found.agent) == (
        RunState.RUNNING,
        "build",
        "implement",
        "code-implementer",
    )
    assert found.becomes is not None
    assert (found.becomes.at, found.becomes.state) == (START + timedelta(seconds=930), RunState.STUCK)
    assert found.at(START + timedelta(seconds=929)).state is RunState.RUNNING
    aged = found.at(START + timedelta(seconds=930))
    fresh = verdict(run, at=930)
    for one in (aged, fresh):
        assert (one.state, one.contradicted, one.step, one.becomes) == (RunState.STUCK, True, "implement", None)
        assert "began at 04:00:30 and never ended; nothing since 04:00:30" in one.reasons[0].text
        assert {evidence.rank for evidence in one.reasons[0].evidence} == {Rank.RECEIPT, Rank.PHYSICS, Rank.NARRATIVE}
    assert verdict(run, at=929).state is RunState.RUNNING


def test_the_limit_is_a_setting(run: FlowStudioRun) -> None:
    run.meta("running")
    run.event("step_start", "build", "implement", "code-implementer", at=0)
    assert verdict(run, at=59, limits=Limits(stuck_after_s=60)).state is RunState.RUNNING
    assert verdict(run, at=60, limits=Limits(stuck_after_s=60)).state is RunState.STUCK


def test_the_newest_tree_says_pending_while_it_runs(run: FlowStudioRun) -> None:
    run.meta("pending")
    assert verdict(run, at=1).state is RunState.PENDING
    run.event("step_timing", "build", "branch", at=5, iteration=1)
    run.event("route_decision", "build", "branch", at=5, next_step_id="load_context", decision="advance")
    found = verdict(run, at=6)
    assert (found.state, found.step, found.agent, found.contradicted) == (
        RunState.RUNNING, "load_context", "context-loader", False,
    )  # fmt: skip
    dead = verdict(run, at=2_000)
    assert (dead.state, dead.step, dead.contradicted) == (RunState.STUCK, "load_context", True)
    assert "load_context was next and left no trace" in said(dead)


def test_a_failure_behind_green_is_a_lie(run: FlowStudioRun) -> None:
    whole_signal(run)
    run.receipt("signal", "frame", "x", status="failed", at=20, error="Traceback\n  x\nKeyError: 'a'")
    found = verdict(run)
    assert (found.state, found.contradicted, found.step, found.steps.failed) == (RunState.FAILED, True, "frame", 1)
    assert found.reasons[0].text == "signal.frame failed: KeyError: 'a'"


def test_a_failed_flow_while_the_next_one_runs_is_a_failure(run: FlowStudioRun) -> None:
    run.meta("running", flows=("signal", "plan"))
    run.step("signal", "normalize", "x", at=0, ok=False, error="boom")
    run.event("run_completed", "signal", at=2, status="failed", error="boom")
    run.event("step_start", "plan", "impact", "impact-analyzer", at=3)
    found = verdict(run, at=4)
    assert (found.state, found.contradicted, found.flow, found.step) == (RunState.FAILED, True, "signal", "normalize")


def test_a_step_that_is_tried_again_is_running_and_fails_with_silence(run: FlowStudioRun) -> None:
    run.meta("running")
    run.step("build", "implement", "code-implementer", at=0, ok=False, error="lint")
    run.event("step_start", "build", "auto-linter", "auto-linter", at=5)
    found = verdict(run, at=6)
    assert (found.state, found.step, found.contradicted) == (RunState.RUNNING, "auto-linter", False)
    assert any(reason.warn and "implement failed: lint" in reason.text for reason in found.reasons)
    assert found.becomes is not None
    assert found.becomes.state is RunState.FAILED
    assert verdict(run, at=2_000).state is RunState.FAILED


def test_a_retry_clears_the_failure(run: FlowStudioRun) -> None:
    run.meta("running")
    run.step("build", "implement", "code-implementer", at=0, ok=False, error="boom")
    assert verdict(run, at=2).state is RunState.FAILED
    run.event("step_start", "build", "implement", "code-implementer", at=10)
    assert verdict(run, at=11).state is RunState.RUNNING


def test_a_resumed_run_has_the_failure_of_its_flow_behind_it(run: FlowStudioRun) -> None:
    run.meta("failed")
    run.step("build", "implement", "code-implementer", at=0, ok=False, error="boom")
    run.event("run_completed", "build", at=2, status="failed", error="boom")
    run.event("run_failed", "build", at=2, error="boom")
    assert verdict(run, at=3).state is RunState.FAILED
    run.meta("running", at=10)
    run.event("step_start", "build", "implement", "code-implementer", at=10)
    found = verdict(run, at=11)
    assert (found.state, found.step, found.contradicted) == (RunState.RUNNING, "implement", False)


@pytest.mark.parametrize("layout", ["code", "docs"])
@pytest.mark.parametrize("claim", ["succeeded", "running", "failed", None])
def test_blocked_is_blocked_whatever_is_claimed(run: FlowStudioRun, layout: str, claim: str | None) -> None:
    if claim is not None:
        run.meta(claim)
    run.step("build", "implement", "code-implementer", at=0)
    run.handoff("build", "implement", "BLOCKED", layout=layout, at=1, summary="adr.md is missing")
    found = verdict(run, at=5)
    assert (found.state, found.step) == (RunState.BLOCKED, "implement")
    assert found.contradicted is (claim in ("succeeded", "running"))
    assert "adr.md is missing" in found.reasons[0].text
    assert found.steps.done == 0


def test_a_blocked_step_that_began_again_is_not_blocked(run: FlowStudioRun) -> None:
    run.meta("running")
    run.step("build", "implement", "code-implementer", at=0)
    run.handoff("build", "implement", "BLOCKED", at=1)
    run.event("step_start", "build", "implement", "code-implementer", at=10)
    assert verdict(run, at=11).state is RunState.RUNNING


def test_a_blocked_draft_counts_unless_the_committed_word_is_good(run: FlowStudioRun) -> None:
    run.meta("failed")
    run.handoff("build", "implement", "BLOCKED", draft=True, summary="no adr")
    assert verdict(run).state is RunState.BLOCKED
    run.handoff("build", "implement", "failed", at=2)
    assert verdict(run).state is RunState.BLOCKED
    run.handoff("build", "implement", "VERIFIED", at=2)
    assert verdict(run).state is RunState.FAILED


def test_an_unanswered_escalation_waits_and_an_answered_one_does_not(run: FlowStudioRun) -> None:
    run.meta("running")
    run.step("build", "implement", "code-implementer", at=0)
    run.decision("build", "implement", "ESCALATE", at=2, reason="which database?")
    found = verdict(run, at=3)
    assert (found.state, found.step, found.becomes) == (RunState.WAITING, "implement", None)
    assert "which database?" in said(found)
    run.event("step_start", "build", "critique_code", "code-critic", at=4)
    assert verdict(run, at=5).state is RunState.RUNNING


def test_a_question_behind_green_is_a_lie(run: FlowStudioRun) -> None:
    whole_signal(run)
    run.event("route_decision", "signal", "scope", at=13, decision="terminate", needs_human=True, reason="sign off")
    found = verdict(run)
    assert (found.state, found.contradicted, found.step) == (RunState.WAITING, True, "scope")


@pytest.mark.parametrize(
    ("claim", "state"),
    [
        ("paused", RunState.PAUSED),
        ("pausing", RunState.PAUSED),
        ("stopped", RunState.PARTIAL),
        ("partial", RunState.PARTIAL),
        ("interrupted", RunState.INTERRUPTED),
        ("canceled", RunState.INTERRUPTED),
        ("cancelled", RunState.INTERRUPTED),
    ],
)
def test_what_an_operator_did_never_becomes_stuck(run: FlowStudioRun, claim: str, state: RunState) -> None:
    run.meta(claim)
    run.step("build", "branch", "repo-operator", at=0)
    found = verdict(run, at=1_000_000)
    assert (found.state, found.contradicted, found.becomes) == (state, False, None)


def test_steps_missing_at_the_end_behind_green_are_a_lie(run: FlowStudioRun) -> None:
    run.meta("succeeded", flows=("signal",))
    for number, step in enumerate(SIGNAL[:5]):
        run.step("signal", step, "x", at=number * 2)
    run.event("run_completed", "signal", at=12, status="succeeded")
    found = verdict(run)
    assert (found.state, found.contradicted, found.flow, found.step) == (RunState.PARTIAL, True, "signal", "scope")
    assert found.reasons[0].text == "signal ended after 5 of 6 steps; no trace of scope"


def test_a_flow_that_never_began_behind_green_is_a_lie(run: FlowStudioRun) -> None:
    whole_signal(run)
    run.meta("succeeded", flows=("signal", "plan"), at=12)
    found = verdict(run)
    assert (found.state, found.contradicted, found.flow, found.step) == (RunState.PARTIAL, True, "plan", "impact")


def test_all_flows_over_but_still_running_is_a_lie(run: FlowStudioRun) -> None:
    whole_signal(run, "running")
    found = verdict(run)
    assert (found.state, found.contradicted) == (RunState.SUCCEEDED, True)


def test_a_directory_without_anything_is_pending(run: FlowStudioRun) -> None:
    found = verdict(run, at=1_000_000)
    assert (found.state, found.claimed, found.becomes) == (RunState.PENDING, None, None)


def test_an_unknown_status_word_is_judged_by_the_evidence(run: FlowStudioRun) -> None:
    run.meta("levitating")
    run.event("step_start", "build", "implement", "code-implementer", at=1)
    assert (verdict(run, at=2).state, verdict(run, at=2).contradicted) == (RunState.RUNNING, False)
    assert verdict(run, at=2_000).state is RunState.STUCK


def test_judging_is_pure(real_data: Path) -> None:
    now = datetime.fromisoformat("2026-11-21T12:00:00+00:00")
    for ref in SOURCE.scan(real_data / "flow-studio" / "runs"):
        detail = SOURCE.detail(ref)
        first = judge(detail, now)
        assert judge(detail, now) == first == Run.model_validate_json(first.model_dump_json())


def test_ageing_agrees_with_judging_anew(real_data: Path) -> None:
    """What silence makes of a run, told ahead, is what a verdict at that moment says."""
    for ref in SOURCE.scan(real_data / "flow-studio" / "runs"):
        detail = SOURCE.detail(ref)
        assert detail.updated_at is not None
        early = judge(detail, detail.updated_at + timedelta(seconds=1))
        for seconds in (1, 899, 900, 90_000):
            now = detail.updated_at + timedelta(seconds=seconds)
            aged, anew = early.at(now), judge(detail, now)
            assert (aged.state, aged.contradicted, aged.flow, aged.step) == (
                anew.state, anew.contradicted, anew.flow, anew.step,
            )  # fmt: skip


@pytest.mark.parametrize("claim", list(Claim))
@pytest.mark.parametrize("state", list(RunState))
def test_green_and_running_are_contradicted_by_trouble(claim: Claim, state: RunState) -> None:
    lie = contradicted(claim, state)
    if claim in (Claim.NONE, Claim.OTHER) or state in (RunState.UNREADABLE, RunState.ARCHIVED):
        assert not lie
    elif claim is Claim.SUCCEEDED:
        assert lie is (state is not RunState.SUCCEEDED)
    elif claim is Claim.RUNNING and state in (RunState.STUCK, RunState.FAILED, RunState.BLOCKED):
        assert lie
    elif claim is Claim.FAILED and state is RunState.FAILED:
        assert not lie


def test_claims_are_read_in_any_case() -> None:
    assert claim_of(" Succeeded") is Claim.SUCCEEDED
    assert claim_of(None) is Claim.NONE
    assert claim_of("levitating") is Claim.OTHER


def test_the_order_of_attention() -> None:
    ref = RunRef(source="s", root="/r", path="p", id="p")
    runs = [
        Run(
            ref=ref.model_copy(update={"path": f"{state.value}{n}"}),
            state=state,
            updated_at=START + timedelta(seconds=n),
        )
        for state in RunState
        for n in (1, 2)
    ]
    ordered = [(run.state, run.ref.path[-1]) for run in sorted(runs, key=attention_key)]
    rest = [RunState.RUNNING, RunState.PAUSED, RunState.PENDING, RunState.SUCCEEDED, RunState.ARCHIVED]
    assert ordered == [(state, n) for state in (*ATTENTION, *rest) for n in ("2", "1")]
    assert sorted({attention_rank(run) for run in runs}) == list(range(len(RunState)))
    unknown = Run(ref=ref, state=RunState.FAILED)
    twin = Run(ref=ref.model_copy(update={"path": "q"}), state=RunState.FAILED)
    assert sorted([twin, unknown], key=attention_key) == [unknown, twin]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""),
        ("\n \n", ""),
        ("one\ntwo", "one"),
        ("Traceback (most recent call last):\n  File x\nKeyError: 1\n", "KeyError: 1"),
        ("Gemini CLI failed: Traceback (most recent call last):\n  File x\nKeyError: 1", "KeyError: 1"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_the_telling_line_of_an_error(text: str | None, line: str) -> None:
    assert gist(text) == line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (900, "15 min"),
        (28_440, "7 h 54 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words
