"""Durations and sizes as people write them: `45s`, `1h30m`, `64M`."""

import re

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmg]?)(?:i?b)?")
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def parse_duration(text: str) -> float:
    """Seconds in `90`, `45s`, `10m`, `1h30m`, `2d`.

    Raises:
        ValueError: `text` is not a duration.
    """
    value = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    parts = _DURATION.findall(value)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != value:
        raise ValueError(f"{text!r} is not a duration such as 45s, 10m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def seconds(value: object) -> object:
    """A time as a file may have it: a number of seconds, or text. Anything else is left to whoever validates it.

    Raises:
        ValueError: It is `true` or `false`, which would pass for a number, or text that is no duration.
    """
    if isinstance(value, bool):
        raise ValueError("true and false are no duration; write one such as 45s, 10m or 1h30m")  # noqa: TRY004
    return parse_duration(value) if isinstance(value, str) else value


def parse_size(text: str) -> int:
    """Bytes in `4096`, `512k`, `64M`, `1.5 GiB`; k, M and G are powers of 1024.

    Raises:
        ValueError: `text` is not a size.
    """
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is not a size such as 512k, 64M or 1G")
    return int(float(found[1]) * _BYTES[found[2]])


def show_size(size: int) -> str:
    """`512 B`, `64.0 kB`, `1.9 GB`: bytes for people; k, M and G are powers of 1024."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
