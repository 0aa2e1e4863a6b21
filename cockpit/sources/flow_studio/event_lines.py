"""One line of events.jsonl as an `Event` or a `RoutingEntry`, and how loud it is (formats/flow-studio.md 2.4)."""

from collections.abc import Callable

from cockpit.models.records import Event, Level, RoutingEntry, StepStatus
from cockpit.sources.fields import SHORT, Obj, moment, obj, text, word
from cockpit.sources.flow_studio import words
from cockpit.sources.flow_studio.plan import Names
from cockpit.sources.flow_studio.routes import ROUTE_KINDS, event_route, route_entry

FLOW_FAILED_KINDS = frozenset(("flow_error", "flow_failed", "autopilot_flow_failed"))
ERROR_KINDS = FLOW_FAILED_KINDS | {"step_error", "run_failed", "autopilot_failed"}
END_KINDS = frozenset(("step_end", "run_completed", "run_end", "autopilot_completed"))
STOP_KINDS = frozenset(("run_stop_requested", "run_stopped", "run:stopped", "run:stopping", "autopilot_stopped"))
CANCEL_KINDS = frozenset(("run_canceled", "run_cancelled", "autopilot_canceled", "run:canceled", "run:interrupted"))
PAUSE_KINDS = frozenset(("run:paused", "run:pausing", "flow_paused", "autopilot_paused", "autopilot_pausing"))
# The bulk of a log of a million lines: nothing in them is looked at.
QUIET_KINDS = frozenset(
    ("log", "assistant_message", "user_message", "tool_start", "backend_init", "step_complete", "step_start",
     "file_changes", "step_timing", "verification_started", "lifecycle_phases_completed")
)  # fmt: skip


def make_event(path: str) -> Callable[[int, Obj], Event]:
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
            level=event_level(kind, payload),
            path=path,
            line=line,
        )

    return make


_SPEAKING = ("error", "message", "content", "reason", "stderr", "output", "tool", "status")
_KNOWN_FIELDS = frozenset(
    ("event_id", "seq", "run_id", "ts", "timestamp", "kind", "event", "flow_key", "step_id", "agent_key")
)


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


def event_level(kind: str, payload: Obj) -> Level:
    """How loud an event is."""
    if kind in QUIET_KINDS:
        return Level.INFO
    if kind in ROUTE_KINDS:
        return event_route(kind, None, payload).level
    if kind in ERROR_KINDS:
        return Level.ERROR
    if kind in END_KINDS:
        how = words.step_status(word(payload.get("status")))
        return Level.ERROR if how.bad else Level.WARN if how is StepStatus.PARTIAL else Level.INFO
    if kind == "boundary_violation":
        mild = (word(payload.get("severity")) or "").lower() in ("info", "warning")
        return Level.WARN if mild else Level.ERROR
    if kind == "verification_failed" or kind in STOP_KINDS or kind in CANCEL_KINDS or kind in PAUSE_KINDS:
        return Level.WARN
    loud = kind == "tool_end" and (payload.get("success") is False or bool(payload.get("error")))
    return Level.WARN if loud else Level.INFO


def make_routing(names: Names, path: str) -> Callable[[int, Obj], RoutingEntry]:
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
