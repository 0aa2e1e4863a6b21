"""The files of one run: one recursive listing with their stamps, and the fingerprint made from it."""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

MAX_DEPTH = 8
MAX_FILES = 250_000
_NAME = attrgetter("name")
Stamp = tuple[int, int, int]
"""(inode, size in bytes, mtime in nanoseconds): a file is read again only when this changed."""


class FileEntry(NamedTuple):
    """A file below a run.

    Attributes:
        rel: Path relative to the run, `/` between parts, as `os` returns it.
        stamp: Identity and age.
        mode: Its `st_mode`; links are not followed.
    """

    rel: str
    stamp: Stamp
    mode: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stamp[1]

    @property
    def modified_at(self) -> datetime:
        """Modification time, UTC."""
        return modified(self.stamp[2])

    @property
    def regular(self) -> bool:
        """Whether it is an ordinary file, so that opening it can neither block nor have effects."""
        return stat.S_ISREG(self.mode)

    @property
    def link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)


@dataclass(slots=True)
class Tree:
    """What a listing found: files in a stable order, and `(rel, reason)` of what could not be listed."""

    files: list[FileEntry] = field(default_factory=list)
    trouble: list[tuple[str, str]] = field(default_factory=list)


def modified(mtime_ns: int) -> datetime:
    """A file time as aware UTC; absurd values are clamped."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)


def list_tree(directory: Path) -> Tree:
    """Every file below `directory`, sorted within its directory; symbolic links are listed, never followed.

    A directory with the name of a record (`meta.json`) is listed as a file that is none, so that readers can say so.
    Temporary files (`*.tmp`) of writers that replace atomically are left out: they come and go while nothing changed.
    """
    tree = Tree()
    _list(os.fspath(directory), "", 0, tree)
    return tree


def _list(path: str, prefix: str, depth: int, tree: Tree) -> None:
    try:
        with os.scandir(path) as listing:
            entries = sorted(listing, key=_NAME)
    except OSError as error:
        tree.trouble.append((prefix.rstrip("/") or ".", _why(error)))
        return
    files = tree.files
    for entry in entries:
        name = entry.name
        if name.endswith(".tmp"):
            continue
        try:
            if entry.is_dir(follow_symlinks=False) and not name.endswith((".json", ".jsonl")):
                if depth >= MAX_DEPTH:
                    tree.trouble.append((prefix + name, f"nested deeper than {MAX_DEPTH} directories, not read"))
                else:
                    _list(entry.path, f"{prefix}{name}/", depth + 1, tree)
                continue
            info = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # gone between listing and stat: no longer a file of the run
            continue
        except OSError as error:
            tree.trouble.append((prefix + name, _why(error)))
            continue
        if len(files) >= MAX_FILES:
            if len(files) == MAX_FILES and not any(rel == "." for rel, _ in tree.trouble):
                tree.trouble.append((".", f"more than {MAX_FILES} files, the rest is not read"))
            return
        files.append(FileEntry(prefix + name, (info.st_ino, info.st_size, info.st_mtime_ns), info.st_mode))


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "no permission to list this directory"
    return error.strerror or type(error).__name__


def digest(tree: Tree) -> str:
    """A short text that changes whenever a file was added, removed or modified; stable over processes."""
    parts = [f"{rel}\0{ino}\0{size}\0{mtime}" for rel, (ino, size, mtime), _ in tree.files]
    parts.extend(f"!{rel}\0{reason}" for rel, reason in tree.trouble)
    return _hash(parts)


def _hash(parts: list[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def quick_digest(directory: Path) -> str:
    """`digest(list_tree(directory))`, without the list: what every start asks of every run that did not change."""
    parts: list[str] = []
    if not _stamps(os.fspath(directory), "", 0, parts):
        return digest(list_tree(directory))
    return _hash(parts)


def _stamps(path: str, prefix: str, depth: int, parts: list[str]) -> bool:
    """Lines of `digest` for the files below a directory; false where anything at all is out of the ordinary."""
    try:
        with os.scandir(path) as listing:
            entries = sorted(listing, key=_NAME)
        for entry in entries:
            name = entry.name
            if name.endswith(".tmp"):
                continue
            if entry.is_dir(follow_symlinks=False) and not name.endswith((".json", ".jsonl")):
                if depth >= MAX_DEPTH or not _stamps(entry.path, f"{prefix}{name}/", depth + 1, parts):
                    return False
                continue
            info = entry.stat(follow_symlinks=False)
            parts.append(f"{prefix}{name}\0{info.st_ino}\0{info.st_size}\0{info.st_mtime_ns}")
    except OSError:
        return False
    return len(parts) < MAX_FILES
