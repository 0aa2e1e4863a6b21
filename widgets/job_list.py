"""The list of jobs."""

from typing import ClassVar

from widgets.columns import Column
from widgets.line_list import LineList
from widgets.rows import JobRow


class JobList(LineList[JobRow]):
    """Jobs and the runs of bulks, one a line. Messages: those of `LineList`; keys are row keys."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("state", "state", min=11, max=13),
        Column("what", "action", min=8, max=14, priority=1),
        Column("run", "run", min=16, max=28, cut="middle"),
        Column("by", "by", min=6, max=12, priority=4, cut="middle"),
        Column("age", "age", min=4, max=6, priority=3, align="right"),
        Column("outcome", "outcome", min=14, max=18, flex=1, priority=2),
    )
