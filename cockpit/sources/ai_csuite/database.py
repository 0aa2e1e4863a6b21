"""Opening somebody else's SQLite database without leaving a trace beside it.

`mode=ro` alone is not enough: a database in write-ahead mode gets a `-wal` and a `-shm` file from the mere opening,
and a reader cannot remove them. So what lies beside the file decides how it is opened:

- no `-wal`, or an empty one: `immutable=1`, if the header says write-ahead mode. Everything is in the file; a writer
  that starts meanwhile changes the stamp, and the reading does not count.
- a `-wal` with its `-shm`: plainly read-only; both are there already.
- a `-wal` without `-shm` (a copy of a live database): a private copy is read, up to `MAX_COPY` bytes.
- a `-journal`: plainly read-only. SQLite refuses where a writer died in the middle of a transaction; ignoring that
  would show half of it.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cockpit.sources.jsonfile import kind_of, why

if TYPE_CHECKING:
    import sqlite3

MAGIC = b"SQLite format 3\0"
BUSY_S = 0.2
"""Seconds a writer is waited for."""
MAX_COPY = 256 * 1024 * 1024
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

Values = tuple[Any, ...]


class Refused(Exception):  # noqa: N818 - a reason, caught in this package and turned into a Problem
    """Why a database cannot be read.

    Attributes:
        reason: For people.
        passing: Whether it may be gone in a moment (a lock).
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing


class Database(Protocol):
    """What the queries need of an open database, whichever it is."""

    mark: str
    """How a parameter is written."""
    serial: bool
    """Whether rows have a `rowid` that grows with every insert."""
    tables: dict[str, frozenset[str]]
    """Columns by table."""

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """All rows of a query.

        Raises:
            Refused: It cannot be answered.
        """
        ...


class Beside(NamedTuple):
    """Inode, size in bytes and time of a file."""

    ino: int
    size: int
    mtime_ns: int


class Stamp(NamedTuple):
    """Changes with every commit: the stamps of the database, of its write-ahead log and of its journal."""

    main: Beside | None
    wal: Beside | None = None
    journal: Beside | None = None


def stamp(path: str) -> Stamp:
    """The stamp of a database as it is now; never raises."""
    return Stamp(_beside(path), _beside(f"{path}-wal"), _beside(f"{path}-journal"))


def _beside(path: str) -> Beside | None:
    try:
        info = os.lstat(path)
    except OSError:
        return None
    return Beside(info.st_ino, info.st_size, info.st_mtime_ns)


def header(path: str) -> bytes:
    """The first 100 bytes of an ordinary file.

    Raises:
        Refused: It is none, or cannot be opened.
    """
    try:
        fd = os.open(path, _OPEN)
    except OSError as error:
        raise Refused(why(error, path)) from None
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise Refused(f"not an ordinary file but {kind_of(mode)}")
        return os.read(fd, 100)
    except OSError as error:
        raise Refused(why(error, path)) from None
    finally:
        os.close(fd)


@contextmanager
def reading(path: str) -> Iterator[Database]:
    """An open SQLite database for one reading.

    Raises:
        Refused: Why it cannot be read.
    """
    import sqlite3

    head = header(path)
    if not head:
        raise Refused("empty")
    if not head.startswith(MAGIC):
        raise Refused("not a SQLite database")
    try:
        with _opened(path, head) as (file, options):
            connection = sqlite3.connect(f"file:{_quoted(file)}?mode=ro{options}", uri=True, timeout=BUSY_S)
            try:
                yield _Sqlite(connection)
            finally:
                connection.close()
    except sqlite3.Error as error:
        raise _refusal(error) from None
    except OSError as error:
        raise Refused(why(error, path)) from None


class _Sqlite:
    """A `Database` on an open connection."""

    mark = "?"
    serial = True

    def __init__(self, connection: "sqlite3.Connection") -> None:
        self._connection = connection
        connection.text_factory = _text
        connection.execute("PRAGMA query_only=1")
        sql = "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'"
        columns: dict[str, set[str]] = {}
        for table, column in connection.execute(sql):
            columns.setdefault(str(table), set()).add(str(column))
        self.tables = {table: frozenset(names) for table, names in columns.items()}

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """See `Database`."""
        import sqlite3

        try:
            return self._connection.execute(sql, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise _refusal(error) from None


@contextmanager
def _opened(path: str, head: bytes) -> Iterator[tuple[str, str]]:
    """The file to open and the options to open it with; see the module."""
    wal = _beside(f"{path}-wal")
    if head[18:20] != b"\x02\x02":  # not in write-ahead mode
        yield path, ""
    elif wal is None or wal.size == 0:
        before = stamp(path)
        yield path, "&immutable=1"
        if stamp(path) != before:
            raise Refused("a writer began while it was read", passing=True)
    elif os.path.lexists(f"{path}-shm"):
        yield path, ""
    else:
        with _copy(path, wal.size) as copied:
            yield copied, ""


@contextmanager
def _copy(path: str, wal_size: int) -> Iterator[str]:
    import shutil
    import tempfile

    size = wal_size + Path(path).stat().st_size
    if size > MAX_COPY:
        raise Refused(f"its write-ahead log has no -shm beside it, and {size} bytes are too many to copy")
    with tempfile.TemporaryDirectory(prefix="cockpit-") as folder:
        for suffix in ("", "-wal"):
            shutil.copyfile(path + suffix, f"{folder}/copy.db{suffix}", follow_symlinks=False)
        yield f"{folder}/copy.db"


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _refusal(error: "sqlite3.Error") -> Refused:
    import sqlite3

    code = getattr(error, "sqlite_errorcode", None) or 0
    if code == sqlite3.SQLITE_READONLY_ROLLBACK:
        return Refused("a writer died in the middle of a transaction; it opens again once its server has started")
    kind = code & 0xFF
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Refused("locked by a writer", passing=True)
    if kind == sqlite3.SQLITE_CORRUPT:
        return Refused("damaged: database disk image is malformed")
    if kind == sqlite3.SQLITE_NOTADB:
        return Refused("not a SQLite database")
    return Refused(str(error) or type(error).__name__)
