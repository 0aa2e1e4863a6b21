"""Moments on the command line: an ISO time, or how long ago."""

from datetime import UTC, datetime, timedelta

from cockpit.clock import parse_iso
from cockpit.errors import UsageError
from cockpit.sanitize import clean
from cockpit.units import parse_duration


def moment(option: str, text: str, now: datetime) -> datetime:
    """An ISO time, or an age such as `2h`; what lies before the calendar is its beginning.

    Raises:
        UsageError: It is neither.
    """
    found = parse_iso(text)
    if found is not None:
        return found
    try:
        return now - timedelta(seconds=parse_duration(text))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"{option} {clean(text, 40)}: neither an ISO time nor an age such as 2h") from error
