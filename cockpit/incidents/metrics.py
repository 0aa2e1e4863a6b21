"""What incidents cost, in numbers (seed 003, "Metrics to Track"; response times of seeds 002 and 003).

A pure fold over incidents and runs: the same whatever order they come in. Lengths count from the moment an incident was
noticed (`detected_at`), the time to detect up to it. What has no end yet, or ends before it begins because somebody
said so afterwards, is left out with the reason and never counted as 0. A reopened incident is resolved when it was
resolved the last time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median

from cockpit.clock import iso
from cockpit.incidents import clocks
from cockpit.incidents.similar import broken_by, repeated
from cockpit.models.incident import Countdown, Incident, Phase, Severity
from cockpit.models.metrics import Case, Interval, LeftOut, Metrics, MetricsGroup, Sample, Share, Week
from cockpit.models.run import Run
from cockpit.response import DEFAULT, Policy

_MAX_WEEKS = 520


def metrics(
    incidents: Iterable[Incident],
    now: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    policy: Policy = DEFAULT,
    runs: Sequence[Run] = (),
) -> Metrics:
    """The numbers of the incidents that were declared from `since` (included) to `until` (not included).

    Args:
        incidents: All that are known: whether a failure is a repetition is asked of those outside the span too.
        now: The present moment; what was declared later does not count.
        since: `None` for no limit.
        until: `None` for no limit.
        policy: The response times, and when people work.
        runs: All runs as they are now: later failures show what came back.
    """
    known = sorted((one for one in incidents if one.declared_at <= now), key=_order)
    chosen = [
        one
        for one in known
        if (since is None or one.declared_at >= since) and (until is None or one.declared_at < until)
    ]

    def group(severity: Severity | None, of: Sequence[Incident]) -> MetricsGroup:
        return MetricsGroup(
            severity=severity,
            count=len(of),
            incidents=tuple(one.id for one in of),
            open=sum(one.is_open for one in of),
            reopened=sum(one.reopened > 0 for one in of),
            detect=_interval(of, _detect),
            acknowledge=_interval(of, _acknowledge),
            contain=_interval(of, _contain),
            resolve=_interval(of, _resolve),
            acknowledged_in_time=_share(of, lambda one: _in_time(one, clocks.acknowledge(one, policy), now)),
            contained_in_time=_share(of, lambda one: _in_time(one, clocks.contain(one, policy), now)),
            recurred=_share(of, lambda one: _recurred(one, known)),
            came_back=_share(of, lambda one: _came_back(one, known, runs)),
        )

    return Metrics(
        since=since,
        until=until,
        as_of=now,
        overall=group(None, chosen),
        by_severity={each: group(each, [one for one in chosen if one.severity is each]) for each in Severity},
        weeks=_weeks(chosen),
    )


def _order(one: Incident) -> tuple[datetime, str, str]:
    return one.declared_at, one.id, one.model_dump_json()


# -- lengths of time


def _interval(incidents: Sequence[Incident], measure: Callable[[Incident], Sample | str]) -> Interval:
    samples: list[Sample] = []
    left_out: list[LeftOut] = []
    for one in incidents:
        found = measure(one)
        if isinstance(found, str):
            left_out.append(LeftOut(incident=one.id, why=found))
        else:
            samples.append(found)
    lengths = [sample.seconds for sample in samples]
    return Interval(
        count=len(lengths),
        mean_s=fmean(lengths) if lengths else None,
        median_s=median(lengths) if lengths else None,
        longest_s=max(lengths, default=None),
        samples=tuple(samples),
        left_out=tuple(left_out),
    )


def _detect(one: Incident) -> Sample | str:
    failures = [(link.failed_at, link.seq) for link in one.runs if link.failed_at is not None]
    if not failures:
        return "no run of it has failing evidence with a time" if one.runs else "no run belongs to it"
    first, seq = min(failures)
    if first > one.detected_at:
        return "it was noticed before its first failing evidence"
    return _sample(one, first, one.detected_at, seq, one.detected_seq)


def _acknowledge(one: Incident) -> Sample | str:
    return _from_noticed(one, one.acknowledged_at, one.acknowledged_seq, "nobody has taken it on yet")


def _contain(one: Incident) -> Sample | str:
    return _passed(one, Phase.CONTAIN, one.contained_at, "it is not contained yet")


def _resolve(one: Incident) -> Sample | str:
    return _passed(one, Phase.VERIFY, one.resolved_at, "it is not resolved yet")


def _passed(one: Incident, phase: Phase, at: datetime | None, missing: str) -> Sample | str:
    # The change that left the phase for good: the last one that goes over it.
    over = [each for each in one.phases if each.from_phase.place <= phase.place < each.to_phase.place]
    change = over[-1] if over else None
    forced = change is not None and change.override is not None
    return _from_noticed(one, at, change.seq if change else 0, missing, overridden=forced)


def _from_noticed(
    one: Incident, at: datetime | None, seq: int, missing: str, *, overridden: bool = False
) -> Sample | str:
    if at is None:
        return missing
    if at < one.detected_at:
        return "it is said to have been noticed later"
    return _sample(one, one.detected_at, at, one.detected_seq, seq, overridden=overridden)


def _sample(one: Incident, since: datetime, until: datetime, *seqs: int, overridden: bool = False) -> Sample:
    return Sample(
        incident=one.id,
        severity=one.severity,
        seconds=(until - since).total_seconds(),
        since=since,
        until=until,
        seqs=tuple(dict.fromkeys(seq for seq in seqs if seq)),
        overridden=overridden,
    )


# -- shares


def _share(incidents: Sequence[Incident], judge: Callable[[Incident], Case | str]) -> Share:
    cases: list[Case] = []
    left_out: list[LeftOut] = []
    for one in incidents:
        found = judge(one)
        if isinstance(found, str):
            left_out.append(LeftOut(incident=one.id, why=found))
        else:
            cases.append(found)
    hits = sum(case.holds for case in cases)
    return Share(
        value=hits / len(cases) if cases else None,
        hits=hits,
        of=len(cases),
        cases=tuple(cases),
        left_out=tuple(left_out),
    )


def _in_time(one: Incident, clock: Countdown | None, now: datetime) -> Case | str:
    if clock is None:
        return "its severity has no target"
    late = clock.overdue(now)
    if clock.running and not late:
        return "it still has time"
    done = f"done {iso(clock.met_at)}" if clock.met_at is not None else "not done yet"
    seqs = [one.severities[-1].seq] if one.severities else []
    if clock.name == clocks.ACKNOWLEDGE and one.acknowledged_seq:
        seqs.append(one.acknowledged_seq)
    seqs += [each.seq for each in one.phases if clock.name == clocks.CONTAIN and each.at == clock.met_at]
    return Case(incident=one.id, holds=not late, why=f"due {iso(clock.due)}, {done}", seqs=tuple(dict.fromkeys(seqs)))


def _recurred(one: Incident, known: Sequence[Incident]) -> Case | str:
    if not one.signatures:
        return "no run of it has a failure signature"
    before = repeated(one, known)
    why = f"seen before in {', '.join(before)}" if before else "not seen before"
    return Case(incident=one.id, holds=bool(before), why=why, seqs=_signed(one))


def _came_back(one: Incident, known: Sequence[Incident], runs: Sequence[Run]) -> Case | str:
    if not one.signatures:
        return "no run of it has a failure signature"
    if one.closed_at is None:
        return "it is open"
    broken = broken_by(one, known, runs)
    why = f"seen again in {broken}" if broken else "not seen again"
    return Case(incident=one.id, holds=broken is not None, why=why, seqs=_signed(one))


def _signed(one: Incident) -> tuple[int, ...]:
    return tuple(link.seq for link in one.runs if link.signature and link.seq)


def _weeks(incidents: Sequence[Incident]) -> tuple[Week, ...]:
    counts = Counter(_monday(one.declared_at) for one in incidents)
    if not counts:
        return ()
    first, last = min(counts), max(counts)
    span = min((last - first).days // 7, _MAX_WEEKS)
    mondays = (last - timedelta(weeks=back) for back in range(span, -1, -1))
    return tuple(Week(monday=monday, count=counts[monday]) for monday in mondays)


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
