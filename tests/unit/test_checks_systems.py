"""Checks of runs of the other systems, built and recorded: they answer where there is a trace, else say why not."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.models.playbook import CheckResult, Outcome, PlaybookItem
from cockpit.playbooks.checks import known_checks, run_check
from cockpit.sources import registry
from tests.unit.check_cases import case_of
from tests.unit.curriculum_run import NAME, SOURCE, CurriculumRun, report

MET, NOT_MET, CANNOT_TELL = Outcome.MET, Outcome.NOT_MET, Outcome.CANNOT_TELL
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ask(check: str, run: CurriculumRun, **more: str) -> CheckResult:
    return run_check(check, case_of(run.root, run.name, source=SOURCE, **more))  # type: ignore[arg-type]


def test_a_validation_counts_while_nothing_it_speaks_of_is_newer(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    found = ask("validation-passed", run)
    assert (found.outcome, found.evidence[0].path) == (MET, f"{NAME}/logs/validation.ok")
    run.touch("outputs/curriculum/curriculum.json", 9)
    found = ask("validation-passed", run)
    assert found.outcome is NOT_MET
    assert "older than curriculum.json" in found.why
    assert [one.path for one in found.evidence] == [
        f"{NAME}/logs/validation.ok", f"{NAME}/outputs/curriculum/curriculum.json",
    ]  # fmt: skip


def test_equal_times_are_current_to_the_nanosecond(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    passed = run.path / "logs" / "validation.ok"
    at = (run.path / "outputs" / "curriculum" / "curriculum.json").stat().st_mtime_ns
    for name in ("inputs/topic_spec.json", "outputs/reviews/validation_report.md"):
        os.utime(run.path / name, ns=(at, at))
    os.utime(passed, ns=(at, at))
    assert ask("validation-passed", run).outcome is MET
    os.utime(passed, ns=(at - 1, at - 1))
    assert ask("validation-passed", run).outcome is NOT_MET


def test_a_failed_validation_is_quoted(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    (run.path / "logs" / "validation.ok").unlink()
    run.write("outputs/reviews/validation_report.md", report("FAIL", "Duplicate node titles"), 8)
    found = ask("validation-passed", run)
    assert (found.outcome, found.evidence[0].line, found.evidence[0].quote) == (NOT_MET, 3, "- Verdict: **FAIL**")
    (run.path / "outputs" / "curriculum" / "curriculum.json").unlink()
    assert "no curriculum" in ask("validation-passed", run).why


def test_a_plan_is_current_while_its_sources_are_older(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    assert ask("plan-current", run).outcome is MET
    run.touch("inputs/topic_spec.json", 9)
    assert ask("plan-current", run).outcome is NOT_MET
    (run.path / "inputs" / "topic_spec.json").unlink()
    assert "is not there" in ask("plan-current", run).why
    (run.path / "outputs" / "plan" / "plan.json").unlink()
    assert ask("plan-current", run).outcome is NOT_MET


def test_the_validation_s_receipt_is_its_report(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path, upto="generated")
    run.write("outputs/reviews/validation_report.md", report("FAIL", "Duplicate node titles"), 8)
    found = ask("receipt-succeeded", run)
    assert found.outcome is NOT_MET
    assert "Duplicate node titles" in found.why


FS, CB, AO = "flow-studio", "curriculum-builder", "agents-orchestration"
EXPECTED = [
    (FS, f"{FS}/runs", "run-20261121-040322-2491qz", "handoff-not-blocked", NOT_MET),
    (FS, f"{FS}/runs", "run-20261121-040322-2491qz", "no-open-escalation", NOT_MET),
    (FS, f"{FS}/runs", "run-20261121-040322-2491qz", "inputs-present", NOT_MET),
    (FS, f"{FS}/runs", "run-20261121-040322-2491qz", "no-contradictions", NOT_MET),
    (FS, f"{FS}/runs", "run-20261121-035953-z65pok", "receipt-succeeded", NOT_MET),
    (FS, f"{FS}/runs", "run-20261121-040004-4lg9n7", "state-succeeded", MET),
    (CB, f"{CB}/runs", "20261121-034458-ok-internal", "validation-passed", MET),
    (CB, f"{CB}/runs", "20261121-034458-ok-internal", "plan-current", MET),
    (CB, f"{CB}/runs", "20261121-034940-stale-unsynced", "validation-passed", NOT_MET),
    (CB, f"{CB}/runs", "20261121-034612-validation-fail-dag", "receipt-succeeded", NOT_MET),
    (CB, f"{CB}/runs", "20261121-034529-stage-conflict", "no-open-escalation", NOT_MET),
    (AO, AO, "04-coordinator-run", "no-contradictions", NOT_MET),
    (AO, AO, "10-coordinator-run-ok", "state-succeeded", MET),
    (AO, AO, "04-coordinator-run", "handoff-not-blocked", CANNOT_TELL),
    ("ai-csuite", "ai-csuite", "2aa6b4b5-d1be-4d4b-aeb9-938b361afd9c", "receipt-succeeded", NOT_MET),
    ("ai-csuite", "ai-csuite", "2aa6b4b5-d1be-4d4b-aeb9-938b361afd9c", "no-secrets", CANNOT_TELL),
]  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize(("source", "place", "run", "check", "outcome"), EXPECTED)
def test_what_checks_say_of_recorded_runs(
    real_data: Path, source: str, place: str, run: str, check: str, outcome: Outcome
) -> None:
    system = registry.source_by_id(source)
    assert system is not None
    root = real_data / place
    ref = next(one for one in system.scan(root) if one.id == run)
    found = run_check(check, case_of(root, ref.path, source=system, name=run, now=NOW))
    assert found.outcome is outcome, found.why
    assert found.evidence or outcome is CANNOT_TELL


@pytest.mark.real
def test_the_incident_files_of_ai_csuite_belong_to_their_runs(real_data: Path) -> None:
    system = registry.source_by_id("ai-csuite")
    assert system is not None
    root = real_data / "ai-csuite"
    written: dict[Outcome, list[str]] = {}
    for ref in system.scan(root):
        found = run_check("incident-file-written", case_of(root, ref.path, source=system, name=ref.id, now=NOW))
        written.setdefault(found.outcome, []).append(ref.id)
        if found.outcome is MET:
            assert ref.id in (root / found.evidence[0].path).read_text()
    assert len(written[MET]) >= 4
    assert written[NOT_MET]


@pytest.mark.real
def test_the_file_of_one_kind_of_incident_proves_no_other(real_data: Path) -> None:
    system = registry.source_by_id("ai-csuite")
    assert system is not None
    root = real_data / "ai-csuite"
    run = "6f25340b-7776-473a-abdf-d43e0245b987"
    ref = next(one for one in system.scan(root) if one.id == run)
    for kind, outcome in (("revert", MET), ("bisect", MET), ("rollback", NOT_MET)):
        path = f"incidents/{kind}-*.json"
        case = case_of(root, ref.path, source=system, name=run, now=NOW, evidence=path)
        assert run_check("incident-file-written", case).outcome is outcome, kind


@pytest.mark.real
@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("flow-studio", "flow-studio/runs"), ("flow-studio", "flow-studio/docs-era-synthetic"),
        ("curriculum-builder", "curriculum-builder/runs"), ("agents-orchestration", "agents-orchestration"),
        ("ai-csuite", "ai-csuite"),
    ],
)  # fmt: skip
def test_every_check_answers_with_places_that_are_there(real_data: Path, source: str, place: str) -> None:
    """Evidence is of the run or its root: never a path that leads nowhere."""
    system = registry.source_by_id(source)
    assert system is not None
    root = real_data / place
    refs = list(system.scan(root))
    assert refs
    item = PlaybookItem(id="a", text="A", evidence="{flow}/*", action="retry")
    for ref in refs[:20]:
        case = case_of(root, ref.path, source=system, name=ref.id, now=NOW, item=item)
        for check in known_checks():
            found = run_check(check, case)
            assert found.why
            for evidence in found.evidence:
                assert case.files.look(evidence.path) or (root / evidence.path.partition("#")[0]).exists(), evidence
