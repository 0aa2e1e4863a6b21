"""Secrets in quoted text are masked before anything is said about it: a finding never repeats what it warns of.

The shapes are those that providers give their credentials, plus `name = value` pairs whose name says what they are
(formats/flow-studio.md 2.11 lists the patterns the system's own documents use).
"""

import re

from cockpit.tokens import HIDDEN, SHAPES

MASK = HIDDEN

_SHAPES = re.compile(
    r"-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----(?:[^-]{0,8000}-----END (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----)?"
    rf"|\b(?:{SHAPES})"
)
# A value ends at the quote it began with, else at white space; the name and the sign before it stay readable.
_PAIRS = re.compile(
    r"""(?P<name>\b[\w.-]{0,40}?(?:passw(?:or)?d|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|token)\b["']?"""
    r"""\s{0,4}(?:=>|:=|=|:)\s{0,4})(?P<quote>["'])(?P<value>[^"'\n]{6,500})(?P=quote)""",
    re.IGNORECASE,
)
_BARE_PAIRS = re.compile(
    r"(?P<name>\b(?:[A-Z][A-Z0-9_]{0,40})?(?:PASSWORD|SECRET|API_KEY|ACCESS_KEY|TOKEN)=)(?P<value>[^\s\"']{6,500})"
)
# Without quotes and capitals only what looks made up: "token: expired" is no secret.
_LOOSE_PAIRS = re.compile(
    r"(?P<name>\b(?:passw(?:or)?d|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|token)\b\s{0,4}[=:]\s{0,4})"
    r"(?=[^\s\"']{0,80}?[0-9])(?=[^\s\"']{0,80}?[A-Za-z])(?P<value>[^\s\"'{}()<>\[\]$,;]{8,500})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<name>\b(?:Bearer|Basic)\s{1,4})(?P<value>[A-Za-z0-9._~+/=-]{16,4000})")
_URL_LOGIN = re.compile(r"(?P<name>\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{1,100}:)(?P<value>[^\s:/@]{3,200})(?=@)")


def mask(text: str) -> str:
    """The text with everything that has the shape of a credential replaced by `[masked]`."""
    text = _SHAPES.sub(MASK, text)
    text = _PAIRS.sub(lambda found: f"{found['name']}{found['quote']}{MASK}{found['quote']}", text)
    for pattern in (_BARE_PAIRS, _LOOSE_PAIRS, _BEARER, _URL_LOGIN):
        text = pattern.sub(lambda found: f"{found['name']}{MASK}", text)
    return text
