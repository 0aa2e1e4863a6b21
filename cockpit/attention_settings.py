"""The `[attention]` table of the configuration file: what is told of, how, and when not."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from cockpit.units import seconds

EventName = Literal["failed", "stuck", "blocked", "unanswered", "update", "sla"]
SeverityName = Literal["SEV1", "SEV2", "SEV3", "SEV4"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVENTS: tuple[EventName, ...] = ("blocked", "stuck", "failed", "unanswered", "update", "sla")


def _filter(text: str) -> str:
    from cockpit.errors import UsageError
    from cockpit.filtering import parse_filter

    try:
        parse_filter(text)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return text


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QuietHours(_Section):
    """When nothing rings and nothing pops up: it is counted in the header all the same."""

    hours: str = ""
    """From and to, such as `22:00-07:00`; they may go over midnight. Empty: never quiet."""
    days: tuple[Day, ...] = DAYS
    """Days on which they begin."""
    timezone: str = "UTC"
    """Time zone of hours and days."""
    severity: SeverityName | None = "SEV1"
    """What belongs to an incident this severe, or worse, breaks through; `SEV4`: every incident does."""

    @field_validator("hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        if value:
            _span(value)
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        try:
            _zone(value)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r} on this host") from error
        return value

    def hold(self, moment: datetime) -> bool:
        """Whether a moment (aware) lies within them; the first minute does, the last does not."""
        if not self.hours:
            return False
        opens, closes = _span(self.hours)
        local = moment.astimezone(_zone(self.timezone))
        now, today = local.time(), local.date()
        if opens < closes:
            return opens <= now < closes and self._begins(today.weekday())
        evening = now >= opens and self._begins(today.weekday())
        return evening or (now < closes and self._begins((today - timedelta(days=1)).weekday()))

    def _begins(self, weekday: int) -> bool:
        return DAYS[weekday] in self.days


class AttentionRule(_Section):
    """What is told otherwise than the rest; the first rule that fits decides."""

    events: tuple[EventName, ...] = ()
    """Only these; none named: all."""
    severity: SeverityName | None = None
    """Only what belongs to an incident this severe, or worse."""
    filter: Annotated[str, AfterValidator(_filter)] = ""
    """Only runs that pass this filter (the grammar of `/`)."""
    roots: tuple[str, ...] = ()
    """Only these roots, by label or path."""
    bell: bool | None = None
    """Ring; unset: as `[attention]` has it."""
    toast: bool | None = None
    """Pop up; unset: likewise."""
    badge: bool | None = None
    """Count in header and title; unset: likewise."""


class AttentionSettings(_Section):
    """What the cockpit tells of, and how."""

    events: tuple[EventName, ...] = EVENTS
    """What is told: a run `failed`, turned `stuck` or `blocked`; an escalation is `unanswered`; an `update` is due;
    an `sla` (the time to acknowledge or contain) is about to lapse, or has."""
    severity: SeverityName = "SEV4"
    """The least severe incident whose clocks are told of."""
    bell: bool = True
    """Ring the terminal's bell (tmux marks the window)."""
    toast: bool = True
    """Pop up for some seconds."""
    badge: bool = True
    """Count in header and title what is new since the last key."""
    title: bool = True
    """Set the terminal's title; it gets its own one back at the end."""
    lead: float = Field(default=600.0, ge=0, le=86_400, allow_inf_nan=False)
    """How long before it lapses an `sla` is told of; once more when it has lapsed."""
    quiet: QuietHours = QuietHours()
    rules: tuple[AttentionRule, ...] = ()
    """Exceptions: `[[attention.rules]]`."""

    @field_validator("lead", mode="before", json_schema_input_type=float | str)
    @classmethod
    def _duration(cls, value: object) -> object:
        return seconds(value)


def _span(text: str) -> tuple[time, time]:
    """From and to. Raises ValueError where it is neither."""
    opens, _, closes = text.partition("-")
    try:
        found = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} are no hours: write 22:00-07:00") from error
    if found[0] == found[1] or any(each.tzinfo for each in found):
        raise ValueError(f"{text!r} are no hours: write 22:00-07:00")
    return found


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # a host without time zone data knows it too
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
