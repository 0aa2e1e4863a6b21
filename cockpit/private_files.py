"""Small files of the user alone (mode 0600): where they left, what they typed, the views they saved.

Nothing here is evidence and nothing rests on it: what cannot be read is set aside and said, never a reason to stop.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 1 << 20
"""A larger file is none of ours."""


class ForeignFileError(Exception):
    """What stands there was not written by this program for this user."""


def read_private(path: Path) -> bytes | None:
    """The bytes of a file; `None` where there is none.

    Raises:
        ForeignFileError: It is a link, no ordinary file, somebody else's or too large.
        OSError: It cannot be read.
    """
    try:
        # Without blocking: a FIFO in its place would wait for a writer for ever.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise ForeignFileError("it is no ordinary file") from error
        raise
    about = os.fstat(fd)
    if not stat.S_ISREG(about.st_mode):
        os.close(fd)
        raise ForeignFileError("it is no ordinary file")
    with os.fdopen(fd, "rb") as file:
        if about.st_uid not in (os.geteuid(), 0):
            raise ForeignFileError("it belongs to somebody else")
        if about.st_size > MOST_BYTES:
            raise ForeignFileError(f"it has more than {MOST_BYTES >> 20} MiB")
        return file.read(MOST_BYTES + 1)


def write_private(path: Path, data: bytes) -> None:
    """Replace a file durably and all at once; the last writer wins, with its whole file.

    Raises:
        OSError: It could not be written; what was there before is untouched.
    """
    # Only here: whoever reads settings and views writes nothing.
    from cockpit.actions.storage import sync_dir, write_all

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, 0o600)
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_dir(path.parent)


def set_aside(path: Path) -> Path | None:
    """Give what stands at `path` another name, `NAME.bad`, so that it can be looked at; `None` where that fails."""
    aside = path.with_name(f"{path.name}.bad")
    try:
        path.replace(aside)
    except OSError:
        return None
    return aside
