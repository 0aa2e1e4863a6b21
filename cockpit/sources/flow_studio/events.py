"""events.jsonl in one pass: what every line says of steps, flows and trouble (formats/flow-studio.md 2.4).

The file holds two kinds of lines: the runtime's (`kind`, `ts`) and the HTTP API's (`event`, `timestamp`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Decision, Event, Level, RoutingEntry, Signal, SignalKind, StepStatus
from cockpit.sources.fields import SHORT, Obj, items, moment, obj, text, whole, word
from cockpit.sources.flow_studio import words
from cockpit.sources.flow_studio.plan import Names
from cockpit.sources.flow_studio.routes import ROUTE_KINDS, Route, event_route, route_entry
from cockpit.sources.jsonl import LEVELS, Kept

EVENTS, ROUTING = 1, 2
"""Channels: every line; the lines that tell of a routing decision."""
MAX_SIGNALS = 2_000

_ENDS = frozenset(("step_end", "step_error"))
_FLOW_FAILED = frozenset(("flow_error", "flow_failed", "autopilot_flow_failed"))
_STOPS = frozenset(("run_stop_requested", "run_stopped", "run:stopped", "run:stopping", "autopilot_stopped"))
_CANCELS = frozenset(("run_canceled", "run_cancelled", "autopilot_canceled", "run:canceled", "run:interrupted"))
_PAUSES = frozenset(("run:paused", "run:pausing", "flow_paused", "autopilot_paused", "autopilot_pausing"))
_ERROR_KINDS = frozenset(
    ("step_error", "flow_error", "flow_failed", "run_failed", "autopilot_flow_failed", "autopilot_failed")
)


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
    starts: int = 0
    error: str | None = None
    line: int | None = None
    quote: str = ""
    """Its deciding event: the last start, end or error."""


@dataclass(slots=True)
class FlowEnd:
    """The last word of the events on one flow."""

    failed: bool
    status: str | None
    line: int
    at: datetime | None


@dataclass(slots=True)
class EventFacts:
    """What one pass over events.jsonl gathers; grows as the file grows."""

    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    dropped: int = 0
    ends: dict[str, FlowEnd] = field(default_factory=dict)
    jumps: set[tuple[str, str, str]] = field(default_factory=set)
    routed: set[tuple[str, str]] = field(default_factory=set)
    flows: tuple[str, ...] = ()
    backend: str | None = None
    initiator: str | None = None
    stepwise: bool = False
    seen_flows: dict[str, None] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None
    next_up: tuple[str, str] | None = None
    """Flow and step the last routing decision named, until that step leaves a trace."""
    lines: int = 0


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

    def visit(self, line: int, data: Obj) -> Kept:
        """See `cockpit.sources.jsonl.Visit`."""
        facts = self.facts
        facts.lines += 1
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
        level = self._speak(kind, line, at, flow, step, payload, data)
        return Kept(EVENTS, LEVELS[level])

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
            mark.starts += 1
            mark.attempts = max(mark.attempts + 1, mark.starts)
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

    def _route(
        self, kind: str, line: int, at: datetime | None, flow: str, step: str | None, payload: Obj
    ) -> Level:
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

    def _speak(
        self, kind: str, line: int, at: datetime | None, flow: str, step: str | None, payload: Obj, data: Obj
    ) -> Level:
        """What an event says of the run or a flow as a whole, as facts and signals; and how loud it is."""
        handler = _HANDLERS.get(kind)
        if handler is not None:
            return handler(self, _Line(kind, line, at, flow or None, step, payload, data))
        if kind in _FLOW_FAILED:
            return self._flow_failed(kind, line, at, flow, payload)
        if kind in _STOPS:
            reason = text(payload.get("reason"), SHORT) or text(data.get("reason"), SHORT) or kind
            self._signal(SignalKind.STOPPED, line, at, flow or None, step or word(data.get("current_step")), reason)
            return Level.WARN
        if kind in _CANCELS:
            self._signal(SignalKind.INTERRUPTED, line, at, flow or None, step, kind)
            return Level.WARN
        if kind in _PAUSES:
            self._signal(SignalKind.PAUSED, line, at, flow or None, step or word(data.get("current_step")), kind)
            return Level.WARN
        return Level.INFO

    def _flow_failed(self, kind: str, line: int, at: datetime | None, flow: str, payload: Obj) -> Level:
        said = text(payload.get("error"), 2_000) or text(payload.get("stderr"), 2_000) or kind
        self.facts.ends[flow] = FlowEnd(True, "failed", line, at)
        self._signal(SignalKind.FLOW_FAILED, line, at, flow or None, None, said)
        return Level.ERROR

    def _signal(
        self, kind: SignalKind, line: int, at: datetime | None, flow: str | None, step: str | None, said: str
    ) -> None:
        if len(self.facts.signals) >= MAX_SIGNALS:
            self.facts.dropped += 1
            return
        evidence = Evidence(rank=Rank.RECEIPT, path=self.path, line=line, quote=said[:SHORT])
        self.facts.signals.append(Signal(kind=kind, at=at, flow=flow, step=step, text=said, evidence=evidence))


@dataclass(slots=True)
class _Line:
    kind: str
    line: int
    at: datetime | None
    flow: str | None
    step: str | None
    payload: Obj
    data: Obj


def _created(reader: EventReader, it: _Line) -> Level:
    facts = reader.facts
    facts.flows = tuple(flow for flow in map(word, items(it.payload.get("flows"))) if flow is not None)
    facts.backend = word(it.payload.get("backend")) or facts.backend
    facts.initiator = word(it.payload.get("initiator")) or facts.initiator
    facts.stepwise = it.payload.get("stepwise") is True
    return Level.INFO


def _completed(reader: EventReader, it: _Line) -> Level:
    status = word(it.payload.get("status"))
    how = words.step_status(status)
    flow = it.flow or ""
    failed = how.bad and how is not StepStatus.INTERRUPTED
    # A flow that failed keeps that word when a later line closes another flow in its name (claude-harness does).
    reader.facts.ends[flow] = FlowEnd(failed, status, it.line, it.at)
    said = text(it.payload.get("error"), 2_000) or f"run_completed({flow})" + (f" {status}" if status else "")
    if failed:
        reader._signal(SignalKind.FLOW_FAILED, it.line, it.at, it.flow, None, said)
        return Level.ERROR
    if how in (StepStatus.PARTIAL, StepStatus.INTERRUPTED):
        reader._signal(SignalKind.STOPPED, it.line, it.at, it.flow, None, said)
        return Level.WARN
    reader._signal(SignalKind.FLOW_ENDED, it.line, it.at, it.flow, None, said)
    return Level.INFO


def _flow_end(reader: EventReader, it: _Line) -> Level:
    reader.facts.ends.setdefault(it.flow or "", FlowEnd(False, None, it.line, it.at))
    reader._signal(SignalKind.FLOW_ENDED, it.line, it.at, it.flow, None, it.kind)
    return Level.INFO


def _run_failed(reader: EventReader, it: _Line) -> Level:
    status = word(it.payload.get("status"))
    if it.kind == "autopilot_completed" and not words.step_status(status).bad:
        return Level.INFO
    said = text(it.payload.get("error"), 2_000) or it.kind
    reader._signal(SignalKind.RUN_FAILED, it.line, it.at, it.flow, it.step, said)
    return Level.ERROR


def _step_error(reader: EventReader, it: _Line) -> Level:
    said = text(it.payload.get("error"), 2_000) or "step_error without a text"
    reader._signal(SignalKind.STEP_ERROR, it.line, it.at, it.flow, it.step, said)
    return Level.ERROR


def _step_end(_reader: EventReader, it: _Line) -> Level:
    return Level.ERROR if words.step_status(word(it.payload.get("status"))).bad else Level.INFO


def _unverified(reader: EventReader, it: _Line) -> Level:
    checks = [pair for pair in items(it.payload.get("artifact_checks"), 50) if type(pair) is list and len(pair) > 1]
    missing = ", ".join(name for name in (word(pair[0]) for pair in checks if pair[1] is False) if name)
    said = f"missing: {missing}" if missing else "verification failed"
    reader._signal(SignalKind.VERIFICATION_FAILED, it.line, it.at, it.flow, it.step, said)
    return Level.WARN


def _boundary(reader: EventReader, it: _Line) -> Level:
    parts = (it.payload.get("severity"), it.payload.get("type"), it.payload.get("path"), it.payload.get("detail"))
    said = " ".join(part for part in (word(value) for value in parts) if part) or it.kind
    reader._signal(SignalKind.BOUNDARY, it.line, it.at, it.flow, it.step or word(it.payload.get("step_id")), said)
    mild = (word(it.payload.get("severity")) or "").lower() in ("info", "warning")
    return Level.WARN if mild else Level.ERROR


def _autopilot(reader: EventReader, it: _Line) -> Level:
    if not reader.facts.flows:
        reader.facts.flows = tuple(flow for flow in map(word, items(it.payload.get("flows"))) if flow is not None)
        reader.facts.backend = reader.facts.backend or "autopilot"
    return Level.INFO


def _spoken(_reader: EventReader, it: _Line) -> Level:
    if it.payload.get("success") is False or it.payload.get("error"):
        return Level.WARN
    return Level.INFO


_HANDLERS: dict[str, Any] = {
    "run_created": _created,
    "run_completed": _completed,
    "run_end": _completed,
    "flow_end": _flow_end,
    "run_failed": _run_failed,
    "autopilot_failed": _run_failed,
    "autopilot_completed": _run_failed,
    "autopilot_started": _autopilot,
    "step_error": _step_error,
    "step_end": _step_end,
    "verification_failed": _unverified,
    "boundary_violation": _boundary,
    "tool_end": _spoken,
}


def make_event(path: str) -> Any:
    """The function that makes an `Event` of a line, for the lazy sequence."""

    def make(line: int, data: Obj) -> Event:
        kind = word(data.get("kind")) or word(data.get("event")) or "unknown"
        payload = obj(data.get("payload"))
        return Event(
            at=moment(data.get("ts") or data.get("timestamp")),
            kind=kind,
            flow=word(data.get("flow_key")),
            step=word(data.get("step_id")) or word(data.get("current_step")),
            agent=word(data.get("agent_key")),
            text=_words_of(kind, payload or data),
            level=_level_of(kind, payload),
            path=path,
            line=line,
        )

    return make


_SPEAKING = ("error", "message", "content", "reason", "stderr", "output", "tool", "status")
_KNOWN_FIELDS = frozenset(("event_id", "seq", "run_id", "ts", "timestamp", "kind", "event", "flow_key", "step_id", "agent_key"))


def _words_of(kind: str, payload: Obj) -> str:
    if kind in ROUTE_KINDS:
        route = event_route(kind, None, payload)
        return " ".join(part for part in (f"→ {route.target}" if route.target else "", route.reason) if part)
    if kind in ("tool_start", "tool_end"):
        parts = (payload.get("tool"), payload.get("input"), payload.get("output"))
        return " ".join(part for part in (text(value, 500) for value in parts) if part)
    for key in _SPEAKING:
        if said := text(payload.get(key), 2_000):
            return said
    rest = ((key, text(value, 80)) for key, value in payload.items() if key not in _KNOWN_FIELDS)
    return " ".join(f"{key}={value}" for key, value in rest if value)[:SHORT]


def _level_of(kind: str, payload: Obj) -> Level:
    if kind in ROUTE_KINDS:
        return event_route(kind, None, payload).level
    if kind in _ERROR_KINDS:
        return Level.ERROR
    bad = words.step_status(word(payload.get("status")))
    if kind in ("step_end", "run_completed", "autopilot_completed") and bad.bad:
        return Level.ERROR
    if kind in ("verification_failed", "boundary_violation") or kind in _STOPS or kind in _CANCELS or kind in _PAUSES:
        return Level.WARN
    return Level.WARN if kind == "tool_end" and payload.get("success") is False else Level.INFO


def make_routing(names: Names, path: str) -> Any:
    """The function that makes a `RoutingEntry` of a routing event, for the lazy sequence."""

    def make(line: int, data: Obj) -> RoutingEntry:
        kind, payload = word(data.get("kind")) or "", obj(data.get("payload"))
        flow = word(data.get("flow_key")) or word(payload.get("from_flow"))
        step = word(data.get("step_id")) or word(payload.get("from_step"))
        route = event_route(kind, step, payload)
        level, turn = route.level, route.iteration
        if turn is not None and turn.max is None and flow and step:
            route = route._replace(iteration=turn.model_copy(update={"max": names.loop_max(flow, step)}))
        confidence = payload.get("confidence") or obj(payload.get("route")).get("confidence")
        return route_entry(route, data, flow, step, path, line, confidence=confidence, level=level)

    return make
