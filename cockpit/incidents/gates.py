"""The gates between the phases: what must hold before one may be left (seeds 002 and 004), as a table.

Each condition is a small pure predicate over a `Situation` (`cockpit.incidents.conditions`). Items are those of the
response protocol's checklist; a team that replaced the protocol with its own is not held to items that it dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cockpit.incidents import conditions as holds
from cockpit.incidents.conditions import Found
from cockpit.incidents.situation import Situation
from cockpit.models.incident import Gate, GateCondition, Phase


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a gate.

    Attributes:
        id: Stable name, `<phase>.<what>`.
        phase: The phase that may not be left without it.
        text: What must hold.
        holds: Judges it.
    """

    id: str
    phase: Phase
    text: str
    holds: Callable[[Situation], Found]


CONDITIONS: tuple[Condition, ...] = (
    Condition("detect.time", Phase.DETECT, "The moment of discovery is recorded", holds.discovered),
    Condition("detect.by", Phase.DETECT, "It is recorded who or what detected it", holds.detected_by),
    Condition("detect.symptoms", Phase.DETECT, "The first symptoms are recorded", holds.symptoms),
    Condition("contain.harm", Phase.CONTAIN, "The immediate harm is stopped", holds.item("contain-harm-stopped")),
    Condition("contain.scope", Phase.CONTAIN, "The scope of the impact is known", holds.scope),
    Condition("contain.told", Phase.CONTAIN, "Stakeholders are told (SEV1 and SEV2)", holds.stakeholders_told),
    Condition("contain.founder", Phase.CONTAIN, "L0 is told (High, Critical or repeated Medium)", holds.founder_told),
    Condition("contain.documented", Phase.CONTAIN, "What was done to contain it is written down", holds.containment),
    Condition("diagnose.cause", Phase.DIAGNOSE, "The root cause is named, or why it is not known", holds.root_cause),
    Condition("diagnose.evidence", Phase.DIAGNOSE, "Evidence of it is pinned", holds.evidence_pinned),
    Condition(
        "fix.cause", Phase.FIX, "The fix addresses the root cause, or it is written why not",
        holds.item("fix-root-cause"),
    ),
    Condition("fix.tested", Phase.FIX, "The fix was tested", holds.item("fix-tested")),
    Condition("fix.rollback", Phase.FIX, "There is a plan to roll it back", holds.item("fix-rollback-plan")),
    Condition("fix.documented", Phase.FIX, "The change is written down", holds.change_documented),
    Condition("fix.irreversible", Phase.FIX, "L0 was told of what cannot be taken back", holds.irreversible_told),
    Condition("verify.original", Phase.VERIFY, "The original failure does not come back", holds.failure_gone),
    Condition("verify.related", Phase.VERIFY, "What is related still works", holds.item("verify-related")),
    Condition("verify.evidence", Phase.VERIFY, "Evidence shows that the fix works", holds.fix_shown),
    Condition("verify.no-new", Phase.VERIFY, "Nothing new is broken", holds.nothing_new),
    Condition("document.sections", Phase.DOCUMENT, "The post-mortem has its texts (SEV1 and SEV2)", holds.sections),
    Condition(
        "document.tasks", Phase.DOCUMENT, "There are action items, owned, dated and verifiable (SEV1 and SEV2)",
        holds.action_items,
    ),
    Condition("document.irreversible", Phase.DOCUMENT, "L0 was told of what cannot be taken back",
              holds.irreversible_told),
)  # fmt: skip
"""Every condition, in the order of the phases."""


def gate(situation: Situation, phase: Phase | None = None) -> Gate:
    """The gate of a phase, as things stand.

    Args:
        situation: What it is judged on.
        phase: Which phase; the incident's own by default. `closed` has no gate and is always met.
    """
    which = phase if phase is not None else situation.incident.phase
    judged = tuple(_judge(one, situation) for one in CONDITIONS if one.phase is which)
    missing = tuple(f"{one.text}: {one.why}" for one in judged if not one.met)
    return Gate(incident=situation.incident.id, phase=which, met=not missing, conditions=judged, missing=missing)


def _judge(condition: Condition, situation: Situation) -> GateCondition:
    found = condition.holds(situation)
    return GateCondition(id=condition.id, text=condition.text, met=found.met, evidence=found.evidence, why=found.why)
