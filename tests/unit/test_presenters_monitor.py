"""What the monitor says, line by line."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.assess import assess
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.pace import Pace, pace_of
from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.physics import HostFacts, LostProducer, Physics, ProcessFact, Pulse
from cockpit.models.run import RunRef, RunState
from cockpit.presenters.activity import activity
from cockpit.presenters.monitor import (
    MonitorFacts,
    bar,
    changes,
    countdown,
    current_key,
    now_rows,
    progress,
    step_row_key,
    step_rows,
)
from cockpit.presenters.processes import process_rows, size
from cockpit.runtime.vigil import Look
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import START, FlowStudioRun
from widgets.rows import TextRow, Tone

SOURCE = FlowStudioSource()
PACE = pace_of([40.0] * 9 + [60.0], Limits())
LOST = LostProducer(pid=7, name="make", seen_at=START + timedelta(seconds=60))


def text(rows: list[TextRow]) -> str:
    return "\n".join("".join(span.text for span in row.spans) for row in rows)


def line(rows: list[TextRow], key: str) -> str:
    return next("".join(span.text for span in row.spans) for row in rows if row.key == key)


def words_of(rows: list[TextRow], key: str) -> str:
    return " ".join(line(rows, key).split())


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def run(tmp_path: Path) -> FlowStudioRun:
    """Two steps done, the second in its second round; the third at work since second 60."""
    made = FlowStudioRun(tmp_path)
    made.meta("running")
    made.step("build", "branch", "repo-operator", at=10)
    made.step("build", "load_context", "context-loader", at=20)
    made.decision("build", "load_context", "LOOP", at=22, iteration={"current": 2, "max": 3})
    made.event("step_start", "build", "implement", "code-implementer", at=60)
    return made


def detail_of(run: FlowStudioRun) -> RunDetail:
    return SOURCE.detail(RunRef(source=SOURCE.id, root=str(run.path.parent), path=run.name, id=run.name))


def facts(run: FlowStudioRun, seconds: float, physics: Physics | None = None, pace: Pace = PACE) -> MonitorFacts:
    now = after(seconds)
    detail = detail_of(run)
    judged = judge(detail, now, pace.limits(Limits()))
    look = None if physics is None else Look(physics, pace, assess(judged, physics, pace, now))
    return MonitorFacts(judged, detail, look, lambda *_: pace, now)


def physics(pulse: Pulse, seconds: float, **more: object) -> Physics:
    process = ProcessFact(
        pid=7, name="make", cmdline=("make", "RUN_ID=x"), status="sleeping", started_at=START, user="ann",
        cpu_percent=12.3, rss_bytes=15_500_000, children=2, open_files=("runs/x/events.jsonl",),
        waiting_on="a child to end", matched_by="names the run",
    )  # fmt: skip
    there = (process,) if pulse in (Pulse.ALIVE, Pulse.IDLE, Pulse.STOPPED) else ()
    host = HostFacts(cpu_percent=95, memory_percent=50, disk_free_percent=5, disk_free_bytes=2_000_000_000, load_1m=3)
    return Physics.model_validate({"at": after(seconds), "pulse": pulse, "processes": there, "host": host, **more})


def test_a_running_step_is_told_with_its_clocks(run: FlowStudioRun) -> None:
    rows = now_rows(facts(run, 90, physics(Pulse.IDLE, 90)), 78)
    assert line(rows, "state").split() == ["state", ">", "running", "its", "process:", "at", "work"]
    assert line(rows, "step").split() == ["step", "build", "›", "implement", "code-implementer"]
    assert words_of(rows, "since") == "since 04:01:00Z last sign of life 04:01:00Z"
    assert line(rows, "stuck") == "stuck    in 5m00s if nothing moves, at 04:06:30Z"
    assert line(rows, "normal") == "normal   usually 40 s, nearly always within 51 s, by 10 past ones"
    assert line(rows, "because").startswith("because  make (pid 7) is alive, waiting for a child to end; normal so far")


def test_only_lines_with_a_clock_change_from_second_to_second(run: FlowStudioRun) -> None:
    seen = physics(Pulse.IDLE, 90)
    first, second = now_rows(facts(run, 90, seen), 78), now_rows(facts(run, 91, seen), 78)
    changed = {old.key for old, new in zip(first, second, strict=True) if old != new}
    assert changed == {"bar", "stuck"}


def test_what_would_change_the_verdict_of_a_running_run(run: FlowStudioRun) -> None:
    found = [(when, then.text) for when, then in changes(facts(run, 90, physics(Pulse.IDLE, 90)))]
    assert found == [
        ("any event, receipt or handoff", "the clock starts again"),
        ("silence until 04:06:30Z", "% stuck"),
        ("process 7 ends", "% stuck"),
        ("it is seen to work, until 04:46:00Z at most", "more time"),
    ]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (physics(Pulse.GONE, 2_000, lost=LOST), "a new producer (R resumes, T retries the step)"),
        (physics(Pulse.STOPPED, 2_000), "kill -CONT 7"),
        (physics(Pulse.IDLE, 2_000), "its process works again"),
        (None, "any event, receipt or handoff"),
    ],
)
def test_what_would_change_the_verdict_of_a_stuck_run(run: FlowStudioRun, seen: Physics | None, expected: str) -> None:
    known = facts(run, 2_000, seen)
    assert known.run.state is RunState.STUCK
    assert changes(known)[0][0] == expected
    rows = now_rows(known, 78)
    assert line(rows, "stuck") == "stuck    silent for 32m"
    assert "% stuck" in line(rows, "state")
    assert "its record says running" in line(rows, "state")


def test_a_run_that_has_ended_has_no_clocks(run: FlowStudioRun) -> None:
    run.step("build", "implement", "code-implementer", at=100, ok=False, error="boom")
    run.event("run_completed", "build", at=110, status="failed", error="boom")
    run.meta("failed", at=110)
    known = facts(run, 120, physics(Pulse.GONE, 120))
    rows = now_rows(known, 78)
    assert not {"since", "bar", "stuck"} & {row.key for row in rows}
    assert "boom" in line(rows, "because")
    assert changes(known)[0][0] == "it is written to again"


def test_steps_done_now_and_to_come(run: FlowStudioRun) -> None:
    known = facts(run, 90)
    rows = step_rows(known, 70)
    done = line(rows, step_row_key("build", "branch"))
    assert done.startswith("+ succeeded build › branch")
    assert done.split()[-2:] == ["1.0s", "~40.0s"]
    assert "load_context 2/3" in line(rows, step_row_key("build", "load_context"))
    now = line(rows, step_row_key("build", "implement"))
    assert now.startswith("> running   build › implement")
    assert now.split()[-2:] == ["30s", "~40.0s"]
    assert line(rows, step_row_key("build", "commit")).startswith(". to come   build › commit")
    assert current_key(known) == step_row_key("build", "implement")
    assert progress(known) == "2 of 12"
    assert len({row.key for row in rows}) == len(rows)


def test_steps_without_a_past_or_a_plan(run: FlowStudioRun) -> None:
    known = facts(run, 90, pace=pace_of([], Limits()))
    assert "~" not in text(step_rows(known, 70))
    empty = MonitorFacts(known.run, None, None, known.pace, known.now)
    assert step_rows(empty, 70) == []
    assert now_rows(empty, 70)


def test_the_process_and_the_host() -> None:
    rows = process_rows(physics(Pulse.IDLE, 90), after(90), live=True)
    assert words_of(rows, "process\t7") == ("process make pid 7 sleeping up 1m cpu 12% 14.8M 2 below it ann")
    assert line(rows, "process\t7\twhy").strip() == "names the run; waits for a child to end"
    assert line(rows, "process\t7\targv").strip() == "make RUN_ID=x"
    assert "open runs/x/events.jsonl" in text(rows)
    host = next(row for row in rows if row.key == "host")
    assert [(span.text.strip(), span.tone) for span in host.spans[1:]] == [
        ("cpu 95%", Tone.BAD),
        ("memory 50%", Tone.PLAIN),
        ("load 3.0", Tone.PLAIN),
        ("disk free 5% (1.9G)", Tone.BAD),
    ]


def test_no_process() -> None:
    gone = process_rows(physics(Pulse.GONE, 90, lost=LOST), after(90), live=True)
    assert line(gone, "process") == "process  make pid 7 is gone; seen until 04:01:00Z"
    assert gone[0].spans[1].tone is Tone.BAD
    unknown = process_rows(physics(Pulse.UNKNOWN, 90, note="another host"), after(90), live=True)
    assert line(unknown, "process") == "process  another host"
    maybe = ProcessFact(pid=9, name="uvicorn", started_at=START, matched_by="works in the root", sure=False)
    doubt = process_rows(physics(Pulse.UNKNOWN, 90, note="x", candidates=(maybe,)), after(90), live=True)
    assert "perhaps  uvicorn pid 9" in text(doubt)
    assert "nobody has looked yet" in text(process_rows(None, after(90), live=True))
    empty = Physics(at=START, pulse=Pulse.UNKNOWN)
    assert process_rows(empty, START, live=False)


def test_hostile_text_is_made_safe() -> None:
    evil = ProcessFact(
        pid=1, name="\x1b]2;x\x07", cmdline=("\x1b[31m[/x]\n",), started_at=START, matched_by="\x9b", user="\u202e"
    )
    shown = text(process_rows(physics(Pulse.IDLE, 1, processes=(evil,)), START, live=True))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)


@given(st.floats(0, 1e6), st.lists(st.floats(0, 1e5), max_size=8), st.integers(10, 200))
def test_the_bar_has_exactly_its_width(took: float, durations: list[float], width: int) -> None:
    pace = pace_of(durations, Limits())
    shown = "".join(cell.text for cell in bar(took, pace, width, Tone.BUSY))
    assert shown.startswith("[")
    assert len(shown) == width or width < 30
    inside = shown[1 : shown.index("]")]
    assert set(inside) <= set("#-|")
    assert ("|" in inside) == (pace.p95_s is not None)
    if took >= pace.stuck_after_s:
        assert "-" not in inside


def test_times_and_sizes() -> None:
    assert [countdown(value) for value in (-3, 0, 59.9, 60, 247, 3_600)] == ["0s", "0s", "59s", "1m00s", "4m07s", "1h"]
    assert [size(value) for value in (0, 999, 1_500, 15_500_000, 5_000_000_000_000)] == [
        "0B", "999B", "1.5K", "14.8M", "4.5T",
    ]  # fmt: skip


def test_activity_counts_what_happened_in_each_column(run: FlowStudioRun) -> None:
    found = activity(detail_of(run), after(90), 40, live=True)
    assert len(found.counts) == 40
    # 90 seconds in 40 columns of 5 seconds that end with the column `now` is in.
    assert (found.column_s, found.end) == (5, after(95))
    assert sum(found.counts) >= 7
    assert found.counts[-7] == 1
    assert "5s a column" in found.caption


def test_activity_stands_still_until_a_column_is_full(run: FlowStudioRun) -> None:
    detail = detail_of(run)
    assert activity(detail, after(90), 40, live=True) == activity(detail, after(94.9), 40, live=True)
    assert activity(detail, after(90), 40, live=True) != activity(detail, after(95), 40, live=True)
    ended = activity(detail, after(90_000), 40, live=False)
    assert ended == activity(detail, after(99_000), 40, live=False)
    assert sum(ended.counts) >= 7


@given(st.integers(1, 300), st.floats(0, 1e7))
def test_any_width_and_any_moment_make_an_activity(width: int, seconds: float) -> None:
    record = RunDetail(ref=RunRef(source="s", root="/r", path="a", id="a"), record=EMPTY.record, started_at=START)
    found = activity(record, after(seconds), width, live=True)
    assert found.counts == (0,) * width
    assert found.end > after(seconds)
    assert found.caption


EMPTY = SOURCE.detail(RunRef(source=SOURCE.id, root="/nowhere", path="a", id="a"))
