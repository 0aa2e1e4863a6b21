"""What is told of, once, by which rules; and what bell, toasts, badge and title make of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.attention import LOUD as LOUD_STATES
from cockpit.attention import Event, Matter, Watch, Way, look, see, way
from cockpit.attention_memory import MOST_FILES, load_memory, memory_path, save_memory
from cockpit.attention_settings import AttentionSettings, QuietHours
from cockpit.models.incident import Incident
from cockpit.models.incident_records import Escalation, RunLink
from cockpit.models.incident_scales import Level, Severity
from cockpit.models.run import Reason, Run, RunRef, RunState
from cockpit.models.snapshot import Progress, Snapshot
from cockpit.response import DEFAULT
from cockpit.screens.attention import summary, title, title_sequence, toasts
from tests.builders import START

DONE = Progress(1, 1, finished=True)
LEAD = timedelta(minutes=10)


def run(name: str, state: RunState, **more: Any) -> Run:
    return Run(ref=RunRef(source="s", root="/r", path=name, id=name), state=state, **more)


def snapshot(*runs: Run, finished: bool = True) -> Snapshot:
    return Snapshot(1, START, runs, progress=DONE if finished else Progress())


def named(matters: Sequence[Matter]) -> list[str]:
    return [f"{each.name} {each.event.value}{' away' if each.away else ''}" for each in matters]


def story(*pictures: Snapshot, told: dict[str, str] | None = None) -> list[list[str]]:
    """What is told of after each picture."""
    watch = Watch(START, told or {}, returned=told is not None)
    found = []
    for picture in pictures:
        watch, matters = see(watch, picture)
        found.append(named(matters))
    return found


def test_what_the_first_scan_finds_is_not_told() -> None:
    failed, running = run("a", RunState.FAILED), run("b", RunState.RUNNING)
    assert story(
        snapshot(finished=False), snapshot(failed, finished=False), snapshot(failed, running), snapshot(failed, running)
    ) == [[], [], [], []]


def test_a_change_is_told_once() -> None:
    before, after = run("a", RunState.RUNNING), run("a", RunState.STUCK)
    again = run("a", RunState.STUCK, problems=1)
    assert story(snapshot(before), snapshot(after), snapshot(after), snapshot(again)) == [[], ["a stuck"], [], []]


def test_each_change_is_told() -> None:
    states = (RunState.RUNNING, RunState.STUCK, RunState.RUNNING, RunState.STUCK, RunState.FAILED)
    told = story(*(snapshot(run("a", state)) for state in states))
    assert told == [[], ["a stuck"], [], ["a stuck"], ["a failed"]]


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.PAUSED, RunState.WAITING, RunState.PARTIAL])
def test_quiet_changes_are_not_told(state: RunState) -> None:
    assert story(snapshot(run("a", RunState.RUNNING)), snapshot(run("a", state))) == [[], []]


def test_a_new_run_that_has_failed_already_is_told() -> None:
    assert story(snapshot(), snapshot(run("a", RunState.FAILED))) == [[], ["a failed"]]


def test_a_root_that_comes_back_brings_no_news() -> None:
    failed = run("a", RunState.FAILED)
    assert story(snapshot(failed), snapshot(), snapshot(run("a", RunState.FAILED, problems=1))) == [[], [], []]


def test_what_turned_bad_during_the_first_scan_is_history() -> None:
    running, failed = run("a", RunState.RUNNING), run("a", RunState.FAILED)
    assert story(snapshot(running, finished=False), snapshot(failed), snapshot(failed)) == [[], [], []]


def test_coming_back_tells_of_what_happened_meanwhile_and_not_of_yesterday() -> None:
    old, new = run("old", RunState.FAILED), run("new", RunState.STUCK)
    told = {old.key: "failed"}
    assert story(snapshot(old, new), snapshot(old, new), told=told) == [["new stuck away"], []]


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(RunState))), max_size=3), max_size=8))
def test_nothing_is_told_twice_until_it_changes(pictures: list[list[tuple[str, RunState]]]) -> None:
    """Whatever happens, a run is told of only where it differs from what was last seen of it, and the state is loud."""
    watch, last = Watch(START), dict[str, RunState]()
    watch, _ = see(watch, snapshot())
    for picture in pictures:
        states = dict(picture)
        watch, matters = see(watch, snapshot(*(run(name, state) for name, state in states.items())))
        loud = {
            name for name, state in states.items()
            if state in LOUD_STATES and last.get(name) is not state
        }  # fmt: skip
        assert {matter.name for matter in matters} == loud
        last |= states
        assert set(watch.told) == {f"s:/r/{name}" for name, state in last.items() if state in LOUD_STATES}


# -- incidents


def incident(**more: Any) -> Incident:
    facts: dict[str, Any] = {
        "id": "inc-20261121-01", "title": "Masked", "severity": Severity.SEV1, "declared_at": START,
        "declared_by": "ada", "detected_at": START,
    }  # fmt: skip
    return Incident(**facts | more)


def clockwork(
    found: Incident, *minutes: float, since: float = -60, told: dict[str, str] | None = None
) -> list[list[str]]:
    """What is told of an incident at some minutes after its declaration."""
    watch = Watch(START + timedelta(minutes=since), told or {}, returned=told is not None)
    heard = []
    for minute in minutes:
        watch, matters = look(watch, [found], START + timedelta(minutes=minute), DEFAULT, LEAD)
        heard.append(sorted(f"{each.event.value} {each.told.split(':')[0]}" for each in matters))
    return heard


def test_a_response_time_is_told_before_it_lapses_and_when_it_has() -> None:
    # SEV1: 15 minutes to acknowledge and to contain, an update every 30.
    near = ["sla the time to acknowledge is about to run out", "sla the time to contain is about to run out"]
    over = ["sla the time to acknowledge has run out", "sla the time to contain has run out"]
    assert clockwork(incident(), 0, 4, 5, 6, 14, 15, 16, 29, 30, 31) == [
        [], [], near, [], [], over, [], [], ["update a status update is due"], [],
    ]  # fmt: skip
    met = incident(acknowledged_at=START + timedelta(minutes=1))
    assert clockwork(met, 5) == [["sla the time to contain is about to run out"]]


def test_an_escalation_that_nobody_answers_is_told_when_its_time_is_over() -> None:
    call = Escalation(id="e1", level=Level.L2, to="grace", reason="it persists", at=START, by="ada")
    facts = {"severity": Severity.SEV2, "acknowledged_at": START}
    assert clockwork(incident(escalations=(call,), **facts), 59, 60, 61) == [
        [], ["unanswered L2 (grace) was called and has not answered"], [],
    ]  # fmt: skip
    answered = call.model_copy(update={"acknowledged_at": START})
    assert clockwork(incident(escalations=(answered,), **facts), 60) == [[]]


def test_what_ran_out_before_the_cockpit_was_opened_rings_for_nobody() -> None:
    found = incident(acknowledged_at=START)
    assert clockwork(found, 40, since=39) == [[]]
    watch = Watch(START + timedelta(minutes=39), {}, returned=True)
    watch, matters = look(watch, [found], START + timedelta(minutes=40), DEFAULT, LEAD)
    assert {(each.event, each.away) for each in matters} == {(Event.SLA, True), (Event.UPDATE, True)}
    again = Watch(START + timedelta(minutes=50), watch.told, returned=True)
    assert look(again, [found], START + timedelta(minutes=51), DEFAULT, LEAD)[1] == ()
    assert look(again, [], START, DEFAULT, LEAD)[0].told == {}


@given(st.lists(st.integers(0, 120), min_size=1, max_size=12).map(sorted), st.booleans())
def test_every_mark_is_told_once_as_time_goes_by(minutes: list[int], contained: bool) -> None:
    call = Escalation(id="e1", level=Level.L0, reason="it persists", at=START, by="ada")
    found = incident(escalations=(call,), acknowledged_at=START if contained else None)
    watch, seen = Watch(START - LEAD), list[tuple[str, str]]()
    for minute in minutes:
        watch, matters = look(watch, [found], START + timedelta(minutes=minute), DEFAULT, LEAD)
        seen += [(each.key, each.mark) for each in matters]
    assert len(seen) == len(set(seen))
    assert watch.told == dict(seen)


# -- the rules


def failure(severity: Severity | None = None, *, away: bool = False, root: str = "/r") -> Matter:
    ref = RunRef(source="s", root=root, path="a", id="a")
    one = Run(ref=ref, state=RunState.FAILED, flow="build")
    return Matter(Event.FAILED, one.key, "failed", "a", "why", severity, one, (one.key,), away)


def due(severity: Severity) -> Matter:
    return Matter(Event.UPDATE, "incident:x", "m", "inc", "why", severity)


RING, COUNTED, SILENT = Way(bell=True, toast=True, badge=True), Way(badge=True), Way()
NIGHT, NOON = datetime(2026, 11, 21, 23, 30, tzinfo=UTC), datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "matter", "expected"),
    [
        ({}, failure(), RING),
        ({}, failure(away=True), Way(toast=True, badge=True)),
        ({"bell": False}, failure(), Way(toast=True, badge=True)),
        ({"events": ["stuck"]}, failure(), SILENT),
        ({"severity": "SEV2"}, due(Severity.SEV3), SILENT),
        ({"severity": "SEV2"}, due(Severity.SEV2), RING),
        ({"severity": "SEV1"}, failure(), RING),
        ({"rules": [{"filter": "flow:build", "bell": False, "toast": False}]}, failure(), COUNTED),
        ({"rules": [{"filter": "flow:plan", "bell": False}]}, failure(), RING),
        ({"rules": [{"filter": "flow:build", "bell": False}]}, due(Severity.SEV1), RING),
        ({"rules": [{"events": ["update"], "bell": False, "badge": False}]}, due(Severity.SEV3), Way(toast=True)),
        ({"rules": [{"severity": "SEV2", "toast": False}]}, failure(Severity.SEV1), Way(bell=True, badge=True)),
        ({"rules": [{"severity": "SEV2", "toast": False}]}, failure(), RING),
        ({"rules": [{"roots": ["production"]}, {"bell": False}]}, failure(), RING),
        ({"rules": [{"roots": ["/r/"]}, {"bell": False}]}, failure(), RING),
        ({"rules": [{"roots": ["production"]}, {"bell": False}]}, failure(root="/rr"), Way(toast=True, badge=True)),
        ({"bell": False, "rules": [{"events": ["failed"], "bell": True}]}, failure(), RING),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_decides(settings: dict[str, Any], matter: Matter, expected: Way) -> None:
    assert way(matter, AttentionSettings.model_validate(settings), NOON, {"/r": "production"}) == expected


@pytest.mark.parametrize(
    ("matter", "expected"),
    [
        (failure(), COUNTED), (failure(Severity.SEV2), COUNTED), (due(Severity.SEV2), COUNTED),
        (failure(Severity.SEV1), RING), (due(Severity.SEV1), RING),
    ],
)  # fmt: skip
def test_a_sev1_breaks_through_quiet_hours(matter: Matter, expected: Way) -> None:
    settings = AttentionSettings(quiet=QuietHours(hours="22:00-07:00"))
    assert way(matter, settings, NIGHT, {}) == expected
    assert way(matter, settings, NOON, {}) == RING
    never = AttentionSettings(quiet=QuietHours(hours="22:00-07:00", severity=None))
    assert way(matter, never, NIGHT, {}) == COUNTED


@pytest.mark.parametrize(
    ("moment", "hours", "days", "quiet"),
    [
        ("2026-11-21T21:59Z", "22:00-07:00", "sat", False),
        ("2026-11-21T22:00Z", "22:00-07:00", "sat", True),
        ("2026-11-22T06:59Z", "22:00-07:00", "sat", True),
        ("2026-11-22T07:00Z", "22:00-07:00", "sat", False),
        ("2026-11-22T22:00Z", "22:00-07:00", "sat", False),
        ("2026-11-21T12:30Z", "12:00-13:00", "sat", True),
        ("2026-11-21T12:30Z", "12:00-13:00", "sun", False),
        ("2026-11-21T12:30Z", "", "sat", False),
    ],
)
def test_quiet_hours_go_over_midnight(moment: str, hours: str, days: str, *, quiet: bool) -> None:
    made = QuietHours.model_validate({"hours": hours, "days": [days]})
    assert made.hold(datetime.fromisoformat(moment)) is quiet


def test_quiet_hours_are_those_of_their_time_zone() -> None:
    tokyo = QuietHours(hours="22:00-07:00", timezone="Asia/Tokyo")
    assert tokyo.hold(datetime(2026, 11, 21, 13, 0, tzinfo=UTC))
    assert not tokyo.hold(datetime(2026, 11, 21, 22, 0, tzinfo=UTC))


# -- the memory


def test_what_was_told_is_remembered_for_a_set_of_roots(tmp_path: Path) -> None:
    path = memory_path([Path("/a"), Path("/b")])
    assert path == memory_path([Path("/b"), Path("/a")]) != memory_path([Path("/a")])
    assert load_memory(path) is None
    save_memory(path, {"s:/r/a": "failed"})
    assert load_memory(path) == {"s:/r/a": "failed"}
    assert path.parent.stat().st_mode & 0o077 == 0
    for number in range(MOST_FILES + 3):
        save_memory(path.with_name(f"{number}.json"), {})
    assert len(list(path.parent.iterdir())) == MOST_FILES


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2, "told": {}}', '{"version": 1, "told": []}', "\0"])
def test_a_broken_memory_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert load_memory(tmp_path / "x.json") is None


def test_a_state_directory_that_cannot_be_written_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save_memory(tmp_path / "file" / "x.json", {})
    assert (tmp_path / "file").read_text() == ""


# -- words


def test_few_are_told_one_by_one_and_many_together() -> None:
    reasons = (Reason(text="silent\x1b[31m"),)
    one = run("a", RunState.STUCK, flow="build", step="implement", reasons=reasons)
    _, matters = see(Watch(START, armed=True), snapshot(one))
    assert toasts(matters) == [("a stuck", "build › implement: silent")]
    assert toasts([]) == []
    assert toasts([due(Severity.SEV2)]) == [("SEV2 inc: update due", "why")]
    many = [failure(), failure(), failure(), due(Severity.SEV1)]
    assert toasts(many) == [("4 matters need a look", "3 failed, 1 update due")]
    assert summary([]) == ""


def test_the_title_counts_what_needs_a_look() -> None:
    assert title(snapshot(run("a", RunState.RUNNING))) == "cockpit"
    assert title(snapshot(run("a", RunState.STUCK))) == "cockpit: 1 needs a look"
    lie = run("b", RunState.SUCCEEDED, contradicted=True)
    assert title(snapshot(run("a", RunState.STUCK), lie), 3) == "(3 new) cockpit: 2 need a look"
    assert title_sequence("x\x1b]0;evil\x07\ny") == "\x1b]2;x y\x07"


def test_a_run_of_an_incident_has_its_severity() -> None:
    one = run("a", RunState.FAILED)
    link = RunLink(id="a", key=one.key, at=START, by="ada")
    mild, grave = incident(severity=Severity.SEV3, runs=(link,)), incident(runs=(link,))
    (matter,) = see(Watch(START, armed=True), snapshot(one), [mild, grave])[1]
    assert matter.severity is Severity.SEV1
