"""Copying what a command will overwrite aside, verified, before it runs, and then becoming that command.

`python -P -m cockpit.actions.snapshot_job --tree=DIR --to=DIR2 [--folder=NAME]... [-- CMD ARG...]`

`--to` appears complete or not at all: the folders as they are (modes and times kept, links as links), and
`snapshot.json` with the size and sha256 of every file. A file that only grows while it is copied, as a log does, is
kept as far as it went when its copy began. On any failure the command is not run
(formats/agents-orchestration.md 6: every command overwrites the artifacts and logs of the one before).
"""

import argparse
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cockpit.actions.manifest import ArchiveError, Found, survey
from cockpit.actions.own_job import READ, Foresight, JobParser, OwnJobError, Say, run_job, say, split_command, trouble
from cockpit.actions.storage import make_dir, pretty, sync_dir, write_all, write_atomic
from cockpit.journal.files import ensure_state_dir
from cockpit.sanitize import clean

MODULE = "cockpit.actions.snapshot_job"
CONTENTS = "snapshot.json"
NOT_FOUND = 127
NOT_EXECUTABLE = 126
_BLOCK = 1024 * 1024
_ATTEMPTS = 3
"""How often a file that is rewritten under the copy is tried again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a snapshot.

    Attributes:
        path: Relative to the snapshot.
        size: Bytes kept.
        sha256: Of them.
        mtime_ns: Of the original when its copy began.
        grew: Whether the original went on growing meanwhile.
    """

    path: str
    size: int
    sha256: str
    mtime_ns: int
    grew: bool = False


def take(tree: Path, folders: list[str], target: Path, tell: Say = lambda _line: None) -> tuple[Kept, ...]:
    """Make a snapshot of some folders of a tree.

    Args:
        tree: Absolute path.
        folders: Names in it; those that are not there are left out.
        target: The directory to make.
        tell: Hears about progress.

    Raises:
        CockpitError: Something cannot be read or written, or is rewritten all the time; nothing half-made stays.
    """
    if os.path.lexists(target):
        raise OwnJobError(f"{clean(target)} exists already; nothing was done")
    building = target.with_name(f".{target.name}.part")
    try:
        ensure_state_dir(target.parent.parent)
        make_dir(target.parent)
        # What an attempt that was killed left behind: the system is locked, so nobody is at work on it.
        shutil.rmtree(building, ignore_errors=True)
        make_dir(building, exist_ok=False)
        kept = _fill(tree, folders, building, tell)
        if os.path.lexists(target):
            raise OwnJobError(f"{clean(target)} exists already; nothing was done")
        building.rename(target)
        sync_dir(target.parent)
    except OSError as error:
        raise trouble("cannot make the snapshot:", error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    tell(f"kept {len(kept)} files, {sum(each.size for each in kept)} bytes, in {target}")
    return kept


def _fill(tree: Path, folders: list[str], building: Path, tell: Say) -> tuple[Kept, ...]:
    kept: list[Kept] = []
    links: dict[str, str] = {}
    left_out: list[str] = []
    times: list[tuple[Path, int]] = []
    for folder, found, skipped in _surveys(tree, folders):
        left_out += [f"{folder}/{path}" for path in skipped]
        for each in found:
            path = folder if each.member.path == "." else f"{folder}/{each.member.path}"
            if each.member.kind == "dir":
                (building / path).mkdir(mode=0o700)
                times.append((building / path, each.member.mtime_ns))
            elif each.member.kind == "link":
                links[path] = each.member.target
                (building / path).symlink_to(each.member.target)
            else:
                kept.append(_copy(tree, path, building / path))
    for path in left_out:
        tell(f"left out, it is no file: {path}")
    for path in (copy.path for copy in kept if copy.grew):
        tell(f"{path} grew while it was copied: kept as far as it went")
    contents = {"tree": os.fspath(tree), "files": [asdict(copy) for copy in kept], "links": links, "left_out": left_out}
    write_atomic(building / CONTENTS, pretty(contents))
    # From the bottom up: what is put into a directory changes its time.
    for directory, mtime_ns in reversed(times):
        os.utime(directory, ns=(mtime_ns, mtime_ns))
        sync_dir(directory)
    return tuple(kept)


def _surveys(tree: Path, folders: list[str]) -> Iterator[tuple[str, tuple[Found, ...], tuple[str, ...]]]:
    """The folders that are there, with what they hold.

    Raises:
        CockpitError: One of them is a link, or cannot be listed.
    """
    for folder in folders:
        path = tree / folder
        if path.is_symlink():
            raise OwnJobError(f"{clean(path)} is a symbolic link: what it leads to would not be in the snapshot")
        if path.is_dir():
            found, skipped = survey(path)
            yield folder, found, skipped


def _copy(tree: Path, path: str, target: Path) -> Kept:
    """Copy a file and read the copy back; tried again where it is rewritten meanwhile.

    Raises:
        OwnJobError: It cannot be read or copied.
        OSError: Likewise.
    """
    for _ in range(_ATTEMPTS):
        fd = os.open(tree / path, READ)
        with os.fdopen(fd, "rb") as source:
            before = os.fstat(fd)
            if not stat.S_ISREG(before.st_mode):
                break
            copied = _write_copy(source.fileno(), before.st_size, target)
            after = os.fstat(fd)
        os.utime(target, ns=(before.st_mtime_ns, before.st_mtime_ns))
        same = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        if copied is not None and (same or after.st_size > before.st_size):
            if _digest(target) != copied:
                raise OwnJobError(f"the copy of {clean(path)} does not read back as it was written")
            target.chmod(stat.S_IMODE(before.st_mode) & 0o777 | stat.S_IRUSR)
            return Kept(path, before.st_size, copied, before.st_mtime_ns, grew=not same)
        target.unlink()
    raise OwnJobError(f"{clean(path)} is being rewritten all the time: stop who does that first; nothing was run")


def _write_copy(source: int, size: int, target: Path) -> str | None:
    """Copy `size` bytes; their sha256, or `None` where they are not there any more."""
    total = hashlib.sha256()
    out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while size:
            block = os.read(source, min(size, _BLOCK))
            if not block:
                return None
            total.update(block)
            write_all(out, block)
            size -= len(block)
        os.fsync(out)
    finally:
        os.close(out)
    return total.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def foresee(arguments: list[str]) -> Foresight:
    """What would be copied where.

    Raises:
        CockpitError: It cannot be done.
    """
    options, command = _parse(arguments)
    if os.path.lexists(options.to):
        raise OwnJobError(f"{clean(options.to)} exists already")
    effects, total = [], 0
    for folder, found, _ in _surveys(options.tree, options.folder):
        sizes = [each.member.size for each in found if each.member.kind == "file"]
        total += sum(sizes)
        effects.append(f"copies {clean(folder)}/ ({len(sizes)} files, {sum(sizes)} bytes) to {clean(options.to)}")
    if not effects:
        effects = [f"there is nothing of {' '.join(options.folder)} in {clean(options.tree)} to copy aside"]
    free = _free(options.to)
    if free is not None and free < total:
        raise OwnJobError(f"the snapshot needs {total} bytes and {clean(options.to.parent)} has {free}")
    then = f"then runs: {' '.join(map(clean, command))}" if command else "runs nothing"
    return Foresight((*effects, f"verifies the copies; {then}"))


def _free(target: Path) -> int | None:
    """Bytes free where the snapshot goes."""
    for place in target.parents:
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    own, command = split_command(arguments)
    parser = JobParser(MODULE)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--folder", action="append", default=[])
    return parser.parse_args(own), command


def main(arguments: list[str]) -> int:
    """Copy, then become the command; 1 with the reason as the last line where the copy failed and nothing was run."""

    def job() -> int:
        options, command = _parse(arguments)
        try:
            take(options.tree, options.folder, options.to, say)
        except ArchiveError as error:
            raise OwnJobError(str(error).replace("being archived", "being copied")) from error
        return _become(command, options.tree) if command else 0

    return run_job(job)


def _become(command: list[str], tree: Path) -> int:
    try:
        os.chdir(tree)
        os.execvp(command[0], command)  # noqa: S606 - an argument list, and no shell
    except OSError as error:
        say(f"error: {command[0]}: {error.strerror}; the snapshot is kept")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
