"""Who does what: taking roles, handing command over in two halves, leaving. Pure; see `cockpit.incidents.lifecycle`."""

from typing import Any

from cockpit.errors import UsageError
from cockpit.incidents import events, words
from cockpit.incidents.apply_people import same_person
from cockpit.incidents.lifecycle import require_open
from cockpit.journal.log import Draft
from cockpit.models.incident import Incident, Role
from cockpit.models.journal import Actor
from cockpit.sanitize import clean

ME = "me"
"""Stands for whoever acts."""

_ALIASES: dict[str, Role] = {
    "ic": Role.COMMANDER, "commander": Role.COMMANDER, "command": Role.COMMANDER, "lead": Role.LEAD, "tl": Role.LEAD,
    "comms": Role.COMMUNICATIONS,
}  # fmt: skip


def read_role(text: str) -> Role:
    """The role with this name (`incident-commander`, `commander`, `ic` ...).

    Raises:
        UsageError: There is none.
    """
    word = "-".join(text.strip().casefold().replace("_", " ").split())
    found = next((role for role in Role if role.value == word), _ALIASES.get(word))
    if found is None:
        raise UsageError(f"no role {clean(text, 40)!r}; there are: {', '.join(Role)}")
    return found


def assign(
    incident: Incident,
    actor: Actor,
    role: Role,
    person: str,
    *,
    contribution: str | None = None,
    override: str | None = None,
) -> tuple[Draft, ...]:
    """Put a person in a role, offer them the command, or accept it.

    A free role is taken by naming oneself; any role but command is given to anyone. Command that somebody has is
    offered by them (or, where nobody has it, by anyone) and accepted by the person it was offered to, who names
    themself.

    Args:
        incident: As it is.
        actor: Who acts.
        role: Which role.
        person: A name; `me`, the actor's own name or account means the actor.
        contribution: What the person did, for the record.
        override: Why command changes hands without the other side; recorded.

    Raises:
        UsageError: It is closed, the person has the role already, or the other side of the hand-over is missing.
    """
    require_open(incident)
    named = words.name("person", person)
    mine = named.casefold() == ME or words.is_me(named, actor)
    named = actor.real_user if mine else named
    about: dict[str, Any] = {"role": role.value, "person": named}
    if (told := words.optional("contribution", contribution)) is not None:
        about["contribution"] = told
    offer = incident.offered(role)
    if mine and offer is not None and same_person(offer.to_person, named):
        return (Draft(events.ROLE_ACCEPTED, about, incident.id),)
    seated = _seated(incident, role, named)
    if seated is not None:
        if told is None:
            raise UsageError(f"{clean(seated)} is {role.value} of {incident.id} already")
        return (Draft(events.ROLE, about | {"person": seated}, incident.id),)
    why = words.optional("reason of the override", override)
    if why is not None:
        return (Draft(events.ROLE, about | {"override": why}, incident.id),)
    if role is Role.COMMANDER:
        return _command(incident, actor, named, about, mine=mine)
    return (Draft(events.ROLE, about, incident.id),)


def _command(incident: Incident, actor: Actor, named: str, about: dict[str, Any], *, mine: bool) -> tuple[Draft, ...]:
    """Take a free command, or offer it."""
    holder = incident.commander
    if mine and holder is None:
        return (Draft(events.ROLE, about, incident.id),)
    if holder is not None and not words.is_me(holder, actor):
        raise UsageError(
            f"{clean(holder)} has the command of {incident.id} and hands it over to {clean(named)}; "
            f"without them it takes the reason (override)"
        )
    offer = incident.offered(Role.COMMANDER)
    if offer is not None and same_person(offer.to_person, named):
        raise UsageError(f"command of {incident.id} is offered to {clean(named)} already; they have to accept it")
    return (Draft(events.ROLE_OFFERED, {**about, "from": holder}, incident.id),)


def leave(incident: Incident, actor: Actor, role: Role, person: str = ME) -> tuple[Draft, ...]:
    """Let a person leave a role. Command is not left but handed over.

    Raises:
        UsageError: The person is not in that role, or it is command.
    """
    require_open(incident)
    named = words.name("person", person)
    named = actor.real_user if named.casefold() == ME or words.is_me(named, actor) else named
    seated = _seated(incident, role, named)
    if seated is None:
        raise UsageError(f"{clean(named)} is not {role.value} of {incident.id}")
    if role is Role.COMMANDER:
        raise UsageError(f"command is handed over, not left: name who takes it over from {clean(seated)}")
    return (Draft(events.ROLE_ENDED, {"role": role.value, "person": seated}, incident.id),)


def _seated(incident: Incident, role: Role, named: str) -> str | None:
    """The person as recorded, where they are in that role now."""
    people = (each for each in incident.responders if each.role is role and each.until is None)
    return next((each.person for each in people if same_person(each.person, named)), None)
