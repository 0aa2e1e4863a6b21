"""Whether what a plan was made from is still so, and what of it is not."""

from collections.abc import Callable
from pathlib import Path

from cockpit.actions.basis import basis_of, changes
from cockpit.actions.catalogue import RESTORE, archive_basis, archive_fingerprint
from cockpit.errors import Change
from cockpit.models.action import Plan
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunRef
from cockpit.sources.base import Source

SourceOf = Callable[[RunRef], Source]
Judge = Callable[[RunDetail], Run]


def fingerprint_of(plan: Plan, ref: RunRef, source_of: SourceOf) -> str:
    """The fingerprint of what a plan is about, as it is now: of the run, or of the archive it comes from."""
    if plan.action == RESTORE.id:
        return archive_fingerprint(_archive(plan))
    return source_of(ref).fingerprint(ref)


def what_moved(
    plan: Plan, ref: RunRef, source_of: SourceOf, judge: Callable[[RunDetail], Run] | None
) -> tuple[Change, ...]:
    """What of the plan's basis is another one now. Reads the run again.

    Args:
        plan: As it was made.
        ref: Its run.
        source_of: Finds what reads that; an archive needs nobody.
        judge: The verdict on facts; without one the verdict of then has nothing to be compared with.
    """
    fingerprint = fingerprint_of(plan, ref, source_of)
    if plan.action == RESTORE.id:
        return changes(plan.basis, archive_basis(_archive(plan), fingerprint))
    detail = source_of(ref).detail(ref)
    now = basis_of(judge(detail) if judge else None, detail, fingerprint)
    before = {name: fact for name, fact in plan.basis.items() if judge or name in now}
    return changes(before, now)


def _archive(plan: Plan) -> Path:
    return Path(plan.options.get("archive", ""))
