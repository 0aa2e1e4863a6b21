"""Dead, hung, slow or at work; and what that makes of a verdict."""

from datetime import datetime, timedelta

import pytest

from cockpit.diagnosis.assess import UNSEEN_S, Assessment, Word, assess, with_physics
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.pace import Pace, pace_of
from cockpit.models.evidence import Rank
from cockpit.models.physics import LostProducer, Physics, ProcessFact, Pulse
from cockpit.models.run import Becomes, Reason, Run, RunRef, RunState
from tests.builders import START

PACE = pace_of([120.0] * 10, Limits())
"""Slow after 2 minutes, stuck after 6, never busy for longer than 45."""
UNKNOWN_PACE = pace_of([], Limits())


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def running(state: RunState = RunState.RUNNING, *, stuck_after: float = 360, **more: object) -> Run:
    """A run whose last sign of life is `START`."""
    becomes = Becomes(at=at(stuck_after), state=RunState.STUCK, reason=Reason(text="silent", code=Code.SILENT))
    return Run.model_validate(
        {
            "ref": RunRef(source="s", root="/r", path="runs/a", id="a"),
            "state": state,
            "claimed": "running",
            "flow": "build",
            "step": "implement",
            "started_at": at(-100),
            "updated_at": START,
            "reasons": (Reason(text="build.implement began"),),
            "becomes": becomes if state in (RunState.RUNNING, RunState.PENDING) else None,
            **more,
        }
    )


def process(**more: object) -> ProcessFact:
    return ProcessFact.model_validate(
        {"pid": 7, "name": "make", "started_at": at(-200), "cmdline": ("make", "x"), "status": "sleeping", **more}
    )


def physics(pulse: Pulse, seconds: float, **more: object) -> Physics:
    there = (process(),) if pulse in (Pulse.ALIVE, Pulse.IDLE, Pulse.STOPPED) else ()
    return Physics.model_validate({"at": at(seconds), "pulse": pulse, "processes": there, **more})


def said(
    seconds: float, seen: Physics | None, pace: Pace = PACE, run: Run | None = None
) -> tuple[Word, float | None, str]:
    found = assess(run or running(), seen, pace, at(seconds))
    stuck = None if found.stuck_at is None else (found.stuck_at - START).total_seconds()
    return found.word, stuck, found.reason.text


@pytest.mark.parametrize("seen", [None, Physics(at=START, pulse=Pulse.UNKNOWN, note="another host")])
def test_where_physics_is_unknown_silence_alone_counts(seen: Physics | None) -> None:
    for seconds in (10, 200, 1_000):
        word, stuck, text = said(seconds, seen)
        assert (word, stuck) == (Word.UNKNOWN, 360)
        assert ("longer than normal" in text) == (seconds > 120)
        assert ("another host" in text) == (seen is not None)


def test_a_lost_producer_is_dead_at_once() -> None:
    lost = LostProducer(pid=7, name="make", seen_at=at(3))
    word, stuck, text = said(5, physics(Pulse.GONE, 5, lost=lost))
    assert (word, stuck) == (Word.DEAD, 0)
    assert text == 'says "running", but its producer make (pid 7) is gone, last seen 04:00:03'
    zombie = physics(Pulse.GONE, 5, lost=lost.model_copy(update={"zombie": True, "known_by": "job"}))
    assert "is a zombie, known from a job of 04:00:03" in said(5, zombie)[2]
    nameless = physics(Pulse.GONE, 5, lost=LostProducer(pid=0, name="make", known_by="recording", seen_at=at(3)))
    assert "pid" not in said(5, nameless)[2]


def test_a_producer_nobody_ever_saw_is_dead_only_after_a_while() -> None:
    seen = physics(Pulse.GONE, 5, note="nobody")
    assert said(UNSEEN_S - 1, seen)[:2] == (Word.UNKNOWN, UNSEEN_S)
    assert said(UNSEEN_S, seen)[:2] == (Word.DEAD, UNSEEN_S)
    # A step that is known to take long is given longer.
    assert said(359, seen, UNKNOWN_PACE)[:2] == (Word.UNKNOWN, 360)
    assert said(360, seen, UNKNOWN_PACE)[:2] == (Word.DEAD, 360)


def test_a_run_that_has_not_begun_is_not_dead_for_want_of_a_producer() -> None:
    pending = running(RunState.PENDING, claimed="pending")
    assert said(300, physics(Pulse.GONE, 300, note="nobody"), run=pending)[:2] == (Word.UNKNOWN, 360)
    lost = LostProducer(pid=7, seen_at=at(3))
    assert said(300, physics(Pulse.GONE, 300, lost=lost), run=pending)[0] is Word.DEAD


def test_a_working_process_is_slow_beyond_what_is_normal_and_puts_stuck_off() -> None:
    assert said(10, physics(Pulse.ALIVE, 10, worked_at=at(10)))[:2] == (Word.WORKING, 370)
    word, stuck, text = said(400, physics(Pulse.ALIVE, 400, worked_at=at(400)))
    assert (word, stuck) == (Word.SLOW, 760)
    assert "make (pid 7) works; longer than normal" in text


def test_not_even_a_working_process_may_be_silent_for_ever() -> None:
    busy = physics(Pulse.ALIVE, 2_650, worked_at=at(2_650))
    assert said(2_650, busy)[:2] == (Word.SLOW, 2_700)
    word, stuck, text = said(2_700, physics(Pulse.ALIVE, 2_700, worked_at=at(2_700)))
    assert (word, stuck) == (Word.HUNG, 2_700)
    assert "works, but has left nothing since 04:00:00" in text


def test_an_idle_process_is_hung_when_its_time_is_over() -> None:
    seen = physics(Pulse.IDLE, 10)
    assert said(10, seen)[:2] == (Word.WORKING, 360)
    assert said(121, seen)[:2] == (Word.SLOW, 360)
    word, stuck, text = said(360, seen)
    assert (word, stuck) == (Word.HUNG, 360)
    assert "is alive and does nothing" in text
    waiting = physics(Pulse.IDLE, 10).model_copy(
        update={"processes": (process(waiting_on="the answer of 1.2.3.4:443"),)}
    )
    assert "waiting for the answer of 1.2.3.4:443" in said(10, waiting)[2]
    assert "does nothing, waiting for the answer" in said(400, waiting)[2]


def test_work_of_a_while_ago_still_counts_from_there() -> None:
    assert said(500, physics(Pulse.IDLE, 500, worked_at=at(300)))[:2] == (Word.SLOW, 660)
    assert said(660, physics(Pulse.IDLE, 660, worked_at=at(300)))[0] is Word.HUNG
    # Work before the last sign of life is what that sign came of.
    assert said(360, physics(Pulse.IDLE, 360, worked_at=at(-5)))[0] is Word.HUNG


def test_a_halted_process_is_hung_at_once() -> None:
    halted = physics(Pulse.STOPPED, 5).model_copy(update={"processes": (process(status="stopped"),)})
    word, stuck, text = said(5, halted)
    assert (word, stuck) == (Word.HUNG, 0)
    assert "make (pid 7) is stopped" in text


def test_the_evidence_is_physics() -> None:
    (evidence,) = assess(running(), physics(Pulse.IDLE, 10), PACE, at(10)).reason.evidence
    assert (evidence.rank, evidence.path) == (Rank.PHYSICS, "/proc/7")
    assert "make x" in evidence.quote


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.BLOCKED, RunState.PAUSED])
def test_what_should_not_move_is_not_assessed(state: RunState) -> None:
    found = assess(running(state), physics(Pulse.GONE, 5), PACE, at(5))
    assert (found.word, found.stuck_at) == (Word.UNKNOWN, None)
    run = running(state)
    assert with_physics(run, found, at(5)) is run


def test_a_run_without_any_time_is_not_assessed() -> None:
    run = running(updated_at=None, started_at=None)
    assert assess(run, physics(Pulse.GONE, 5), PACE, at(5)).stuck_at is None


def test_reasons_do_not_change_while_nothing_happens() -> None:
    """A verdict that changes with every look would repaint its row."""
    for pulse, first, second in ((Pulse.IDLE, 130, 300), (Pulse.IDLE, 400, 500), (Pulse.GONE, 400, 500)):
        more = {"note": "nobody"} if pulse is Pulse.GONE else {}
        texts = {said(seconds, physics(pulse, seconds, **more))[2] for seconds in (first, second)}
        assert len(texts) == 1, texts


def assessed(run: Run, seconds: float, seen: Physics) -> tuple[Run, Assessment]:
    found = assess(run, seen, PACE, at(seconds))
    return with_physics(run, found, at(seconds)), found


def test_the_verdict_of_a_dead_run_is_stuck_and_says_why() -> None:
    lost = LostProducer(pid=7, name="make", seen_at=at(3))
    run = running()
    becomes = run.becomes
    assert becomes is not None
    run = run.model_copy(update={"becomes": becomes.model_copy(update={"findings": ("stuck",)})})
    found, assessment = assessed(run, 5, physics(Pulse.GONE, 5, lost=lost))
    assert (found.state, found.contradicted, found.becomes, found.findings) == (RunState.STUCK, True, None, ("stuck",))
    assert found.reasons == (assessment.reason, *run.reasons)
    assert found.reasons[0].code == Code.PROCESS_GONE
    silent = running(RunState.STUCK, reasons=(Reason(text="silent", code=Code.SILENT),))
    again, _ = assessed(silent, 1_000, physics(Pulse.GONE, 1_000, lost=lost))
    assert [reason.code for reason in again.reasons] == [Code.PROCESS_GONE, Code.SILENT]


def test_the_verdict_of_a_working_run_is_put_off() -> None:
    found, _ = assessed(running(), 400, physics(Pulse.ALIVE, 400, worked_at=at(400)))
    assert found.state is RunState.RUNNING
    assert found.becomes is not None
    assert found.becomes.at == at(760)
    assert found.at(at(759)).state is RunState.RUNNING
    assert found.at(at(760)).state is RunState.STUCK


def test_the_verdict_of_a_slow_run_stays_what_it_is() -> None:
    found, _ = assessed(running(), 200, physics(Pulse.IDLE, 200))
    assert found == running()


def test_silence_without_physics_makes_stuck_as_it_does_without_a_look() -> None:
    run = running()
    found, _ = assessed(run, 400, Physics(at=at(400), pulse=Pulse.UNKNOWN))
    assert found == run.at(at(400))
