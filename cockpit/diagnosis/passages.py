"""The texts of a run that rules look into, each with its place and the step it speaks of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cockpit.diagnosis.rules import ARTIFACT, ERROR, EVENT, HANDOFF, PROBLEM, ROUTING, SIGNAL, bounded
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import HandoffStatus, Level, SignalKind

_LAST = 400
"""Routing decisions and events looked into, from the newest: those files hold up to a million lines."""
_FILES = 2_000
_QUOTE = 300

_FAILURES = frozenset(
    (
        SignalKind.FLOW_FAILED, SignalKind.RUN_FAILED, SignalKind.STEP_ERROR, SignalKind.BLOCKED, SignalKind.TIMEOUT,
        SignalKind.VERIFICATION_FAILED,
    )
)  # fmt: skip
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of a run.

    Attributes:
        text: As written, possibly long.
        places: What it is (`cockpit.diagnosis.rules.PLACES`).
        evidence: Where it stands.
        flow: The flow it speaks of.
        step: The step it speaks of.
    """

    text: str
    places: frozenset[str]
    evidence: Evidence
    flow: str | None = None
    step: str | None = None

    def quoted(self, matched: str) -> Evidence:
        """Its place, quoting the words that matched."""
        if matched and matched in self.evidence.quote and len(self.evidence.quote) <= _QUOTE:
            return self.evidence
        line = next((line.strip() for line in bounded(self.text).splitlines() if matched and matched in line), "")
        quote = line or matched or self.evidence.quote
        return self.evidence.model_copy(update={"quote": quote[:_QUOTE]})


def passages(detail: RunDetail) -> Iterator[Passage]:
    """Every text of a run, failures first. Bounded in number and length."""
    yield from _failures(detail)
    yield from _problems(detail)
    yield from _handoffs(detail)
    for entry in _newest(detail.routing):
        if entry.reason:
            evidence = Evidence(rank=Rank.RECEIPT, path=entry.path, line=entry.line, quote=entry.reason[:_QUOTE])
            yield Passage(entry.reason, frozenset((ROUTING,)), evidence, entry.flow, entry.step)
    for event in _newest(detail.events):
        if event.text and event.level is not Level.INFO:
            evidence = Evidence(rank=Rank.RECEIPT, path=event.path, line=event.line, quote=event.text[:_QUOTE])
            yield Passage(event.text, frozenset((EVENT,)), evidence, event.flow, event.step)
    for artifact in detail.artifacts[:_FILES]:
        evidence = Evidence(rank=Rank.PHYSICS, path=artifact.path)
        yield Passage(artifact.path, frozenset((ARTIFACT,)), evidence, artifact.flow)


def _problems(detail: RunDetail) -> Iterator[Passage]:
    for problem in detail.problems[:_LAST]:
        evidence = Evidence(rank=Rank.PHYSICS, path=problem.path, line=problem.line, quote=problem.reason)
        places = (PROBLEM, ERROR) if problem.fatal else (PROBLEM,)
        yield Passage(problem.reason, frozenset(places), evidence)


def _handoffs(detail: RunDetail) -> Iterator[Passage]:
    """What an agent writes about work that went well is no failure, whatever words it uses."""
    for handoff in detail.handoffs:
        texts = [handoff.error or ""]
        if handoff.status not in (HandoffStatus.VERIFIED, HandoffStatus.UNKNOWN):
            texts += [handoff.summary, *(concern.text for concern in handoff.concerns)]
            texts += [] if handoff.routing is None else [handoff.routing.reason]
        evidence = Evidence(rank=Rank.NARRATIVE, path=handoff.path)
        for text in dict.fromkeys(texts):
            if text:
                yield Passage(text, frozenset((HANDOFF,)), evidence, handoff.flow, handoff.step)


def _failures(detail: RunDetail) -> Iterator[Passage]:
    error = frozenset((ERROR,))
    for step in detail.steps:
        if step.error and step.evidence is not None:
            yield Passage(step.error, error, step.evidence, step.flow, step.step)
    for signal in detail.signals:
        text = signal.text or signal.evidence.quote
        if text:
            places = {SIGNAL, signal.kind.value} | ({ERROR} if signal.kind in _FAILURES else set())
            yield Passage(text, frozenset(places), signal.evidence, signal.flow, signal.step)
    for receipt in detail.receipts:
        if receipt.error:
            evidence = Evidence(rank=Rank.RECEIPT, path=receipt.path)
            yield Passage(receipt.error, error, evidence, receipt.flow, receipt.step)
    record = detail.record
    if record.error and record.evidence is not None:
        yield Passage(record.error, error, record.evidence.model_copy(update={"quote": ""}))


def _newest(entries: Sequence[_Entry]) -> Sequence[_Entry]:
    """The last entries; slicing only those keeps a lazy sequence lazy."""
    return entries[max(0, len(entries) - _LAST) :]
