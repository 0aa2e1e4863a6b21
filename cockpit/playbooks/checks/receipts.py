"""Checks of receipts: is there one, does the newest one say that the step went well, do its figures agree."""

from datetime import UTC, datetime

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.disagreements import observe_disagreements
from cockpit.diagnosis.measures import EXPECTED, panel
from cockpit.diagnosis.parts import clock, fact, gist, where
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import CheckResult
from cockpit.models.records import Receipt, SignalKind, StepStatus
from cockpit.playbooks.checks.case import Case, cannot_tell, met, not_met

_FAILURES = (SignalKind.STEP_ERROR, SignalKind.TIMEOUT, SignalKind.INTERRUPTED)
_FIGURES = frozenset((Code.METRICS_DISAGREE, Code.TESTS_CLAIMED, Code.EXIT_CODE_LIES))

_PANEL = frozenset(EXPECTED)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def receipt_exists(case: Case) -> CheckResult:
    """The step in question left a receipt (seed 000, "Failed Run", 1)."""
    own = _receipts(case.detail, case.flow, case.step)
    place = where(case.flow, case.step)
    if own:
        newest = own[-1]
        return met(f"{place} left a receipt; the newest says {_word(newest)}", _status(newest))
    step = fact(case.detail, case.flow, case.step)
    if step is not None and step.evidence is not None:
        return not_met(f"{place} left no receipt; that it is {step.status.value} stands elsewhere", step.evidence)
    if not case.detail.receipts:
        return cannot_tell("this run has no receipts at all")
    last = case.detail.receipts[-1]
    return not_met(f"{place} left no receipt, {len(case.detail.receipts)} of other steps are there", _status(last))


def receipt_succeeded(case: Case) -> CheckResult:
    """The newest receipt of the step says that it succeeded, is newer than its failure, and is no stub's.

    Seed 000, "Verification After Fix". The machinery's events count as well: where they say later than the receipt
    that the step failed, the receipt is not believed.
    """
    if case.step is None:
        return cannot_tell("no step is in question: none had failed or was in progress when this was started")
    place = where(case.flow, case.step)
    own = _receipts(case.detail, case.flow, case.step)
    if not own:
        return _without_receipt(case, place)
    newest = own[-1]
    proof = _status(newest)
    if newest.status is StepStatus.UNKNOWN:
        return cannot_tell(f"the newest receipt of {place} has no status that is known: {_word(newest)}", proof)
    if newest.status is not StepStatus.SUCCEEDED:
        said = f": {gist(newest.error)}" if newest.error else ""
        return not_met(f"the newest receipt of {place} says {_word(newest)}{said}", proof)
    if (newest.mode or "").lower() == "stub":
        mode = Evidence(rank=Rank.RECEIPT, path=newest.path, quote=f'"mode": "{newest.mode}"')
        return not_met(f"the newest receipt of {place} is a stub's, whose success proves nothing", mode)
    failed_at, failure = _last_failure(case)
    at = _moment(newest)
    if failed_at is not None and (at is None or at <= failed_at):
        text = f"the newest receipt of {place} is of {clock(at)}, no newer than its failure of {clock(failed_at)}"
        return not_met(text, proof, *failure)
    since = f", newer than its failure of {clock(failed_at)}" if failed_at else ""
    return met(f"the newest receipt of {place}, of {clock(at)}, says {_word(newest)}{since}", proof)


def metrics_agree(case: Case) -> CheckResult:
    """The figures of the evidence panel agree with each other and with what was claimed (seed 000, "Wrong Output")."""
    disagreements = [one for one in observe_disagreements(case.detail) if one.code in _FIGURES]
    if disagreements:
        first = disagreements[0]
        more = f" (and {len(disagreements) - 1} more)" if len(disagreements) > 1 else ""
        return not_met(f"{first.text}{more}", *first.evidence)
    lines = panel(case.detail)
    apart = [line for line in lines if line.disagree]
    if apart:
        paths = dict.fromkeys(one.path for one in apart[0].measures if one.value is not None)
        places = [Evidence(rank=Rank.RECEIPT, path=path, quote=apart[0].metric) for path in paths]
        return not_met(f"two places give different figures for {apart[0].metric}", *places)
    measured = [line for line in lines if line.measured]
    if not measured:
        return cannot_tell("nothing was measured in this run: no receipt holds figures")
    names = ", ".join(line.metric for line in measured)
    missing = [line.metric for line in lines if not line.measured] if {one.metric for one in measured} & _PANEL else []
    gaps = f"; not measured: {', '.join(missing)}" if missing else ""
    told = [one for line in measured for one in line.measures if one.value is not None]
    places = [Evidence(rank=Rank.RECEIPT, path=one.path, quote=f"{one.metric}: {one.value}"[:300]) for one in told]
    return met(f"the figures agree ({names}){gaps}", *places)


def failed_at(detail: RunDetail, flow: str | None, step: str | None) -> datetime | None:
    """When a step failed last, by everything that says so; `None` where nothing does."""
    return max((at for at, _ in _failures(detail, flow, step)), default=None)


def _failures(detail: RunDetail, flow: str | None, step: str | None) -> list[tuple[datetime, Evidence]]:
    found = [
        (one.at, one.evidence)
        for one in detail.signals
        if one.kind in _FAILURES and (one.flow, one.step) == (flow, step) and one.at is not None
    ]
    for receipt in detail.receipts:
        at = _moment(receipt)
        if (receipt.flow, receipt.step) == (flow, step) and receipt.status.bad and at is not None:
            found.append((at, _status(receipt)))
    known = fact(detail, flow, step)
    if known is not None and known.status.bad and known.ended_at is not None and known.evidence is not None:
        found.append((known.ended_at, known.evidence))
    return found


def _last_failure(case: Case) -> tuple[datetime | None, tuple[Evidence, ...]]:
    """The moment of the last failure: as the files tell now, or as was known when the checklist was started.

    A retry overwrites the receipt of the failure; only some systems keep it in their events.
    """
    known = case.anchor.failed_at if case.anchor is not None else None
    found = _failures(case.detail, case.flow, case.step)
    if not found:
        return known, ()
    at, evidence = max(found, key=lambda one: one[0])
    return (known, ()) if known is not None and known > at else (at, (evidence,))


def _without_receipt(case: Case, place: str) -> CheckResult:
    step = fact(case.detail, case.flow, case.step)
    if step is None or step.evidence is None:
        return cannot_tell(f"{place} left no receipt and no other trace")
    if step.status.bad:
        return not_met(f"{place} left no receipt, and is {step.status.value}", step.evidence)
    return cannot_tell(f"{place} left no receipt; its {step.status.value} rests on other records", step.evidence)


def _receipts(detail: RunDetail, flow: str | None, step: str | None) -> list[Receipt]:
    """The receipts of a step (of a flow, of the run, where less is known), the newest last."""
    own = [one for one in detail.receipts if flow in (None, one.flow) and step in (None, one.step)]
    return sorted(own, key=lambda one: (_moment(one) or _LONG_AGO, one.path))


def _moment(receipt: Receipt) -> datetime | None:
    return receipt.ended_at or receipt.modified_at or receipt.started_at


def _word(receipt: Receipt) -> str:
    return receipt.raw_status or receipt.status.value


def _status(receipt: Receipt) -> Evidence:
    return Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=f'"status": "{_word(receipt)}"')
