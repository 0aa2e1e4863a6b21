"""The documents' line files: decisions.jsonl, logs and timeouts.jsonl (formats/flow-studio.md 2.8, 2.11)."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Decision, Event, Level, RoutingEntry, Signal, SignalKind
from cockpit.sources.fields import SHORT, Obj, moment, obj, text, whole, word
from cockpit.sources.flow_studio import words
from cockpit.sources.flow_studio.events import MAX_SIGNALS
from cockpit.sources.flow_studio.routes import Route, decision_route, route_entry
from cockpit.sources.jsonl import LEVELS, Kept

_QUIET = Kept(1)


class _Reader:
    """What both readers share: the place of a line, its time, and signals."""

    def __init__(self, path: str, flow: str) -> None:
        self.path = path
        self.flow = flow
        self.signals: deque[Signal] = deque(maxlen=MAX_SIGNALS)
        self.spoken: set[tuple[str, str]] = set()
        self._latest: object = None

    @property
    def last_at(self) -> datetime | None:
        """The time of the last line; parsed when asked for, as a log may have a million."""
        return moment(self._latest)

    def _signal(self, kind: SignalKind, line: int, data: Obj, said: str) -> None:
        flow, step = self.flow or word(data.get("flow_key")), word(data.get("step_id"))
        evidence = Evidence(rank=Rank.RECEIPT, path=self.path, line=line, quote=said[:SHORT])
        at = moment(data.get("timestamp"))
        self.signals.append(Signal(kind=kind, at=at, flow=flow, step=step, text=said, evidence=evidence))


class DecisionReader(_Reader):
    """Visits routing/decisions.jsonl; every line is a routing entry."""

    def visit(self, line: int, data: Obj) -> Kept:
        """See `cockpit.sources.jsonl.Visitor`."""
        self._latest = data.get("timestamp") or self._latest
        step = data.get("step_id")
        if type(step) is str:
            self.spoken.add((self.flow or word(data.get("flow_key")) or "", step))
        raw = data.get("decision")
        # The everyday line of a log of a million: nothing to say, so nothing is built.
        if type(raw) is str and words.decision(raw) is Decision.CONTINUE and not data.get("needs_human"):
            return _QUIET
        route = decision_route(data)
        if route.decision is Decision.ESCALATE:
            self._signal(SignalKind.ESCALATION, line, data, route.reason or "ESCALATE")
        elif route.needs_human:
            self._signal(SignalKind.NEEDS_HUMAN, line, data, route.reason or "needs_human")
        if route.exhausted:
            self._signal(SignalKind.LOOP_EXHAUSTED, line, data, _turns(route))
        return Kept(1, LEVELS[route.level])


def _turns(route: Route) -> str:
    turn = route.iteration
    return route.reason if turn is None or turn.max is None else f"{turn.current} of {turn.max} rounds: {route.reason}"


def make_decision(path: str, flow: str) -> Callable[[int, Obj], RoutingEntry]:
    """The function that makes a `RoutingEntry` of a line, for the lazy sequence."""

    def make(line: int, data: Obj) -> RoutingEntry:
        confidence = data.get("confidence") or "HIGH"  # left out when HIGH
        where = flow or word(data.get("flow_key")) or word(data.get("flow_id"))
        step = word(data.get("step_id")) or word(data.get("source_node"))
        return route_entry(decision_route(data), data, where, step, path, line, confidence=confidence)

    return make


_LEVELS = {
    "error": Level.ERROR,
    "critical": Level.ERROR,
    "fatal": Level.ERROR,
    "warn": Level.WARN,
    "warning": Level.WARN,
}


class LogReader(_Reader):
    """Visits a step log or timeouts.jsonl; every line is an event."""

    def __init__(self, path: str, flow: str, *, timeouts: bool) -> None:
        super().__init__(path, flow)
        self.timeouts = timeouts

    def visit(self, line: int, data: Obj) -> Kept:
        """See `cockpit.sources.jsonl.Visitor`."""
        self._latest = data.get("timestamp") or self._latest
        if self.timeouts:
            self._signal(SignalKind.TIMEOUT, line, data, timeout_text(data))
            return Kept(1, LEVELS[Level.ERROR])
        level = _level(data)
        if data.get("event") == "step_error":
            self._signal(SignalKind.STEP_ERROR, line, data, _log_text(data))
            level = Level.ERROR
        return Kept(1, LEVELS[level])


def _level(data: Obj) -> Level:
    if data.get("event") == "step_error":
        return Level.ERROR
    return _LEVELS.get((word(data.get("level")) or "").lower(), Level.INFO)


def _log_text(data: Obj) -> str:
    said = text(data.get("message"), 2_000) or word(data.get("event")) or ""
    error = obj(data.get("error"))
    detail = ": ".join(part for part in (word(error.get("type")), text(error.get("message"), 2_000)) if part)
    return f"{said} ({detail})" if said and detail else said or detail


def timeout_text(data: Obj) -> str:
    """One line of timeouts.jsonl for people: what ran out, after how long, and what was done then."""
    scope = word(data.get("scope")) or "step"
    elapsed, limit = whole(data.get("elapsed_ms")), whole(data.get("timeout_ms"))
    action = word(data.get("final_action"))
    after = f" after {elapsed} ms" if elapsed is not None else ""
    of = f" (limit {limit} ms)" if limit is not None else ""
    return f"{scope} timed out{after}{of}" + (f", then {action}" if action else "")


def make_log_event(path: str, flow: str, *, timeouts: bool = False) -> Callable[[int, Obj], Event]:
    """The function that makes an `Event` of a line, for the lazy sequence."""

    def make(line: int, data: Obj) -> Event:
        return Event(
            at=moment(data.get("timestamp")),
            kind="timeout" if timeouts else word(data.get("event")) or "log",
            flow=flow or word(data.get("flow_key")),
            step=word(data.get("step_id")),
            agent=word(data.get("agent_key")),
            text=timeout_text(data) if timeouts else _log_text(data),
            level=Level.ERROR if timeouts else _level(data),
            path=path,
            line=line,
        )

    return make
