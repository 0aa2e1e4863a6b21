"""Looking into a bundle that somebody sent: nothing is extracted, nothing is believed, everything is bounded."""

import json
import tarfile
import zlib
from collections.abc import Iterator
from gzip import GzipFile
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cockpit.errors import CockpitError
from cockpit.models.base import Model
from cockpit.reports.bundle import MANIFEST
from cockpit.sanitize import clean

MAX_FILES = 5_000
MAX_UNPACKED = 128 << 20
"""Bytes of a bundle when it is unpacked; ours hold a fraction of that."""
MAX_MANIFEST = 8 << 20
MAX_PROBLEMS = 100
_BLOCK = 1 << 16


class Inspection(Model):
    """What was found in a bundle.

    Attributes:
        path: As it was named.
        ok: Whether every file is there, as the manifest says, and nothing else.
        incident: As the manifest says, or `None`.
        files: How many files it holds, the manifest apart.
        sha256: Of the whole file.
        problems: What is wrong, clean, at most `MAX_PROBLEMS`.
    """

    path: str
    ok: bool
    incident: str | None
    files: int
    sha256: str
    problems: tuple[str, ...] = ()


class _HostileError(Exception):
    """The archive cannot be read on; its text says why."""


class _Bounded:
    """A stream that ends with an error where an archive is larger than any of ours when unpacked."""

    def __init__(self, stream: GzipFile) -> None:
        self._stream = stream
        self._left = MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size if size >= 0 else self._left + 1, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise _HostileError(f"unpacks to more than {MAX_UNPACKED >> 20} MiB")
        return data


def inspect(path: Path) -> Inspection:
    """Whether a bundle is whole and unchanged. Never raises for what is in it.

    Raises:
        CockpitError: The file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            whole = sha256()
            while block := file.read(_BLOCK):
                whole.update(block)
            file.seek(0)
            return _inspect(file, str(path), whole.hexdigest())
    except OSError as error:
        raise CockpitError(f"{clean(path)}: {(error.strerror or 'cannot be read').lower()}") from error


def _inspect(file: IO[bytes], path: str, digest: str) -> Inspection:
    problems: list[str] = []
    found: dict[str, tuple[str, int]] = {}
    manifest: bytes | None = None
    try:
        with tarfile.open(fileobj=_Bounded(GzipFile(fileobj=file)), mode="r|", errorlevel=2) as archive:  # type: ignore[call-overload]
            for name, content in _members(archive, problems):
                if name in found:
                    problems.append(f"twice in the archive: {name}")
                    continue
                hashed, size = sha256(), 0
                kept: list[bytes] = []
                while block := content.read(_BLOCK):
                    hashed.update(block)
                    size += len(block)
                    if name.count("/") == 1 and name.endswith(f"/{MANIFEST}") and size <= MAX_MANIFEST:
                        kept.append(block)
                if kept:
                    manifest = b"".join(kept)
                found[name] = (hashed.hexdigest(), size)
    except _HostileError as error:
        problems.append(str(error))
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError, MemoryError) as error:
        problems.append(f"no whole gzip archive: {str(error) or type(error).__name__}")
    incident = _compare(found, manifest, problems)
    told = tuple(clean(each, 300) for each in problems[:MAX_PROBLEMS])
    files = sum(not name.endswith(f"/{MANIFEST}") or name.count("/") != 1 for name in found)
    return Inspection(path=clean(path), ok=not told, incident=incident, files=files, sha256=digest, problems=told)


def _members(archive: tarfile.TarFile, problems: list[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Ordinary files with plain names below one folder; everything else is a problem and is not read."""
    for number, member in enumerate(archive):
        if number >= MAX_FILES:
            raise _HostileError(f"holds more than {MAX_FILES} entries")
        wrong = _wrong(member)
        if wrong is not None:
            problems.append(f"{wrong}: {member.name!r}")
            continue
        content = archive.extractfile(member)
        if content is not None:
            yield member.name, content


def _wrong(member: tarfile.TarInfo) -> str | None:
    path = PurePosixPath(member.name)
    if not member.isreg() or member.issparse():
        return "no ordinary file"
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or str(path) != member.name:
        return "leads out of the archive"
    if clean(member.name) != member.name or len(member.name) > 4_000:
        return "no plain name"
    return "not in the folder of the incident" if len(path.parts) < 2 else None


def _compare(found: dict[str, tuple[str, int]], manifest: bytes | None, problems: list[str]) -> str | None:
    if manifest is None:
        problems.append(f"no {MANIFEST}")
        return None
    try:
        said = json.loads(manifest)
        incident, files = _read_manifest(said)
    except (ValueError, KeyError, TypeError, RecursionError):
        problems.append(f"{MANIFEST} is not one of ours")
        return None
    listed = {f"{incident}/{name}": rest for name, rest in files.items()}
    if len(files) != len(said["files"]):
        problems.append(f"{MANIFEST} names a file twice")
    for name, (digest, size) in sorted(listed.items()):
        if name not in found:
            problems.append(f"missing: {name}")
        elif found[name] != (digest, size):
            problems.append(f"changed: {name}")
    extra = sorted(found.keys() - listed.keys() - {f"{incident}/{MANIFEST}"})
    problems += [f"not in the manifest: {name}" for name in extra]
    return clean(incident, 80)


def _read_manifest(said: Any) -> tuple[str, dict[str, tuple[str, int]]]:  # noqa: ANN401 - foreign JSON
    incident = said["incident"]
    files = {each["name"]: (each["sha256"], each["size"]) for each in said["files"]}
    if not isinstance(incident, str) or not all(isinstance(name, str) for name in files):
        raise TypeError
    return incident, files
