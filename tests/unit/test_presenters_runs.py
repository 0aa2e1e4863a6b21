"""Runs, header and words: every state has its glyph and word, orders are total, foreign text is clean."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.filtering import parse_filter
from cockpit.models.playbook import ItemState
from cockpit.models.records import Decision, HandoffStatus, Level, StepStatus
from cockpit.models.run import ATTENTION, Reason, RunState, StepCounts
from cockpit.models.snapshot import Progress, RootStatus, Snapshot, WatchMode, tally_of
from cockpit.presenters import words
from cockpit.presenters.header import HeaderFacts, header_line, state_counts
from cockpit.presenters.runs import RunsView, Sort, arrange, claim, note, place, run_row, run_rows, step_counts
from tests.samples import HOSTILE, NOW, assert_clean, cells, evidence, make_run
from widgets import rows
from widgets.rows import EMPTY, Tone

VIEW = RunsView(now=NOW)


def test_every_state_has_one_glyph_cell_a_word_and_a_tone() -> None:
    for unicode in (False, True):
        shown = [words.run_state(state, unicode=unicode) for state in RunState]
        for state, cell in zip(RunState, shown, strict=True):
            glyph, _, word = cell.text.partition(" ")
            assert len(glyph) == 1
            assert word == state.value
            assert words.run_glyph(state, unicode=unicode).text == glyph
            assert glyph.isascii() or unicode
        assert len({cell.text[0] for cell in shown}) == len(shown)


def test_every_other_word_is_in_the_tables() -> None:
    assert all(words.step_status(status).text.endswith(status.value) for status in StepStatus)
    assert len({words.item_state(state).text for state in ItemState}) == len(ItemState)
    assert all(words.decision(value).text == value.value.upper() for value in Decision)
    assert all(words.handoff_status(value).text == value.value.upper() for value in HandoffStatus)
    assert [words.level(value)[0] for value in Level] == [rows.Level.INFO, rows.Level.WARN, rows.Level.ERROR]
    assert len({words.watch_mode(mode).text for mode in WatchMode}) == len(WatchMode)


@pytest.mark.parametrize("status", list(StepStatus))
def test_a_bad_step_is_loud(status: StepStatus) -> None:
    if status in (StepStatus.FAILED, StepStatus.TIMEOUT):
        assert words.step_level(status) is rows.Level.ERROR
    elif status.bad:
        assert words.step_level(status) is rows.Level.WARN
    elif status in (StepStatus.SUCCEEDED, StepStatus.SKIPPED, StepStatus.RUNNING):
        assert words.step_level(status) is rows.Level.INFO


def test_what_needs_attention_is_loud() -> None:
    for state in RunState:
        assert (words.run_level(state) is not rows.Level.INFO) == (state in ATTENTION or state is RunState.PAUSED)


def test_a_row_says_state_claim_place_and_reason() -> None:
    reason = Reason(text="build.implement failed: TimeoutError", evidence=(evidence(),))
    run = make_run(
        "run-7", RunState.FAILED, age=3_700, claimed="succeeded", contradicted=True, flow="build", step="implement",
        steps=StepCounts(done=5, failed=1, total=12), reasons=(reason,),
    )  # fmt: skip
    row = run_row(run, VIEW)
    assert (row.key, row.level) == (run.key, rows.Level.ERROR)
    assert [cell.text for cell in cells(row)] == [
        "x failed", "succeeded", "run-7", "", "build › implement", "5/12 1x", "1h01m", "1h01m",
        "build.implement failed: TimeoutError",
    ]  # fmt: skip


def test_a_claim_shows_only_where_the_evidence_disagrees() -> None:
    assert claim(make_run(claimed="failed")) == EMPTY
    assert claim(make_run(contradicted=True)) == EMPTY
    assert claim(make_run(claimed="succeeded", contradicted=True)).text == "succeeded"


def test_the_note_is_the_deciding_reason_else_a_count_else_the_title() -> None:
    assert note(make_run(), stale=True).text == "last read failed; shown as last seen"
    warning = Reason(text="odd", warn=True)
    assert note(make_run(reasons=(warning,))) == words.text("odd", Tone.WARN)
    assert note(make_run(problems=3, title="Nightly")).text == "3 unreadable"
    assert note(make_run(title="Nightly")).text == "Nightly"
    assert note(make_run()).text == ""


def test_counts_and_places() -> None:
    assert step_counts(StepCounts()) == EMPTY
    assert step_counts(StepCounts(done=3)).text == "3/?"
    assert step_counts(StepCounts(done=3, total=5)).text == "3/5"
    assert step_counts(StepCounts(failed=2, total=5)).text == "0/5 2x"
    assert [place("a", "b"), place("a", None), place(None, "b"), place(None, None)] == ["a › b", "a", "b", ""]


ALL = [
    make_run(f"run-{index}", state, age=60 * age)
    for index, (state, age) in enumerate((state, age) for state in RunState for age in (5, 1, 5))
]


def test_what_presses_most_comes_first_and_the_newest_of_it() -> None:
    shown = arrange(ALL, VIEW)
    ranks = [(*ATTENTION, *RunState).index(run.state) for run in shown]
    assert ranks[: 3 * len(ATTENTION)] == sorted(ranks[: 3 * len(ATTENTION)])
    assert {run.state for run in shown[: 3 * len(ATTENTION)]} == set(ATTENTION)
    assert shown[0].state is RunState.BLOCKED
    assert shown[0].silence(NOW) == timedelta(minutes=1)


@pytest.mark.parametrize("sort", list(Sort))
def test_an_order_does_not_depend_on_the_order_before(sort: Sort) -> None:
    mixed = [*ALL[1::2], *reversed(ALL[::2])]
    view = RunsView(now=NOW, sort=sort)
    assert arrange(mixed, view) == arrange(ALL, view)
    assert sorted(run.key for run in arrange(mixed, view)) == sorted(run.key for run in ALL)


def test_orders() -> None:
    old = make_run("b", RunState.RUNNING, started_at=NOW - timedelta(hours=2), updated_at=NOW)
    new = make_run("a", RunState.RUNNING, started_at=NOW - timedelta(hours=1), updated_at=NOW - timedelta(minutes=9))
    none = make_run("c", RunState.RUNNING, started_at=None, updated_at=None)
    orders = {sort: [run.id for run in arrange([none, old, new], RunsView(now=NOW, sort=sort))] for sort in Sort}
    assert orders == {
        Sort.ATTENTION: ["b", "a", "c"],
        Sort.CHANGED: ["b", "a", "c"],
        Sort.AGE: ["a", "b", "c"],
        Sort.NAME: ["a", "b", "c"],
    }
    assert Sort.ATTENTION.next.next.next.next is Sort.ATTENTION


def test_a_filter_leaves_out() -> None:
    view = RunsView(now=NOW, filter=parse_filter("state:failed age<2m"))
    assert {run.state for run in arrange(ALL, view)} == {RunState.FAILED}
    assert len(arrange(ALL, view)) == 1


def test_rows_are_made_when_looked_at() -> None:
    shown = arrange(ALL, VIEW)
    made = run_rows(shown, VIEW, frozenset((shown[1].key,)))
    assert len(made) == len(ALL)
    assert made[1].note.text.startswith("last read failed")
    assert made[0] == run_row(shown[0], VIEW)
    assert made.index_of(shown[5].key) == 5
    assert made.index_of("no such key") is None


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_every_field(text: str) -> None:
    run = make_run(
        text[:5_000], title=text, claimed=text, contradicted=True, flow=text, step=text, agent=text, tags=(text,),
        reasons=(Reason(text=text, evidence=(evidence(text, quote=text),)),),
    )  # fmt: skip
    assert_clean(run_row(run, VIEW))
    assert_clean(note(run.model_copy(update={"reasons": ()})))
    snapshot = Snapshot(1, NOW, (run,), (RootStatus(text, error=text),), stale=frozenset((run.key,)))
    assert_clean(header_line(snapshot, HeaderFacts(now=NOW, run=run, label=text, read_only=text)))


def test_the_header_keeps_what_matters_and_counts_the_rest() -> None:
    runs = (make_run("a"), make_run("b", RunState.SUCCEEDED), make_run("c", RunState.RUNNING, contradicted=True))
    snapshot = Snapshot(1, NOW, runs, progress=Progress(3, None), watch=WatchMode.POLL, stale=frozenset("x"))
    facts = HeaderFacts(
        now=NOW, run=runs[0], label="production", read_only="why", frozen_since=NOW - timedelta(seconds=70),
        anchored=True, jobs=2,
    )  # fmt: skip
    line, kept = header_line(snapshot, facts)
    left, right = [cell.text for cell in line.left], [cell.text for cell in line.right]
    assert left[:kept] == ["production", "a", "READ-ONLY", "FROZEN 1m", "ANCHORED", "2 jobs running"]
    assert left[kept:] == ["2 need a look", "x1 failed", ">1 running", "+1 ok"]
    assert right == ["scanning 3/?", "1 stale", "polling", "12:00Z"]


def test_a_quiet_header() -> None:
    snapshot = Snapshot(1, NOW, progress=Progress(finished=True), watch=WatchMode.INOTIFY)
    line, kept = header_line(snapshot, HeaderFacts(now=NOW, jobs=0))
    assert [cell.text for cell in line.left] == ["cockpit"]
    assert [cell.text for cell in line.right] == ["live", "12:00Z"]
    assert kept == 1


def test_a_lost_root_is_told() -> None:
    snapshot = Snapshot(
        1, NOW, roots=(RootStatus("/a"), RootStatus("/b", error="gone")), progress=Progress(finished=True)
    )
    line, _ = header_line(snapshot, HeaderFacts(now=NOW))
    assert line.right[0].text == "root lost: gone"
    assert line.right[0].tone is Tone.BAD


@given(st.lists(st.sampled_from(list(RunState)), max_size=30))
def test_counts_add_up(states: list[RunState]) -> None:
    runs = [make_run(f"run-{index}", state) for index, state in enumerate(states)]
    found = tally_of(runs).states
    assert sum(found.values()) == len(runs)
    assert list(found) == [state for state in RunState if state in states]
    shown = " ".join(cell.text for cell in state_counts(found))
    for state in set(states) - {RunState.ARCHIVED, RunState.SUCCEEDED}:
        assert f"{found[state]} {state.value}" in shown
