"""The fold from journal entries to incidents: what each event does, and that nothing makes it fail."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.incidents import events
from cockpit.incidents.fold import IncidentFold, fold
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.incident import IncidentStatus, Phase, Role, Severity, TaskStatus
from cockpit.models.journal import Actor, Entry
from cockpit.models.run import RunState
from tests.unit.incident_samples import BOB, INC, T0, declared, entry, incident

RUN = {
    "run": "run-1", "run_key": "flow-studio:/r/run-1", "state": "failed", "flow": "build", "step": "test",
    "signature": "boom", "why": "test failed", "failed_at": "2026-11-18T09:50:00Z",
    "evidence": [{"rank": "receipt", "path": "run-1/build/receipts/test-x.json", "line": 3, "quote": "failed"}, 7],
}  # fmt: skip


def test_a_declaration_starts_an_incident() -> None:
    said = incident(detected_at="2026-11-18T09:45:00Z", detection="monitoring alert", symptoms="500s", answers="yn")
    assert (said.id, said.title, said.severity, said.phase) == (INC, "Builds fail", Severity.SEV2, Phase.DETECT)
    assert (said.declared_at, said.declared_by, said.detected_at) == (T0, "ada", T0 - timedelta(minutes=15))
    assert (said.detection, said.symptoms, said.status) == ("monitoring alert", "500s", IncidentStatus.OPEN)
    assert [(each.from_severity, each.to_severity, each.answers) for each in said.severities] == [
        (None, Severity.SEV2, "yn")
    ]
    assert said.acknowledged_at is None
    assert incident().detected_at == T0


def test_a_second_declaration_and_a_broken_one_change_nothing() -> None:
    again = entry(2, "incident.declared", {"title": "Other", "severity": "SEV1"})
    assert incident(again) == incident()
    for odd in ({}, {"title": " ", "severity": "SEV1"}, {"title": "t", "severity": "SEV9"}, {"title": 1}):
        assert fold([entry(1, "incident.declared", odd)]) == ()


def test_a_run_is_attached_once_as_it_was_and_taken_off_again() -> None:
    there = incident(entry(2, events.RUN_ADDED, RUN), entry(3, events.RUN_ADDED, RUN | {"step": "other"}))
    (link,) = there.runs
    assert (link.id, link.key, link.state, link.flow, link.step) == (
        "run-1", "flow-studio:/r/run-1", RunState.FAILED, "build", "test",
    )  # fmt: skip
    place = Evidence(rank=Rank.RECEIPT, path="run-1/build/receipts/test-x.json", line=3, quote="failed")
    assert link.evidence == (place,)
    assert link.failed_at == T0 - timedelta(minutes=10)
    assert there.signatures == ("boom",)
    off = entry(4, events.RUN_REMOVED, {"run": "run-1", "run_key": "flow-studio:/r/run-1", "reason": "another cause"})
    assert incident(entry(2, events.RUN_ADDED, RUN), off).runs == ()


def test_phases_severities_and_the_end_keep_their_history() -> None:
    moved = [
        entry(2, events.PHASE, {"to": "contain"}),
        entry(3, events.PHASE, {"to": "diagnose", "override": "no time", "missing": ["scope"]}),
        entry(4, events.SEVERITY, {"to": "SEV1", "reason": "data is lost"}),
        entry(5, events.SEVERITY, {"to": "SEV1", "reason": "again"}),
        entry(6, events.CLOSED, {"reason": "fixed"}, by=BOB),
    ]
    closed = incident(*moved)
    assert [(each.from_phase, each.to_phase, each.override, each.missing) for each in closed.phases] == [
        (Phase.DETECT, Phase.CONTAIN, None, ()),
        (Phase.CONTAIN, Phase.DIAGNOSE, "no time", ("scope",)),
        (Phase.DIAGNOSE, Phase.CLOSED, None, ()),
    ]
    assert [each.to_severity for each in closed.severities] == [Severity.SEV2, Severity.SEV1]
    assert (closed.status, closed.closed_by, closed.close_reason) == (IncidentStatus.CLOSED, "bob", "fixed")
    assert closed.contained_at == T0 + timedelta(minutes=3)
    assert (closed.acknowledged_at, closed.acknowledged_by) == (T0 + timedelta(minutes=2), "ada")
    stays = incident(*moved, entry(7, events.PHASE, {"to": "fix"}), entry(8, events.CLOSED, {}))
    assert stays == closed
    again = incident(*moved, entry(7, events.REOPENED, {"reason": "came back", "phase": "contain"}))
    assert (again.status, again.phase, again.reopened, again.closed_at) == (
        IncidentStatus.REOPENED, Phase.CONTAIN, 1, None,
    )  # fmt: skip
    assert again.contained_at is None
    assert incident(entry(2, events.REOPENED, {"reason": "x", "phase": "fix"})) == incident()


def test_command_changes_hands_only_with_both_sides() -> None:
    takes = entry(2, events.ROLE, {"role": "incident-commander", "person": "ada"})
    offer = entry(3, events.ROLE_OFFERED, {"role": "incident-commander", "person": "bob"})
    stray = entry(4, events.ROLE_ACCEPTED, {"role": "incident-commander", "person": "eve"}, by=BOB)
    accept = entry(5, events.ROLE_ACCEPTED, {"role": "incident-commander", "person": "bob"}, by=BOB)
    assert incident(takes, offer, stray).commander == "ada"
    there = incident(takes, offer, stray, accept)
    assert there.commander == "bob"
    assert [(each.person, each.until) for each in there.responders] == [("ada", accept.at), ("bob", None)]
    (hand_over,) = there.hand_overs
    assert (hand_over.from_person, hand_over.to_person, hand_over.accepted_by) == ("ada", "bob", "bob")
    assert incident(takes, accept).commander == "ada"


def test_a_newer_offer_and_a_taking_end_an_open_one() -> None:
    offers = [
        entry(2, events.ROLE_OFFERED, {"role": "scribe", "person": "bob"}),
        entry(3, events.ROLE_OFFERED, {"role": "scribe", "person": "eve"}),
    ]
    waiting = incident(*offers).offered(Role.SCRIBE)
    assert waiting is not None
    assert waiting.to_person == "eve"
    taken = incident(*offers, entry(4, events.ROLE, {"role": "scribe", "person": "mo", "override": "eve is asleep"}))
    assert taken.offered(Role.SCRIBE) is None
    assert taken.holder(Role.SCRIBE) == "mo"


def test_several_people_respond_and_say_what_they_did() -> None:
    joined = incident(
        entry(2, events.ROLE, {"role": "responder", "person": "bob"}),
        entry(3, events.ROLE, {"role": "responder", "person": "eve"}),
        entry(4, events.ROLE, {"role": "responder", "person": "bob", "contribution": "found the cause"}),
        entry(5, events.ROLE_ENDED, {"role": "responder", "person": "eve"}),
    )
    assert [(each.person, each.contribution, each.until is None) for each in joined.responders] == [
        ("bob", "found the cause", True), ("eve", None, False),
    ]  # fmt: skip


def test_tasks_go_from_pending_to_complete_and_back() -> None:
    made = entry(
        2,
        events.TASK,
        {"task": "t1", "action": "Pin it", "owner": "bob", "deadline": "2026-11-20T12:00:00Z", "verification": "CI"},
    )
    (task,) = incident(made, entry(3, events.TASK, {"task": "t1", "action": "Other"})).tasks
    assert (task.action, task.owner, task.verification, task.status) == ("Pin it", "bob", "CI", TaskStatus.PENDING)
    assert task.accountable
    done = [made, entry(3, events.TASK_DONE, {"task": "t1", "outcome": "CI is green"}, by=BOB)]
    (task,) = incident(*done).tasks
    assert (task.status, task.completed_by, task.outcome) == (TaskStatus.COMPLETE, "bob", "CI is green")
    (task,) = incident(*done, entry(4, events.TASK_STATUS, {"task": "t1", "status": "in-progress"})).tasks
    assert (task.status, task.completed_at) == (TaskStatus.IN_PROGRESS, None)


def test_records_are_kept_as_they_were_written() -> None:
    pin = {
        "path": "run-1/a.log", "line": 3, "root": "/r", "sha256": "ab", "size": 10,
        "modified_at": "2026-11-18T09:00:00Z", "quote": "boom",
    }  # fmt: skip
    said = incident(
        entry(2, events.NOTE, {"text": "Users noticed", "happened_at": "2026-11-18T09:30:00Z"}),
        entry(3, events.PIN, pin),
        entry(4, events.PIN, pin | {"size": -1}),
        entry(5, events.DECISION, {"text": "Revert", "rationale": "fast", "alternative": "hotfix"}),
        entry(6, events.DECISION, {"text": "No reason"}),
        entry(7, events.UPDATE, {"text": "On it", "next_due": "2026-11-18T11:00:00Z"}),
        entry(8, events.ESCALATED, {"escalation": "e1", "level": "L2", "reason": "stuck", "to": "eve"}),
        entry(9, events.ESCALATION_ACKNOWLEDGED, {"escalation": "e1"}, by=BOB),
        entry(10, events.SECTION, {"section": "summary", "text": "It broke."}),
        entry(11, events.NOTIFIED, {"template": "initial", "channel": "file", "delivered": True, "outcome": "ok"}),
        entry(12, "checklist.start", {"target": INC, "playbook": "response-protocol"}, incident=None),
    )
    assert said.notes[0].happened_at == T0 - timedelta(minutes=30)
    assert [(each.path, each.line, each.quote) for each in said.pins] == [("run-1/a.log", 3, "boom")]
    assert [each.text for each in said.decisions] == ["Revert"]
    assert said.next_update_due == T0 + timedelta(hours=1)
    (call,) = said.escalations
    assert (call.level.value, call.to, call.acknowledged_by) == ("L2", "eve", "bob")
    assert said.sections == {"summary": "It broke."}
    assert said.notifications[0].delivered
    assert said.playbooks == ("response-protocol",)
    gone = incident(
        entry(2, events.SECTION, {"section": "summary", "text": "x"}),
        entry(3, events.SECTION, {"section": "summary", "text": " "}),
    )
    assert gone.sections == {}


def test_settling_a_checklist_item_acknowledges() -> None:
    ticked = incident(entry(2, "checklist.tick", {"target": INC, "item": "a/b"}, incident=None))
    assert ticked.acknowledged_at == T0 + timedelta(minutes=2)
    other = incident(entry(2, "checklist.tick", {"target": "run-1", "item": "a/b"}, incident=None))
    assert other.acknowledged_at is None


# --- any history --------------------------------------------------------------------------------------------------

KINDS = sorted(value for name, value in vars(events).items() if name.isupper() and isinstance(value, str))
NAMES = [INC, "inc-20261118-02"]
scalar = st.sampled_from(
    [
        "", " ", "t1", "t2", "e1", "ada", "bob", "incident-commander", "responder", "SEV1", "SEV4", "contain", "closed",
        "pending", "complete", "L0", "summary", "2026-11-18T11:00:00Z", "0001-01-01T00:00:00+23:59", "run-1", "failed",
        "not a time", "[/x]",
    ]
)  # fmt: skip
values = (
    scalar
    | st.none()
    | st.booleans()
    | st.integers(-1, 1 << 70)
    | st.floats()
    | st.lists(scalar | st.none() | st.dictionaries(scalar, scalar, max_size=2), max_size=3)
)
FIELDS = [
    "title", "severity", "answers", "reason", "detected_at", "symptoms", "run", "run_key", "state", "evidence", "to",
    "from", "phase", "override", "missing", "text", "happened_at", "path", "line", "root", "sha256", "size",
    "modified_at", "quote", "rationale", "role", "person", "contribution", "task", "action", "owner", "deadline",
    "verification", "status", "outcome", "next_due", "escalation", "level", "section", "template", "channel",
    "delivered", "target", "item", "playbook",
]  # fmt: skip
payloads = st.dictionaries(st.sampled_from(FIELDS), values, max_size=12)
histories = st.lists(
    st.tuples(
        st.sampled_from([*KINDS, "checklist.start", "checklist.tick", "note", "action.ended"]),
        payloads,
        st.sampled_from([*NAMES, None]),
        st.sampled_from(["ada", "bob"]),
    ),
    max_size=30,
).map(
    lambda rows: (
        [declared()]
        + [
            entry(seq, kind, data, incident=name, by=Actor(user=who, real_user=who))
            for seq, (kind, data, name, who) in enumerate(rows, start=2)
        ]
    )
)


@settings(deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_any_history_folds_the_same_in_any_order(history: list[Entry], random: Any) -> None:
    shuffled = [*history, *random.sample(history, len(history) // 2)]
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(history)
    for each in fold(history):
        assert each.model_validate_json(each.model_dump_json()) == each


@settings(deadline=None)
@given(histories, st.lists(st.integers(0, 30)))
def test_any_history_folds_the_same_in_any_portions(history: list[Entry], cuts: list[int]) -> None:
    folding = IncidentFold()
    for start, end in pairwise([0, *sorted(cuts), len(history)]):
        before = {name: folding.incident(name) for name in NAMES}
        said = folding.feed(history[start:end])
        assert {name for name in NAMES if folding.incident(name) != before[name]} <= said
    assert folding.incidents() == fold(history)
    assert {each.seq for name in NAMES for each in folding.entries(name)} <= {each.seq for each in history}
    folding.clear()
    assert folding.incidents() == ()


@settings(deadline=None)
@given(histories)
def test_what_holds_of_every_incident(history: list[Entry]) -> None:
    for each in fold(history):
        assert (each.closed_at is None) == each.is_open == (each.phase is not Phase.CLOSED)
        for role in Role:
            seated = [one for one in each.responders if one.role is role and one.until is None]
            assert role is Role.RESPONDER or len(seated) <= 1
            assert sum(offer.role is role and offer.open for offer in each.hand_overs) <= 1
        assert each.severity is each.severities[-1].to_severity
        for earlier, later in pairwise(each.phases):
            assert earlier.to_phase is later.from_phase
        assert len({task.id for task in each.tasks}) == len(each.tasks)
        assert len(each.run_keys) == len(each.runs)
