"""What is normal for a step: its own past durations where there are enough, else the documented limits."""

from collections.abc import Sequence

from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.parts import span
from cockpit.models.base import Model

FEWEST = 3
"""Past durations from which on they mean something."""
FLOOR_S = 330.0
"""Silence shorter than this never means stuck: a step may wait for its engine's own limit of 300 s, and then writes
(formats/flow-studio.md 6)."""
TIMES = 3.0
"""A step that takes this many times as long as nearly all before it is stuck rather than slow."""
SOFT = 2 / 3
"""Default limit of a step against its hard limit where nothing is known: 10 of 15 minutes (formats/flow-studio.md 6).
"""


class Pace(Model):
    """How long a step takes. Seconds.

    Attributes:
        expected_s: Half of the past ones took no longer; `None` where too few are known.
        p95_s: 95 of 100 took no longer; `None` where too few are known.
        slow_after_s: From here on it is slow.
        stuck_after_s: From here on silence means stuck, unless a process is seen to work.
        busy_until_s: From here on not even that helps: the hard limit of a whole flow.
        samples: Past durations this rests on; 0 means the documented limits.
    """

    expected_s: float | None = None
    p95_s: float | None = None
    slow_after_s: float
    stuck_after_s: float
    busy_until_s: float
    samples: int = 0

    @property
    def basis(self) -> str:
        """What it rests on, for people."""
        if self.expected_s is None or self.p95_s is None:
            return f"no past durations of this step; the limit is {span(self.stuck_after_s)}"
        usual = f"usually {_short(self.expected_s)}, nearly always within {_short(self.p95_s)}"
        return f"{usual}, by {self.samples} past ones"

    def limits(self, limits: Limits) -> Limits:
        """The limits with this step's own moment of stuck."""
        if self.expected_s is None or self.p95_s is None:
            return limits
        return limits.model_copy(update={"stuck_after_s": self.stuck_after_s, "normal": self.basis})


def pace_of(durations: Sequence[float], limits: Limits) -> Pace:
    """What is normal, from past durations in seconds; those that make no sense are left out.

    Slow becomes stuck at three times the 95th percentile, never before `FLOOR_S` and never after the documented hard
    limit (`limits.stuck_after_s`).
    """
    hard = float(limits.stuck_after_s)
    known = sorted(value for value in durations if 0 <= value < float("inf"))
    if len(known) < FEWEST:
        return Pace(slow_after_s=hard * SOFT, stuck_after_s=hard, busy_until_s=3 * hard)
    expected, p95 = percentile(known, 0.5), percentile(known, 0.95)
    stuck = min(max(FLOOR_S, TIMES * p95), hard)
    return Pace(
        expected_s=expected,
        p95_s=p95,
        slow_after_s=min(p95, stuck),
        stuck_after_s=stuck,
        busy_until_s=3 * hard,
        samples=len(known),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the ascending values lie, linearly between two of them."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _short(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else span(round(seconds))
