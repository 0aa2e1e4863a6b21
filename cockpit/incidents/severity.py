"""The severity decision tree of seed 002 as data, and the pure function that walks it with `y` and `n`."""

from dataclasses import dataclass

from cockpit.errors import UsageError
from cockpit.models.incident import Severity
from cockpit.sanitize import clean


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the tree.

    Attributes:
        id: Stable name.
        text: What is asked.
        yes: Id of the question that follows a yes, or the severity it leads to.
        no: Likewise for a no.
    """

    id: str
    text: str
    yes: "str | Severity"
    no: "str | Severity"


FIRST = "production"
"""Id of the question the tree starts with."""

QUESTIONS: dict[str, Question] = {
    question.id: question
    for question in (
        Question(FIRST, "Is production affected?", yes="loss", no="blocked"),
        Question("loss", "Is data lost or security compromised?", yes=Severity.SEV1, no=Severity.SEV2),
        Question("blocked", "Are users blocked?", yes=Severity.SEV2, no="correctness"),
        Question("correctness", "Is it affecting correctness?", yes=Severity.SEV3, no=Severity.SEV4),
    )
}


@dataclass(frozen=True, slots=True)
class Walk:
    """How far some answers lead.

    Attributes:
        answered: The questions answered, in order, each with whether the answer was yes.
        question: What is asked next; `None` where the tree has come to its end.
        severity: Where it ended, or `None` while there is a question.
    """

    answered: tuple[tuple[Question, bool], ...]
    question: Question | None
    severity: Severity | None

    @property
    def answers(self) -> str:
        """The answers again, as `yn`."""
        return "".join("y" if yes else "n" for _, yes in self.answered)


def walk(answers: str) -> Walk:
    """Go down the tree as far as the answers lead.

    Args:
        answers: One letter a question, `y` or `n` in either case; none yet is an empty text.

    Raises:
        UsageError: A letter is neither, or there are more letters than questions; the message names the question.
    """
    at: str | Severity = FIRST
    answered: list[tuple[Question, bool]] = []
    for place, letter in enumerate(answers.strip().casefold(), start=1):
        if isinstance(at, Severity):
            last = answered[-1][0]
            raise UsageError(
                f"the answers {clean(answers, 20)!r} are too many: after answer {place - 1} ({last.text} "
                f"{_word(answered[-1][1])}) it is {at.value} and nothing more is asked"
            )
        question = QUESTIONS[at]
        if letter not in "yn":
            raise UsageError(f"answer {place} is {clean(letter)!r}: write y or n ({question.text})")
        answered.append((question, letter == "y"))
        at = question.yes if letter == "y" else question.no
    if isinstance(at, Severity):
        return Walk(tuple(answered), None, at)
    return Walk(tuple(answered), QUESTIONS[at], None)


def decide(answers: str) -> Severity:
    """The severity that complete answers lead to.

    Raises:
        UsageError: As `walk`; or an answer is missing, and to which question.
    """
    done = walk(answers)
    if done.severity is None and done.question is not None:
        told = ", ".join(f"{question.text} {_word(yes)}" for question, yes in done.answered)
        so_far = f" (so far: {told})" if told else ""
        raise UsageError(f"answer {len(done.answered) + 1} is missing: {done.question.text}{so_far}")
    assert done.severity is not None  # noqa: S101 - a walk ends at a question or at a severity
    return done.severity


def read_severity(text: str) -> Severity:
    """A severity in any of the three schemes (`SEV2`, `P1`, `High`).

    Raises:
        UsageError: It names none.
    """
    severity = Severity.read(text)
    if severity is None:
        known = ", ".join(f"{each.value} ({each.priority}, {each.label})" for each in Severity)
        raise UsageError(f"no severity {clean(text, 40)!r}; there are: {known}")
    return severity


def _word(yes: bool) -> str:
    return "yes" if yes else "no"
