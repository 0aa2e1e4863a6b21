"""Every recorded run of curriculum-builder comes out as a correct reader must conclude (formats 5)."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Rank
from cockpit.models.records import StepStatus
from cockpit.models.run import Run
from cockpit.sources.curriculum_builder import CurriculumBuilderSource
from cockpit.sources.curriculum_builder.stage import STAGES, STEPS
from tests.conftest import NOW

pytestmark = pytest.mark.real
SOURCE = CurriculumBuilderSource()


class Row(NamedTuple):
    """One row of the table, and what follows from it."""

    recorded: str | None
    """Stage of run.json; `None` where the system cannot read it."""
    inferred: str
    verdict: str | None
    events: int
    state: str
    step: str | None = None
    words: tuple[str, ...] = ()
    lie: bool = False


def done(events: int = 6, *words: str) -> Row:
    return Row("iterated", "iterated", "PASS", events, "succeeded", None, ("all of it ended well: 5 steps", *words))


def traceless() -> Row:
    words = ('says "spec_ready"', "curriculum.generate was next and left no trace")
    return Row("spec_ready", "spec_ready", None, 2, "stuck", "generate", words)


def begun() -> Row:
    words = ("needs a human", "topic_spec.json still holds the template's words in goal, audience")
    return Row("initialized", "initialized", None, 1, "waiting", "spec", words)


def lost(*words: str, inferred: str = "initialized", verdict: str | None = None, events: int = 1) -> Row:
    return Row(None, inferred, verdict, events, "unreadable", None, ("run.json cannot be read", *words))


def invalid(step: str, *words: str, recorded: str = "generated", verdict: str = "FAIL", events: int = 7) -> Row:
    return Row(recorded, recorded, verdict, events, "failed", step, words)


OLD = "history[0] missing keys: ['event_type', 'message', 'metadata']"
ROWS = {
    "034458-ok-internal": done(),
    "034529-stage-conflict": begun(),
    "034532-scope-ok": done(),
    "034612-validation-fail-dag": invalid(
        "validate", "9 checks failed (2 schema, 4 DAG, 2 evidence, 1 quality): Unexpected top-level keys: ['note']"
    ),
    "034618-validation-fail-spec": invalid(
        "spec", "goal must not use placeholder text; constraints.hours_per_week must be > 0; constraints.depth must",
        "and 1 more", "validation_report.md says **PASS**", recorded="initialized", verdict="PASS",
    ),
    "034620-validation-fail-json": invalid("validate", "(1 schema): Invalid curriculum JSON: Expecting value: line 87"),
    "034623-validator-crash": invalid(
        "validate", "the validator crashed: AttributeError: 'str' object has no attribute 'get'"
    ),
    "034658-validation-fail-generated": invalid(
        "validate", "(1 schema): Duplicate node titles: ['Posterior reasoning']", events=3
    ),
    "034700-legacy-5d46830": lost(OLD, "before the event log"),
    "034701-legacy-df42b13": lost(OLD, "before the event log"),
    "034725-corrupt-truncated": lost(
        "ends in the middle (line 16)", 'events.jsonl says "iterated"', "validation_report.md says **PASS**",
        inferred="iterated", verdict="PASS", events=6,
    ),
    "034727-corrupt-empty": lost(": empty"),
    "034729-corrupt-list": lost("a JSON array instead of an object"),
    "034730-corrupt-stage": lost("stage must be one of", "it is 'map_generated'"),
    "034732-extra-keys": traceless(),
    "034734-bad-utf8": lost("not valid"),
    "034737-dup": begun(),
    "034737-n-slug-test": begun(),
    "034820-no-api-key": traceless(),
    "034822-bad-base-url": traceless(),
    "034825-remote-fail": traceless(),
    "034831-remote-ok": done(),
    "034847-codex-fail": done(),
    "034930-codex-exec-fail": traceless(),
    "034932-stale-curriculum-edited": Row(
        "generated", "generated", "PASS", 7, "partial", "validate",
        (
            "validation_report.md says PASS, but is older than curriculum.json (03:49:33.183 against 03:49:34.341)",
            "curriculum.json was changed after validation_report.md, plan.json, diff_report.json; the stage is gen",
        ),
    ),
    "034936-stale-recovered": done(10),
    "034940-stale-unsynced": Row(
        "iterated", "generated", "PASS", 6, "partial", "validate",
        (
            "validation_report.md says PASS, but is older than topic_spec.json",
            "topic_spec.json was changed after validation_report.md, plan.json; the stage is generated",
        ),
        lie=True,
    ),
    "035017-archived": done(),
    "035021-interrupted-int": traceless(),
    "035024-interrupted-term": traceless(),
    "035027-interrupted-kill": traceless(),
    "035151-rerun": done(8, "set the curriculum aside and wrote no new one"),
    "035156-live-slow": done(),
    "035255-status-during-rerun": Row(
        "planned", "iterated", "PASS", 7, "succeeded", None, ("all of it ended well: 5 steps", "says iterated")
    ),
    "035303-provider-typo": done(),
    "035305-codex-flaky-ok": done(),
    "035501-recover-a": done(),
    "035503-recover-b": done(),
    "035505-recover-d": done(),
    "035507-recover-e": done(),
    "035509-recover-f": done(),
    "035512-ap-empty": done(),
}  # fmt: skip


@pytest.fixture(scope="module")
def details(real_data: Path) -> Mapping[str, RunDetail]:
    root = real_data / "curriculum-builder"
    return {ref.id.removeprefix("20261121-"): SOURCE.detail(ref) for ref in SOURCE.scan(root)}


def test_every_recorded_run_has_a_row(details: Mapping[str, RunDetail]) -> None:
    assert set(details) == set(ROWS)
    assert len(ROWS) == 42


@pytest.mark.parametrize("name", ROWS)
def test_verdict(name: str, details: Mapping[str, RunDetail]) -> None:
    row, detail = ROWS[name], details[name]
    run = judge(detail, NOW)
    said = "\n".join(reason.text for reason in run.reasons)
    assert (run.state.value, run.claimed, run.contradicted, run.step) == (row.state, row.recorded, row.lie, row.step), (
        said
    )
    for words in row.words:
        assert words in said
    assert len(detail.events) == row.events


@pytest.mark.parametrize("name", ROWS)
def test_stage_and_report(name: str, details: Mapping[str, RunDetail]) -> None:
    row, detail = ROWS[name], details[name]
    reached = STAGES.index(row.inferred)
    assert detail.record.current_step == (STEPS[reached] if reached < len(STEPS) else None)
    verdicts = [one.raw_status for one in detail.receipts if one.step == "validate"]
    assert verdicts == ([] if row.verdict is None else [row.verdict])
    done_steps = {one.step for one in detail.steps if one.status is StepStatus.SUCCEEDED}
    if row.inferred == "iterated":
        assert done_steps == set(STEPS)
    elif row.state == "partial":
        assert done_steps == {"spec", "generate"}


def test_troubled_verdicts_name_evidence_that_exists_and_says_what_is_quoted(
    details: Mapping[str, RunDetail], real_data: Path
) -> None:
    quoted = 0
    for name, detail in details.items():
        run = judge(detail, NOW)
        if run.state.value == "succeeded":
            continue
        assert run.reasons[0].evidence, name
        for one in (place for reason in run.reasons for place in reason.evidence):
            path = real_data / "curriculum-builder" / one.path
            assert path.exists(), one
            if one.line is not None:
                line = path.read_text().splitlines()[one.line - 1]
                said = one.quote.partition(": ")[2] or one.quote
                assert said.partition(" (")[0].strip('"') in line, (one, line)
                quoted += 1
    assert quoted >= 10


def test_a_stale_pass_is_shown_by_both_files(details: Mapping[str, RunDetail]) -> None:
    run: Run = judge(details["034932-stale-curriculum-edited"], NOW)
    places = [(one.path.rpartition("/")[2], one.line) for reason in run.reasons[:2] for one in reason.evidence]
    assert places == [("validation_report.md", 3), ("curriculum.json", None)]


def test_the_records_name_themselves_and_their_archive(details: Mapping[str, RunDetail]) -> None:
    assert details["034732-extra-keys"].record.recorded_id == "something-else"
    archived = details["035017-archived"]
    assert archived.record.tags == ("archived",)
    (archive,) = [one for one in archived.artifacts if one.kind == "archive"]
    assert archive.path == "runs/archives/20261121-035017-archived.tar.gz"
    assert details["034700-legacy-5d46830"].record.tags == ("legacy",)
    ok = details["034458-ok-internal"]
    assert ok.record.title == "Build and defend Bayesian decision recommendations."
    assert (ok.record.backend, ok.receipts[0].model) == ("internal", "internal-heuristic-v1")
    assert details["034831-remote-ok"].record.backend == "remote_llm"


def test_only_runs_that_broke_have_problems(details: Mapping[str, RunDetail]) -> None:
    broken = {name: [one.path.rpartition("/")[2] for one in detail.problems] for name, detail in details.items()}
    lost_records = {name: ["run.json"] for name, row in ROWS.items() if row.recorded is None}
    assert {name: paths for name, paths in broken.items() if paths} == lost_records | {
        "034620-validation-fail-json": ["curriculum.json"]
    }


def test_reading_changes_nothing_and_asks_the_system_nothing(real_data: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(real_data / "curriculum-builder" / "runs", root / "runs", symlinks=True)
    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}
    for ref in SOURCE.scan(root):
        SOURCE.detail(ref)
        SOURCE.actions(ref)
        SOURCE.fingerprint(ref)
    assert {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} == before


def test_times_decide_not_the_record(real_data: Path, tmp_path: Path) -> None:
    """As after a `git clone`, which keeps no times (formats 1): the same bytes are another stage."""
    name = "20261121-034458-ok-internal"
    run = tmp_path / "runs" / name
    shutil.copytree(real_data / "curriculum-builder" / "runs" / name, run)
    os.utime(run / "outputs/curriculum/curriculum.json")
    (ref,) = SOURCE.scan(tmp_path)
    verdict = judge(SOURCE.detail(ref), NOW)
    assert (verdict.state.value, verdict.claimed, verdict.contradicted) == ("partial", "iterated", True)
    assert verdict.reasons[0].evidence[0].rank is Rank.ARTIFACT
