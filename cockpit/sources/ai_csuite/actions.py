"""What can be done to ai-csuite, and what it offers and must not be used (formats/ai-csuite.md 0, 2, 3 and 6).

Everything is a request to its server, because that is all it has. What is offered is what the recorded calls prove to
work, with what they prove it does not do among the warnings; what they prove to do harm, or to say that it did what it
did not, is listed as unavailable with the reason. The server writes `incidents/revert-<id>.json` and
`incidents/bisect-<id>.json` and nothing else of what seed 004 asks for: no rollback incident, no shadow diff, no ramp
report, no ADR.
"""

from collections.abc import Sequence

from cockpit.models.action import ActionSpec
from cockpit.sources.ai_csuite import actions_incident, actions_provider, actions_run, actions_service
from cockpit.sources.ai_csuite.actions_run import RunFacts, facts_of
from cockpit.sources.ai_csuite.queries import RunRows

__all__ = ["RunFacts", "of_run", "of_system"]


def of_run(rows: RunRows, code: str | None) -> Sequence[ActionSpec]:
    """The actions of a run.

    Args:
        rows: What the database says of it.
        code: Where the system's code lies, relative to the root, if a working tree belongs to the database.
    """
    facts = facts_of(rows, code)
    return _never_last(
        *actions_run.specs(facts),
        *actions_incident.specs(facts),
        *actions_service.of_run(facts),
        *actions_provider.specs(with_run=True),
        *actions_service.of_system(),
    )


def of_system() -> Sequence[ActionSpec]:
    """The actions of the self-work, which is no run: those on the system as a whole."""
    return _never_last(*actions_provider.specs(with_run=False), *actions_service.of_system())


def _never_last(*found: ActionSpec) -> tuple[ActionSpec, ...]:
    """What is listed only to say why it is not offered stands after what is."""
    return tuple(sorted(found, key=lambda spec: spec.request is None))
