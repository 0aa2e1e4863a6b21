"""Moments and spans as people read them, at every boundary."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.presenters import times
from cockpit.presenters.times import TimeStyle
from tests.samples import NOW


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"), (0, "0s"), (0.9, "0s"), (1, "1s"), (59, "59s"), (59.999, "59s"), (60, "1m"), (61, "1m"),
        (3_599, "59m"), (3_600, "1h"), (3_659, "1h"), (3_660, "1h01m"), (11_100, "3h05m"), (86_399, "23h59m"),
        (86_400, "1d"), (89_999, "1d"), (90_000, "1d1h"), (187_200, "2d4h"), (31_536_000, "365d"),
    ],
)  # fmt: skip
def test_spans(seconds: float, shown: str) -> None:
    assert times.span(seconds) == shown
    assert times.span(timedelta(seconds=seconds)) == shown


def test_no_span_is_no_text() -> None:
    assert times.span(None) == times.duration_ms(None) == times.moment(None, NOW, TimeStyle.UTC) == ""
    assert times.clock_time(None, TimeStyle.UTC) == ""
    assert times.full(None) == "unknown"


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_longer_span_never_reads_shorter_than_a_shorter_one(first: int, second: int) -> None:
    def size(text: str) -> int:
        units = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
        total, digits = 0, ""
        for ch in text:
            if ch in units:
                total, digits = total + int(digits) * units[ch], ""
            else:
                digits += ch
        return total

    low, high = sorted((first, second))
    assert size(times.span(low)) <= size(times.span(high))
    assert size(times.span(low)) <= low


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0ms"), (999, "999ms"), (1_000, "1.0s"), (4_230, "4.2s"), (59_949, "59.9s"), (59_999, "59.9s"),
        (60_000, "1m00s"), (192_000, "3m12s"), (3_599_999, "59m59s"), (3_600_000, "1h00m"), (90_000_000, "25h00m"),
    ],
)  # fmt: skip
def test_durations(ms: int, shown: str) -> None:
    assert times.duration_ms(ms) == shown


def test_ages_stand_still_between_ticks() -> None:
    assert {times.tick(NOW + timedelta(seconds=second, microseconds=7)) for second in range(10)} == {NOW}
    assert times.tick(NOW.replace(second=59)) == NOW.replace(second=50)
    assert times.tick(NOW.replace(second=59), 60) == NOW


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
def test_moments_in_every_style() -> None:
    then = NOW - timedelta(hours=3, minutes=5)
    assert times.moment(then, NOW, TimeStyle.RELATIVE) == "3h05m"
    assert times.moment(NOW + timedelta(hours=1), NOW, TimeStyle.RELATIVE) == "0s"
    assert times.moment(then, NOW, TimeStyle.UTC) == "08:55:00"
    assert times.moment(then, NOW, TimeStyle.LOCAL) == "03:55:00"
    yesterday = NOW - timedelta(hours=10)
    assert times.moment(yesterday, NOW, TimeStyle.UTC) == "02:00:00"
    assert times.moment(yesterday, NOW, TimeStyle.LOCAL) == "11-20 21:00"
    assert times.clock_time(then, TimeStyle.RELATIVE) == times.clock_time(then, TimeStyle.UTC) == "08:55:00"
    assert times.clock_time(then, TimeStyle.LOCAL) == "03:55:00"
    assert times.full(then.replace(microsecond=5)) == "2026-11-21T08:55:00Z"


@pytest.mark.usefixtures("new_york")
@pytest.mark.parametrize("edge", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("style", list(TimeStyle))
def test_the_edges_of_the_calendar(edge: datetime, style: TimeStyle) -> None:
    assert times.moment(edge, NOW, style)
    assert times.clock_time(edge, style)


def test_styles_come_round() -> None:
    assert TimeStyle.RELATIVE.next.next.next is TimeStyle.RELATIVE
    assert len({TimeStyle.RELATIVE, TimeStyle.RELATIVE.next, TimeStyle.RELATIVE.next.next}) == 3
