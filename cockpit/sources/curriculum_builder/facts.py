"""From what the files say to steps and signals: the system keeps no record of either (formats/curriculum-builder.md 1).

A step is done when its file is there and no file it speaks of is newer. A report that says PASS over a curriculum
changed since proves nothing about that curriculum: the step is then `unknown`, and a signal names both files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import PlannedStep, StepFact, StepStatus
from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder.layout import CURRICULUM, DIFF, FLOW, PLAN, PREVIOUS, REPORT, SPEC
from cockpit.sources.curriculum_builder.report import Report
from cockpit.sources.curriculum_builder.stage import LAST, STEPS, Staging, Stale
from cockpit.sources.curriculum_builder.timeline import StageReader
from cockpit.sources.curriculum_builder.topic_spec import MAX_ERRORS, SpecFault
from cockpit.sources.fields import SHORT
from cockpit.sources.paths import in_root
from cockpit.sources.tree import FileEntry

PLANNED = tuple(PlannedStep(flow=FLOW, step=step) for step in STEPS)
SHOWN_ERRORS = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of a run, ready to be judged.

    Attributes:
        ref: The run.
        files: Its ordinary files, by path relative to the run.
        staging: The stage its files show.
        spec: Breaches of the topic specification's contract.
        report: The validation report, or `None`.
        timeline: What the event log says.
        agent: The provider that generated the curriculum, where the trace tells.
        unreadable: Why an output that is there holds nothing, by its path.
    """

    ref: RunRef
    files: Mapping[str, FileEntry]
    staging: Staging
    spec: tuple[SpecFault, ...]
    report: Report | None
    timeline: StageReader
    agent: str | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def at(self, rel: str) -> datetime | None:
        """When a file was last written."""
        entry = self.files.get(rel)
        return None if entry is None else entry.modified_at

    def path(self, rel: str) -> str:
        """A path as evidence spells it."""
        return in_root(self.ref, rel)

    @property
    def ended(self) -> bool:
        """Whether the pipeline came to its end at least once."""
        return self.timeline.ended_line is not None or self.staging.stage == LAST

    @property
    def stale_report(self) -> Stale | None:
        """The report, if it says PASS over something that changed since."""
        if self.report is None or self.report.verdict != "PASS":
            return None
        return next((one for one in self.staging.stale if one.step == "validate"), None)


def steps(known: Known) -> tuple[StepFact, ...]:
    """The steps that left a trace, in order."""
    validation = _validate(known)
    generation = _generate(known)
    # A validator that met the broken file says so itself, and is the one to be asked.
    if generation is not None and (validation is None or validation.status is not StepStatus.FAILED):
        generation = _readable(known, generation, CURRICULUM)
    plan, difference = _file(known, "plan", PLAN, 4), _file(known, "iterate", DIFF, 5)
    found = (_spec(known), generation, validation, plan, difference)
    return tuple(one for one in found if one is not None)


def _readable(known: Known, fact: StepFact, rel: str) -> StepFact:
    """The step, failed where what it wrote cannot be read."""
    reason = known.unreadable.get(rel)
    if reason is None or fact.status is not StepStatus.SUCCEEDED:
        return fact
    error = f"{rel} cannot be read: {reason}"
    evidence = Evidence(rank=Rank.PHYSICS, path=known.path(rel), quote=reason[:SHORT])
    return fact.model_copy(update={"status": StepStatus.FAILED, "error": error, "evidence": evidence})


def written(known: Known, rel: str, rank: Rank = Rank.PHYSICS) -> Evidence:
    """A file with its time, as evidence."""
    return Evidence(rank=rank, path=known.path(rel), quote=f"written {clock(known.at(rel))}")


def clock(at: datetime | None) -> str:
    """A file's time with the milliseconds that decide between two files of one command."""
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"


def _spec(known: Known) -> StepFact | None:
    if not known.spec:
        return _fact(known, "spec", StepStatus.SUCCEEDED, SPEC)
    if CURRICULUM not in known.files:
        return None  # nothing was tried with it yet: it is being written
    said = [one.message for one in known.spec[:MAX_ERRORS]]
    error = "\n".join(("; ".join(said[:SHOWN_ERRORS]) + and_more(len(known.spec)), *said[SHOWN_ERRORS:]))
    evidence = Evidence(rank=Rank.ARTIFACT, path=known.path(SPEC), quote=said[0][:SHORT])
    return StepFact(
        flow=FLOW, step="spec", status=StepStatus.FAILED, ended_at=known.at(SPEC), error=error, evidence=evidence
    )


def and_more(count: int) -> str:
    """What is not shown of `count` messages."""
    return f" and {count - SHOWN_ERRORS} more" if count > SHOWN_ERRORS else ""


def _generate(known: Known) -> StepFact | None:
    if CURRICULUM not in known.files:
        return None
    fact = _fact(known, "generate", StepStatus.SUCCEEDED, CURRICULUM)
    attempts = max(known.timeline.generations, 2 if PREVIOUS in known.files else 1)
    began = None if known.staging.regenerating else known.at(PREVIOUS)
    return fact.model_copy(update={"attempts": attempts, "agent": known.agent, "started_at": began})


def _validate(known: Known) -> StepFact | None:
    report = known.report
    if report is None:
        return None
    # No line: the failures themselves are signals with theirs.
    evidence = Evidence(rank=Rank.RECEIPT, path=known.path(REPORT), quote=report.verdict_text[:SHORT])
    status, error = StepStatus.UNKNOWN, report.error()
    if error is not None:
        status = StepStatus.FAILED
        changed = _changed_since(known)
        if changed:
            first, _, rest = error.partition("\n")
            error = f"{first} ({changed} was changed since: validate again)" + (f"\n{rest}" if rest else "")
    elif report.verdict == "PASS" and known.stale_report is None:
        status = StepStatus.SUCCEEDED
        evidence = evidence.model_copy(update={"line": report.verdict_line})
    return StepFact(
        flow=FLOW, step="validate", status=status, ended_at=known.at(REPORT), error=error, evidence=evidence
    )


def _changed_since(known: Known) -> str | None:
    stale = next((one for one in known.staging.stale if one.step == "validate"), None)
    return None if stale is None else stale.newer


def _file(known: Known, step: str, rel: str, reached: int) -> StepFact | None:
    if rel not in known.files:
        return None
    current = known.staging.rank >= reached
    return _readable(known, _fact(known, step, StepStatus.SUCCEEDED if current else StepStatus.UNKNOWN, rel), rel)


def _fact(known: Known, step: str, status: StepStatus, rel: str) -> StepFact:
    return StepFact(flow=FLOW, step=step, status=status, ended_at=known.at(rel), evidence=written(known, rel))
