"""What the files of a run say, and how their times decide what counts."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.records import Decision, Level, SignalKind, StepStatus
from cockpit.sources.curriculum_builder import layout
from cockpit.sources.curriculum_builder.metadata import check
from cockpit.sources.curriculum_builder.report import classify, parse
from cockpit.sources.curriculum_builder.stage import STAGES, infer
from cockpit.sources.curriculum_builder.topic_spec import check_spec
from cockpit.sources.jsonl import next_level
from tests.unit.curriculum_run import SPEC, CurriculumRun, item, report

FILES = (
    layout.SPEC, layout.CURRICULUM, layout.PREVIOUS, layout.REPORT, layout.PASSED, layout.PLAN, layout.DIFF,
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> CurriculumRun:
    return CurriculumRun(tmp_path)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_is_seen_in_its_files(tmp_path: Path, stage: str) -> None:
    run = CurriculumRun(tmp_path, upto=stage)
    run.write("run.json", b"{}", 7)  # whatever the record says
    done = [one.step for one in run.detail().steps]
    assert done == ["spec", "generate", "validate", "plan", "iterate"][: STAGES.index(stage)]


@pytest.mark.parametrize(
    ("touched", "stage"),
    [
        (layout.SPEC, "generated"), (layout.CURRICULUM, "generated"), (layout.REPORT, "generated"),
        (layout.PREVIOUS, "planned"), (layout.PASSED, "iterated"), (layout.PLAN, "iterated"), (layout.DIFF, "iterated"),
    ],
)  # fmt: skip
def test_a_newer_file_takes_the_stage_back(touched: str, stage: str) -> None:
    times = {name: 10 + place for place, name in enumerate((layout.SPEC, layout.CURRICULUM, layout.REPORT))}
    times |= {layout.PASSED: 12, layout.PLAN: 13, layout.DIFF: 14}
    assert infer(times, spec_ok=True).stage == "iterated"
    assert infer(times | {touched: 99}, spec_ok=True).stage == stage


@pytest.mark.parametrize("missing", [layout.SPEC, layout.REPORT, layout.PASSED])
def test_a_missing_file_takes_the_stage_back(missing: str) -> None:
    times = dict.fromkeys(FILES, 5)
    del times[missing]
    assert infer(times, spec_ok=True).stage == "generated"


def test_equal_times_count() -> None:
    assert infer(dict.fromkeys(FILES, 5), spec_ok=True) == ("iterated", (), False)


@given(st.dictionaries(st.sampled_from(FILES), st.integers(0, 4)), st.booleans())
def test_the_stage_is_the_systems_own(times: dict[str, int], spec_ok: bool) -> None:
    """Against formats 1 written out as it stands there."""

    def newer(file: str, *others: str) -> bool:
        return file in times and all(one in times and times[file] >= times[one] for one in others)

    validated = newer(layout.PASSED, layout.SPEC, layout.CURRICULUM, layout.REPORT)
    planned = validated and newer(layout.PLAN, layout.SPEC, layout.CURRICULUM)
    before = (layout.PREVIOUS,) if layout.PREVIOUS in times else ()
    iterated = planned and newer(layout.DIFF, layout.CURRICULUM, *before)
    expected = "iterated" if iterated else "planned" if planned else "validated" if validated else "generated"
    if layout.CURRICULUM not in times:
        expected = "spec_ready"
    found = infer(times, spec_ok=spec_ok)
    assert found.stage == (expected if spec_ok else "initialized")
    for stale in found.stale:
        assert stale.newer is None or times[stale.newer] > times[stale.file]


def test_a_second_generation_has_a_beginning_and_a_duration(run: CurriculumRun) -> None:
    run.write(layout.PREVIOUS, {"nodes": []}, 1.25)
    generation = run.detail().receipts[0]
    assert (generation.step, generation.duration_ms) == ("generate", 750)
    assert [one.attempts for one in run.detail().steps if one.step == "generate"] == [2]


def test_a_run_that_fails_again_is_no_success(run: CurriculumRun) -> None:
    run.write(layout.PREVIOUS, {"nodes": []}, 20)
    verdict = run.judged()
    assert (verdict.state.value, verdict.contradicted, verdict.step) == ("partial", True, "iterate")
    assert "set the curriculum aside and wrote no new one" in run.said()
    assert "diff_report.json is older than previous_curriculum.json" in run.said()


def test_the_optimiser_is_a_receipt_and_a_loop(run: CurriculumRun) -> None:
    detail = run.detail()
    generation = detail.receipts[0]
    assert (generation.agent, generation.model, generation.raw_status) == (
        "codex_exec", "gpt-x", "max_iterations_reached",
    )  # fmt: skip
    assert generation.measures["optimization"]["timeout_seconds"] == 300
    assert generation.measures["curriculum"] == {
        "nodes": 2,
        "minutes": 90,
        "weeks": 3,
        "added": 1,
        "removed": 0,
        "changed": 0,
    }
    rounds = [one for one in detail.routing if one.iteration is not None]
    assert [one.iteration.model_dump() for one in rounds if one.iteration] == [
        {"current": 1, "max": 4}, {"current": 2, "max": 4},
    ]  # fmt: skip
    assert [one.decision for one in rounds] == [Decision.LOOP, Decision.CONTINUE]
    assert [one.raw_decision for one in detail.routing][:5] == [
        "initialized", "spec_ready", None, "max_iterations_reached", "generated",
    ]  # fmt: skip
    assert rounds[0].reason == "loop_iteration 1 of 2: score 81 → 82; rewrite_node N1: Compound."


def test_being_put_back_is_a_warning_in_the_routing(run: CurriculumRun) -> None:
    line = item("generated", "auto-sync from artifacts (was iterated)", previous_stage="iterated")
    with (run.path / layout.EVENTS).open("a") as log:
        log.write(json.dumps(line) + "\n")
    run.write(layout.TRACE, {}, 2)
    routing = run.detail().routing
    assert next_level(routing, 0, 1, {Level.WARN}) == 6
    assert (routing[6].decision, routing[6].raw_decision, routing[6].target) == (
        Decision.BRANCH,
        "generated",
        "validate",
    )
    assert 'events.jsonl says "generated"' in run.said()


def test_the_history_stands_in_for_a_lost_event_log(run: CurriculumRun) -> None:
    (run.path / layout.EVENTS).unlink()
    events = run.detail().events
    assert [(one.text, one.path, one.line) for one in events] == [
        (f"{stage}: x", f"{run.name}/run.json", None) for stage in STAGES
    ]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Curriculum file not found: /x", "schema"), ("Invalid curriculum JSON: Expecting value", "schema"),
        ("curriculum root must be an object", "schema"), ("nodes must be an array", "schema"),
        ("Missing top-level keys: ['nodes']", "schema"), ("Node N1: missing fields: ['title']", "schema"),
        ("Node N4: estimate_minutes must be a number", "schema"), ("Duplicate node IDs: ['N1']", "schema"),
        ("topic_spec contract error: goal", "schema"),
        ("Node N3: prerequisite 'N99' does not exist", "dag"), ("Node N3: self-dependency", "dag"),
        ("Node N3: 9 prerequisites exceeds max 3", "dag"), ("Circular dependency detected", "dag"),
        ("No root nodes found (every node has prerequisites)", "dag"), ("Unreachable nodes: ['N2']", "dag"),
        ("Node count 3 outside [6, 20]", "dag"), ("derived_total_hours=3.0 outside [12.0, 24.0]", "dag"),
        ("No learning progression", "dag"), ("Graph depth too shallow for 6 nodes", "dag"),
        ("Node N6: standard evidence requires at least 2 resources", "evidence"),
        ("Node N6: missing citation in strict mode", "evidence"),
        ("open_questions must be a list in strict mode", "evidence"),
        ("Node N5: mastery_check.task too short to be actionable", "quality"),
        ("Node N5: core_ideas should name a mechanism", "quality"), ("Node N5: pitfalls should differ", "quality"),
        ("2 possible hidden-prerequisite node(s)", "quality"), ("the moon is full", "other"),
    ],
)  # fmt: skip
def test_failures_are_classified_by_their_words(message: str, kind: str) -> None:
    assert classify(message) == kind


def test_a_failed_report_is_evidence_line_by_line(run: CurriculumRun) -> None:
    run.write(layout.REPORT, report("FAIL", "Circular dependency detected", "Node N1: title must be text"), 8)
    (run.path / layout.PASSED).unlink()
    detail = run.detail()
    errors = [(one.text, one.evidence.line) for one in detail.signals if one.kind is SignalKind.STEP_ERROR]
    assert errors == [("schema: Node N1: title must be text", 14), ("DAG: Circular dependency detected", 13)]
    assert detail.receipts[1].measures["validation"]["classes"] == {"schema": 1, "dag": 1}
    verdict = run.judged()
    assert (verdict.state.value, verdict.step, verdict.contradicted) == ("failed", "validate", True)


def test_a_failure_something_was_changed_after_says_so(run: CurriculumRun) -> None:
    run.write(layout.REPORT, report("FAIL", "Circular dependency detected"), 8)
    (run.path / layout.PASSED).unlink()
    run.touch(layout.CURRICULUM, 9)
    assert "(outputs/curriculum/curriculum.json was changed since: validate again)" in run.said()


def test_a_pass_without_its_mark_does_not_count(run: CurriculumRun) -> None:
    (run.path / layout.PASSED).unlink()
    assert run.judged().state.value == "partial"
    assert "logs/validation.ok is missing or older" in run.said()


def test_a_report_cut_short_has_no_counts() -> None:
    whole = report("FAIL", "Circular dependency detected")
    cut = parse(whole[: whole.index("Total:")])
    assert (cut.verdict, cut.failed, [one.text for one in cut.errors]) == (
        "FAIL",
        None,
        ["Circular dependency detected"],
    )
    assert parse("").error() is None
    assert parse("- Verdict: **FAIL**").error() == "the report names no failure"


@given(st.text())
def test_any_text_is_a_report_of_something(text: str) -> None:
    found = parse(text)
    assert found.verdict is None or found.verdict_line is not None


def test_a_pipeline_that_stopped_half_way_is_next_then_stuck(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path, upto="validated")
    assert (run.judged(60).state.value, run.judged(60).step) == ("running", "plan")
    assert (run.judged(3_600).state.value, run.judged(3_600).contradicted) == ("stuck", False)


def test_an_edit_before_the_end_was_reached_is_a_warning(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path, upto="validated")
    run.touch(layout.SPEC, 30)
    assert "validation_report.md says PASS, but is older than topic_spec.json" in run.said(3_600)
    assert (run.judged(3_600).state.value, run.judged(3_600).step) == ("stuck", "validate")


def test_a_half_written_specification_waits_for_its_author(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path, upto="initialized")
    run.write(layout.SPEC, {**SPEC, "evidence_mode": "lax", "audience": "TBD"}, 3)
    assert run.judged().state.value == "waiting"
    assert "is not ready: audience must not use placeholder text; evidence_mode must be one of" in run.said()


BREACHES: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"goal": None}, "goal must be a non-empty string"),
    "extra": ({"colour": "red"}, "unexpected keys: ['colour']"),
    "placeholder": ({"goal": "for example, sums"}, "goal must not use placeholder text"),
    "list": ({"scope_in": "all"}, "scope_in must be a list of non-empty strings"),
    "blank item": ({"prerequisites": ["", "b"]}, "prerequisites must be a list of non-empty strings"),
    "word": ({"domain_mode": "wild"}, "domain_mode must be one of ['frontier', 'mature']"),
    "constraints": ({"constraints": []}, "constraints must be an object"),
    "context": ({"context_pack": {"focus_terms": 1}}, "context_pack.focus_terms must be a list"),
}


@pytest.mark.parametrize("name", BREACHES)
def test_breaches_of_the_contract(name: str) -> None:
    change, message = BREACHES[name]
    assert message in [one.message for one in check_spec({**SPEC, **change})]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hours_per_week": 0}, "constraints.hours_per_week must be > 0"),
        ({"total_hours_min": True}, "constraints.total_hours_min must be > 0"),
        ({"total_hours_min": 40}, "constraints.total_hours_min must be <= constraints.total_hours_max"),
        ({"node_count_min": 1.5}, "constraints.node_count_min must be >= 1"),
        (
            {"node_count_min": 9, "node_count_max": 3},
            "constraints.node_count_min must be <= constraints.node_count_max",
        ),
        ({"depth": "deep"}, "constraints.depth must be one of ['mastery', 'practical', 'survey']"),
        ({"speed": 1}, "unexpected keys in constraints: ['speed']"),
    ],
)
def test_breaches_of_the_constraints(change: dict[str, Any], message: str) -> None:
    spec = {**SPEC, "constraints": {**SPEC["constraints"], **change}}
    assert [one.message for one in check_spec(spec)] == [message]


def test_a_whole_specification_has_no_breach() -> None:
    assert check_spec(SPEC) == ()
    assert check_spec({**SPEC, "spec_version": "1.0", "misconceptions": ["a"], "context_pack": {"domain": "x"}}) == ()
    assert len(check_spec({})) == 8


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"run_id": " "}, "run_id is missing or blank"),
        ({"stage": "map_generated"}, "stage must be one of"),
        ({"history": []}, "history must be a list with at least one item"),
        ({"history": ["x"]}, "history[0] is not an object"),
        ({"history": [{**item("planned"), "more": 1}]}, "history[0] unexpected keys: ['more']"),
        ({"history": [item("planned"), {**item("planned"), "message": ""}]}, "history[1] message is blank"),
        ({"history": [item("done")]}, "history[0] stage must be one of"),
        ({"history": [{**item("planned"), "metadata": None}]}, "history[0] metadata is not an object"),
    ],
)
def test_a_record_the_system_refuses_makes_the_run_unreadable(
    run: CurriculumRun, change: dict[str, Any], fault: str
) -> None:
    run.record("planned", **change)
    verdict = run.judged()
    assert (verdict.state.value, verdict.claimed) == ("unreadable", None)
    assert fault in run.said()
    assert (run.detail().record.refused or "").startswith(fault)
    assert len(run.detail().steps) == 5  # nothing is hidden for it


def test_keys_beside_the_known_ones_are_allowed_at_the_top() -> None:
    data = {"run_id": "x", "created_at_utc": "y", "stage": "planned", "history": [item("planned")], "owner": "me"}
    assert check(data).fault is None


def test_a_run_behind_its_files_is_done_all_the_same(run: CurriculumRun) -> None:
    run.record("planned")
    assert run.judged().state.value == "succeeded"
    assert "diff_report.json says iterated" in run.said()


def test_an_archive_belongs_to_its_run_and_grows_old(run: CurriculumRun) -> None:
    before = run.detail().fingerprint
    archive = run.root / "archives" / f"{run.name}.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(b"x")
    after = run.detail()
    assert (after.record.tags, after.fingerprint != before) == (("archived",), True)
    os.utime(archive, (0, 0))
    assert run.detail().record.tags == ("archive-outdated",)


def test_steps_that_are_not_current_are_unknown(run: CurriculumRun) -> None:
    run.touch(layout.CURRICULUM, 30)
    statuses = {one.step: one.status for one in run.detail().steps}
    assert statuses["generate"] is StepStatus.SUCCEEDED
    assert {statuses[one] for one in ("validate", "plan", "iterate")} == {StepStatus.UNKNOWN}
    assert run.judged().steps.model_dump() == {"done": 2, "failed": 0, "total": 5}
