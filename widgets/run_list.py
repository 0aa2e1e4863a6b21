"""The pane of runs."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import RunRow


class RunList(LineList[RunRow]):
    """Runs, one a line. Messages: those of `LineList`; keys are run keys."""

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
