"""What the panes speak of: the run under the cursor, its facts, and the step the operator looks at.

Facts are loaded in a thread; each answer carries the key it was asked for, so an answer for another run is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.run import Run


@dataclass(frozen=True, eq=False, slots=True)
class RunScope:
    """The run in scope.

    Attributes:
        key: Its key, or `None` where there is no run.
        run: Its summary.
        detail: Its facts, once they are read.
        step: The step the operator points at (flow, step); `None` means the one that matters now.
        anchored: Whether the panes keep this run while the cursor moves on.
        findings: What is probably wrong with it, best first; `None` until that has been looked into.
        offers: Its actions with the reason why not; `None` until they are known.
    """

    key: str | None = None
    run: Run | None = None
    detail: RunDetail | None = None
    step: tuple[str, str] | None = None
    anchored: bool = False
    findings: tuple[Finding, ...] | None = None
    offers: Mapping[str, str | None] | None = None

    @property
    def flow_and_step(self) -> tuple[str | None, str | None]:
        """The step an action would be about."""
        if self.step is not None:
            return self.step
        return (self.run.flow, self.run.step) if self.run else (None, None)

    def to(self, run: Run | None) -> "RunScope":
        """The scope on another run; facts and step of the one before are gone."""
        return RunScope(key=run.key if run else None, run=run, anchored=self.anchored)

    def refreshed(self, run: Run) -> "RunScope":
        """The same run with a newer summary."""
        return replace(self, run=run)

    def loaded(self, detail: RunDetail) -> "RunScope":
        """The same run with its facts."""
        return replace(self, detail=detail)

    def at_step(self, step: tuple[str, str] | None) -> "RunScope":
        """The same run, looking at another step."""
        return replace(self, step=step)

    def anchor(self, on: bool) -> "RunScope":
        """The same run, kept or let go."""
        return replace(self, anchored=on)

    def diagnosed(self, findings: tuple[Finding, ...], offers: Mapping[str, str | None] | None) -> "RunScope":
        """The same run with what was found, and what can be done."""
        return replace(self, findings=findings, offers=offers)
