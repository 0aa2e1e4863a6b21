"""Runs of an incident: how they were when they were attached."""

from datetime import timedelta

from cockpit.clock import parse_iso
from cockpit.incidents import events
from cockpit.incidents.runs import attachment, failed_at
from cockpit.models.records import Signal, SignalKind, StepStatus
from cockpit.models.run import Reason, RunState
from tests.samples import evidence, fact, make_detail, make_run
from tests.unit.incident_samples import T0, entry, incident, run_now


def test_an_attachment_is_read_back_as_it_was() -> None:
    reason = Reason(text="build.test failed: boom", evidence=(evidence("run-1/r.json", 3),))
    run = run_now(reasons=(reason,), signature="boom #")
    detail = make_detail(steps=(fact("test", StepStatus.FAILED, ended_at=T0 - timedelta(minutes=3)),))
    (link,) = incident(entry(2, events.RUN_ADDED, attachment(run, detail))).runs
    assert (link.id, link.key, link.state) == (run.id, run.key, RunState.FAILED)
    assert (link.flow, link.step, link.signature) == ("build", "test", "boom #")
    assert (link.reason, link.evidence) == (reason.text, reason.evidence)
    assert link.failed_at == T0 - timedelta(minutes=3)


def test_the_first_failure_is_the_steps_else_the_first_bad_one_else_a_signal_else_silence() -> None:
    run = run_now(at=30)
    deciding = fact("test", StepStatus.FAILED, ended_at=T0)
    earlier = fact("lint", StepStatus.TIMEOUT, ended_at=T0 - timedelta(minutes=9))
    said = Signal(kind=SignalKind.BLOCKED, at=T0 + timedelta(minutes=2), evidence=evidence())
    assert failed_at(run, make_detail(steps=(earlier, deciding))) == T0
    assert failed_at(run, make_detail(steps=(earlier,), signals=(said,))) == T0 - timedelta(minutes=9)
    assert failed_at(run, make_detail(signals=(said,))) == T0 + timedelta(minutes=2)
    assert failed_at(run, make_detail()) == failed_at(run, None) == T0 + timedelta(minutes=30)


def test_a_run_that_is_well_has_not_failed() -> None:
    good = make_run(state=RunState.SUCCEEDED)
    assert failed_at(good, make_detail(steps=(fact("lint", StepStatus.FAILED, ended_at=T0),))) is None
    assert failed_at(good.model_copy(update={"contradicted": True}), None) == good.updated_at
    assert parse_iso(str(attachment(run_now(), None)["failed_at"])) == T0
