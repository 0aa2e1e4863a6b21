"""The pane of routing decisions: a log that is followed."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import LogRow


class RoutingLog(LineList[LogRow]):
    """Routing decisions, oldest first, the tail followed. Messages: those of `LineList`; keys are row keys."""

    FOLLOWS: ClassVar[bool] = True
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("at", "at", min=8, max=9, priority=2),
        Column("where", "flow › step", min=10, max=26, cut="middle"),
        Column("what", "decision", min=8, max=9),
        Column("text", "why", min=11, max=18, flex=1, priority=1),
    )
