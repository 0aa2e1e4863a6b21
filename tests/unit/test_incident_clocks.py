"""Response times as clocks: around the clock, in working hours, over weekends, holidays and changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cockpit.incidents import events
from cockpit.incidents.clocks import clocks, most_pressing, next_change
from cockpit.models.incident import Countdown, Incident
from cockpit.response import DEFAULT, Policy, Span, Target, due, read_target
from tests.unit.incident_samples import T0, entry, incident

FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
WORK4 = Target(span=Span.WORKING, seconds=4 * 3600)
DAY = Target(span=Span.SAME_DAY)
NEXT = Target(span=Span.NEXT_BUSINESS_DAY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}:00+00:00")


@pytest.mark.parametrize(
    ("target", "start", "expected"),
    [
        (Target(span=Span.ELAPSED, seconds=900), FRIDAY, at("11-20T15:15")),
        (WORK4, at("11-18T10:00"), at("11-18T14:00")),
        (WORK4, FRIDAY, at("11-23T11:00")),
        (WORK4, SATURDAY, at("11-23T13:00")),
        (WORK4, at("11-18T05:00"), at("11-18T13:00")),
        (WORK4, at("11-18T13:00"), at("11-18T17:00")),
        (DAY, FRIDAY, at("11-21T00:00")),
        (DAY, at("11-20T23:40"), at("11-21T00:40")),
        (NEXT, at("11-18T10:00"), at("11-19T17:00")),
        (NEXT, FRIDAY, at("11-23T17:00")),
        (NEXT, SATURDAY, at("11-23T17:00")),
        (Target(span=Span.NONE), FRIDAY, None),
    ],
)
def test_due_moments(target: Target, start: datetime, expected: datetime | None) -> None:
    assert due(target, start, DEFAULT) == expected


def test_working_hours_days_holidays_and_zone_are_the_teams_own() -> None:
    policy = Policy(
        timezone="Europe/Berlin", workdays=frozenset((0, 1, 2, 3)), opens=time(8), closes=time(12),
        holidays=frozenset((date(2026, 11, 23),)),
    )  # fmt: skip
    assert due(NEXT, at("11-19T10:00"), policy) == at("11-24T11:00")
    assert due(WORK4, at("11-19T10:00"), policy) == at("11-24T10:00")
    # Berlin's Friday begins an hour before UTC's.
    assert due(DAY, at("11-19T22:30"), policy) == at("11-19T23:30")
    # The clock goes back on 2026-10-25: the working day is as long as ever.
    assert due(WORK4, at("10-24T10:00"), policy) == at("10-26T11:00")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("15m", Target(span=Span.ELAPSED, seconds=900)), ("1h30m", Target(span=Span.ELAPSED, seconds=5400)),
        ("2d", Target(span=Span.ELAPSED, seconds=172_800)), ("4h working", WORK4), ("same-day", DAY),
        (" Next-Business-Day ", NEXT), ("none", Target(span=Span.NONE)),
    ],
)  # fmt: skip
def test_targets_are_read(text: str, target: Target) -> None:
    assert read_target(text) == target


@pytest.mark.parametrize("text", ["", "soon", "0m", "4", "4h sleeping", "-1h", "1h 30m"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time to respond"):
        read_target(text)


@pytest.mark.parametrize(
    "odd",
    [{"timezone": "Mars/Base"}, {"workdays": []}, {"workdays": [7]}, {"opens": "17:00", "closes": "09:00"}],
)
def test_an_odd_policy_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(odd)


def named(of: Incident, now: datetime) -> dict[str, Countdown]:
    return {each.name: each for each in clocks(of, now)}


def test_clocks_run_from_the_declaration_until_they_are_met() -> None:
    running = named(incident(severity="SEV1"), T0)
    assert {name: each.due - T0 for name, each in running.items()} == {
        "acknowledge": timedelta(minutes=15), "contain": timedelta(minutes=15), "update": timedelta(minutes=30),
    }  # fmt: skip
    assert not running["acknowledge"].overdue(T0 + timedelta(minutes=15))
    assert running["acknowledge"].overdue(T0 + timedelta(minutes=16))
    assert running["acknowledge"].due_in(T0 + timedelta(minutes=20)) == timedelta(minutes=-5)
    late = incident(
        entry(20, events.PHASE, {"to": "contain"}), entry(21, events.PHASE, {"to": "diagnose"}), severity="SEV1"
    )
    met = named(late, T0 + timedelta(hours=1))
    assert (met["acknowledge"].met_at, met["contain"].met_at) == (
        T0 + timedelta(minutes=20),
        T0 + timedelta(minutes=21),
    )
    assert met["acknowledge"].overdue(T0)
    assert met["acknowledge"].due_in(T0) is None


def test_raising_the_severity_starts_the_clocks_anew_and_lowering_does_not() -> None:
    raised = entry(60, events.SEVERITY, {"to": "SEV1", "reason": "data is lost"})
    lowered = entry(90, events.SEVERITY, {"to": "SEV3", "reason": "no it is not"})
    assert named(incident(raised, severity="SEV3"), T0 + timedelta(hours=2))["acknowledge"].due == T0 + timedelta(
        minutes=75
    )
    assert named(incident(raised, lowered, severity="SEV3"), T0 + timedelta(hours=2))["acknowledge"].due == at(
        "11-18T14:00"
    )


def test_the_next_update_is_due_when_promised_else_as_usual() -> None:
    told = entry(10, events.UPDATE, {"text": "On it", "next_due": "2026-11-18T12:30:00Z"})
    promised = named(incident(told), T0 + timedelta(hours=1))["update"]
    assert promised.due == at("11-18T12:30")
    usual = named(incident(entry(10, events.UPDATE, {"text": "On it"})), T0 + timedelta(hours=1))["update"]
    assert usual.due == T0 + timedelta(hours=2, minutes=10)
    assert "update" not in named(incident(severity="SEV3"), T0)
    over = entry(11, events.PHASE, {"to": "document"})
    assert "update" not in named(incident(over), T0 + timedelta(hours=1))
    assert "update" in named(incident(told, over), T0 + timedelta(hours=1))
    closed = named(incident(told, entry(12, events.CLOSED, {})), T0 + timedelta(hours=9))
    assert {name: each.met_at for name, each in closed.items()} == {
        "acknowledge": T0 + timedelta(minutes=10), "contain": T0 + timedelta(minutes=12),
    }  # fmt: skip


def test_the_most_pressing_clock_and_the_next_change() -> None:
    task = {"task": "t1", "action": "a", "owner": "o", "deadline": "2026-11-18T10:45:00Z", "verification": "v"}
    worked = incident(entry(5, events.TASK, task))
    first = most_pressing(worked, T0 + timedelta(minutes=6))
    assert first is not None
    assert (first.name, first.due) == ("update", T0 + timedelta(hours=2))
    assert next_change(worked, T0 + timedelta(minutes=6)) == T0 + timedelta(minutes=45, microseconds=1)
    done = incident(entry(5, events.CLOSED, {}))
    assert most_pressing(done, T0 + timedelta(days=9)) is None
    assert next_change(done, T0) is None


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by timezones
targets = st.sampled_from(
    [WORK4, DAY, NEXT, Target(span=Span.ELAPSED, seconds=60), Target(span=Span.WORKING, seconds=90_000)]
)


@settings(deadline=None)
@given(moments, moments, targets, st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_due_is_never_before_the_start_and_never_runs_backwards(
    one: datetime, other: datetime, target: Target, zone: str
) -> None:
    policy = Policy(timezone=zone)
    first, last = sorted((one, other))
    due_first, due_last = due(target, first, policy), due(target, last, policy)
    assert due_first is not None
    assert due_last is not None
    assert first < due_first <= due_last


def test_at_the_end_of_the_calendar_nothing_is_due() -> None:
    assert due(WORK4, datetime.max.replace(tzinfo=UTC), DEFAULT) is None
