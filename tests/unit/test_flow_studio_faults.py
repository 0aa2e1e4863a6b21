"""Bad data on disk: nothing raises, nothing blocks, and a Problem names path, line and reason."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef, RunState
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import FlowStudioRun
from tests.conftest import NOW

SOURCE = FlowStudioSource()


def ref_of(run: FlowStudioRun) -> RunRef:
    return RunRef(source=SOURCE.id, root=str(run.path.parent), path=run.name, id=run.name)


def detail_of(run: FlowStudioRun, previous: RunDetail | None = None) -> RunDetail:
    return SOURCE.detail(ref_of(run), previous)


@pytest.fixture
def run(tmp_path: Path) -> FlowStudioRun:
    run = FlowStudioRun(tmp_path / "runs")
    run.meta("failed", error="boom")
    run.step("build", "branch", "repo-operator")
    return run


BROKEN = {
    "empty": b"",
    "truncated": b'{"status": "fai',
    "not utf-8": b"\xff\xfe\x00{",
    "array": b'[{"status": "failed"}]',
    "string": b'"failed"',
    "NUL": b"\0" * 512,
    "deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "words": b"I am not JSON",
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize(
    "rel",
    [
        "meta.json", "run_state.json", "spec.json", "build/receipts/implement-code-implementer.json",
        "build/handoff/implement.json", "build/handoffs/step-1-a.draft.json", "build/routing/candidates_step_x.json",
        "build/routing/injections/flow-1.json", "build/interrupt_state.json", "wisdom/wisdom_summary.json",
        "events.jsonl", "build/routing/decisions.jsonl", "build/logs/x.jsonl", "build/timeouts.jsonl",
    ],
)  # fmt: skip
def test_a_broken_file_is_one_problem_with_its_path(run: FlowStudioRun, rel: str, kind: str) -> None:
    content = BROKEN[kind]
    lines = rel.endswith(".jsonl")
    run.raw(rel, content + b"\n" if lines else content, at=0)
    detail = detail_of(run)
    if lines and kind == "empty":
        assert detail.problems == ()
        return
    (problem,) = detail.problems
    assert problem.path == f"{run.name}/{rel}"
    assert problem.line == (1 if lines else None)
    assert problem.reason
    assert judge(detail, NOW).problems == 1


WRONG: list[Any] = [
    None,
    True,
    12,
    -1.5,
    1e300,
    "x" * 100_000,
    [],
    [1, [2]],
    {},
    {"a": {"b": []}},
    10**30,
    "\u202e\x1b]52;c;x\x07",
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_fields_of_any_type_never_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    run = FlowStudioRun(tmp_path_factory.mktemp("any"))
    value = st.sampled_from(WRONG)

    def some(*fields: str) -> dict[str, object]:
        return {field: data.draw(value) for field in fields if data.draw(st.booleans())}

    run.raw("meta.json", some("status", "spec", "error", "tags", "title", "created_at", "updated_at", "started_at"))
    run.raw("run_state.json", some("status", "flow_key", "flow_id", "current_step_id", "timestamp", "updated_at"))
    run.raw(
        "build/receipts/a-b.json",
        some(
            "status",
            "step_id",
            "agent_key",
            "tokens",
            "error",
            "tool_calls",
            "routing",
            "transcript_path",
            "duration_ms",
            "completed_at",
        ),
    )
    run.raw(
        "build/handoff/a.json",
        some("status", "summary", "concerns", "assumptions", "routing_signal", "routing", "meta", "timestamp", "error"),
    )
    run.raw("build/routing/injections/x.json", some("injected_at", "nodes", "reason", "status", "injected_flow"))
    run.raw("build/routing/candidates_step_a.json", some("candidates", "step_id"))
    run.raw("build/build_receipt.json", some("completion_state", "blockers", "timestamp"))
    run.raw("wisdom/wisdom_summary.json", some("flows", "created_at"))
    kinds = [
        "step_start", "step_end", "step_error", "route_decision", "navigation_decision", "macro_route", "run_created",
        "run_completed", "verification_failed", "boundary_violation", "step_timing", "flow_error", "tool_end",
    ]  # fmt: skip
    for _ in range(4):
        kind = data.draw(st.sampled_from([*kinds, *WRONG]))
        payload = some(
            "status",
            "error",
            "loop_state",
            "reason",
            "artifact_checks",
            "flows",
            "route",
            "signals",
            "decision",
            "to_step",
        )
        line = {
            "kind": kind,
            "payload": data.draw(st.sampled_from([payload, *WRONG])),
            **some("ts", "flow_key", "step_id", "agent_key", "event"),
        }
        run.append("events.jsonl", line)
        run.append(
            "build/routing/decisions.jsonl",
            some("timestamp", "decision", "reason", "iteration", "step_id", "flow_key", "routing", "confidence"),
        )
        run.append("build/logs/a.jsonl", some("timestamp", "level", "message", "error", "event"))
        run.append("build/timeouts.jsonl", some("scope", "elapsed_ms", "timeout_ms", "final_action"))
    detail = detail_of(run)
    verdict = judge(detail, NOW)
    verdict.model_dump_json()
    for entry in (*detail.events, *detail.routing, *detail.receipts, *detail.handoffs, *detail.signals):
        entry.model_dump_json()


def test_special_files_in_place_of_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = FlowStudioRun(tmp_path)
    os.mkfifo(run.path / "meta.json")
    os.mkfifo(run.path / "events.jsonl")
    (run.path / "run_state.json").mkdir()
    (run.path / "build" / "receipts").mkdir(parents=True)
    os.mkfifo(run.path / "build" / "receipts" / "a-b.json")
    server = socket.socket(socket.AF_UNIX)
    try:
        monkeypatch.chdir(run.path)  # a socket's path may be 107 bytes at most
        server.bind("spec.json")
        found = {problem.path.rpartition("/")[2]: problem.reason for problem in detail_of(run).problems}
    finally:
        server.close()
    assert found == {
        "meta.json": "not an ordinary file but a FIFO",
        "events.jsonl": "not an ordinary file but a FIFO",
        "a-b.json": "not an ordinary file but a FIFO",
        "run_state.json": "not an ordinary file but a directory",
        "spec.json": "not an ordinary file but a socket",
    }
    assert judge(detail_of(run), NOW).state is RunState.UNREADABLE


def test_links_out_of_the_root_and_in_circles_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"status": "succeeded"}')
    run = FlowStudioRun(tmp_path / "root")
    (run.path / "meta.json").symlink_to(secret)
    (run.path / "run_state.json").symlink_to("run_state.json")
    (run.path / "events.jsonl").symlink_to(secret)
    (run.path / "build").symlink_to(run.path)
    (run.path / "plan").symlink_to("/")
    detail = detail_of(run)
    reasons = {problem.path.rpartition("/")[2]: problem.reason for problem in detail.problems}
    assert reasons == {
        "meta.json": "a symbolic link that leaves the root, not followed",
        "run_state.json": "a symbolic link that leads in a circle",
        "events.jsonl": "not an ordinary file but a symbolic link",
    }
    assert detail.record.claimed is None


def test_a_vanished_run_is_unreadable_and_says_so(run: FlowStudioRun) -> None:
    before = detail_of(run)
    shutil.rmtree(run.path)
    for previous in (None, before):
        detail = detail_of(run, previous)
        (problem,) = detail.problems
        assert (problem.path, problem.reason, problem.fatal) == (run.name, "the run's directory is gone", True)
        assert judge(detail, NOW).state is RunState.UNREADABLE
    assert SOURCE.fingerprint(ref_of(run)) != before.fingerprint


def test_a_closed_directory_is_a_problem(run: FlowStudioRun, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("receipts"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    detail = detail_of(run)
    assert [problem.reason for problem in detail.problems] == ["no permission to list this directory"]
    assert detail.record.claimed == "failed"


def test_an_unreadable_record_with_a_good_event_log_is_judged_by_the_log(run: FlowStudioRun) -> None:
    run.raw("meta.json", b"{", at=0)
    run.event("step_error", "build", "implement", "code-implementer", at=5, error="boom")
    verdict = judge(detail_of(run), NOW)
    assert (verdict.state, verdict.claimed, verdict.step, verdict.problems) == (RunState.FAILED, None, "implement", 1)


def test_only_an_unreadable_record_makes_an_unreadable_run(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.raw("meta.json", b"[]")
    verdict = judge(detail_of(run), NOW)
    assert verdict.state is RunState.UNREADABLE
    assert verdict.reasons[0].text == "meta.json cannot be read: a JSON array instead of an object"


def test_a_line_of_a_megabyte_is_read_and_bounded(run: FlowStudioRun) -> None:
    run.event("log", "build", "branch", message="x" * (1 << 20))
    detail = detail_of(run)
    assert detail.problems == ()
    assert len(detail.events[-1].text) == 2_000


def test_a_good_record_stays_while_its_file_is_torn(run: FlowStudioRun) -> None:
    first = detail_of(run)
    run.raw("build/receipts/branch-repo-operator.json", b'{"status": ', at=10)
    torn = detail_of(run, first)
    assert torn.receipts == first.receipts
    assert "shown as last read" in torn.problems[0].reason
    run.receipt("build", "branch", "repo-operator", status="failed", at=11)
    whole = detail_of(run, torn)
    assert whole.problems == ()
    assert whole.receipts[0].status.bad


def same(a: RunDetail, b: RunDetail) -> None:
    for name in ("ref", "record", "plan", "steps", "receipts", "handoffs", "signals", "artifacts", "problems",
                 "started_at", "updated_at", "fingerprint"):  # fmt: skip
        assert getattr(a, name) == getattr(b, name), name
    assert list(a.routing) == list(b.routing)
    assert list(a.events) == list(b.events)


def _replace_events(run: FlowStudioRun, step: str, word: str, at: int) -> None:
    fresh = run.raw("fresh.tmp", b'{"kind": "log", "ts": "2026-11-21T04:00:00Z"}\n' * (at % 7))
    fresh.replace(run.path / "events.jsonl")


def _truncate_events(run: FlowStudioRun, step: str, word: str, at: int) -> None:
    events = run.path / "events.jsonl"
    if events.exists():
        os.truncate(events, events.stat().st_size // 2)
        os.utime(events, (at, at))


Edit = Callable[[FlowStudioRun, str, str, int], object]
EDITS: dict[str, Edit] = {
    "receipt": lambda run, step, word, at: run.receipt("build", step, "x", status=word, at=at),
    "handoff": lambda run, step, word, at: run.handoff("build", step, word, at=at),
    "draft": lambda run, step, word, at: run.handoff("build", step, word, at=at, draft=True),
    "event": lambda run, step, word, at: run.event("step_end", "build", step, "x", at=at, status=word),
    "decision": lambda run, step, word, at: run.decision("build", step, "ESCALATE", at=at),
    "meta": lambda run, step, word, at: run.meta(word, at=at),
    "delete": lambda run, step, word, at: (run.path / f"build/receipts/{step}-x.json").unlink(missing_ok=True),
    "torn line": lambda run, step, word, at: run.append("events.jsonl", b'{"kind": "log", "payl'),
    "garbage line": lambda run, step, word, at: run.append("events.jsonl", b"\xff\0 garbage\n"),
    "replace events": _replace_events,
    "truncate events": _truncate_events,
    "nothing": lambda run, step, word, at: None,
}
STEPS = st.sampled_from(["branch", "load_context", "clarify"])
WORDS = st.sampled_from(["succeeded", "failed", "BLOCKED", "VERIFIED"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(EDITS)), STEPS, WORDS, st.integers(0, 100)), max_size=12))
def test_reading_on_equals_reading_anew(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, str, int]]
) -> None:
    run = FlowStudioRun(tmp_path_factory.mktemp("edits"))
    run.meta()
    previous = detail_of(run)
    for number, (edit, step, word, at) in enumerate(edits):
        EDITS[edit](run, step, word, at)
        for path in run.path.rglob("*"):  # file times finer than the builder's, so that every edit shows in the stamp
            if path.is_file() and path.stat().st_mtime_ns % 1_000 == 0:
                os.utime(path, ns=(number + 1, path.stat().st_mtime_ns + number + 1))
        previous = detail_of(run, previous)
        same(previous, detail_of(run))


def test_only_what_changed_is_read_again(run: FlowStudioRun, monkeypatch: pytest.MonkeyPatch) -> None:
    first = detail_of(run)
    run.receipt("build", "clarify", "clarifier", at=9)
    run.event("step_end", "build", "clarify", "clarifier", at=9, status="succeeded")
    opened: list[str] = []
    real = os.open

    def spy(path: str, flags: int, *more: int) -> int:
        opened.append(os.fspath(path).rpartition("/")[2])
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", spy)
    second = detail_of(run, first)
    assert sorted(opened) == ["clarify-clarifier.json", "events.jsonl"]
    assert len(second.receipts) == 2
    opened.clear()
    detail_of(run, second)
    assert opened == []
