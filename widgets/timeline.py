"""The pane of what was done: the journal, newest last."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import LogRow


class Timeline(LineList[LogRow]):
    """Journal entries, oldest first, the tail followed. Messages: those of `LineList`; keys are row keys."""

    FOLLOWS: ClassVar[bool] = True
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("at", "at", min=8, max=9),
        Column("where", "who", min=6, max=12, priority=2, cut="middle"),
        Column("what", "what", min=9, max=16, priority=1),
        Column("text", "", min=12, max=18, flex=1),
    )
