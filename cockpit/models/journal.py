"""The journal's own shape: who did what, when, chained by hashes. Knows no kinds of event."""

from datetime import datetime
from typing import Any

from pydantic import Field

from cockpit.models.base import Model


class Actor(Model):
    """Who acted.

    Attributes:
        user: Effective user name.
        real_user: Who that is behind sudo or su (login name), or the same.
        tty: Terminal, or `None`.
        ssh_peer: Address the session came from, or `None`.
    """

    user: str
    real_user: str
    tty: str | None = None
    ssh_peer: str | None = None


class Entry(Model):
    """One line of the journal.

    Attributes:
        seq: From 1, without gaps.
        at: When it was appended (UTC).
        kind: What happened, dotted (`checklist.tick`, `action.started`).
        incident: Incident id, or `None`.
        data: The event's own fields; run events carry `run` (the run's key or id).
        prev: Hash of the line before, 64 zeros for the first.
        hash: sha256 of this line's canonical form without `hash`.
    """

    seq: int
    at: datetime
    actor: Actor
    kind: str
    incident: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    prev: str
    hash: str
