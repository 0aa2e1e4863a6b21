"""What gates and conditions are judged on: the incident and everything known around it, as of one moment."""

from dataclasses import dataclass
from datetime import datetime

from cockpit.incidents.actions import ActionDone
from cockpit.incidents.runs import RunNow
from cockpit.models.incident import Countdown, Incident, Severity
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState

PROTOCOL = "response-protocol"
"""Id of the playbook whose items belong to the phases; every incident starts with its checklist."""

SETTLED = (ItemState.DONE, ItemState.VERIFIED, ItemState.SKIPPED)


@dataclass(frozen=True, slots=True)
class Situation:
    """An incident as of one moment. Gathered by whoever may read; judged by pure functions.

    Attributes:
        incident: As folded.
        checklist: Its checklist.
        now: The moment.
        runs: Its runs as they are now.
        actions: What was done to them, in order.
        clocks: Its clocks.
        repeats: Earlier incidents with the same failure signature that had the same severity or a worse one.
    """

    incident: Incident
    checklist: Checklist
    now: datetime
    runs: tuple[RunNow, ...] = ()
    actions: tuple[ActionDone, ...] = ()
    clocks: tuple[Countdown, ...] = ()
    repeats: tuple[str, ...] = ()

    def item(self, name: str) -> ChecklistItem | None:
        """An item of the response protocol on the incident's checklist, by its id there."""
        return next((item for item in self.checklist.items if item.id == f"{PROTOCOL}/{name}"), None)

    @property
    def dangerous(self) -> tuple[ActionDone, ...]:
        """The actions that cannot be taken back."""
        return tuple(action for action in self.actions if action.danger)

    @property
    def must_be_documented(self) -> bool:
        """Whether a post-mortem is mandatory (seed 002, "Document")."""
        return self.incident.severity in (Severity.SEV1, Severity.SEV2)
