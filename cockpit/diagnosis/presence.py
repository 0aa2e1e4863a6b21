"""What the processes of a run and its host say: dead, idle or alive (physics), and what other runs say of it."""

from collections.abc import Iterator, Sequence

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.observations import Observation
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.physics import Physics, Pulse
from cockpit.models.run import Run, RunState

_MOVING = (RunState.RUNNING, RunState.PENDING, RunState.STUCK)
_SHOWN = 4
_PULSES = {
    Pulse.GONE: Code.PROCESS_GONE,
    Pulse.IDLE: Code.PROCESS_IDLE,
    Pulse.ALIVE: Code.PROCESS_ALIVE,
    Pulse.STOPPED: Code.PROCESS_IDLE,
}
_CODES = frozenset(_PULSES.values())


def observe_physics(run: Run, physics: Physics | None) -> Iterator[Observation]:
    """The state of the producer, for a run that should be moving."""
    if physics is None or run.state not in _MOVING or physics.pulse not in _PULSES:
        return
    if any(reason.code in _CODES for reason in run.reasons):
        return  # the verdict rests on it already
    said = physics.note or f"producer {physics.pulse.value}"
    shown = [
        Evidence(
            rank=Rank.PHYSICS,
            path=run.ref.path,
            quote=f"pid {one.pid} {one.name} {one.status}"
            + (f", {one.cpu_percent:.0f} % CPU" if one.cpu_percent is not None else "")
            + (f", {one.children} children" if one.children else "")
            + (f", waits on {one.waiting_on}" if one.waiting_on else ""),
        )
        for one in physics.processes[:_SHOWN]
    ]
    evidence = tuple(shown) or (Evidence(rank=Rank.PHYSICS, path=run.ref.path, quote=said),)
    yield Observation(_PULSES[physics.pulse], said, evidence, flow=run.flow, step=run.step)


def observe_others(run: Run, others: Sequence[Run]) -> Iterator[Observation]:
    """Other runs that failed with the same signature."""
    if run.signature is None:
        return
    same = [one for one in others if one.signature == run.signature and one.key != run.key]
    if not same:
        return
    same.sort(key=lambda one: (_since(one), one.key))
    evidence = tuple(
        (one.reasons[0].evidence[0] if one.reasons and one.reasons[0].evidence else _directory(one))
        for one in same[:_SHOWN]
    )
    first = min((run, *same), key=lambda one: (_since(one), one.key))
    runs = "run" if len(same) == 1 else "runs"
    text = f"{len(same)} other {runs} failed in the same way, the first of all was {first.id}"
    yield Observation(Code.RECURRING, text, evidence, flow=run.flow, step=run.step, name=first.id)


def _since(run: Run) -> float:
    at = run.started_at or run.updated_at
    return float("inf") if at is None else at.timestamp()


def _directory(run: Run) -> Evidence:
    return Evidence(rank=Rank.PHYSICS, path=run.ref.path, quote=run.state.value)
