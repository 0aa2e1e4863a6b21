"""The scales of an incident: severities, phases, roles, levels of escalation and states (seeds 000, 002, 003, 004)."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is, worst first: SEV1 to SEV4 of seed 002, P0 to P3 and Critical to Low of seed 003."""

    SEV1 = "SEV1"
    """Production down, data lost, security breached."""
    SEV2 = "SEV2"
    """Service degraded, deployments blocked."""
    SEV3 = "SEV3"
    """A bug that affects users, failed runs."""
    SEV4 = "SEV4"
    """Minor or cosmetic."""

    @property
    def rank(self) -> int:
        """1 for the worst, 4 for the least."""
        return int(self.value[-1])

    @property
    def priority(self) -> str:
        """The same in seed 003's scheme: `P0` to `P3`."""
        return f"P{self.rank - 1}"

    @property
    def label(self) -> str:
        """The same in words: `Critical`, `High`, `Medium`, `Low`."""
        return _LABELS[self.rank - 1]

    @property
    def response_time(self) -> str:
        """How soon it has to be answered, in the words of seed 002; the clocks are in `cockpit.incidents.clocks`."""
        return _RESPONSE[self.rank - 1]

    def worse_than(self, other: "Severity") -> bool:
        """Whether this one is the more severe."""
        return self.rank < other.rank

    @classmethod
    def read(cls, text: str) -> "Severity | None":
        """`SEV2`, `sev-2`, `P1` or `High` as a severity, in any case; `None` where it names none."""
        word = text.strip().casefold().replace("-", "").replace(" ", "")
        for severity in cls:
            if word in (severity.value.casefold(), severity.priority.casefold(), severity.label.casefold()):
                return severity
        return None


_LABELS = ("Critical", "High", "Medium", "Low")
_RESPONSE = ("immediate", "same day", "next business day", "normal backlog")


class Phase(StrEnum):
    """The six phases of the response protocol in their order (seed 002), and the end."""

    DETECT = "detect"
    CONTAIN = "contain"
    DIAGNOSE = "diagnose"
    FIX = "fix"
    VERIFY = "verify"
    DOCUMENT = "document"
    CLOSED = "closed"

    @property
    def place(self) -> int:
        """0 for the first phase."""
        return list(Phase).index(self)

    @property
    def next(self) -> "Phase":
        """The phase after this one; `closed` stays."""
        phases = list(Phase)
        return phases[min(self.place + 1, len(phases) - 1)]


class IncidentStatus(StrEnum):
    """Whether it is worked on."""

    OPEN = "open"
    REOPENED = "reopened"
    """Open again after it was closed."""
    CLOSED = "closed"


class Role(StrEnum):
    """Who does what while it lasts (seed 002, "Who was involved")."""

    COMMANDER = "incident-commander"
    """Decides and delegates. Handed over from person to person, never just taken."""
    LEAD = "technical-lead"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"
    RESPONDER = "responder"
    """Anyone else who helps; several people may be it."""


class Level(StrEnum):
    """Levels of the escalation ladder: L1 to L4 of seed 003, L0 (the founder) of seed 004."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"


class TaskStatus(StrEnum):
    """States of an action item (seed 000, "Action item template")."""

    PENDING = "pending"
    IN_PROGRESS = "in-progress"
    COMPLETE = "complete"


class PinState(StrEnum):
    """How a pinned place is now."""

    SAME = "same"
    CHANGED = "changed"
    """Other bytes are there than were pinned."""
    MISSING = "missing"
