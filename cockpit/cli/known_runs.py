"""The runs that the index knows, without anything else of the program: the answer to a press of tab."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

_SELECT = """
SELECT json_extract(CAST(body AS TEXT), '$.ref.id'), json_extract(CAST(body AS TEXT), '$.state')
FROM runs ORDER BY updated DESC LIMIT ?
"""


def known_runs(path: Path, most: int) -> list[tuple[str, str]]:
    """Id and state of the newest runs in an index (`cockpit.runtime.index`), however old the verdict is.

    Args:
        path: The index of a root; where it is missing, locked or another one's, there are none.
        most: So many at most.
    """
    with suppress(sqlite3.Error, ValueError):
        uri = f"file:{quote(str(path))}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=0.1)) as index:
            rows = index.execute(_SELECT, (most,)).fetchall()
        return [(name, state or "") for name, state in rows if isinstance(name, str)]
    return []
