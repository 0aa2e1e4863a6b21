"""Times as operators type them."""

from datetime import UTC, datetime

import pytest

from cockpit.errors import UsageError
from cockpit.incidents.words import future, past

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-18T09:00:00Z", at("11-18T09:00:00")), ("09:30", at("11-18T09:30:00")),
        ("@9:30", at("11-18T09:30:00")),
        ("23:50", at("11-17T23:50:00")), ("20m", at("11-18T09:40:00")), ("1d2h", at("11-17T08:00:00")),
        ("10:00", at("11-18T10:00:00")), ("2026-11-18T11:30:00+02:00", at("11-18T09:30:00")),
    ],
)  # fmt: skip
def test_moments_that_were(text: str, expected: datetime) -> None:
    assert past("--at", text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-18T12:00:00Z", at("11-18T12:00:00")), ("2026-11-20", at("11-20T23:59:59")),
        ("2026-11-18", at("11-18T23:59:59")), ("11:15", at("11-18T11:15:00")), ("9:15", at("11-19T09:15:00")),
        ("30m", at("11-18T10:30:00")), ("in 2d", at("11-20T10:00:00")), ("+1h30m", at("11-18T11:30:00")),
    ],
)  # fmt: skip
def test_moments_to_come(text: str, expected: datetime) -> None:
    assert future("--due", text, NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "9:75", "2026-13-01", "h", "99999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write an ISO time"):
        past("--at", text, NOW)
    with pytest.raises(UsageError, match="write an ISO time"):
        future("--due", text, NOW)


def test_the_wrong_side_of_now_is_refused() -> None:
    with pytest.raises(UsageError, match="still to come"):
        past("--at", "2026-11-18T10:00:01Z", NOW)
    with pytest.raises(UsageError, match="is over"):
        future("--due", "2026-11-17", NOW)
