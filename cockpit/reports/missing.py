"""What a report should hold and cannot: said in it, rather than left for the reader to notice."""

from typing import Any

from cockpit.incidents.runs import RunNow
from cockpit.models.incident import PinState
from cockpit.reports.evidence import Absent
from cockpit.reports.facts import MAX_ARTIFACTS
from cockpit.reports.gathered import Gathered


def missing(known: Gathered, facts: dict[str, Any], absent: tuple[Absent, ...] = ()) -> list[dict[str, str]]:
    """`{"what", "why"}` of everything that is missing, in a fixed order.

    Args:
        known: The incident.
        facts: Those of its report (`cockpit.reports.facts.report_facts`).
        absent: What could not be read.
    """
    found: list[tuple[str, str]] = []
    fields = facts["escalation"]
    if not known.situation.runs:
        found.append(("run id", "no run is attached to the incident"))
    for one in known.situation.runs:
        found += _of_run(one, fields, known)
    if fields["artifacts_total"] > len(fields["artifacts"]):
        more = fields["artifacts_total"] - len(fields["artifacts"])
        found.append(("artifacts", f"{more} more are not named: {MAX_ARTIFACTS} of a run are"))
    for pin, state in known.pins:
        if state is not PinState.SAME:
            place = pin.path if pin.line is None else f"{pin.path}:{pin.line}"
            found.append((f"pin {place}", f"is {state.value} since it was pinned"))
    found += [(each.what, each.why) for each in absent]
    return [{"what": what, "why": why} for what, why in dict.fromkeys(found)]


def _of_run(one: RunNow, fields: dict[str, Any], known: Gathered) -> list[tuple[str, str]]:
    name = one.link.id
    found: list[tuple[str, str]] = []
    if one.run is None or one.detail is None:
        return [(f"run {name}", "is no longer there")]
    mine = [command for command in known.commands if command.run == name]
    if not mine:
        found.append((f"command of {name}", "nothing recorded it: cockpit record --run, or an action, would have"))
    if not any(command.environment for command in mine):
        found.append((f"environment of {name}", "no record names the variables it ran with"))
    provider = next(each for each in fields["providers"] if each["run"] == name)
    if not (provider["backend"] or provider["modes"] or provider["models"]):
        found.append((f"provider mode of {name}", "no receipt and no record says it"))
    if one.was_failing and not any(each["run"] == name for each in fields["errors"]):
        found.append((f"error text of {name}", "nothing on disk holds one"))
    flow, step = one.link.flow, one.link.step
    if one.was_failing and step is not None:
        place = f"{flow}.{step}" if flow else step
        if not any((each.flow, each.step) == (flow, step) for each in one.detail.receipts):
            found.append((f"receipt of {place} in {name}", "there is none"))
        if not any((each.flow, each.step) == (flow, step) for each in one.detail.handoffs):
            found.append((f"handoff of {place} in {name}", "there is none"))
    found += [(f"{each.path}" + (f":{each.line}" if each.line else ""), each.reason) for each in one.detail.problems]
    return found
