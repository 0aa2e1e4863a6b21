"""Timestamps in, timestamps out: everything is aware UTC, and nothing raises."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import fixed_clock, iso, parse_iso, system_clock

MOMENT = datetime(2026, 11, 21, 4, 2, 17, 584296, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T04:02:17.584296+00:00Z",
        "2026-11-21T04:02:17.584296Z",
        "2026-11-21T04:02:17.584296z",
        "2026-11-21T04:02:17.584296",
        "2026-11-21T04:02:17.584296+00:00",
        "2026-11-21T06:02:17.584296+02:00",
        " 2026-11-21 04:02:17.584296 ",
    ],
)
def test_every_spelling_of_one_moment(text: str) -> None:
    assert parse_iso(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    ["", "Z", "yesterday", "2026", "2026-13-01", "\ud800", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"],
)
def test_what_is_no_moment(text: str) -> None:
    assert parse_iso(text) is None


@given(st.text(max_size=40) | st.from_regex(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\dZ?\Z"))
def test_nothing_raises_and_everything_is_aware_utc(text: str) -> None:
    moment = parse_iso(text)
    assert moment is None or moment.tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_again(moment: datetime) -> None:
    assert parse_iso(iso(moment) or "") == moment


def test_written_in_utc_with_a_z_and_no_needless_microseconds() -> None:
    assert iso(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))) == "2026-01-02T02:04:05Z"
    assert iso(MOMENT) == "2026-11-21T04:02:17.584296Z"
    assert iso(None) is None


def test_a_fixed_clock_stands_still_in_utc() -> None:
    clock = fixed_clock(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert clock() == clock() == datetime(2026, 1, 1, tzinfo=UTC)
    assert clock().tzinfo is UTC
    assert fixed_clock(datetime(2026, 1, 1))() == datetime(2026, 1, 1, tzinfo=UTC)  # noqa: DTZ001 - naive means UTC


def test_the_system_clock_is_aware() -> None:
    assert system_clock().tzinfo is UTC
