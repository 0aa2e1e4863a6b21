"""One root cause over many runs is one cluster, the same in whatever order the runs come."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.clusters import clusters
from cockpit.diagnosis.signatures import signature_id
from cockpit.models.run import Reason, Run
from tests.samples import make_run

RUNS: tuple[Run, ...] = (
    make_run("a", age=300, signature="boom", reasons=(Reason(text="a: boom"),)),
    make_run("b", age=900, signature="boom", reasons=(Reason(text="b: boom"),)),
    make_run("c", age=100, signature="boom"),
    make_run("d", age=5_000, signature="bang"),
    make_run("e", age=10),
    make_run("f", age=7_000, signature="bing", started_at=None),
)


def test_runs_with_one_signature_are_one_cluster_with_its_earliest_and_its_victims() -> None:
    boom = clusters(RUNS)[0]
    assert [run.id for run in boom.runs] == ["b", "a", "c"]
    assert boom.earliest.id == "b"
    assert [run.id for run in boom.victims] == ["a", "c"]
    assert (boom.signature, boom.title, boom.id) == ("boom", "b: boom", signature_id("boom"))


def test_the_largest_comes_first_then_the_earliest_and_runs_without_a_signature_are_in_none() -> None:
    assert [(one.signature, len(one.runs)) for one in clusters(RUNS)] == [("boom", 3), ("bing", 1), ("bang", 1)]
    assert clusters([RUNS[4]]) == clusters([]) == ()


@given(st.permutations(RUNS), st.integers(0, 5))
def test_order_and_repetition_of_the_runs_do_not_matter(runs: list[Run], again: int) -> None:
    assert clusters([*runs, runs[again]]) == clusters(RUNS)
