"""Lengths of time in reports."""

from datetime import timedelta


def length(span: timedelta) -> str:
    """`2 d 4 h 5 min`, whole minutes; never negative."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    days, rest = divmod(minutes, 1_440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{number} {name}" for number, name in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts) or "less than a minute"
