"""Evidence: the place a statement rests on, and how much such a place is worth."""

from enum import StrEnum

from cockpit.models.base import Model


class Rank(StrEnum):
    """Kinds of evidence, strongest first (design, principle 1: physics before narrative)."""

    PHYSICS = "physics"
    """Exit codes, file states and times, processes, git."""
    RECEIPT = "receipt"
    """Records written by the machinery about a step: receipts, its event log."""
    ARTIFACT = "artifact"
    """Files a step produced."""
    NARRATIVE = "narrative"
    """What an agent or a status file claims."""


class Evidence(Model):
    """A quoted place.

    Attributes:
        rank: How strong this kind of evidence is.
        path: POSIX path relative to the root.
        line: 1-based line, or `None` for the file as a whole.
        quote: The words found there, unsanitised; presenters clean them.
    """

    rank: Rank
    path: str
    line: int | None = None
    quote: str = ""
