"""How loud a line of a log is, by the words it holds. Pure; one rule for what is shown, hunted for and filtered."""

import re
from collections.abc import Iterator

INFO, WARN, ERROR = 0, 1, 2
SPAN = 64 * 1024
"""Bytes of a line that are looked at to tell its level."""

_ERRORS = (b"error", b"fail", b"traceback", b"fatal", b"exception", b"critical")
_WARNINGS = (b"warn", b"blocked", b"retry", b"timed out", b"timeout")
_WORDS = {ERROR: _ERRORS, WARN: _WARNINGS}
# "0 errors", "no failures": the good news of test runners.
_GOOD_NEWS = re.compile(rb"(?:(?<![0-9.])0|\bno|\bwithout)[ _:=]{1,2}$")
# `"error": null`, `"is_error": false`: what a record says where nothing went wrong.
_NOTHING = re.compile(rb"[\w -]{3,24}\"\s{0,2}:\s{0,2}(?:null|false|0[,}\s]|\"\"|\[\]|\{\})")


def level_of_text(line: bytes) -> int:
    """The level of one line of a text log; only the first `SPAN` bytes count."""
    lowered = line[:SPAN].lower()
    return next((level for level in (ERROR, WARN) if any(True for _ in _alarms(lowered, level))), INFO)


def alarmed_lines(data: bytes, level: int) -> list[int]:
    """Where lines begin that hold a word as loud as `level`, or louder: one search a word over the whole portion.

    Args:
        data: Whole lines, the last one with or without its line break.
        level: `WARN` or `ERROR`.

    Returns:
        Offsets in `data`, in order. A word far inside a long line counts as well: `level_of_text` decides.
    """
    lowered = data.lower()
    starts = {
        lowered.rfind(b"\n", 0, at) + 1
        for loud in (WARN, ERROR)
        if loud >= level
        for at in _alarms(lowered, loud, one_a_line=True)
    }
    return sorted(starts)


def _alarms(lowered: bytes, level: int, *, one_a_line: bool = False) -> Iterator[int]:
    for word in _WORDS[level]:
        at = lowered.find(word)
        while at >= 0:
            if _good_news(lowered[max(0, at - 10) : at]) or _NOTHING.match(lowered, at):
                at = lowered.find(word, at + 1)
                continue
            yield at
            if one_a_line:
                at = lowered.find(b"\n", at)
            at = lowered.find(word, at + 1) if at >= 0 else -1


def _good_news(before: bytes) -> bool:
    """Whether what stands before an alarming word takes the alarm out of it (`0 errors`)."""
    return _GOOD_NEWS.search(before) is not None
