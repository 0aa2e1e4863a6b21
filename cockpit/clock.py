"""Time, injected: everything that judges or records takes a `Clock`, so tests and replays decide what now is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current moment as an aware UTC datetime."""


def system_clock() -> datetime:
    """The host's clock, in UTC."""
    return datetime.now(UTC)


def fixed_clock(moment: datetime) -> Clock:
    """A clock that stands still at `moment` (`--now`, tests, reports)."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return lambda: aware.astimezone(UTC)


def iso(moment: datetime | None) -> str | None:
    """UTC ISO 8601 with `Z`, microseconds only where there are any; `None` stays `None`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_iso(text: str) -> datetime | None:
    """Read the timestamps the four systems write, or `None` where `text` is no timestamp.

    Accepts `Z`, offsets, both at once (`...+00:00Z`, Flow Studio's `_datetime_to_iso`; formats/flow-studio.md
    section 1) and naive times, which are taken as UTC.
    """
    value = text.strip()
    if value.endswith(("Z", "z")):
        value = value[:-1]
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and last hours of the calendar have no UTC equivalent everywhere
        return None
