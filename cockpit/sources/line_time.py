"""The time a line of a log was written at, as far as the line says so. Pure.

Records are asked for their time by name, text for the first thing that looks like one: ISO 8601 with or without a
zone (none is UTC, as everywhere), seconds or milliseconds since the epoch in a record, a bare time of day.
"""

import re
from datetime import UTC, datetime, timedelta

from cockpit.clock import parse_iso

_FIELD = re.compile(
    rb'"(?:ts|time|timestamp|@timestamp|at|datetime|created_at|started_at|date)"\s{0,3}:\s{0,3}'
    rb'(?:"(?P<text>[^"]{1,40})"|(?P<number>\d{9,16}(?:\.\d{1,9})?))'
)
_ISO = re.compile(
    rb"(?<!\d)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?(?:Z|[+-]\d\d:?\d\d))?", re.IGNORECASE
)
_CLOCK = re.compile(rb"(?<![\d:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?![\d:])")
_MILLISECONDS = 100_000_000_000


def time_of(line: bytes, last: datetime) -> datetime | None:
    """When a line was written, or `None` where it does not say.

    Args:
        line: The line, or its beginning.
        last: Aware; when the file was written last. A bare time of day is the last such time before it.
    """
    field = _FIELD.search(line)
    if field is not None:
        told = _number(float(field["number"])) if field["number"] else _iso(field["text"])
        if told is not None:
            return told
    iso = _ISO.search(line)
    if iso is not None:
        return _iso(iso[0])
    clock = _CLOCK.search(line)
    return None if clock is None else _on_day(last, int(clock["hour"]), int(clock["minute"]), int(clock["second"]))


def _iso(raw: bytes) -> datetime | None:
    # Python reads `2026-11-20 12:00:00 +0100` only without the space before the zone.
    text = raw.decode("ascii", "replace").replace(",", ".")
    return parse_iso(re.sub(r"\s(?=[Zz+-])", "", text))


def _number(value: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS else value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _on_day(last: datetime, hour: int, minute: int, second: int) -> datetime:
    at = last.astimezone(UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)
    # A second of grace: the file's own time is cut.
    return at if at <= last + timedelta(seconds=1) else at - timedelta(days=1)
