"""The pane of runs."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import RunRow


class RunList(LineList[RunRow]):
    """Runs, one a line. Messages: those of `LineList`; keys are run keys."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("state", "state", min=10, max=13),
        Column("name", "run", min=18, max=30, cut="middle"),
        Column("where", "flow › step", min=12, max=26, priority=4, cut="middle"),
        Column("steps", "steps", min=6, max=8, priority=5, align="right"),
        Column("age", "age", min=4, max=5, priority=6, align="right"),
        Column("silent", "quiet", min=5, max=5, priority=3, align="right"),
        Column("claim note", "why", min=14, max=24, flex=1, priority=2),
    )
