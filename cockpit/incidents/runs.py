"""The runs of an incident: as they were when they were attached, as they are now, and what proves their recovery.

Pure functions of facts that were read before; the failing step's newer success is looked for in the run itself and in
the incident's other runs, since a fix is often proven under a new run id (seed 000, "Verification after fix").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cockpit.clock import iso
from cockpit.diagnosis.parts import clock, fact, where
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.incident import RunLink
from cockpit.models.records import StepFact, StepStatus
from cockpit.models.run import ATTENTION, Run, RunState

_STUB = "stub"


@dataclass(frozen=True, slots=True)
class RunNow:
    """A run of an incident as it is now.

    Attributes:
        link: As it was attached.
        run: Its verdict now; `None` where it is no longer there.
        detail: Its facts; `None` where it is no longer there.
    """

    link: RunLink
    run: Run | None = None
    detail: RunDetail | None = None

    @property
    def was_failing(self) -> bool:
        """Whether something was wrong with it when it was attached, so that it must do better before the end."""
        return self.link.state in ATTENTION

    @property
    def is_failing(self) -> bool:
        """Whether something is wrong with it now."""
        return self.run is not None and (self.run.state in ATTENTION or self.run.contradicted)


@dataclass(frozen=True, slots=True)
class Proof:
    """That what failed works again: when that was, in one sentence, and what shows it."""

    at: datetime
    text: str
    evidence: tuple[Evidence, ...] = ()


def attachment(run: Run, detail: RunDetail | None) -> dict[str, Any]:
    """What the journal keeps of a run when it is attached to an incident.

    Args:
        run: Its verdict now.
        detail: Its facts, which tell when it began to fail.
    """
    reason = run.reasons[0] if run.reasons else None
    return {
        "run": run.id,
        "run_key": run.key,
        "state": run.state.value,
        "flow": run.flow,
        "step": run.step,
        "signature": run.signature,
        "why": reason.text if reason else None,
        "evidence": [each.model_dump(mode="json") for each in reason.evidence] if reason else [],
        "failed_at": iso(failed_at(run, detail)),
    }


def failed_at(run: Run, detail: RunDetail | None) -> datetime | None:
    """When the first evidence of what is wrong with a run was written; `None` where nothing is, or nothing tells.

    The end of the step it fails at; else the first end of a step that went badly; else its last sign of life, from
    which silence is counted.
    """
    if run.state not in ATTENTION and not run.contradicted:
        return None
    if detail is not None:
        deciding = fact(detail, run.flow, run.step)
        if deciding is not None and deciding.status.bad and deciding.ended_at is not None:
            return deciding.ended_at
        ends = [one.ended_at for one in detail.steps if one.status.bad and one.ended_at is not None]
        told = [signal.at for signal in detail.signals if signal.at is not None] if not ends else []
        if ends or told:
            return min(ends or told)
    return run.updated_at


def recovered(one: RunNow, others: Sequence[RunNow]) -> Proof | None:
    """The newer success of what failed in a run, or `None` while there is none.

    Args:
        one: A run that was failing when it was attached.
        others: The incident's runs, among which may be the one that repeats it.
    """
    since = one.link.failed_at or one.link.at
    return _of_itself(one, since) or next(
        (proof for other in others if other.link.key != one.link.key and (proof := _of_another(one, other, since))),
        None,
    )


def _of_itself(one: RunNow, since: datetime) -> Proof | None:
    if one.run is None or _still_failing(one, one.run):
        return None
    step = _newer_success(one.detail, one.link.flow, one.link.step, since)
    if step is not None:
        return _step_proof(one.run, step)
    if one.run.state is RunState.SUCCEEDED and not one.run.contradicted:
        at = one.run.updated_at
        if at is not None and at > since:
            return _run_proof(one.run, at)
    return None


def _still_failing(one: RunNow, run: Run) -> bool:
    """Whether the verdict of now says that the very step is bad: a receipt that claims success proves nothing then.

    A verdict that rests on nothing but the run's own words is what a newer receipt outweighs.
    """
    if not one.is_failing or (run.flow, run.step) != (one.link.flow, one.link.step):
        return False
    shown = run.reasons[0].evidence if run.reasons else ()
    return not shown or any(each.rank is not Rank.NARRATIVE for each in shown)


def _of_another(one: RunNow, other: RunNow, since: datetime) -> Proof | None:
    """Another run of the same system that did the same later, from its beginning, and is well."""
    run = other.run
    if run is None or other.is_failing or one.link.key.partition(":")[0] != run.ref.source:
        return None
    if run.started_at is None or run.started_at <= since:
        return None
    if one.link.step is not None:
        step = _newer_success(other.detail, one.link.flow, one.link.step, since)
        return None if step is None else _step_proof(run, step)
    if run.state is RunState.SUCCEEDED and not run.contradicted:
        return _run_proof(run, run.updated_at or run.started_at)
    return None


def _newer_success(detail: RunDetail | None, flow: str | None, step: str | None, since: datetime) -> StepFact | None:
    """The step as it succeeded after `since`; a stub's success proves nothing."""
    found = fact(detail, flow, step) if detail is not None and step is not None else None
    if found is None or detail is None or found.status is not StepStatus.SUCCEEDED:
        return None
    if found.ended_at is None or found.ended_at <= since:
        return None
    newest = [one for one in detail.receipts if (one.flow, one.step) == (flow, step)][-1:]
    return None if any((one.mode or "").lower() == _STUB for one in newest) else found


def _step_proof(run: Run, step: StepFact) -> Proof:
    assert step.ended_at is not None  # noqa: S101 - `_newer_success` looks for a later end
    place = where(step.flow, step.step)
    evidence = (step.evidence,) if step.evidence is not None else ()
    return Proof(step.ended_at, f"{place} of {run.id} succeeded at {clock(step.ended_at)}", evidence)


def _run_proof(run: Run, at: datetime) -> Proof:
    evidence = run.reasons[0].evidence if run.reasons else ()
    shown = evidence or (Evidence(rank=Rank.PHYSICS, path=run.ref.path),)
    return Proof(at, f"{run.id} succeeded at {clock(at)}", shown)
