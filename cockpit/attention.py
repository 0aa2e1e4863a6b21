"""What an operator must be told of, once: runs that turn bad, and what runs out in the open incidents. Pure.

Each matter has a key (what it is about) and a mark (what tells one occurrence from the next: the state of a run, the
moment a clock runs out). What was told is remembered by key, so nothing is told twice until it changes; kept over
restarts (`cockpit.attention_memory`), so that coming back does not ring for yesterday.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from cockpit.attention_settings import AttentionRule, AttentionSettings
from cockpit.clock import iso
from cockpit.filtering import Filter, parse_filter
from cockpit.models.incident import Incident
from cockpit.models.incident_scales import Severity
from cockpit.models.run import Run, RunState
from cockpit.models.snapshot import Snapshot
from cockpit.response import Policy, due


class Event(StrEnum):
    """What is told of, most pressing first."""

    SLA = "sla"
    UNANSWERED = "unanswered"
    BLOCKED = "blocked"
    STUCK = "stuck"
    FAILED = "failed"
    UPDATE = "update"


LOUD: Mapping[RunState, Event] = {
    RunState.BLOCKED: Event.BLOCKED,
    RunState.STUCK: Event.STUCK,
    RunState.FAILED: Event.FAILED,
}
"""States of a run that are told of."""
_ORDER = tuple(Event)
_INCIDENT = "incident:"
"""Keys of what belongs to incidents begin so; those of runs begin with the id of a source."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to be told of.

    Attributes:
        event: What kind of thing.
        key: What it is about.
        mark: Which occurrence of it.
        name: The run's or the incident's id.
        told: Why, one line; foreign text.
        severity: Of the incident it belongs to, or `None`.
        run: The run, where it is about one.
        runs: Keys of the runs it concerns.
        away: Whether it happened before the cockpit was opened.
    """

    event: Event
    key: str
    mark: str
    name: str
    told: str
    severity: Severity | None = None
    run: Run | None = None
    runs: tuple[str, ...] = ()
    away: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """What was told, and what the runs were when they were last looked at.

    Attributes:
        since: When watching began; what happened before is told as such.
        told: Mark of what was told last, by key.
        returned: Whether `told` comes from an earlier session; what happened between the two is told then.
        runs: By identity of the summary, so that unchanged runs cost nothing; keeps them alive, too.
        armed: Whether the first scan is over: what it finds is on the screen anyway.
    """

    since: datetime
    told: Mapping[str, str] = field(default_factory=dict)
    returned: bool = False
    runs: Mapping[int, Run] = field(default_factory=dict)
    armed: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """How a matter is told."""

    bell: bool = False
    toast: bool = False
    badge: bool = False


def see(watch: Watch, snapshot: Snapshot, incidents: Sequence[Incident] = ()) -> tuple[Watch, tuple[Matter, ...]]:
    """What has turned loud among the runs since the snapshot before, most pressing first; and what to remember."""
    if not watch.armed and not snapshot.progress.finished:
        return watch, ()
    runs = {id(run): run for run in snapshot.runs}
    fresh = [run for number, run in runs.items() if number not in watch.runs]
    if not fresh and watch.armed:
        return replace(watch, runs=runs), ()
    marks = {run.key: run.state.value if run.state in LOUD else None for run in fresh}
    loud = [run for run in fresh if run.state in LOUD and watch.told.get(run.key) != run.state.value]
    kept = {key: mark for key, mark in watch.told.items() if key not in marks}
    told = kept | {key: mark for key, mark in marks.items() if mark is not None}
    found = [_of_run(run, incidents, away=not watch.armed) for run in loud] if watch.armed or watch.returned else []
    return replace(watch, runs=runs, told=told, armed=True), _sorted(found)


def look(
    watch: Watch, incidents: Iterable[Incident], now: datetime, policy: Policy, lead: timedelta
) -> tuple[Watch, tuple[Matter, ...]]:
    """What has run out, or is about to, in the open incidents; and what to remember.

    Args:
        watch: So far.
        incidents: The open ones; those that are missing are forgotten.
        now: The present moment (aware).
        policy: How much time there is for what.
        lead: How long before it lapses a target is told of.
    """
    found = [matter for incident in incidents for matter in _matters(incident, now, policy, lead, watch.since)]
    marks = {matter.key: matter.mark for matter in found}
    kept = {key: mark for key, mark in watch.told.items() if not key.startswith(_INCIDENT)}
    fresh = [matter for matter in found if watch.told.get(matter.key) != matter.mark]
    fresh = [matter for matter in fresh if watch.returned or not matter.away]
    return replace(watch, told=kept | marks), _sorted(fresh)


def way(matter: Matter, settings: AttentionSettings, now: datetime, labels: Mapping[str, str]) -> Way:
    """How a matter is told: by the first rule that fits, else as everything is; in quiet hours only counted.

    Args:
        matter: What is told.
        settings: The rules.
        now: The present moment (aware).
        labels: Path of each root to its label.
    """
    incident = matter.run is None
    least = Severity(settings.severity)
    if matter.event.value not in settings.events or (incident and _milder(matter.severity, least)):
        return Way()
    rule = next((each for each in settings.rules if _fits(each, matter, now, labels)), AttentionRule())
    bell = settings.bell if rule.bell is None else rule.bell
    toast = settings.toast if rule.toast is None else rule.toast
    badge = settings.badge if rule.badge is None else rule.badge
    through = settings.quiet.severity is not None and not _milder(matter.severity, Severity(settings.quiet.severity))
    if settings.quiet.hold(now) and not through:
        bell = toast = False
    # What happened before nobody rings for: it has waited already.
    return Way(bell and not matter.away, toast, badge)


def _matters(incident: Incident, now: datetime, policy: Policy, lead: timedelta, since: datetime) -> Iterable[Matter]:
    """What is to be told of one incident as of now."""
    from cockpit.incidents import clocks

    for call in incident.escalations:
        limit = due(policy.acknowledge[incident.severity], call.at, policy)
        if call.acknowledged_at is None and limit is not None and now >= limit:
            told = f"{call.level.value}{f' ({call.to})' if call.to else ''} was called and has not answered"
            yield _of_incident(incident, Event.UNANSWERED, call.id, _mark(limit), told, away=limit < since)
    for clock in (clocks.acknowledge(incident, policy), clocks.contain(incident, policy)):
        if clock is None or not clock.running or now < clock.due - lead:
            continue
        over = now >= clock.due
        moment = clock.due if over else clock.due - lead
        told = f"the time to {clock.name} {'has run out' if over else 'is about to run out'}"
        mark = f"{'over' if over else 'near'} {_mark(clock.due)}"
        yield _of_incident(incident, Event.SLA, clock.name, mark, told, away=moment < since)
    update = clocks.next_update(incident, policy)
    if update is not None and now >= update.due:
        yield _of_incident(
            incident, Event.UPDATE, "update", _mark(update.due), "a status update is due", away=update.due < since
        )


def _of_incident(incident: Incident, event: Event, what: str, mark: str, told: str, *, away: bool) -> Matter:
    # Ids are unique in one journal only, the moment of the declaration tells two of them apart.
    key = f"{_INCIDENT}{incident.id}:{_mark(incident.declared_at)}:{what}"
    return Matter(
        event, key, mark, incident.id, f"{told}: {incident.title}", incident.severity,
        runs=tuple(link.key for link in incident.runs), away=away,
    )  # fmt: skip


def _of_run(run: Run, incidents: Sequence[Incident], *, away: bool) -> Matter:
    worst = min((each.severity for each in incidents if run.key in each.run_keys), key=lambda it: it.rank, default=None)
    told = next((reason.text for reason in run.reasons), "")
    return Matter(LOUD[run.state], run.key, run.state.value, run.id, told, worst, run, (run.key,), away)


def _fits(rule: AttentionRule, matter: Matter, now: datetime, labels: Mapping[str, str]) -> bool:
    if rule.events and matter.event.value not in rule.events:
        return False
    if rule.severity is not None and _milder(matter.severity, Severity(rule.severity)):
        return False
    if rule.filter and (matter.run is None or not _parsed(rule.filter).matches(matter.run, now)):
        return False
    return not rule.roots or any(_lies_in(key, named, labels) for key in matter.runs for named in rule.roots)


def _lies_in(key: str, named: str, labels: Mapping[str, str]) -> bool:
    """Whether a run lies in a root that is named by its label or path."""
    roots = [root for root, label in labels.items() if named in (label, root)] or [named.rstrip("/")]
    return any(f":{root}/" in key for root in roots)


def _milder(severity: Severity | None, than: Severity) -> bool:
    return severity is None or than.worse_than(severity)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Filter:
    return parse_filter(text)


def _mark(moment: datetime) -> str:
    return iso(moment) or ""


def _sorted(matters: Iterable[Matter]) -> tuple[Matter, ...]:
    return tuple(sorted(matters, key=lambda matter: (_ORDER.index(matter.event), matter.key)))
