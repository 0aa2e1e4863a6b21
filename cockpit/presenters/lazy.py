"""Rows made on demand: a pane asks for the lines it shows, never for ten thousand of them."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

from widgets.rows import Level, Row, hunt

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT", bound=Row)

_LEVELS = {"info": Level.INFO, "warn": Level.WARN, "error": Level.ERROR}


class LazyRows(Sequence[RowT], Generic[ItemT, RowT]):
    """A sequence of rows over a sequence of anything.

    Args:
        items: What the rows show; its length is the rows' length.
        to_row: Makes the row of one item at one index.
        keys: Row keys by index, where they are known without making rows.
        index_of: Finds a row by its key, where that is known without a table of all keys.
    """

    lazy = True

    def __init__(
        self,
        items: Sequence[ItemT],
        to_row: Callable[[int, ItemT], RowT],
        keys: Sequence[str] | None = None,
        index_of: Callable[[str], int | None] | None = None,
    ) -> None:
        self.items = items
        self._to_row = to_row
        self._keys = keys
        self._index_of = index_of
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> RowT: ...
    @overload
    def __getitem__(self, index: slice) -> list[RowT]: ...
    def __getitem__(self, index: int | slice) -> RowT | list[RowT]:
        if isinstance(index, slice):
            return [self._to_row(place, self.items[place]) for place in range(*index.indices(len(self.items)))]
        if index < 0:
            index += len(self.items)
            if index < 0:
                raise IndexError(index)
        return self._to_row(index, self.items[index])

    def key_of(self, index: int) -> str | None:
        """The key of the row at `index` without making it, or `None` where keys were not given."""
        return None if self._keys is None else self._keys[index]

    def index_of(self, key: str) -> int | None:
        """Where the row with `key` is, or `None`. Where no keys were given, a row's key is its index."""
        if self._index_of is not None:
            return self._index_of(key)
        if self._keys is None:
            number = int(key) if key.isascii() and key.isdigit() else -1
            return number if 0 <= number < len(self) else None
        if self._places is None:
            self._places = {name: place for place, name in enumerate(self._keys)}
        return self._places.get(key)

    def next_level(self, start: int, step: int, levels: frozenset[Level]) -> int | None:
        """See `widgets.rows.Leveled`; asks the items themselves where they know."""
        ask = getattr(self.items, "next_level", None)
        if ask is not None:
            # Items count from `start` on, rows from the one after it.
            found: int | None = ask(start + step, step, frozenset(level.value for level in levels))
            return found
        return hunt(_Walk(self), start, step, levels)


class _Walk(Sequence[Row]):
    """The same rows without `next_level`, so that `hunt` walks them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]
