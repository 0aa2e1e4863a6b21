"""What incidents cost, in numbers, each with what it was made from (seed 003, "Metrics to Track").

A number that nothing was measured for is `None`, never 0. Times are aware UTC, lengths seconds.
"""

from datetime import date, datetime

from cockpit.models.base import Model
from cockpit.models.incident_scales import Severity


class LeftOut(Model):
    """An incident that a number does not count, and why."""

    incident: str
    why: str


class Sample(Model):
    """One length of time, of one incident.

    Attributes:
        seconds: From `since` to `until`, never negative.
        seqs: Numbers of the journal entries both ends come from.
        overridden: Whether a gate that was not met was passed for it: the end is a claim, not evidence.
    """

    incident: str
    severity: Severity
    seconds: float
    since: datetime
    until: datetime
    seqs: tuple[int, ...] = ()
    overridden: bool = False


class Interval(Model):
    """A length of time over several incidents.

    Attributes:
        count: How many were measured.
        mean_s: Their mean, or `None` where there are none.
        median_s: Their median, likewise.
        longest_s: The longest, likewise.
        samples: All of them, in the order of the declarations.
        left_out: The other incidents.
    """

    count: int = 0
    mean_s: float | None = None
    median_s: float | None = None
    longest_s: float | None = None
    samples: tuple[Sample, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Case(Model):
    """One incident that a share counts.

    Attributes:
        holds: Whether it is one of those the share tells of.
        why: What shows it: times, or the incident or run it goes together with.
        seqs: Numbers of the journal entries that rests on.
    """

    incident: str
    holds: bool
    why: str
    seqs: tuple[int, ...] = ()


class Share(Model):
    """How many of several incidents something holds for.

    Attributes:
        value: `hits / of`, or `None` where there is nothing to tell of.
        cases: Every incident that counts, in the order of the declarations.
        left_out: The other incidents.
    """

    value: float | None = None
    hits: int = 0
    of: int = 0
    cases: tuple[Case, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class MetricsGroup(Model):
    """The numbers of all incidents, or of those of one severity.

    Attributes:
        severity: Which one, as it is now; `None` for all incidents.
        incidents: Their ids, in the order of the declarations.
        open: How many of them are worked on.
        reopened: How many were opened again at least once.
        detect: First failing evidence to noticed (MTTD).
        acknowledge: Noticed to taken on (MTTA).
        contain: Noticed to the harm stopped.
        resolve: Noticed to proven over, for good (MTTR).
        acknowledged_in_time: SLA compliance: taken on within the response time of its severity.
        contained_in_time: SLA compliance: contained within that of its severity.
        recurred: Those whose failure an earlier incident had, by signature.
        came_back: Those that were closed and whose failure was seen again later.
    """

    severity: Severity | None = None
    count: int = 0
    incidents: tuple[str, ...] = ()
    open: int = 0
    reopened: int = 0
    detect: Interval = Interval()
    acknowledge: Interval = Interval()
    contain: Interval = Interval()
    resolve: Interval = Interval()
    acknowledged_in_time: Share = Share()
    contained_in_time: Share = Share()
    recurred: Share = Share()
    came_back: Share = Share()


class Week(Model):
    """How many incidents were declared in the week (UTC) that begins on a Monday."""

    monday: date
    count: int


class Metrics(Model):
    """The numbers of the incidents that were declared in a span of time.

    Attributes:
        since: Declared at or after, or `None` for all that came before.
        until: Declared before, or `None`.
        as_of: The moment everything is judged at.
        overall: All of them.
        by_severity: Those of each severity; all four are there.
        weeks: Declarations a week, without a gap from the first to the last.
    """

    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime
    overall: MetricsGroup
    by_severity: dict[Severity, MetricsGroup]
    weeks: tuple[Week, ...] = ()
