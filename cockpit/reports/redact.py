"""Secrets taken out of everything that leaves the host: by shape, and by value wherever a known one turns up again.

Two passes. `learn` looks at a text and remembers the credentials in it (`cockpit.runtime.secrets`); `text` and
`value` replace every one that any text taught, and what has the shape of one. So a password that one file names as such
is taken out of the transcript that merely repeats it. What is counted is the kind and the place, never the value.
"""

import re
from collections import Counter
from typing import Any

from cockpit.diagnosis.masking import MASK, mask
from cockpit.runtime.secrets import may_hold_secret, secret_values

MAX_VALUES = 2_000
"""Credentials remembered; the shapes of further ones are still masked."""
_LEAST = 8
"""Characters below which a value is masked where it was found, and not looked for elsewhere: it may be a word."""
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_PRIVATE_KEY, _SHAPE = "private key", "credential by its shape"
_ESCAPE = re.compile(r"\\(?:[nrtbf\"/\\]|u[0-9a-fA-F]{4})")
_MARKS = "\x1d\x1c\x1e"
_PLAIN = re.compile(r"[\w.-]*")
_MAX_DEPTH = 60


class Redactor:
    """Takes secrets out of texts and counts them. Remembers them for as long as it lives, and shows them to nobody.

    Attributes:
        counts: How many were taken out, by place and kind.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._kinds: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, text: str) -> None:
        """Remember the credentials in a text."""
        for line in (*text.splitlines(), *_apart(text)[0].splitlines() * ("\\" in text)):
            if len(self._kinds) >= MAX_VALUES:
                return
            if not may_hold_secret(line.encode("utf-8", "replace")):
                continue
            for kind, value in secret_values(line):
                if len(value) >= _LEAST and MASK not in value and value not in self._kinds:
                    self._kinds[value] = kind
                    self._pattern = None

    def learn_all(self, value: object, depth: int = 0) -> None:
        """Remember the credentials in every text of a JSON value; a key says what its value is."""
        if isinstance(value, str):
            self.learn(value)
        elif isinstance(value, dict) and depth < _MAX_DEPTH:
            for key, item in value.items():
                self.learn(f'{key}="{item}"' if isinstance(item, str) else str(key))
                self.learn_all(item, depth + 1)
        elif isinstance(value, list | tuple) and depth < _MAX_DEPTH:
            for item in value:
                self.learn_all(item, depth + 1)

    def text(self, text: str, place: str) -> str:
        """`text` without its secrets.

        Args:
            text: Any.
            place: What is counted under: the name of a file, or of a part of the report.
        """
        self.learn(text)
        text, keys = _KEY.subn(MASK, text)
        if keys:
            self.counts[place, _PRIVATE_KEY] += keys
        if self._kinds:
            text = self._known().sub(lambda found: self._take(found[0], place), text)
        apart, mark = _apart(text)
        masked = mask(apart)
        if masked != apart and (more := max(masked.count(MASK) - text.count(MASK), 0)):
            self.counts[place, _SHAPE] += more
        return masked.replace(mark, "") if mark else masked

    def value(self, value: Any, place: str, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        """A JSON value with every text in it, keys too, without its secrets."""
        if isinstance(value, str):
            return self.text(value, place)
        if depth >= _MAX_DEPTH:
            return None if isinstance(value, dict | list | tuple) else value
        if isinstance(value, dict):
            return {
                self.text(str(key), place): self._named(str(key), item, place, depth) for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item, place, depth + 1) for item in value]
        return value

    def _named(self, key: str, item: Any, place: str, depth: int) -> Any:  # noqa: ANN401 - JSON
        """The value of a key; one whose name says that it is a secret is none of anybody's business."""
        shown = self.value(item, place, depth + 1)
        if isinstance(item, str) and shown == item and _PLAIN.fullmatch(key):
            pair = f'{key}: "{item}"'
            if '"' not in item and "\n" not in item and mask(pair) != pair:
                self.counts[place, _SHAPE] += 1
                return MASK
        return shown

    @property
    def total(self) -> int:
        """How many were taken out."""
        return sum(self.counts.values())

    def report(self) -> list[dict[str, Any]]:
        """What was taken out: `{"place", "kind", "count"}`, in the order of places and kinds."""
        return [
            {"place": place, "kind": kind, "count": self.counts[place, kind]} for place, kind in sorted(self.counts)
        ]

    def _known(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest = sorted(self._kinds, key=lambda value: (-len(value), value))
            self._pattern = re.compile("|".join(re.escape(value) for value in longest))
        return self._pattern

    def _take(self, value: str, place: str) -> str:
        self.counts[place, self._kinds[value]] += 1
        return MASK


def _apart(text: str) -> tuple[str, str]:
    r"""The text with its escapes (`\n` in JSON) set apart by a mark, and that mark; empty where there is none.

    The letter of an escape hangs together with the word behind it, which hides the beginning of a secret; and a value
    that runs to the end of a word must not take half an escape with it.
    """
    mark = next((each for each in _MARKS if each not in text), "")
    if not mark or "\\" not in text:
        return text, ""
    return _ESCAPE.sub(lambda found: f"{mark}{found[0]}{mark}", text), mark
