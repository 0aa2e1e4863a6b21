"""Command lines that may be shown and written down."""

import re
from collections.abc import Sequence

from cockpit.diagnosis.masking import MASK, mask

_SECRET = re.compile(r"--?[\w-]*(token|secret|passw(or)?d|passphrase|api[-_]?key|credential|auth)[\w-]*", re.IGNORECASE)


def without_secrets(cmdline: Sequence[str]) -> tuple[str, ...]:
    """A command line that may be shown and written down: anyone on the host can read it, but not for ever."""
    safe: list[str] = []
    hide = False
    for word in cmdline:
        if hide and not word.startswith("-"):
            safe.append(MASK)
        else:
            name, sign, _ = word.partition("=")
            safe.append(f"{name}={MASK}" if sign and _SECRET.fullmatch(name) else mask(word))
        hide = bool(_SECRET.fullmatch(word))
    return tuple(safe)
