"""The contract over recorded data: every run of ai-csuite comes out as a correct reader must conclude.

What happened to each run is in the recorded requests and in formats/ai-csuite.md 0, 2 and 5.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Rank
from cockpit.models.records import SignalKind
from cockpit.models.run import Run, RunState
from cockpit.sources.ai_csuite import AiCsuiteSource
from tests.conftest import NOW

pytestmark = pytest.mark.real

S, F, P, W = RunState.SUCCEEDED, RunState.FAILED, RunState.PARTIAL, RunState.PENDING
# run (first eight characters), state, claim, contradicted, words of the first reason
CASES: tuple[tuple[str, RunState, str | None, bool, str], ...] = (
    # started a second time after it had ended: the unique key refuses the rows, the record says running for ever
    ("03e5efe0", RunState.STUCK, "running", True, "no step after delivery.release"),
    ("7503f653", S, "succeeded", False, "7 steps"),  # paused after research, resumed: nothing is lost
    ("901d1d82", P, "succeeded", True, "no trace of research"),  # paused after design, resumed: research is skipped
    ("08877800", S, "succeeded", False, "7 steps"),  # one failure, retried well
    ("6f25340b", F, "running", True, "engineer failed: Injected failure"),  # resumed after exhausted retries
    ("78fdac29", F, "running", True, "product failed"),
    ("ef32932b", S, "succeeded", False, "7 steps"),  # three QA rounds, the third passed
    ("586ec728", W, "pending", False, "waits to be started"),  # has no roadmap item: graph/start refuses it
    ("6b07f1dd", RunState.BLOCKED, "blocked", False, "definition of ready"),
    ("c07d5301", P, "succeeded", True, "no step ever ran"),  # phase 6 start: no agent ran
    ("f8522b6a", S, "succeeded", False, "7 steps"),
    ("fd7737c8", S, "succeeded", False, "7 steps"),
    ("dadd47ff", F, "running", True, "engineer failed"),  # started again after exhausted retries
    ("f6505ca7", F, "succeeded", True, "qa failed: Injected failure at qa"),  # phase 6 start turned it green
    ("9387f43a", P, "succeeded", True, "no trace of design, research"),  # paused after product, resumed
    ("54203f2d", P, "succeeded", True, "no trace of research"),
    ("761258ff", S, "succeeded", False, "7 steps"),
    ("5750afa2", S, "succeeded", False, "7 steps"),
    ("07e75c40", S, "succeeded", False, "7 steps"),
    ("0934ab28", S, "succeeded", False, "7 steps"),
    ("bcbea6b3", F, "running", True, "engineer failed"),  # failed during a resume: 500
    ("2e41d8b9", W, "pending", False, "waits to be started"),
    ("848b0803", W, "pending", False, "waits to be started"),
    ("e2e6233a", S, "succeeded", False, "7 steps"),
    ("9dfbd421", S, "succeeded", False, "7 steps"),
    ("ecad64a4", S, "succeeded", False, "7 steps"),
    ("3c11afe9", F, "partial", False, "design failed"),  # partial is what exhausted retries are called
    ("5a976d09", S, "succeeded", False, "7 steps"),
    ("2aa6b4b5", F, "partial", False, "engineer failed"),
    ("fb53ede5", S, "succeeded", False, "7 steps"),
    ("090386bb", S, "succeeded", False, "7 steps"),
    ("b0a3452a", W, "pending", False, "waits to be started"),  # queued: nothing takes it until it is told to
    ("dfe85c76", S, "succeeded", False, "7 steps"),
    ("3ead0fff", W, "pending", False, "waits to be started"),
    ("1c3b9aae", W, "pending", False, "waits to be started"),
    ("adc82423", W, "pending", False, "waits to be started"),
    ("self-wor", F, None, False, "rolled back from 25 % to 5 %: eval_below_threshold"),
)


@pytest.fixture(scope="module")
def details(real_data: Path) -> dict[str, RunDetail]:
    source, root = AiCsuiteSource(), real_data / "ai-csuite"
    assert source.detect(root)
    return {ref.id[:8]: source.detail(ref) for ref in source.scan(root)}


def verdict(details: dict[str, RunDetail], name: str, now: datetime = NOW) -> Run:
    return judge(details[name], now)


def test_every_recorded_run_is_listed_and_read(details: dict[str, RunDetail]) -> None:
    assert sorted(details) == sorted(case[0] for case in CASES)
    assert not [problem for detail in details.values() for problem in detail.problems]


@pytest.mark.parametrize(("name", "state", "claimed", "contradicted", "said"), CASES, ids=[case[0] for case in CASES])
def test_verdict(
    details: dict[str, RunDetail], name: str, state: RunState, claimed: str | None, contradicted: bool, said: str
) -> None:
    run = verdict(details, name)
    assert (run.state, run.claimed, run.contradicted) == (state, claimed, contradicted), run.reasons
    assert said in run.reasons[0].text


@pytest.mark.parametrize("name", [case[0] for case in CASES if case[3]])
def test_a_contradiction_names_rows_of_the_database(details: dict[str, RunDetail], name: str) -> None:
    run = verdict(details, name)
    quotes = [item for reason in run.reasons for item in reason.evidence]
    assert any(item.path == "tree-sqlite/dev.db" and item.line is None and item.quote for item in quotes)


UNIQUE = "POST graph/resume 500: UNIQUE constraint failed: graph_states.run_id"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("6f25340b", UNIQUE),
        ("78fdac29", UNIQUE),
        ("dadd47ff", "POST graph/start 400"),
        ("bcbea6b3", "POST graph/resume 500"),
    ],
)
def test_a_resume_after_exhausted_retries_is_called_what_it_did(
    details: dict[str, RunDetail], name: str, answer: str
) -> None:
    stalled = [signal for signal in details[name].signals if signal.kind is SignalKind.STALLED]
    assert len(stalled) == 1
    assert "collides with the rows of the first attempts" in stalled[0].text
    place = stalled[0].evidence
    assert (place.rank, place.path) == (Rank.PHYSICS, "server-sqlite.run1.log")
    assert place.line is not None
    assert place.quote.startswith(answer)


def test_the_servers_log_says_who_turned_a_failed_run_green(details: dict[str, RunDetail], real_data: Path) -> None:
    calls = [event for event in details["f6505ca7"].events if event.kind.startswith("http.")]
    assert [event.text.split(":")[0] for event in calls] == [
        "POST graph/start answered 400",
        "POST graph/resume answered 500",
        "POST graph/resume answered 400",
        "POST graph/start answered 400",
        "POST start answered 200 (runs no agent, sets succeeded)",
    ]
    log = (real_data / "ai-csuite" / "server-sqlite.run1.log").read_text().splitlines()
    for event in calls:
        assert event.line is not None
        assert "POST /runs/f6505ca7" in log[event.line - 1]


def test_alerts_and_budgets_speak_for_diagnosis(details: dict[str, RunDetail]) -> None:
    kinds = {signal.kind for signal in details["2aa6b4b5"].signals}
    assert {SignalKind.SLO_BREACH, SignalKind.BUDGET, SignalKind.STEP_ERROR} <= kinds
    slo = next(signal for signal in details["6f25340b"].signals if signal.kind is SignalKind.SLO_BREACH)
    assert slo.text == "Error ratio 0.43 over last 7 attempts exceeds 0.20"
    # cleared alerts are history, not trouble
    assert not [signal for signal in details["5a976d09"].signals if signal.kind is SignalKind.SLO_BREACH]
    assert any(event.kind == "alert.slo_burn" for event in details["5a976d09"].events)
    assert any(signal.kind is SignalKind.BUDGET for signal in details["08877800"].signals)  # warn


def test_qa_rounds_are_loops(details: dict[str, RunDetail]) -> None:
    detail = details["ef32932b"]
    assert [(entry.decision.value, entry.step, entry.target) for entry in detail.routing] == [
        ("loop", "qa", "engineer"),
        ("loop", "qa", "engineer"),
    ]
    assert {step.step: step.attempts for step in detail.steps}["qa"] == 3
    assert verdict({"x": detail}, "x").steps.done == 7


def test_incident_files_are_labelled_as_simulated_and_their_missing_audit_rows_are_told(
    details: dict[str, RunDetail],
) -> None:
    events = [event for event in details["6f25340b"].events if event.kind.startswith("incident.")]
    assert len(events) == 4  # two reverts, two bisects
    assert all("simulated, nothing was changed or tested" in event.text for event in events)
    unaudited = [event for event in events if "no audit row" in event.text]
    assert len(unaudited) == 2
    assert any("3e57ce8a" in event.path for event in unaudited)
    bisect = next(event for event in events if "culprit f5d1855" in event.text)
    assert "alphabetically larger" in bisect.text
    reasons = {signal.kind for signal in details["ef32932b"].signals}
    assert SignalKind.EVAL_DROP in reasons
    assert SignalKind.BUDGET in {signal.kind for signal in details["03e5efe0"].signals}


def test_what_belongs_to_no_run_is_the_self_work(details: dict[str, RunDetail]) -> None:
    detail = details["self-wor"]
    flows = {step.flow for step in detail.steps}
    assert flows == {"canary", "eval-gate", "spec", "release", "evals", "compliance"}
    kinds = {signal.kind for signal in detail.signals}
    assert {SignalKind.ANOMALY, SignalKind.EVAL_DROP, SignalKind.SAFETY, SignalKind.SLO_BREACH} <= kinds
    release = [step for step in detail.steps if step.flow == "release"]
    assert [(step.step, step.status.value) for step in release] == [
        ("10%", "succeeded"),
        ("50%", "failed"),
        ("100%", "failed"),
    ]
    assert "threshold_both: error rate 0.035 (at most 0.02), p95 1100 ms (at most 800)" in (release[-1].error or "")
    assert any("differs in 2 places" in event.text for event in detail.events)


def test_a_live_run_ages_into_stuck_by_itself(details: dict[str, RunDetail]) -> None:
    run = verdict(details, "03e5efe0", datetime(2026, 11, 21, 3, 47, tzinfo=UTC))
    assert run.state is RunState.RUNNING
    assert run.becomes is not None
    assert run.becomes.state is RunState.STUCK


def test_the_committed_database_is_read_as_well(real_data: Path, tmp_path: Path) -> None:
    shutil.copy(real_data / "ai-csuite" / "dev.db.committed", tmp_path / "dev.db")
    source = AiCsuiteSource()
    runs = {ref.id[:8]: judge(source.detail(ref), NOW) for ref in source.scan(tmp_path)}
    assert {name: run.state for name, run in runs.items()} == {"c2883679": S, "46ab01f2": W, "self-wor": F}
    events = source.detail(next(ref for ref in source.scan(tmp_path) if ref.id.startswith("46ab01f2"))).events
    assert [event.kind for event in events] == ["audit.incident.revert", "audit.incident.bisect"]


def test_nothing_is_written_beside_the_database(real_data: Path) -> None:
    root = real_data / "ai-csuite"
    before = sorted((path, path.lstat().st_mtime_ns) for path in root.rglob("*"))
    source = AiCsuiteSource()
    for ref in source.scan(root):
        source.detail(ref)
        source.fingerprint(ref)
    assert sorted((path, path.lstat().st_mtime_ns) for path in root.rglob("*")) == before
