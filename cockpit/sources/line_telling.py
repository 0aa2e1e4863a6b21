"""What a line of a log says in short: JSON records by their kind and text, everything else as it stands. Pure."""

import json
from typing import Any, NamedTuple

import orjson

from cockpit.sources.line_level import ERROR, INFO, level_of_text

MOST = 64 * 1024
"""Bytes of the longest line that is taken apart."""
_KIND = ("type", "role", "kind", "event", "level", "decision")
_WHERE = ("tool", "tool_name", "step_id")
_TEXT = ("content", "message", "text", "reason", "output", "payload", "tool_output", "error", "input")


class Told(NamedTuple):
    """A line in short.

    Attributes:
        kind: What kind of record it is; empty for plain text.
        text: What it says; foreign, not cleaned.
        level: How loud it is, see `cockpit.sources.line_level`.
    """

    kind: str
    text: str
    level: int


def tell(raw: bytes) -> Told:
    """A line in short. A record's own `level` decides how loud it is, else the words of its text."""
    record = record_of(raw)
    if record is None:
        return Told("", raw.decode("utf-8", "replace"), level_of_text(raw))
    body = f"{_first(record, _WHERE)} {_first(record, _TEXT)}".strip() or raw.decode("utf-8", "replace")
    if record.get("is_error") is True:
        return Told(_first(record, _KIND), body, ERROR)
    own = record.get("level")
    words = body if own is None else str(own)
    return Told(_first(record, _KIND), body, level_of_text(words.encode("utf-8", "replace")))


def level_of(raw: bytes) -> int:
    """How loud a line is shown. Lines without an alarming word, of which there are most, are not taken apart."""
    return INFO if level_of_text(raw) == INFO else tell(raw).level


def record_of(raw: bytes) -> dict[str, Any] | None:
    """The JSON object a line is, or `None` for anything else and for what is longer than `MOST`."""
    if len(raw) > MOST or not raw.lstrip().startswith(b"{"):
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            # What orjson does not take: NaN, lone surrogates, bytes that are not UTF-8.
            value = json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
    return value if type(value) is dict else None


def _first(record: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = record.get(name)
        if value not in (None, "", {}, []):
            return value if isinstance(value, str) else _told(value)
    return ""


def _told(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except RecursionError:
        return "nested too deeply to be shown"
