"""The action catalogue of ai-csuite for tests: all of it by id, and one of it planned and carried out."""

from collections.abc import Sequence
from pathlib import Path

from cockpit.actions.http_call import Request
from cockpit.actions.requests import plan_request
from cockpit.models.action import ActionSpec
from cockpit.models.request import RequestExit
from cockpit.models.request import Service as Target
from cockpit.sources.ai_csuite import actions_incident, actions_provider, actions_run, actions_service
from cockpit.sources.ai_csuite.actions_run import RunFacts
from tests.service import Service

NO_RUN = RunFacts("succeeded", "release", 7, False, "delivery", "t", "p", "i", frozenset(), frozenset(), None)


def catalogue(facts: RunFacts = NO_RUN, *, with_run: bool = False) -> dict[str, ActionSpec]:
    """Every action, by id; those on providers as they are reached from the self-work unless a run is named."""
    groups: Sequence[Sequence[ActionSpec]] = (
        actions_run.specs(facts),
        actions_incident.specs(facts),
        actions_service.of_run(facts),
        actions_provider.specs(with_run=with_run),
        actions_service.of_system(),
    )
    found = [spec for group in groups for spec in group]
    assert len({spec.id for spec in found}) == len(found)
    return {spec.id: spec for spec in found}


def send(
    service: Service, folder: Path, spec: ActionSpec, run: str, options: dict[str, str] | None = None
) -> tuple[RequestExit, str]:
    """Plan and carry out an action; what must have been done before counts as done."""
    assert spec.request is not None
    defaults = {each.name: each.default for each in spec.inputs}
    values = {**defaults, **(options or {}), "run": run}
    made = plan_request(
        spec.request, values, spec.inputs, lambda _name: Target(name="ai-csuite", url=service.url), str(folder)
    )
    made = made.model_copy(update={"prior": ()})
    lines: list[str] = []
    return Request(made, folder, None, lines.append, wait=lambda _s: None).carry_out(), lines[-1]


def facts(status: str, last: str | None = None, *, item: str | None = "i", worn_out: bool = False) -> RunFacts:
    return RunFacts(
        status, last, 0 if last is None else 3, worn_out, "delivery", "t", "p", item, frozenset(), frozenset(), None
    )
