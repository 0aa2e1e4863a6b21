"""How long things may take before silence means something."""

from cockpit.models.base import Model


class Limits(Model):
    """Limits the verdict is judged by.

    Attributes:
        stuck_after_s: Seconds of silence after which a run that should be moving is stuck. Nothing in a run's
            directory changes while a step runs, so this must exceed the longest a step may take; the documented hard
            limit of a step is 15 minutes (formats/flow-studio.md 6).
        normal: What is normal for the step in question, for people, where `stuck_after_s` rests on its own past
            (`cockpit.diagnosis.pace`); empty for the documented limits.
    """

    stuck_after_s: float = 900
    normal: str = ""
