"""What a command's own words say of how it ended: the rules of its plan, looked for in the output that was kept."""

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cockpit.models.action import OutcomeRule
from cockpit.sanitize import clean

_PART = 4_000
"""Bytes of a line that are looked at in one piece: bounds what a rule written without care can cost."""
_RETURNS = re.compile(r"\r+")


class Said(NamedTuple):
    """A line of output that tells how the command ended.

    Attributes:
        failed: Whether it says that it failed (else: that it worked).
        says: What that means, in the words of the rule.
        line: Its number in the output that was kept, from 1.
        quote: The line, sanitised.
    """

    failed: bool
    says: str
    line: int
    quote: str


def read_output(path: Path, rules: Sequence[OutcomeRule]) -> Said | None:
    """The first line that a rule for failures matches, else the first one that a rule for successes does.

    Reads line by line; a part of a line that ends in a carriage return (a progress bar) counts as a line of its own.

    Args:
        path: The output that was kept.
        rules: Those of the plan; one that is no regular expression matches nothing.

    Raises:
        OSError: The output cannot be read.
    """
    compiled = [(rule, pattern) for rule in rules if (pattern := _compiled(rule.pattern)) is not None]
    failures = [(rule, pattern) for rule, pattern in compiled if rule.failed]
    successes = [(rule, pattern) for rule, pattern in compiled if not rule.failed]
    good: Said | None = None
    if not compiled:
        return None
    for number, text in _lines(path):
        bad = _match(failures, number, text)
        if bad is not None:
            return bad
        if good is None:
            good = _match(successes, number, text)
    return good


def _match(rules: Iterable[tuple[OutcomeRule, re.Pattern[str]]], number: int, text: str) -> Said | None:
    for rule, pattern in rules:
        if pattern.search(text):
            return Said(rule.failed, rule.says, number, text)
    return None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 1
    with path.open("rb") as output:
        while part := output.readline(_PART):
            for text in _RETURNS.split(part.decode("utf-8", "replace").rstrip("\r\n")):
                yield number, clean(text)
            number += part.endswith(b"\n")


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
