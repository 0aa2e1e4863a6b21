r"""Names from the disk as text that serialises, and back.

A POSIX file name is bytes. Python hands undecodable ones over as lone surrogates, which neither JSON nor the models
can hold, so in every model a name is escaped: a byte that is not UTF-8 becomes `\xNN` and, so that the way back is
unambiguous, a backslash becomes `\\`. Names without either (all ordinary ones) are unchanged. Only `run_dir` and
`decode` lead back to the disk.
"""

import os
import re
from pathlib import Path

from cockpit.models.run import RunRef

_ESCAPE = re.compile(rb"\\(?:\\|x[0-9a-f]{2})")


def encode(name: str) -> str:
    """A path or name as the models carry it; `name` is as `os` returns it (surrogateescape)."""
    if name.isascii() and "\\" not in name:
        return name
    return os.fsencode(name).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def decode(text: str) -> str:
    """The path or name as `os` takes it; the inverse of `encode`."""
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(_byte, os.fsencode(text))
    return os.fsdecode(raw)


def _byte(match: re.Match[bytes]) -> bytes:
    token = match.group()
    return b"\\" if token == b"\\\\" else bytes((int(token[2:], 16),))


def on_disk(root: str, path: str) -> str:
    """Where a path of the models lies on this host, below `root`.

    A run that is a row of a database has a path such as `data.db#<id>` (`.#<id>` where the database is no file of the
    root): what is on disk of it is the file before the `#`. A name that really holds a `#` is found first.
    """
    whole = root if path == "." else f"{root}/{decode(path)}"
    if "#" not in path or os.path.lexists(whole):
        return whole
    held = whole.rpartition("#")[0]
    return held if held == f"{root}/." or os.path.isfile(held) else whole  # noqa: PTH113 - names may be any bytes


def run_dir(ref: RunRef) -> Path:
    """The directory of a run on this host, or the file that holds it."""
    return Path(on_disk(ref.root, ref.path))


def in_root(ref: RunRef, rel: str) -> str:
    """A path below the run, as `os` returns it, as evidence spells it: relative to the root, escaped."""
    shown = rel if rel.isascii() and "\\" not in rel else encode(rel)
    return shown if ref.path == "." else f"{ref.path}/{shown}"
