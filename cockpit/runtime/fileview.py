"""Files below a root as checks look at them: found by a template, stated, read at the head. Nothing here raises.

What leads out of the root, also by way of symbolic links, is not there (see `cockpit.runtime.evidence`); directories
that are links are not entered.
"""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from cockpit.errors import CockpitError
from cockpit.runtime.evidence import EvidenceReader
from cockpit.sources.paths import encode, on_disk

MAX_FOUND = 200
"""Files a template finds at most."""
MAX_LISTED = 5_000
"""Names of one directory that are looked at."""
_WILD = frozenset("*?[")


class FileFact(NamedTuple):
    """An ordinary file: its path relative to the root, bytes, last change (aware UTC) and the same in nanoseconds."""

    path: str
    size: int
    modified_at: datetime
    mtime_ns: int


class FileView:
    """Files below one root.

    Args:
        reader: Reads below that root, and refuses what lies outside.
    """

    def __init__(self, reader: EvidenceReader) -> None:
        self._reader = reader

    def find(self, base: str, filled: str) -> tuple[FileFact, ...]:
        """The ordinary files that a filled-in template names, by path; at most `MAX_FOUND`.

        Args:
            base: Directory relative to the root, `""` for the root itself.
            filled: POSIX template relative to it; `*`, `?` and `[...]` never cross a `/`.
        """
        parts = filled.split("/")
        if any(part in ("", ".", "..") for part in parts):
            return ()
        found: list[FileFact] = []
        for path in self._expand(base, parts):
            fact = self.look(path)
            if fact is not None:
                found.append(fact)
            if len(found) >= MAX_FOUND:
                break
        return tuple(sorted(found))

    def look(self, path: str) -> FileFact | None:
        """One file, or `None` where no ordinary file of that path lies below the root."""
        try:
            status = self._reader.stat(path)
        except CockpitError:
            return None
        modified = datetime.fromtimestamp(status.st_mtime_ns / 1e9, UTC)
        return FileFact(path, status.st_size, modified, status.st_mtime_ns)

    def text(self, path: str, limit: int = 65_536) -> str:
        """The first `limit` bytes of a file as text, empty where it cannot be read; foreign, not cleaned."""
        try:
            real = self._reader.resolve(path)
            handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except (CockpitError, OSError):
            return ""
        with os.fdopen(handle, "rb") as file:
            try:
                ordinary = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                return file.read(limit).decode("utf-8", "replace") if ordinary else ""
            except OSError:
                return ""

    def _expand(self, base: str, parts: list[str]) -> Iterator[str]:
        """Every path that fits, depth first; a part without wildcards costs no listing."""
        head, *rest = parts
        if not _WILD & set(head):
            path = f"{base}/{head}" if base else head
            yield from self._expand(path, rest) if rest else (path,)
            return
        for name in self._names(base, folders=bool(rest)):
            if fnmatchcase(name, head):
                path = f"{base}/{name}" if base else name
                yield from self._expand(path, rest) if rest else (path,)

    def _names(self, base: str, *, folders: bool) -> list[str]:
        """Names in a directory, as models carry them: of real directories, or of everything else."""
        root = str(self._reader.root)
        names: list[str] = []
        try:
            with os.scandir(on_disk(root, base or ".")) as listing:
                for looked, entry in enumerate(listing):
                    if looked >= MAX_LISTED:
                        break
                    if entry.is_dir(follow_symlinks=False) == folders:
                        names.append(encode(entry.name))
        except OSError:
            return []
        return sorted(names)
