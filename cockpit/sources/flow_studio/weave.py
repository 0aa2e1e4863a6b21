"""Signals and routing of one run, woven together from all files that speak of them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Handoff, HandoffStatus, Receipt, RoutingEntry, Signal, SignalKind
from cockpit.sources.fields import SHORT, Obj
from cockpit.sources.flow_studio.events import EventFacts
from cockpit.sources.flow_studio.layout import Kind
from cockpit.sources.flow_studio.logs import DecisionReader, LogReader
from cockpit.sources.flow_studio.plan import Names
from cockpit.sources.flow_studio.routes import MAX_ITERATIONS, handoff_entry
from cockpit.sources.flow_studio.small import SmallFacts
from cockpit.sources.jsonl import ChainSequence, JsonlFile

MERGE_LIMIT = 5_000
"""Entries of several files that are sorted into one list by time; more are shown file after file."""


def gather_signals(
    facts: EventFacts,
    lines: dict[str, JsonlFile[Any]],
    small: Sequence[SmallFacts],
    handoffs: Sequence[Handoff],
    receipts: Sequence[Receipt],
    notes: dict[str, tuple[int, int | None, str]],
) -> tuple[Signal, ...]:
    """All signals, oldest first.

    Args:
        facts: What events.jsonl says.
        lines: All line files, by path.
        small: The small files.
        handoffs: All handoffs.
        receipts: All receipts.
        notes: The microloop blocks of receipts, by the receipt's path.
    """
    signals = list(facts.signals)
    for file in lines.values():
        if isinstance(file.visitor, (DecisionReader, LogReader)):
            signals.extend(file.visitor.signals)
    for found in small:
        signals.extend(found.signals)
    spoken = {(signal.kind, signal.flow, signal.step) for signal in signals}
    signals.extend(_from_handoffs(handoffs, spoken))
    for receipt in receipts:
        note = notes.get(receipt.path)
        if note is None or (SignalKind.LOOP_EXHAUSTED, receipt.flow, receipt.step) in spoken:
            continue
        turn, limit, reason = note
        if MAX_ITERATIONS.match(reason) or (limit and turn >= limit):
            said = reason or f"{turn} of {limit} rounds"
            signals.append(_signal(SignalKind.LOOP_EXHAUSTED, Rank.RECEIPT, receipt, said, receipt.ended_at))
    signals.sort(key=_signal_order)
    return tuple(signals)


def _from_handoffs(
    handoffs: Sequence[Handoff], spoken: set[tuple[SignalKind, str | None, str | None]]
) -> Iterable[Signal]:
    committed = {(one.flow, one.step): one for one in handoffs if not one.draft}
    for one in handoffs:
        final = committed.get((one.flow, one.step))
        if one.draft and final is not None and final.status not in (HandoffStatus.FAILED, HandoffStatus.UNKNOWN):
            continue  # the committed envelope is the later word
        at = one.at or one.modified_at
        said = (one.routing.reason if one.routing else "") or one.summary
        if one.status is HandoffStatus.BLOCKED:
            # The reason it was routed by says why, unless the router only followed its list.
            asked = one.routing is not None and one.routing.needs_human
            why = said if asked else one.summary or said
            yield _signal(SignalKind.BLOCKED, Rank.NARRATIVE, one, why or "BLOCKED", at)
        known = spoken & {(kind, one.flow, one.step) for kind in (SignalKind.NEEDS_HUMAN, SignalKind.ESCALATION)}
        if one.routing is not None and one.routing.needs_human and not known:
            yield _signal(SignalKind.NEEDS_HUMAN, Rank.NARRATIVE, one, said or "needs_human", at)


def _signal(kind: SignalKind, rank: Rank, source: Receipt | Handoff, said: str, at: datetime | None) -> Signal:
    evidence = Evidence(rank=rank, path=source.path, quote=said[:SHORT])
    return Signal(kind=kind, at=at, flow=source.flow, step=source.step, text=said, evidence=evidence)


def _signal_order(signal: Signal) -> tuple[float, str, int]:
    at = 0.0 if signal.at is None else signal.at.timestamp()
    return at, signal.evidence.path, signal.evidence.line or 0


def gather_routing(
    names: Names,
    facts: EventFacts,
    lines: dict[str, JsonlFile[Any]],
    small: Sequence[SmallFacts],
    handoffs: Sequence[Handoff],
    make_event_route: Callable[[Names, str], Callable[[int, Obj], RoutingEntry]],
    make_decision: Callable[[str, str], Callable[[int, Obj], RoutingEntry]],
) -> Sequence[RoutingEntry]:
    """All routing decisions, oldest first.

    Events and decisions.jsonl speak first. A handoff's own word counts for steps they are silent on, and a
    candidates file for steps nothing else speaks of.
    """
    parts: list[Sequence[RoutingEntry]] = []
    spoken = set(facts.routed)
    for rel, file in lines.items():
        if rel == "events.jsonl":
            parts.append(file.sequence(make_event_route(names, file.name), 1))
        elif isinstance(file.visitor, DecisionReader):
            parts.append(file.sequence(make_decision(file.name, file.visitor.flow)))
            spoken |= file.visitor.spoken
    said = [(one, one.routing) for one in handoffs if one.routing is not None and not one.draft]
    extra = [
        handoff_entry(routing, one.flow, one.step, one.at or one.modified_at, one.path)
        for one, routing in said
        if (one.flow, one.step) not in spoken
    ]
    spoken |= {(one.flow, one.step) for one, _ in said}
    for found in small:
        entry = found.routing
        if entry is not None and (found.kind is Kind.INJECTION or (entry.flow, entry.step) not in spoken):
            extra.append(entry)
    return in_time([*parts, tuple(sorted(extra, key=entry_time))])


class _Timed(Protocol):
    @property
    def at(self) -> datetime | None: ...


T = TypeVar("T", bound=_Timed)


def in_time(parts: Sequence[Sequence[T]]) -> Sequence[T]:
    """Several sequences, each oldest first, as one; sorted by time where they are small enough to be decoded."""
    full = [part for part in parts if len(part)]
    if len(full) <= 1:
        return full[0] if full else ()
    if sum(map(len, full)) <= MERGE_LIMIT:
        return tuple(sorted((entry for part in full for entry in part), key=entry_time))
    return ChainSequence(sorted(full, key=lambda part: entry_time(part[0])))


def entry_time(entry: _Timed) -> float:
    """Sort key; what bears no time comes first."""
    return 0.0 if entry.at is None else entry.at.timestamp()
