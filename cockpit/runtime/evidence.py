"""The one reader of files for everything above `runtime`: evidence is named by a path below a root and read here."""

import os
import stat
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cockpit.errors import CockpitError, UsageError
from cockpit.runtime.big_log import BigLog
from cockpit.runtime.log_file import LogLines
from cockpit.sources.line_level import SPAN
from cockpit.sources.paths import on_disk

_KEEP = 8
"""Big files of which it is remembered where lines are, so that going back and forth reads only what is new."""
_BIG = 1 << 20
_CUT = " …"
"""Marks a line that is longer than what is handed out of it."""


_SQLITE = b"SQLite format 3\0"
_BLOCK = 1 << 20
_QUOTE = 300
_ALL = 1 << 62


class Digest(NamedTuple):
    """What a place is worth as evidence.

    Attributes:
        sha256: Of the whole file, or of the line without its line break.
        size: Bytes of the file.
        modified_at: Its modification time (aware UTC).
        quote: The beginning of the line; foreign text, empty for a whole file.
    """

    sha256: str
    size: int
    modified_at: datetime
    quote: str = ""


class EvidenceReader:
    """Reads files below one root, and nothing else. Safe to use from several threads.

    Paths are POSIX paths relative to the root, as `cockpit.models.evidence.Evidence` carries them (escaped by
    `cockpit.sources.paths.encode`). They come from
    foreign files: one that is absolute or leads out of the root, also by way of symbolic links, is refused.

    Args:
        root: An existing directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._logs: OrderedDict[Path, tuple[BigLog, threading.Lock]] = OrderedDict()
        self._guard = threading.Lock()

    def resolve(self, path: str) -> Path:
        """The real path of an ordinary file below the root, to be read as lines.

        Raises:
            UsageError: The path leads out of the root, or names something that is no ordinary file.
            CockpitError: There is no such file, it cannot be looked at, or it is a database.
        """
        real = self._check(path)[0]
        if _is_database(real):
            raise CockpitError(f"{real.name} is a database and has no lines: what it says is quoted with the evidence")
        return real

    def stat(self, path: str) -> os.stat_result:
        """Size and times of a file. Raises as `resolve` does."""
        return self._check(path)[1]

    def read_lines(
        self, path: str, around: int | None = None, before: int = 3, after: int = 3
    ) -> list[tuple[int, str]]:
        """Lines near a place, with their 1-based numbers, each of bounded length; foreign text, not yet cleaned.

        Args:
            path: The file.
            around: 1-based line in the middle; beyond the end means the last one. `None` means the first.
            before: How many lines to give before it.
            after: How many to give after it.

        Raises:
            UsageError: The path is refused, see `resolve`.
            CockpitError: The file cannot be read.
        """
        lines = self._counted(self.resolve(path))
        total = len(lines)
        if not total:
            return []
        middle = min(max(around or 1, 1), total)
        first, last = max(middle - before, 1), min(middle + after, total)
        return [(number, _told(lines, number)) for number in range(first, last + 1)]

    def digest(self, path: str, line: int | None = None) -> Digest:
        """The hash of a file, or of one of its lines. Reads all of it up to the line; databases too, as a whole.

        Args:
            path: The file.
            line: 1-based line, or `None` for the whole file.

        Raises:
            UsageError: The path is refused, see `resolve`, or the file has no such line.
            CockpitError: The file cannot be read.
        """
        real, status = self._check(path) if line is None else (self.resolve(path), self.stat(path))
        try:
            # Again without following or blocking: what was checked may have been replaced since.
            with os.fdopen(os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                found = _hash_all(file) if line is None else _hash_line(file, line)
        except OSError as error:
            raise CockpitError(f"{path}: {_why(error)}") from error
        if found is None:
            raise UsageError(f"{path} has no line {line}")
        modified = datetime.fromtimestamp(status.st_mtime_ns // 1_000 / 1_000_000, UTC)
        return Digest(found[0], status.st_size, modified, found[1])

    def _counted(self, real: Path) -> LogLines:
        """All lines of a file as of now."""
        with self._guard:
            log, lock = self._logs.pop(real, (BigLog(real), threading.Lock()))
        with lock:
            look = log.look(_ALL)
        if look.lines is None or log.problem is not None:
            raise CockpitError(f"{real.name}: {log.problem or 'no such file'}")
        # A small one is soon counted again, and not kept open for that.
        if look.lines.size > _BIG:
            with self._guard:
                self._logs[real] = (log, lock)
                while len(self._logs) > _KEEP:
                    self._logs.popitem(last=False)
        return look.lines

    def _check(self, path: str) -> tuple[Path, os.stat_result]:
        if not path or "\0" in path or path.startswith("/"):
            raise UsageError(f"not a path below the root: {path!r}")
        try:
            root = self.root.resolve(strict=True)
            real = Path(on_disk(str(root), path)).resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise CockpitError(f"{path}: {_why(error)}") from error
        if not real.is_relative_to(root):
            raise UsageError(f"leads out of the root: {path!r}")
        try:
            status = real.stat()
        except OSError as error:
            raise CockpitError(f"{path}: {_why(error)}") from error
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"not an ordinary file: {path!r}")
        return real, status


def _told(lines: LogLines, number: int) -> str:
    span = lines.span(number - 1)
    if span is None:
        return ""
    text = lines.text(span, SPAN).decode("utf-8", "replace")
    return text if span.length <= SPAN else f"{text}{_CUT}"


def _hash_all(file: BinaryIO) -> tuple[str, str]:
    whole = sha256()
    while block := file.read(_BLOCK):
        whole.update(block)
    return whole.hexdigest(), ""


def _hash_line(file: BinaryIO, line: int) -> tuple[str, str] | None:
    """Hash and beginning of a line, or `None` where the file ends before it; memory is bounded, lines are not."""
    hashed, start, number, seen = sha256(), b"", 1, False
    while number <= line and (piece := file.readline(_BLOCK)):
        if number == line:
            content = piece.removesuffix(b"\n")
            hashed.update(content)
            start, seen = start or content[:_QUOTE], True
        number += piece.endswith(b"\n")
    return (hashed.hexdigest(), start.decode("utf-8", "replace")) if seen else None


def _is_database(real: Path) -> bool:
    try:
        fd = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # whoever reads it says why it cannot be read
    try:
        return os.read(fd, len(_SQLITE)) == _SQLITE
    except OSError:
        return False
    finally:
        os.close(fd)


def _why(error: OSError | RuntimeError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "a loop of symbolic links"
