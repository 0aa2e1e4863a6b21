"""What a job did to its run, read from the run itself: real files of real systems, before and after."""

import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.actions.aftermath import Aftermath, Before, read_after, take_before
from cockpit.actions.desk import ActionDesk
from cockpit.actions.ending import journal_holds, settle
from cockpit.actions.jobs import is_alive, load_job, orphan, wait_job
from cockpit.actions.launcher import start_job
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import SUPERVISOR, VERDICT
from cockpit.models.action import ActionSpec, Job, JobState
from cockpit.models.run import Run, RunState
from cockpit.sources import registry
from cockpit.sources.base import Source
from tests.builders import FlowStudioRun
from tests.workshop import PATIENCE_S, Workshop, until

NAME = "run-20261121-040000-aaa111"
NOW = datetime(2026, 11, 21, 4, 1, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    found = registry.source_by_id("flow-studio")
    assert found is not None
    return found


@pytest.fixture
def failed(tmp_path: Path) -> FlowStudioRun:
    """A run that failed at build.implement."""
    run = FlowStudioRun(tmp_path / "runs", NAME)
    run.event("run_started", "build", at=0)
    run.step("build", "branch", "repo-operator", at=1)
    run.step("build", "implement", "code-implementer", at=3, ok=False, error="TimeoutError: step exceeded 300s")
    run.event("run_completed", "build", at=5, status="failed", error="TimeoutError: step exceeded 300s")
    run.meta("failed", error="TimeoutError: step exceeded 300s", at=6)
    return run


def before(source: Source, run: FlowStudioRun) -> Before:
    (ref,) = source.scan(run.path.parent)
    return take_before(source, ref, source.fingerprint(ref), NOW)


def heal(run: FlowStudioRun) -> None:
    run.step("build", "implement", "code-implementer", at=30)
    run.event("run_completed", "build", at=31, status="succeeded")
    run.meta("succeeded", at=32, completed_at="2026-11-21T04:00:32+00:00Z")


def fail_again(run: FlowStudioRun, error: str) -> None:
    run.step("build", "implement", "code-implementer", at=30, ok=False, error=error)
    run.event("run_completed", "build", at=31, status="failed", error=error)
    run.meta("failed", error=error, at=32)


def test_nothing_changed_is_said(source: Source, failed: FlowStudioRun) -> None:
    after = read_after(before(source, failed), NOW)
    assert after == Aftermath(
        failed=None, text="no new evidence: nothing of the run changed", before=RunState.FAILED, after=RunState.FAILED
    )


def test_a_step_that_went_well_now_speaks_for_the_job(source: Source, failed: FlowStudioRun) -> None:
    then = before(source, failed)
    heal(failed)
    after = read_after(then, NOW)
    assert after.failed is False
    assert "build.implement: its new receipt says succeeded" in after.text
    assert "the run went from failed to" in after.text
    assert [place.path for place in after.evidence] == [f"{NAME}/build/receipts/implement-code-implementer.json"]


@pytest.mark.parametrize("error", ["TimeoutError: step exceeded 300s", "KeyError: 'x'\x1b]52;c;AA==\x07"])
def test_a_step_that_failed_again_speaks_against_it(source: Source, failed: FlowStudioRun, error: str) -> None:
    then = before(source, failed)
    fail_again(failed, error)
    after = read_after(then, NOW)
    assert after.failed is True
    assert after.text.startswith(f"build.implement: its new receipt says failed ({error[:8]}")
    assert after.text.isprintable()
    assert after.evidence[0].path == f"{NAME}/build/receipts/implement-code-implementer.json"


def test_an_old_failure_of_another_step_is_history(source: Source, failed: FlowStudioRun) -> None:
    then = before(source, failed)
    failed.step("build", "branch", "repo-operator", at=30)
    after = read_after(then, NOW)
    assert after.failed is False
    assert "build.branch: its new receipt says succeeded" in after.text
    assert "the run is still failed" in after.text


def test_a_handoff_that_is_blocked_behind_a_green_receipt_is_a_failure(source: Source, failed: FlowStudioRun) -> None:
    then = before(source, failed)
    heal(failed)
    failed.handoff("build", "implement", "BLOCKED", layout="docs", agent="code-implementer", at=33)
    after = read_after(then, NOW)
    assert (after.failed, after.after) == (True, RunState.BLOCKED)
    assert "the run is blocked now" in after.text


def test_a_clock_that_was_set_back_confuses_nothing(source: Source, failed: FlowStudioRun) -> None:
    """New is what was not there before, whatever its times say."""
    then = before(source, failed)
    receipt = next(failed.path.glob("build/receipts/implement-*.json"))
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"error": "older and worse"}))
    os.utime(receipt, (1, 1))
    after = read_after(then, NOW)
    assert after.failed is True
    assert "older and worse" in after.text


def test_a_run_that_is_gone_and_a_source_that_is_not_installed_are_said(
    source: Source, failed: FlowStudioRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = before(source, failed)
    stranger = then.model_copy(update={"ref": then.ref.model_copy(update={"source": "nope"})})
    assert read_after(stranger, NOW).text == "the run's evidence could not be read: no source 'nope' is installed"

    def burst(*_: object) -> str:
        raise RuntimeError("disk on fire\x1b[2J")

    monkeypatch.setattr(type(source), "fingerprint", burst)
    after = read_after(then, NOW)
    assert (after.failed, after.text) == (None, "the run's evidence could not be read: RuntimeError: disk on fire")
    monkeypatch.setattr(type(source), "detail", burst)
    assert take_before(source, then.ref, "", NOW).problem == "RuntimeError: disk on fire"


def test_what_could_not_be_read_before_is_not_judged_after(source: Source, failed: FlowStudioRun) -> None:
    then = before(source, failed).model_copy(update={"problem": "OSError: no", "fingerprint": "other"})
    assert read_after(then, NOW).failed is None
    assert "could not be read before the job: OSError: no" in read_after(then, NOW).text


# From a plan to the verdict, with a real command that really writes into the run.

WRITER = """
import json, pathlib, sys, time
run = pathlib.Path(sys.argv[1])
receipt = next(run.glob("build/receipts/implement-*.json"))
status = sys.argv[2]
if status != "none":
    receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"status": status, "duration_ms": 77}))
sys.exit(int(sys.argv[3]))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def retry(shop: Workshop, source: Source, status: str, code: int) -> Job:
    """Plan and perform an action on the run that exits with `code` and writes a receipt with `status`."""
    (ref,) = source.scan(shop.base / "runs")
    desk = ActionDesk(shop.base / "runs", shop.context, lambda _: source)
    argv = (sys.executable, "-c", WRITER, str(shop.base / "runs" / NAME), status, str(code))
    plan = shop.plan(*argv).model_copy(update={"run_key": ref.key, "fingerprint": source.fingerprint(ref)})
    plan = shop.sealed(plan)
    return wait_job(shop.state / "jobs" / desk.perform(plan, ref).id, PATIENCE_S)


def test_exit_0_with_a_receipt_that_failed_is_a_failure(shop: Workshop, source: Source, failed: FlowStudioRun) -> None:
    assert failed.path.is_dir()
    job = retry(shop, source, "failed", 0)
    assert (job.state, job.exit_code, job.judged_by) == (JobState.FAILED, 0, ("evidence of the run",))
    assert "but build.implement: its new receipt says failed" in job.outcome
    (entry,) = shop.entries("action.ended")
    assert (entry.data["run_before"], entry.data["run_after"]) == ("failed", "failed")
    assert entry.data["judged_by"] == ["evidence of the run"]


def test_exit_0_with_a_receipt_that_succeeded_rests_on_both(
    shop: Workshop, source: Source, failed: FlowStudioRun
) -> None:
    assert failed.path.is_dir()
    job = retry(shop, source, "succeeded", 0)
    assert (job.state, job.judged_by) == (JobState.SUCCEEDED, ("exit code", "evidence of the run"))
    assert [place.path for place in job.evidence] == [f"{NAME}/build/receipts/implement-code-implementer.json"]


def test_exit_0_that_did_nothing_says_so(shop: Workshop, source: Source, failed: FlowStudioRun) -> None:
    assert failed.path.is_dir()
    job = retry(shop, source, "none", 0)
    assert (job.state, job.judged_by) == (JobState.SUCCEEDED, ("exit code",))
    assert job.outcome.endswith("; no new evidence: nothing of the run changed")


def test_exit_1_stands_against_a_receipt_that_succeeded(shop: Workshop, source: Source, failed: FlowStudioRun) -> None:
    assert failed.path.is_dir()
    job = retry(shop, source, "succeeded", 1)
    assert (job.state, job.judged_by) == (JobState.FAILED, ("exit code",))
    assert ", but build.implement: its new receipt says succeeded" in job.outcome


def test_evidence_that_another_job_may_have_written_is_not_taken_for_this_ones(
    shop: Workshop, source: Source, failed: FlowStudioRun
) -> None:
    assert failed.path.is_dir()
    first = retry(shop, source, "succeeded", 0)
    second = retry(shop, source, "failed", 0)
    # As if the first one's supervisor had been killed before it judged.
    for name in (VERDICT, "ended.json"):
        (shop.dir(first) / name).unlink()
    settle(shop.state, shop.journal, journal_holds(shop.journal.path))
    again = shop.end(first)
    assert (again.state, again.judged_by) == (JobState.SUCCEEDED, ("exit code",))
    assert again.outcome.endswith("the run's evidence was not read before another job worked on it")
    assert shop.end(second).judged_by == ("evidence of the run",)


DECLARED = """
[[custom]]
name = "nightly"
runs = "*"
record = "status.json"
status = "state"
[custom.words]
broken = "failed"
fine = "succeeded"
"""


def test_the_supervisor_reads_the_run_by_the_operators_own_settings(shop: Workshop, tmp_path: Path) -> None:
    """A system that only the configuration knows of is known after the cockpit is gone, too."""
    from cockpit.settings import load_settings

    config = tmp_path / "config.toml"
    config.write_text(DECLARED)
    registry.configure(load_settings(config).for_sources)
    try:
        run = tmp_path / "runs" / "one"
        run.mkdir(parents=True)
        (run / "status.json").write_text('{"state": "broken"}')
        source = registry.source_by_id("custom")
        assert source is not None
        (ref,) = source.scan(tmp_path / "runs")
        desk = ActionDesk(tmp_path / "runs", replace(shop.context, config=config), lambda _: source)
        argv = ("/bin/sh", "-c", f'echo \'{{"state": "fine"}}\' > {run}/status.json')
        plan = shop.plan(*argv).model_copy(update={"run_key": ref.key, "fingerprint": source.fingerprint(ref)})
        job = wait_job(shop.state / "jobs" / desk.perform(shop.sealed(plan), ref).id, PATIENCE_S)
    finally:
        registry.configure({})
    assert (job.state, job.judged_by) == (JobState.SUCCEEDED, ("exit code", "evidence of the run"))
    assert "the run went from failed to succeeded" in job.outcome


def test_the_cockpits_own_archive_needs_no_more_than_its_exit_code(
    shop: Workshop, source: Source, failed: FlowStudioRun
) -> None:
    desk = ActionDesk(failed.path.parent, shop.context, lambda _: source)
    (ref,) = source.scan(failed.path.parent)
    plan = desk.plan("archive", Run(ref=ref, state=RunState.FAILED))
    job = wait_job(shop.state / "jobs" / desk.perform(plan, ref).id, PATIENCE_S)
    assert (job.state, job.judged_by) == (JobState.SUCCEEDED, ("exit code",))
    assert "evidence" not in job.outcome
    assert ActionSpec(id="x", title="x").outcome == ()


def test_a_lost_job_stays_lost_and_tells_what_its_run_shows(
    source: Source, failed: FlowStudioRun, tmp_path: Path
) -> None:
    shop = Workshop(tmp_path)
    job = start_job(shop.plan("sleep", "100"), shop.context, lambda: "f1", before=before(source, failed))
    until(lambda: "child" in (read_object(shop.dir(job) / SUPERVISOR) or {}), "its command runs")
    facts = read_object(shop.dir(job) / SUPERVISOR) or {}
    os.kill(int(facts["pid"]), signal.SIGKILL)
    until(lambda: not is_alive(shop.dir(job)), "the supervisor is gone")
    heal(failed)
    os.killpg(int(facts["child"]), signal.SIGKILL)
    until(lambda: orphan(shop.dir(job)) is None, "and its command")
    assert settle(shop.state, shop.journal, journal_holds(shop.journal.path)) == 1
    lost = load_job(shop.dir(job))
    assert lost is not None
    assert (lost.state, lost.judged_by) == (JobState.LOST, ("evidence of the run",))
    assert lost.outcome.startswith(
        "lost: its supervisor vanished; build.implement: its new receipt says succeeded; the run went from failed"
    )
    (entry,) = shop.entries("action.ended")
    assert (entry.data["state"], entry.data["run_after"]) == ("lost", "partial")
