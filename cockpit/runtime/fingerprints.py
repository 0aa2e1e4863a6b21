"""Fingerprints of files: whether what an item was settled against is still what it was.

- `sha256:<hex>`: the content of a file of at most `SMALL` bytes;
- `stat:<inode>-<size>-<mtime ns>`: a larger one;
- `line:<hex>`: sha256 of one line of a log that only grows (`.jsonl`, `.log`), so that later lines change nothing;
- `absent`: no ordinary file of that path lies below the root.

A file that cannot be read, and a database (whose rows change for reasons of their own), has none.
"""

import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path

from cockpit.errors import CockpitError, UsageError
from cockpit.runtime.evidence import EvidenceReader

SMALL = 1 << 20
"""Bytes; larger files are known by inode, size and time."""
ABSENT = "absent"

_KEEP = 512
_GROWING = (".jsonl", ".log")


class Fingerprints:
    """Fingerprints of files below one root. Safe to use from several threads; blocks on the disk.

    The content of a file is hashed again only when its inode, size or times changed.

    Args:
        reader: Reads below that root, and refuses what lies outside.
    """

    def __init__(self, reader: EvidenceReader) -> None:
        self._reader = reader
        self._known: OrderedDict[str, tuple[tuple[int, ...], str]] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, path: str, line: int | None = None) -> str | None:
        """The fingerprint of a file, or of one of its lines; `None` where nothing can be told.

        Args:
            path: POSIX path relative to the root.
            line: 1-based; counts only in logs that only grow.
        """
        try:
            status = self._reader.stat(path)
            real = self._reader.resolve(path)
            if line is not None and path.endswith(_GROWING):
                return self._line(path, line)
            if status.st_size > SMALL:
                return f"stat:{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
            return self._content(path, real, status)
        except UsageError:
            return ABSENT  # a directory, a FIFO, a link that leads out: not the file that was there
        except CockpitError as error:
            return ABSENT if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError) else None
        except OSError:
            return None

    def _content(self, path: str, real: Path, status: os.stat_result) -> str:
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        with self._guard:
            known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        found = f"sha256:{_digest(real)}"
        with self._guard:
            self._known[path] = (stamp, found)
            self._known.move_to_end(path)
            while len(self._known) > _KEEP:
                self._known.popitem(last=False)
        return found

    def _line(self, path: str, line: int) -> str:
        for number, text in self._reader.read_lines(path, around=line, before=0, after=0):
            if number == line:
                return f"line:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"
        return ABSENT


def _digest(path: Path) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
