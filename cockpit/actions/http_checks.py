"""Judging what a service, a file or an answer says against what it should say. Pure functions of JSON values."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.actions.names import check_name
from cockpit.errors import UsageError
from cockpit.models.request import PlannedCheck
from cockpit.sanitize import clean

ABSENT = object()
"""What `look_up` finds where there is nothing."""

_SHOWN = 80
_PART = re.compile(r"\[(?P<name>[^=\[\]]+)=(?P<value>[^\[\]]*)\]|(?P<key>[^.\[\]]+)|(?P<dot>\.)")
_ANSWER = re.compile(r"\{answer\.([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one check came out.

    Attributes:
        met: Whether it holds; `None` where it could not be asked.
        seen: The value found, or why there is none, for people.
    """

    check: PlannedCheck
    met: bool | None
    seen: str

    @property
    def text(self) -> str:
        """What it means where it does not hold."""
        return f"{self.check.says} ({self.seen})"


def judge(check: PlannedCheck, document: Any) -> Verdict:  # noqa: ANN401 - any JSON document
    """Whether a document says what it should.

    Args:
        check: What it should say.
        document: The JSON document that was found there.
    """
    found = look_up(document, check.field)
    if found is ABSENT:
        return Verdict(check, None, f"{clean(check.field, _SHOWN)} is not there")
    seen = f"{clean(check.field, _SHOWN)} = {clean(as_text(found), _SHOWN)}"
    if check.at_most is not None:
        return Verdict(check, _at_most(found, check.at_most), seen)
    if check.equals is not None:
        return Verdict(check, as_text(found) == check.equals, seen)
    return Verdict(check, bool(found), seen)


def look_up(document: Any, place: str) -> Any:  # noqa: ANN401 - any JSON document
    """The value at a place such as `items[run_id=r1].state` or `-1.step_name`, else `ABSENT`."""
    value = document
    for part in _PART.finditer(place):
        if part["dot"]:
            continue
        value = _item(value, part["name"], part["value"]) if part["key"] is None else _member(value, part["key"])
        if value is ABSENT:
            return ABSENT
    return value


def as_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value as it is compared and shown: a text as it is, everything else as JSON writes it."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


def plain_fields(document: Any) -> dict[str, str | int | bool]:  # noqa: ANN401 - any JSON document
    """The fields of an object that are short texts, whole numbers or truth values."""
    if not isinstance(document, dict):
        return {}
    short = ((str(name)[:100], value) for name, value in list(document.items())[:100])
    return {name: value for name, value in short if isinstance(value, bool | int) or _is_short(value)}


def resolve(check: PlannedCheck, answer: Mapping[str, object]) -> PlannedCheck:
    """The check with `{answer.FIELD}` replaced.

    Raises:
        UsageError: The answer has no such field, or it is no plain name: it will not become part of a URL or path.
    """

    def value(match: re.Match[str]) -> str:
        found = answer.get(match[1])
        if found is None:
            raise UsageError(f"the answer names no {clean(match[1], _SHOWN)}")
        return check_name(f"{match[1]} in the answer", str(found))

    texts = {name: getattr(check, name) for name in ("url", "field", "equals", "at_most")}
    filled = {name: _ANSWER.sub(value, text) for name, text in texts.items() if text is not None}
    return check.model_copy(update=filled)


def said(document: Any) -> str | None:  # noqa: ANN401 - any JSON document
    """The reason in an answer that reports failure (`detail`, `error` or `message`, however deep), for people."""
    for value in _reasons(document, 0):
        return clean(value, 300)
    return None


def _reasons(value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < 4:
        for each in value[:5]:
            yield from _reasons(each, depth + 1)
    elif isinstance(value, dict) and depth < 4:
        for name in ("error", "message", "msg", "reason", "detail"):
            yield from _reasons(value.get(name), depth + 1)


def _member(value: Any, key: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return value.get(key, ABSENT)
    if isinstance(value, list) and re.fullmatch(r"-?[0-9]{1,9}", key):
        place = int(key)
        return value[place] if -len(value) <= place < len(value) else ABSENT
    return ABSENT


def _item(value: Any, name: str, wanted: str) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(value, list):
        return ABSENT
    found = (each for each in value if isinstance(each, dict) and as_text(each.get(name)) == wanted)
    return next(found, ABSENT)


def _at_most(found: Any, limit: str) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    try:
        return found <= float(limit)
    except ValueError:
        return False


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 500
