"""The steps and the Detail pane: the loudest word wins, every place is a link, foreign text is clean."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.problem import Problem
from cockpit.models.records import (
    Assumption,
    Concern,
    Decision,
    Handoff,
    HandoffRouting,
    HandoffStatus,
    PlannedStep,
    Receipt,
    RunRecord,
    StepStatus,
    Tokens,
)
from cockpit.models.run import Becomes, Reason, RunState
from cockpit.presenters.detail import MAX_PROBLEMS, run_lines, step_lines
from cockpit.presenters.links import FileLink, file_key, link_of
from cockpit.presenters.receipts import best_handoffs, last_line, receipt_rows, step_key, step_of
from cockpit.presenters.times import TimeStyle
from cockpit.presenters.words import step_level
from tests.samples import HOSTILE, NOW, assert_clean, evidence, fact, make_detail, make_run
from widgets.rows import Level, ReceiptRow, TextRow, Tone


def receipt(**more: object) -> Receipt:
    given = {
        "flow": "build", "step": "implement", "status": StepStatus.SUCCEEDED, "path": "run-1/build/receipts/i.json",
    }  # fmt: skip
    return Receipt.model_validate({**given, **more})


def handoff(status: HandoffStatus, **more: object) -> Handoff:
    given = {"flow": "build", "step": "implement", "status": status, "path": f"run-1/build/handoff/{status}.json"}
    return Handoff.model_validate({**given, **more})


def texts(rows: list[TextRow]) -> list[str]:
    return ["".join(span.text for span in row.spans) for row in rows]


def only_row(*receipts: Receipt, handoffs: tuple[Handoff, ...] = (), status: StepStatus | None = None) -> ReceiptRow:
    step = fact(status=status or StepStatus.SUCCEEDED)
    (row,) = receipt_rows(make_detail(steps=(step,), receipts=receipts, handoffs=handoffs), NOW, TimeStyle.RELATIVE)
    return row


# Receipts.


def test_steps_done_come_first_and_those_expected_after() -> None:
    plan = tuple(PlannedStep(flow="build", step=step, agent="a") for step in ("branch", "implement", "commit"))
    rows = receipt_rows(make_detail(steps=(fact("implement"),), plan=plan), NOW, TimeStyle.UTC)
    assert [(row.step.text, row.state.text) for row in rows] == [
        ("build › implement", "+ succeeded"),
        ("build › branch", ". not run"),
        ("build › commit", ". not run"),
    ]
    assert len({row.key for row in rows}) == 3


def test_a_step_that_went_well_behind_an_older_failed_receipt_says_so() -> None:
    row = only_row(receipt(status=StepStatus.FAILED, error="boom"))
    assert (row.note.text, row.note.tone) == ("no receipt of this attempt; the one before: failed", Tone.WARN)


def test_a_row_shows_what_its_receipt_says() -> None:
    step = fact(agent="coder", attempts=3, started_at=NOW - timedelta(minutes=9), ended_at=NOW - timedelta(minutes=5))
    tokens = Tokens(prompt=1_000, completion=234, total=1_234)
    detail = make_detail(steps=(step,), receipts=(receipt(duration_ms=4_200, tokens=tokens),))
    (row,) = receipt_rows(detail, NOW, TimeStyle.RELATIVE)
    assert [cell.text for cell in (row.step, row.agent, row.took, row.tokens, row.at, row.note)] == [
        "build › implement x3", "coder", "4.2s", "1,234", "5m", "",
    ]  # fmt: skip
    (without,) = receipt_rows(make_detail(steps=(step,)), NOW, TimeStyle.UTC)
    assert (without.took.text, without.note.text, without.at.text) == ("4m00s", "no receipt", "11:55:00")


def test_an_end_before_the_start_took_no_time() -> None:
    step = fact(started_at=NOW, ended_at=NOW - timedelta(minutes=5))
    (row,) = receipt_rows(make_detail(steps=(step,)), NOW, TimeStyle.UTC)
    assert row.took.text == "0ms"


def test_the_note_is_the_most_telling_word() -> None:
    blocked = handoff(HandoffStatus.BLOCKED, summary="no adr.md", draft=True)
    verified = handoff(HandoffStatus.VERIFIED, summary="all good")
    human = handoff(
        HandoffStatus.VERIFIED, routing=HandoffRouting(decision=Decision.PAUSE, needs_human=True, reason="ask")
    )
    unverified = handoff(HandoffStatus.VERIFIED, verified=False)
    error = receipt(error="Traceback\n  File x\nTimeoutError: 300s\n\n")
    assert only_row(error, handoffs=(blocked,)).note.text == "TimeoutError: 300s"
    assert only_row(receipt(), handoffs=(verified, blocked)).note.text == "BLOCKED: no adr.md"
    assert only_row(receipt(), handoffs=(human,)).note.text == "needs a person: ask"
    assert only_row(receipt(), handoffs=(unverified,)).note.text == "verification failed behind VERIFIED"
    assert only_row(receipt(), handoffs=(verified,)).note.text == "VERIFIED all good"
    assert only_row(receipt()).note.text == ""
    assert only_row().note.text == "no receipt"
    assert only_row(status=StepStatus.RUNNING).note.text == ""


def test_a_green_step_with_a_blocked_handoff_is_loud() -> None:
    blocked = handoff(HandoffStatus.BLOCKED)
    row = only_row(receipt(), handoffs=(blocked,))
    assert (row.level, row.note.tone) == (Level.ERROR, Tone.BAD)
    assert only_row(receipt()).level is Level.INFO


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_blocked_draft_outweighs_a_committed_success_in_any_order(order: tuple[int, ...]) -> None:
    found = (
        handoff(HandoffStatus.VERIFIED),
        handoff(HandoffStatus.BLOCKED, draft=True),
        handoff(HandoffStatus.UNVERIFIED, draft=True),
    )
    best = best_handoffs(found[index] for index in order)
    assert best["build", "implement"].status is HandoffStatus.BLOCKED


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_committed_handoff_outweighs_a_draft(order: tuple[int, ...]) -> None:
    found = (handoff(HandoffStatus.VERIFIED), handoff(HandoffStatus.PARTIAL, draft=True))
    assert best_handoffs(found[index] for index in order)["build", "implement"].status is HandoffStatus.VERIFIED


def test_last_lines() -> None:
    assert last_line("") == last_line("\n \n") == ""
    assert last_line("a\n  b  \n\n") == "b"


@given(st.text(), st.text())
def test_a_step_key_gives_its_step_back(flow: str, step: str) -> None:
    assert step_of(step_key(flow, step)) == (flow, step)


@given(st.text())
def test_other_keys_are_no_steps(key: str) -> None:
    found = step_of(key)
    assert found is None or step_key(*found) == key


# Links.


@given(st.text(), st.none() | st.integers(1, 10**9), st.integers(0, 10**6))
def test_a_file_key_gives_its_place_back(path: str, line: int | None, serial: int) -> None:
    assert link_of(file_key(path, line, serial)) == FileLink(path, line)


@pytest.mark.parametrize("key", ["", "file", "line\t3", "file\t1\t2", "step\tbuild\t1\tx"])
def test_other_keys_lead_nowhere(key: str) -> None:
    assert link_of(key) is None


# Detail.


def test_the_verdict_comes_with_its_evidence() -> None:
    run = make_run(
        claimed="succeeded", contradicted=True, title="Nightly", flow="build", step="implement", age=3_600,
        reasons=(
            Reason(text="implement failed", evidence=(evidence("run-1/build/receipts/i.json", 7, "boom"),)),
            Reason(text="late start", warn=True),
        ),
    )  # fmt: skip
    rows = run_lines(run, None, NOW)
    lines = texts(rows)
    assert lines[0].startswith("run-1")
    assert "state    x failed  but its record says succeeded" in lines
    assert "where    build › implement" in lines
    assert "Nightly" in " ".join(lines)
    assert "1h ago, last sign of life 1h ago" in " ".join(lines)
    why = lines.index("- implement failed")
    assert lines[why:] == ["- implement failed", "build/receipts/i.json:7  receipt", "boom", "- late start"]
    links = [link_of(row.key) for row in rows if row.link]
    assert links == [FileLink("run-1/build/receipts/i.json", 7)]
    assert [row.level for row in rows if row.spans and row.spans[0].text == "- "] == [Level.ERROR, Level.WARN]


def test_what_silence_will_make_of_it() -> None:
    becomes = Becomes(at=NOW + timedelta(minutes=5), state=RunState.STUCK, reason=Reason(text="silent"))
    rows = run_lines(make_run(state=RunState.RUNNING, becomes=becomes), None, NOW)
    assert "then     % stuck  in 5m if nothing moves" in texts(rows)


def test_everything_about_a_run_and_a_step() -> None:
    routing = HandoffRouting(
        decision=Decision.ESCALATE, raw_decision="escalate", target="human", reason="stuck", needs_human=True
    )
    detail = make_detail(
        record=RunRecord(claimed="running", flows=("signal", "build"), backend="claude", error="meta error"),
        steps=(fact(error="one\ntwo", attempts=2, evidence=evidence("run-1/events.jsonl", 3, "step_error")),),
        receipts=(
            receipt(
                raw_status="ok", duration_ms=1_500, model="m", mode="stub", error="receipt error",
                transcript="run-1/build/llm/i.jsonl", tokens=Tokens(prompt=1, completion=2, total=3),
                measures={"tests": {"measured": True}},
            ),
        ),
        handoffs=(
            handoff(
                HandoffStatus.BLOCKED, raw_status="stopped", summary="did it", routing=routing, verified=False,
                fallback=True, draft=True, concerns=(Concern(text="slow", severity="HIGH"),),
                assumptions=(Assumption(text="it is there"),),
            ),
        ),
        problems=tuple(Problem(path="run-1/x.json", line=index, reason="torn") for index in range(1, 100)),
    )  # fmt: skip
    run = make_run(flow="build", step="implement")
    lines = texts(run_lines(run, detail, NOW))
    for wanted in (
        "Error", "two", "Handoff (draft)", "status   BLOCKED  (written as stopped)  made up by the orchestrator",
        "checked  verification failed", "next     ESCALATE human  needs a person", "because  stuck",
        "concern  HIGH slow", "assumes  it is there", "Its own record", "claims   running", "flows    signal build",
        "meta error", "Could not be read: 99", "x.json:1", "torn",
    ):  # fmt: skip
        assert wanted in lines, wanted
    assert lines.count("torn") == MAX_PROBLEMS
    step = texts(step_lines(detail, "build", "implement"))
    for wanted in (
        "build › implement", "state    + succeeded", "attempts 2", "Receipt", "status   + succeeded  (written as ok)",
        "took     1.5s", "model    m (stub)", "tokens   3 (1 in, 2 out)", "tests    {'measured': True}",
        "transcript build/llm/i.jsonl", "receipt error",
    ):  # fmt: skip
        assert wanted in step, wanted
    assert texts(step_lines(detail, "build", "commit")) == ["build › commit", "This step has not run."]


def test_keys_of_a_pane_are_unique_and_links_say_so() -> None:
    reasons = tuple(Reason(text="r", evidence=(evidence(), evidence())) for _ in range(3))
    rows = run_lines(make_run(reasons=reasons), make_detail(), NOW)
    assert len({row.key for row in rows}) == len(rows)
    assert sum(row.link for row in rows) == 6
    assert all((link_of(row.key) is not None) == row.link for row in rows)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_every_field(text: str) -> None:
    place = evidence(f"run-1/{text}", 3, text)
    routing = HandoffRouting(decision=Decision.UNKNOWN, raw_decision=text, target=text, reason=text)
    detail = make_detail(
        record=RunRecord(
            claimed=text, error=text, title=text, flows=(text,), backend=text, initiator=text, tags=(text,),
            evidence=place,
        ),
        plan=(PlannedStep(flow=text, step=text + "2", agent=text),),
        steps=(fact(text, flow=text, agent=text, error=text, evidence=place),),
        receipts=(
            receipt(
                flow=text, step=text, agent=text, raw_status=text, model=text, mode=text, error=text, transcript=text,
                path=text, measures={text: {text: text}},
            ),
        ),
        handoffs=(
            handoff(
                HandoffStatus.BLOCKED, flow=text, step=text, agent=text, raw_status=text, summary=text, error=text,
                routing=routing, concerns=(Concern(text=text, severity=text),), assumptions=(Assumption(text=text),),
                path=text,
            ),
        ),
        problems=(Problem(path=text, reason=text),),
    )  # fmt: skip
    run = make_run(
        flow=text, step=text, claimed=text, contradicted=True, reasons=(Reason(text=text, evidence=(place,)),)
    )
    assert_clean(run_lines(run, detail, NOW))
    assert_clean(step_lines(detail, text, text))
    assert_clean(list(receipt_rows(detail, NOW, TimeStyle.UTC)))
    assert [link_of(row.key) for row in run_lines(run, None, NOW) if row.link] == [FileLink(f"run-1/{text}", 3)]


def test_a_deeply_nested_measure_is_shown_short() -> None:
    nested: dict[str, object] = {}
    for _ in range(3_000):
        nested = {"a": nested}
    detail = make_detail(steps=(fact(),), receipts=(receipt().model_copy(update={"measures": {"tests": nested}}),))
    assert_clean(step_lines(detail, "build", "implement"))


@given(
    st.sampled_from(StepStatus), st.sampled_from([None, *HandoffStatus]), st.sampled_from([None, *StepStatus]),
    st.booleans(), st.sampled_from([None, True, False]),
)  # fmt: skip
def test_a_step_is_as_loud_as_its_status_and_its_note(
    status: StepStatus, said: HandoffStatus | None, of_receipt: StepStatus | None, error: bool, verified: bool | None
) -> None:
    receipts = () if of_receipt is None else (receipt(status=of_receipt, error="boom" if error else None),)
    row = only_row(*receipts, handoffs=() if said is None else (handoff(said, verified=verified),), status=status)
    by_note = {Tone.BAD: Level.ERROR, Tone.WARN: Level.WARN}.get(row.note.tone, Level.INFO)
    own = step_level(status)
    assert row.level is (by_note if own is Level.INFO else own)
