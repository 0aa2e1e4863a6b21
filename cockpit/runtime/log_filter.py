"""What `/` in a log takes: words that all must be in a line, as the filter of runs has them.

A word is a case-smart regular expression (capitals count where it holds any), `!word` must not be there, a quoted
word may hold spaces, `is:error` and `is:warning` ask how loud a line is. Lines are looked at as they stand in the file.
"""

import re
import warnings
from dataclasses import dataclass
from itertools import pairwise

from cockpit.errors import UsageError
from cockpit.sanitize import clean
from cockpit.sources.line_level import ERROR, SPAN, WARN, alarmed_lines
from cockpit.sources.line_telling import level_of

OVERLAP = 1024
"""Bytes that two pieces of a line too long to be read at once share: what a pattern finds in it may be as long."""
_TOKEN = re.compile(r'!?"[^"]*"|\S+')
_LEVELS = {"is:error": ERROR, "is:errors": ERROR, "is:warning": WARN, "is:warn": WARN}
# Characters by their number or name, and what was matched before; `{2,5}` behind something.
_CODED = re.compile(r"\\[0-9xuUN]")
_COUNTS = re.compile(r"\{\d*,?\d*\}")
_SPECIAL = frozenset(".^$*+?{}[]\\|()")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a filter.

    Attributes:
        inverse: Whether it must not be there.
        pattern: What is searched for in the decoded line; `None` for a level, and where `needle` says it all.
        needle: ASCII bytes that every line with it holds: searched for first; may be empty.
        fold: Whether case does not matter.
        level: How loud the line must be at least; 0 for a word.
    """

    inverse: bool
    pattern: re.Pattern[str] | None = None
    needle: bytes = b""
    fold: bool = False
    level: int = 0

    def found(self, line: bytes) -> bool:
        """Whether the line, or piece of a line, has it, `inverse` aside."""
        if self.level:
            return level_of(line[:SPAN]) >= self.level
        if self.needle and self.needle not in (line.lower() if self.fold else line):
            return False
        return self.pattern is None or self.pattern.search(line.decode("utf-8", "replace")) is not None


class LogFilter:
    """A parsed filter. Compared by its text.

    Args:
        text: What was typed.
        terms: Its words.
    """

    def __init__(self, text: str, terms: tuple[Term, ...]) -> None:
        self.text = text
        self.terms = terms
        wanted = [term for term in terms if not term.inverse]
        # What finds candidates: the longest plain text, else the level.
        self._first = max((term for term in wanted if term.needle), key=lambda term: len(term.needle), default=None)
        self._level = max((term.level for term in wanted), default=0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogFilter) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def fits(self, line: bytes) -> bool:
        """Whether every word holds for a whole line."""
        return all(term.found(line) is not term.inverse for term in self.terms)

    def seen(self, piece: bytes) -> int:
        """Which words a piece of a long line has, one bit each; those of all pieces are or-ed for `decide`."""
        return sum(1 << bit for bit, term in enumerate(self.terms) if term.found(piece))

    def decide(self, seen: int) -> bool:
        """Whether every word holds for a line of which the pieces had `seen`."""
        return all(bool(seen >> bit & 1) is not term.inverse for bit, term in enumerate(self.terms))

    def starts(self, data: bytes) -> list[int]:
        """Where the lines begin that fit.

        Args:
            data: Whole lines, the last one with or without its line break.

        Returns:
            Offsets in `data`, in order.
        """
        if self._first is not None:
            candidates = _lines_with(data, self._first.needle, fold=self._first.fold)
            if len(self.terms) == 1 and self._first.pattern is None:
                return candidates
        elif self._level:
            candidates = alarmed_lines(data, self._level)
        else:
            candidates = _all_lines(data)
        return [start for start in candidates if self.fits(_line_at(data, start))]


def parse_log_filter(text: str) -> LogFilter | None:
    """Parse what was typed; `None` for nothing.

    Raises:
        UsageError: A broken regular expression.
    """
    terms = tuple(_term(token) for token in _TOKEN.findall(text))
    return LogFilter(text.strip(), terms) if terms else None


def _term(token: str) -> Term:
    inverse = token.startswith("!") and len(token) > 1
    body = token[1:] if inverse else token
    if body.lower() in _LEVELS:
        return Term(inverse, level=_LEVELS[body.lower()])
    if len(body) > 1 and body[0] == body[-1] == '"':
        body = body[1:-1]
    fold = body == body.lower()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            pattern = re.compile(body, re.IGNORECASE if fold else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{clean(body, 60)}: {error}") from error
    needle = required(body).encode()
    plain = needle == body.encode("utf-8", "replace")
    return Term(inverse, None if plain else pattern, needle, fold)


def required(pattern: str) -> str:
    """The longest plain ASCII text that whatever the expression matches must hold; empty where that is not certain."""
    if "|" in pattern or "(?" in pattern or _CODED.search(pattern):
        return ""
    pattern = _COUNTS.sub("*", pattern)
    runs, run = [], ""
    depth, place = 0, 0
    while place < len(pattern):
        letter, step = pattern[place], 1
        following = pattern[place + 1 : place + 2]
        if letter == "\\":
            letter, step = (following, 2) if following in _SPECIAL else ("", 2)
        elif letter in "([":
            # What is inside may be optional or a choice: skipped up to its end, or to the end of all.
            depth += letter == "("
            end = pattern.find("]", place + 2) if letter == "[" else place
            step = len(pattern) if end < 0 else end - place + 1
            letter = ""
        elif letter == ")":
            depth, letter = depth - 1, ""
        elif letter in _SPECIAL:
            letter = ""
        optional = pattern[place + step : place + step + 1] in ("*", "?")
        if letter and letter.isascii() and not depth and not optional:
            run += letter
        else:
            runs.append(run)
            run = ""
        place += step
    return max((*runs, run), key=len)


def _lines_with(data: bytes, needle: bytes, *, fold: bool) -> list[int]:
    within = data.lower() if fold else data
    found: list[int] = []
    at = within.find(needle)
    while at >= 0:
        found.append(within.rfind(b"\n", 0, at) + 1)
        end = within.find(b"\n", at)
        at = within.find(needle, end) if end >= 0 else -1
    return found


def _all_lines(data: bytes) -> list[int]:
    breaks = [-1]
    at = data.find(b"\n")
    while at >= 0:
        breaks.append(at)
        at = data.find(b"\n", at + 1)
    if data and not data.endswith(b"\n"):
        breaks.append(len(data))
    return [before + 1 for before, _ in pairwise(breaks)]


def _line_at(data: bytes, start: int) -> bytes:
    end = data.find(b"\n", start)
    return data[start:] if end < 0 else data[start:end]
