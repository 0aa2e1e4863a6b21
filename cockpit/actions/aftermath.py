"""What a job did to its run: the run's own records before it and after it, compared (design, "Actions").

Exit codes lie in some systems, so a job is judged by what it left behind, too. The comparison rests on the records
themselves and never on the clock: what is there after the job and was not there, in exactly this form, before it, is
the job's doing, as its lock kept every other action away from the run meanwhile.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from pydantic import Field

from cockpit.actions.storage import canonical
from cockpit.clock import iso
from cockpit.models.base import Model
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Event, Receipt, RoutingEntry, StepFact, StepStatus
from cockpit.models.run import Reason, Run, RunRef, RunState
from cockpit.sanitize import clean
from cockpit.sources import registry
from cockpit.sources.base import Source

_BAD = frozenset((RunState.FAILED, RunState.BLOCKED, RunState.UNREADABLE, RunState.INTERRUPTED))
_DIGEST = 16
_GIST = 160
_LAST = 200
"""Events and routing decisions that tell how long the logs are; more may lie in files of long ago."""


class Before(Model):
    """A run as it was when a job was started on it.

    Attributes:
        ref: The run.
        fingerprint: What its source made of its files.
        state: What the evidence said of it; `None` where it could not be read.
        reasons: A digest of every reason of that verdict.
        records: A digest of every receipt and step.
        lines: How many lines its logs had, by path; what stands in one of those is old, whatever it is quoted for.
        problem: Why it could not be read, or `None`.
    """

    ref: RunRef
    fingerprint: str
    state: RunState | None = None
    reasons: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    lines: dict[str, int] = Field(default_factory=dict)
    problem: str | None = None


class Aftermath(Model):
    """What a run's records say of the job that worked on it.

    Attributes:
        failed: Whether they say that it failed (`False`: that it worked; `None`: neither).
        text: What they say, for people.
        evidence: Where.
        before: State of the run before the job.
        after: And after it.
    """

    failed: bool | None
    text: str
    evidence: tuple[Evidence, ...] = ()
    before: RunState | None = None
    after: RunState | None = None


def take_before(source: Source, ref: RunRef, fingerprint: str, now: datetime) -> Before:
    """The run as it is now; never raises.

    Args:
        source: Reads it.
        ref: The run.
        fingerprint: As the plan of the job was made from.
        now: Aware UTC.
    """
    # Judging is not needed to list jobs, nor for those that do not work on a run.
    from cockpit.diagnosis.verdict import judge

    try:
        detail = source.detail(ref)
        run = judge(detail, now)
    except Exception as error:  # noqa: BLE001 - a source may be foreign code, and must not keep a job from starting
        return Before(ref=ref, fingerprint=fingerprint, problem=_why(error))
    return Before(
        ref=ref,
        fingerprint=fingerprint,
        state=run.state,
        reasons=tuple(sorted(map(_reason_digest, run.reasons))),
        records=tuple(sorted({*map(_receipt_digest, detail.receipts), *map(_step_digest, detail.steps)})),
        lines=_lines(detail),
    )


def read_after(before: Before, now: datetime) -> Aftermath:
    """Read the run again and compare; never raises.

    Args:
        before: The run when the job was started.
        now: Aware UTC.
    """
    from cockpit.diagnosis.verdict import judge

    source = registry.source_by_id(before.ref.source)
    if source is None:
        return _unknown(before, f"no source {before.ref.source!r} is installed")
    try:
        if before.fingerprint and source.fingerprint(before.ref) == before.fingerprint:
            text = "no new evidence: nothing of the run changed"
            return Aftermath(failed=None, text=text, before=before.state, after=before.state)
        detail = source.detail(before.ref)
        run = judge(detail, now)
    except Exception as error:  # noqa: BLE001 - see `take_before`; the verdict then rests on the rest
        return _unknown(before, _why(error))
    if before.problem is not None:
        return _unknown(before, f"it could not be read before the job: {before.problem}")
    return compare(before, detail, run)


def compare(before: Before, detail: RunDetail, run: Run) -> Aftermath:
    """What is new in a run, and whether it speaks of failure.

    Args:
        before: The run when the job was started.
        detail: Its facts now.
        run: The verdict on them.
    """
    new = _newest(before, detail)
    bad = [record for record in new if record.status.bad]
    states = {"before": before.state, "after": run.state}
    if bad:
        told = [_told(record) for record in bad[:3]]
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        places = tuple(_place(record) for record in bad)
        return Aftermath(failed=True, text=f"{'; '.join(told)}{more}", evidence=places, **states)
    if run.state in _BAD and run.reasons and _is_new(run.reasons[0], before):
        reason = run.reasons[0]
        text = f"the run is {run.state.value} now: {clean(reason.text, _GIST)}"
        return Aftermath(failed=True, text=text, evidence=reason.evidence, **states)
    good = [record for record in new if record.status is StepStatus.SUCCEEDED]
    came_good = run.state is RunState.SUCCEEDED and before.state is not RunState.SUCCEEDED
    parts = []
    if good:
        parts.append(_told(good[-1]) if len(good) == 1 else f"{len(good)} new records, the last: {_told(good[-1])}")
    parts.append(_moved(before, run))
    evidence = tuple(_place(record) for record in good)
    if came_good and run.reasons and not good:
        evidence = run.reasons[0].evidence
    return Aftermath(failed=False if good or came_good else None, text="; ".join(parts), evidence=evidence, **states)


def _lines(detail: RunDetail) -> dict[str, int]:
    lines: dict[str, int] = {}
    last: list[Event | RoutingEntry] = [*detail.events[-_LAST:], *detail.routing[-_LAST:]]
    for each in last:
        if each.line is not None:
            lines[each.path] = max(each.line, lines.get(each.path, 0))
    return lines


def _is_new(reason: Reason, before: Before) -> bool:
    """Whether a reason rests on something that was not there before."""
    if _reason_digest(reason) in before.reasons:
        return False
    old = [place.line is not None and place.line <= before.lines.get(place.path, 0) for place in reason.evidence]
    return not (old and all(old))


def _moved(before: Before, run: Run) -> str:
    """How the run stands, against how it stood."""
    reason = f": {clean(run.reasons[0].text, _GIST)}" if run.reasons and run.state is not RunState.SUCCEEDED else ""
    if before.state is run.state:
        return f"the run is still {run.state.value}{reason}"
    return f"the run went from {before.state.value if before.state else 'unknown'} to {run.state.value}{reason}"


def _newest(before: Before, detail: RunDetail) -> list[Receipt | StepFact]:
    """The last new record of each step: what an earlier attempt left is history."""
    newest: dict[tuple[str, str, type], Receipt | StepFact] = {}
    for record in _new(before, detail):
        newest[record.flow, record.step, type(record)] = record
    # A step fact is put together from the receipt, too: it is heard where there is none, or where it knows worse.
    receipts = {(flow, step): record for (flow, step, kind), record in newest.items() if kind is Receipt}
    return [
        record
        for (flow, step, kind), record in newest.items()
        if kind is Receipt
        or (flow, step) not in receipts
        or (record.status.bad and not receipts[flow, step].status.bad)
    ]


def _new(before: Before, detail: RunDetail) -> Iterator[Receipt | StepFact]:
    known = frozenset(before.records)
    for receipt in detail.receipts:
        if _receipt_digest(receipt) not in known:
            yield receipt
    for step in detail.steps:
        if _step_digest(step) not in known:
            yield step


def _told(record: Receipt | StepFact) -> str:
    what = "its new receipt" if isinstance(record, Receipt) else "its record"
    error = f" ({clean(record.error, _GIST)})" if record.error and record.status.bad else ""
    return clean(f"{record.flow}.{record.step}: {what} says {record.status.value}{error}", 2 * _GIST)


def _place(record: Receipt | StepFact) -> Evidence:
    if isinstance(record, StepFact) and record.evidence is not None:
        return record.evidence
    path = record.path if isinstance(record, Receipt) else ""
    return Evidence(rank=Rank.RECEIPT, path=path, quote=record.status.value)


def _unknown(before: Before, why: str) -> Aftermath:
    text = f"the run's evidence could not be read: {clean(why, _GIST)}"
    return Aftermath(failed=None, text=text, before=before.state)


def _why(error: Exception) -> str:
    return clean(f"{type(error).__name__}: {error}", _GIST)


def _receipt_digest(receipt: Receipt) -> str:
    times = (iso(receipt.started_at), iso(receipt.ended_at), iso(receipt.modified_at))
    return _digest("receipt", receipt.path, receipt.status.value, receipt.raw_status, receipt.error, *times)


def _step_digest(step: StepFact) -> str:
    times = (iso(step.started_at), iso(step.ended_at))
    return _digest("step", step.flow, step.step, step.status.value, step.attempts, step.error, *times)


def _reason_digest(reason: Reason) -> str:
    """The same for the same trouble in other words: the text counts only where nothing is quoted."""
    places = [[place.path, place.line, place.quote] for place in reason.evidence]
    return _digest("reason", reason.code, places or reason.text)


def _digest(*parts: object) -> str:
    return sha256(canonical(parts)).hexdigest()[:_DIGEST]
