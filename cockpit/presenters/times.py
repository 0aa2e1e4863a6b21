"""Moments and spans for people. Every function is pure: what now is, is given."""

from datetime import datetime, timedelta
from enum import StrEnum

from cockpit.clock import iso


class TimeStyle(StrEnum):
    """How moments are shown; `t` cycles through them."""

    RELATIVE = "relative"
    UTC = "utc"
    LOCAL = "local"

    @property
    def next(self) -> "TimeStyle":
        """The style after this one."""
        styles = list(TimeStyle)
        return styles[(styles.index(self) + 1) % len(styles)]


_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def span(value: timedelta | float | None) -> str:
    """`45s`, `12m`, `3h05m`, `2d4h`; two units at most; empty for `None`."""
    if value is None:
        return ""
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 0:
        return "0s"
    for index, (unit, size) in enumerate(_UNITS):
        if seconds >= size or size == 1:
            whole, rest = divmod(seconds, size)
            if index + 1 < len(_UNITS) - (1 if unit == "d" else 0) and unit in ("d", "h"):
                small, width = _UNITS[index + 1][1], 2 if unit == "h" else 0
                minor = rest // small
                return f"{whole}{unit}{minor:0{width}d}{_UNITS[index + 1][0]}" if minor else f"{whole}{unit}"
            return f"{whole}{unit}"
    return "0s"


def duration_ms(value: int | None) -> str:
    """A step's duration: `98ms`, `4.2s`, `3m12s`."""
    if value is None:
        return ""
    if value < 1_000:
        return f"{value}ms"
    if value < 60_000:
        # Cut, not rounded: there is no `60.0s`.
        return f"{value // 100 / 10:.1f}s"
    minutes, rest = divmod(value // 1000, 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def tick(now: datetime, seconds: int = 10) -> datetime:
    """`now` rounded down, so that ages on the screen change every `seconds`, not with every frame."""
    return now.replace(second=now.second - now.second % seconds, microsecond=0)


def moment(value: datetime | None, now: datetime, style: TimeStyle) -> str:
    """A point in time: its age, or the clock's time with the date where that is not today."""
    if value is None:
        return ""
    if style is TimeStyle.RELATIVE:
        return span(max(now - value, timedelta()))
    if style is TimeStyle.LOCAL:
        value, now = _local(value), _local(now)
    return value.strftime("%H:%M:%S" if value.date() == now.date() else "%m-%d %H:%M")


def clock_time(value: datetime | None, style: TimeStyle) -> str:
    """A point in time in a log, always a clock time: ages are useless between two lines of a log."""
    if value is None:
        return ""
    shown = _local(value) if style is TimeStyle.LOCAL else value
    return shown.strftime("%H:%M:%S")


def _local(value: datetime) -> datetime:
    """In the host's time zone; foreign files may hold moments at the edges of the calendar, which stay in UTC."""
    try:
        return value.astimezone()
    except (OverflowError, ValueError, OSError):
        return value


def full(value: datetime | None) -> str:
    """The whole UTC timestamp, to the second."""
    return (iso(value.replace(microsecond=0)) if value else None) or "unknown"
