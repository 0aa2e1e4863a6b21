"""What a severe incident changes in how its runs are acted on."""

from collections.abc import Iterable

from cockpit.actions.plan import sealed
from cockpit.models.action import Confirm, Plan
from cockpit.models.incident import Incident, Severity


def cautious(plan: Plan, incidents: Iterable[Incident]) -> Plan:
    """The plan, confirmed by typing the run's id where an open SEV1 incident has the run; it says why.

    Args:
        plan: As the action makes it.
        incidents: Those that may have the run.
    """
    severe = [each for each in incidents if each.is_open and each.severity is Severity.SEV1]
    mine = next((each for each in severe if plan.run_key in each.run_keys), None)
    if mine is None:
        return plan
    told = f"{mine.id} is an open SEV1 incident with this run: type the run's id to confirm"
    return sealed(plan.model_copy(update={"confirm": Confirm.TYPED, "warnings": (*plan.warnings, told)}))
