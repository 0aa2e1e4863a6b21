"""Problems: what a reader could not read, and why. Readers return them instead of raising."""

from cockpit.models.base import Model


class Problem(Model):
    """One unreadable or contradictory piece of data.

    Attributes:
        path: POSIX path relative to the root.
        line: 1-based line, or `None` for the file as a whole.
        reason: Why it could not be read, for people.
        fatal: Whether the run's own record is lost by it (the run shows as unreadable if nothing else is left).
    """

    path: str
    line: int | None = None
    reason: str
    fatal: bool = False
