"""The two things the system writes about its own work: how it generated, and what its validator found."""

from collections.abc import Mapping
from typing import Any

from cockpit.models.records import Receipt, StepStatus
from cockpit.sources.curriculum_builder import trace
from cockpit.sources.curriculum_builder.facts import Known
from cockpit.sources.curriculum_builder.layout import CURRICULUM, DIFF, FLOW, PLAN, PREVIOUS, REPORT, TRACE
from cockpit.sources.curriculum_builder.report import Report
from cockpit.sources.fields import Obj, items, number, obj

_BY_VERDICT = {"PASS": StepStatus.SUCCEEDED, "FAIL": StepStatus.FAILED}


def receipts(known: Known, made: Obj, objects: Mapping[str, Obj]) -> tuple[Receipt, ...]:
    """The generation and the validation as receipts, in that order.

    Args:
        known: Everything that was read.
        made: The optimisation trace, empty where there is none.
        objects: JSON of the outputs, by path relative to the run.
    """
    found = []
    if made and TRACE in known.files:
        at = known.files[TRACE].modified_at
        began = None if known.staging.regenerating else known.at(PREVIOUS)
        found.append(trace.receipt(made, known.path(TRACE), at, began, _summary(objects)))
    if known.report is not None:
        found.append(_validation(known, known.report))
    return tuple(found)


def _validation(known: Known, report: Report) -> Receipt:
    written = known.at(REPORT)
    return Receipt(
        flow=FLOW,
        step="validate",
        status=_BY_VERDICT.get(report.verdict or "", StepStatus.UNKNOWN),
        raw_status=report.verdict,
        ended_at=written,
        error=report.error(),
        measures=report.measures(),
        path=known.path(REPORT),
        modified_at=written,
    )


def _summary(objects: Mapping[str, Obj]) -> dict[str, Any]:
    """What the curriculum, its plan and its difference from the previous one hold, in numbers."""
    curriculum, plan, diff = (objects.get(rel, {}) for rel in (CURRICULUM, PLAN, DIFF))
    nodes = items(curriculum.get("nodes"), 100_000)
    minutes = sum(number(obj(node).get("estimate_minutes")) or 0.0 for node in nodes)
    found = {
        "nodes": len(nodes) or None,
        "minutes": minutes or None,
        "weeks": number(plan.get("duration_weeks")),
        "added": len(items(diff.get("added_nodes"), 100_000)) if diff else None,
        "removed": len(items(diff.get("removed_nodes"), 100_000)) if diff else None,
        "changed": len(items(diff.get("changed_nodes"), 100_000)) if diff else None,
    }
    return {key: value for key, value in found.items() if value is not None}
