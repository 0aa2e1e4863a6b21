"""One database, asked as seldom as possible: what version every run has, and the rows of some of them.

One query answers for all runs, and its answer stands until the file changes. On a first reading of many runs, rows are
fetched for a few hundred runs at once, in the order they are listed.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from cockpit.sources.ai_csuite import queries
from cockpit.sources.ai_csuite.database import Database, Refused, Stamp
from cockpit.sources.ai_csuite.queries import RunRows
from cockpit.sources.fields import Obj

_BATCH = 200
_KEEP = 2 * _BATCH
_RACY_S = 0.05
"""Two commits within one tick of the file system's clock leave the same stamp: a fresh one is asked about again."""

Opener = Callable[[], AbstractContextManager[Database]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a database.

    Attributes:
        stamp: Of the file when it was read.
        ours: Whether it is a database of this system; `None` where nobody could look yet.
        versions: A version for every run, by id, newest run first.
        other: The version of what belongs to no run; empty where there is nothing.
        lacks: Tables that every database of this system should have.
        problem: Why the last look failed; everything else is as of the look before.
    """

    stamp: Stamp | None = None
    ours: bool | None = None
    versions: dict[str, str] = field(default_factory=dict)
    other: str = ""
    lacks: tuple[str, ...] = ()
    problem: str | None = None


class Store:
    """Reads one database. Safe to use from several threads.

    Args:
        open_: Opens it for one reading.
        stamp_of: Its stamp now; `None` where nothing on this host tells (then a look is good for a moment).
        wall: Seconds on the clock that stamps files.
        good_for_s: For how long a look is good where there is no stamp.
    """

    def __init__(
        self,
        open_: Opener,
        stamp_of: Callable[[], Stamp | None],
        *,
        wall: Callable[[], float] = time.time,
        good_for_s: float = 1.0,
    ) -> None:
        self._open = open_
        self._stamp_of = stamp_of
        self._wall = wall
        self._good_for = good_for_s
        self._lock = threading.RLock()
        self._known = Known()
        self._looked_at = float("-inf")
        self._told: dict[str, str] | None = None
        self._rows: OrderedDict[str, tuple[str, RunRows]] = OrderedDict()

    def look(self) -> Known:
        """The versions as of now; where that fails, the last ones with the reason. Never raises."""
        with self._lock:
            now = self._stamp_of()
            if not self._outdated(now):
                return self._known
            self._looked_at = self._wall()
            try:
                with self._open() as db:
                    self._known = self._read(db, now)
            except Refused as refused:
                self._known = replace(self._known, stamp=now, problem=refused.reason)
                if refused.passing:
                    self._known = replace(self._known, stamp=None)
            return self._known

    def _outdated(self, now: Stamp | None) -> bool:
        known = self._known
        since = self._wall() - self._looked_at
        if now is None or known.stamp is None:
            return not 0 <= since < (self._good_for if now is None else _RACY_S)
        if now != known.stamp:
            return True
        written = max((part.mtime_ns / 1e9 for part in now if part is not None), default=0.0)
        return self._looked_at - written < _RACY_S <= since

    @staticmethod
    def _read(db: Database, now: Stamp | None) -> Known:
        if not queries.is_ours(db):
            return Known(stamp=now, ours=False)
        lacks = tuple(table for table in ("graph_states", "audit_logs") if table not in db.tables)
        return Known(now, True, queries.versions(db), queries.version_without_run(db), lacks)

    def changed(self) -> list[str]:
        """Ids of runs that changed since this was asked last; all of them the first time."""
        with self._lock:
            now = self.look().versions
            before, self._told = self._told or {}, now
            return [run_id for run_id, version in now.items() if before.get(run_id) != version]

    def rows(self, run_id: str, *, many: bool) -> tuple[RunRows | None, str | None]:
        """All rows of a run, and why they cannot be read.

        Args:
            run_id: The run.
            many: Whether the runs listed after it will be asked for next.
        """
        with self._lock:
            known = self.look()
            version = known.versions.get(run_id)
            kept = self._rows.pop(run_id, None)
            if kept is not None and kept[0] == version:
                return kept[1], known.problem
            if version is None or known.problem is not None:
                return None, known.problem
            try:
                with self._open() as db:
                    found = queries.fetch_runs(db, list(self._next(run_id, known.versions)) if many else [run_id])
                    if len(found) > 1 and any(one.cut for one in found.values()):
                        found = queries.fetch_runs(db, [run_id])  # too many rows for several runs at once
            except Refused as refused:
                return None, refused.reason
            wanted = found.pop(run_id, None)
            for other, rows in found.items():
                self._rows[other] = (known.versions[other], rows)
            while len(self._rows) > _KEEP:
                self._rows.popitem(last=False)
            return wanted, None

    def _next(self, run_id: str, versions: dict[str, str]) -> Iterator[str]:
        listed = list(versions)
        first = listed.index(run_id)
        yield run_id
        yield from (other for other in listed[first + 1 : first + _BATCH] if other not in self._rows)

    def other(self) -> tuple[dict[str, list[Obj]], str | None]:
        """The rows that belong to no run, by table, and why they cannot be read."""
        with self._lock:
            try:
                with self._open() as db:
                    return queries.fetch_without_run(db), None
            except Refused as refused:
                return {}, refused.reason
