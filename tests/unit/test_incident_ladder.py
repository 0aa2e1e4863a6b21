"""When to escalate, judged on the evidence: every condition both ways."""

from datetime import timedelta
from typing import Any

import pytest

from cockpit.incidents import events
from cockpit.incidents.actions import ActionDone
from cockpit.incidents.ladder import RUNGS, WHEN, conditions, due
from cockpit.incidents.situation import Situation
from cockpit.models.incident import EscalationCondition, Level
from cockpit.models.problem import Problem
from cockpit.models.records import Receipt, StepStatus
from cockpit.models.run import RunState
from tests.samples import evidence, fact, make_detail
from tests.unit.incident_samples import KEY, T0, entry, incident, link_data, run_now, situation

ATTACHED = entry(2, events.RUN_ADDED, link_data())
SECOND = entry(3, events.RUN_ADDED, link_data("run-2"))
OTHER_SYSTEM = entry(3, events.RUN_ADDED, link_data("c1", run_key="curriculum-builder:/srv/c/c1"))
ACTION = ActionDone(
    job="j1", action="retry", run="run-1", run_key=KEY, step="test", at=T0, ended_at=T0 + timedelta(minutes=1),
    state="failed", by="ada", seq=9,
)  # fmt: skip


def judged(of: Situation) -> dict[str, EscalationCondition]:
    return {one.id: one for one in conditions(of)}


def holds(of: Situation, name: str) -> bool:
    return judged(of)[name].met


def test_every_level_has_somebody_and_every_condition_a_level() -> None:
    assert set(RUNGS) == set(Level)
    assert len({when.id for when in WHEN}) == len(WHEN)
    assert {when.level for when in WHEN} == set(Level)


def one(*, entries: tuple[Any, ...] = (ATTACHED,), pair: tuple[Any, Any] | None = None, **more: Any) -> Situation:
    return situation(incident(*entries, severity="SEV4"), pair or (run_now(), make_detail()), **more)


def test_a_quiet_minor_incident_asks_for_nobody() -> None:
    assert due(one(pair=(run_now(state=RunState.SUCCEEDED), make_detail()))) == ()


def test_structured_output_fails_again() -> None:
    bad = run_now(findings=("c-codex-output",))
    once = make_detail(steps=(fact("generate", StepStatus.FAILED),))
    twice = make_detail(steps=(fact("generate", StepStatus.FAILED, attempts=2),))
    assert not holds(one(pair=(bad, once)), "structured-output")
    assert holds(one(pair=(bad, twice)), "structured-output")
    assert holds(one(pair=(bad, once), actions=(ACTION,)), "structured-output")
    both = situation(incident(ATTACHED, SECOND), (bad, once), (run_now("run-2", findings=("malformed-output",)), once))
    assert judged(both)["structured-output"].why == "2 failures of structured output in 2 of its runs"


def test_a_validator_fails_that_passed_before() -> None:
    failed = fact("validate", StepStatus.FAILED, ended_at=T0, evidence=evidence("run-1/report.md"))
    passed = Receipt(
        flow="build",
        step="validate",
        status=StepStatus.SUCCEEDED,
        ended_at=T0 - timedelta(hours=1),
        path="run-1/old.json",
    )
    found = judged(one(pair=(run_now(), make_detail(steps=(failed,), receipts=(passed,)))))["validator"]
    assert found.met
    assert [each.path for each in found.evidence] == ["run-1/old.json", "run-1/report.md"]
    assert not holds(one(pair=(run_now(), make_detail(steps=(failed,)))), "validator")
    later = passed.model_copy(update={"ended_at": T0 + timedelta(hours=1)})
    assert not holds(one(pair=(run_now(), make_detail(steps=(failed,), receipts=(later,)))), "validator")
    action = ACTION.model_copy(
        update={"action": "validate", "state": "succeeded", "ended_at": T0 - timedelta(minutes=5)}
    )
    assert holds(one(pair=(run_now(), make_detail(steps=(failed,))), actions=(action,)), "validator")


def test_a_core_contract_cannot_be_parsed() -> None:
    broken = make_detail(problems=(Problem(path="run-1/run.json", line=3, reason="not JSON"),))
    found = judged(one(pair=(run_now(), broken)))["contracts"]
    assert (found.met, found.evidence[0].path, found.evidence[0].line) == (True, "run-1/run.json", 3)
    minor = make_detail(problems=(Problem(path="run-1/other.json", reason="not JSON"),))
    assert not holds(one(pair=(run_now(), minor)), "contracts")
    assert holds(one(pair=(run_now(state=RunState.UNREADABLE), make_detail())), "contracts")


def test_it_persists_after_something_was_done() -> None:
    assert judged(one(actions=(ACTION,)))["persists"].why == "run-1 is failed after 1 actions, the last retry"
    assert not holds(one(), "persists")
    running = ACTION.model_copy(update={"ended_at": None})
    assert not holds(one(actions=(running,)), "persists")
    fixed = (run_now(state=RunState.SUCCEEDED), make_detail())
    assert not holds(one(pair=fixed, actions=(ACTION,)), "persists")


def test_the_severity_was_raised() -> None:
    up = entry(5, events.SEVERITY, {"to": "SEV3", "reason": "more users"})
    down = entry(6, events.SEVERITY, {"to": "SEV4", "reason": "fewer"})
    assert judged(one(entries=(ATTACHED, up, down)))["raised"].why == "raised from SEV4 to SEV3 at 2026-11-18T10:05:00Z"
    lowered = situation(incident(entry(5, events.SEVERITY, {"to": "SEV4", "reason": "x"}), severity="SEV3"))
    assert not holds(lowered, "raised")


def test_several_systems_are_affected() -> None:
    here, gone = (run_now(), make_detail()), (None, None)
    assert holds(situation(incident(ATTACHED, OTHER_SYSTEM), here, gone), "systems")
    assert not holds(situation(incident(ATTACHED, SECOND), here, gone), "systems")


@pytest.mark.parametrize(
    ("situated", "met"),
    [
        (one(), False), (one(pair=(run_now(findings=("secret-exposure",)), make_detail())), True),
        (situation(incident(severity="SEV1", answers="yy")), True), (situation(incident(severity="SEV1")), False),
        (situation(incident(finding="secret-exposure")), True),
    ],
)  # fmt: skip
def test_security_goes_to_the_security_team(situated: Situation, met: bool) -> None:
    found = judged(situated)["security"]
    assert (found.met, found.level) == (met, Level.L4)


def test_the_response_time_is_over() -> None:
    late = situation(incident(severity="SEV1"))
    assert judged(late)["overdue"].why == "the harm should have been stopped by 2026-11-18T10:15:00Z"
    assert not holds(situation(incident(severity="SEV2")), "overdue")
    assert not holds(situation(incident(severity="SEV4")), "overdue")
    stopped = incident(entry(5, events.PHASE, {"to": "diagnose"}), severity="SEV1")
    assert not holds(situation(stopped), "overdue")


def test_half_of_the_agents_fail() -> None:
    steps = [fact(name, StepStatus.FAILED) for name in "ab"] + [fact(name) for name in "cd"]
    assert judged(one(pair=(run_now(), make_detail(steps=tuple(steps)))))["agents"].why == (
        "2 of 4 steps of its runs failed (50%)"
    )
    assert not holds(one(pair=(run_now(), make_detail(steps=tuple(steps[:3])))), "agents")
    assert not holds(one(pair=(run_now(), make_detail(steps=(*steps, fact("e"))))), "agents")


def test_each_severity_is_told_to_its_levels() -> None:
    asked = {
        severity: [name for name in ("stakeholders", "lead", "on-call", "founder")
                   if holds(situation(incident(severity=severity)), name)]
        for severity in ("SEV1", "SEV2", "SEV3", "SEV4")
    }  # fmt: skip
    assert asked == {
        "SEV1": ["stakeholders", "lead", "on-call", "founder"], "SEV2": ["lead", "on-call", "founder"],
        "SEV3": ["on-call"], "SEV4": [],
    }  # fmt: skip
    assert holds(situation(incident(severity="SEV3"), repeats=("inc-20261101-01",)), "founder")


def test_what_cannot_be_taken_back_goes_to_the_founder() -> None:
    danger = ACTION.model_copy(update={"danger": True, "action": "rollback"})
    assert judged(one(actions=(danger,)))["irreversible"].level is Level.L0
    assert holds(one(actions=(danger,)), "irreversible")
    assert not holds(one(actions=(ACTION,)), "irreversible")


def test_a_level_that_was_called_is_no_longer_due() -> None:
    start = situation(incident(severity="SEV3"))
    assert [each.id for each in due(start)] == ["on-call"]
    called = incident(entry(5, events.ESCALATED, {"escalation": "e1", "level": "L1", "reason": "r"}), severity="SEV3")
    assert due(situation(called)) == ()
    found = judged(situation(called))["on-call"]
    assert (found.met, found.called_at) == (True, T0 + timedelta(minutes=5))
    assert conditions(situation(called))[0].met
