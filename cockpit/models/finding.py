"""Findings: what is probably wrong with a run, on what evidence, and what helps."""

from typing import Any

from pydantic import ConfigDict, Field

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence


class Suggestion(Model):
    """An action that fits a finding and really works on that system; flow and step where the action needs them."""

    action: str
    flow: str | None = None
    step: str | None = None


class Finding(Model):
    """One hypothesis about a run.

    Attributes:
        id: Id of the rule that made it, unique within a run's findings.
        title: What is probably wrong, one line.
        kind: `cause`, `contradiction`, `stuck`, `security`, `resource` or `note`.
        playbook: Playbook to work, or `None`.
        confidence: 0 to 1; findings are ranked by it.
        cause: Likely cause, one sentence.
        fix: What helps, one sentence.
        warning: A recipe that does harm here, or `None` (`formats/` tell of several).
        supporting: Evidence for it (`for` in the headless contract).
        against: Evidence against it.
        suggests: An action, or `None`.
        signature: Normalised failure signature it rests on, or `None`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    id: str
    title: str
    kind: str = "cause"
    playbook: str | None = None
    confidence: float
    cause: str
    fix: str
    warning: str | None = None
    supporting: tuple[Evidence, ...] = Field(default=(), alias="for")
    against: tuple[Evidence, ...] = ()
    suggests: Suggestion | None = None
    signature: str | None = None

    def document(self) -> dict[str, Any]:
        """As the headless contract prints it."""
        return self.model_dump(mode="json", by_alias=True)
