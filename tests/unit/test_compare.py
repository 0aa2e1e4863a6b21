"""Comparing a run with one that went well, the evidence panel, and collapsing runs by cause."""

from datetime import timedelta

from cockpit.diagnosis.compare import compare
from cockpit.diagnosis.measures import panel
from cockpit.models.detail import RunDetail
from cockpit.models.records import Decision, Receipt, RoutingEntry, RunRecord, StepFact, StepStatus
from cockpit.models.run import Run, RunRef, RunState
from cockpit.presenters.compare import compare_lines
from cockpit.presenters.runs import RunsView, collapse, run_rows
from tests.conftest import NOW
from tests.samples import HOSTILE, assert_clean

REF = RunRef(source="flow-studio", root="/srv", path="runs/a", id="a")


def receipt(step: str, took: int, status: StepStatus = StepStatus.SUCCEEDED, **more: object) -> Receipt:
    facts: dict[str, object] = {
        "flow": "build",
        "step": step,
        "status": status,
        "duration_ms": took,
        "path": f"{step}.json",
    }
    return Receipt.model_validate(facts | more)


def fact(step: str, status: StepStatus = StepStatus.SUCCEEDED, attempts: int = 1, error: str | None = None) -> StepFact:
    return StepFact(flow="build", step=step, status=status, attempts=attempts, error=error)


def detail(*steps: StepFact, receipts: tuple[Receipt, ...] = (), routing: tuple[RoutingEntry, ...] = ()) -> RunDetail:
    return RunDetail(REF, RunRecord(flows=("build",)), steps=steps, receipts=receipts, routing=routing)


def run(name: str, state: RunState, signature: str | None, age_h: int) -> Run:
    ref = RunRef(source="flow-studio", root="/srv", path=name, id=name)
    at = NOW - timedelta(hours=age_h)
    return Run(ref=ref, state=state, signature=signature, started_at=at, updated_at=at)


def test_what_differs_is_the_failed_the_missing_the_slower_and_the_retried_step() -> None:
    good = detail(
        fact("plan"), fact("code"), fact("test"), fact("docs"),
        receipts=(receipt("plan", 2_000), receipt("code", 10_000), receipt("test", 3_000), receipt("docs", 900)),
    )  # fmt: skip
    bad = detail(
        fact("plan"), fact("code", attempts=3), fact("test", StepStatus.FAILED, error="boom"),
        receipts=(receipt("plan", 2_400), receipt("code", 31_000), receipt("test", 3_000, StepStatus.FAILED)),
    )  # fmt: skip
    found = compare(bad, good, "build")
    by_step = {step.step: step for step in found.steps}
    assert [step.step for step in found.steps] == ["plan", "code", "test", "docs"]
    assert not by_step["plan"].differs, "a little slower is not slower"
    assert by_step["code"].slower
    assert by_step["code"].attempts == 3
    assert by_step["test"].status is StepStatus.FAILED
    assert by_step["docs"].status is None
    assert by_step["docs"].differs


def test_a_run_does_not_differ_from_itself() -> None:
    same = detail(fact("plan"), receipts=(receipt("plan", 2_000),))
    assert not any(step.differs for step in compare(same, same).steps)


def test_decisions_are_counted_here_and_there() -> None:
    def entry(decision: Decision) -> RoutingEntry:
        return RoutingEntry(flow="build", decision=decision, path="events.jsonl")

    here = detail(fact("plan"), routing=(entry(Decision.LOOP), entry(Decision.LOOP), entry(Decision.ESCALATE)))
    there = detail(fact("plan"), routing=(entry(Decision.LOOP), entry(Decision.CONTINUE)))
    assert compare(here, there).routing == {
        Decision.CONTINUE: (0, 1), Decision.LOOP: (2, 1), Decision.ESCALATE: (1, 0),
    }  # fmt: skip


def test_the_lines_name_both_runs_and_are_clean() -> None:
    bad = detail(fact(HOSTILE[0], StepStatus.FAILED, error=HOSTILE[0]))
    good = detail(fact("plan"), receipts=(receipt("plan", 2_000),))
    rows = compare_lines(
        run("bad", RunState.FAILED, None, 1), run("good", RunState.SUCCEEDED, None, 2), compare(bad, good)
    )
    assert_clean(rows)
    text = "\n".join("".join(span.text for span in row.spans) for row in rows)
    assert "bad" in text
    assert "good" in text
    assert "not run" in text


def test_the_table_fits_a_terminal_of_eighty_columns() -> None:
    good = detail(
        fact("a_step_with_a_rather_long_name"), receipts=(receipt("a_step_with_a_rather_long_name", 3_599_000),)
    )
    bad = detail(
        fact("a_step_with_a_rather_long_name", StepStatus.INTERRUPTED, attempts=12),
        receipts=(receipt("a_step_with_a_rather_long_name", 86_000_000),),
    )
    rows = compare_lines(
        run("bad", RunState.FAILED, None, 1), run("good", RunState.SUCCEEDED, None, 2), compare(bad, good)
    )
    lines = ["".join(span.text for span in row.spans) for row in rows]
    assert any("12/1" in line for line in lines)
    assert max(map(len, lines[4:])) <= 80 - 3, "frame and gutter take three cells"


def test_the_panel_says_what_was_measured_and_what_was_not() -> None:
    measured = receipt(
        "test", 1, measures={"tests": {"measured": True, "passed": 40, "failed": 2, "coverage_percent": 81}}
    )
    skipped = receipt("fix", 1, measures={"mutation_testing": {"measured": False, "reason": "no tool"}})
    lines = {line.metric: line for line in panel(detail(receipts=(measured, skipped)))}
    assert lines["tests"].measures[0].value == "2 failed, 40 passed"
    assert lines["coverage"].measures[0].value == "81 %"
    assert lines["mutation"].measures[0].reason == "no tool"
    assert not lines["mutation"].measured
    assert lines["complexity"].measures == ()


def test_two_numbers_for_one_step_disagree_and_numbers_of_two_steps_do_not() -> None:
    def tests(step: str, passed: int) -> Receipt:
        return receipt(step, 1, measures={"tests": {"passed": passed}})

    apart = {line.metric: line for line in panel(detail(receipts=(tests("a", 1), tests("b", 2))))}
    clash = {line.metric: line for line in panel(detail(receipts=(tests("a", 1), tests("a", 2))))}
    assert not apart["tests"].disagree
    assert clash["tests"].disagree


def test_a_huge_number_is_told_as_such() -> None:
    huge = receipt("test", 1, measures={"tests": {"passed": 10**400}})
    assert "huge" in str(panel(detail(receipts=(huge,)))[0].measures[0].value)


def test_runs_that_failed_alike_share_the_line_of_the_first() -> None:
    runs = [
        run("late", RunState.FAILED, "boom", 1), run("other", RunState.FAILED, "bang", 2),
        run("first", RunState.FAILED, "boom", 9), run("well", RunState.SUCCEEDED, None, 1),
    ]  # fmt: skip
    shown, counts = collapse(runs)
    assert [one.id for one in shown] == ["first", "other", "well"]
    assert counts == {runs[2].key: 2}
    rows = run_rows(shown, RunsView(now=NOW), stands_for=counts)
    assert rows[0].note.text.startswith("2 runs: ")
    assert not rows[1].note.text.startswith("1 runs")
