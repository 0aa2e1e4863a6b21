"""Where `:goto` leads: a line by its number, a moment, or a span from the moment under the cursor. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from cockpit.clock import parse_iso
from cockpit.errors import UsageError
from cockpit.sanitize import clean
from cockpit.units import parse_duration

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(Z)?")
_LOOK_BACK = 64
"""Entries without a time that are passed over in search of one that has one."""

TimeAt = Callable[[int], datetime | None]
"""The time of the entry at an index, where it has one."""


@dataclass(frozen=True, slots=True)
class Target:
    """A line (from 1) or a moment."""

    line: int | None = None
    moment: datetime | None = None


def parse_target(text: str, here: datetime | None, now: datetime, zone: tzinfo = UTC) -> Target:
    """What `:goto` was given.

    `120` is a line. `14:05` is that time of the clock of `zone`, on the day that is nearest to `here`. `-10m` and `+1h`
    count from `here`. Anything else is an ISO 8601 time.

    Args:
        text: As typed.
        here: The moment under the cursor, or `None`.
        now: What counts as here where the pane has no times.
        zone: The zone times are shown in.

    Raises:
        UsageError: It is none of these.
    """
    value = text.strip()
    if value.isascii() and value.isdigit() and int(value) > 0:
        return Target(line=int(value))
    base = here or now
    clock = _CLOCK.fullmatch(value)
    if clock is not None:
        return Target(moment=_nearest(clock, base, UTC if clock[4] else zone))
    if value[:1] in ("-", "+") and len(value) > 1:
        try:
            span = timedelta(seconds=parse_duration(value[1:]))
            return Target(moment=base - span if value[0] == "-" else base + span)
        except (ValueError, OverflowError):
            raise _nowhere(value) from None
    moment = parse_iso(value) if not value.isdigit() and "-" in value else None
    if moment is None:
        raise _nowhere(value)
    return Target(moment=moment)


def _nowhere(value: str) -> UsageError:
    return UsageError(
        f"cannot go to {clean(value, 40)!r}: a line (120), a time (14:05, 2026-11-20T14:05Z), -10m or +1h"
    )


def _nearest(clock: "re.Match[str]", base: datetime, zone: tzinfo) -> datetime:
    local = base.astimezone(zone)
    at = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
    days = []
    for shift in (-1, 0, 1):
        try:
            days.append((at + timedelta(days=shift)).astimezone(UTC))
        except OverflowError:
            continue
    return min(days, key=lambda day: (abs(day - base), day))


def first_since(count: int, time_at: TimeAt, moment: datetime) -> int | None:
    """The first entry that is not older than `moment`, by halving: entries are in order, or nearly so.

    Args:
        count: How many there are.
        time_at: Their times; those without one are passed over.
        moment: The moment.

    Returns:
        Its index; the last entry where all are older; `None` where none has a time.
    """
    low, high, known = 0, count, False
    while low < high:
        middle = (low + high) // 2
        found = _timed(middle, high, time_at)
        if found is None:
            # Nothing in the upper half tells the time.
            high = middle
            continue
        known = True
        place, at = found
        if at < moment:
            low = place + 1
        else:
            high = middle
    if not known and count and all(time_at(index) is None for index in range(min(count, _LOOK_BACK))):
        return None
    while low < count and (at_low := time_at(low)) is not None and at_low < moment:
        low += 1
    return min(low, count - 1) if count else None


def _timed(start: int, end: int, time_at: TimeAt) -> tuple[int, datetime] | None:
    for index in range(start, min(end, start + _LOOK_BACK)):
        at = time_at(index)
        if at is not None:
            return index, at
    return None
