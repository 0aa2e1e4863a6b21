"""What was observed of a run, as rules take it: a code, a place, evidence for and against."""

from dataclasses import dataclass

from cockpit.diagnosis.codes import Code
from cockpit.models.evidence import Evidence
from cockpit.models.run import Run


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that is so.

    Attributes:
        code: What.
        text: In a sentence, for `{text}` of a rule.
        evidence: What shows it.
        against: What speaks against it.
        flow: The flow it is about.
        step: The step it is about.
        name: A name it is about (a file, a command), for `{name}` of a rule.
    """

    code: Code
    text: str = ""
    evidence: tuple[Evidence, ...] = ()
    against: tuple[Evidence, ...] = ()
    flow: str | None = None
    step: str | None = None
    name: str = ""


def of_verdict(run: Run) -> list[Observation]:
    """What the verdict observed. Only the deciding reason is known to be about the step the run stands at."""
    found = []
    for place, reason in enumerate(run.reasons):
        if reason.code in _CODES:
            at = (run.flow, run.step) if place == 0 else (None, None)
            found.append(Observation(Code(reason.code), reason.text, reason.evidence, flow=at[0], step=at[1]))
    return found


_CODES = frozenset(Code)
