"""What the desk of incidents needs to know of the world: clock, people, runs, checklists, files, other records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.clock import Clock
from cockpit.ledger import Ledger
from cockpit.models.detail import RunDetail
from cockpit.models.incident import Incident
from cockpit.models.journal import Actor
from cockpit.models.playbook import Checklist
from cockpit.models.run import Run
from cockpit.playbooks.loader import Library
from cockpit.response import Policy
from cockpit.runtime.evidence import EvidenceReader


@dataclass(frozen=True, slots=True)
class Around:
    """What a desk needs to know of the world.

    Attributes:
        now: What time it is.
        actor: Who acts.
        policy: What is expected, and when people work.
        library: The playbooks.
        roots: The roots whose files may be pinned, the incident's own first.
        runs: Every run as it is now.
        detail: The facts of a run, or `None` where it has vanished.
        checklist: The checklist of an incident as it stands against the evidence now.
        reader: Reads files below a root.
        ledgers: The records of all roots, this desk's own among them.
    """

    now: Clock
    actor: Actor
    policy: Policy
    library: Library
    roots: Sequence[Path]
    runs: Callable[[], Sequence[Run]]
    detail: Callable[[Run], RunDetail | None]
    checklist: Callable[[Incident], Checklist]
    reader: Callable[[Path], EvidenceReader]
    ledgers: Callable[[], Sequence[Ledger]]
