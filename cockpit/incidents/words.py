"""What operators type, read and refused: texts, times to come, people. Pure functions."""

import re
from datetime import UTC, datetime, time, timedelta

from cockpit.clock import parse_iso
from cockpit.errors import UsageError
from cockpit.models.journal import Actor
from cockpit.sanitize import clean

MAX_TEXT = 4_000
"""Characters of a note, a decision, an update."""
MAX_SECTION = 40_000
"""Characters of a section of the post-mortem."""
MAX_TITLE = 200
MAX_NAME = 80
MAX_RECORDS = 2_000
"""Records of one kind an incident takes: more is a script gone wild."""

_AGE = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?")
_CLOCK = re.compile(r"@?([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def text(what: str, value: str | None, limit: int = MAX_TEXT) -> str:
    """A text that says something.

    Raises:
        UsageError: It is missing, blank or too long.
    """
    words = (value or "").strip()
    if not words:
        raise UsageError(f"a {what} is needed")
    if len(words) > limit:
        raise UsageError(f"the {what} is too long: {len(words)} characters, at most {limit}")
    return words


def optional(what: str, value: str | None, limit: int = MAX_TEXT) -> str | None:
    """A text, or `None` where there is none. Raises as `text` where it is too long."""
    return text(what, value, limit) if value is not None and value.strip() else None


def name(what: str, value: str | None) -> str:
    """The name of a person or a team: one line, printable. Raises as `text`; also where it cannot be printed."""
    words = text(what, value, MAX_NAME)
    if clean(words) != words:
        raise UsageError(f"the {what} holds characters that cannot be shown")
    return words


def is_called(incident: str, typed: str) -> bool:
    """Whether an operator who types this may mean an incident: its id, or the end of it.

    The end is the number, with as much of the day before it as was typed: `inc-20261121-02`, `1121-02`, `02`.
    """
    word = typed.strip().casefold()
    if word == incident:
        return True
    day, _, number = incident.removeprefix("inc-").partition("-")
    typed_day, dash, typed_number = word.removeprefix("inc-").rpartition("-")
    return bool(number) and number == typed_number and (not dash or day.endswith(typed_day))


def past(what: str, value: str, now: datetime) -> datetime:
    """A moment that was: ISO 8601, `14:02` (UTC, the last one that was), or an age such as `20m`.

    Raises:
        UsageError: It is none, or still to come.
    """
    if (clock := _CLOCK.fullmatch(value.strip())) is not None:
        hour, minute, second = (int(part) for part in clock.groups(default="0"))
        today = datetime.combine(now.astimezone(UTC).date(), time(hour, minute, second), UTC)
        return today if today <= now else today - timedelta(days=1)
    moment = parse_iso(value) or _shifted(value, now, -1)
    if moment is None:
        raise UsageError(f"{what} {clean(value, 40)!r}: write an ISO time, 14:02 or an age such as 20m")
    if moment > now:
        raise UsageError(f"{what} {clean(value, 40)!r} is still to come")
    return moment


def future(what: str, value: str, now: datetime) -> datetime:
    """A moment to come: ISO 8601, a date (its end, UTC), `14:02` (UTC, the next one), or `30m`, `2d` from now.

    Raises:
        UsageError: It is none, or over.
    """
    words = value.strip()
    if (clock := _CLOCK.fullmatch(words)) is not None:
        hour, minute, second = (int(part) for part in clock.groups(default="0"))
        today = datetime.combine(now.astimezone(UTC).date(), time(hour, minute, second), UTC)
        return today if today > now else today + timedelta(days=1)
    moment = _shifted(words.removeprefix("in ").removeprefix("+"), now, 1) or parse_iso(words)
    if moment is not None and _DATE.fullmatch(words):
        moment += timedelta(hours=23, minutes=59, seconds=59)
    if moment is None:
        raise UsageError(f"{what} {clean(value, 40)!r}: write an ISO time, a date, 14:02, or 30m or 2d from now")
    if moment <= now:
        raise UsageError(f"{what} {clean(value, 40)!r} is over")
    return moment


def is_me(person: str, actor: Actor) -> bool:
    """Whether a name means whoever acts: their login name, or the account they work under."""
    return person.strip().casefold() in (actor.real_user.casefold(), actor.user.casefold())


def _shifted(value: str, now: datetime, direction: int) -> datetime | None:
    found = _AGE.fullmatch(value.strip().casefold())
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part) for part in found.groups(default="0"))
    try:
        return now.replace(microsecond=0) + direction * timedelta(days=days, hours=hours, minutes=minutes)
    except OverflowError:
        return None
