"""What is normal for a step, where it is learnt from, and what silence means against it."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.pace import FLOOR_S, pace_of, percentile
from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef, RunState
from cockpit.runtime.history import KEEP, MOST_STEPS, History
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import START, FlowStudioRun

LIMITS = Limits()
SOURCE = FlowStudioSource()


def test_too_few_durations_mean_the_documented_limits() -> None:
    for durations in ((), (5.0,), (5.0, 6.0)):
        pace = pace_of(durations, LIMITS)
        assert (pace.expected_s, pace.p95_s, pace.samples) == (None, None, 0)
        assert (pace.slow_after_s, pace.stuck_after_s, pace.busy_until_s) == (600, 900, 2_700)
        assert pace.limits(LIMITS) is LIMITS
        assert "15 min" in pace.basis


def test_slow_becomes_stuck_at_three_times_what_nearly_all_took() -> None:
    pace = pace_of([200.0] * 10, LIMITS)
    assert (pace.expected_s, pace.p95_s, pace.slow_after_s, pace.stuck_after_s) == (200, 200, 200, 600)
    limits = pace.limits(LIMITS)
    assert limits.stuck_after_s == 600
    assert limits.normal == "usually 3 min 20 s, nearly always within 3 min 20 s, by 10 past ones"


def test_never_before_the_engines_own_limit_and_never_after_the_hard_one() -> None:
    assert pace_of([0.1] * 5, LIMITS).stuck_after_s == FLOOR_S
    assert pace_of([800.0] * 5, LIMITS).stuck_after_s == 900
    assert pace_of([0.1] * 5, Limits(stuck_after_s=60)).stuck_after_s == 60
    assert pace_of([5_000.0] * 5, LIMITS).slow_after_s == 900


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([1, 2, 3], 0.5) == 2
    assert percentile([0, 10], 0.95) == pytest.approx(9.5)
    assert percentile([7], 0.95) == 7


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50), st.floats(1, 100_000))
def test_any_durations_make_a_pace(durations: list[float], hard: float) -> None:
    pace = pace_of(durations, Limits(stuck_after_s=hard))
    assert 0 <= pace.slow_after_s <= pace.stuck_after_s <= hard <= pace.busy_until_s
    assert pace.basis


def detail(run: FlowStudioRun) -> RunDetail:
    return SOURCE.detail(RunRef(source=SOURCE.id, root=str(run.path.parent), path=run.name, id=run.name))


def test_silence_is_judged_against_the_steps_own_past(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.meta("running")
    run.event("step_start", "build", "implement", "code-implementer", at=0)
    limits = pace_of([150.0] * 8, LIMITS).limits(LIMITS)
    found = judge(detail(run), START + timedelta(seconds=60), limits)
    assert found.becomes is not None
    assert found.becomes.at == START + timedelta(seconds=450)
    stuck = judge(detail(run), START + timedelta(seconds=450), limits)
    assert stuck.state is RunState.STUCK
    assert "a step may take 7 min 30 s: usually 2 min 30 s" in stuck.reasons[0].text


def build(root: Path, name: str, seconds: float, *, end: float = 1_000, **more: object) -> FlowStudioRun:
    """A run with one receipt of a step that took so long."""
    run = FlowStudioRun(root, name)
    run.meta("running")
    run.receipt("build", "implement", "code-implementer", at=end, **{"duration_ms": int(seconds * 1000), **more})  # type: ignore[arg-type]
    return run


def test_durations_are_learnt_once_a_run_and_survive_a_restart(tmp_path: Path) -> None:
    root, kept = str(tmp_path), tmp_path / "history.json"
    history = History({root: kept})
    for index in range(4):
        found = detail(build(tmp_path, f"run-{index}", 10 + index))
        history.learn(found)
        history.learn(found)
    assert sorted(history.durations(SOURCE.id, "build", "implement")) == [10, 11, 12, 13]
    assert history.durations(SOURCE.id, "build", "other") == ()
    assert history.durations(SOURCE.id, None, "implement") == ()
    history.flush()
    again = History({root: kept})
    assert sorted(again.durations(SOURCE.id, "build", "implement")) == [10, 11, 12, 13]


def test_failures_and_stubs_teach_nothing(tmp_path: Path) -> None:
    history = History()
    history.learn(detail(build(tmp_path, "run-a", 10, mode="stub")))
    history.learn(detail(build(tmp_path, "run-b", 10, status="failed")))
    history.learn(detail(build(tmp_path, "run-c", 0)))
    assert history.durations(SOURCE.id, "build", "implement") == ()


def test_steps_without_receipts_are_learnt_from_their_events(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.meta("running")
    run.event("step_start", "build", "branch", "repo-operator", at=0)
    run.event("step_end", "build", "branch", "repo-operator", at=42, status="succeeded")
    history = History()
    history.learn(detail(run))
    assert history.durations(SOURCE.id, "build", "branch") == (42,)


def test_only_the_newest_durations_are_kept(tmp_path: Path) -> None:
    history = History()
    order = [*range(KEEP, 0, -1), *range(KEEP + 1, KEEP + 11)]
    for index in order:
        history.learn(detail(build(tmp_path, f"run-{index}", index, end=index * 100)))
    assert sorted(history.durations(SOURCE.id, "build", "implement")) == list(range(11, KEEP + 11))


def test_the_number_of_steps_is_bounded(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.meta("running")
    for index in range(20):
        run.receipt("build", f"step{index}", "x", at=10, duration_ms=1000)
    history = History()
    assert MOST_STEPS > 20
    found = detail(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cockpit.runtime.history.MOST_STEPS", 5)
        history.learn(found)
    assert sum(bool(history.durations(SOURCE.id, "build", f"step{index}")) for index in range(20)) == 5


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b'{"version": "0", "steps": []}', b'{"version": 1}', b"\xff\xfe", b"[" * 10_000],
)
def test_a_broken_history_is_no_history(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(text)
    assert History({"/r": path}).durations("s", "f", "x") == ()


def test_a_history_that_cannot_be_written_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History({str(tmp_path): tmp_path / "file" / "history.json"})
    history.learn(detail(build(tmp_path, "run-a", 10)))
    history.flush()
    assert history.durations(SOURCE.id, "build", "implement") == (10,)
