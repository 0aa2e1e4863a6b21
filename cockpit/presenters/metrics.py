"""Metrics as a table and charts of at most 80 columns, and as a document. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cockpit.models.incident_scales import Severity
from cockpit.models.metrics import Interval, LeftOut, Metrics, MetricsGroup, Share
from cockpit.presenters import times
from cockpit.presenters.documents import plain
from cockpit.presenters.incidents import severity
from widgets.rows import Cell, Tone

TITLES = ("", "mean", "median", "of", "SEV1", "SEV2", "SEV3", "SEV4")
NOTHING = Cell("-", Tone.DIM)
"""What stands where nothing was measured: never a nought."""
INTERVALS = (
    ("detect", "time to detect"),
    ("acknowledge", "to acknowledge"),
    ("contain", "to contain"),
    ("resolve", "to resolve"),
)
SHARES = (
    ("acknowledged_in_time", "taken on in time"),
    ("contained_in_time", "contained in time"),
    ("recurred", "seen before"),
    ("came_back", "came back"),
)
_NAMES = dict((*INTERVALS, *SHARES))
_BAR = 46
"""Columns of the longest bar."""
_WEEKS = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHOWN = 3
"""Ids named of those that were left out; the document has all."""


def document(item: Metrics) -> dict[str, Any]:
    """The document: every number with the incidents and journal entries it comes from."""
    weeks = [{"monday": week.monday.isoformat(), "count": week.count} for week in item.weeks]
    return dict(plain(item)) | {"weeks": weeks}


def headline(item: Metrics) -> str:
    """`12 incidents declared from ... to ...: 2 open, 1 opened again`."""
    start = f" from {times.full(item.since)}" if item.since is not None else ""
    end = times.full(item.until if item.until is not None else item.as_of)
    some = item.overall
    number = "1 incident" if some.count == 1 else f"{some.count} incidents"
    return f"{number} declared{start} to {end}: {some.open} open, {some.reopened} opened again"


def table(item: Metrics) -> list[tuple[Cell, ...]]:
    """The table below `TITLES`: lengths of time with mean, median and the mean of each severity; then shares."""
    groups = [item.by_severity[each] for each in Severity]
    counts = [Cell(str(group.count), Tone.DIM if not group.count else Tone.PLAIN) for group in groups]
    rows = [(Cell("incidents"), Cell(""), Cell(""), Cell(str(item.overall.count), Tone.STRONG), *counts)]
    rows += [_interval_row(name, text, item.overall, groups) for name, text in INTERVALS]
    rows += [_share_row(name, text, item.overall, groups) for name, text in SHARES]
    return rows


def charts(item: Metrics, *, unicode: bool) -> list[tuple[str, list[tuple[Cell, ...]]]]:
    """Charts with a title each: incidents by severity and by week, and how long they took to resolve."""
    made: list[tuple[str, list[tuple[Cell, ...]]]] = []
    if not item.overall.count:
        return made
    counts = [(severity(each), float(group.count), str(group.count)) for each, group in item.by_severity.items()]
    made.append(("incidents by severity", _bars(counts, unicode=unicode)))
    weeks = item.weeks[-_WEEKS:]
    if len(weeks) > 1:
        by_week = [(Cell(f"{week.monday:%m-%d}"), float(week.count), str(week.count)) for week in weeks]
        more = f" (the last {_WEEKS})" if len(item.weeks) > _WEEKS else ""
        made.append((f"incidents by week{more}", _bars(by_week, unicode=unicode)))
    lengths = [
        (severity(each), mean, f"{times.span(mean)} ({_of(group.resolve)})")
        for each, group in item.by_severity.items()
        if (mean := group.resolve.mean_s) is not None
    ]
    if lengths:
        made.append(("mean time to resolve", _bars(lengths, unicode=unicode)))
    return made


def notes(item: Metrics) -> list[str]:
    """What the numbers do not count and why, and what they count only because somebody overrode a gate."""
    lines = []
    for name, text in (*INTERVALS, *SHARES):
        part: Interval | Share = getattr(item.overall, name)
        lines += [f"{text}: {told}" for told in _left_out(part.left_out)]
    for name, text in INTERVALS:
        forced = [each.incident for each in getattr(item.overall, name).samples if each.overridden]
        if forced:
            lines.append(f"{text}: {_named(forced)} passed a gate that was not met")
    return lines


def _interval_row(name: str, text: str, overall: MetricsGroup, groups: Iterable[MetricsGroup]) -> tuple[Cell, ...]:
    whole: Interval = getattr(overall, name)
    means = [_span(getattr(group, name).mean_s) for group in groups]
    return Cell(text), _span(whole.mean_s, Tone.STRONG), _span(whole.median_s), Cell(_of(whole)), *means


def _share_row(name: str, text: str, overall: MetricsGroup, groups: Iterable[MetricsGroup]) -> tuple[Cell, ...]:
    whole: Share = getattr(overall, name)
    shares = [_percent(getattr(group, name)) for group in groups]
    return Cell(text), _percent(whole, Tone.STRONG), Cell(""), Cell(f"{whole.hits}/{whole.of}"), *shares


def _span(seconds: float | None, tone: Tone = Tone.PLAIN) -> Cell:
    return NOTHING if seconds is None else Cell(times.span(seconds), tone)


def _percent(share: Share, tone: Tone = Tone.PLAIN) -> Cell:
    """Whole percent; all and nothing are said only where it is all and nothing."""
    if share.value is None:
        return NOTHING
    shown = round(share.value * 100)
    if share.hits not in (0, share.of):
        shown = min(max(shown, 1), 99)
    return Cell(f"{shown}%", tone)


def _of(part: Interval) -> str:
    return f"{part.count}/{part.count + len(part.left_out)}"


def _bars(lines: Sequence[tuple[Cell, float, str]], *, unicode: bool) -> list[tuple[Cell, ...]]:
    most = max((value for _, value, _ in lines), default=0.0)
    width = max((len(name.text) for name, _, _ in lines), default=0)
    return [
        (Cell(name.text.ljust(width), name.tone), Cell(_bar(value, most, unicode=unicode), Tone.ACCENT), Cell(told))
        for name, value, told in lines
    ]


def _bar(value: float, most: float, *, unicode: bool) -> str:
    """A bar in proportion; what is more than nothing is seen."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(round(value / most * _BAR * 8), 1)
    if not unicode:
        return "#" * max(round(eighths / 8), 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _left_out(items: Sequence[LeftOut]) -> list[str]:
    reasons = Counter(each.why for each in items)
    return [
        f"{number} left out, {why}: {_named([each.incident for each in items if each.why == why])}"
        for why, number in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    ]


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more
