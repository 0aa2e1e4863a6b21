"""outputs/reviews/optimization_trace.json: how the curriculum was made, and by what (formats/curriculum-builder.md 1).

The only place on disk that tells which provider and timeout were used, and only after generation succeeded.
"""

from datetime import datetime
from typing import Any

from cockpit.models.records import Decision, Iteration, Level, Receipt, RoutingEntry, StepStatus
from cockpit.sources.curriculum_builder.layout import FLOW
from cockpit.sources.fields import Obj, flag, items, number, obj, text, whole, word

_MAX_ROUNDS = 200


def policy(trace: Obj) -> Obj:
    """The model policy of the first round that names one."""
    return next((obj(one.get("model_policy")) for one in map(obj, _rounds(trace)) if one.get("model_policy")), {})


def _rounds(trace: Obj) -> list[Any]:
    return items(trace.get("iterations"), _MAX_ROUNDS)


def receipt(trace: Obj, path: str, at: datetime, began: datetime | None, summary: dict[str, Any]) -> Receipt:
    """The generation as a receipt.

    Args:
        trace: The file.
        path: Its path relative to the root.
        at: Its modification time: when the generation ended.
        began: When it began, where that is known (a second `run` sets the curriculum aside first).
        summary: What the curriculum holds.
    """
    used, rounds = policy(trace), _rounds(trace)
    measures: dict[str, Any] = {
        "optimization": {
            "stop_reason": word(trace.get("stop_reason")),
            "best_score": number(trace.get("best_score")),
            "target_score": number(used.get("target_score")),
            "accepted": flag(trace.get("accepted")),
            "rounds": len(rounds),
            "max_rounds": whole(used.get("max_iterations")),
            "provider": word(used.get("provider")),
            "timeout_seconds": number(used.get("timeout_seconds")),
            "retry_budget": whole(used.get("retry_budget")),
        }
    }
    if summary:
        measures["curriculum"] = summary
    return Receipt(
        flow=FLOW,
        step="generate",
        agent=word(used.get("provider")),
        status=StepStatus.SUCCEEDED,
        raw_status=word(trace.get("stop_reason")),
        started_at=began,
        ended_at=at,
        duration_ms=None if began is None else max(int((at - began).total_seconds() * 1000), 0),
        model=word(used.get("model")),
        measures=measures,
        path=path,
        modified_at=at,
    )


def rounds(trace: Obj, path: str, at: datetime) -> tuple[RoutingEntry, ...]:
    """The rounds of the optimiser as a loop's decisions; the last one says why it stopped."""
    every = [obj(one) for one in _rounds(trace)]
    return tuple(_round(trace, one, turn, len(every), path, at) for turn, one in enumerate(every, 1))


def _round(trace: Obj, one: Obj, turn: int, total: int, path: str, at: datetime) -> RoutingEntry:
    before, after = _score(one.get("score_summary")), _score(one.get("post_score_summary"))
    actions = [obj(action) for action in items(one.get("selected_actions"), 20)]
    # These words say that the loop is the machine's own: that its rounds look alike is no repeated failure.
    parts = [f"loop_iteration {turn} of {total}: score {before} → {after}"]
    for action in actions[:3]:
        target = word(action.get("node_id"))
        kind = word(action.get("action_type")) or "action"
        parts.append(f"{kind}{f' {target}' if target else ''}: {text(action.get('reason'), 200) or ''}".rstrip(": "))
    if len(actions) > 3:
        parts.append(f"{len(actions) - 3} more")
    last = turn == total
    if last and (stop := word(trace.get("stop_reason"))):
        parts.insert(0, stop)
    return RoutingEntry(
        at=at,
        flow=FLOW,
        step="generate",
        decision=Decision.CONTINUE if last else Decision.LOOP,
        raw_decision=word(trace.get("stop_reason")) if last else None,
        target="validate" if last else "generate",
        reason="; ".join(parts),
        iteration=Iteration(
            current=whole(one.get("iteration")) or turn, max=whole(obj(one.get("model_policy")).get("max_iterations"))
        ),
        level=Level.INFO,
        path=path,
    )


def _score(value: object) -> str:
    found = number(obj(value).get("total_score"))
    return "?" if found is None else f"{found:g}"
