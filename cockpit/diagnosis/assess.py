"""Dead, hung, slow or at work: what silence and the facts of its processes together say of a run that should move.

Physics outranks silence: a producer that is gone makes a run stuck at once, one that is seen to work puts that off.
Where physics is not known nothing changes.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from cockpit.diagnosis.claims import claim_of, contradicted
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.pace import Pace
from cockpit.diagnosis.parts import clock, span
from cockpit.models.base import Model
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.physics import Physics, ProcessFact, Pulse
from cockpit.models.run import Reason, Run, RunState

UNSEEN_S = 120.0
"""Nobody was ever seen to work on a run: it counts as dead after this much silence, as its producer may be hidden."""
MOVING = frozenset((RunState.PENDING, RunState.RUNNING, RunState.STUCK))
"""States in which a producer should be there."""


class Word(StrEnum):
    """What a run that should move is doing."""

    WORKING = "working"
    SLOW = "slow"
    """It takes longer than nearly all before it, and may still end."""
    HUNG = "hung"
    """Its process is there, and silent for longer than can be."""
    DEAD = "dead"
    """Its process is gone."""
    UNKNOWN = "unknown"


class Assessment(Model):
    """What a run is doing.

    Attributes:
        word: In one word.
        reason: Why, with the evidence. Its text holds nothing that changes from second to second.
        stuck_at: When it is stuck unless something happens; in the past where it is; `None` where it cannot be.
    """

    word: Word
    reason: Reason
    stuck_at: datetime | None = None


def assess(run: Run, physics: Physics | None, pace: Pace, now: datetime) -> Assessment:
    """What a run is doing, as of `now`. Pure.

    Args:
        run: Its verdict by its files alone.
        physics: Its processes, as last seen.
        pace: What is normal for the step it is at.
        now: Aware UTC.
    """
    if run.state not in MOVING:
        return Assessment(word=Word.UNKNOWN, reason=Reason(text=f"it is {run.state.value}: nothing should be moving"))
    since = run.updated_at or run.started_at
    if since is None:
        return Assessment(word=Word.UNKNOWN, reason=Reason(text="it has given no sign of life yet"))
    if physics is None or physics.pulse is Pulse.UNKNOWN:
        return _by_silence(since, physics, pace, now)
    if physics.pulse is Pulse.GONE:
        return _without_producer(run, since, physics, pace, now)
    if physics.pulse is Pulse.STOPPED:
        first = physics.processes[0]
        text = f"{_who(first)} is {first.status or 'stopped'}: it does nothing until it is continued"
        return Assessment(word=Word.HUNG, reason=_reason(text, Code.PROCESS_IDLE, physics), stuck_at=since)
    return _with_producer(since, physics, pace, now)


def with_physics(run: Run, assessment: Assessment, now: datetime) -> Run:
    """A run's verdict with what its processes say of it.

    Args:
        run: Its verdict by its files alone, as of its last sign of life, so that silence has not been judged yet.
        assessment: What it is doing.
        now: Aware UTC.
    """
    if run.state not in MOVING or assessment.stuck_at is None:
        return run
    if now < assessment.stuck_at:
        if run.becomes is None:
            return run
        return run.model_copy(update={"becomes": run.becomes.model_copy(update={"at": assessment.stuck_at})})
    if assessment.word in (Word.DEAD, Word.HUNG):
        return run.model_copy(
            update={
                "state": RunState.STUCK,
                "contradicted": contradicted(claim_of(run.claimed), RunState.STUCK),
                "reasons": (assessment.reason, *run.reasons),
                "findings": run.findings if run.becomes is None else run.becomes.findings,
                "becomes": None,
            }
        )
    return run.at(now)


def _by_silence(since: datetime, physics: Physics | None, pace: Pace, now: datetime) -> Assessment:
    note = physics.note if physics is not None and physics.note else "nothing is known of its process"
    stuck_at = since + timedelta(seconds=pace.stuck_after_s)
    silent = (now - since).total_seconds()
    if silent > pace.slow_after_s:
        text = f"{note}; silent since {clock(since)}, longer than normal ({pace.basis})"
    else:
        text = f"{note}; silent since {clock(since)}, which is normal ({pace.basis})"
    return Assessment(word=Word.UNKNOWN, reason=Reason(text=text), stuck_at=stuck_at)


def _without_producer(run: Run, since: datetime, physics: Physics, pace: Pace, now: datetime) -> Assessment:
    lost = physics.lost
    limit = since + timedelta(seconds=pace.stuck_after_s)
    says = f'says "{run.claimed}", but ' if run.claimed else ""
    if lost is not None:
        who = " ".join(part for part in (lost.name, f"(pid {lost.pid})" if lost.pid else "") if part)
        how = "has ended and is a zombie" if lost.zombie else "is gone"
        known = "last seen" if lost.known_by == "seen" else f"known from a {lost.known_by} of"
        text = f"{says}its producer {who} {how}, {known} {clock(lost.seen_at)}"
        return Assessment(word=Word.DEAD, reason=_reason(text, Code.PROCESS_GONE, physics), stuck_at=since)
    if run.state is RunState.PENDING:
        return Assessment(word=Word.UNKNOWN, reason=Reason(text=f"not begun; {physics.note}"), stuck_at=limit)
    dead_at = min(limit, since + timedelta(seconds=max(UNSEEN_S, min(pace.slow_after_s, 3 * UNSEEN_S))))
    text = f"{says}{physics.note}; silent since {clock(since)}"
    if now < dead_at:
        return Assessment(word=Word.UNKNOWN, reason=_reason(text, "", physics), stuck_at=dead_at)
    return Assessment(word=Word.DEAD, reason=_reason(text, Code.PROCESS_GONE, physics), stuck_at=dead_at)


def _with_producer(since: datetime, physics: Physics, pace: Pace, now: datetime) -> Assessment:
    first = physics.processes[0]
    stuck_at = since + timedelta(seconds=pace.stuck_after_s)
    worked = physics.worked_at
    if worked is not None and worked > since:
        # Seen to work: silence counts from there, but nothing may work for ever without a sign of life.
        put_off = worked + timedelta(seconds=pace.stuck_after_s)
        stuck_at = max(stuck_at, min(put_off, since + timedelta(seconds=pace.busy_until_s)))
    waits = f", waiting for {first.waiting_on}" if first.waiting_on else ""
    if now >= stuck_at:
        busy = worked is not None and (now - worked).total_seconds() < pace.slow_after_s
        does = f"works, but has left nothing since {clock(since)}" if busy else f"does nothing{waits}"
        text = f"{_who(first)} is alive and {does}; silent for longer than {span((stuck_at - since).total_seconds())}"
        return Assessment(word=Word.HUNG, reason=_reason(text, Code.PROCESS_IDLE, physics), stuck_at=stuck_at)
    slow = (now - since).total_seconds() > pace.slow_after_s
    does = "works" if physics.pulse is Pulse.ALIVE else f"is alive{waits or ' and idle'}"
    normal = "longer than normal" if slow else "normal so far"
    text = f"{_who(first)} {does}; {normal} ({pace.basis})"
    word = Word.SLOW if slow else Word.WORKING
    return Assessment(word=word, reason=_reason(text, Code.PROCESS_ALIVE, physics), stuck_at=stuck_at)


def _who(process: ProcessFact) -> str:
    return f"{process.name or 'its process'} (pid {process.pid})"


def _reason(text: str, code: str, physics: Physics) -> Reason:
    evidence = tuple(
        Evidence(
            rank=Rank.PHYSICS,
            path=f"/proc/{one.pid}",
            quote=f"{' '.join(one.cmdline)[:200]} [{one.status}] {one.matched_by}".strip(),
        )
        for one in physics.processes[:1]
    )
    if physics.lost is not None:
        lost = physics.lost
        quote = "zombie" if lost.zombie else "no such process"
        evidence += (Evidence(rank=Rank.PHYSICS, path=f"/proc/{lost.pid}", quote=quote),) if lost.pid else ()
    return Reason(text=text, evidence=evidence, code=str(code))
