"""Where each key of a TOML document stands, for messages that name a line.

`tomllib` forgets it. This reads documents that `tomllib` has accepted, so nothing is validated here; of any other
text it finds as much as it can.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress

Place = tuple[str | int, ...]
"""The way to a value: keys of tables and numbers (from 0) of array elements."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_LITERAL = re.compile(r"'[^']*'")
_LONG_BASIC = re.compile(r'"""(?:\\.|[^\\])*?"""(?!"""")"{0,2}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'''(?!'''')'{0,2}", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\n#]*")


def places(text: str) -> dict[Place, int]:
    """The line (1-based) of every table, key and array element of a document, by its place."""
    reader = _Reader(text)
    # Where it is no TOML after all, what was found so far.
    with suppress(IndexError, ValueError, RecursionError):
        reader.document()
    return reader.found


def line_of(found: Mapping[Place, int], place: Place) -> int | None:
    """The line of a place, else that of the nearest table around it that stands somewhere."""
    return next((found[place[:end]] for end in range(len(place), 0, -1) if place[:end] in found), None)


class _Reader:
    """Goes through a document once."""

    def __init__(self, text: str) -> None:
        self.found: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._elements: dict[Place, int] = {}
        """Elements so far of each array of tables."""

    def document(self) -> None:
        table: Place = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Place:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        place: Place = ()
        keys = self._keys()
        for number, key in enumerate(keys, 1):
            place = (*place, key)
            if many and number == len(keys):
                self._mark(place, start)
                self._elements[place] = self._elements.get(place, 0) + 1
            if place in self._elements:
                place = (*place, self._elements[place] - 1)
            self._mark(place, start)
        self._skip(_SPACE)
        self._at += 2 if many else 1
        return place

    def _pair(self, table: Place) -> None:
        start = self._at
        place = table
        for key in self._keys():
            place = (*place, key)
            self._mark(place, start)
        self._skip(_SPACE)
        self._expect("=")
        self._value(place)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _key(self) -> str:
        if self._text[self._at] in "\"'":
            word = self._take(_BASIC if self._text[self._at] == '"' else _LITERAL)
            return str(tomllib.loads(f"key = {word}")["key"])
        return self._take(_BARE)

    def _value(self, place: Place) -> None:
        self._skip(_SPACE)
        first = self._text[self._at]
        if first == "[":
            self._many("]", place)
        elif first == "{":
            self._many("}", place)
        elif self._text.startswith('"""', self._at):
            self._take(_LONG_BASIC)
        elif self._text.startswith("'''", self._at):
            self._take(_LONG_LITERAL)
        elif first in "\"'":
            self._take(_BASIC if first == '"' else _LITERAL)
        else:
            self._skip(_SCALAR)

    def _many(self, end: str, place: Place) -> None:
        """The elements of an array, or the pairs of an inline table."""
        self._at += 1
        number = 0
        while True:
            self._skip(_BLANK)
            following = self._text[self._at]
            if following == end:
                self._at += 1
                return
            if following == ",":
                self._at += 1
            elif end == "]":
                self._mark((*place, number), self._at)
                self._value((*place, number))
                number += 1
            else:
                self._pair(place)

    def _mark(self, place: Place, at: int) -> None:
        self.found.setdefault(place, bisect_right(self._starts, at))

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError
        self._at = found.end()
        return found[0]

    def _expect(self, sign: str) -> None:
        if not self._text.startswith(sign, self._at):
            raise ValueError
        self._at += len(sign)
