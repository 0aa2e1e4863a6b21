"""Archives of runs: deterministic tar.gz files with a manifest, read back and compared before anybody relies on them.

`<state>/archives/<run>-<stamp>.tar.gz` holds `<run>.manifest.json` and then the tree `<run>/...`; beside it lies
`<run>-<stamp>.manifest.json` with the same bytes. Names are sorted, owners are zero, times are kept to the nanosecond
(PAX), the gzip header is empty: the same tree gives the same bytes, wherever and whenever. Owners, ACLs and extended
attributes are not kept; hard links become files of their own.
"""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cockpit.actions.manifest import (
    BLOCK,
    ArchiveError,
    Found,
    Manifest,
    Member,
    changed,
    failure,
    open_member,
    still_same,
    survey,
    unchanged,
)
from cockpit.actions.storage import open_new, publish, sync_dir
from cockpit.locations import STATE_FOLDER
from cockpit.models.run import RunRef
from cockpit.sanitize import clean

ARCHIVES = "archives"
SUFFIX = ".tar.gz"
MANIFEST_SUFFIX = ".manifest.json"
ORIGIN_SUFFIX = ".origin.json"

Progress = Callable[[str], None]
"""Called with one line for people now and then."""

_LEVEL = 6
_STREAM = 64 * 1024
"""Bytes tarfile reads ahead; it copies what is left of them for every header."""
_REPORT_EVERY = 1000
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Archive:
    """A finished archive.

    Attributes:
        path: The tar.gz.
        manifest: What it holds.
        sha256: Of the tar.gz.
    """

    path: Path
    manifest: Manifest
    sha256: str


def sidecar(archive: Path) -> Path:
    """The manifest beside an archive."""
    return archive.with_name(archive.name.removesuffix(SUFFIX) + MANIFEST_SUFFIX)


def origin(archive: Path) -> Path:
    """The file beside an archive that names the root its run came from: several roots may share a state directory."""
    return archive.with_name(archive.name.removesuffix(SUFFIX) + ORIGIN_SUFFIX)


def create(top: Path, ref: RunRef, target: Path, say: Progress = lambda _line: None) -> Archive:
    """Archive a tree, read the archive back, and only then give it its name. The tree is only read.

    Args:
        top: Absolute path of the tree, a directory and no link.
        ref: The run it is; only its id, source and path go into the archive.
        target: The archive to make; its directory exists.
        say: Hears about progress.

    Raises:
        ArchiveError: The target exists, something cannot be read or written, or the tree changed meanwhile. Nothing
            half-made stays.
    """
    if top.is_symlink() or not top.is_dir():
        raise ArchiveError(f"{clean(top)} is no directory")
    for taken in (target, sidecar(target)):
        if os.path.lexists(taken):
            raise ArchiveError(f"{clean(taken)} exists already; nothing was done")
    found, skipped = survey(top, (STATE_FOLDER,))
    total = sum(each.member.size for each in found)
    say(f"archiving {len(found)} entries, {total} bytes")
    for each in skipped:
        say(f"left out, it is no file: {clean(each)}")
    # One name for all attempts at a run, so that what a killed attempt left is found and replaced: the run is locked.
    key = hashlib.sha256(os.fsencode(ref.path)).hexdigest()[:16]
    packed, stored = (target.with_name(f".{key}{suffix}.tmp") for suffix in (SUFFIX, MANIFEST_SUFFIX))
    try:
        return _create(top, Manifest(ref.id, ref.source, ref.path, (), skipped), found, (packed, stored, target), say)
    except OSError as error:
        raise failure("cannot write the archive", error) from error
    finally:
        for leftover in (packed, stored):
            with suppress(OSError):
                leftover.unlink()


def verify(archive: Path) -> Archive:
    """Read an archive from beginning to end and compare it with its manifests, file by file.

    Raises:
        ArchiveError: It cannot be read, or differs from its manifest in anything.
    """
    try:
        beside = sidecar(archive).read_bytes() if sidecar(archive).exists() else None
    except OSError as error:
        raise failure("cannot read", error) from error
    return _verify(archive, beside)


def read_manifest(archive: Path) -> Manifest:
    """The manifest inside an archive.

    Raises:
        ArchiveError: There is none that can be read.
    """
    with reading(archive) as tar:
        return Manifest.from_bytes(first_member(tar)[1])


@contextmanager
def reading(archive: Path) -> Iterator[tarfile.TarFile]:
    """The members of an archive as a stream; whatever is wrong with it while it is read is an `ArchiveError`.

    Raises:
        ArchiveError: It cannot be read or is damaged.
    """
    try:
        with (
            archive.open("rb") as file,
            gzip.GzipFile(fileobj=file, mode="rb") as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|", bufsize=_STREAM, encoding="utf-8") as tar,
        ):
            yield tar
            # To the end, where gzip keeps its checksum.
            while unpacked.read(BLOCK):
                pass
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise ArchiveError(f"{clean(archive)} cannot be read: {clean(error)}") from error


def _create(
    top: Path, head: Manifest, found: tuple[Found, ...], names: tuple[Path, Path, Path], say: Progress
) -> Archive:
    packed, stored, target = names
    # Twice over the files: once for the sums, which stand first in the archive, once for the content.
    members = tuple(_summed(top, each) for each in found)
    manifest = replace(head, members=members)
    data = manifest.to_bytes()
    with open_new(packed) as raw:
        _pack(raw, top, manifest, found, say)
        raw.flush()
        os.fsync(raw.fileno())
    say("reading it back")
    made = _verify(packed, data)
    again, _ = survey(top, (STATE_FOLDER,))
    different = unchanged(found, again)
    if different is not None:
        raise changed(different)
    with open_new(stored) as raw:
        raw.write(data)
        raw.flush()
        os.fsync(raw.fileno())
    publish(stored, sidecar(target))
    try:
        publish(packed, target)
    except OSError:
        sidecar(target).unlink()
        raise
    sync_dir(target.parent)
    say(f"archived to {target}, sha256 {made.sha256}")
    return replace(made, path=target)


def _summed(top: Path, found: Found) -> Member:
    if found.member.kind != "file":
        return found.member
    with os.fdopen(open_member(top, found), "rb") as file:
        total = hashlib.file_digest(file, "sha256").hexdigest()
        if not still_same(file.fileno(), found):
            raise changed(found.member.path)
    return replace(found.member, sha256=total)


def _pack(raw: BinaryIO, top: Path, manifest: Manifest, found: tuple[Found, ...], say: Progress) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK, encoding="utf-8") as tar,
    ):
        # Not 16 kB at a time; the type stubs do not know it.
        tar.copybufsize = BLOCK  # type: ignore[attr-defined]
        data = manifest.to_bytes()
        first = _header(f"{manifest.run}{MANIFEST_SUFFIX}", Member("", "file", 0o644, 0, len(data)))
        tar.addfile(first, io.BytesIO(data))
        for number, (member, each) in enumerate(zip(manifest.members, found, strict=True)):
            if number and number % _REPORT_EVERY == 0:
                say(f"{number} of {len(found)} entries")
            header = _header(member_name(manifest.run, member.path), member)
            if member.kind != "file":
                tar.addfile(header)
                continue
            with os.fdopen(open_member(top, each), "rb") as file:
                try:
                    tar.addfile(header, file)
                except OSError as error:
                    # tarfile's own word for a file that became shorter has no error number.
                    raise (changed(member.path) if error.errno is None else error) from error
                if not still_same(file.fileno(), each):
                    raise changed(member.path)


def _header(name: str, member: Member) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = {"dir": tarfile.DIRTYPE, "file": tarfile.REGTYPE, "link": tarfile.SYMTYPE}[member.kind]
    info.mode = member.mode
    info.size = member.size
    info.linkname = member.target
    seconds, rest = divmod(member.mtime_ns, _NS)
    info.mtime = seconds
    if rest:
        # tarfile would go through a float, which is too coarse for nanoseconds.
        info.pax_headers = {"mtime": f"{seconds}.{rest:09d}"} if seconds >= 0 else {}
    return info


def rest(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members that were not read yet; iterating over the archive itself would begin anew."""
    while (info := tar.next()) is not None:
        yield info


def member_name(run: str, path: str) -> str:
    """What a member of the tree is called in the archive."""
    return run if path == "." else f"{run}/{path}"


def _verify(archive: Path, beside: bytes | None) -> Archive:
    """Compare an archive with the manifest inside, and that with the one beside it."""
    with reading(archive) as tar:
        name, data = first_member(tar)
        if beside is not None and data != beside:
            raise ArchiveError(f"{clean(archive)} and the manifest beside it differ")
        manifest = Manifest.from_bytes(data)
        if name != f"{manifest.run}{MANIFEST_SUFFIX}":
            raise ArchiveError(f"{clean(archive)} does not begin with its manifest")
        expected = iter(manifest.members)
        for info in rest(tar):
            member = next(expected, None)
            if member is None or _difference(tar, info, manifest.run, member):
                raise ArchiveError(f"{clean(archive)} differs from its manifest at {clean(info.name)}")
        missing = next(expected, None)
        if missing is not None:
            raise ArchiveError(f"{clean(archive)} lacks {clean(missing.path)}, which its manifest names")
    with archive.open("rb") as file:
        return Archive(archive, manifest, hashlib.file_digest(file, "sha256").hexdigest())


def first_member(tar: tarfile.TarFile) -> tuple[str, bytes]:
    """Name and content of the manifest, the first member of every archive.

    Raises:
        ArchiveError: It holds none.
    """
    info = tar.next()
    file = tar.extractfile(info) if info is not None and info.isreg() else None
    if info is None or file is None:
        raise ArchiveError("the archive holds no manifest")
    return info.name, file.read()


def _difference(tar: tarfile.TarFile, info: tarfile.TarInfo, run: str, member: Member) -> bool:
    wanted = _header(member_name(run, member.path), member)
    if _facts(info) != _facts(wanted):
        return True
    if member.kind != "file":
        return False
    file = tar.extractfile(info)
    total = hashlib.sha256()
    while file is not None and (block := file.read(BLOCK)):
        total.update(block)
    return total.hexdigest() != member.sha256


def _facts(info: tarfile.TarInfo) -> tuple[object, ...]:
    """What must agree between a header and the manifest; times as they are written, not as a float keeps them."""
    seconds, _, fraction = info.pax_headers.get("mtime", str(int(info.mtime))).partition(".")
    return (info.name, info.type, info.mode, info.linkname, info.size, seconds, fraction)
