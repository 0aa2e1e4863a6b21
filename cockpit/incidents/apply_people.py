"""What journal entries about roles do to an incident; see `cockpit.incidents.apply`.

A role but that of a responder is held by one person at a time. Command is handed over in two halves: an offer, and
its acceptance by the person it was made to; taking it without an offer carries the reason.
"""

from datetime import datetime

from cockpit.incidents import events
from cockpit.journal.actor import shown
from cockpit.models.incident import HandOver, Incident, Responder, Role
from cockpit.models.journal import Entry


def role(incident: Incident, entry: Entry) -> Incident:
    """Put a person in a role; who held it leaves it, and an open offer of it ends."""
    found, person = read_role(entry.data.get("role")), events.words(entry.data, "person")
    if found is None or person is None:
        return incident
    contribution = events.words(entry.data, "contribution")
    if found is Role.RESPONDER or incident.holder(found) == person:
        current = next(
            (each for each in incident.responders if (each.role, each.person, each.until) == (found, person, None)),
            None,
        )
        if current is not None:
            if contribution is None or contribution == current.contribution:
                return incident
            told = current.model_copy(update={"contribution": contribution})
            people = tuple(told if each is current else each for each in incident.responders)
            return incident.model_copy(update={"responders": people})
    return _seat(_withdraw(incident, found, entry.at), entry, found, person)


def role_offered(incident: Incident, entry: Entry) -> Incident:
    """Offer a role to a person; an earlier open offer of it ends."""
    found, person = read_role(entry.data.get("role")), events.words(entry.data, "person")
    if found is None or person is None:
        return incident
    offer = HandOver(
        role=found,
        from_person=incident.holder(found),
        to_person=person,
        offered_at=entry.at,
        offered_by=shown(entry.actor),
        seq=entry.seq,
    )
    after = _withdraw(incident, found, entry.at)
    return after.model_copy(update={"hand_overs": (*after.hand_overs, offer)})


def role_accepted(incident: Incident, entry: Entry) -> Incident:
    """Accept an open offer; without one nothing changes."""
    found, person = read_role(entry.data.get("role")), events.words(entry.data, "person")
    offer = incident.offered(found) if found is not None else None
    if found is None or person is None or offer is None or not same_person(offer.to_person, person):
        return incident
    taken = offer.model_copy(update={"accepted_at": entry.at, "accepted_by": shown(entry.actor)})
    offers = tuple(taken if each is offer else each for each in incident.hand_overs)
    return _seat(incident.model_copy(update={"hand_overs": offers}), entry, found, person)


def role_ended(incident: Incident, entry: Entry) -> Incident:
    """Let a person leave a role."""
    found, person = read_role(entry.data.get("role")), events.words(entry.data, "person")
    left = [each for each in incident.responders if each.role is found and each.person == person and each.until is None]
    if not left:
        return incident
    return incident.model_copy(update={"responders": _until(incident.responders, left, entry.at)})


def read_role(value: object) -> Role | None:
    """The role with this name, or `None`."""
    return next((each for each in Role if each.value == value), None)


def same_person(one: str, other: str) -> bool:
    """Whether two names mean one person: login names and names are told apart without regard to case."""
    return one.strip().casefold() == other.strip().casefold()


def _seat(incident: Incident, entry: Entry, found: Role, person: str) -> Incident:
    left = [] if found is Role.RESPONDER else [each for each in incident.responders if each.role is found]
    seated = Responder(
        role=found,
        person=person,
        since=entry.at,
        by=shown(entry.actor),
        contribution=events.words(entry.data, "contribution"),
        seq=entry.seq,
    )
    return incident.model_copy(update={"responders": (*_until(incident.responders, left, entry.at), seated)})


def _until(people: tuple[Responder, ...], left: list[Responder], at: datetime) -> tuple[Responder, ...]:
    return tuple(
        each.model_copy(update={"until": at}) if each.until is None and any(each is other for other in left) else each
        for each in people
    )


def _withdraw(incident: Incident, found: Role, at: datetime) -> Incident:
    if incident.offered(found) is None:
        return incident
    offers = tuple(
        each.model_copy(update={"withdrawn_at": at}) if each.role is found and each.open else each
        for each in incident.hand_overs
    )
    return incident.model_copy(update={"hand_overs": offers})
