"""The pane of receipts."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import ReceiptRow


class ReceiptList(LineList[ReceiptRow]):
    """The steps of a run with their receipts, one a line. Messages: those of `LineList`; keys are row keys."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("state", "state", min=11, max=13),
        Column("step", "flow › step", min=18, max=30, cut="middle"),
        Column("agent", "agent", min=9, max=18, priority=4, cut="middle"),
        Column("took", "took", min=5, max=6, priority=2, align="right"),
        Column("tokens", "tokens", min=6, max=7, priority=5, align="right"),
        Column("at", "at", min=6, max=9, priority=3, align="right"),
        Column("note", "note", min=14, max=18, flex=1, priority=1),
    )
