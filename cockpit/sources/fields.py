"""Taking fields out of foreign JSON: every value may be of any type, missing, or absurdly long."""

from datetime import datetime
from typing import Any

from cockpit.clock import parse_iso

LONG = 16_000
"""Characters kept of an error text or a summary."""
SHORT = 400
"""Characters kept of a name, a word or a quote."""

Obj = dict[str, Any]


def text(value: object, limit: int = LONG) -> str | None:
    """A string of at most `limit` characters; numbers become text, everything else and "" is `None`."""
    if type(value) is str:
        return (value if len(value) <= limit else value[:limit]) or None
    if type(value) is int or type(value) is float:
        return str(value)[:limit]
    return None


def word(value: object) -> str | None:
    """A short string such as an id or a status, as written."""
    if type(value) is str and 0 < len(value) <= SHORT:
        return value
    return text(value, SHORT)


def whole(value: object) -> int | None:
    """An integer that fits 63 bits; whole floats are taken, booleans are not numbers."""
    if type(value) is int:
        return value if -(2**63) < value < 2**63 else None
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return None


def number(value: object) -> float | None:
    """A finite number."""
    if type(value) is float:
        return value if value - value == 0 else None
    found = whole(value)
    return None if found is None else float(found)


def flag(value: object) -> bool | None:
    """A truth value, also as the words yes/no and true/false."""
    if type(value) is bool:
        return value
    if type(value) is str:
        return {"yes": True, "true": True, "no": False, "false": False}.get(value.strip().lower())
    return None


def obj(value: object) -> Obj:
    """A mapping, or an empty one."""
    return value if type(value) is dict else {}


def items(value: object, limit: int = 1_000) -> list[Any]:
    """A list of at most `limit` items, or an empty one."""
    return value[:limit] if type(value) is list else []


def moment(value: object) -> datetime | None:
    """A timestamp, aware UTC; the ways the systems spell it are `cockpit.clock.parse_iso`'s."""
    if type(value) is not str or not value or len(value) > 64:
        return None
    try:
        if value.endswith("+00:00Z"):  # what the code writes, 100,000 times in a first scan
            return datetime.fromisoformat(value[:-1])
        return parse_iso(value)
    except (OverflowError, ValueError):  # year 1 with a positive offset has no UTC equivalent
        return None


def newest(*moments: datetime | None) -> datetime | None:
    """The latest of those that are known."""
    known = [at for at in moments if at is not None]
    return max(known) if known else None


def oldest(*moments: datetime | None) -> datetime | None:
    """The earliest of those that are known."""
    known = [at for at in moments if at is not None]
    return min(known) if known else None
