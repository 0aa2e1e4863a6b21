"""The clocks of an incident: until when somebody must have taken it on, contained it, and told how it stands.

Pure functions of (incident, policy, now). The first two clocks start when the severity became what it is: at the
declaration, or when it was raised; lowering it does not start them anew.
"""

from datetime import datetime, timedelta

from cockpit.models.incident import Countdown, Incident, Phase
from cockpit.response import DEFAULT, Policy, due

ACKNOWLEDGE = "acknowledge"
CONTAIN = "contain"
UPDATE = "update"


def clocks(incident: Incident, now: datetime, policy: Policy = DEFAULT) -> tuple[Countdown, ...]:
    """Every clock that has a target for this incident, in the order above; those that were met stay.

    Args:
        incident: As of now.
        now: The present moment (aware).
        policy: What is expected, and when people work.
    """
    made = (acknowledge(incident, policy), contain(incident, policy), next_update(incident, policy))
    return tuple(each for each in made if each is not None and each.started_at <= now)


def acknowledge(incident: Incident, policy: Policy = DEFAULT) -> Countdown | None:
    """Until somebody has taken it on (seed 003, "Response time"); `None` without a target."""
    start = _since(incident)
    until = due(policy.acknowledge[incident.severity], start, policy)
    if until is None:
        return None
    met = incident.acknowledged_at or incident.closed_at
    return Countdown(name=ACKNOWLEDGE, started_at=min(start, met or start), due=until, met_at=met)


def contain(incident: Incident, policy: Policy = DEFAULT) -> Countdown | None:
    """Until the harm is stopped (seed 002, "Response time"); `None` without a target."""
    start = _since(incident)
    until = due(policy.contain[incident.severity], start, policy)
    if until is None:
        return None
    return Countdown(name=CONTAIN, started_at=start, due=until, met_at=incident.contained_at)


def next_update(incident: Incident, policy: Policy = DEFAULT) -> Countdown | None:
    """Until the next status update: the one that was promised, else one in the usual interval since the last.

    `None` once it is resolved and nothing was promised, and where its severity asks for none.
    """
    if not incident.is_open:
        return None
    last = incident.updates[-1].at if incident.updates else incident.declared_at
    if incident.next_update_due is not None:
        return Countdown(name=UPDATE, started_at=last, due=max(last, incident.next_update_due))
    if incident.phase.place >= Phase.DOCUMENT.place:
        return None
    until = due(policy.update_every[incident.severity], max(last, _since(incident)), policy)
    return None if until is None else Countdown(name=UPDATE, started_at=last, due=until)


def most_pressing(incident: Incident, now: datetime, policy: Policy = DEFAULT) -> Countdown | None:
    """The clock that runs out first of those that still run, or `None`."""
    running = [each for each in clocks(incident, now, policy) if each.running]
    return min(running, key=lambda each: each.due, default=None)


def next_change(incident: Incident, now: datetime, policy: Policy = DEFAULT) -> datetime | None:
    """The next moment at which something becomes overdue (a clock or a task), or `None`: nothing to wake up for."""
    moments = [each.due for each in clocks(incident, now, policy) if each.running]
    moments += [task.deadline for task in incident.tasks if task.deadline is not None and task.completed_at is None]
    ahead = [moment for moment in moments if moment >= now]
    return min(ahead) + timedelta(microseconds=1) if ahead else None


def _since(incident: Incident) -> datetime:
    """Since when it has been at least as severe as it is now without a break."""
    start: datetime | None = incident.declared_at
    for change in incident.severities:
        if incident.severity.worse_than(change.to_severity):
            start = None
        elif start is None:
            start = change.at
    return start or incident.declared_at
