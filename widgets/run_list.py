"""The pane of runs."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import RunRow


class RunList(LineList[RunRow]):
    """Runs, one a line, that can be marked. Messages: those of `LineList`; keys are run keys."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("state", "state", min=11, max=13),
        Column("claim", "claims", min=9, max=9, priority=1),
        Column("name", "run", min=18, max=26, cut="middle"),
        Column("where", "flow › step", min=16, max=26, priority=3, cut="middle"),
        Column("steps", "steps", min=7, max=9, priority=5, align="right"),
        Column("age", "age", min=5, max=6, priority=4, align="right"),
        Column("silent", "quiet", min=5, max=6, priority=2, align="right"),
        Column("note", "why", min=14, max=18, flex=1, priority=1),
    )
    SYSTEM: ClassVar[Column] = Column("system", "system", min=9, max=20, priority=3)
    """Stands behind the run where there are several systems."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", show=False, id="mark.toggle"),
        Binding("v", "mark_range", "mark range", show=False, id="mark.range"),
        Binding("asterisk", "mark_all", "mark all", show=False, id="mark.all"),
    ]
    _range_from: str | None = None
    """Key of the row that was marked last: where a range begins."""

    _columns: tuple[Column, ...] | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """With the system, where `show_system` said so."""
        return self._columns or self.COLUMNS

    def show_system(self, shown: bool) -> None:
        """Say whether the list has a column for the system; shown with the next rows."""
        if shown != (self._columns is not None):
            self._columns = (*self.COLUMNS[:3], self.SYSTEM, *self.COLUMNS[3:]) if shown else None

    def action_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go on to the next."""
        key = self.cursor_key
        if key is not None:
            self.set_marks(self.marked ^ {key})
            self._range_from = key
            self.action_cursor_down()

    def action_mark_range(self) -> None:
        """Mark every row from the one that was marked last (else the first) to the cursor."""
        if self.cursor_key is None:
            return
        start = None if self._range_from is None else self._store.find(self._range_from, self.cursor_index)
        first, last = sorted((start or 0, self.cursor_index))
        self.set_marks(self.marked | self._keys(range(first, last + 1)))
        self._range_from = self.cursor_key

    def action_mark_all(self) -> None:
        """Mark every row shown; take their marks away where all of them are marked."""
        shown = self._keys(range(self.view.count))
        self.set_marks(self.marked - shown if shown <= self.marked else self.marked | shown)

    def _keys(self, indexes: range) -> frozenset[str]:
        return frozenset(map(self._store.key_of, indexes))
