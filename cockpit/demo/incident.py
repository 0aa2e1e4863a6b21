"""The open incident of a demo workspace: declared, and half worked, by an operator of the demo's own.

It goes the way a person would: through the desk and the checklist, as of moments before now, so that a newcomer sees a
tile with its clock, a checklist with ticks, a gate with what is missing and a timeline that wrote itself.
"""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.checking import Checklists
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import records
from cockpit.models.incident import Phase, Role
from cockpit.models.journal import Actor
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings

OPERATOR = "demo"
"""Who is on call in a demo workspace."""
_TITLE = "Builds fail: httpx_retry cannot be imported"
_FINDING = "missing-module"
_TICKED = {
    10: {
        "detect-source": "a failed run",
        "detect-time": "when the board turned red",
        "detect-by": "the board",
        "detect-symptoms": "ModuleNotFoundError in build.implement",
        "detect-severity": "users wait for their builds, production is fine",
    },
    7: {"contain-action": "hold back what builds on it", "contain-harm-stopped": "the branch is held back"},
}
"""Minutes before now: items of the response protocol, each with its note."""


def work_incident(root: Path, made: Mapping[str, str], now: datetime, state_dir: Path | None = None) -> str:
    """Declare and work an incident about the runs that lack a module; its id.

    Args:
        root: The workspace, resolved.
        made: Label of each of its runs -> run id (`cockpit.demo.workspace.write_history`).
        now: The moment the history ends at; everything is recorded as of minutes before.
        state_dir: Where its state is kept, where that is not in the workspace.

    Raises:
        CockpitError: It could not be recorded.
    """
    moment = now

    def clock() -> datetime:
        return moment

    def ago(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    with closing(Session(Settings(), [RootSettings(path=root)], clock, state_dir=state_dir)) as session:
        session.actor = Actor(user=OPERATOR, real_user=OPERATOR)
        lists, desk = Checklists(session), IncidentIndex(session).desk(root)
        moment = ago(11)
        session.load()
        first, masked = session.find(made["failed-import"]), session.find(made["masked"])
        finding = next((one for one in session.findings(first, session.detail(first)) if one.id == _FINDING), None)
        name = desk.declare(
            _TITLE, answers="ny", runs=[first], finding=finding, detected_at=ago(11.5), detection="a failed run"
        ).id

        def tick(minutes: int) -> None:
            for item, note in _TICKED[minutes].items():
                lists.tick(lists.find(name), item, note=note)

        moment = ago(10)
        desk.assign(name, Role.COMMANDER, OPERATOR)
        tick(10)
        moment = ago(8)
        desk.move(name, Phase.CONTAIN)
        desk.pin(name, f"{first.ref.path}/build/receipts/implement-code-implementer.json", "the error")
        moment = ago(7)
        tick(7)
        desk.amend(
            name,
            lambda one: records.decision(
                one, "Hold back branches that import httpx_retry", "nothing else depends on them",
                "install it by hand on every worker",
            ),
        )  # fmt: skip
        moment = ago(5)
        desk.attach(name, masked)
        desk.amend(
            name,
            lambda one: records.task(
                one, "Compare imports with the requirements before a flow starts", owner="platform",
                deadline=now + timedelta(days=2), verification="a run without its module fails in its first step",
            ),
        )  # fmt: skip
        moment = ago(3)
        text = "Two runs lack the module httpx_retry, one of them behind a green record. No other run does."
        desk.amend(name, lambda one: records.update(one, text, now + timedelta(minutes=17)))
    return name
