"""All runs the board knows, kept newest first, and what time makes of them."""

import heapq
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from cockpit.models.run import Run, RunRef, RunState
from cockpit.models.snapshot import Change, Tally, presses
from cockpit.runtime.compact import compact

_BULK = 64
"""From this many new rows on, sorting once beats inserting each."""

_REMEMBERED = 1_024
"""Changes remembered for those who keep up with them; who is further behind looks at everything."""

_Rank = tuple[float, str]


class Picture(NamedTuple):
    """All runs at one moment; see `cockpit.models.snapshot.Snapshot` for the fields."""

    runs: tuple[Run, ...]
    stale: frozenset[str]
    tally: Tally
    serial: int


@dataclass(slots=True)
class _Row:
    facts: Run
    """As judged."""
    shown: Run
    """As of the last ageing."""
    rank: _Rank
    fingerprint: str
    stale: bool = False


def rank(run: Run) -> _Rank:
    """Sorts runs newest first by their last sign of life, then by key."""
    moment = run.updated_at or run.started_at
    return (-moment.timestamp() if moment else float("inf"), run.key)


class RunTable:
    """The runs by key, ordered. Safe to use from several threads.

    A change costs what changed: a summary is moved to its new place, never all of them sorted again, except when
    many arrive at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}
        self._order: list[_Rank] = []
        self._shown: list[Run] = []
        self._ageing: list[tuple[datetime, str]] = []
        self._runs: tuple[Run, ...] | None = ()
        self._stale: set[str] = set()
        self._states: dict[RunState, int] = {}
        self._pressing = 0
        self._serial = 0
        self._log: deque[Change] = deque(maxlen=_REMEMBERED)
        """The last changes; the newest one has the present serial."""

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, runs: Iterable[tuple[Run, str]], now: datetime) -> bool:
        """Take in summaries with the fingerprints they were read from; whether anything shown changed."""
        batch = [(compact(run), fingerprint) for run, fingerprint in runs]
        with self._lock:
            if len(batch) >= _BULK:
                return self._put_many(batch, now)
            changed = False
            for run, fingerprint in batch:
                changed |= self._put_one(run, fingerprint, now)
            return changed

    def drop(self, keys: Iterable[str]) -> list[str]:
        """Forget runs; returns the keys that were known."""
        with self._lock:
            gone = [key for key in dict.fromkeys(keys) if key in self._rows]
            if len(gone) >= _BULK:
                for key in gone:
                    self._note(key, self._rows.pop(key).shown, None)
                self._sort()
            else:
                for key in gone:
                    row = self._rows.pop(key)
                    self._take_out(row)
                    self._note(key, row.shown, None)
            self._stale.difference_update(gone)
            return gone

    def mark_stale(self, key: str, *, doubt: bool = True) -> bool:
        """Note that the last read of a run failed; whether the run is known at all.

        Args:
            key: The run.
            doubt: Whether to read it again even if its fingerprint is still the same.
        """
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                return False
            row.stale = True
            self._stale.add(key)
            if doubt:
                row.fingerprint = ""
            return True

    def doubt(self) -> None:
        """Rely on no summary any more: whatever is looked at next is read and judged anew."""
        with self._lock:
            for row in self._rows.values():
                row.fingerprint = ""

    def touch(self, key: str, fingerprint: str) -> bool:
        """Note that a run was looked at and its summary still stands; whether it was stale before."""
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                return False
            row.fingerprint = fingerprint
            return self._refresh(key, row)

    def age(self, now: datetime) -> bool:
        """Let time pass up to `now` without reading anything; whether anything shown changed."""
        changed = False
        with self._lock:
            while self._ageing and self._ageing[0][0] <= now:
                at, key = heapq.heappop(self._ageing)
                row = self._rows.get(key)
                # Entries of summaries that were replaced meanwhile are left in the heap and skipped here.
                if row is None or row.shown.becomes is None or row.shown.becomes.at != at:
                    continue
                self._show(row, row.shown.at(now))
                changed = True
        return changed

    def next_change(self) -> datetime | None:
        """When ageing will change something next."""
        with self._lock:
            while self._ageing:
                at, key = self._ageing[0]
                row = self._rows.get(key)
                if row is not None and row.shown.becomes is not None and row.shown.becomes.at == at:
                    return at
                heapq.heappop(self._ageing)
            return None

    def runs(self) -> tuple[Run, ...]:
        """All runs, newest first, as of the last ageing."""
        with self._lock:
            if self._runs is None:
                self._runs = tuple(self._shown)
            return self._runs

    def get(self, key: str) -> Run | None:
        """One run as of the last ageing."""
        with self._lock:
            row = self._rows.get(key)
            return row.shown if row else None

    def ref(self, key: str) -> RunRef | None:
        """Where a run lives."""
        with self._lock:
            row = self._rows.get(key)
            return row.facts.ref if row else None

    def known(self, key: str) -> str | None:
        """Fingerprint its summary was read from, or `None` where there is nothing to rely on."""
        with self._lock:
            row = self._rows.get(key)
            return (row.fingerprint or None) if row else None

    def facts(self, key: str) -> Run | None:
        """One run as its files alone were judged, at the moment they were read."""
        with self._lock:
            row = self._rows.get(key)
            return row.facts if row else None

    def rule(self, key: str, facts: Run, verdict: Run | None, now: datetime) -> bool:
        """Show another verdict on a run until its files say anything new; whether anything shown changed.

        Args:
            key: The run.
            facts: What the verdict was made from; where the run has been read anew meanwhile, it is void.
            verdict: The verdict; `None` goes back to what the files alone say.
            now: The present moment.
        """
        with self._lock:
            row = self._rows.get(key)
            if row is None or row.facts is not facts:
                return False
            shown = (facts if verdict is None else compact(verdict)).at(now)
            if shown == row.shown:
                return False
            self._show(row, shown)
            return True

    def items(self) -> list[tuple[str, RunRef]]:
        """Keys and places of all runs."""
        with self._lock:
            return [(key, row.facts.ref) for key, row in self._rows.items()]

    def all_keys(self) -> list[str]:
        """Keys of all runs."""
        with self._lock:
            return list(self._rows)

    def stale(self) -> frozenset[str]:
        """Keys of runs whose last read failed."""
        with self._lock:
            return frozenset(self._stale)

    def picture(self) -> Picture:
        """All of it at one moment, as of the last ageing."""
        with self._lock:
            if self._runs is None:
                self._runs = tuple(self._shown)
            states = {state: self._states[state] for state in RunState if self._states.get(state)}
            return Picture(self._runs, frozenset(self._stale), Tally(states, self._pressing), self._serial)

    def changes(self, after: int, upto: int) -> Sequence[Change] | None:
        """What changed after one serial up to another, oldest first; `None` where that is too long ago."""
        with self._lock:
            first = self._serial - len(self._log)
            if after < first or upto > self._serial:
                return None
            return [self._log[place] for place in range(after - first, upto - first)]

    def _put_one(self, run: Run, fingerprint: str, now: datetime) -> bool:
        key = run.key
        row = self._rows.get(key)
        if row is not None and row.facts == run:
            row.fingerprint = fingerprint
            return self._refresh(key, row)
        if row is not None:
            self._take_out(row)
            self._stale.discard(key)
        shown = run.at(now)
        before, row = row, _Row(run, shown, rank(run), fingerprint)
        self._note(key, None if before is None else before.shown, shown)
        self._rows[key] = row
        place = bisect_left(self._order, row.rank)
        self._order.insert(place, row.rank)
        self._shown.insert(place, shown)
        self._runs = None
        self._expect(shown)
        return True

    def _put_many(self, batch: list[tuple[Run, str]], now: datetime) -> bool:
        changed = False
        for run, fingerprint in batch:
            row = self._rows.get(run.key)
            if row is not None and row.facts == run:
                row.fingerprint = fingerprint
                changed |= self._refresh(run.key, row)
                continue
            shown = run.at(now)
            self._stale.discard(run.key)
            self._note(run.key, None if row is None else row.shown, shown)
            self._rows[run.key] = _Row(run, shown, rank(run), fingerprint)
            self._expect(shown)
            changed = True
        self._sort()
        return changed

    def _sort(self) -> None:
        rows = sorted(self._rows.values(), key=lambda row: row.rank)
        self._order = [row.rank for row in rows]
        self._shown = [row.shown for row in rows]
        self._runs = None

    def _take_out(self, row: _Row) -> None:
        place = bisect_left(self._order, row.rank)
        del self._order[place]
        del self._shown[place]
        self._runs = None

    def _refresh(self, key: str, row: _Row) -> bool:
        """Its summary stands; whether it was stale before."""
        was, row.stale = row.stale, False
        if was:
            self._stale.discard(key)
        return was

    def _note(self, key: str, before: Run | None, now: Run | None) -> None:
        """Keep count, and remember the change."""
        for run, one in ((before, -1), (now, 1)):
            if run is not None:
                self._states[run.state] = self._states.get(run.state, 0) + one
                self._pressing += one * presses(run)
        self._serial += 1
        self._log.append((key, now))

    def _show(self, row: _Row, run: Run) -> None:
        self._note(run.key, row.shown, run)
        row.shown = run
        self._shown[bisect_left(self._order, row.rank)] = run
        self._runs = None
        self._expect(run)

    def _expect(self, run: Run) -> None:
        if run.becomes is not None:
            heapq.heappush(self._ageing, (run.becomes.at, run.key))
