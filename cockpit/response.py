"""How soon an incident of each severity has to be answered, contained and told about, and when people work.

Defaults come from the seeds: how soon somebody answers from seed 003 (15 minutes, 1 hour, 4 hours, next business
day), how soon the harm is stopped from seed 002 (immediate, same day, next business day, normal backlog). The seeds
name no interval for status updates; the defaults here are for SEV1 and SEV2 only. All of it can be set
(`[incidents]` in the configuration file).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from cockpit.models.base import Model
from cockpit.models.incident import Severity

_LONGEST_SEARCH = 400
"""Days looked at for the next business day: longer than any row of holidays."""


class Span(StrEnum):
    """How a target is counted."""

    ELAPSED = "elapsed"
    """Around the clock."""
    WORKING = "working"
    """Only while people work."""
    SAME_DAY = "same-day"
    """Until the end of the day."""
    NEXT_BUSINESS_DAY = "next-business-day"
    """Until the end of work on the next business day."""
    NONE = "none"
    """No target: the normal backlog."""


class Target(Model):
    """How much time there is; `seconds` counts for the first two spans only."""

    span: Span
    seconds: float = 0.0


NO_TARGET = Target(span=Span.NONE)

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")


def read_target(text: str) -> Target:
    """Read `15m`, `1h30m`, `4h working`, `same-day`, `next-business-day` or `none`.

    Raises:
        ValueError: It is none of them.
    """
    words = text.strip().casefold()
    for span in (Span.SAME_DAY, Span.NEXT_BUSINESS_DAY, Span.NONE):
        if words == span.value:
            return Target(span=span)
    number, _, kind = words.partition(" ")
    found = _DURATION.fullmatch(number)
    seconds = _seconds(found) if found else 0
    if not seconds or kind.strip() not in ("", Span.WORKING.value):
        raise ValueError(f"{text!r} is no time to respond: write 15m, 4h working, same-day, next-business-day or none")
    return Target(span=Span.WORKING if kind.strip() else Span.ELAPSED, seconds=seconds)


def _seconds(found: re.Match[str]) -> int:
    days, hours, minutes = (int(part[:6] or 0) for part in found.groups(default="0"))
    return days * 86_400 + hours * 3_600 + minutes * 60


def _defaults(*texts: str) -> dict[Severity, Target]:
    return {severity: read_target(text) for severity, text in zip(Severity, texts, strict=True)}


class Policy(Model):
    """When people work, and what is expected of them.

    Attributes:
        timezone: Name of the time zone that days and hours are counted in.
        workdays: Days of the week people work, 0 for Monday.
        opens: Start of work.
        closes: End of work, on the same day.
        holidays: Days nobody works.
        acknowledge: How soon somebody must have taken it on.
        contain: How soon the harm must be stopped.
        update_every: How often there is a status update while it lasts.
    """

    timezone: str = "UTC"
    workdays: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(17)
    holidays: frozenset[date] = frozenset()
    acknowledge: Mapping[Severity, Target] = Field(
        default_factory=lambda: _defaults("15m", "1h", "4h working", "next-business-day")
    )
    contain: Mapping[Severity, Target] = Field(
        default_factory=lambda: _defaults("15m", "same-day", "next-business-day", "none")
    )
    update_every: Mapping[Severity, Target] = Field(default_factory=lambda: _defaults("30m", "2h", "none", "none"))

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            _zone(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r} on this host") from error
        return value

    @field_validator("workdays")
    @classmethod
    def _some_days(cls, value: frozenset[int]) -> frozenset[int]:
        if not value or not value <= set(range(7)):
            raise ValueError("people work on some of the days 0 (Monday) to 6 (Sunday)")
        return value

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "Policy":
        if self.opens >= self.closes:
            raise ValueError("work ends before it begins")
        return self

    @property
    def zone(self) -> tzinfo:
        """The time zone."""
        return _zone(self.timezone)

    def works(self, day: date) -> bool:
        """Whether people work on a day."""
        return day.weekday() in self.workdays and day not in self.holidays


def _zone(name: str) -> tzinfo:
    # A host without time zone data still knows UTC.
    return UTC if name == "UTC" else ZoneInfo(name)


DEFAULT = Policy()
"""What holds where the configuration says nothing."""


def make_policy(
    timezone: str,
    workdays: frozenset[int],
    hours: str,
    holidays: frozenset[date],
    targets: Mapping[str, Mapping[str, str]],
) -> Policy:
    """A policy from texts.

    Args:
        timezone: As in `Policy`.
        workdays: As in `Policy`.
        hours: `09:00-17:00`.
        holidays: As in `Policy`.
        targets: `acknowledge`, `contain` and `update_every`, each from a severity in any scheme to a target as
            `read_target` takes it; what is not named stays as it is by default.

    Raises:
        ValueError: One of them means nothing.
    """
    opens, _, closes = hours.partition("-")
    try:
        work = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
    except ValueError as error:
        raise ValueError(f"{hours!r} are no working hours: write 09:00-17:00") from error
    chosen = {name: {**getattr(DEFAULT, name), **_read(texts)} for name, texts in targets.items()}
    return Policy(timezone=timezone, workdays=workdays, opens=work[0], closes=work[1], holidays=holidays, **chosen)


def _read(texts: Mapping[str, str]) -> dict[Severity, Target]:
    found: dict[Severity, Target] = {}
    for name, text in texts.items():
        severity = Severity.read(name)
        if severity is None:
            raise ValueError(f"no severity {name!r}: write SEV1 to SEV4")
        found[severity] = read_target(text)
    return found


def due(target: Target, start: datetime, policy: Policy) -> datetime | None:
    """The moment (UTC) until which a target that started at `start` can be met, or `None` where there is none."""
    try:
        return _due(target, start, policy)
    except OverflowError:  # at the end of the calendar nothing is due
        return None


def _due(target: Target, start: datetime, policy: Policy) -> datetime | None:
    match target.span:
        case Span.ELAPSED:
            return start + timedelta(seconds=target.seconds)
        case Span.WORKING:
            return _after_work(start, timedelta(seconds=target.seconds), policy)
        case Span.SAME_DAY:
            return _end_of_day(start, policy)
        case Span.NEXT_BUSINESS_DAY:
            return _next_business_day(start, policy)
        case Span.NONE:
            return None


def _end_of_day(start: datetime, policy: Policy) -> datetime:
    """Midnight; what begins in the last hour of a day has that hour at least."""
    tomorrow = start.astimezone(policy.zone).date() + timedelta(days=1)
    return max(_at(tomorrow, time(), policy), start + timedelta(hours=1))


def _next_business_day(start: datetime, policy: Policy) -> datetime:
    today = start.astimezone(policy.zone).date()
    for ahead in range(1, _LONGEST_SEARCH):
        day = today + timedelta(days=ahead)
        if policy.works(day):
            return _at(day, policy.closes, policy)
    return _at(today + timedelta(days=_LONGEST_SEARCH), policy.closes, policy)


def _after_work(start: datetime, left: timedelta, policy: Policy) -> datetime:
    """The moment at which `left` of working time has gone by since `start`."""
    day = start.astimezone(policy.zone).date()
    moment = start
    for _ in range(_LONGEST_SEARCH):
        if policy.works(day):
            begins = max(moment, _at(day, policy.opens, policy))
            ends = _at(day, policy.closes, policy)
            if begins + left <= ends:
                return begins + left
            left -= max(ends - begins, timedelta())
        day += timedelta(days=1)
        moment = _at(day, time(), policy)
    return moment


def _at(day: date, hour: time, policy: Policy) -> datetime:
    return datetime.combine(day, hour, policy.zone).astimezone(UTC)
