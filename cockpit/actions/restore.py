"""Moving an archived run aside, and putting it back: the two halves of an undo.

A run is moved aside only after its archive was read back, by one rename on its own filesystem, and back again if
anything wrote to it meanwhile. Restoring verifies everything before the first byte is written, writes where no source
looks (`<root>/.cockpit/`), checks what it wrote, and then gives the run its place with one rename.
"""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cockpit.actions.archive import (
    SUFFIX,
    Archive,
    Progress,
    first_member,
    reading,
    rest,
    verify,
)
from cockpit.actions.manifest import (
    BLOCK,
    ArchiveError,
    Manifest,
    Member,
    digest,
    failure,
    survey,
)
from cockpit.actions.storage import make_dir, sync_dir, sync_filesystem
from cockpit.journal.files import ensure_state_dir
from cockpit.locations import STATE_FOLDER
from cockpit.sanitize import clean

ASIDE = "archived-runs"
RESTORING = "restoring"

_FORBIDDEN = stat.S_ISUID | stat.S_ISGID
"""Never given to a restored file: an archive somebody else wrote must not make a program that runs as its owner."""


_ZEROS = bytes(BLOCK)


def aside_places(archive: Path, root: Path) -> tuple[Path, Path]:
    """Where the tree of an archive may have been moved: in the state directory, or within the root's filesystem."""
    stem = archive.name.removesuffix(SUFFIX)
    return archive.parent.parent / ASIDE / stem, root / STATE_FOLDER / ASIDE / stem


def move_aside(archive: Archive, top: Path, root: Path, say: Progress = lambda _line: None) -> Path:
    """Move a run out of its root after it was archived. Nothing is deleted.

    Args:
        archive: Verified archive of the run.
        top: The run's directory.
        root: The root it lives under.
        say: Hears where it went.

    Returns:
        Where it lies now.

    Raises:
        ArchiveError: It is not as it was archived, or cannot be moved; it is in its old place.
    """
    if top == root:
        raise ArchiveError("the run is the root itself, which holds its archives: it stays where it is")
    _refuse_difference(archive.manifest, top, thorough=False)
    place = _rename_aside(archive, top, root)
    try:
        # Who had a file open could go on writing until the rename, and after.
        _refuse_difference(archive.manifest, place, thorough=False)
    except ArchiveError:
        place.rename(top)
        raise
    say(f"moved {top} to {place}")
    return place


def restore(archive: Path, root: Path, say: Progress = lambda _line: None) -> Path:
    """Put an archived run back where it was: identical bytes, modes and times.

    The tree that was moved aside is put back itself if it is still what the archive says (so its owners and links stay
    too); else the archive is unpacked.

    Args:
        archive: A tar.gz made by `cockpit.actions.archive`.
        root: The root it belongs to.
        say: Hears about progress.

    Returns:
        The run's directory.

    Raises:
        ArchiveError: The archive is damaged or hostile, something is in the run's place, or that cannot be written.
    """
    say(f"verifying {archive}")
    manifest = verify(archive).manifest
    target = _place(manifest, root)
    try:
        for kept in aside_places(archive, root):
            if kept.is_dir() and not kept.is_symlink() and matches(manifest, kept):
                _put(kept, target)
                say(f"put back {kept} as {target}")
                return target
        return _unpack(archive, manifest, root, target, say)
    except OSError as error:
        raise failure("cannot restore", error) from error


def matches(manifest: Manifest, top: Path) -> bool:
    """Whether a tree is exactly what a manifest says, content included."""
    try:
        _refuse_difference(manifest, top, thorough=True)
    except ArchiveError:
        return False
    return True


def _refuse_difference(manifest: Manifest, top: Path, *, thorough: bool) -> None:
    found, skipped = survey(top, (STATE_FOLDER,))
    wanted = {member.path: member for member in manifest.members}
    if skipped != manifest.skipped or len(found) != len(wanted):
        raise ArchiveError(f"{clean(top)} holds other files than its archive; it stays where it is")
    for each in found:
        path = each.member.path
        member = wanted.get(path)
        if member is None or _without_sum(member) != _without_sum(each.member):
            raise ArchiveError(f"{clean(top / path)} changed after it was archived; the run stays where it is")
        if thorough and member.kind == "file" and _digest(top / path) != member.sha256:
            raise ArchiveError(f"{clean(top / path)} is not what was archived")


def _without_sum(member: Member) -> tuple[object, ...]:
    return (member.kind, member.mode, member.mtime_ns, member.size, member.target)


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise failure("cannot read", error) from error


def _rename_aside(archive: Archive, top: Path, root: Path) -> Path:
    for place in aside_places(archive.path, root):
        try:
            ensure_state_dir(place.parent.parent)
            make_dir(place.parent)
            if os.path.lexists(place):
                raise ArchiveError(f"{clean(place)} exists already; the run stays where it is")
            top.rename(place)
            sync_dir(place.parent)
            sync_dir(top.parent)
        except OSError as error:
            if error.errno == errno.EXDEV:
                continue
            raise failure("the run is archived but cannot be moved aside:", error) from error
        return place
    raise ArchiveError("the run is archived but its filesystem has no place to move it to")


def _place(manifest: Manifest, root: Path) -> Path:
    """Where the run goes: within the root, free, its parent there.

    Raises:
        ArchiveError: It cannot go there.
    """
    target = root / manifest.path
    try:
        inside = target.parent.resolve(strict=True).is_relative_to(root.resolve(strict=True))
    except OSError as error:
        raise failure("there is no place for the run", error) from error
    if not inside:
        raise ArchiveError(f"{clean(target)} is outside of the root; nothing was restored")
    if os.path.lexists(target):
        raise ArchiveError(f"{clean(target)} exists; nothing was restored")
    return target


def _unpack(archive: Path, manifest: Manifest, root: Path, target: Path, say: Progress) -> Path:
    state = root / STATE_FOLDER
    ensure_state_dir(state)
    building = make_dir(state / RESTORING) / archive.name.removesuffix(SUFFIX)
    # What an attempt that was killed left behind: the run is locked, so nobody is at work on it.
    _remove_tree(building)
    say(f"unpacking {len(manifest.members)} entries")
    try:
        with reading(archive) as tar:
            first_member(tar)
            for info, member in zip(rest(tar), manifest.members, strict=True):
                if member.kind == "dir":
                    (building / member.path).mkdir(mode=0o700)
                elif member.kind == "link":
                    (building / member.path).symlink_to(member.target)
                else:
                    source = tar.extractfile(info)
                    if source is None:
                        raise ArchiveError(f"{clean(archive)} changed while it was unpacked")
                    _write_member(building / member.path, member, source.read)
        _give_away(building, target.parent)
        # From the bottom up: what is put into a directory changes its time, and a mode may forbid it.
        for member in reversed(manifest.members[1:]):
            _dress(building / member.path, member)
        sync_filesystem(building)
        # The top before it is moved, so that a run is never seen half dressed, and after: a directory that may not be
        # written to could not have been moved.
        _dress(building, replace(manifest.members[0], mode=manifest.members[0].mode | stat.S_IRWXU))
        _put(building, target)
        _dress(target, manifest.members[0])
    except ValueError as error:
        raise ArchiveError(f"{clean(archive)} changed while it was unpacked") from error
    finally:
        _remove_tree(building)
        with suppress(OSError):
            building.parent.rmdir()
    say(f"restored {target}")
    return target


def _write_member(path: Path, member: Member, read: Callable[[int], bytes]) -> None:
    total = hashlib.sha256()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as out:
        while block := read(BLOCK):
            total.update(block)
            if block == _ZEROS:
                # A hole: a sparse file of a gigabyte must not fill the disk when it comes back.
                out.seek(len(block), os.SEEK_CUR)
            else:
                out.write(block)
        out.truncate()
    if total.hexdigest() != member.sha256:
        raise ArchiveError(f"{clean(member.path)} is not what the manifest says; nothing was restored")


def _give_away(tree: Path, beside: Path) -> None:
    """Where root unpacks a run, it belongs to whom the directory belongs that holds it: its producer must go on."""
    owner = beside.stat()
    if os.geteuid() != 0 or (owner.st_uid, owner.st_gid) == (0, 0):
        return
    for folder, folders, files in os.walk(tree):
        for name in (".", *folders, *files):
            os.chown(Path(folder) / name, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _dress(path: Path, member: Member) -> None:
    """Give a restored entry its mode and times."""
    if member.kind != "link":
        path.chmod(member.mode & ~_FORBIDDEN if member.kind == "file" else member.mode)
    os.utime(path, ns=(member.mtime_ns, member.mtime_ns), follow_symlinks=False)


def _put(tree: Path, target: Path) -> None:
    """Rename a complete tree into place; a rename onto an empty directory would succeed, so that is refused before."""
    if os.path.lexists(target):
        raise ArchiveError(f"{clean(target)} exists; nothing was restored")
    tree.rename(target)
    sync_dir(target.parent)


def _remove_tree(path: Path) -> None:
    """Remove what is half restored, directories without write permission included."""
    if not os.path.lexists(path):
        return
    for folder, _, _ in os.walk(path):
        with suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
