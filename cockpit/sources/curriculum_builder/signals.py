"""What speaks for itself in the files of a run, and where they disagree (formats/curriculum-builder.md 1 and 3)."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Signal, SignalKind
from cockpit.sources.curriculum_builder import layout
from cockpit.sources.curriculum_builder.facts import SHOWN_ERRORS, Known, and_more, clock, written
from cockpit.sources.curriculum_builder.layout import CURRICULUM, DIFF, FLOW, PLAN, PREVIOUS, REPORT, SPEC
from cockpit.sources.curriculum_builder.report import Failure, class_name
from cockpit.sources.curriculum_builder.stage import LAST, STAGES, STEPS, Stale
from cockpit.sources.fields import SHORT


def _hour(at: datetime | None) -> str:
    return clock(at)[11:-4]


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
        said = f"{SPEC} is not ready: " + "; ".join(one.message for one in known.spec[:SHOWN_ERRORS])
        said += and_more(len(known.spec))
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
        found.append(_signal(SignalKind.STALLED, stale[0].step, known.at(changed), said, written(known, changed, rank)))
    return found


def _outdated(known: Known, one: Stale, rank: Rank) -> Signal:
    name, at = one.file.rpartition("/")[2], known.at(one.file)
    evidence = written(known, one.file, rank)
    if one.step == "validate" and known.report is not None:
        quote = f"{known.report.verdict_text} (written {clock(at)})"
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
        f"a run that began {clock(at)} set the curriculum aside and wrote no new one: it is still at it, or it failed "
        "or was killed; what the curriculum was compared with is lost"
    )
    return [_signal(SignalKind.STALLED, "generate", at, said, written(known, PREVIOUS))]


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
            _signal(SignalKind.FLOW_ENDED, "iterate", known.at(DIFF), "every file is current", written(known, DIFF))
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
        quote = f"written {clock(known.at(rel))}: {known.staging.stage}"
        found.append(Evidence(rank=Rank.PHYSICS, path=known.path(rel), quote=quote))
    report = known.report
    if report is not None and report.verdict == "PASS" and (claimed is None or known.spec):
        line, quote = report.verdict_line, report.verdict_text
        found.append(Evidence(rank=Rank.RECEIPT, path=known.path(REPORT), line=line, quote=quote))
    return tuple(found)
