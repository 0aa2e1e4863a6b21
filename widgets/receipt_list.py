"""The pane of receipts."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import ReceiptRow


class ReceiptList(LineList[ReceiptRow]):
    """The steps of a run with their receipts, one a line. Messages: those of `LineList`; keys are row keys."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("state", "state", min=9, max=13),
        Column("step", "flow › step", min=18, max=28, cut="middle"),
        Column("agent", "agent", min=9, max=18, priority=5, cut="middle"),
        Column("took", "took", min=5, max=7, priority=2, align="right"),
        Column("tokens", "tokens", min=6, max=8, priority=6, align="right"),
        Column("at", "at", min=5, max=9, priority=4, align="right"),
        Column("note", "note", min=14, max=24, flex=1, priority=3),
    )
