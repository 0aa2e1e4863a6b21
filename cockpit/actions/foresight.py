"""What is known of a plan besides its templates: by the cockpit's own job it runs, and by the source it is of.

Each module of an own job knows what it would do, from the same code that does it; a source names it as it names any
other program, because sources lie below actions. A source may look at a plan of its own once everything is chosen.
"""

import importlib
from typing import Any

from cockpit.actions.own_job import Foresight
from cockpit.actions.plan import sealed
from cockpit.errors import CockpitError
from cockpit.models.action import Plan
from cockpit.models.run import RunRef
from cockpit.sanitize import clean
from cockpit.sources.base import Reviewer, Source

OWN = frozenset(f"cockpit.actions.{name}_job" for name in ("fresh", "provider", "snapshot", "stop"))
"""Modules that can tell beforehand what they would do."""


def foreseen(plan: Plan) -> Plan:
    """The plan with what its own job would do now; refused where that job would refuse. Reads the disk.

    Plans of other commands are returned as they are.
    """
    module = _module(plan)
    if module is None or plan.argv is None:
        return plan
    loaded: Any = importlib.import_module(module)
    try:
        found: Foresight = loaded.foresee(list(plan.argv[4:]))
    except CockpitError as error:
        return sealed(plan.model_copy(update={"refused": clean(error), "argv": None}))
    changes = {"effects": (*found.effects, *plan.effects), "warnings": (*found.warnings, *plan.warnings)}
    return sealed(plan.model_copy(update=changes))


def reviewed(plan: Plan, source: Source, ref: RunRef) -> Plan:
    """The plan with what its source has to say of what was chosen; refused where that cannot work."""
    if plan.refused is not None or not isinstance(source, Reviewer):
        return plan
    found = source.review(ref, plan)
    if found.refused is not None:
        return sealed(plan.model_copy(update={"refused": clean(found.refused), "argv": None, "request": None}))
    changes = {"warnings": (*found.warnings, *plan.warnings), "env": {**plan.env, **found.env}}
    return sealed(plan.model_copy(update=changes))


def _module(plan: Plan) -> str | None:
    """The own job that a plan runs, or `None`."""
    if plan.refused is not None or plan.argv is None or plan.argv[1:3] != ("-P", "-m") or len(plan.argv) < 4:
        return None
    return plan.argv[3] if plan.argv[3] in OWN else None
