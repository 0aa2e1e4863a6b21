"""Changing single values in the text of a JSON file, every other byte staying as it is.

A file written by people and programs alike keeps its indentation, its order and its escapes, so that the difference is
exactly what was asked for.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from cockpit.actions.own_job import OwnJobError

Place = tuple[str | int, ...]
"""Where a value stands: keys and indexes from the top."""
Span = tuple[int, int]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def parse(text: str) -> Any:  # noqa: ANN401 - any JSON
    """The value of a JSON text.

    Raises:
        OwnJobError: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OwnJobError(f"it is not valid JSON: {error}") from error


def spans(text: str) -> dict[Place, Span]:
    """Where each value of a valid JSON text stands in it; of a key that is there twice, the last, as parsers take it.

    Raises:
        OwnJobError: It is no JSON, or nested too deeply.
    """
    parse(text)
    found: dict[Place, Span] = {}
    try:
        _value(text, 0, (), found)
    except RecursionError as error:
        raise OwnJobError("it is nested too deeply") from error
    return found


def edit(text: str, changes: Mapping[Place, str]) -> str:
    """The text with strings in the place of the values at `changes`.

    Raises:
        OwnJobError: It is no JSON, a place is not there, or what came out says something else.
    """
    known = spans(text)
    missing = [place for place in changes if place not in known]
    if missing:
        raise OwnJobError(f"there is no {shown(missing[0])}")
    new = text
    for place, value in sorted(changes.items(), key=lambda item: known[item[0]], reverse=True):
        start, end = known[place]
        new = f"{new[:start]}{json.dumps(value)}{new[end:]}"
    expected = parse(text)
    for place, value in changes.items():
        _put(expected, place, value)
    if parse(new) != expected:
        raise OwnJobError("the changed text does not say what it should")
    return new


def shown(place: Place) -> str:
    """A place for people: `runtime.defaultProvider`, `agents[2].defaultModel`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def changed_lines(old: str, new: str) -> list[tuple[int, str, str]]:
    """The lines that differ between two texts of equally many lines: number from 1, before, after."""
    pairs = zip(old.split("\n"), new.split("\n"), strict=True)
    return [(number, before, after) for number, (before, after) in enumerate(pairs, 1) if before != after]


def _put(value: Any, place: Place, new: str) -> None:  # noqa: ANN401 - any JSON
    for part in place[:-1]:
        value = value[part]
    value[place[-1]] = new


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _value(text: str, at: int, place: Place, found: dict[Place, Span]) -> int:
    """Record the value that begins at or after `at`; returns where it ends."""
    at = _skip(text, at)
    match text[at]:
        case "{":
            end = _members(text, at + 1, place, found)
        case "[":
            end = _items(text, at + 1, place, found)
        case _:
            end = _DECODER.raw_decode(text, at)[1]
    found[place] = (at, end)
    return end


def _members(text: str, at: int, place: Place, found: dict[Place, Span]) -> int:
    at = _skip(text, at)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        _forget(found, (*place, key))
        at = _skip(text, _value(text, _skip(text, at) + 1, (*place, key), found))
        at = _skip(text, at + 1) if text[at] == "," else at
    return at + 1


def _items(text: str, at: int, place: Place, found: dict[Place, Span]) -> int:
    at, number = _skip(text, at), 0
    while text[at] != "]":
        at = _skip(text, _value(text, at, (*place, number), found))
        at, number = (_skip(text, at + 1) if text[at] == "," else at), number + 1
    return at + 1


def _forget(found: dict[Place, Span], place: Place) -> None:
    """What an earlier value of the same key held is not there for a parser."""
    if place in found:
        for known in [each for each in found if each[: len(place)] == place]:
            del found[known]
