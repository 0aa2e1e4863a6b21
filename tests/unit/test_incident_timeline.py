"""The timeline writes itself: from the record, the runs' evidence, and actions on the runs."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings

from cockpit.incidents import events
from cockpit.incidents.actions import actions_on
from cockpit.incidents.fold import fold
from cockpit.incidents.runs import Proof
from cockpit.incidents.timeline import commands, timeline
from cockpit.models.incident import TimelineRow
from cockpit.models.journal import Entry
from tests.samples import evidence
from tests.unit.incident_samples import BOB, FAILED_AT, INC, KEY, T0, declared, entry, incident, link_data
from tests.unit.test_incident_fold import histories

JOB = {"job": "j1", "action": "retry", "run": "run-1", "run_key": KEY, "flow": "build", "step": "test"}
ACTED = [
    entry(20, "action.planned", {**JOB, "danger": True}, incident=None),
    entry(21, "action.confirmed", JOB, incident=None),
    entry(22, "action.started", {**JOB, "argv": ["make", "retry"]}, incident=None),
    entry(
        25, "action.ended", {**JOB, "state": "failed", "exit_code": 2, "outcome": "make failed"}, incident=None
    ),
    entry(26, "action.refused", {**JOB, "job": "j2", "reason": "busy"}, incident=None),
]  # fmt: skip


def told(*more: Entry, recoveries: tuple[Proof, ...] = (), **base: Any) -> list[TimelineRow]:
    entries = [declared(**base), *more]
    return list(timeline(incident(*more, **base), entries, recoveries))


def lines(rows: list[TimelineRow]) -> list[tuple[float, str, str]]:
    return [((row.at - T0).total_seconds() / 60, row.kind, row.text) for row in rows]


def test_it_begins_with_the_first_failing_evidence() -> None:
    rows = told(entry(2, events.RUN_ADDED, link_data()), detected_at="2026-11-18T09:55:00Z", detection="alert")
    assert lines(rows) == [
        (-10, "failure", "run-1: build.test failed: boom"),
        (-5, "detected", "Noticed (alert)"),
        (0, "declared", "Declared SEV2: Builds fail"),
        (2, "run", "Attached run-1 (failed)"),
    ]
    assert rows[0].evidence[0].path == "run-1/build/receipts/test-x.json"
    assert rows[0].at == FAILED_AT
    assert [row.actor for row in rows] == [None, None, "ada", "ada"]


def test_every_row_names_its_evidence_or_its_entry() -> None:
    rows = told(entry(2, events.RUN_ADDED, link_data()), *ACTED, recoveries=(proof(),))
    assert all(row.evidence or row.seq for row in rows)


def proof() -> Proof:
    return Proof(T0 + timedelta(minutes=40), "build.test of run-1 succeeded", (evidence(),))


def test_actions_on_its_runs_stand_with_their_command_and_their_end() -> None:
    rows = told(entry(2, events.RUN_ADDED, link_data()), *ACTED)
    assert lines([row for row in rows if row.kind == "action"]) == [
        (22, "action", "retry of run-1 at build.test started: make retry"),
        (25, "action", "retry of run-1 at build.test failed: make failed (exit 2)"),
        (26, "action", "retry of run-1 at build.test refused: busy"),
    ]


def test_what_was_done_to_other_runs_before_it_or_after_its_end_is_not_its_own() -> None:
    attached = entry(2, events.RUN_ADDED, link_data())
    other = entry(30, "action.started", {**JOB, "run_key": "flow-studio:/srv/runs/run-9"}, incident=None)
    before = entry(31, "action.started", JOB, incident=None, at=-60)
    closed = entry(40, events.CLOSED, {"reason": "done"})
    after = entry(41, "action.started", JOB, incident=None)
    kinds = [row.kind for row in told(attached, other, before, closed, after)]
    assert "action" not in kinds
    assert kinds[-1] == "closed"


def recorded(seq: int, end: bool = False, **more: Any) -> Entry:
    data = {"recording": "rec-1", "run": "run-1", **({} if end else {"argv": ["sh", "-c", "make gate"]}), **more}
    return entry(seq, "record.ended" if end else "record.started", data, incident=None)


def test_a_recorded_command_is_one_row_with_its_end_and_its_output() -> None:
    attached, start = entry(2, events.RUN_ADDED, link_data()), recorded(20)
    ended = [*ACTED, start, recorded(21, end=True, exit_code=3, signal=None), recorded(23, run="run-9", recording="r")]
    printed = {"rec-1": evidence("output.log"), "j1": evidence("job.log")}
    rows = timeline(incident(attached), [declared(), attached, *ended], (), printed)
    (row,) = [row for row in rows if row.kind == "command"]
    assert (row.at, row.text, row.actor) == (start.at, "sh -c 'make gate' for run-1: exit 3", "ada")
    assert row.evidence == (printed["rec-1"],)
    assert [row.evidence for row in rows if row.text.endswith("(exit 2)")] == [(printed["j1"],)]
    assert [each.data["recording"] for each in commands(incident(attached), ended) if "recording" in each.data] == [
        "rec-1"
    ]
    for end, how in (
        (recorded(21, end=True, exit_code=143, signal="SIGTERM"), "ended by SIGTERM"),
        (recorded(21, end=True, exit_code=127, error="no such program"), "no such program"),
        (recorded(20), "no end on record"),
    ):
        assert told(attached, start, end)[-1].text == f"sh -c 'make gate' for run-1: {how}"


def test_recoveries_are_told_once() -> None:
    rows = told(recoveries=(proof(), proof()))
    assert lines(rows)[-1] == (40, "recovery", "build.test of run-1 succeeded")
    assert len(rows) == 2


def test_notes_stand_at_the_time_they_speak_of() -> None:
    rows = told(
        entry(10, events.NOTE, {"text": "users complain", "happened_at": "2026-11-18T09:30:00Z"}),
        entry(11, events.NOTE, {"text": "now"}),
    )
    assert lines(rows) == [
        (-30, "note", "users complain"), (0, "declared", "Declared SEV2: Builds fail"), (11, "note", "now"),
    ]  # fmt: skip
    assert rows[0].seq == 10


def of(target: str, seq: int, word: str, **data: str) -> Entry:
    return entry(seq, f"checklist.{word}", {"target": target, **data}, incident=None)


def test_remarks_and_checklists_of_its_runs_belong_to_it() -> None:
    rows = told(
        entry(2, events.RUN_ADDED, link_data()),
        entry(3, "note", {"run": "run-1", "run_key": KEY, "text": "looks odd"}, incident=None),
        entry(
            4,
            "checklist.tick",
            {"target": "run-1", "item": "failed-run/error", "text": "Read its error"},
            incident=None,
        ),
        entry(
            5, "checklist.skip", {"target": INC, "item": "a/b", "text": "Tell them", "reason": "SEV3"}, incident=None
        ),
        entry(6, "checklist.start", {"target": INC, "playbook": "failed-run"}, incident=None),
        entry(7, "checklist.tick", {"target": "run-9", "item": "a/b", "text": "x"}, incident=None),
    )
    assert lines(rows)[3:] == [
        (3, "note", "run-1: looks odd"),
        (4, "checklist", "Done: Read its error"),
        (5, "checklist", "Left out: Tell them (SEV3)"),
        (6, "checklist", "Started the checklist of failed-run"),
    ]


def test_every_kind_of_event_is_told_in_words() -> None:
    said: list[tuple[str, dict[str, Any], str]] = [
        (events.DESCRIBED, {"symptoms": "500s"}, "Described, symptoms: 500s"),
        (events.SEVERITY, {"from": "SEV2", "to": "SEV1", "reason": "data"}, "SEV1, was SEV2: data"),
        (
            events.PHASE, {"from": "detect", "to": "fix", "override": "late"},
            "Phase fix, after detect; gate overridden: late",
        ),
        (events.PIN, {"path": "a.log", "line": 3, "note": "here"}, "Pinned a.log:3: here"),
        (
            events.DECISION, {"text": "Revert", "rationale": "fast", "alternative": "hotfix"},
            "Decided: Revert, because fast; instead of hotfix",
        ),
        (events.ROLE, {"role": "scribe", "person": "bob"}, "bob is scribe"),
        (events.ROLE_OFFERED, {"role": "scribe", "person": "bob"}, "Offered to bob: scribe"),
        (events.ROLE_ACCEPTED, {"role": "scribe", "person": "bob"}, "bob accepts: scribe"),
        (events.ROLE_ENDED, {"role": "scribe", "person": "bob"}, "bob is no longer scribe"),
        (
            events.TASK, {"task": "t1", "action": "Pin", "owner": "bob", "deadline": "2026-11-20T00:00:00Z"},
            "Task t1: Pin, owner bob, by 2026-11-20T00:00:00Z",
        ),
        (events.TASK_STATUS, {"task": "t1", "status": "in-progress"}, "Task t1 is in-progress"),
        (events.TASK_DONE, {"task": "t1", "outcome": "green"}, "Task t1 is done: green"),
        (
            events.UPDATE, {"text": "On it", "next_due": "2026-11-18T11:00:00Z"},
            "Update: On it (next by 2026-11-18T11:00:00Z)",
        ),
        (events.ESCALATED, {"level": "L2", "to": "eve", "reason": "stuck"}, "Escalated to L2, eve: stuck"),
        (events.ESCALATION_ACKNOWLEDGED, {"escalation": "e1"}, "Escalation e1 answered"),
        (events.SECTION, {"section": "summary", "text": "x"}, "Post-mortem: summary written"),
        (
            events.NOTIFIED, {"template": "initial", "channel": "mail", "delivered": False, "outcome": "refused"},
            "Notification initial not delivered to mail: refused",
        ),
        (events.RUN_REMOVED, {"run": "run-1", "reason": "other cause"}, "Detached run-1: other cause"),
        (events.REOPENED, {"phase": "fix", "reason": "again"}, "Opened again in phase fix: again"),
        (events.REPORT, {"report": "bundle", "path": "/s/b.tar.gz"}, "Written: bundle, /s/b.tar.gz"),
        (events.CLOSED, {"reason": "fixed"}, "Closed: fixed"),
        ("incident.invented", {"x": 1}, "incident.invented"),
    ]  # fmt: skip
    rows = told(*(entry(seq, kind, data) for seq, (kind, data, _) in enumerate(said, start=2)))
    assert [row.text for row in rows[1:]] == [text for _, _, text in said]
    known = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    told_kinds = {kind for kind, _, _ in said} | {events.DECLARED, events.NOTE, events.RUN_ADDED}
    assert {kind for kind in known if kind.startswith("incident.")} - {events.FAMILY} <= told_kinds


def test_an_action_is_known_from_its_plan_to_its_end() -> None:
    (action,) = actions_on([KEY], ACTED)
    assert (action.danger, action.state, action.exit_code, action.argv) == (True, "failed", 2, ("make", "retry"))
    assert action.ended_at == T0 + timedelta(minutes=25)
    assert actions_on([KEY], ACTED, since=T0 + timedelta(minutes=23)) == ()
    assert actions_on(["other"], ACTED) == ()


def test_somebody_elses_words_carry_their_name() -> None:
    assert told(entry(2, events.NOTE, {"text": "hello"}, by=BOB))[-1].actor == "bob"


@settings(deadline=None)
@given(histories)
def test_any_history_has_a_timeline_in_order(history: list[Entry]) -> None:
    for each in fold(history):
        rows = timeline(each, history)
        assert [row.at for row in rows] == sorted(row.at for row in rows)
        assert all(row.evidence or row.seq for row in rows)
        assert all(row.text for row in rows)
