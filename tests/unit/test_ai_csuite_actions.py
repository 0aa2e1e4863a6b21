"""What is offered of ai-csuite, and where not: pure, from what the database says of a run."""

import pytest

from cockpit.models.action import InputKind
from cockpit.sources.ai_csuite.actions_run import RunFacts
from tests.unit.csuite_catalogue import NO_RUN, catalogue, facts


@pytest.mark.parametrize(
    ("stands", "resume", "start"),
    [
        (facts("paused", "research"), None, "a run is started once"),
        (facts("paused", "cto_plan"), None, "a run is started once"),
        (facts("paused", "engineer"), None, "a run is started once"),
        (facts("paused", "product"), "skip design and research", "a run is started once"),
        (facts("paused", "design"), "skip research", "a run is started once"),
        (facts("paused", "qa"), "no recorded resume after qa", "a run is started once"),
        (facts("paused"), "no recorded resume after no step", "a run is started once"),
        (facts("partial", "engineer", worn_out=True), "engineer has used up its attempts", "a run is started once"),
        (facts("running", "engineer", worn_out=True), "leaves the run in `running` for ever", "a run is started once"),
        (facts("running", "qa"), "this one is running", "a run is started once"),
        (facts("succeeded", "release"), "this one is succeeded", "a run is started once"),
        (facts("pending"), "it was never started", None),
        (facts("pending", item=None), "it was never started", "it has no roadmap item"),
        (facts("", "qa"), "without a status", "a run is started once"),
    ],
)
def test_resume_and_start_are_offered_where_they_are_safe(
    stands: RunFacts, resume: str | None, start: str | None
) -> None:
    found = catalogue(stands)
    for action, reason in (("resume", resume), ("start", start)):
        why_not = found[action].unavailable
        assert (why_not is None) is (reason is None), why_not
        assert reason is None or reason in (why_not or "")
    assert (found["retry"].unavailable is None) is (stands.item is not None)
    assert (found["enqueue"].unavailable is None) is (start is None)


@pytest.mark.parametrize(
    ("alerts", "reason"),
    [
        ((), None),
        (("slo_burn", "retry_exhaust"), "slo_breach"),
        (("budget_overflow",), "budget_overrun"),
        (("budget_overflow", "slo_burn"), None),
    ],
)
def test_the_reason_of_a_revert_is_proposed_where_the_alerts_leave_no_doubt(
    alerts: tuple[str, ...], reason: str | None
) -> None:
    (asked,) = catalogue(NO_RUN._replace(alerts=frozenset(alerts)))["revert"].inputs
    assert asked.default == reason


def test_the_catalogue_is_whole_and_hangs_together() -> None:
    found = catalogue()
    for spec in found.values():
        assert (spec.unavailable is not None) or spec.request is not None, spec.id
        assert spec.undone_by is None or spec.undone_by in found
        assert spec.request is None or spec.undo, f"{spec.id} does not say how it is taken back"
        for each in spec.inputs:
            assert (each.kind is InputKind.CHOICE) is bool(each.choices), (spec.id, each.name)
    pairs = {spec.id: spec.undone_by for spec in found.values() if spec.undone_by}
    assert pairs == {
        "shadow": "shadow-stop",
        "shadow-stop": "shadow",
        "ramp": "rollback",
        "rollback": "ramp",
        "pause-scheduler": "resume-scheduler",
        "resume-scheduler": "pause-scheduler",
    }
    never = {"quick-start", "kill-switch", "approve-spend", "scheduler-step", "approve", "merge"}
    assert never == {spec.id for spec in found.values() if spec.request is None}
    assert all(found[name].unavailable for name in never)
