"""Links inside rows: a row key that names a file and a line, so that Enter opens the evidence."""

from typing import NamedTuple

_FILE = "file"


class FileLink(NamedTuple):
    """A place in a file: POSIX path relative to the root, and a 1-based line or `None`."""

    path: str
    line: int | None


def file_key(path: str, line: int | None, serial: int) -> str:
    """Row key that opens `path` at `line`; `serial` keeps keys of one pane apart."""
    return f"{_FILE}\t{serial}\t{line or ''}\t{path}"


def link_of(key: str) -> FileLink | None:
    """The place a row key names, or `None` for a row that leads nowhere."""
    kind, *rest = key.split("\t", 3)
    if kind != _FILE or len(rest) != 3:
        return None
    _, line, path = rest
    return FileLink(path, int(line) if line else None)
