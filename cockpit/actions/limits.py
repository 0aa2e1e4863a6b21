"""How long jobs may take and how much they may write."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Limits of jobs.

    Attributes:
        grace_s: Seconds between SIGTERM and SIGKILL when a job is ended early; `None` for the default.
        timeout_s: Seconds after which a job is ended; `None` for never.
        timeouts: The same for single actions, by their ids; 0 for never.
        output_cap: Bytes of output kept; `None` for the default.
    """

    grace_s: float | None = None
    timeout_s: float | None = None
    timeouts: Mapping[str, float] = field(default_factory=dict)
    output_cap: int | None = None

    def of(self, action: str, timeout_s: float | None = None) -> dict[str, float]:
        """What holds for one job of an action; `timeout_s` (0 for never) wins over what is set here."""
        limit = self.timeouts.get(action, self.timeout_s) if timeout_s is None else timeout_s
        limits = {"grace_s": self.grace_s, "timeout_s": limit or None, "output_cap": self.output_cap}
        return {name: value for name, value in limits.items() if value is not None}
