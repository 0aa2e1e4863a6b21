"""What the checklists of runs and incidents are spoken of in: targets, how they stand, the work of an item."""

from dataclasses import dataclass, field
from pathlib import Path

from cockpit.models.incident import Incident
from cockpit.models.playbook import Anchor, Checklist, ChecklistItem
from cockpit.models.run import Run
from cockpit.playbooks.states import Look


@dataclass(frozen=True, slots=True)
class Target:
    """What a checklist is about: a run, or an incident with its runs.

    Attributes:
        id: The run's or the incident's id.
        root: The root whose record keeps it.
        runs: Its runs that are there.
        places: Where runs of an incident stood when they were attached.
        incident: The incident, or `None`.
    """

    id: str
    root: Path
    runs: tuple[Run, ...]
    places: tuple[Anchor, ...] = ()
    incident: Incident | None = None

    @property
    def run(self) -> Run | None:
        """The run, where it is one."""
        return self.runs[0] if self.incident is None and self.runs else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A checklist as recorded, and what the evidence says of it."""

    recorded: Checklist
    look: Look = field(default_factory=Look)

    @property
    def checklist(self) -> Checklist:
        """The checklist as it stands."""
        return self.look.stand(self.recorded)


@dataclass(frozen=True, slots=True)
class Work:
    """How the work that an item asks for is done: an action of the run, else the item's own command.

    Attributes:
        item: The item.
        run: The run it is done to.
        action: Id of the action, or `None`.
        command: Argument list template, where it is no action.
        flow: The flow in question.
        step: The step in question.
    """

    item: ChecklistItem
    run: Run
    action: str | None
    command: tuple[str, ...] = ()
    flow: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write.

    Attributes:
        standing: The checklist after it.
        told: What whoever wrote should know: somebody else works on the item, the check says otherwise.
        confirmed: Ids of the items that were verified.
    """

    standing: Standing
    told: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
