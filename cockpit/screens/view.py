"""How the operator looks at things: filter, sort, times, freeze, and where they were."""

from dataclasses import dataclass, replace
from datetime import datetime

from cockpit.comeback import PaneName
from cockpit.filtering import EVERYTHING, Filter
from cockpit.presenters.runs import Sort
from cockpit.presenters.times import TimeStyle
from widgets.rows import EmptyState

PANES: tuple[PaneName, ...] = ("runs", "receipts", "routing", "checklist", "timeline", "log", "detail")
"""Pane ids in the order of Tab."""
TITLES = {name: name.capitalize() for name in PANES}
NUMBERS = {"runs": "1", "receipts": "2", "routing": "3", "checklist": "4", "timeline": "5", "log": "6", "detail": "0"}
SINGLE_ORDER = ("runs", "receipts", "routing", "checklist", "timeline", "log", "detail")

EMPTY_RUNS = EmptyState("Looking for runs", ("The first scan is under way.",))


@dataclass(frozen=True, slots=True)
class ViewState:
    """The operator's own settings of the screen, all of them changed by a key.

    Attributes:
        filter: Which runs are shown.
        sort: In what order.
        times: How moments are shown.
        unicode: Whether glyphs may leave ASCII.
        frozen_at: When live updates were stopped, or `None`.
        audit: Whether the timeline shows everything rather than the run in scope.
        clustered: Whether runs that failed in the same way share one line.
        previous: The pane before this one, for `-`.
        hunt: What the last hunt looked for: `error`, `warning` or nothing yet.
    """

    filter: Filter = EVERYTHING
    sort: Sort = Sort.ATTENTION
    times: TimeStyle = TimeStyle.RELATIVE
    unicode: bool = False
    frozen_at: datetime | None = None
    audit: bool = False
    clustered: bool = False
    previous: str | None = None
    hunt: str | None = None

    def visited(self, before: str, after: str) -> "ViewState":
        """Remember where the operator came from."""
        return self if before == after else replace(self, previous=before)
