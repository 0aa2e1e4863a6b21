"""Entries and incidents for the tests of the incident's life."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.incidents.fold import fold
from cockpit.models.incident import Incident
from cockpit.models.journal import Actor, Entry

T0 = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
"""A Wednesday morning."""
INC = "inc-20261118-01"
ADA = Actor(user="ada", real_user="ada")
BOB = Actor(user="bob", real_user="bob")


def entry(
    seq: int, kind: str, data: dict[str, Any], *, incident: str | None = INC, at: float | None = None, by: Actor = ADA
) -> Entry:
    """One entry; `at` is minutes after `T0`, its number where not given."""
    moment = T0 + timedelta(minutes=seq if at is None else at)
    return Entry(seq=seq, at=moment, actor=by, kind=kind, incident=incident, data=data, prev="", hash=f"h{seq}")


def declared(**more: Any) -> Entry:
    """The declaration, entry 1 at `T0`."""
    return entry(1, "incident.declared", {"title": "Builds fail", "severity": "SEV2", **more}, at=0)


def incident(*entries: Entry, **more: Any) -> Incident:
    """The incident that a declaration and these entries make."""
    (built,) = fold((declared(**more), *entries))
    return built
