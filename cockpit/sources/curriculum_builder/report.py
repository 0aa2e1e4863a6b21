"""outputs/reviews/validation_report.md: verdict, counts, and failures by class (formats/curriculum-builder.md 1).

The report carries no rule ids, so the class of a failure is told from its words.
"""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

MAX_REPORT = 4 * 1024 * 1024
MAX_ERRORS = 500

_VERDICT = re.compile(r"- Verdict: \**(\w+)\**\s*$")
_COUNTS = re.compile(r"Total: (\d{1,9}) passed, (\d{1,9}) warnings?, (\d{1,9}) failed")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b(?::.*)?$")
_CLASSES = (
    ("evidence", re.compile(r"evidence requires|missing citation|strict mode|open_questions", re.I)),
    (
        "dag",
        re.compile(
            r"does not exist|self-dependency|exceeds max|circular dependency|no root nodes|unreachable|node count"
            r"|derived_total_hours|no learning progression|graph depth",
            re.I,
        ),
    ),
    (
        "quality",
        re.compile(
            r"core_ideas should|pitfalls should|mastery_check\S* (?:too short|should)|hidden-prerequisite", re.I
        ),
    ),
    (
        "schema",
        re.compile(
            r"curriculum file not found|invalid curriculum json|must be|must not|top-level keys|missing fields"
            r"|unexpected fields|duplicate node|topic_spec contract",
            re.I,
        ),
    ),
)
CLASSES = ("schema", "dag", "evidence", "quality", "other")
"""The kinds of rules, in the order they are checked; `other` is what no known text tells."""
_NAMES = {"dag": "DAG"}


class Failure(NamedTuple):
    """One line of the report: its number (from 1), its class, its words."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation report says.

    Attributes:
        verdict: `PASS`, `FAIL`, or `None` where there is none to be found.
        verdict_line: Line of it, from 1.
        verdict_text: That line.
        passed: Rules that passed, `None` where the report breaks off before its total.
        warned: Warnings.
        failed: Rules that failed.
        errors: The failures, at most `MAX_ERRORS`.
        crash: The last line of the validator's own traceback, if it died.
        crash_line: Line of that.
    """

    verdict: str | None = None
    verdict_line: int | None = None
    verdict_text: str = ""
    passed: int | None = None
    warned: int | None = None
    failed: int | None = None
    errors: tuple[Failure, ...] = ()
    crash: str | None = None
    crash_line: int | None = None

    def by_class(self) -> dict[str, list[Failure]]:
        """Failures by class, in the order the rules are checked; classes without any left out."""
        found = {kind: [one for one in self.errors if one.kind == kind] for kind in CLASSES}
        return {kind: of for kind, of in found.items() if of}

    def error(self) -> str | None:
        """What failed: one telling line, then one a failure; `None` for a report that does not say FAIL."""
        if self.verdict == "PASS" or self.verdict is None:
            return None
        if self.crash is not None:
            return f"the validator crashed: {self.crash}"
        if not self.errors:
            return "the report names no failure"
        kinds = ", ".join(f"{len(of)} {class_name(kind)}" for kind, of in self.by_class().items())
        checks = "check" if len(self.errors) == 1 else "checks"
        first = f"{len(self.errors)} {checks} failed ({kinds}): {self.errors[0].text}"
        return "\n".join((first, *(one.text for one in self.errors[1:])))

    def measures(self) -> dict[str, Any]:
        """For the receipt of the validation."""
        return {
            "validation": {
                "verdict": self.verdict,
                "passed": self.passed,
                "warnings": self.warned,
                "failed": self.failed if self.failed is not None else len(self.errors) or None,
                "classes": {kind: len(of) for kind, of in self.by_class().items()},
                "errors": [f"{class_name(one.kind)}: {one.text}" for one in self.errors],
            }
        }


def class_name(kind: str) -> str:
    """A class as people spell it."""
    return _NAMES.get(kind, kind)


def classify(message: str) -> str:
    """The class of a failure, one of `CLASSES`, by the words of its message."""
    return next((kind for kind, pattern in _CLASSES if pattern.search(message)), "other")


def parse(text: str) -> Report:
    """Read a report, whole or broken off."""
    verdict: tuple[str | None, int | None, str] = (None, None, "")
    counts: tuple[int | None, int | None, int | None] = (None, None, None)
    errors: list[Failure] = []
    crash: tuple[str | None, int | None] = (None, None)
    in_stderr = False
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if verdict[0] is None and (found := _VERDICT.match(stripped)):
            verdict = found[1].upper(), number, stripped
        elif line.startswith("  ERR "):
            if len(errors) < MAX_ERRORS:
                said = line[6:].strip()[:1_000]
                errors.append(Failure(number, classify(said), said))
        elif found := _COUNTS.match(stripped):
            counts = int(found[1]), int(found[2]), int(found[3])
        elif stripped == "stderr:":
            in_stderr = True
        elif in_stderr and line[:1].isalpha() and _EXCEPTION.match(stripped):
            crash = stripped[:1_000], number
    return Report(*verdict, *counts, tuple(errors), *crash)
