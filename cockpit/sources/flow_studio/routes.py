"""Routing decisions from wherever they are written, in one vocabulary (formats/flow-studio.md 2.8)."""

import re
from typing import NamedTuple

from cockpit.models.records import Decision, HandoffRouting, Iteration, Level, RoutingEntry
from cockpit.sources.fields import Obj, flag, items, moment, obj, text, whole, word
from cockpit.sources.flow_studio import words

MAX_ITERATIONS = re.compile(r"(?:flow_complete_)?max_iterations_reached:(\d{1,6})")
_LOOP_ITERATION = re.compile(r"loop_iteration:(\d{1,6})")
ROUTE_KINDS = frozenset(
    ("route_decision", "navigation_decision", "macro_route", "utility_flow_injected", "graph_patch_suggested")
)


class Route(NamedTuple):
    """A decision before its place is known; the fields are `RoutingEntry`'s."""

    decision: Decision
    raw: str | None
    target: str | None
    reason: str
    iteration: Iteration | None = None
    needs_human: bool = False
    stalled: bool = False

    @property
    def exhausted(self) -> bool:
        """Whether a microloop ended because it had used up its rounds."""
        if MAX_ITERATIONS.match(self.reason):
            return True
        turn = self.iteration
        return self.decision is Decision.LOOP and turn is not None and turn.max is not None and turn.current >= turn.max

    @property
    def level(self) -> Level:
        """ERROR where a person is asked for, WARN where the run left its straight way."""
        if self.decision is Decision.ESCALATE or self.needs_human:
            return Level.ERROR
        if self.exhausted or self.stalled or self.decision in (Decision.DETOUR, Decision.PAUSE):
            return Level.WARN
        return Level.INFO


def event_route(kind: str, step: str | None, payload: Obj) -> Route:
    """The decision an event of one of `ROUTE_KINDS` tells of."""
    if kind == "navigation_decision":
        return _navigation(payload)
    if kind == "macro_route":
        return _macro(payload)
    if kind == "route_decision":
        return _step_route(step, payload)
    decision = Decision.INJECT if kind == "utility_flow_injected" else Decision.EXTEND
    target = word(payload.get("injected_flow")) or word(payload.get("flow_key")) or word(payload.get("flow_id"))
    return Route(decision, None, target, text(payload.get("reason"), 2_000) or "")


def _step_route(step: str | None, payload: Obj) -> Route:
    raw = word(payload.get("decision"))
    reason = text(payload.get("reason"), 2_000) or ""
    target = word(payload.get("to_step")) or word(payload.get("next_step_id"))
    source = word(payload.get("routing_source")) or ""
    decision = words.decision(raw)
    if source == "escalate" or reason.startswith("escalate:"):
        decision = Decision.ESCALATE
    elif source == "navigator:detour":
        decision = Decision.DETOUR
    elif source == "navigator:extend_graph":
        decision = Decision.EXTEND
    elif decision is Decision.UNKNOWN:  # v1 writes no word, v2 mostly `unknown`: the reason and the target tell
        if _LOOP_ITERATION.match(reason):
            decision = Decision.LOOP
        else:
            decision = Decision.CONTINUE if target else Decision.TERMINATE
    return Route(
        decision,
        raw,
        target,
        reason,
        _iteration(step, reason, obj(payload.get("loop_state"))),
        flag(payload.get("needs_human")) or False,
        stalled=reason.startswith("Stall detected"),
    )


def _iteration(step: str | None, reason: str, loop_state: Obj) -> Iteration | None:
    if spent := MAX_ITERATIONS.match(reason):
        return Iteration(current=int(spent[1]), max=int(spent[1]))
    if turn := _LOOP_ITERATION.match(reason):
        return Iteration(current=int(turn[1]))
    for key, value in loop_state.items():
        current = whole(value)
        if step is not None and current is not None and key.partition(":")[0] == step:
            return Iteration(current=current)
    return None


def _navigation(payload: Obj) -> Route:
    route, signals = obj(payload.get("route")), obj(payload.get("signals"))
    raw = word(route.get("intent"))
    return Route(
        words.decision(raw),
        raw,
        word(route.get("target_node")),
        text(route.get("reasoning"), 2_000) or "",
        None,
        flag(signals.get("needs_human")) or False,
        stalled=(word(signals.get("stall")) or "none").lower() not in ("none", "low", "false"),
    )


def _macro(payload: Obj) -> Route:
    raw = word(payload.get("action"))
    decision = words.decision(raw)
    target = word(payload.get("to_flow")) or word(payload.get("next_flow"))
    if decision is Decision.UNKNOWN:
        decision = Decision.CONTINUE if target else Decision.TERMINATE
    return Route(decision, raw, target, text(payload.get("reason"), 2_000) or "")


def decision_route(data: Obj) -> Route:
    """A line of `routing/decisions.jsonl`, of either documented shape."""
    if "decision" not in data and type(data.get("routing")) is dict:
        data = {**data, **data["routing"]}
    raw = word(data.get("decision"))
    decision = words.decision(raw)
    turn = obj(data.get("iteration"))
    current = whole(turn.get("current"))
    nodes = ", ".join(name for name in map(word, items(data.get("injected_nodes"), 20)) if name)
    return Route(
        decision,
        raw,
        word(data.get("detour_target")) or word(data.get("injected_flow")) or word(data.get("target")) or nodes or None,
        text(data.get("reason"), 2_000) or text(data.get("justification"), 2_000) or "",
        None if current is None else Iteration(current=current, max=whole(turn.get("max"))),
        flag(data.get("needs_human")) or decision is Decision.ESCALATE,
        stalled=data.get("stalled") is True,
    )


def route_entry(
    route: Route,
    data: Obj,
    flow: str | None,
    step: str | None,
    path: str,
    line: int | None,
    *,
    confidence: object = None,
    level: Level | None = None,
) -> RoutingEntry:
    """A decision with its place. `data` holds the time under `ts` or `timestamp`."""
    return RoutingEntry(
        at=moment(data.get("ts")) or moment(data.get("timestamp")),
        flow=flow,
        step=step,
        decision=route.decision,
        raw_decision=route.raw,
        target=route.target,
        reason=route.reason,
        iteration=route.iteration,
        confidence=words.confidence(confidence),
        needs_human=route.needs_human,
        level=route.level if level is None else level,
        path=path,
        line=line,
    )


def handoff_entry(routing: HandoffRouting, flow: str, step: str, at: object, path: str) -> RoutingEntry:
    """What a handoff says of the way on, for steps no event speaks of."""
    route = Route(routing.decision, routing.raw_decision, routing.target, routing.reason, None, routing.needs_human)
    entry = route_entry(route, {}, flow, step, path, None, confidence=routing.confidence)
    return entry.model_copy(update={"at": at})


def candidates_entry(data: Obj, flow: str, path: str, at: object) -> RoutingEntry | None:
    """The default of a candidates file, for steps nothing else speaks of: what could have been chosen."""
    candidates = [obj(value) for value in items(data.get("candidates"), 200)]
    chosen = next((one for one in candidates if one.get("is_default") is True), candidates[0] if candidates else None)
    if chosen is None:
        return None
    raw = word(chosen.get("action"))
    route = Route(words.decision(raw), raw, word(chosen.get("target_node")), text(chosen.get("reason"), 2_000) or "")
    return route_entry(route, {}, flow, word(data.get("step_id")), path, None).model_copy(update={"at": at})


def injection_entry(data: Obj, flow: str, path: str) -> RoutingEntry:
    """A file of `routing/injections/`."""
    where = obj(data.get("injected_at"))
    nodes = ", ".join(filter(None, (_node(value) for value in items(data.get("nodes"), 20))))
    status = word(data.get("status"))
    reason = text(data.get("reason"), 2_000) or text(data.get("goal_alignment"), 2_000) or ""
    raw = "INJECT_FLOW" if data.get("injected_flow") else "INJECT_NODES"
    turn = whole(where.get("after_iteration"))
    route = Route(
        Decision.INJECT,
        raw,
        word(data.get("injected_flow")) or nodes or None,
        f"{reason} ({status})" if status else reason,
        None if turn is None else Iteration(current=turn),
    )
    return route_entry(route, data, word(where.get("flow_key")) or flow or None, word(where.get("step_id")), path, None)


def _node(value: object) -> str | None:
    return word(obj(value).get("node_id") or obj(value).get("id")) if type(value) is dict else word(value)
