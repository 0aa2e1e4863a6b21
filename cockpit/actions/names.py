"""Plain names: what may become part of a command or a path.

make expands `$(...)` in variables given on its command line, a leading `-` is read as an option by every program, and
`..` leaves the root. So run ids, flows and steps are used in a command only if they are plain; there is no quoting.
"""

import re

from cockpit.errors import UsageError
from cockpit.sanitize import clean

MAX_NAME = 200
"""Characters; leaves room for a suffix within the 255 bytes of a file name."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHOWN = 60


def why_not_plain(value: str) -> str | None:
    """Why `value` is no plain name, for people, or `None` if it is one."""
    if not value:
        return "it is empty"
    if len(value) > MAX_NAME:
        return f"it has {len(value)} characters, more than {MAX_NAME}"
    if _PLAIN.fullmatch(value):
        return None
    if value[0] == "-":
        return "it begins with '-', so a program would read it as an option"
    if value[0] in "._":
        return f"it begins with {value[0]!r}"
    strange = next(ch for ch in value if not _PLAIN.fullmatch(f"a{ch}"))
    return f"it contains {_show(strange)}; only ASCII letters, digits, '.', '_' and '-' are allowed"


def check_name(kind: str, value: str) -> str:
    """`value` itself, if it is a plain name: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most `MAX_NAME` characters.

    Args:
        kind: What it names, for the message: `run id`, `flow`, `step`.
        value: The foreign text.

    Raises:
        UsageError: It is not plain; the message shows it made safe, and says why it is refused.
    """
    reason = why_not_plain(value)
    if reason is None:
        return value
    raise UsageError(f"the {kind} {_show(value)} cannot be used in a command: {reason}")


def plain_name(text: str) -> str:
    """`text` if it is a plain name.

    Raises:
        UsageError: It is not (see `check_name`).
    """
    return check_name("name", text)


def _show(value: str) -> str:
    """The value between quotes, escaped, printable and short."""
    return clean(ascii(value[:_SHOWN]) + ("…" if len(value) > _SHOWN else ""))
