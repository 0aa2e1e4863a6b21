"""Collects what the index should know and writes it in batches."""

import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from cockpit.runtime.index import Index, Row

_EVERY_S = 1.0
_ROWS = 1_000


class Saver:
    """Summaries on their way into the indexes. Safe to use from several threads; newest wins.

    Args:
        indexes: The index of each root.
    """

    def __init__(self, indexes: Mapping[Path, Index]) -> None:
        self._indexes = indexes
        self._guard = threading.Lock()
        self._unsaved: dict[str, Row | None] = {}
        self._written_at = 0.0

    def put(self, rows: Iterable[Row]) -> None:
        """These summaries are new."""
        with self._guard:
            self._unsaved.update((row[0].key, row) for row in rows)

    def drop(self, keys: Iterable[str]) -> None:
        """These runs are gone."""
        with self._guard:
            self._unsaved.update(dict.fromkeys(keys))

    def due(self) -> float:
        """Moment of the monotonic clock at which something should be written; infinite when there is nothing."""
        with self._guard:
            return self._written_at + _EVERY_S if self._unsaved else float("inf")

    def flush(self, *, lazily: bool = False) -> None:
        """Write what there is; `lazily` only where it is due or much."""
        with self._guard:
            now = time.monotonic()
            early = now < self._written_at + _EVERY_S and len(self._unsaved) < _ROWS
            if not self._unsaved or (lazily and early):
                return
            unsaved, self._unsaved = self._unsaved, {}
            self._written_at = now
        gone = [key for key, row in unsaved.items() if row is None]
        for root, index in self._indexes.items():
            prefix = str(root)
            index.write((row for row in unsaved.values() if row is not None and row[0].ref.root == prefix), gone)
