"""What the rules of the verdict are made of: a finding about the state, and small helpers for its words."""

from dataclasses import dataclass
from datetime import datetime

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Signal, SignalKind, StepFact
from cockpit.models.run import Reason, RunState

_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule holds: a state, the step it is about, why, and the failure's own text in full."""

    state: RunState
    reason: Reason
    flow: str | None = None
    step: str | None = None
    said: str = ""


def where(flow: str | None, step: str | None) -> str:
    """`build.implement`, or as much of it as is known."""
    return ".".join(part for part in (flow, step) if part) or "the run"


def gist(text: str | None) -> str:
    """The telling line of an error text: the last of a traceback, else the first."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    if not lines:
        return ""
    said = lines[-1] if any(line.startswith("Traceback") or "Traceback (most" in line for line in lines) else lines[0]
    return said if len(said) <= _QUOTE else said[: _QUOTE - 1] + "…"


def clock(at: datetime | None) -> str:
    """Hours, minutes and seconds (UTC) for a sentence."""
    return "an unknown time" if at is None else f"{at:%H:%M:%S}"


def span(seconds: float) -> str:
    """A duration in its two largest units: `7 h 54 min`."""
    whole = int(max(seconds, 0))
    for size, unit, below, small in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            big, rest = divmod(whole, size)
            return f"{big} {unit} {rest // below} {small}" if rest // below else f"{big} {unit}"
    return f"{whole} s"


def of_kind(detail: RunDetail, *kinds: SignalKind) -> list[Signal]:
    """The signals of these kinds, oldest first."""
    return [signal for signal in detail.signals if signal.kind in kinds]


def fact(detail: RunDetail, flow: str | None, step: str | None) -> StepFact | None:
    """What is known of a step."""
    return next((one for one in detail.steps if one.flow == flow and one.step == step), None)


def agent_of(detail: RunDetail, flow: str | None, step: str | None) -> str | None:
    """Who does a step: as recorded, else as planned."""
    known = fact(detail, flow, step)
    if known is not None and known.agent:
        return known.agent
    return next((one.agent for one in detail.plan if one.flow == flow and one.step == step), None)


def begun_since(detail: RunDetail, flow: str | None, at: datetime | None) -> bool:
    """Whether a step of the flow began after `at`: whatever was wrong then, the run went on."""
    if at is None:
        return False
    return any(one.flow == flow and one.started_at is not None and one.started_at > at for one in detail.steps)


def claim_evidence(detail: RunDetail) -> tuple[Evidence, ...]:
    """The record's own claim, as evidence of the weakest rank."""
    return () if detail.record.evidence is None else (detail.record.evidence,)


def silence_evidence(detail: RunDetail) -> tuple[Evidence, ...]:
    """The last sign of life of the run's directory."""
    if detail.updated_at is None:
        return ()
    return (
        Evidence(
            rank=Rank.PHYSICS, path=detail.ref.path, quote=f"last change {detail.updated_at:%Y-%m-%d %H:%M:%S} UTC"
        ),
    )
