"""The index: what survives a restart. Run summaries with fingerprints, in SQLite, in the user's cache directory.

Everything in it can be read again from the runs themselves, so it is safe to delete, and whatever is wrong with it
(corrupt, locked, not writable) costs time and never a run. Rows carry a stamp of what judged them: a summary judged
by another version or with other limits is never shown. Two cockpits may share one index.
"""

import contextlib
import hashlib
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

import cockpit
from cockpit.models.problem import Problem
from cockpit.models.run import ATTENTION, Run, RunState
from cockpit.runtime.compact import without_gc
from cockpit.runtime.mounts import is_silent

logger = logging.getLogger(__name__)

SCHEMA = 1
"""Grows when the tables change; another number in a file means it is thrown away."""

_BUSY_S = 0.25
_PAGE = 250
"""Rows parsed in one go: about 10 ms, so that the screen never waits longer for its turn."""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    updated REAL NOT NULL,
    state INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS newest ON runs (updated DESC);
"""
_UPSERT = "INSERT OR REPLACE INTO runs (key, stamp, fingerprint, updated, state, body) VALUES (?, ?, ?, ?, ?, ?)"
_ONE = "SELECT key, fingerprint, body FROM runs WHERE stamp = ? AND key = ?"
_SELECT = "SELECT key, fingerprint, body FROM runs WHERE stamp = ? ORDER BY updated DESC LIMIT ?"

_RUNS = TypeAdapter(list[Run])

Row = tuple[Run, str]
"""A summary and the fingerprint it was read from."""


def state_rank(state: RunState) -> int:
    """How pressing a state is: 0 first, the quiet ones last."""
    return ATTENTION.index(state) if state in ATTENTION else len(ATTENTION)


class Index:
    """Summaries of one root's runs on disk. No method raises for what is wrong with the file.

    Args:
        path: The database file; its directory is made when needed.
        judged_by: Whatever the verdicts depend on besides the version (limits), as text.
    """

    def __init__(self, path: Path, judged_by: str = "") -> None:
        self.path = path
        self.stamp = _stamp(judged_by)
        self.problem: Problem | None = None
        """Why the index is not used, or `None` while it is."""
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def judge_by(self, judged_by: str) -> None:
        """From now on summaries are judged by something else."""
        with self._lock:
            self.stamp = _stamp(judged_by)

    def load(self, limit: int = -1) -> Iterator[list[Row]]:
        """Summaries, newest first, in pages; at most `limit` of them where that is not negative."""
        with self._lock:
            try:
                db = self._open()
                cursor = None if db is None else db.execute(_SELECT, (self.stamp, limit))
            except sqlite3.Error as error:
                self._fail(error)
                return
        # By the page: the bodies of all rows at once are as large as what is made of them.
        while cursor is not None and (rows := self._fetch(cursor)):
            with without_gc(stays=True):
                page = _parse(rows)
            yield page

    def _fetch(self, cursor: sqlite3.Cursor) -> list[tuple[str, str, bytes]]:
        """The next page; empty at the end, and where the file was let go of meanwhile."""
        with self._lock:
            try:
                return cursor.fetchmany(_PAGE)
            except sqlite3.ProgrammingError:
                return []
            except sqlite3.Error as error:
                self._fail(error)
                return []

    def find(self, keys: Iterable[str]) -> list[Row]:
        """The summaries of these runs, as far as they are known."""
        with self._lock:
            try:
                db = self._open()
                found = [] if db is None else [db.execute(_ONE, (self.stamp, key)).fetchone() for key in keys]
            except sqlite3.Error as error:
                self._fail(error)
                return []
        return _parse([row for row in found if row is not None])

    def write(self, rows: Iterable[Row], gone: Iterable[str] = ()) -> None:
        """Store summaries and forget runs, in one transaction."""
        values = [
            (
                run.key,
                self.stamp,
                fingerprint,
                run.updated_at.timestamp() if run.updated_at else 0.0,
                state_rank(run.state),
                run.model_dump_json(exclude_defaults=True).encode(),
            )
            for run, fingerprint in rows
        ]
        with self._lock:
            try:
                db = self._open()
                if db is None:
                    return
                with db:
                    db.executemany(_UPSERT, values)
                    db.executemany("DELETE FROM runs WHERE key = ?", [(key,) for key in gone])
            except sqlite3.OperationalError as error:
                # Another cockpit holds it: what is lost is read again at the next start.
                logger.info("index %s: %s", self.path, error)
                if not _busy(error):
                    self._fail(error)
            except sqlite3.Error as error:
                self._fail(error)

    def prune(self) -> None:
        """Forget what other versions or other limits judged."""
        with self._lock:
            try:
                db = self._open()
                if db is not None:
                    with db:
                        db.execute("DELETE FROM runs WHERE stamp != ?", (self.stamp,))
            except sqlite3.Error as error:
                logger.info("index %s: %s", self.path, error)

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed again."""
        with self._lock:
            self._disconnect()

    def _open(self) -> sqlite3.Connection | None:
        if self._db is not None or self.problem is not None:
            return self._db
        try:
            self._db = self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            logger.warning("index %s is thrown away: %s", self.path, error)
            self._disconnect()
            self._remove()
            self._db = self._connect()
        return self._db

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise sqlite3.OperationalError(str(error)) from error
        db = sqlite3.connect(self.path, timeout=_BUSY_S, check_same_thread=False)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        # A write-ahead log needs shared memory, which network filesystems do not have.
        mode = "TRUNCATE" if is_silent(self.path.parent) else "WAL"
        db.execute(f"PRAGMA journal_mode={mode}")
        db.execute("PRAGMA synchronous=NORMAL")
        stored = db.execute("PRAGMA user_version").fetchone()[0]
        if stored == SCHEMA:
            return
        with db:
            db.execute("DROP TABLE IF EXISTS runs")
            db.execute("DROP TABLE IF EXISTS meta")
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('version', ?)", (cockpit.__version__,))
            db.execute(f"PRAGMA user_version={SCHEMA:d}")

    def _fail(self, error: sqlite3.Error) -> None:
        logger.warning("index %s is not used: %s", self.path, error)
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            # Damage found while reading; the next start begins with a new file.
            self._disconnect()
            self._remove()
        self._disconnect()
        self.problem = Problem(path=str(self.path), reason=f"the index is not used: {error}")

    def _disconnect(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                Path(f"{self.path}{suffix}").unlink()


def _stamp(judged_by: str) -> str:
    return hashlib.sha256(f"{cockpit.__version__}\0{judged_by}".encode()).hexdigest()[:16]


def _parse(rows: list[tuple[str, str, bytes]]) -> list[Row]:
    try:
        runs = _RUNS.validate_json(b"[" + b",".join(row[2] for row in rows) + b"]")
    except (ValidationError, TypeError):
        return [parsed for row in rows if (parsed := _parse_one(row)) is not None]
    return [(run, row[1]) for run, row in zip(runs, rows, strict=True) if run.key == row[0]]


def _parse_one(row: tuple[str, str, bytes]) -> Row | None:
    try:
        run = Run.model_validate_json(row[2])
    except (ValidationError, TypeError):
        return None
    return (run, row[1]) if run.key == row[0] else None


def _busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
