"""The small files that say one thing each: interruptions, injections, boundary scans, flow summaries.

formats/flow-studio.md 2.8 (injections, candidates), 2.11 and section 8 ("examples with a story").
"""

import re
from dataclasses import dataclass
from pathlib import Path

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.problem import Problem
from cockpit.models.records import RoutingEntry, Signal, SignalKind
from cockpit.sources.fields import SHORT, Obj, flag, items, moment, obj, text, word
from cockpit.sources.flow_studio.layout import Kind, Place
from cockpit.sources.flow_studio.routes import candidates_entry, injection_entry
from cockpit.sources.jsonfile import Unreadable, kind_of, read_bytes, read_object
from cockpit.sources.paths import encode
from cockpit.sources.tree import FileEntry

MAX_SCAN_BYTES = 1 << 20
_SCAN_FAILS = re.compile(r"^\W*(?:FAIL(?:ED)?|BLOCKED?|VIOLATION|CRITICAL|ERROR)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SmallFacts:
    """What one small file says."""

    kind: Kind
    signals: tuple[Signal, ...] = ()
    routing: RoutingEntry | None = None


def read_small(
    absolute: str, path: str, where: Place, entry: FileEntry, root: Path
) -> tuple[SmallFacts | None, Problem | None]:
    """Read one of them.

    Args:
        absolute: The file.
        path: Its path relative to the root.
        where: What it is and whose.
        entry: Its stamp and mode.
        root: No symbolic link may leave it.
    """
    if where.kind is Kind.BOUNDARY:
        return _boundary(absolute, path, encode(where.flow), entry, root)
    data, problem = read_object(absolute, path, root=root)
    if data is None:
        return None, problem
    return _FACTS[where.kind](data, path, encode(where.flow), entry), problem


def _boundary(
    absolute: str, path: str, flow: str, entry: FileEntry, root: Path
) -> tuple[SmallFacts | None, Problem | None]:
    if not entry.regular:
        return None, Problem(path=path, reason=f"not an ordinary file but {kind_of(entry.mode)}")
    try:
        lines = read_bytes(absolute, root, MAX_SCAN_BYTES).decode("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return None, None
    except Unreadable as trouble:
        return None, Problem(path=path, reason=trouble.reason)
    signals = tuple(
        _signal(SignalKind.BOUNDARY, Rank.PHYSICS, path, flow, None, line.strip(), at=entry.modified_at, line=number)
        for number, line in enumerate(lines, 1)
        if _SCAN_FAILS.match(line)
    )
    return SmallFacts(Kind.BOUNDARY, signals[:100]), None


def _signal(
    kind: SignalKind, rank: Rank, path: str, flow: str | None, step: str | None, said: str, *,
    at: object = None, line: int | None = None,
) -> Signal:  # fmt: skip
    evidence = Evidence(rank=rank, path=path, line=line, quote=said[:SHORT])
    return Signal(kind=kind, at=at, flow=flow or None, step=step, text=said, evidence=evidence)


def _interrupt(data: Obj, path: str, flow: str, entry: FileEntry) -> SmallFacts:
    clean = flag(data.get("can_resume_cleanly"))
    work = text(data.get("partial_work"), SHORT)
    said = "interrupted" + (f": {work}" if work else "")
    if clean is not None:
        said += ", can be resumed cleanly" if clean else ", cannot be resumed cleanly"
    at = moment(data.get("interrupted_at")) or entry.modified_at
    step = word(data.get("step_id"))
    where = flow or word(data.get("flow_key"))
    return SmallFacts(Kind.INTERRUPT, (_signal(SignalKind.INTERRUPTED, Rank.RECEIPT, path, where, step, said, at=at),))


def _build_receipt(data: Obj, path: str, flow: str, entry: FileEntry) -> SmallFacts:
    """A flow's own summary of its work, written by an agent: an artifact, not the machinery's record."""
    state = (word(data.get("completion_state")) or "").upper()
    blockers = [said for said in (text(value, 300) for value in items(data.get("blockers"), 20)) if said]
    at = moment(data.get("timestamp")) or entry.modified_at
    if state and state not in ("VERIFIED", "COMPLETE", "COMPLETED", "PASS"):
        said = f"completion_state {state}" + (f": {'; '.join(blockers)}" if blockers else "")
        return SmallFacts(
            Kind.BUILD_RECEIPT, (_signal(SignalKind.STALLED, Rank.ARTIFACT, path, flow, None, said, at=at),)
        )
    return SmallFacts(Kind.BUILD_RECEIPT)


def _wisdom(data: Obj, path: str, _flow: str, entry: FileEntry) -> SmallFacts:
    """The summary written when all was over: how each flow ended, for runs that left no other record."""
    signals = []
    at = moment(data.get("created_at")) or entry.modified_at
    for flow, value in list(obj(data.get("flows")).items())[:50]:
        status = (word(obj(value).get("status")) or "").lower()
        if status in ("failed", "succeeded"):
            kind = SignalKind.FLOW_FAILED if status == "failed" else SignalKind.FLOW_ENDED
            signals.append(_signal(kind, Rank.ARTIFACT, path, word(flow), None, f"{flow}: {status}"[:SHORT], at=at))
    return SmallFacts(Kind.WISDOM, tuple(signals))


def _injection(data: Obj, path: str, flow: str, _entry: FileEntry) -> SmallFacts:
    return SmallFacts(Kind.INJECTION, routing=injection_entry(data, flow, path))


def _candidates(data: Obj, path: str, flow: str, entry: FileEntry) -> SmallFacts:
    return SmallFacts(Kind.CANDIDATES, routing=candidates_entry(data, flow, path, entry.modified_at))


_FACTS = {
    Kind.INTERRUPT: _interrupt,
    Kind.BUILD_RECEIPT: _build_receipt,
    Kind.WISDOM: _wisdom,
    Kind.INJECTION: _injection,
    Kind.CANDIDATES: _candidates,
}
