"""From facts to findings: evidence for and against, order, suggestions, and what may never be repeated."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.findings import diagnose, rank
from cockpit.diagnosis.rulebook import load_rules, shipped_rules
from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.finding import Finding
from cockpit.models.physics import HostFacts, Physics, ProcessFact, Pulse
from cockpit.models.records import (
    Artifact,
    Decision,
    Handoff,
    HandoffStatus,
    Iteration,
    PlannedStep,
    Receipt,
    RoutingEntry,
    RunRecord,
    Signal,
    SignalKind,
    StepFact,
    StepStatus,
)
from cockpit.models.run import Run, RunRef
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import START, FlowStudioRun
from tests.samples import NOW, evidence, make_detail, make_run

RULES = shipped_rules()
PLAYBOOKS = ("failed-run", "stuck-run")


def found(detail: RunDetail, **more: Any) -> dict[str, Finding]:
    run = judge(detail, NOW)
    given_: dict[str, Any] = {"rules": RULES, "playbooks": PLAYBOOKS, **more}
    return {one.id: one for one in diagnose(run, detail, NOW, **given_)}


def read(run: FlowStudioRun) -> RunDetail:
    source = FlowStudioSource()
    return source.detail(next(ref for ref in source.scan(run.path.parent) if ref.id == run.name))


def failed(error: str, status: str = "failed", **more: Any) -> RunDetail:
    """A run of Flow Studio whose step implement failed with a text."""
    place = evidence("run-1/build/receipts/implement-code-implementer.json", quote=error)
    step = StepFact(flow="build", step="implement", status=StepStatus.FAILED, error=error, evidence=place)
    claim = Evidence(rank=Rank.NARRATIVE, path="run-1/meta.json", quote=f'"status": "{status}"')
    record = RunRecord(claimed=status, finished=True, flows=("build",), evidence=claim)
    given_: dict[str, Any] = {"record": record, "steps": (step,), "started_at": START, "updated_at": START, **more}
    return make_detail(**given_)


def receipt(status: StepStatus = StepStatus.SUCCEEDED, step: str = "implement", **more: Any) -> Receipt:
    path = f"run-1/build/receipts/{step}-agent.json"
    return Receipt(flow="build", step=step, status=status, raw_status=status.value, path=path, **more)


def signal(kind: SignalKind, text: str, line: int | None = None, step: str = "implement") -> Signal:
    return Signal(
        kind=kind, flow="build", step=step, text=text, at=START, evidence=evidence("run-1/events.jsonl", line, text)
    )


# --- causes ---------------------------------------------------------------------------------------


def test_a_failure_is_explained_with_its_place_its_step_and_what_helps() -> None:
    findings = found(failed("Traceback (most recent call last):\nModuleNotFoundError: No module named 'httpx_retry'\n"))
    best = next(iter(findings.values()))
    assert (best.id, best.title) == ("missing-module", "Missing dependency: httpx_retry")
    assert (
        best.cause == "The environment of build.implement lacks the module httpx_retry, "
        "or the module lacks the name that is imported."
    )
    assert best.supporting[0].path == "run-1/build/receipts/implement-code-implementer.json"
    assert "No module named 'httpx_retry'" in best.supporting[0].quote
    assert best.suggests is not None
    assert (best.suggests.action, best.suggests.flow, best.suggests.step) == ("retry", "build", "implement")
    assert best.signature == "modulenotfounderror: no module named 'httpx_retry'"
    assert best.playbook == "failed-run"
    assert "step-failed" not in findings, "a rule that only repeats the verdict is silent where another one explains it"


def test_a_failure_nobody_knows_is_said_plainly() -> None:
    findings = found(failed("gremlins in the lamp"))
    assert list(findings) == ["step-failed"]
    assert findings["step-failed"].cause.startswith("build.implement failed: gremlins in the lamp")


@pytest.mark.parametrize(
    "source", ["curriculum-builder", "agents-orchestration", "ai-csuite", "custom", "a-third-party"]
)
def test_no_system_is_left_without_a_word(source: str) -> None:
    ref = RunRef(source=source, root="/srv", path="run-1", id="run-1")
    assert len(found(failed("gremlins in the lamp", ref=ref))) == 1
    silent = make_detail(ref=ref, record=RunRecord(claimed="running"), started_at=START, updated_at=START)
    assert found(silent)


def test_a_third_party_system_is_explained_like_a_declared_one() -> None:
    text = "ModuleNotFoundError: No module named 'x'"
    for source in ("custom", "a-third-party"):
        ref = RunRef(source=source, root="/srv", path="run-1", id="run-1")
        assert next(iter(found(failed(text, ref=ref)))) == "missing-module"


def test_an_error_of_a_step_that_was_done_again_counts_less() -> None:
    text = "ModuleNotFoundError: No module named 'x'"
    again = (
        StepFact(
            flow="build", step="branch", status=StepStatus.SUCCEEDED, error=text, evidence=evidence("run-1/a.json")
        ),
        StepFact(
            flow="build", step="implement", status=StepStatus.FAILED, error="boom", evidence=evidence("run-1/b.json")
        ),
    )
    assert (
        found(failed("boom", steps=again))["missing-module"].confidence
        < found(failed(text))["missing-module"].confidence / 1.5
    )


def test_a_receipt_that_says_the_opposite_is_evidence_against() -> None:
    alone = found(failed("TimeoutError: step exceeded 300s"))["step-timeout"]
    doubted = found(failed("TimeoutError: step exceeded 300s", receipts=(receipt(),)))
    assert doubted["step-timeout"].confidence < alone.confidence
    assert [one.path for one in doubted["step-timeout"].against] == ["run-1/build/receipts/implement-agent.json"]
    assert "contradiction-receipt" in doubted


def test_a_time_limit_the_step_never_came_near_is_doubted() -> None:
    detail = failed("TimeoutError: step exceeded 300s")
    short = detail.steps[0].model_copy(update={"started_at": START, "ended_at": START + timedelta(seconds=2)})
    long = detail.steps[0].model_copy(update={"started_at": START, "ended_at": START + timedelta(seconds=299)})
    doubted = found(failed("", steps=(short,)))["step-timeout"]
    assert "took 2.0 s, the limit was 300 s" in [one.quote for one in doubted.against]
    assert doubted.confidence < found(failed("", steps=(long,)))["step-timeout"].confidence


# --- contradictions -------------------------------------------------------------------------------


def test_success_over_a_failed_receipt_is_a_finding_of_its_own() -> None:
    findings = found(failed("boom", status="succeeded"))
    lie = findings["contradiction-failed-step"]
    assert lie.kind == "contradiction"
    assert "build.implement failed: boom" in lie.cause
    assert "contradiction-failed-step" not in found(failed("boom"))


def test_success_over_missing_steps_and_over_blocked(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.step("build", "branch", "repo-operator", at=1)
    run.event("run_completed", "build", at=5, status="succeeded")
    run.meta("succeeded", at=6)
    assert "contradiction-missing-steps" in found(read(run))
    run.handoff("build", "load_context", "BLOCKED", at=7, summary="plan/adr.md does not exist")
    run.meta("succeeded", at=8)
    findings = found(read(run))
    assert {"contradiction-blocked", "blocked"} <= set(findings)
    assert findings["blocked"].suggests is not None
    assert findings["blocked"].suggests.action == "resume"


def test_verified_over_a_failed_verification() -> None:
    lying = Handoff(flow="build", step="implement", status=HandoffStatus.VERIFIED, verified=False, path="run-1/h.json")
    record = RunRecord(claimed="succeeded", finished=True)
    findings = found(make_detail(record=record, handoffs=(lying,), updated_at=START))
    assert findings["contradiction-verified"].supporting[0].path == "run-1/h.json"
    honest = lying.model_copy(update={"verified": True})
    assert "contradiction-verified" not in found(make_detail(record=record, handoffs=(honest,), updated_at=START))


@pytest.mark.parametrize(
    ("code", "status", "lies"),
    [(0, "failed", True), (2, "succeeded", True), (0, "succeeded", False), (2, "failed", False)],
)
def test_an_exit_code_that_says_something_else_than_the_step(code: int, status: str, lies: bool) -> None:
    detail = make_detail(record=RunRecord(claimed="failed"), receipts=(receipt(StepStatus(status), exit_code=code),))
    assert ("contradiction-exit-code" in found(detail)) is lies


def test_exit_code_zero_of_the_command_over_a_failed_step() -> None:
    claim = Evidence(rank=Rank.PHYSICS, path="run-1/output.log", line=9, quote="rc=0")
    record = RunRecord(claimed="exit 0", means="succeeded", finished=True, flows=("workflow",), evidence=claim)
    findings = found(failed("Connection refused", record=record))
    assert findings["contradiction-exit-code"].supporting == (claim,)
    assert "contradiction-failed-step" not in findings, "one lie is told once"


def test_an_agent_that_claims_passed_tests_over_its_own_receipt() -> None:
    done = Handoff(
        flow="build", step="implement", status=HandoffStatus.VERIFIED, summary="All tests pass.", path="run-1/h.json"
    )
    counts = {"tests": {"measured": True, "passed": 40, "failed": 2}}
    record = RunRecord(claimed="running")
    lie = found(make_detail(record=record, handoffs=(done,), receipts=(receipt(measures=counts),)))
    assert [one.path for one in lie["contradiction-tests-claimed"].supporting] == [
        "run-1/build/receipts/implement-agent.json",
        "run-1/h.json",
    ]
    by_code = found(make_detail(record=record, handoffs=(done,), receipts=(receipt(StepStatus.FAILED, exit_code=1),)))
    assert "contradiction-tests-claimed" in by_code
    honest = done.model_copy(update={"summary": "2 tests fail, 40 passed"})
    assert "contradiction-tests-claimed" not in found(
        make_detail(record=record, handoffs=(honest,), receipts=(receipt(measures=counts),))
    )


def test_figures_that_disagree_and_figures_that_are_missing() -> None:
    hollow = {
        "tests": {"measured": True, "passed": 40, "failed": 0},
        "coverage": {"line_percent": 92},
        "mutation": {"score": 31},
    }
    record = RunRecord(claimed="succeeded")
    findings = found(make_detail(record=record, receipts=(receipt(measures=hollow),)))
    assert "69% of the mutants survive" in findings["contradiction-metrics"].cause
    absent = {"security": {"measured": False, "reason": "no scanner"}}
    assert (
        found(make_detail(record=record, receipts=(receipt(measures=absent),)))["not-measured"].title
        == "security was not measured"
    )
    solid = {"tests": {"failed": 0}, "coverage": {"line_percent": 92}, "mutation": {"score": 85}}
    assert not found(make_detail(record=record, receipts=(receipt(measures=solid),)))


def test_evidence_older_than_what_it_speaks_of_is_stale() -> None:
    ref = RunRef(source="curriculum-builder", root="/srv", path="runs/c", id="c")

    def artifacts(report: float, curriculum: float) -> tuple[Artifact, ...]:
        paths = {"outputs/reviews/validation_report.md": report, "outputs/curriculum/curriculum.json": curriculum}
        return tuple(
            Artifact(path=f"runs/c/{path}", kind="x", size=1, modified_at=START + timedelta(seconds=at))
            for path, at in paths.items()
        )

    record = RunRecord(claimed="iterated", finished=True)
    stale = found(make_detail(ref=ref, record=record, artifacts=artifacts(0, 60), updated_at=START))
    shown = stale["contradiction-stale-artifacts"]
    assert {one.rank for one in shown.supporting} == {Rank.PHYSICS}
    assert "validation_report.md of 04:00:00 is older than curriculum.json of 04:01:00" in shown.cause
    fresh = found(make_detail(ref=ref, record=record, artifacts=artifacts(60, 0), updated_at=START))
    assert not fresh


def test_a_flow_done_before_an_earlier_one_was_done_again_is_stale() -> None:
    def step(flow: str, at: int) -> StepFact:
        when = START + timedelta(seconds=at)
        return StepFact(
            flow=flow, step="s", status=StepStatus.SUCCEEDED, ended_at=when, evidence=evidence(f"run-1/{flow}.json")
        )

    plan = (PlannedStep(flow="build", step="s"), PlannedStep(flow="gate", step="s"))
    record = RunRecord(claimed="succeeded", flows=("build", "gate"), finished=True)
    stale = found(make_detail(record=record, plan=plan, steps=(step("gate", 10), step("build", 50))))
    assert "gate ended at 04:00:10, before build.s was done again at 04:00:50" in stale["contradiction-stale"].cause
    assert not found(make_detail(record=record, plan=plan, steps=(step("build", 10), step("gate", 50))))


# --- the stuck questions --------------------------------------------------------------------------


def test_a_step_without_a_receipt_and_without_a_handoff(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.step("build", "branch", "repo-operator", at=1)
    run.handoff("build", "branch", at=2)
    run.event("step_start", "build", "load_context", "context-loader", at=3)
    run.meta("running", at=4)
    findings = found(read(run))
    for name in ("step-without-receipt", "no-handoff", "silent-producer", "contradiction-dead-producer"):
        assert name in findings, name
        assert findings[name].supporting, name
    assert findings["step-without-receipt"].supporting[0].line == 3


def test_a_handoff_that_the_orchestrator_made_up() -> None:
    made_up = Handoff(
        flow="build", step="implement", status=HandoffStatus.UNVERIFIED, fallback=True, path="run-1/h.json"
    )
    assert found(failed("", handoffs=(made_up,)))["made-up-handoff"].supporting[0].path == "run-1/h.json"


def test_a_missing_input_and_its_late_arrival() -> None:
    blocked = signal(SignalKind.BLOCKED, "Required input RUN_BASE/plan/adr.md does not exist")
    record = RunRecord(claimed="failed", flows=("build",))
    detail = make_detail(record=record, signals=(blocked,), updated_at=START)
    missing = found(detail)["missing-input"]
    assert missing.title == "Required input is missing: RUN_BASE/plan/adr.md"
    arrived = Artifact(path="run-1/plan/adr.md", kind="artifact", size=7, modified_at=START)
    later = found(make_detail(record=record, signals=(blocked,), artifacts=(arrived,), updated_at=START))[
        "missing-input"
    ]
    assert [(one.path, one.quote) for one in later.against] == [("run-1/plan/adr.md", "is there, 7 bytes")]
    assert later.confidence < missing.confidence


def test_an_escalation_that_nobody_answered() -> None:
    asked = signal(SignalKind.ESCALATION, "which login flow?")
    record = RunRecord(claimed="running", flows=("build",))
    assert found(make_detail(record=record, signals=(asked,), updated_at=START))["unhandled-escalation"].supporting == (
        asked.evidence,
    )


def test_the_step_before_did_not_finish() -> None:
    plan = tuple(PlannedStep(flow="build", step=name) for name in ("branch", "clarify", "implement"))
    detail = failed("boom", plan=plan)
    first = StepFact(flow="build", step="branch", status=StepStatus.SUCCEEDED, evidence=evidence())
    findings = found(failed("boom", plan=plan, steps=(first, *detail.steps)))
    assert findings["previous-step-incomplete"].cause.startswith("build.clarify, before implement, left no trace")
    assert "previous-step-incomplete" not in found(
        failed("boom", plan=plan[:1] + plan[2:], steps=(first, *detail.steps))
    )


def loop(reason: str, line: int, decision: Decision = Decision.LOOP) -> RoutingEntry:
    at = START + timedelta(seconds=line)
    return RoutingEntry(
        at=at, flow="build", step="implement", decision=decision, reason=reason,
        iteration=Iteration(current=line, max=3), path="run-1/build/routing/decisions.jsonl", line=line,
    )  # fmt: skip


def test_the_same_failure_twice_and_the_detour_that_answers_it() -> None:
    twice = (loop("2 tests fail: test_login", 1), loop("3 tests fail: test_login", 2))
    repeated = found(failed("boom", routing=twice))["same-failure-twice"]
    assert [one.line for one in repeated.supporting] == [1, 2]
    detour = loop("lint errors", 3, Decision.DETOUR)
    answered = found(failed("boom", routing=(*twice, detour)))["same-failure-twice"]
    assert [one.line for one in answered.against] == [3]
    assert answered.confidence < repeated.confidence
    for harmless in (
        (twice[0],),
        (twice[0], loop("coverage too low", 2)),
        (loop("loop_iteration:1", 1), loop("loop_iteration:2", 2)),
    ):
        assert "same-failure-twice" not in found(failed("boom", routing=harmless))


def test_a_step_that_failed_in_every_attempt_is_not_to_be_resumed_in_ai_csuite() -> None:
    ref = RunRef(source="ai-csuite", root="/srv", path="dev.db#1", id="1")
    detail = failed("Injected failure at engineer", ref=ref)
    spent = detail.steps[0].model_copy(update={"attempts": 3})
    findings = found(failed("", ref=ref, steps=(spent,)))
    best = next(iter(findings.values()))
    assert best.id == "retries-exhausted"
    assert best.suggests is not None
    assert best.suggests.action == "retry", "there a new run for the same item"
    assert "Do not resume" in (best.warning or "")
    assert "retries-exhausted" not in found(detail)


# --- physics and other runs -----------------------------------------------------------------------


def physics(pulse: Pulse, **host: float) -> Physics:
    process = ProcessFact(pid=7, name="python", started_at=START, status="sleeping", waiting_on="a socket")
    return Physics(at=NOW, pulse=pulse, processes=() if pulse is Pulse.GONE else (process,), host=HostFacts(**host))


def test_dead_idle_and_busy_producers_are_told_apart() -> None:
    record = RunRecord(claimed="running", started_at=START, flows=("build",))
    detail = make_detail(record=record, started_at=START, updated_at=START)
    alone = found(detail)
    gone = found(detail, physics=physics(Pulse.GONE))
    assert next(iter(gone)) == "producer-gone"
    idle = found(detail, physics=physics(Pulse.IDLE))
    assert "waits on a socket" in idle["producer-idle"].supporting[0].quote
    busy = found(detail, physics=physics(Pulse.ALIVE))
    assert "slow-not-stuck" in busy
    assert busy["silent-producer"].confidence < alone["silent-producer"].confidence
    assert not {"producer-gone", "producer-idle", "slow-not-stuck"} & set(alone)


def test_a_host_that_is_full_is_a_finding() -> None:
    full = found(failed("boom"), physics=physics(Pulse.UNKNOWN, cpu_percent=99, memory_percent=97, disk_free_percent=3))
    assert {"host-cpu", "host-memory", "host-disk"} <= set(full)
    assert full["host-disk"].title == "The disk of the runs is nearly full: disk free 3 %"
    assert "Do not clean logs" in (full["host-disk"].warning or "")
    roomy = found(
        failed("boom"), physics=physics(Pulse.UNKNOWN, cpu_percent=50, memory_percent=50, disk_free_percent=50)
    )
    assert not {"host-cpu", "host-memory", "host-disk"} & set(roomy)


def test_other_runs_with_the_same_signature_are_named_the_first_of_them_too() -> None:
    detail = failed("TimeoutError: step exceeded 300s")
    mine = judge(detail, NOW).signature
    others = [
        make_run("run-7", age=90_000, signature=mine),
        make_run("run-8", age=1, signature=mine),
        make_run("run-9", signature="else"),
    ]
    recurring = found(detail, others=others)["recurring-failure"]
    assert "2 other runs failed in the same way, the first of all was run-7" in recurring.cause
    assert recurring.signature == mine
    assert "recurring-failure" not in found(detail, others=[others[2]])


# --- what the caller knows ------------------------------------------------------------------------


def test_no_finding_names_a_playbook_that_is_not_there_or_an_action_that_cannot_be_done() -> None:
    detail = failed("ModuleNotFoundError: No module named 'x'", status="succeeded")
    for finding in found(detail, playbooks=("stuck-run",), actions=()).values():
        assert finding.playbook in (None, "stuck-run")
        assert finding.suggests is None
    assert found(detail, actions=("retry",))["missing-module"].suggests is not None


def test_rules_of_the_user_make_findings(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[rule]]\nid = "gremlins"\nmatch = ["gremlins in the (\\\\w+)"]\ntitle = "Gremlins: {name} {unknown} {text}"\n'
        'cause = "c"\nfix = "f"\nconfidence = 0.99\n'
    )
    findings = found(failed("gremlins in the {text}lamp", status="failed"), rules=load_rules(tmp_path))
    assert "gremlins" not in findings
    findings = found(failed("gremlins in the lamp"), rules=load_rules(tmp_path))
    assert next(iter(findings.values())).title == "Gremlins: lamp {unknown} gremlins in the lamp"


def test_a_secret_in_an_error_is_masked_wherever_it_is_said() -> None:
    secret = "sk-ant-api03-" + "Ab1" * 12
    findings = found(failed(f"TimeoutError: step exceeded 300s with key {secret} and password='hunter2hunter2'"))
    assert findings
    said = "".join(one.model_dump_json(by_alias=True) for one in findings.values())
    assert "step exceeded 300s" in said
    assert "[masked]" in said
    assert secret not in said
    assert "hunter2" not in said


def test_the_document_has_the_fields_of_the_contract() -> None:
    best = next(iter(found(failed("TimeoutError: step exceeded 300s")).values()))
    document = best.document()
    assert {"id", "title", "playbook", "confidence", "cause", "fix", "for", "against", "suggests", "signature"} <= set(
        document
    )
    assert set(document["suggests"]) == {"action", "flow", "step"}
    assert set(document["for"][0]) == {"rank", "path", "line", "quote"}


# --- for all inputs -------------------------------------------------------------------------------

texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from(("ModuleNotFoundError: No module named 'x'", "TimeoutError", "permission denied", "{text}{where}")),
)


@given(
    st.lists(st.tuples(st.sampled_from(list(StepStatus)), texts), max_size=4),
    st.sampled_from((None, "succeeded", "running", "failed", "odd")),
)
def test_whatever_the_facts_findings_are_ranked_bounded_and_stable(
    steps: list[tuple[StepStatus, str]], claimed: str | None
) -> None:
    facts = tuple(
        StepFact(flow="build", step=f"s{number}", status=status, error=error, evidence=evidence(f"run-1/{number}.json"))
        for number, (status, error) in enumerate(steps)
    )
    detail = make_detail(record=RunRecord(claimed=claimed, flows=("build",)), steps=facts, updated_at=START)
    run = judge(detail, NOW)
    findings = diagnose(run, detail, NOW, rules=RULES, playbooks=PLAYBOOKS)
    assert findings == diagnose(run, detail, NOW, rules=RULES, playbooks=PLAYBOOKS) == rank(findings)
    assert list(findings) == sorted(findings, key=lambda one: (-one.confidence, one.id))
    assert len({one.id for one in findings}) == len(findings)
    assert all(0 < one.confidence < 1 and one.supporting is not None for one in findings)
    assert set(run.findings) <= {one.id for one in findings}


def test_findings_of_a_summary_that_silence_turned_stuck() -> None:
    record = RunRecord(claimed="running", started_at=START, flows=("build",))
    detail = make_detail(record=record, started_at=START, updated_at=START)
    early = judge(detail, START + timedelta(seconds=10))
    assert early.state.value == "running"
    assert not early.findings
    late = early.at(NOW)
    assert "silent-producer" in late.findings
    direct: Run = judge(detail, NOW)
    assert set(late.findings) == set(direct.findings)
    assert [one.id for one in diagnose(early, detail, NOW, rules=RULES)][:1] == ["silent-producer"]
