"""Receipts and handoff envelopes as models (formats/flow-studio.md 2.5, 2.6)."""

from typing import Any

from cockpit.models.records import (
    Assumption,
    Concern,
    Decision,
    Handoff,
    HandoffRouting,
    Receipt,
    Tokens,
)
from cockpit.sources.fields import SHORT, Obj, flag, items, moment, number, obj, text, whole, word
from cockpit.sources.flow_studio import words
from cockpit.sources.flow_studio.plan import Names
from cockpit.sources.tree import FileEntry
from cockpit.sources.trusted import trusted

_NO_MEASURE = frozenset(
    (
        "tokens", "context_truncation", "routing_signal", "routing", "phases", "telemetry", "tool_calls",
        "tools_allowed", "error",
    )
)  # fmt: skip


_NO_TOKENS = Tokens()


def receipt(data: Obj, names: Names, flow: str, path: str, entry: FileEntry) -> Receipt:
    """A receipt file as a model.

    Args:
        data: Its JSON.
        names: The tree's steps, to put right what the newest tree misnames.
        flow: The flow directory it lies in, "" where it lies in none.
        path: Its path relative to the root.
        entry: The file.
    """
    get = data.get
    flow = flow or word(get("flow_key")) or ""
    raw_step, agent = word(get("step_id")), word(get("agent_key"))
    if raw_step is None:
        raw_step, named = names.split(flow, entry.rel.rpartition("/")[2].removesuffix(".json"))
        agent = agent or named
    status = word(get("status"))
    error = get("error")
    if type(error) is dict:
        error = error.get("message") or error.get("type")
    transcript = word(get("transcript_path"))
    made = {
        "flow": flow,
        "step": names.resolve(flow, raw_step, agent),
        "agent": agent,
        "status": words.step_status(status),
        "raw_status": status,
        "started_at": moment(get("started_at")),
        "ended_at": moment(get("completed_at")),
        "duration_ms": whole(get("duration_ms")),
        "tokens": _tokens(get("tokens")),
        "model": word(get("model")),
        "error": None if error is None else text(error),
        "transcript": None if transcript is None else _beside(path, transcript),
        "mode": word(get("mode")),
        "exit_code": _exit_code(data) if "tool_calls" in data or "exit_code" in data else None,
        "measures": _measures(data),
        "path": path,
        "modified_at": entry.modified_at,
    }
    return trusted(Receipt, made)


def _beside(path: str, transcript: str) -> str | None:
    """The transcript's path relative to the root; receipts give it relative to their flow's directory."""
    if transcript[0] == "/" or (".." in transcript and ".." in transcript.split("/")):
        return None
    flow_dir = path.rsplit("/", 2)[0]
    return transcript if flow_dir == path else f"{flow_dir}/{transcript}"


def _tokens(value: object) -> Tokens | None:
    if type(value) is not dict:
        return None
    prompt, completion, total = value.get("prompt"), value.get("completion"), value.get("total")
    if prompt == completion == total == 0:
        return _NO_TOKENS
    return Tokens(prompt=whole(prompt) or 0, completion=whole(completion) or 0, total=whole(total) or 0)


def _exit_code(data: Obj) -> int | None:
    found = whole(data.get("exit_code"))
    if found is None and type(data.get("tool_calls")) is list:
        codes = [whole(obj(call).get("exit_code")) for call in items(data["tool_calls"])]
        found = next((code for code in reversed(codes) if code), None)
    return found


def _measures(data: Obj) -> dict[str, Any]:
    """The evidence blocks: every object that says whether it was measured, and the documented ones."""
    return {
        key: value
        for key, value in data.items()
        if type(value) is dict and key not in _NO_MEASURE and ("measured" in value or key in ("tests", "changes"))
    }


def handoff(data: Obj, names: Names, flow: str, path: str, entry: FileEntry) -> Handoff:
    """A handoff envelope, committed or draft, of either the code's or the documents' shape.

    Args:
        data: Its JSON.
        names: The tree's steps.
        flow: The flow directory it lies in, "" where it lies in none.
        path: Its path relative to the root.
        entry: The file.
    """
    meta = obj(data.get("meta"))
    flow = flow or word(data.get("flow_key")) or word(meta.get("flow_key")) or ""
    name = entry.rel.rpartition("/")[2].removesuffix(".json")
    draft = name.endswith(".draft")
    step = word(data.get("step_id")) or word(meta.get("step_id"))
    agent = word(data.get("agent_key")) or word(meta.get("agent_key"))
    if step is None:
        step, named = names.split(flow, name.removesuffix(".draft"))
        agent = agent or named
    status = word(data.get("status"))
    return Handoff(
        flow=flow,
        step=step,
        agent=agent,
        status=words.handoff_status(status),
        raw_status=status,
        summary=_summary(data.get("summary")),
        concerns=tuple(filter(None, map(_concern, items(data.get("concerns"))))),
        assumptions=tuple(
            filter(None, map(_assumption, items(data.get("assumptions")) + items(data.get("assumptions_made"))))
        ),
        routing=_routing(data),
        error=text(data.get("error")),
        verified=flag(data.get("verification_passed")),
        fallback=data.get("_envelope_source") == "orchestrator_fallback",
        draft=draft,
        at=moment(data.get("timestamp")) or moment(meta.get("timestamp")),
        path=path,
        modified_at=entry.modified_at,
    )


def _summary(value: object) -> str:
    if type(value) is dict:
        parts = [text(value.get(key)) for key in ("what_i_did", "what_i_found")]
        return "; ".join(part for part in parts if part)
    return text(value) or ""


_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO")


def _concern(value: object) -> Concern | None:
    if type(value) is dict:
        said = text(value.get("description")) or text(value.get("concern")) or text(value.get("text"))
        if said is None:
            return None
        return Concern(text=said, severity=word(value.get("severity")), location=word(value.get("location")))
    said = text(value)
    if said is None:
        return None
    head, colon, rest = said.partition(":")
    # Drafts write the severity into the sentence: "HIGH: required input missing".
    if colon and head.strip().upper() in _SEVERITIES and rest.strip():
        return Concern(text=rest.strip(), severity=head.strip().upper())
    return Concern(text=said)


def _assumption(value: object) -> Assumption | None:
    if type(value) is not dict:
        said = text(value)
        return None if said is None else Assumption(text=said)
    said = text(value.get("assumption")) or text(value.get("statement"))
    if said is None:
        return None
    return Assumption(
        text=said,
        why=text(value.get("why")) or text(value.get("rationale")),
        impact=text(value.get("impact_if_wrong")),
        status=word(value.get("status")),
    )


def _routing(data: Obj) -> HandoffRouting | None:
    can_iterate = flag(data.get("can_further_iteration_help"))
    signal = obj(data.get("routing_signal"))
    if signal:
        raw = word(signal.get("decision"))
        return HandoffRouting(
            decision=words.decision(raw),
            raw_decision=raw,
            target=word(signal.get("next_step_id")) or word(signal.get("next_step")) or word(signal.get("next_flow")),
            reason=text(signal.get("reason")) or "",
            confidence=words.confidence(signal.get("confidence")),
            needs_human=flag(signal.get("needs_human")) or False,
            can_iterate=can_iterate,
        )
    routing = obj(data.get("routing"))
    raw = word(routing.get("recommendation")) or word(routing.get("decision"))
    if raw is None:
        return None
    decision = words.decision(raw)
    return HandoffRouting(
        decision=decision,
        raw_decision=raw,
        target=word(routing.get("next_step_suggestion")) or word(routing.get("detour_target")),
        reason=text(routing.get("reason")) or "",
        confidence=number(routing.get("confidence")),
        needs_human=flag(routing.get("needs_human")) or decision is Decision.ESCALATE,
        can_iterate=flag(routing.get("can_further_iteration_help")) if can_iterate is None else can_iterate,
    )


def loop_note(data: Obj) -> tuple[int, int | None, str] | None:
    """The microloop block a receipt may carry afterwards: (iteration, maximum, reason)."""
    block = data.get("routing")
    if type(block) is not dict:
        return None
    current = whole(block.get("loop_iteration"))
    if current is None:
        return None
    return current, whole(block.get("max_iterations")), text(block.get("reason"), SHORT) or ""
