"""The table of runs: order, ageing, and what counts as a change."""

import gc
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.run import Becomes, Reason, Run, RunRef, RunState
from cockpit.runtime.compact import compact, without_gc
from cockpit.runtime.table import RunTable, rank
from tests.conftest import NOW


def run(name: str, at: datetime | None = NOW, *, stuck_in: float | None = None, state: str = "running") -> Run:
    becomes = None
    if stuck_in is not None:
        becomes = Becomes(at=NOW + timedelta(seconds=stuck_in), state=RunState.STUCK, reason=Reason(text="silent"))
    ref = RunRef(source="fake", root="/root", path=name, id=name)
    return Run(ref=ref, state=RunState(state), updated_at=at, becomes=becomes)


def names(table: RunTable) -> list[str]:
    return [item.id for item in table.runs()]


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_newest_first_and_runs_without_a_time_last() -> None:
    table = RunTable()
    table.put([(run("old", ago(9)), "1"), (run("never", None), "1"), (run("new", ago(1)), "1")], NOW)
    assert names(table) == ["new", "old", "never"]
    table.put([(run("old", ago(0)), "2")], NOW)
    assert names(table) == ["old", "new", "never"]


def test_the_same_summary_again_is_no_change() -> None:
    table = RunTable()
    assert table.put([(run("a"), "1")], NOW)
    before = table.runs()
    assert not table.put([(run("a"), "2")], NOW)
    assert table.runs() is before
    assert table.known(run("a").key) == "2"


def test_time_alone_changes_what_it_was_said_to_change_and_when() -> None:
    table = RunTable()
    table.put([(run("a", stuck_in=10), "1"), (run("b", stuck_in=5), "1"), (run("c"), "1")], NOW)
    assert table.next_change() == NOW + timedelta(seconds=5)
    assert not table.age(NOW + timedelta(seconds=4))
    assert table.age(NOW + timedelta(seconds=5))
    assert table.next_change() == NOW + timedelta(seconds=10)
    states = {item.id: item.state for item in table.runs()}
    assert states == {"a": RunState.RUNNING, "b": RunState.STUCK, "c": RunState.RUNNING}
    assert table.age(NOW + timedelta(seconds=11))
    assert table.next_change() is None


def test_a_run_that_was_heard_of_again_does_not_age() -> None:
    table = RunTable()
    table.put([(run("a", stuck_in=5), "1")], NOW)
    table.put([(run("a", stuck_in=50), "2")], NOW)
    assert not table.age(NOW + timedelta(seconds=6))
    assert table.next_change() == NOW + timedelta(seconds=50)


def test_what_is_put_in_late_is_shown_as_of_now() -> None:
    table = RunTable()
    table.put([(run("a", stuck_in=5), "1")], NOW + timedelta(seconds=6))
    assert table.runs()[0].state is RunState.STUCK


def test_stale_runs_stay_until_they_are_read_well_again() -> None:
    table = RunTable()
    key = run("a").key
    assert not table.mark_stale(key)
    table.put([(run("a"), "1")], NOW)
    assert table.mark_stale(key)
    assert table.stale() == {key}
    assert table.known(key) is None
    assert table.put([(run("a"), "1")], NOW)
    assert table.stale() == frozenset()


NUMBERED = st.tuples(st.integers(0, 99), st.integers(0, 30))
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=4)),
        st.tuples(st.just("flood"), st.lists(NUMBERED, min_size=70, max_size=80)),
        st.tuples(st.just("drop"), st.lists(st.tuples(st.integers(0, 99), st.just(0)), max_size=90)),
        st.tuples(st.just("age"), st.lists(st.tuples(st.integers(0, 60), st.just(0)), min_size=1, max_size=1)),
    ),
    max_size=12,
)


@given(OPERATIONS)
def test_is_what_a_dictionary_sorted_anew_would_be(
    operations: list[tuple[str, list[tuple[int, int]]]],
) -> None:
    table, model, now = RunTable(), dict[str, Run](), NOW
    for what, arguments in operations:
        if what in ("put", "flood"):
            runs = [run(f"r{name}", ago(age), stuck_in=age) for name, age in arguments]
            table.put([(item, "fp") for item in runs], now)
            model.update((item.key, item) for item in runs)
        elif what == "drop":
            keys = [run(f"r{name}").key for name, _ in arguments]
            assert set(table.drop(keys)) == model.keys() & set(keys)
            for key in keys:
                model.pop(key, None)
        else:
            now = max(now, NOW + timedelta(seconds=arguments[0][0]))
            table.age(now)
        expected = sorted(model.values(), key=rank)
        assert list(table.runs()) == [item.at(now) for item in expected]
        assert len(table) == len(model)


def test_compact_summaries_are_equal_to_what_they_were_and_copies_are_their_own() -> None:
    one, other = compact(run("a")), compact(run("b"))
    assert one == run("a")
    assert one.model_dump_json() == run("a").model_dump_json()
    one.model_copy(update={"title": "changed"})
    assert "title" not in other.model_fields_set
    assert one.__pydantic_fields_set__ is other.__pydantic_fields_set__


def test_garbage_collection_is_left_as_it_was_found() -> None:
    assert gc.isenabled()
    with without_gc():
        assert not gc.isenabled()
        with without_gc():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
