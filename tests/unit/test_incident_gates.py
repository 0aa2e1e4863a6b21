"""Gates: what must hold before a phase may be left, decided by the evidence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cockpit.incidents import events
from cockpit.incidents.actions import ActionDone
from cockpit.incidents.gates import CONDITIONS, gate
from cockpit.incidents.situation import Situation
from cockpit.models.incident import Gate, Phase
from cockpit.models.playbook import Checklist, ItemState
from cockpit.models.records import Receipt, StepStatus
from cockpit.models.run import RunState
from cockpit.playbooks.loader import load_library
from tests.samples import evidence, fact, make_detail
from tests.unit.incident_samples import INC, KEY, T0, entry, incident, item, link_data, run_now, situation

PROTOCOL_STARTED = entry(50, "checklist.start", {"target": INC, "playbook": "response-protocol"}, incident=None)
ATTACHED = entry(2, events.RUN_ADDED, link_data())
PROTOCOL = [each.id for each in getattr(load_library().get("response-protocol"), "items", ())]
DANGER = ActionDone(
    job="j1", action="rollback", run="run-1", run_key=KEY, danger=True, at=T0 + timedelta(minutes=5), by="ada", seq=9
)


def unmet(found: Gate) -> list[str]:
    assert found.met == (not found.missing)
    assert len(found.missing) == sum(not one.met for one in found.conditions)
    return [one.id for one in found.conditions if not one.met]


def why(found: Gate, name: str) -> str:
    return next(one.why for one in found.conditions if one.id == name)


def with_items(of: Situation, *names: str, **more: Any) -> Situation:
    """The situation with these items of the protocol settled (or as `more` says) and all others open."""
    items = tuple(item(name, **more) if name in names else item(name, ItemState.OPEN) for name in PROTOCOL)
    assert set(names) <= set(PROTOCOL)
    return replace(of, checklist=Checklist(target=INC, playbooks=("response-protocol",), items=items))


def test_conditions_have_names_of_their_own_under_their_phase() -> None:
    assert len({one.id for one in CONDITIONS}) == len(CONDITIONS)
    assert all(one.id.startswith(f"{one.phase.value}.") for one in CONDITIONS)
    assert {one.phase for one in CONDITIONS} == set(Phase) - {Phase.CLOSED}
    assert gate(situation(incident()), Phase.CLOSED).met


def test_every_item_a_gate_asks_for_is_in_the_shipped_protocol() -> None:
    """A gate that asks for an item nobody can tick could never be met."""
    started = situation(incident(PROTOCOL_STARTED), checklist=Checklist(target=INC))
    told = [one.why for phase in Phase for one in gate(started, phase).conditions]
    dropped = [text for text in told if text.startswith("your response-protocol has no item")]
    assert dropped
    assert {text.rpartition(" ")[2] for text in dropped} <= set(PROTOCOL)


# --- detect


def test_detection_needs_symptoms_in_words_or_in_a_run() -> None:
    assert unmet(gate(situation(incident()))) == ["detect.symptoms"]
    assert gate(situation(incident(symptoms="500s"))).met
    shown = gate(situation(incident(ATTACHED)))
    assert shown.met
    symptoms = next(one for one in shown.conditions if one.id == "detect.symptoms")
    assert symptoms.why == "run-1: build.test failed: boom"
    assert symptoms.evidence[0].line == 3
    assert gate(with_items(situation(incident(PROTOCOL_STARTED)), "detect-symptoms")).met


# --- contain

CONTAINED = ("contain-harm-stopped", "contain-scope", "contain-documented", "contain-notified")


def test_containment_is_attested_and_severe_ones_are_told() -> None:
    start = incident(PROTOCOL_STARTED, severity="SEV3")
    assert unmet(gate(with_items(situation(start)), Phase.CONTAIN)) == [
        "contain.harm", "contain.scope", "contain.documented",
    ]  # fmt: skip
    assert gate(with_items(situation(start), *CONTAINED), Phase.CONTAIN).met
    severe = incident(PROTOCOL_STARTED)
    told = with_items(situation(severe), *CONTAINED)
    assert unmet(gate(told, Phase.CONTAIN)) == ["contain.founder"]
    called = incident(PROTOCOL_STARTED, entry(5, events.ESCALATED, {"escalation": "e1", "level": "L0", "reason": "r"}))
    assert gate(with_items(situation(called), *CONTAINED), Phase.CONTAIN).met


def test_a_delivered_notification_tells_the_stakeholders_and_a_failed_one_does_not() -> None:
    def sent(*, delivered: bool) -> Gate:
        data = {"template": "initial", "channel": "mail", "delivered": delivered}
        return gate(situation(incident(entry(5, events.NOTIFIED, data))), Phase.CONTAIN)

    assert "contain.told" not in unmet(sent(delivered=True))
    assert "contain.told" in unmet(sent(delivered=False))


def test_scope_and_documentation_may_stand_elsewhere_in_the_record() -> None:
    told = incident(
        entry(5, events.SECTION, {"section": "impact", "text": "all builds"}),
        entry(6, events.DECISION, {"text": "Pause the pipeline", "rationale": "stop the harm"}),
        severity="SEV3",
    )
    assert unmet(gate(situation(told), Phase.CONTAIN)) == ["contain.harm"]
    done = DANGER.model_copy(update={"danger": False, "ended_at": T0})
    acted = situation(incident(severity="SEV3"), actions=(done,))
    assert "contain.documented" not in unmet(gate(acted, Phase.CONTAIN))


def test_a_repeated_medium_incident_is_told_to_the_founder() -> None:
    again = situation(incident(severity="SEV3"), repeats=("inc-20261101-01",))
    found = gate(again, Phase.CONTAIN)
    assert "contain.founder" in unmet(found)
    assert why(found, "contain.founder").startswith("the same failure was a Medium incident before (inc-20261101-01)")
    assert "contain.founder" not in unmet(gate(situation(incident(severity="SEV3")), Phase.CONTAIN))
    assert "contain.founder" not in unmet(
        gate(situation(incident(severity="SEV4"), repeats=("inc-20261101-01",)), Phase.CONTAIN)
    )


@pytest.mark.parametrize(
    ("state", "met", "told"),
    [
        (ItemState.OPEN, False, "is open"), (ItemState.CONTRADICTED, False, "the evidence says otherwise"),
        (ItemState.STALE, False, "has changed since"), (ItemState.VERIFIED, True, "verified"),
        (ItemState.SKIPPED, True, "left out by ada: nothing runs"), (ItemState.DONE, True, "ticked by ada"),
    ],
)  # fmt: skip
def test_an_item_counts_as_the_evidence_says(state: ItemState, met: bool, told: str) -> None:
    start = situation(incident(PROTOCOL_STARTED, severity="SEV3"))
    found = gate(with_items(start, "contain-harm-stopped", state=state, note="nothing runs"), Phase.CONTAIN)
    assert ("contain.harm" not in unmet(found)) is met
    assert told in why(found, "contain.harm")


def test_without_the_protocol_nothing_is_attested() -> None:
    assert "was not started" in why(gate(situation(incident()), Phase.CONTAIN), "contain.harm")


# --- diagnose and fix


def test_a_diagnosis_names_the_cause_and_pins_evidence() -> None:
    assert unmet(gate(situation(incident()), Phase.DIAGNOSE)) == ["diagnose.cause", "diagnose.evidence"]
    pin = {
        "path": "run-1/a.log", "line": 3, "root": "/r", "sha256": "ab", "size": 1,
        "modified_at": "2026-11-18T09:00:00Z", "quote": "boom",
    }  # fmt: skip
    known = incident(entry(5, events.SECTION, {"section": "root-cause", "text": "No pin"}), entry(6, events.PIN, pin))
    found = gate(situation(known), Phase.DIAGNOSE)
    assert found.met
    assert found.conditions[1].evidence[0].path == "run-1/a.log"


def test_a_ticked_cause_without_a_word_is_no_cause() -> None:
    start = situation(incident(PROTOCOL_STARTED))
    bare = gate(with_items(start, "diagnose-root-cause"), Phase.DIAGNOSE)
    assert "no note says" in why(bare, "diagnose.cause")
    noted = with_items(start, "diagnose-root-cause", note="no pin", evidence=(evidence(),))
    assert gate(noted, Phase.DIAGNOSE).met
    left = with_items(start, "diagnose-root-cause", state=ItemState.SKIPPED, note="cannot be reproduced")
    assert unmet(gate(left, Phase.DIAGNOSE)) == ["diagnose.evidence"]


def test_a_fix_has_a_way_back_and_what_has_none_is_told() -> None:
    start = situation(incident(PROTOCOL_STARTED, severity="SEV3"))
    done = with_items(start, "fix-root-cause", "fix-tested", "fix-rollback-plan", "fix-documented")
    assert gate(done, Phase.FIX).met
    danger = replace(done, actions=(DANGER,))
    for phase in (Phase.FIX, Phase.DOCUMENT):
        assert unmet(gate(danger, phase)) == [f"{phase.value}.irreversible"]
    assert "rollback of run-1 cannot be taken back" in why(gate(danger, Phase.FIX), "fix.irreversible")


def test_a_decision_since_the_diagnosis_documents_the_change() -> None:
    moved = entry(5, events.PHASE, {"to": "fix"})
    before = incident(entry(4, events.DECISION, {"text": "a", "rationale": "b"}), moved)
    after = incident(moved, entry(6, events.DECISION, {"text": "a", "rationale": "b"}))
    assert "fix.documented" in unmet(gate(situation(before), Phase.FIX))
    assert "fix.documented" not in unmet(gate(situation(after), Phase.FIX))


# --- verify

SOUND = ("verify-related", "verify-no-new")


def verify(*pairs: Any, more: tuple[Any, ...] = (), items: tuple[str, ...] = SOUND) -> Gate:
    of = incident(ATTACHED, *more, PROTOCOL_STARTED)
    return gate(with_items(situation(of, *pairs), *items), Phase.VERIFY)


def succeeded(at: float, mode: str = "sdk", name: str = "run-1") -> Any:
    end = T0 + timedelta(minutes=at)
    receipt = Receipt(
        flow="build", step="test", status=StepStatus.SUCCEEDED, ended_at=end, mode=mode, path=f"{name}/r.json"
    )
    return make_detail(
        name, steps=(fact("test", ended_at=end, evidence=evidence(f"{name}/r.json")),), receipts=(receipt,)
    )


def test_verify_cannot_be_left_while_the_failing_step_has_no_newer_success() -> None:
    still = verify((run_now(), make_detail(steps=(fact("test", StepStatus.FAILED),))))
    assert unmet(still) == ["verify.original", "verify.evidence"]
    assert why(still, "verify.original") == (
        "build.test of run-1 has no success newer than its failure, the run is failed"
    )


def test_ticking_does_not_outweigh_the_evidence() -> None:
    ticked = verify((run_now(), make_detail()), items=(*SOUND, "verify-original", "verify-evidence"))
    assert unmet(ticked) == ["verify.original"]


def test_a_newer_success_of_the_step_is_proof() -> None:
    found = verify((run_now(state=RunState.RUNNING), succeeded(20)))
    assert found.met
    assert why(found, "verify.original") == "build.test of run-1 succeeded at 10:20:00"
    assert found.conditions[0].evidence[0].path == "run-1/r.json"


def test_a_success_from_before_the_failure_and_a_stubs_are_none() -> None:
    assert "verify.original" in unmet(verify((run_now(), succeeded(-11))))
    assert "verify.original" in unmet(verify((run_now(), succeeded(20, mode="stub"))))


def test_the_runs_own_verdict_is_proof_unless_it_is_contradicted() -> None:
    good = run_now(state=RunState.SUCCEEDED, at=30)
    assert verify((good, make_detail())).met
    assert not verify((good.model_copy(update={"contradicted": True}), make_detail())).met


def test_another_run_may_prove_it_and_a_vanished_one_needs_that() -> None:
    second = entry(3, events.RUN_ADDED, link_data("run-2", "succeeded", failed_at=None))
    gone = verify((None, None))
    assert "no longer there: attach the run that repeated build.test" in why(gone, "verify.original")
    again = run_now("run-2", RunState.SUCCEEDED, at=30, started_at=T0 + timedelta(minutes=10))
    assert verify((None, None), (again, succeeded(30, name="run-2")), more=(second,)).met
    early = again.model_copy(update={"started_at": T0 - timedelta(hours=1)})
    assert "verify.original" in unmet(verify((None, None), (early, succeeded(30, name="run-2")), more=(second,)))


def test_a_run_that_fails_somewhere_else_now_is_something_new() -> None:
    elsewhere = verify((run_now(step="deploy"), succeeded(20)))
    assert unmet(elsewhere) == ["verify.no-new"]
    assert why(elsewhere, "verify.no-new") == "run-1 is failed at build.deploy"


def test_without_a_failing_run_the_checklist_has_to_say_it() -> None:
    of = incident(PROTOCOL_STARTED)
    assert "verify.original" in unmet(gate(with_items(situation(of), *SOUND), Phase.VERIFY))
    assert gate(with_items(situation(of), *SOUND, "verify-original", "verify-evidence"), Phase.VERIFY).met


# --- document

TEXTS = ("summary", "impact", "root-cause", "contributing-factors", "prevention")
TASK = {"task": "t1", "action": "a", "owner": "bob", "deadline": "2026-11-20T00:00:00Z", "verification": "CI"}


def test_severe_incidents_need_every_text_and_accountable_action_items() -> None:
    assert unmet(gate(situation(incident()), Phase.DOCUMENT)) == ["document.sections", "document.tasks"]
    written = [entry(seq, events.SECTION, {"section": key, "text": "x"}) for seq, key in enumerate(TEXTS, start=10)]
    partly = gate(situation(incident(*written[1:])), Phase.DOCUMENT)
    assert why(partly, "document.sections") == "not written: Summary"
    loose = entry(30, events.TASK, TASK | {"owner": ""})
    assert unmet(gate(situation(incident(*written, loose)), Phase.DOCUMENT)) == ["document.tasks"]
    assert gate(situation(incident(*written, entry(30, events.TASK, TASK))), Phase.DOCUMENT).met


def test_lesser_incidents_need_no_post_mortem_but_no_loose_ends_either() -> None:
    assert gate(situation(incident(severity="SEV3")), Phase.DOCUMENT).met
    loose = incident(entry(30, events.TASK, TASK | {"verification": ""}), severity="SEV4")
    assert why(gate(situation(loose), Phase.DOCUMENT), "document.tasks").endswith(": t1")
