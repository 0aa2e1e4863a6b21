"""Command lines without their secrets: what looks like one is not written down.

By name (`--token=...`, `--api-key ...`, `PASSWORD=...`, `Authorization: Bearer ...`), by form (keys of the well-known
services, credentials in URLs), nothing by guessing at entropy: what is masked must be predictable.
"""

import re
from collections.abc import Sequence

MASK = "***"
"""What stands where a secret was."""

_NAME = (
    r"(?:[\w.-]*(?:token|secret|passwd|password|passphrase|api[-_]?key|apikey|access[-_]?key|private[-_]?key"
    r"|credentials?|auth(?:orization)?|bearer)|pwd|pass|pat)"
)
_FLAG = re.compile(rf"--?{_NAME}\Z", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"((?:^|[\s;&?'\"(,{{])(?:--?)?['\"]?{_NAME}['\"]?(?:=|:\s*))(\"[^\"]*\"|'[^']*'|(?!\s)[^\s'\"&;]+)", re.IGNORECASE
)
_FLAG_INSIDE = re.compile(rf"((?:^|\s)--?{_NAME}\s+)(?!-)[^\s'\"]+", re.IGNORECASE)
_SCHEME = re.compile(r"\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE)
_TOKENS = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{8,}"
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{8,}"
    r"|AIza[0-9A-Za-z_-]{20,}"
    r"|hf_[A-Za-z0-9]{16,}"
    r"|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r")"
)
_PLAIN = frozenset(("true", "false", "yes", "no", "on", "off", "none", "auto"))


def mask_text(text: str) -> str:
    """`text` with what looks like a secret replaced by `***`."""
    masked = _SCHEME.sub(rf"\1\2{MASK}", text)
    masked = _ASSIGNED.sub(_assigned, masked)
    masked = _FLAG_INSIDE.sub(rf"\1{MASK}", masked)
    masked = _URL.sub(rf"\1{MASK}", masked)
    return _TOKENS.sub(MASK, masked)


def _assigned(match: re.Match[str]) -> str:
    head, value = match.groups()
    quote = value[0] if value[0] in "'\"" else ""
    bare = value.strip(quote) if quote else value
    # `Authorization: Bearer ***` is masked already and says more than `Authorization: ***`.
    if not bare or bare in ("Bearer", "Basic") or bare == MASK or bare.lower() in _PLAIN:
        return match.group()
    if bare.startswith(("Bearer ", "Basic ")) and bare.endswith(MASK):
        return match.group()
    return f"{head}{quote}{MASK}{quote}"


def mask_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """The arguments with what looks like a secret replaced by `***`; as many as were given."""
    masked: list[str] = []
    hide = False
    for argument in argv:
        if hide and argument and not argument.startswith("-"):
            masked.append(argument if argument.lower() in _PLAIN else MASK)
            hide = False
            continue
        hide = _FLAG.match(argument) is not None
        masked.append(mask_text(argument))
    return tuple(masked)
