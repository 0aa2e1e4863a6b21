"""events.jsonl in one pass: what every line says of steps, flows and trouble (formats/flow-studio.md 2.4).

The file holds two kinds of lines: the runtime's (`kind`, `ts`) and the HTTP API's (`event`, `timestamp`).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Decision, Level, Signal, SignalKind, StepStatus
from cockpit.sources.fields import SHORT, Obj, items, moment, text, whole, word
from cockpit.sources.flow_studio import words
from cockpit.sources.flow_studio.event_lines import (
    CANCEL_KINDS,
    FLOW_FAILED_KINDS,
    PAUSE_KINDS,
    QUIET_KINDS,
    STOP_KINDS,
    event_level,
)
from cockpit.sources.flow_studio.plan import Names
from cockpit.sources.flow_studio.routes import ROUTE_KINDS, Route, event_route
from cockpit.sources.jsonl import LEVELS, Kept

EVENTS, ROUTING = 1, 2
"""Channels: every line; the lines that tell of a routing decision."""
MAX_SIGNALS = 2_000
"""Signals kept of one file, the latest."""

_ENDS = frozenset(("step_end", "step_error"))
_QUIET = Kept(EVENTS)


@dataclass(slots=True)
class Mark:
    """What the events say of one step."""

    flow: str
    step: str
    order: int
    agent: str | None = None
    status: StepStatus = StepStatus.UNKNOWN
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    error: str | None = None
    line: int | None = None
    quote: str = ""
    """Its deciding event: the last start, end or error."""


@dataclass(slots=True)
class EventFacts:
    """What one pass over events.jsonl gathers; grows as the file grows."""

    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    signals: deque[Signal] = field(default_factory=lambda: deque(maxlen=MAX_SIGNALS))
    jumps: set[tuple[str, str, str]] = field(default_factory=set)
    routed: set[tuple[str, str]] = field(default_factory=set)
    flows: tuple[str, ...] = ()
    backend: str | None = None
    initiator: str | None = None
    seen_flows: dict[str, None] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    next_up: tuple[str, str] | None = None
    """Flow and step the last routing decision named, until that step leaves a trace."""


class EventReader:
    """Visits the lines of one events.jsonl, in order.

    Args:
        names: The tree's steps.
        path: The file's path relative to the root.
    """

    def __init__(self, names: Names, path: str) -> None:
        self.names = names
        self.path = path
        self.facts = EventFacts()

    @property
    def last_at(self) -> datetime | None:
        """The newest time of any line."""
        return self.facts.last_at

    def visit(self, line: int, data: Obj) -> Kept:
        """See `cockpit.sources.jsonl.Visitor`."""
        facts = self.facts
        kind = data.get("kind")
        if type(kind) is not str:
            kind = word(data.get("event")) or ""
        at = moment(data.get("ts") or data.get("timestamp"))
        if at is not None:
            if facts.first_at is None:
                facts.first_at = at
            # Lines of a step are flushed after it, stamped earlier: only the newest time is a sign of life.
            if facts.last_at is None or at > facts.last_at:
                facts.last_at = at
        flow = word(data.get("flow_key")) or ""
        step = word(data.get("step_id"))
        if flow:
            facts.seen_flows[flow] = None
        payload = data.get("payload")
        payload = payload if type(payload) is dict else {}
        if kind in ROUTE_KINDS:
            return Kept(EVENTS | ROUTING, LEVELS[self._route(kind, line, at, flow, step, payload)])
        if step is not None:
            self._step(kind, line, at, flow, step, word(data.get("agent_key")), payload)
        if kind in QUIET_KINDS:
            return _QUIET
        self._speak(_Line(kind, line, at, flow or None, step or word(data.get("current_step")), payload, data))
        return Kept(EVENTS, LEVELS[event_level(kind, payload)])

    def _mark(self, flow: str, step: str) -> Mark:
        mark = self.facts.marks.get((flow, step))
        if mark is None:
            mark = self.facts.marks[flow, step] = Mark(flow, step, len(self.facts.marks))
        if self.facts.next_up == (flow, step):
            self.facts.next_up = None
        return mark

    def _step(
        self, kind: str, line: int, at: datetime | None, flow: str, step: str, agent: str | None, payload: Obj
    ) -> None:
        if kind in ("run_stop_requested", "run_stopped"):  # names the step it did not begin
            self.facts.next_up = (flow, step)
            return
        mark = self._mark(flow, self.names.resolve(flow, step, agent))
        mark.agent = agent or mark.agent
        if kind == "step_start":
            mark.attempts += 1
            mark.status, mark.ended_at, mark.error = StepStatus.RUNNING, None, None
            mark.started_at, mark.line, mark.quote = at, line, "step_start"
        elif kind in _ENDS:
            raw = word(payload.get("status"))
            status = words.step_status(raw)
            if kind == "step_error" and not status.bad:
                status = StepStatus.FAILED
            elif kind == "step_end" and raw is None:
                status = StepStatus.SUCCEEDED
            mark.status, mark.ended_at, mark.line = status, at, line
            mark.error = text(payload.get("error"))
            mark.quote = f"{kind} {raw or ''}".strip()
            mark.attempts = max(mark.attempts, 1)
        elif kind == "step_timing":
            mark.attempts = max(mark.attempts, whole(payload.get("iteration")) or 1)
            mark.started_at = moment(payload.get("started_at")) or mark.started_at
            mark.ended_at = at
            if mark.status is StepStatus.UNKNOWN:
                mark.line, mark.quote = line, "step_timing"
        elif mark.line is None:
            mark.line, mark.quote = line, kind

    def _route(self, kind: str, line: int, at: datetime | None, flow: str, step: str | None, payload: Obj) -> Level:
        step = step or word(payload.get("from_step"))
        route = event_route(kind, step, payload)
        facts = self.facts
        if step is not None and flow:
            facts.routed.add((flow, step))
            self._mark(flow, step)
            if kind == "route_decision":
                if route.target is not None:
                    facts.jumps.add((flow, step, route.target))
                facts.next_up = (flow, route.target) if route.target is not None else None
        self._route_signals(route, line, at, flow or None, step)
        return route.level

    def _route_signals(self, route: Route, line: int, at: datetime | None, flow: str | None, step: str | None) -> None:
        if route.decision is Decision.ESCALATE:
            self._signal(SignalKind.ESCALATION, line, at, flow, step, route.reason)
        elif route.needs_human:
            self._signal(SignalKind.NEEDS_HUMAN, line, at, flow, step, route.reason)
        if route.exhausted:
            self._signal(SignalKind.LOOP_EXHAUSTED, line, at, flow, step, route.reason)
        if route.stalled:
            self._signal(SignalKind.STALLED, line, at, flow, step, route.reason)

    def _speak(self, it: "_Line") -> None:
        """What an event says of the run or a flow as a whole, as facts and signals."""
        if it.kind in _CREATING:
            self._created(it)
        elif it.kind in _COMPLETING:
            self._completed(it)
        elif (saying := _SAYINGS.get(it.kind)) is not None:
            kind, words_of = saying
            said = words_of(it)
            if said is not None:
                where = (
                    it
                    if it.step or kind is SignalKind.FLOW_FAILED
                    else it._replace(step=word(it.payload.get("step_id")))
                )
                self._say(kind, where, said)

    def _created(self, it: "_Line") -> None:
        facts, payload = self.facts, it.payload
        facts.flows = tuple(flow for flow in map(word, items(payload.get("flows"))) if flow is not None) or facts.flows
        backend = "autopilot" if it.kind == "autopilot_started" else None
        facts.backend = word(payload.get("backend")) or facts.backend or backend
        facts.initiator = word(payload.get("initiator")) or facts.initiator

    def _completed(self, it: "_Line") -> None:
        """`run_completed` is written once per flow; the newest tree's says no more than that the flow is over."""
        status = word(it.payload.get("status"))
        how = words.step_status(status)
        said = text(it.payload.get("error"), 2_000)
        said = said or f"run_completed({it.flow or ''})" + (f" {status}" if status else "")
        if how in (StepStatus.PARTIAL, StepStatus.INTERRUPTED):
            self._say(SignalKind.STOPPED, it, said)
        else:
            self._say(SignalKind.FLOW_FAILED if how.bad else SignalKind.FLOW_ENDED, it, said)

    def _say(self, kind: SignalKind, it: "_Line", said: str) -> None:
        self._signal(kind, it.line, it.at, it.flow, it.step, said)

    def _signal(
        self, kind: SignalKind, line: int, at: datetime | None, flow: str | None, step: str | None, said: str
    ) -> None:
        evidence = Evidence(rank=Rank.RECEIPT, path=self.path, line=line, quote=said[:SHORT])
        self.facts.signals.append(Signal(kind=kind, at=at, flow=flow, step=step, text=said, evidence=evidence))


class _Line(NamedTuple):
    kind: str
    line: int
    at: datetime | None
    flow: str | None
    step: str | None
    payload: Obj
    data: Obj


def _error(it: _Line) -> str | None:
    return text(it.payload.get("error"), 2_000) or text(it.payload.get("stderr"), 2_000) or it.kind


def _reason(it: _Line) -> str | None:
    return text(it.payload.get("reason"), SHORT) or text(it.data.get("reason"), SHORT) or it.kind


def _kind(it: _Line) -> str | None:
    return it.kind


def _autopilot_end(it: _Line) -> str | None:
    return _error(it) if words.step_status(word(it.payload.get("status"))).bad else None


def _unverified(it: _Line) -> str | None:
    checks = [pair for pair in items(it.payload.get("artifact_checks"), 50) if type(pair) is list and len(pair) > 1]
    missing = ", ".join(name for name in (word(pair[0]) for pair in checks if pair[1] is False) if name)
    return f"missing: {missing}" if missing else "verification failed"


def _violation(it: _Line) -> str | None:
    parts = (it.payload.get(key) for key in ("severity", "type", "path", "detail"))
    return " ".join(part for part in (word(value) for value in parts) if part) or it.kind


_CREATING = frozenset(("run_created", "autopilot_started"))
_COMPLETING = frozenset(("run_completed", "run_end"))
_Saying = tuple[SignalKind, Callable[[_Line], str | None]]
# What each kind of event says, in whose words; None means that this one says nothing.
_SAYINGS: dict[str, _Saying] = {
    "flow_end": (SignalKind.FLOW_ENDED, _kind),
    "run_failed": (SignalKind.RUN_FAILED, _error),
    "autopilot_failed": (SignalKind.RUN_FAILED, _error),
    "autopilot_completed": (SignalKind.RUN_FAILED, _autopilot_end),
    "step_error": (SignalKind.STEP_ERROR, _error),
    "verification_failed": (SignalKind.VERIFICATION_FAILED, _unverified),
    "boundary_violation": (SignalKind.BOUNDARY, _violation),
    **dict.fromkeys(FLOW_FAILED_KINDS, (SignalKind.FLOW_FAILED, _error)),
    **dict.fromkeys(STOP_KINDS, (SignalKind.STOPPED, _reason)),
    **dict.fromkeys(CANCEL_KINDS, (SignalKind.INTERRUPTED, _kind)),
    **dict.fromkeys(PAUSE_KINDS, (SignalKind.PAUSED, _kind)),
}
