"""What a directory tree holds, exactly: the list an archive is made from and checked against.

Symbolic links are recorded as links and never followed. FIFOs, sockets and devices are never opened; they are listed
as skipped. Names are any bytes; those that are no UTF-8 are lone surrogates in JSON, as `os.fsdecode` makes them.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from cockpit.actions.storage import pretty
from cockpit.errors import CockpitError
from cockpit.sanitize import clean

FORMAT = 1
BLOCK = 1024 * 1024

Kind = Literal["dir", "file", "link"]


class ArchiveError(CockpitError):
    """An archive could not be made, checked or restored; what was there before is untouched."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a tree.

    Attributes:
        path: POSIX path relative to the top of the tree; `.` is the top itself.
        kind: `dir`, `file` or `link`.
        mode: Permission bits.
        mtime_ns: Modification time, nanoseconds since the epoch.
        size: Bytes of a file, else 0.
        sha256: Of a file's content, else empty.
        target: Where a link points, else empty.
    """

    path: str
    kind: Kind
    mode: int
    mtime_ns: int
    size: int = 0
    sha256: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole tree.

    Attributes:
        run: Run id, the name of the tree's top in the archive.
        source: Id of the source that reads it.
        path: Where the tree lives, relative to its root.
        members: Sorted by path, the top first.
        skipped: Paths of what cannot be archived (FIFOs, sockets, devices).
    """

    run: str
    source: str
    path: str
    members: tuple[Member, ...]
    skipped: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """The manifest as it is stored: JSON, sorted keys, newline at the end; same tree, same bytes."""
        return pretty({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Manifest":
        """Read what `to_bytes` wrote, trusting nothing.

        Raises:
            ArchiveError: It is no manifest, or names a path that could leave the tree.
        """
        try:
            value: dict[str, Any] = json.loads(data)
            if value.pop("format") != FORMAT:
                raise ArchiveError("the manifest has a format this version does not know")
            members = tuple(Member(**each) for each in value.pop("members"))
            manifest = cls(members=members, skipped=tuple(value.pop("skipped")), **value)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ArchiveError("the manifest cannot be read") from error
        _check_safe(manifest)
        return manifest


@dataclass(frozen=True, slots=True)
class Found:
    """A member as it lies on disk, before its content is read."""

    member: Member
    stat: os.stat_result


def survey(top: Path, leave_out: Sequence[str] = ()) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Everything in the tree, sorted by path, and the paths of what cannot be archived. Opens no file.

    Args:
        top: An existing directory, no link.
        leave_out: Names in `top` itself that do not belong to it.

    Raises:
        ArchiveError: Something cannot be listed.
    """
    found: list[Found] = []
    skipped: list[str] = []
    try:
        for path, entry in _walk(top, leave_out):
            kind = _kind(entry.st_mode)
            if kind is None:
                skipped.append(path)
                continue
            # Not Path.readlink: that would tidy the target up.
            target = os.readlink(top / path) if kind == "link" else ""  # noqa: PTH115
            size = entry.st_size if kind == "file" else 0
            mode = stat.S_IMODE(entry.st_mode)
            found.append(Found(Member(path, kind, mode, entry.st_mtime_ns, size, target=target), entry))
    except OSError as error:
        raise failure("cannot read", error) from error
    found.sort(key=lambda each: _order(each.member.path))
    return tuple(found), tuple(sorted(skipped, key=_order))


def unchanged(before: Sequence[Found], after: Sequence[Found]) -> str | None:
    """The path of the first difference between two surveys of a tree, or `None` where there is none."""
    old, new = ({each.member.path: each for each in side} for side in (before, after))
    for path in sorted(old.keys() ^ new.keys(), key=_order):
        return path
    for path, found in old.items():
        if found.member != new[path].member or _identity(found.stat) != _identity(new[path].stat):
            return path
    return None


def open_member(top: Path, found: Found) -> int:
    """A descriptor of exactly the file that was surveyed.

    Raises:
        ArchiveError: It cannot be opened, or another file is in its place now.
    """
    try:
        fd = os.open(top / found.member.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise failure("cannot read", error) from error
    if _identity(os.fstat(fd)) != _identity(found.stat):
        os.close(fd)
        raise changed(found.member.path)
    return fd


def still_same(fd: int, found: Found) -> bool:
    """Whether the open file is as it was surveyed."""
    return _identity(os.fstat(fd)) == _identity(found.stat)


def changed(path: str) -> ArchiveError:
    """The error for a file that changed while it was read."""
    return ArchiveError(f"{clean(path)} changed while it was being archived; nothing was changed here")


def failure(what: str, error: OSError) -> ArchiveError:
    """The error for an `OSError`, naming the file."""
    name = f" {clean(error.filename)}" if error.filename else ""
    return ArchiveError(f"{what}{name}: {error.strerror or error}")


def digest(path: Path) -> str:
    """sha256 of a file's content.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _walk(top: Path, leave_out: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
    yield ".", top.lstat()
    pending = [PurePosixPath(".")]
    while pending:
        folder = pending.pop()
        with os.scandir(top / folder) as entries:
            for entry in entries:
                path = folder / entry.name
                if str(path) in leave_out:
                    continue
                yield str(path), entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)


def _kind(mode: int) -> Kind | None:
    if stat.S_ISDIR(mode):
        return "dir"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else None


def _order(path: str) -> tuple[bytes, ...]:
    """Sorts a directory before what it holds, bytewise, in any locale; the top before everything."""
    return tuple(os.fsencode(part) for part in path.split("/")) if path != "." else ()


def _identity(entry: os.stat_result) -> tuple[int, ...]:
    """What changes when a file is replaced or written; access times do not count, and a directory's size is no fact."""
    size = entry.st_size if stat.S_ISREG(entry.st_mode) else 0
    return (entry.st_dev, entry.st_ino, entry.st_mode, size, entry.st_mtime_ns, entry.st_ctime_ns)


def _check_safe(manifest: Manifest) -> None:
    """Refuse a manifest that could make a restore write outside of its tree.

    Raises:
        ArchiveError: A path is absolute, climbs, or leads through something that is no directory of the tree.
    """
    texts = (manifest.run, manifest.source, manifest.path, *manifest.skipped)
    numbers = [number for each in manifest.members for number in (each.mode, each.mtime_ns, each.size)]
    strings = [text for each in manifest.members for text in (each.path, each.kind, each.sha256, each.target)]
    if not all(isinstance(text, str) for text in (*texts, *strings)) or not all(type(n) is int for n in numbers):
        raise ArchiveError("the manifest holds values of the wrong type")
    if "/" in manifest.run or manifest.run in ("", ".", "..") or not _is_inside(manifest.path):
        raise ArchiveError(f"the manifest is of a run at {clean(manifest.path)!r}, which is outside of any root")
    folders: set[str] = set()
    seen: set[str] = set()
    for member in manifest.members:
        parent = str(PurePosixPath(member.path).parent)
        top = member.path == "."
        if not top and (not _is_inside(member.path) or parent not in folders):
            raise ArchiveError(f"the archive holds {clean(member.path)!r}, which could leave its tree")
        if top is bool(seen) or member.path in seen or member.kind not in ("dir", "file", "link"):
            raise ArchiveError(f"the archive holds {clean(member.path)!r} twice, out of order or of unknown kind")
        seen.add(member.path)
        if member.kind == "dir":
            folders.add(member.path)
    if "." not in folders:
        raise ArchiveError("the archive holds no directory")


def _is_inside(path: str) -> bool:
    """Whether a relative path is in its only spelling and stays below where it begins."""
    parts = path.split("/")
    return "\0" not in path and all(part not in ("", ".", "..") for part in parts)
