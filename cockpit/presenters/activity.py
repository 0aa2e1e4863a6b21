"""When a run was active: its events and receipts counted per stretch of time, for a sparkline."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cockpit.models.detail import RunDetail
from cockpit.presenters import times

NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)
"""Seconds a column may stand for."""
LONGEST = timedelta(hours=1)
"""What lies further back than this, before the end of what is shown, is left out."""
MOST_EVENTS = 5_000
"""Events that are looked at, from the newest on: a log may have a million lines."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Signs of life over time.

    Attributes:
        counts: How many in each column, oldest first.
        column_s: Seconds a column stands for.
        end: The end of the last column.
    """

    counts: tuple[int, ...] = ()
    column_s: int = 1
    end: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def caption(self) -> str:
        """What the columns are."""
        shown = times.span(self.column_s * len(self.counts))
        return f"{shown}, {times.span(self.column_s)} a column, most {max(self.counts, default=0)}"


def activity(detail: RunDetail, now: datetime, width: int, *, live: bool) -> Activity:
    """Events and receipts of a run in `width` columns.

    The columns stand still while time goes by: the last one is the one that `now` is in, so that nothing is painted
    until it is full.

    Args:
        detail: The run.
        now: The present moment.
        width: How many columns.
        live: Whether the picture ends now; else at the run's last sign of life.
    """
    last = now if live else detail.updated_at or now
    first = max(detail.started_at or last, last - LONGEST)
    seconds = max(1.0, (last - first).total_seconds())
    width = max(1, width)
    column = next((nice for nice in NICE if nice * width >= seconds), math.ceil(seconds / width))
    end = (math.floor(last.timestamp() / column) + 1) * column
    start = end - column * width
    counts = [0] * width
    for at in _moments(detail, datetime.fromtimestamp(start, UTC)):
        place = int((at.timestamp() - start) // column)
        if 0 <= place < width:
            counts[place] += 1
    return Activity(tuple(counts), column, datetime.fromtimestamp(end, UTC))


def _moments(detail: RunDetail, since: datetime) -> Iterator[datetime]:
    """Moments of signs of life since then: events from the end on, receipts, decisions."""
    events = detail.events
    for index in range(len(events) - 1, max(-1, len(events) - 1 - MOST_EVENTS), -1):
        at = events[index].at
        if at is not None:
            if at < since:
                break
            yield at
    ends = [receipt.ended_at for receipt in detail.receipts if receipt.ended_at is not None]
    ends.sort()
    yield from ends[bisect_left(ends, since) :]
