"""The rows a list was given, fetched one by one as they are looked at."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from widgets.rows import Row

RowT = TypeVar("RowT", bound=Row)
FEW = 256
"""Rows remembered at least; more where more are in view."""


class RowStore(Generic[RowT]):
    """Rows by index. Never walks a lazy sequence (attribute `lazy = True`), never makes a table of all keys.

    A lazy sequence may offer `index_of(key) -> int | None` and `key_of(index) -> str | None`.
    """

    def __init__(self) -> None:
        self.rows: Sequence[RowT] = ()
        self.count = 0
        self._fetched: dict[int, RowT] = {}
        self._last_key: str | None = None

    @property
    def lazy(self) -> bool:
        """Whether rows are made as they are asked for."""
        return bool(getattr(self.rows, "lazy", False))

    def replace(self, rows: Sequence[RowT]) -> int:
        """Take other rows, as many as there are now.

        Returns:
            How many of them were appended behind what was the last row: by its key, or by the count where rows are
            lazy; 0 if the rows became fewer.
        """
        before, last = self.count, self._last_key
        self.rows, self.count = rows, len(rows)
        self._fetched.clear()
        self._last_key = self.at(self.count - 1).key if self.count and not self.lazy else None
        if not before or self.count < before:
            return 0
        distance = None if self.lazy or last is None else self._distance_from_end(last)
        return self.count - before if distance is None else distance

    def at(self, index: int) -> RowT:
        """The row at `index`, fetched once."""
        row = self._fetched.get(index)
        if row is None:
            row = self._fetched[index] = self.rows[index]
        return row

    def key_at(self, index: int) -> str | None:
        """The key of the row at `index` if it was looked at already."""
        row = self._fetched.get(index)
        return None if row is None else row.key

    def key_of(self, index: int) -> str:
        """The key of the row at `index`; a lazy sequence that knows its keys (`key_of`) makes no row for it."""
        known = getattr(self.rows, "key_of", None)
        key: str | None = None if known is None else known(index)
        return self.at(index).key if key is None else key

    def find(self, key: str, near: int) -> int | None:
        """Where the row with `key` is; `near` is looked at first, and nothing else in a lazy sequence without index."""
        if 0 <= near < self.count and self.at(near).key == key:
            return near
        index_of = getattr(self.rows, "index_of", None)
        if index_of is not None:
            index: int | None = index_of(key)
            return index if index is not None and 0 <= index < self.count else None
        if self.lazy:
            return None
        return next((index for index, row in enumerate(self.rows) if row.key == key), None)

    def forget_all_but(self, visible: range, cursor: int) -> None:
        """Let go of rows that are out of view, once there are many."""
        if len(self._fetched) > max(FEW, 4 * len(visible)):
            self._fetched = {index: row for index, row in self._fetched.items() if index in visible or index == cursor}

    def forget(self) -> None:
        """Let go of every row: the sequence makes them differently now."""
        self._fetched.clear()

    def _distance_from_end(self, key: str) -> int | None:
        for distance in range(self.count):
            if self.rows[self.count - 1 - distance].key == key:
                return distance
        return None
