"""Incidents like this one that were seen before, by failure signature, and whether what ended them held.

Pure folds over incidents and runs. A fix held when nothing with its signature failed after the last end: no incident
was noticed later that has the signature, and no run that failed later does.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cockpit.models.base import Model
from cockpit.models.incident import Incident
from cockpit.models.run import ATTENTION, Run


class Similar(Model):
    """An earlier incident with the same failure signature.

    Attributes:
        id: Its id.
        title: Its title.
        severity: `SEV1` to `SEV4`.
        signature: The signature they share.
        declared_at: When it was declared.
        closed_at: When it was closed, or `None` while it is open.
        fixed_by: What ended it, in the words of its record, or `None` where that says nothing.
        held: Whether nothing like it happened after its end; `None` while it is open.
        broken_by: What showed that it did not hold: the id of an incident or a run, or `None`.
    """

    id: str
    title: str
    severity: str
    signature: str
    declared_at: datetime
    closed_at: datetime | None = None
    fixed_by: str | None = None
    held: bool | None = None
    broken_by: str | None = None


class Recurrence(Model):
    """How often what failed here failed before.

    Attributes:
        seen: How many earlier incidents had the signature.
        ended: How many of them are over.
        held: Of how many of those the fix held.
        incidents: All of them, the newest first.
    """

    seen: int = 0
    ended: int = 0
    held: int = 0
    incidents: tuple[Similar, ...] = ()


def similar(incident: Incident, others: Iterable[Incident], runs: Sequence[Run] = ()) -> Recurrence:
    """Earlier incidents like this one.

    Args:
        incident: The incident.
        others: All incidents that are known; this one among them does not count.
        runs: All runs as they are now: later failures show what did not hold.
    """
    known = [one for one in others if one.id != incident.id]
    found = []
    for one in known:
        shared = next((each for each in incident.signatures if each in one.signatures), None)
        if shared is not None and _earlier(one, incident):
            found.append(_similar(one, shared, [*known, incident], runs))
    found.sort(key=lambda one: (one.declared_at, one.id), reverse=True)
    ended = [one for one in found if one.held is not None]
    return Recurrence(
        seen=len(found), ended=len(ended), held=sum(one.held is True for one in ended), incidents=tuple(found)
    )


def repeats(incident: Incident, others: Iterable[Incident]) -> tuple[str, ...]:
    """Ids of earlier incidents with the same signature that were as severe or worse, oldest first (seed 004)."""
    same = [
        one
        for one in others
        if one.id != incident.id
        and set(one.signatures) & set(incident.signatures)
        and one.severity.rank <= incident.severity.rank
        and _earlier(one, incident)
    ]
    return tuple(one.id for one in sorted(same, key=lambda one: (one.declared_at, one.id)))


def repeated(incident: Incident, others: Iterable[Incident]) -> tuple[str, ...]:
    """Ids of earlier incidents with the same signature, however severe, oldest first."""
    shared = frozenset(incident.signatures)
    same = [one for one in others if one.id != incident.id and shared & set(one.signatures) and _earlier(one, incident)]
    return tuple(one.id for one in sorted(same, key=lambda one: (one.declared_at, one.id)))


def broken_by(incident: Incident, known: Sequence[Incident], runs: Sequence[Run]) -> str | None:
    """The incident or run that shows that a closed one's failure came back after its end, or `None`."""
    end = incident.closed_at
    if end is None:
        return None
    found = (_broken_by(incident, signature, end, known, runs) for signature in incident.signatures)
    return next((each for each in found if each is not None), None)


def fixed_by(incident: Incident) -> str | None:
    """What ended an incident, in the words of its record.

    What was said at its end, else the last decision, else the root cause.
    """
    if incident.close_reason:
        return incident.close_reason
    if incident.decisions:
        return incident.decisions[-1].text
    return incident.sections.get("root-cause")


def _similar(one: Incident, signature: str, known: Sequence[Incident], runs: Sequence[Run]) -> Similar:
    end = one.closed_at
    broken = _broken_by(one, signature, end, known, runs) if end is not None else None
    return Similar(
        id=one.id,
        title=one.title,
        severity=one.severity.value,
        signature=signature,
        declared_at=one.declared_at,
        closed_at=end,
        fixed_by=fixed_by(one),
        held=broken is None if end is not None else None,
        broken_by=broken,
    )


def _broken_by(
    one: Incident, signature: str, end: datetime, known: Sequence[Incident], runs: Sequence[Run]
) -> str | None:
    for later in sorted(known, key=lambda each: (each.declared_at, each.id)):
        if later.id != one.id and signature in later.signatures and later.detected_at > end:
            return later.id
    for run in runs:
        failing = run.state in ATTENTION and run.signature == signature
        if failing and run.updated_at is not None and run.updated_at > end:
            return run.id
    return None


def _earlier(one: Incident, other: Incident) -> bool:
    return (one.declared_at, one.id) < (other.declared_at, other.id)
