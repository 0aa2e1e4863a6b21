"""The stuck questions of the seed, asked of the facts: which step left no receipt, what is missing, what repeats.

What the verdict found already (BLOCKED, ESCALATE, a loop at its limit) comes from its reasons and not from here.
"""

import re
from collections.abc import Iterator

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.observations import Observation
from cockpit.diagnosis.parts import fact, gist, where
from cockpit.diagnosis.signatures import signature
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Decision, RoutingEntry, Signal, SignalKind, StepFact, StepStatus
from cockpit.models.run import ATTENTION, Run

_LAST = 400
_SHOWN = 4
_ATTEMPTS = 3
# Reasons a router writes by itself; that they repeat says nothing.
_MACHINE = re.compile(r"^(?:loop_iteration|max_iterations|linear|stub_|navigator_|via_|no_station|default progression)")
_MISSING = re.compile(
    r"(?P<a>[\w.@+-]{0,80}(?:/[\w.@+-]{1,80}){1,12})['\"]? (?:does not exist|is missing|was not found|not found)"
    r"|FileNotFoundError:[^\n]{0,200}?['\"](?P<b>[^'\"\n]{1,300})['\"]"
    r"|Missing (?:required )?(?:input|file|curriculum file)[^\n:]{0,40}: ?(?P<c>[^\s'\"]{1,300})",
    re.IGNORECASE,
)


def observe_stuck(run: Run, detail: RunDetail) -> Iterator[Observation]:
    """Answers to the questions, for runs that need attention."""
    if run.state not in ATTENTION or run.flow is None:
        return
    step = fact(detail, run.flow, run.step)
    if step is not None and step.status.bad and step.attempts >= _ATTEMPTS and step.evidence is not None:
        text = f"{where(step.flow, step.step)} failed in all {step.attempts} attempts"
        yield Observation(Code.ATTEMPTS_SPENT, text, (step.evidence,), flow=step.flow, step=step.step, name=step.step)
    yield from _receipt(run, detail, step)
    yield from _handoff(run, detail, step)
    yield from previous_incomplete(detail, run.flow, run.step)
    yield from missing_input(detail, run.flow, run.step)
    yield from _same_failure(detail)


def _receipt(run: Run, detail: RunDetail, step: StepFact | None) -> Iterator[Observation]:
    """A step that began and has no receipt, in a run whose other steps have theirs."""
    if step is None or step.evidence is None or step.status not in (StepStatus.RUNNING, StepStatus.FAILED):
        return
    with_receipt = {(one.flow, one.step) for one in detail.receipts}
    if not with_receipt or (step.flow, step.step) in with_receipt:
        return
    text = f"{where(step.flow, step.step)} left no receipt, {len(with_receipt)} other steps did"
    last = detail.receipts[-1]
    proof = Evidence(rank=Rank.RECEIPT, path=last.path, quote=f"the last receipt: {last.step} {last.raw_status or ''}")
    yield Observation(
        Code.STEP_WITHOUT_RECEIPT, text, (step.evidence, proof), flow=step.flow, step=step.step, name=step.agent or ""
    )


def _handoff(run: Run, detail: RunDetail, step: StepFact | None) -> Iterator[Observation]:
    """A step that has none of the envelopes the other steps have, or one that its orchestrator made up."""
    if step is None or step.status is StepStatus.SUCCEEDED:
        return
    own = [one for one in detail.handoffs if (one.flow, one.step) == (run.flow, run.step)]
    made_up = [one for one in own if one.fallback]
    if made_up:
        quote = f'"_envelope_source": "orchestrator_fallback", "status": "{made_up[0].raw_status}"'
        evidence = (Evidence(rank=Rank.RECEIPT, path=made_up[0].path, quote=quote),)
        text = f"the handoff of {where(run.flow, run.step)} was made up by the orchestrator"
        yield Observation(Code.MADE_UP_HANDOFF, text, evidence, flow=run.flow, step=run.step)
        return
    others = [one for one in detail.handoffs if not one.draft and (one.flow, one.step) != (run.flow, run.step)]
    if not others or any(not one.draft for one in own):
        return
    text = f"{where(run.flow, run.step)} has no handoff, {len({(one.flow, one.step) for one in others})} steps have"
    began: tuple[Evidence, ...] = () if step.evidence is None else (step.evidence,)
    drafts = tuple(Evidence(rank=Rank.NARRATIVE, path=one.path, quote=one.summary[:300]) for one in own)
    yield Observation(Code.NO_HANDOFF, text, (*began, *drafts), flow=run.flow, step=run.step)


def previous_incomplete(detail: RunDetail, flow: str | None, stuck: str | None) -> Iterator[Observation]:
    """A step of the same flow, planned before the one in question, that did not succeed."""
    planned = [one.step for one in detail.plan if one.flow == flow]
    if stuck not in planned:
        return
    before = planned[: planned.index(stuck)]
    seen = {one.step: one for one in detail.steps if one.flow == flow}
    begun = next((place for place, name in enumerate(before) if name in seen), len(before))
    for name in before[begun:]:
        known = seen.get(name)
        if known is not None and not known.status.bad:
            continue
        evidence = () if known is None or known.evidence is None else (known.evidence,)
        said = "left no trace" if known is None else f"is {known.status.value}"
        text = f"{where(flow, name)}, before {stuck}, {said}"
        yield Observation(Code.PREVIOUS_INCOMPLETE, text, evidence, flow=flow, step=name, name=name)
        return


def missing_input(detail: RunDetail, flow: str | None, step: str | None) -> Iterator[Observation]:
    """A file that the failure names as missing; whether it is there by now speaks against it."""
    texts: list[tuple[str, Evidence, str | None, str | None]] = [
        (one.text, one.evidence, one.flow, one.step)
        for one in detail.signals
        if one.kind in (SignalKind.BLOCKED, SignalKind.NEEDS_HUMAN, SignalKind.STEP_ERROR, SignalKind.FLOW_FAILED)
    ]
    texts += [(one.error, one.evidence, one.flow, one.step)
              for one in detail.steps if one.error and one.evidence is not None and one.status.bad]  # fmt: skip
    for text, evidence, *place in texts:
        found = _MISSING.search(text[:2_000])
        if found is None or tuple(place) != (flow, step):
            continue
        name = next(value for value in found.groups() if value)
        tail = name.replace("\\", "/").removeprefix("RUN_BASE/").lstrip("/")
        there = [
            Evidence(rank=Rank.PHYSICS, path=one.path, quote=f"is there, {one.size} bytes")
            for one in detail.artifacts
            if one.path.endswith(f"/{tail}") or one.path == tail
        ]
        said = f"{name} is missing"
        yield Observation(Code.MISSING_INPUT, said, (evidence,), tuple(there[:1]), flow=flow, step=step, name=name)
        return


def _same_failure(detail: RunDetail) -> Iterator[Observation]:
    """A step that failed twice with one signature, or went round its loop twice for one reason."""
    seen: dict[tuple[str | None, str | None, str], list[Signal | RoutingEntry]] = {}
    for signal in detail.signals:
        if signal.kind is SignalKind.STEP_ERROR:
            _note(seen, signal, signal.text)
    for entry in detail.routing[max(0, len(detail.routing) - _LAST) :]:
        if entry.decision is Decision.LOOP and entry.reason and not _MACHINE.match(entry.reason.lower()):
            _note(seen, entry, entry.reason)
    for (flow, step, said), entries in seen.items():
        places = list(dict.fromkeys(_place(one) for one in entries))
        if len(places) < 2:
            continue
        evidence = tuple(
            Evidence(rank=Rank.RECEIPT, path=path, line=line, quote=quote) for path, line, quote in places[:_SHOWN]
        )
        shown = gist(places[0][2]) or said
        text = f"{where(flow, step)} failed {len(places)} times in the same way: {shown}"
        against = _detours(detail, flow, step)
        yield Observation(Code.SAME_FAILURE_TWICE, text, evidence, against, flow=flow, step=step, name=shown)


def _note(
    seen: dict[tuple[str | None, str | None, str], list[Signal | RoutingEntry]],
    entry: Signal | RoutingEntry,
    text: str,
) -> None:
    said = signature(text)
    if said is not None:
        seen.setdefault((entry.flow, entry.step, said), []).append(entry)


def _place(entry: Signal | RoutingEntry) -> tuple[str, int | None, str]:
    if isinstance(entry, Signal):
        return entry.evidence.path, entry.evidence.line, entry.evidence.quote
    return entry.path, entry.line, entry.reason[:300]


def _detours(detail: RunDetail, flow: str | None, step: str | None) -> tuple[Evidence, ...]:
    """Detours that were taken for the step: the repetition was noticed."""
    last = detail.routing[max(0, len(detail.routing) - _LAST) :]
    found = [one for one in last if one.decision is Decision.DETOUR and (one.flow, one.step) == (flow, step)]
    return tuple(
        Evidence(
            rank=Rank.RECEIPT, path=one.path, line=one.line, quote=f"DETOUR {one.target or ''}: {one.reason[:200]}"
        )
        for one in found[:1]
    )
