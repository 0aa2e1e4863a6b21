"""Bulks: one action on many runs, some at a time, with a result for each."""

from collections import Counter
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from cockpit.models.action import Plan
from cockpit.models.base import Model
from cockpit.models.run import RunRef


class BulkItemState(StrEnum):
    """What became of one run of a bulk."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    REFUSED = "refused"
    """Its plan was refused, or another job held the run."""
    MOVED = "moved"
    """The run changed after it was planned; nothing was done to it."""
    SKIPPED = "skipped"
    """Its turn never came: the bulk was stopped by a failure, or cancelled."""


class BulkState(StrEnum):
    """Where a bulk stands; `lost` means its supervisor died before its end. Jobs it had started go on without it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class PlannedItem(Model):
    """One run of a bulk and what would be done to it."""

    ref: RunRef
    plan: Plan


class BulkPlan(Model):
    """Exactly what a bulk would do: a plan for each run, each bound to the state of its run.

    Attributes:
        action: Action id.
        hash: sha256 over the plans.
        items: In the order they would be done; those with a refused plan are left alone.
        flow: Chosen for all, or `None`.
        step: Likewise.
        options: Inputs and options as they were chosen for all.
        rest_of: Id of the bulk this one takes up again, or `None`.
    """

    action: str
    hash: str
    items: tuple[PlannedItem, ...]
    flow: str | None = None
    step: str | None = None
    options: dict[str, str] = Field(default_factory=dict)
    rest_of: str | None = None

    @property
    def startable(self) -> int:
        """How many runs it would act on."""
        return sum(1 for item in self.items if item.plan.refused is None)

    @property
    def phrase(self) -> str:
        """What is typed to confirm it: the action and the number of runs."""
        return f"{self.action} {self.startable}"


class BulkItem(Model):
    """One run of a bulk as it stands.

    Attributes:
        index: Its place, from 0.
        run: Run id.
        run_key: Unique key of the run.
        plan_hash: Of its plan.
        job: Id of its job, or `None` where none was started.
        outcome: What became of it, for people.
    """

    index: int
    run: str
    run_key: str
    plan_hash: str = ""
    state: BulkItemState = BulkItemState.PENDING
    job: str | None = None
    outcome: str = ""


class Bulk(Model):
    """One execution of a bulk plan.

    Attributes:
        id: Name of its directory under `<state>/bulks`.
        actor: Who started it.
        plan_hash: Of the bulk plan.
        parallel: How many jobs at a time.
        stop_on_failure: Whether the first failure stops it.
        outcome: What became of it, for people.
        flow: Chosen for all, or `None`.
        step: Likewise.
        options: Inputs and options as they were chosen for all.
        rest_of: Id of the bulk this one takes up again, or `None`.
        items: In the order they are done.
    """

    id: str
    action: str
    actor: str = ""
    plan_hash: str = ""
    started_at: datetime
    ended_at: datetime | None = None
    parallel: int
    stop_on_failure: bool = False
    state: BulkState
    outcome: str = ""
    flow: str | None = None
    step: str | None = None
    options: dict[str, str] = Field(default_factory=dict)
    rest_of: str | None = None
    items: tuple[BulkItem, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many items are in which state, in the order of the states; those without any are left out."""
        found = Counter(item.state for item in self.items)
        return {state.value: found[state] for state in BulkItemState if found[state]}

    @property
    def rest(self) -> tuple[BulkItem, ...]:
        """The items that are neither done nor at work."""
        return tuple(item for item in self.items if item.state not in (BulkItemState.DONE, BulkItemState.RUNNING))
