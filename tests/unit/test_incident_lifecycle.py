"""What operators ask of an incident: recorded, or refused with the reason."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from cockpit.errors import ExitCode, UsageError
from cockpit.incidents import apply, events, lifecycle, records, roles
from cockpit.incidents.lifecycle import GateError
from cockpit.incidents.sections import MANDATORY, SECTIONS, find_section
from cockpit.journal.log import Draft
from cockpit.models.incident import Gate, Incident, Level, Phase, Role, Severity, TaskStatus
from cockpit.models.journal import Actor
from tests.unit.incident_samples import ADA, BOB, INC, T0, entry, incident

RUN = {"run": "run-1", "run_key": "flow-studio:/r/run-1", "state": "failed"}
PLACE = {"path": "a.log", "line": 3, "root": "/r", "sha256": "ab", "size": 4, "modified_at": "2026-11-18T09:00:00Z"}


def after(start: Incident, *steps: tuple[Draft, ...], by: Actor = ADA) -> Incident:
    """The incident once these drafts are recorded too."""
    for number, drafts in enumerate(steps, start=100):
        for draft in drafts:
            assert draft.incident == start.id
            start = apply.apply(start, entry(number, draft.kind, dict(draft.data), by=by))
    return start


# --- ids and declaring


def test_ids_are_readable_and_the_next_one_of_the_day() -> None:
    assert lifecycle.next_id((), T0) == "inc-20261118-01"
    taken = ["inc-20261118-01", "inc-20261118-09", "inc-20261117-40", "inc-20261118-xx", "other"]
    assert lifecycle.next_id(taken, T0) == "inc-20261118-10"
    assert lifecycle.next_id(["inc-20261118-99"], T0) == "inc-20261118-100"
    assert events.is_incident_id(lifecycle.next_id(["inc-20261118-99"], T0))


def test_a_declaration_brings_its_runs_and_checklists() -> None:
    drafts = lifecycle.declare(
        INC, T0, title=" Builds fail ", answers="YN", runs=[RUN, RUN], playbooks=["response-protocol", "failed-run"]
    )
    assert [draft.kind for draft in drafts] == [
        events.DECLARED, events.RUN_ADDED, "checklist.start", "checklist.start",
    ]  # fmt: skip
    assert all(draft.incident == INC for draft in drafts)
    assert [drafts[0].data[key] for key in ("title", "severity", "answers")] == ["Builds fail", "SEV2", "yn"]
    assert drafts[2].data == {"target": INC, "playbook": "response-protocol"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"title": " ", "severity": Severity.SEV1}, "a title is needed"),
        ({"title": "x" * 201, "severity": Severity.SEV1}, "title is too long"),
        ({"title": "t"}, "a severity is needed"),
        ({"title": "t", "severity": Severity.SEV1, "answers": "yy"}, "not both"),
        ({"title": "t", "answers": "y"}, "answer 2 is missing"),
        ({"title": "t", "answers": ""}, "answer 1 is missing"),
        ({"title": "t", "answers": "yy", "detected_at": T0 + timedelta(seconds=1)}, "in the future"),
    ],
)
def test_a_declaration_that_says_too_little_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lifecycle.declare(INC, T0, **asked)


# --- phases


def gate(phase: Phase, *missing: str) -> Gate:
    return Gate(incident=INC, phase=phase, met=not missing, missing=missing)


def all_met(start: Incident, to: Phase) -> list[Gate]:
    return [gate(phase) for phase in lifecycle.gated(start, to)]


def test_a_phase_is_left_through_every_gate_on_the_way() -> None:
    start = incident()
    assert lifecycle.gated(start, Phase.FIX) == (Phase.DETECT, Phase.CONTAIN, Phase.DIAGNOSE)
    moved = after(start, lifecycle.move(start, Phase.FIX, all_met(start, Phase.FIX)))
    assert (moved.phase, moved.phases[-1].override) == (Phase.FIX, None)
    assert lifecycle.gated(moved, Phase.CONTAIN) == ()
    assert after(moved, lifecycle.move(moved, Phase.CONTAIN, [])).phase is Phase.CONTAIN


def test_a_gate_that_is_not_met_refuses_with_what_is_missing() -> None:
    start = incident()
    gates = [gate(Phase.DETECT), gate(Phase.CONTAIN, "the scope", "the harm"), gate(Phase.DIAGNOSE, "the cause")]
    with pytest.raises(GateError) as caught:
        lifecycle.move(start, Phase.FIX, gates)
    assert caught.value.exit_code is ExitCode.GATE
    assert str(caught.value).splitlines() == [
        f"{INC} cannot leave contain yet; missing:",
        "  contain: the scope",
        "  contain: the harm",
        "  diagnose: the cause",
    ]
    assert [each.phase for each in caught.value.gates] == [Phase.CONTAIN, Phase.DIAGNOSE]
    with pytest.raises(GateError):
        lifecycle.move(start, Phase.FIX, gates, override="  ")
    forced = after(start, lifecycle.move(start, Phase.FIX, gates, override="false alarm"))
    assert forced.phases[-1].override == "false alarm"
    assert forced.phases[-1].missing == ("contain: the scope", "contain: the harm", "diagnose: the cause")


def test_an_override_without_need_is_not_recorded_as_one() -> None:
    start = incident()
    moved = after(start, lifecycle.move(start, Phase.CONTAIN, all_met(start, Phase.CONTAIN), override="just in case"))
    assert moved.phases[-1].override is None


def test_a_gate_nobody_looked_at_is_an_error_and_no_way_through() -> None:
    with pytest.raises(KeyError):
        lifecycle.move(incident(), Phase.FIX, [gate(Phase.DETECT)])


def test_closing_is_moving_to_the_end_and_reopening_comes_back() -> None:
    start = incident()
    closed = after(start, lifecycle.move(start, Phase.CLOSED, all_met(start, Phase.CLOSED), reason="fixed"))
    assert not closed.is_open
    with pytest.raises(UsageError, match="closed: reopen it first"):
        lifecycle.close(closed, [])
    assert lifecycle.reopen(closed)[0].data == {"reason": None, "phase": "diagnose"}
    with pytest.raises(UsageError, match="one of the phases"):
        lifecycle.reopen(closed, "came back", Phase.CLOSED)
    again = after(closed, lifecycle.reopen(closed, "came back"))
    assert (again.phase, again.reopened) == (Phase.DIAGNOSE, 1)
    with pytest.raises(UsageError, match="is open"):
        lifecycle.reopen(again, "x")
    with pytest.raises(UsageError, match="in phase diagnose already"):
        lifecycle.move(again, Phase.DIAGNOSE, [])


def test_phases_are_read_by_their_start() -> None:
    assert lifecycle.read_phase("Contain") is Phase.CONTAIN
    assert lifecycle.read_phase("f") is Phase.FIX
    for odd in ("d", "", "x"):
        with pytest.raises(UsageError, match="no phase"):
            lifecycle.read_phase(odd)


# --- severity and runs


def test_severity_changes_with_a_reason() -> None:
    start = incident()
    raised = after(start, lifecycle.change_severity(start, "data is lost", answers="yy"))
    assert (raised.severity, raised.severities[-1].answers) == (Severity.SEV1, "yy")
    with pytest.raises(UsageError, match="SEV2 already"):
        lifecycle.change_severity(start, "x", severity=Severity.SEV2)
    with pytest.raises(UsageError, match="a reason is needed"):
        lifecycle.change_severity(start, "", severity=Severity.SEV1)


def test_runs_come_and_go_with_a_reason() -> None:
    start = incident()
    there = after(start, lifecycle.attach(start, RUN))
    with pytest.raises(UsageError, match=r"belongs to .* already"):
        lifecycle.attach(there, RUN)
    with pytest.raises(UsageError, match="a reason is needed"):
        lifecycle.detach(there, RUN["run_key"], "")
    assert after(there, lifecycle.detach(there, RUN["run_key"], "another cause")).runs == ()
    with pytest.raises(UsageError, match="does not belong"):
        lifecycle.detach(start, RUN["run_key"], "x")


def test_a_description_says_something() -> None:
    start = incident()
    said = after(start, lifecycle.describe(start, T0, symptoms="500s", detected_at=T0 - timedelta(minutes=5)))
    assert (said.symptoms, said.detected_at, said.title) == ("500s", T0 - timedelta(minutes=5), start.title)
    with pytest.raises(UsageError, match="nothing was said"):
        lifecycle.describe(start, T0, title=" ")
    with pytest.raises(UsageError, match="in the future"):
        lifecycle.describe(start, T0, detected_at=T0 + timedelta(days=1))


# --- people


def test_command_is_taken_where_it_is_free_and_handed_over_in_two_halves() -> None:
    start = incident()
    taken = after(start, roles.assign(start, ADA, Role.COMMANDER, "me"))
    assert taken.commander == "ada"
    with pytest.raises(UsageError, match=r"ada has the command .* hands it over to bob"):
        roles.assign(taken, BOB, Role.COMMANDER, "bob")
    offered = after(taken, roles.assign(taken, ADA, Role.COMMANDER, "Bob"))
    assert offered.commander == "ada"
    with pytest.raises(UsageError, match="offered to Bob already"):
        roles.assign(offered, ADA, Role.COMMANDER, "Bob")
    with pytest.raises(UsageError, match="ada has the command"):
        roles.assign(offered, Actor(user="eve", real_user="eve"), Role.COMMANDER, "eve")
    accepted = after(offered, roles.assign(offered, BOB, Role.COMMANDER, "bob"), by=BOB)
    assert accepted.commander == "bob"
    assert accepted.hand_overs[0].accepted_by == "bob"
    with pytest.raises(UsageError, match=r"bob is incident-commander of .* already"):
        roles.assign(accepted, BOB, Role.COMMANDER, "me")


def test_command_without_the_other_side_takes_a_reason() -> None:
    taken = after(incident(), roles.assign(incident(), ADA, Role.COMMANDER, "ada"))
    (draft,) = roles.assign(taken, BOB, Role.COMMANDER, "bob", override="ada is offline")
    assert (draft.kind, draft.data["override"]) == (events.ROLE, "ada is offline")
    assert after(taken, (draft,), by=BOB).commander == "bob"


def test_a_free_command_is_offered_to_somebody_else() -> None:
    offered = after(incident(), roles.assign(incident(), ADA, Role.COMMANDER, "bob"))
    assert offered.commander is None
    assert after(offered, roles.assign(offered, BOB, Role.COMMANDER, "me"), by=BOB).commander == "bob"


def test_accounts_and_people_are_told_apart() -> None:
    sudo = Actor(user="root", real_user="ada")
    taken = after(incident(), roles.assign(incident(), sudo, Role.COMMANDER, "root"), by=sudo)
    assert taken.commander == "ada"


def test_other_roles_are_given_and_left() -> None:
    start = incident()
    scribe = after(start, roles.assign(start, ADA, Role.SCRIBE, "bob"))
    assert scribe.holder(Role.SCRIBE) == "bob"
    told = after(scribe, roles.assign(scribe, ADA, Role.SCRIBE, "BOB", contribution="wrote it all down"))
    assert [(each.person, each.contribution) for each in told.responders] == [("bob", "wrote it all down")]
    assert after(told, roles.leave(told, BOB, Role.SCRIBE)).holder(Role.SCRIBE) is None
    with pytest.raises(UsageError, match="ada is not scribe"):
        roles.leave(told, ADA, Role.SCRIBE)
    command = after(start, roles.assign(start, ADA, Role.COMMANDER, "me"))
    with pytest.raises(UsageError, match="handed over, not left"):
        roles.leave(command, ADA, Role.COMMANDER)


def test_roles_have_short_names() -> None:
    assert [roles.read_role(word) for word in ("IC", "incident commander", "comms")] == [
        Role.COMMANDER, Role.COMMANDER, Role.COMMUNICATIONS,
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no role 'boss'; there are: incident-commander"):
        roles.read_role("boss")


# --- records


def test_tasks_are_numbered_owned_dated_and_verifiable() -> None:
    start = incident()
    made = after(start, records.task(start, "Pin it", owner="bob", deadline=T0, verification="CI is green"))
    more = after(made, records.task(made, "Test it", owner="eve", deadline=T0, verification="it fails"))
    assert [(task.id, task.accountable) for task in more.tasks] == [("t1", True), ("t2", True)]
    begun = after(more, records.task_status(more, "T1", TaskStatus.IN_PROGRESS))
    done = after(begun, records.task_done(begun, "t1", "green"))
    assert [task.status for task in done.tasks] == [TaskStatus.COMPLETE, TaskStatus.PENDING]
    with pytest.raises(UsageError, match="complete already"):
        records.task_done(done, "t1")
    with pytest.raises(UsageError, match=r"no task 't9' .*: t1, t2"):
        records.task_done(done, "t9")
    with pytest.raises(UsageError, match="pending already"):
        records.task_status(done, "t2", TaskStatus.PENDING)


def test_escalations_wait_for_their_answer() -> None:
    start = incident()
    called = after(start, records.escalate(start, Level.L2, "stuck", "eve"))
    with pytest.raises(UsageError, match=r"L2 was called at .* has not answered yet \(e1\)"):
        records.escalate(called, Level.L2, "still stuck")
    both = after(called, records.escalate(called, Level.L0, "irreversible"))
    answered = after(both, records.acknowledge_escalation(both, "l2"))
    assert [(each.id, each.acknowledged_at is not None) for each in answered.escalations] == [
        ("e1", True), ("e2", False),
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"no escalation 'e1' waits .*waiting: e2 \(L0\)"):
        records.acknowledge_escalation(answered, "e1")
    assert records.read_level("3") is Level.L3
    with pytest.raises(UsageError, match="no level"):
        records.read_level("L9")


def test_sections_are_known_by_key_and_title() -> None:
    assert [section.key for section in MANDATORY] == [
        "summary", "impact", "timeline", "root-cause", "contributing-factors", "action-items", "prevention",
    ]  # fmt: skip
    for section in SECTIONS:
        assert find_section(section.key) is find_section(section.title) is section
    with pytest.raises(UsageError, match="no section 'sumary'; did you mean summary"):
        find_section("sumary")
    start = incident()
    said = after(start, records.section(start, "Root cause", "Nobody pins."))
    assert said.sections == {"root-cause": "Nobody pins."}
    with pytest.raises(UsageError, match="says that already"):
        records.section(said, "root-cause", " Nobody pins. ")
    assert after(said, records.section(said, "root-cause", "")).sections == {}
    with pytest.raises(UsageError, match="a text is needed"):
        records.section(start, "root-cause", "")


def test_the_same_place_is_pinned_once_while_it_is_the_same() -> None:
    start = incident()
    pinned = after(start, records.pin(start, PLACE, "the error"))
    with pytest.raises(UsageError, match="pinned already"):
        records.pin(pinned, PLACE)
    assert len(after(pinned, records.pin(pinned, PLACE | {"sha256": "cd"})).pins) == 2


CLOSED = incident(entry(2, events.CLOSED, {}))
REFUSED: list[Callable[[], Sequence[Draft]]] = [
    lambda: lifecycle.attach(CLOSED, RUN),
    lambda: lifecycle.detach(CLOSED, "k", "r"),
    lambda: lifecycle.change_severity(CLOSED, "r", severity=Severity.SEV1),
    lambda: lifecycle.move(CLOSED, Phase.FIX, []),
    lambda: roles.assign(CLOSED, ADA, Role.SCRIBE, "me"),
    lambda: roles.leave(CLOSED, ADA, Role.SCRIBE),
    lambda: records.update(CLOSED, "text"),
    lambda: records.escalate(CLOSED, Level.L1, "r"),
]


@pytest.mark.parametrize("ask", REFUSED)
def test_a_closed_incident_takes_no_response(ask: Callable[[], Sequence[Draft]]) -> None:
    with pytest.raises(UsageError, match="is closed: reopen it first"):
        ask()


def test_the_record_of_a_closed_incident_may_still_be_completed() -> None:
    done = after(
        CLOSED,
        records.note(CLOSED, "said later", T0),
        records.pin(CLOSED, PLACE),
        records.section(CLOSED, "summary", "It broke."),
        records.task(CLOSED, "Pin it", owner="bob", deadline=T0, verification="CI"),
        records.decision(CLOSED, "Keep it", "cheap"),
        records.notified(CLOSED, "resolved", "file", delivered=False, outcome="disk full"),
    )
    assert (len(done.notes), len(done.pins), len(done.tasks), len(done.decisions)) == (1, 1, 1, 1)
    assert done.sections
    assert not done.notifications[0].delivered
    assert not done.is_open


EMPTY: list[Callable[[Incident], Sequence[Draft]]] = [
    lambda of: records.note(of, " "),
    lambda of: records.note(of, "x" * 4001),
    lambda of: records.decision(of, "text", ""),
    lambda of: records.update(of, "\n"),
    lambda of: records.task(of, "a", owner="\x1b[31m", deadline=T0, verification="v"),
    lambda of: records.task(of, "a", owner="o", deadline=T0, verification=""),
    lambda of: records.escalate(of, Level.L1, ""),
    lambda of: roles.assign(of, ADA, Role.SCRIBE, "x" * 81),
]


@pytest.mark.parametrize("ask", EMPTY)
def test_what_says_nothing_or_too_much_is_refused(ask: Callable[[Incident], Sequence[Draft]]) -> None:
    with pytest.raises(UsageError, match=r"is needed|too long|cannot be shown"):
        ask(incident())


def test_every_kind_that_is_recorded_is_read_by_the_fold() -> None:
    written = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    told_only = {events.DECLARED, events.CHECKLIST, events.FAMILY, events.REPORT}
    assert written - told_only <= set(apply.READ)
