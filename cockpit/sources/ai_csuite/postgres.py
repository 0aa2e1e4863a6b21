"""The database where it is PostgreSQL: an optional extra (`pip install cockpit[postgres]`), read-only by session.

The DSN comes from the operator's settings and may hold a password: it is never part of a message.
"""

import importlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cockpit.sources.ai_csuite.database import Database, Refused, Values

CONNECT_S = 3
STATEMENT_MS = 5_000
LOCK_MS = 200
_SECRET = re.compile(r"(?<=:)[^:@/\s]+(?=@)|(?<=password=)('[^']*'|\S+)", re.IGNORECASE)


def is_dsn(text: str) -> bool:
    """Whether a setting names a PostgreSQL database: a URL, `key=value` words, or `env:NAME` of one."""
    return text.startswith(("postgresql://", "postgres://", "env:")) or "dbname=" in text


def shown(dsn: str) -> str:
    """A DSN without what must not be seen."""
    return _SECRET.sub("***", dsn)


def _value(setting: str) -> str:
    if not setting.startswith("env:"):
        return setting
    name = setting.removeprefix("env:")
    value = os.environ.get(name)
    if not value:
        raise Refused(f"the environment variable {name} with its DSN is not set")
    # SQLAlchemy's spelling, as the system's own DATABASE_URL has it.
    return re.sub(r"\Apostgresql\+\w+://", "postgresql://", value)


@contextmanager
def reading(setting: str) -> Iterator[Database]:
    """An open PostgreSQL database for one reading.

    Args:
        setting: A DSN, or `env:NAME` of the variable that holds it.

    Raises:
        Refused: The extra is not installed, or the server does not answer.
    """
    dsn = _value(setting)
    psycopg = _driver()
    options = (
        f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_MS} -c lock_timeout={LOCK_MS}"
        " -c timezone=UTC"
    )
    try:
        connection = psycopg.connect(dsn, connect_timeout=CONNECT_S, options=options, autocommit=True)
    except psycopg.Error as error:
        raise Refused(_first_line(error, dsn)) from None
    try:
        yield _Postgres(connection, dsn)
    except psycopg.Error as error:
        raise Refused(_first_line(error, dsn)) from None
    finally:
        connection.close()


def _driver() -> Any:  # noqa: ANN401 - psycopg is optional
    try:
        return importlib.import_module("psycopg")
    except ImportError:
        raise Refused("reading PostgreSQL needs the extra: pip install 'cockpit[postgres]'") from None


def _first_line(error: Exception, dsn: str) -> str:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    for match in _SECRET.finditer(dsn):
        said = said.replace(match.group().strip("'") or "\0", "***")
    return shown(said)


class _Postgres:
    """A `Database` on an open connection."""

    mark = "%s"
    serial = False

    def __init__(self, connection: Any, dsn: str) -> None:  # noqa: ANN401 - psycopg is optional
        self._connection = connection
        self._dsn = dsn
        columns: dict[str, set[str]] = {}
        sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        for table, column in connection.execute(sql).fetchall():
            columns.setdefault(str(table), set()).add(str(column))
        self.tables = {table: frozenset(names) for table, names in columns.items()}

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """See `Database`."""
        psycopg = _driver()
        try:
            return [tuple(row) for row in self._connection.execute(sql, tuple(values)).fetchall()]
        except psycopg.Error as error:
            raise Refused(_first_line(error, self._dsn)) from None
