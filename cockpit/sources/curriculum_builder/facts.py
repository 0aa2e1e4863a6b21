"""From what the files say to steps and signals: the system keeps no record of either (formats/curriculum-builder.md 1).

A step is done when its file is there and no file it speaks of is newer. A report that says PASS over a curriculum
changed since proves nothing about that curriculum: the step is then `unknown`, and a signal names both files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import PlannedStep, Signal, SignalKind, StepFact, StepStatus
from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder import layout
from cockpit.sources.curriculum_builder.layout import CURRICULUM, DIFF, FLOW, PLAN, PREVIOUS, REPORT, SPEC
from cockpit.sources.curriculum_builder.report import Failure, Report, class_name
from cockpit.sources.curriculum_builder.stage import LAST, STAGES, STEPS, Staging, Stale
from cockpit.sources.curriculum_builder.timeline import StageReader
from cockpit.sources.curriculum_builder.topic_spec import MAX_ERRORS, SpecFault
from cockpit.sources.fields import SHORT
from cockpit.sources.paths import in_root
from cockpit.sources.tree import FileEntry

PLANNED = tuple(PlannedStep(flow=FLOW, step=step) for step in STEPS)
_SHOWN_ERRORS = 3


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
    """

    ref: RunRef
    files: Mapping[str, FileEntry]
    staging: Staging
    spec: tuple[SpecFault, ...]
    report: Report | None
    timeline: StageReader
    agent: str | None = None

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
    found = [_spec(known), _generate(known), _validate(known), _file(known, "plan", PLAN, 4)]
    found.append(_file(known, "iterate", DIFF, 5))
    return tuple(one for one in found if one is not None)


def _written(known: Known, rel: str, rank: Rank = Rank.PHYSICS) -> Evidence:
    return Evidence(rank=rank, path=known.path(rel), quote=f"written {_clock(known.at(rel))}")


def _clock(at: datetime | None) -> str:
    """A file's time with the milliseconds that decide between two files of one command."""
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"


def _hour(at: datetime | None) -> str:
    return _clock(at)[11:-4]


def _spec(known: Known) -> StepFact | None:
    if not known.spec:
        return _fact(known, "spec", StepStatus.SUCCEEDED, SPEC)
    if CURRICULUM not in known.files:
        return None  # nothing was tried with it yet: it is being written
    said = [one.message for one in known.spec[:MAX_ERRORS]]
    error = "\n".join(("; ".join(said[:_SHOWN_ERRORS]) + _and_more(len(known.spec)), *said[_SHOWN_ERRORS:]))
    evidence = Evidence(rank=Rank.ARTIFACT, path=known.path(SPEC), quote=said[0][:SHORT])
    return StepFact(
        flow=FLOW, step="spec", status=StepStatus.FAILED, ended_at=known.at(SPEC), error=error, evidence=evidence
    )


def _and_more(count: int) -> str:
    return f" and {count - _SHOWN_ERRORS} more" if count > _SHOWN_ERRORS else ""


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
    return _fact(known, step, StepStatus.SUCCEEDED if current else StepStatus.UNKNOWN, rel)


def _fact(known: Known, step: str, status: StepStatus, rel: str) -> StepFact:
    return StepFact(flow=FLOW, step=step, status=status, ended_at=known.at(rel), evidence=_written(known, rel))


def signals(known: Known) -> tuple[Signal, ...]:
    """What speaks for itself, oldest first."""
    found = [*_asks(known), *_failures(known), *_staleness(known), *_set_aside(known), *_ends(known)]
    return tuple(sorted(found, key=lambda one: 0.0 if one.at is None else one.at.timestamp()))


def _signal(kind: SignalKind, step: str | None, at: datetime | None, said: str, evidence: Evidence) -> Signal:
    return Signal(kind=kind, flow=FLOW, step=step, at=at, text=said, evidence=evidence)


def _asks(known: Known) -> list[Signal]:
    """A specification nobody has filled in yet: nothing happens until a person does."""
    if not known.spec or CURRICULUM in known.files:
        return []
    template = [one.field for one in known.spec if one.placeholder]
    if template and len(template) == len(known.spec):
        said = f"{SPEC} still holds the template's words in {', '.join(template)}"
    else:
        said = f"{SPEC} is not ready: " + "; ".join(one.message for one in known.spec[:_SHOWN_ERRORS])
        said += _and_more(len(known.spec))
    evidence = Evidence(rank=Rank.ARTIFACT, path=known.path(SPEC), quote=known.spec[0].message[:SHORT])
    return [_signal(SignalKind.NEEDS_HUMAN, "spec", known.timeline.first_at or known.at(SPEC), said, evidence)]


def _failures(known: Known) -> list[Signal]:
    """What failed, one signal a class of rules: that two nodes break one rule is one failure, not two."""
    report = known.report
    if report is None or report.error() is None:
        return []
    found = report.by_class()
    lines = [(of[0].line, _class_text(kind, of)) for kind, of in found.items()]
    if report.crash is not None:
        lines = [(report.crash_line or 1, report.crash)]
    at, path = known.at(REPORT), known.path(REPORT)
    return [
        _signal(
            SignalKind.STEP_ERROR,
            "validate",
            at,
            said,
            Evidence(rank=Rank.RECEIPT, path=path, line=line, quote=said[:SHORT]),
        )
        for line, said in lines
    ]


def _class_text(kind: str, of: Sequence[Failure]) -> str:
    more = f" (and {len(of) - 1} more)" if len(of) > 1 else ""
    return f"{class_name(kind)}: {of[0].text}{more}"


def _staleness(known: Known) -> list[Signal]:
    """Files older than what they speak of; of an ended run they decide, of another one they are worth a word."""
    stale = list(known.staging.stale)
    if known.report is None or known.report.verdict != "PASS":
        stale = [one for one in stale if one.step != "validate"]
    if not stale:
        return []
    # What degrades an ended run is, by its rank, only a warning for one that never came that far.
    rank = Rank.ARTIFACT if known.ended else Rank.PHYSICS
    found = [_outdated(known, one, rank) for one in stale[:1]]
    changed = stale[0].newer
    if changed is not None and known.ended:
        names = ", ".join(one.file.rpartition("/")[2] for one in stale if one.newer is not None)
        again = ", ".join(STEPS[STEPS.index(stale[0].step) :])
        said = f"{changed} was changed after {names}; the stage is {known.staging.stage} until {again} run again"
        found.append(
            _signal(SignalKind.STALLED, stale[0].step, known.at(changed), said, _written(known, changed, rank))
        )
    return found


def _outdated(known: Known, one: Stale, rank: Rank) -> Signal:
    name, at = one.file.rpartition("/")[2], known.at(one.file)
    evidence = _written(known, one.file, rank)
    if one.step == "validate" and known.report is not None:
        quote = f"{known.report.verdict_text} (written {_clock(at)})"
        evidence = Evidence(rank=rank, path=known.path(one.file), line=known.report.verdict_line, quote=quote)
        name += " says PASS, but"
    if one.newer is None:
        missing = layout.PASSED if one.step == "validate" else "what it was made from"
        said = f"{name} does not count: {missing} is missing or older"
    else:
        changed = known.at(one.newer)
        said = f"{name} is older than {one.newer.rpartition('/')[2]} ({_hour(at)} against {_hour(changed)})"
    return _signal(SignalKind.STALLED, one.step, at, said, evidence)


def _set_aside(known: Known) -> list[Signal]:
    """A second `run` that set the curriculum aside and wrote no new one: at it, killed or failed (formats 3.7)."""
    if not known.staging.regenerating:
        return []
    at = known.at(PREVIOUS)
    said = (
        f"a run that began {_clock(at)} set the curriculum aside and wrote no new one: it is still at it, or it failed "
        "or was killed; what the curriculum was compared with is lost"
    )
    return [_signal(SignalKind.STALLED, "generate", at, said, _written(known, PREVIOUS))]


def _ends(known: Known) -> list[Signal]:
    """The end of the pipeline: by its event, and by its files, which need no event (formats 3.8)."""
    found = []
    log = known.timeline
    if log.ended_line is not None:
        path = known.path(layout.EVENTS)
        evidence = Evidence(rank=Rank.RECEIPT, path=path, line=log.ended_line or None, quote=log.ended_text)
        found.append(_signal(SignalKind.FLOW_ENDED, "iterate", log.ended_at, log.ended_text, evidence))
    if known.staging.stage == LAST:
        found.append(
            _signal(SignalKind.FLOW_ENDED, "iterate", known.at(DIFF), "every file is current", _written(known, DIFF))
        )
    return found


def disagreements(known: Known, claimed: str | None) -> tuple[Evidence, ...]:
    """Records of the run that say something else than run.json."""
    found = []
    log = known.timeline
    if log.stage is not None and log.stage_line and log.stage != claimed:
        quote = f'"stage": "{log.stage}"'
        found.append(Evidence(rank=Rank.RECEIPT, path=known.path(layout.EVENTS), line=log.stage_line, quote=quote))
    behind = claimed is not None and STAGES.index(claimed) < known.staging.rank
    if behind:
        decisive = {"spec_ready": SPEC, "generated": CURRICULUM, "validated": layout.PASSED, "planned": PLAN}
        rel = decisive.get(known.staging.stage, DIFF)
        quote = f"written {_clock(known.at(rel))}: {known.staging.stage}"
        found.append(Evidence(rank=Rank.PHYSICS, path=known.path(rel), quote=quote))
    report = known.report
    if report is not None and report.verdict == "PASS" and (claimed is None or known.spec):
        line, quote = report.verdict_line, report.verdict_text
        found.append(Evidence(rank=Rank.RECEIPT, path=known.path(REPORT), line=line, quote=quote))
    return tuple(found)
