"""Checks of runs of Flow Studio, in both directions: what makes each of them met, not met, and unable to tell."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.models.action import JobState
from cockpit.models.evidence import Rank
from cockpit.models.playbook import CheckResult, Outcome, PlaybookItem
from cockpit.playbooks.checks import combine, known_checks, run_check
from cockpit.playbooks.checks.case import cannot_tell, met, not_met
from cockpit.playbooks.checks.commands import runs_command
from tests.builders import START, FlowStudioRun
from tests.unit.check_cases import anchor_for, case_of, job

MET, NOT_MET, CANNOT_TELL = Outcome.MET, Outcome.NOT_MET, Outcome.CANNOT_TELL
RUN = "run-20261121-040000-abc123"
RETRY = ("make", "stepwise-retry", "RUN_ID={run}", "FLOW={flow}", "STEP={step}")


@pytest.fixture
def run(tmp_path: Path) -> FlowStudioRun:
    return FlowStudioRun(tmp_path, RUN)


def failing(run: FlowStudioRun) -> None:
    """build.branch went well, build.implement failed at second 11."""
    run.meta("failed", at=12, error="boom")
    run.step("build", "branch", "repo-operator", at=1)
    run.step("build", "implement", "code-implementer", at=10, ok=False, error="boom")
    run.event("run_completed", "build", at=12, status="failed", error="boom")


def ask(check: str, run: FlowStudioRun, **more: object) -> CheckResult:
    return run_check(check, case_of(run.path.parent, run.name, **more))  # type: ignore[arg-type]


def test_every_promised_check_is_there_and_says_what_it_confirms() -> None:
    promised = {
        "receipt-succeeded", "receipt-exists", "handoff-not-blocked", "no-open-escalation", "inputs-present",
        "state-succeeded", "no-contradictions", "metrics-agree", "validation-passed", "plan-current",
        "artifact-exists", "artifact-newer", "no-secrets", "job-succeeded", "incident-file-written",
        "scan-log-exists",
    }  # fmt: skip
    assert promised <= set(known_checks())
    assert all(check.id == name and check.title and check.ask.__doc__ for name, check in known_checks().items())


def test_a_check_that_does_not_exist_cannot_tell(run: FlowStudioRun) -> None:
    failing(run)
    found = ask("no-such-check", run)
    assert (found.outcome, found.why) == (CANNOT_TELL, "there is no check 'no-such-check'")


# --- receipts


def test_a_failed_receipt_is_there_and_did_not_succeed(run: FlowStudioRun) -> None:
    failing(run)
    exists, succeeded = ask("receipt-exists", run), ask("receipt-succeeded", run)
    assert exists.outcome is MET
    assert succeeded.outcome is NOT_MET
    assert succeeded.why == "the newest receipt of build.implement says failed: boom"
    proof = succeeded.evidence[0]
    assert (proof.rank, proof.path, proof.quote) == (
        Rank.RECEIPT, f"{RUN}/build/receipts/implement-code-implementer.json", '"status": "failed"',
    )  # fmt: skip


def test_a_receipt_newer_than_the_failure_succeeds_although_the_run_has_moved_on(run: FlowStudioRun) -> None:
    failing(run)
    anchor = anchor_for(run.path.parent, run.name)
    assert (anchor.flow, anchor.step, anchor.agent) == ("build", "implement", "code-implementer")
    assert anchor.failed_at == START + timedelta(seconds=11)
    run.step("build", "implement", "code-implementer", at=30)
    run.event("step_start", "build", "critique_code", "code-critic", at=40)
    run.meta("running", at=40)
    found = ask("receipt-succeeded", run, anchor=anchor)
    assert found.outcome is MET, found.why
    assert "newer than its failure of 04:00:11" in found.why


def test_an_old_success_proves_nothing_of_a_later_failure(run: FlowStudioRun) -> None:
    """Microloops overwrite receipts: one that says succeeded may be that of the round before the failure."""
    run.meta("failed", at=40)
    run.step("build", "implement", "code-implementer", at=10)
    run.event("step_start", "build", "implement", "code-implementer", at=20)
    run.event("step_error", "build", "implement", "code-implementer", at=30, status="failed", error="boom")
    found = ask("receipt-succeeded", run)
    assert found.outcome is NOT_MET
    assert "no newer than its failure of 04:00:30" in found.why
    assert len(found.evidence) == 2


def test_the_failure_that_was_known_at_the_start_counts_when_its_record_is_overwritten(run: FlowStudioRun) -> None:
    run.meta("failed", at=12)
    run.receipt("build", "implement", "code-implementer", status="failed", at=11)
    anchor = anchor_for(run.path.parent, run.name)
    run.receipt("build", "implement", "code-implementer", at=9)
    assert ask("receipt-succeeded", run, anchor=anchor).outcome is NOT_MET
    run.receipt("build", "implement", "code-implementer", at=20)
    assert ask("receipt-succeeded", run, anchor=anchor).outcome is MET


def test_the_success_of_a_stub_is_not_taken(run: FlowStudioRun) -> None:
    failing(run)
    anchor = anchor_for(run.path.parent, run.name)
    run.step("build", "implement", "code-implementer", at=30)
    run.receipt("build", "implement", "code-implementer", at=31, mode="stub")
    found = ask("receipt-succeeded", run, anchor=anchor)
    assert (found.outcome, found.evidence[0].quote) == (NOT_MET, '"mode": "stub"')


def test_a_step_without_a_receipt(run: FlowStudioRun) -> None:
    run.meta("failed", at=12)
    run.step("build", "branch", "repo-operator", at=1)
    run.event("step_start", "build", "implement", "code-implementer", at=10)
    run.event("step_error", "build", "implement", "code-implementer", at=11, status="failed", error="boom")
    for check in ("receipt-exists", "receipt-succeeded"):
        found = ask(check, run)
        assert found.outcome is NOT_MET
        assert "left no receipt" in found.why
        assert found.evidence[0].path.endswith("events.jsonl")
    run.event("step_start", "build", "implement", "code-implementer", at=20)
    run.event("step_end", "build", "implement", "code-implementer", at=21, status="succeeded")
    anchor = anchor_for(run.path.parent, run.name).model_copy(update={"flow": "build", "step": "implement"})
    assert ask("receipt-succeeded", run, anchor=anchor).outcome is CANNOT_TELL


def test_a_receipt_of_an_unknown_status_and_a_run_without_a_failure(run: FlowStudioRun) -> None:
    run.meta("failed", at=12)
    run.receipt("build", "implement", "code-implementer", status="wobbly", at=11)
    anchor = anchor_for(run.path.parent, run.name).model_copy(update={"flow": "build", "step": "implement"})
    found = ask("receipt-succeeded", run, anchor=anchor)
    assert (found.outcome, "wobbly" in found.why) == (CANNOT_TELL, True)
    nowhere = anchor.model_copy(update={"flow": None, "step": None})
    assert ask("receipt-succeeded", run, anchor=nowhere).outcome is CANNOT_TELL


@pytest.mark.parametrize(
    ("measures", "outcome", "said"),
    [
        ({}, CANNOT_TELL, "nothing was measured"),
        ({"tests": {"measured": True, "passed": 3, "failed": 0}}, MET, "not measured: coverage"),
        ({"tests": {"measured": True, "passed": 3, "failed": 2}}, NOT_MET, "2 failed tests"),
        (
            {
                "tests": {"measured": True, "passed": 3, "failed": 0},
                "coverage": {"measured": True, "line_percent": 95},
                "mutation": {"measured": True, "score": 0.2},
            },
            NOT_MET,
            "80% of the mutants survive",
        ),
    ],
)
def test_the_figures_of_the_evidence_panel(
    run: FlowStudioRun, measures: dict[str, Any], outcome: Outcome, said: str
) -> None:
    run.meta("succeeded", at=12)
    run.receipt("build", "implement", "code-implementer", at=11, **measures)
    found = ask("metrics-agree", run)
    assert (found.outcome, said in found.why) == (outcome, True), found.why


# --- progress


def test_a_blocked_handoff_counts_until_its_step_begins_again(run: FlowStudioRun) -> None:
    run.meta("failed", at=12)
    run.step("build", "implement", "code-implementer", at=10)
    assert ask("handoff-not-blocked", run).outcome is CANNOT_TELL
    run.handoff("build", "implement", "BLOCKED", at=11)
    anchor = anchor_for(run.path.parent, run.name)
    found = ask("handoff-not-blocked", run, anchor=anchor)
    assert (found.outcome, found.evidence[0].path) == (NOT_MET, f"{RUN}/build/handoff/implement.json")
    run.step("build", "implement", "code-implementer", at=30)
    run.handoff("build", "implement", "VERIFIED", at=31)
    found = ask("handoff-not-blocked", run, anchor=anchor)
    assert (found.outcome, found.evidence[0].quote) == (MET, '"status": "VERIFIED"')


def test_an_escalation_is_open_until_the_flow_goes_on(run: FlowStudioRun) -> None:
    run.meta("running", at=12)
    assert ask("no-open-escalation", run).outcome is CANNOT_TELL
    run.step("build", "implement", "code-implementer", at=10)
    run.decision("build", "implement", "ESCALATE", at=12, reason="whose key is it?", needs_human=True)
    found = ask("no-open-escalation", run)
    assert found.outcome is NOT_MET
    assert "whose key is it?" in found.why
    assert (found.evidence[0].path, found.evidence[0].line) == (f"{RUN}/build/routing/decisions.jsonl", 1)
    run.step("build", "critique_code", "code-critic", at=20)
    run.decision("build", "critique_code", "CONTINUE", at=22)
    found = ask("no-open-escalation", run)
    assert found.outcome is MET
    assert (found.evidence[0].path, found.evidence[0].line) == (f"{RUN}/build/routing/decisions.jsonl", 2)


def test_an_input_that_is_named_as_missing_is_looked_for(run: FlowStudioRun) -> None:
    run.meta("failed", at=12)
    for place, step in enumerate(("branch", "load_context", "clarify", "author_tests", "critique_tests")):
        run.step("build", step, "agent", at=1 + place)
    error = "FileNotFoundError: [Errno 2] No such file or directory: 'RUN_BASE/plan/adr.md'"
    run.step("build", "implement", "code-implementer", at=10, ok=False, error=error)
    found = ask("inputs-present", run)
    assert found.outcome is NOT_MET
    assert "RUN_BASE/plan/adr.md is missing" in found.why
    run.raw("plan/adr.md", "# ADR", at=20)
    found = ask("inputs-present", run)
    assert found.outcome is MET, found.why
    assert (found.evidence[0].rank, found.evidence[0].path) == (Rank.PHYSICS, f"{RUN}/plan/adr.md")


@pytest.mark.parametrize("name", ["/etc/passwd", "../../etc/passwd", "RUN_BASE/../../../etc/passwd"])
def test_inputs_are_never_looked_for_outside_of_the_root(run: FlowStudioRun, name: str) -> None:
    run.meta("failed", at=12)
    run.step("build", "branch", "repo-operator", at=1, ok=False, error=f"FileNotFoundError: '{name}'")
    assert ask("inputs-present", run).outcome is NOT_MET


def test_a_step_before_that_is_not_done_is_a_missing_input(run: FlowStudioRun) -> None:
    run.meta("failed", at=12)
    run.step("build", "branch", "repo-operator", at=1)
    run.step("build", "load_context", "context-loader", at=3, ok=False, error="no")
    run.step("build", "clarify", "clarifier", at=5, ok=False, error="boom")
    anchor = anchor_for(run.path.parent, run.name).model_copy(update={"step": "clarify"})
    found = ask("inputs-present", run, anchor=anchor)
    assert found.outcome is NOT_MET
    assert "load_context, before clarify, is failed" in found.why
    first = anchor.model_copy(update={"step": "load_context"})
    assert ask("inputs-present", run, anchor=first).outcome is MET
    assert ask("inputs-present", run, anchor=anchor.model_copy(update={"step": "branch"})).outcome is CANNOT_TELL


def test_succeeded_and_contradicted_are_judged_by_the_evidence(run: FlowStudioRun) -> None:
    failing(run)
    run.meta("succeeded", at=13)
    found = ask("state-succeeded", run)
    assert found.outcome is NOT_MET
    assert "build.implement failed" in found.why
    found = ask("no-contradictions", run)
    assert found.outcome is NOT_MET
    assert found.why.startswith('it says "succeeded" and is failed')
    run.meta("failed", at=13)
    assert ask("no-contradictions", run).outcome is CANNOT_TELL, "an honest failure confirms nothing"


def test_a_whole_run_succeeded_and_nothing_contradicts_it(run: FlowStudioRun) -> None:
    run.meta("succeeded", flows=("signal",), at=20)
    for place, step in enumerate(("normalize", "frame", "author_reqs", "critique_reqs", "author_bdd", "scope")):
        run.step("signal", step, "agent", at=1 + place)
    run.event("run_completed", "signal", at=12, status="succeeded")
    assert ask("state-succeeded", run).outcome is MET
    assert ask("no-contradictions", run).outcome is MET


# --- files


def test_evidence_files_are_found_by_their_template(run: FlowStudioRun) -> None:
    failing(run)
    assert ask("artifact-exists", run).outcome is CANNOT_TELL
    assert ask("artifact-exists", run, evidence="{flow}/llm/{step}-{agent}-*.jsonl").why == (
        "no file of the run is build/llm/implement-code-implementer-*.jsonl"
    )
    transcript = run.raw("build/llm/implement-code-implementer-claude.jsonl", "{}\n", at=11)
    found = ask("artifact-exists", run, evidence="{flow}/llm/{step}-{agent}-*.jsonl")
    assert (found.outcome, found.evidence[0].path) == (MET, transcript.relative_to(run.path.parent).as_posix())
    # A link that leads out of the root is no file of the run.
    (run.path / "build" / "llm" / "implement-code-implementer-x.jsonl").symlink_to("/etc/passwd")
    transcript.unlink()
    assert ask("artifact-exists", run, evidence="{flow}/llm/{step}-{agent}-*.jsonl").outcome is NOT_MET


def test_an_evidence_file_must_be_newer_than_the_failure(run: FlowStudioRun) -> None:
    failing(run)
    anchor = anchor_for(run.path.parent, run.name)
    path = "{flow}/fix.md"
    assert ask("artifact-newer", run, evidence=path, anchor=anchor).outcome is NOT_MET
    run.now = START
    run.raw("build/fix.md", "done", at=5)
    found = ask("artifact-newer", run, evidence=path, anchor=anchor)
    assert (found.outcome, "no newer than the failure" in found.why) == (NOT_MET, True)
    run.raw("build/fix.md", "done", at=15)
    assert ask("artifact-newer", run, evidence=path, anchor=anchor).outcome is MET
    # Without a known failure the start of the checklist counts; without that, nothing can be told.
    blank = anchor.model_copy(update={"failed_at": None})
    assert ask("artifact-newer", run, evidence=path, anchor=blank).outcome is CANNOT_TELL
    for seconds, outcome in ((14, MET), (16, NOT_MET)):
        since = START + timedelta(seconds=seconds)
        assert ask("artifact-newer", run, evidence=path, anchor=blank, since=since).outcome is outcome


def test_secrets_are_found_masked_and_a_search_that_was_cut_cannot_tell(
    run: FlowStudioRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(run)
    assert ask("no-secrets", run).outcome is MET
    monkeypatch.setattr("cockpit.runtime.secrets.MAX_FILE_BYTES", 64)
    assert ask("no-secrets", run).outcome is CANNOT_TELL
    monkeypatch.undo()
    key = "sk-ant-" + "a1B2" * 8
    run.raw("build/llm/implement-code-implementer-claude.jsonl", f'{{"content": "export K={key}"}}\n', at=11)
    found = ask("no-secrets", run)
    assert found.outcome is NOT_MET
    assert found.evidence[0].line == 1
    assert key not in found.model_dump_json()


def test_a_scan_log_in_any_flow_counts(run: FlowStudioRun) -> None:
    failing(run)
    assert ask("scan-log-exists", run).outcome is NOT_MET
    run.raw("gate/boundary_scan.log", "clean", at=11)
    assert ask("scan-log-exists", run).outcome is MET


@pytest.mark.parametrize(
    ("content", "outcome"),
    [(b"{}", NOT_MET), (b"", NOT_MET), (b'{"reason": "slo', NOT_MET), (b'{"reason": "slo"}\n', MET), (b"[1]", NOT_MET)],
)
def test_an_incident_file_must_be_whole(run: FlowStudioRun, content: bytes, outcome: Outcome) -> None:
    failing(run)
    path = "incidents/revert-*.json"
    assert ask("incident-file-written", run, evidence=path).outcome is NOT_MET
    run.raw("incidents/revert-1.json", content, at=11)
    assert ask("incident-file-written", run, evidence=path).outcome is outcome


@pytest.mark.parametrize("check", ["validation-passed", "plan-current", "incident-file-written"])
def test_what_this_system_does_not_have_cannot_be_told(run: FlowStudioRun, check: str) -> None:
    failing(run)
    found = ask(check, run)
    assert found.outcome is CANNOT_TELL
    assert "flow-studio" in found.why


# --- jobs


def test_a_job_of_the_action_since_the_start(run: FlowStudioRun) -> None:
    failing(run)
    case = case_of(run.path.parent, run.name)
    key, start = case.run.key, START + timedelta(seconds=50)
    item = PlaybookItem(id="a", text="A", action="retry", command=RETRY)

    def ask_job(*jobs: object, item: PlaybookItem = item) -> CheckResult:
        return ask("job-succeeded", run, item=item, since=start, jobs=jobs)

    assert ask_job().outcome is CANNOT_TELL
    assert "before that" in ask_job(job(key, at=40)).why
    assert ask_job(job("another", at=60)).outcome is CANNOT_TELL
    assert ask_job(job(key, at=60, action="resume")).outcome is CANNOT_TELL
    assert ask_job(job(key, at=60)).outcome is MET
    assert ask_job(job(key, at=60), job(key, at=70, state=JobState.RUNNING, code=None)).outcome is CANNOT_TELL
    failed = ask_job(job(key, at=60), job(key, at=70, state=JobState.FAILED))
    assert (failed.outcome, failed.evidence[0].quote) == (NOT_MET, "failed, exit code 0")
    assert ask_job(job(key, at=70), job(key, at=60, state=JobState.CANCELLED)).outcome is MET
    by_hand = PlaybookItem(id="a", text="A", command=RETRY)
    argv = ("make", "stepwise-retry", f"RUN_ID={RUN}", "FLOW=build", "STEP=implement")
    assert ask_job(job(key, *argv, action="command"), item=by_hand).outcome is MET
    assert ask_job(job(key, *argv[:-1], "STEP=branch", action="command"), item=by_hand).outcome is CANNOT_TELL
    assert ask_job(item=PlaybookItem(id="a", text="A")).outcome is CANNOT_TELL
    assert ask("job-succeeded", run, item=item, jobs=[job(key)]).outcome is CANNOT_TELL


@pytest.mark.parametrize(
    ("argv", "same"),
    [
        (("make", "x", "RUN=r-1"), True),
        (("env", "A=b", "make", "x", "RUN=r-1"), True),
        (("make", "x", "RUN=r-2"), False),
        (("make", "x"), False),
        ((), False),
    ],
)
def test_a_command_is_known_by_its_words(argv: tuple[str, ...], same: bool) -> None:
    assert runs_command(argv, ("make", "x", "RUN={run}"), {"run": "r-1"}) is same


def test_a_field_that_is_not_known_may_be_any_plain_name() -> None:
    template = ("make", "STEP={step}")
    assert runs_command(("make", "STEP=a-b"), template, {"step": None})
    assert not runs_command(("make", "STEP=$(x)"), template, {"step": None})
    assert not runs_command(("make", "STEP=axb"), ("make", "STEP={step}"), {"step": "a.b"})


# --- several runs


@pytest.mark.parametrize(
    ("results", "outcome", "why"),
    [
        ([], CANNOT_TELL, "no run belongs to it that could be looked at"),
        ([("r1", met("good"))], MET, "good"),
        ([("r1", met("good")), ("r2", met("fine"))], MET, "so it is for all 2 runs"),
        ([("r1", met("good")), ("r2", cannot_tell("who knows"))], CANNOT_TELL, "r2: who knows"),
        ([("r1", cannot_tell("who knows")), ("r2", not_met("bad"))], NOT_MET, "r2: bad"),
        ([("r1", not_met("bad")), ("r2", not_met("worse"))], NOT_MET, "r1: bad (2 of 2 runs)"),
    ],
)
def test_one_answer_for_several_runs(results: list[tuple[str, CheckResult]], outcome: Outcome, why: str) -> None:
    found = combine(results)
    assert (found.outcome, found.why) == (outcome, why)


def test_checks_answer_on_a_run_that_holds_nothing(run: FlowStudioRun) -> None:
    outcomes = {check: ask(check, run, evidence="{flow}/{step}/{agent}*").outcome for check in known_checks()}
    assert MET not in (outcomes[check] for check in ("receipt-succeeded", "state-succeeded", "metrics-agree"))
    assert outcomes["receipt-exists"] is CANNOT_TELL


ASKS: list[Callable[[FlowStudioRun], object]] = [
    lambda run: run.raw("build/receipts/implement-x.json", b"\xff\xfe{", at=11),
    lambda run: run.raw("build/handoff/implement.json", b"[" * 5000, at=11),
    lambda run: run.append("build/routing/decisions.jsonl", b"\x1b]52;c;x\x07\n", at=11),
    lambda run: run.raw("meta.json", b"", at=11),
]


@pytest.mark.parametrize("spoil", ASKS)
@pytest.mark.parametrize("check", sorted(known_checks()))
def test_checks_never_raise_on_broken_files(
    run: FlowStudioRun, check: str, spoil: Callable[[FlowStudioRun], object]
) -> None:
    failing(run)
    spoil(run)
    assert ask(check, run, evidence="{flow}/**/{step}*").why
