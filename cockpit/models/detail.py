"""RunDetail: everything about one run, loaded for the run in scope only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.models.problem import Problem
from cockpit.models.records import (
    Artifact,
    Event,
    Handoff,
    PlannedStep,
    Receipt,
    RoutingEntry,
    RunRecord,
    Signal,
    StepFact,
)
from cockpit.models.run import RunRef


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class RunDetail:
    """The facts of one run as read from disk; says nothing about what they mean.

    Compared by identity: two reads of a run are two details. `routing` and `events` may be lazy sequences over a
    file of a million lines, which is why this is no pydantic model.

    Attributes:
        ref: Where the run lives.
        record: What it says about itself.
        plan: Steps it is expected to do, in order.
        steps: Steps it did, in order.
        receipts: All receipts, in order of their end.
        handoffs: All handoffs, drafts included.
        routing: Routing decisions, oldest first.
        events: Events, oldest first.
        signals: What speaks for itself, oldest first.
        artifacts: Every other file.
        problems: What could not be read.
        started_at: First sign of life.
        updated_at: Last sign of life (newest recorded time or file modification).
        fingerprint: Changes whenever anything on disk of this run changes.
        cache: The source's own memory for the next, incremental read.
    """

    ref: RunRef
    record: RunRecord
    plan: tuple[PlannedStep, ...] = ()
    steps: tuple[StepFact, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    handoffs: tuple[Handoff, ...] = ()
    routing: Sequence[RoutingEntry] = ()
    events: Sequence[Event] = ()
    signals: tuple[Signal, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    problems: tuple[Problem, ...] = ()
    started_at: datetime | None = None
    updated_at: datetime | None = None
    fingerprint: str = ""
    cache: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        # Textual writes down what every worker is given: all facts of a large run would take seconds.
        return f"RunDetail({self.ref.key!r})"
