"""Failure signatures: what stays the same of an error's text from one run to the next.

Two failures with the same signature are one failure seen twice (the seed's "same failure signature"; later trees of
Flow Studio hash a text cleaned in the same way, formats/flow-studio.md 6). What differs between two occurrences of one
failure is replaced by a placeholder: times, paths, ids, addresses, numbers. What tells failures apart stays: the
name of the exception, the words, names in quotes, the status of an HTTP answer.
"""

import hashlib
import re

from cockpit.diagnosis.masking import mask

MAX_LENGTH = 240
"""Characters of a signature; a longer text is cut after it was normalised."""

_SEARCHED = 16_000
_LINE = 2_000

_TRACEBACK = "Traceback (most recent call last)"
_EXCEPTION = re.compile(r"^(?:E\s{1,8})?[A-Za-z_][\w.]{0,120}(?:Error|Exception|Exit|Interrupt|Timeout|Warning)\b")
# Lines that stand in an error's text and say nothing of it.
_EMPTY_WORDS = re.compile(r"^(?:NoneType: None|[-=*#~^│╭╰╮╯─└├\s]{0,200}|During handling of the above exception.*)$")

_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    # 2026-11-21 03:53:23,123  2026-11-21T03:48:14.664384+00:00Z  21/Nov/2026:03:48:14
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,19})?)?)?(?:[+-]\d\d:?\d\d)?z?\b"), "<time>"),
    (re.compile(r"\b\d\d/[a-z]{3}/\d{4}:\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d{1,19})?\b"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b0x[0-9a-f]{1,32}\b"), "<hex>"),
    # What is left of a URL's path, query and port tells occurrences apart, its host tells providers apart.
    (re.compile(r"\b(https?://[^\s/:'\"\]\)<>]{1,200})(?::\d{1,5})?(?:/[^\s'\"\]\)<>]{0,500})?"), r"\1"),
    (re.compile(r"(?<![\w/.])(?:[a-z]:)?(?:~|\.{1,2})?(?:[\\/][\w.+@=-]{1,120}){2,40}[\\/]?"), "<path>"),
    (re.compile(r"(?<![\w/.<])(?:[\w.+@=-]{1,120}/){1,40}[\w.+@=-]{0,120}\.[a-z]{1,5}\b"), "<path>"),
    (re.compile(r"(?<![\w/.<])/[\w.+@=-]{1,120}\b"), "<path>"),
    # run-20261121-040000-abc123, 20261121-034930-codex-exec-fail, wf_2931
    (re.compile(r"\b(?:run-)?\d{8}-\d{6}(?:-[a-z0-9-]{1,80})?\b"), "<id>"),
    (re.compile(r"\b(?:wf|exec|job|req|trace|span|task|project)[_-](?=[a-z0-9-]{0,40}\d)[a-z0-9-]{1,40}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64}\b"), "<hex>"),
    (re.compile(r"\b(?:attempt|try|retry|round)s? ?#? ?\d{1,19}(?: ?(?:of|/) ?\d{1,19})?"), "attempt <n>"),
    (re.compile(r"\bpids?\s{0,2}[=:#]?\s{0,2}\d{1,19}"), "pid <n>"),
    (re.compile(r"(?<=>|\w):\d{1,7}(?::\d{1,7})?(?!\w)"), ""),
    (re.compile(r",? ?\b(?:at )?line \d{1,19}(?:,? ?col(?:umn)? \d{1,19})?(?: ?\(char \d{1,19}\))?"), " line <n>"),
    (re.compile(r"[-+]?\d[\d_,]{0,40}(?:\.\d{1,40})?(?:e[-+]?\d{1,4})?"), "<n>"),
    (re.compile(r"(?:<n>[\s,;x×-]{0,3}){2,}"), "<n> "),
)  # fmt: skip
_HTTP_STATUS = re.compile(r"\b((?:http|status|code|error|response)[ _/:=a-z]{0,20}['\"]?)([1-5]\d\d)\b(?!\.\d)")
_DIGITS = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
_BACK = str.maketrans({shown: plain for plain, shown in _DIGITS.items()})
_FORTH = str.maketrans(_DIGITS)


def telling_line(text: str | None) -> str:
    """The line of an error's text that names the failure.

    Of a traceback the last exception named below its last head, of anything else the first line that says something.
    """
    kept = text or ""
    if len(kept) > _SEARCHED:
        kept = kept[: _SEARCHED // 2] + "\n" + kept[-_SEARCHED // 2 :]
    lines = [line.strip()[:_LINE] for line in kept.splitlines()]
    heads = [place for place, line in enumerate(lines) if _TRACEBACK in line]
    said = [line for line in lines if line and not _EMPTY_WORDS.match(line)]
    if not said:
        return ""
    if not heads:
        return said[0]
    below = [line for line in lines[heads[-1] + 1 :] if line and not _EMPTY_WORDS.match(line)]
    named = [line for line in below if _EXCEPTION.match(line)]
    return (named or below or said)[-1]


def signature(text: str | None) -> str | None:
    """The normalised signature of a failure, lower case, or `None` where the text says nothing.

    The same text gives the same signature always, and the signature of a signature is itself.
    """
    line = mask(telling_line(text)).lower()
    line = _HTTP_STATUS.sub(lambda found: found[1] + found[2].translate(_FORTH), line)
    for pattern, placeholder in _STEPS:
        line = pattern.sub(placeholder, line)
    line = " ".join(line.translate(_BACK).split()).replace("( ", "(")[:MAX_LENGTH].strip(" .:;,-")
    return line or None


def signature_id(normalised: str) -> str:
    """A short name for a signature: the first 12 hexadecimal digits of its sha256."""
    return hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest()[:12]
