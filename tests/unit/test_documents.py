"""The JSON documents of the headless contract: every promised field, null for unknown, one spelling of everything."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.action import Job, JobState, Plan
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.journal import Actor, Entry
from cockpit.models.playbook import Checklist, ChecklistItem
from cockpit.models.problem import Problem
from cockpit.models.records import (
    Artifact,
    Concern,
    Decision,
    Event,
    Handoff,
    HandoffRouting,
    HandoffStatus,
    Iteration,
    Receipt,
    RoutingEntry,
    StepStatus,
)
from cockpit.models.run import Reason, RunState, StepCounts
from cockpit.presenters import documents
from cockpit.presenters.documents import MAX_LINES, dumps, plain
from tests.samples import HOSTILE, NOW, evidence, fact, make_detail, make_run

# The headless contract, field by field; scripts outside the project rely on them.
RUN = {
    "id", "source", "root", "path", "title", "state", "claimed", "contradicted", "flow", "step", "started_at",
    "updated_at", "age_s", "silent_s", "steps", "reasons", "findings", "problems",
}  # fmt: skip
EVIDENCE = {"rank", "path", "line", "quote"}
RECEIPT = {
    "flow", "step", "agent", "status", "raw_status", "started_at", "ended_at", "duration_ms", "tokens", "model",
    "error", "path",
}  # fmt: skip
HANDOFF = {
    "flow", "step", "agent", "status", "raw_status", "summary", "concerns", "assumptions", "routing", "draft", "path",
}  # fmt: skip
ROUTING = {
    "at", "flow", "step", "decision", "raw_decision", "target", "reason", "iteration", "confidence", "needs_human",
    "path", "line",
}  # fmt: skip
PLAN = {
    "action", "run", "hash", "argv", "request", "cwd", "env", "effects", "expected_s", "undo", "refused",
}  # fmt: skip
JOB = {"id", "action", "run", "argv", "started_at", "ended_at", "exit_code", "state", "outcome", "output"}
ITEM = {"id", "text", "playbook", "state", "by", "at", "evidence", "note", "check"}


def parsed(document: object) -> Any:
    return json.loads(dumps(document), parse_constant=pytest.fail)


def test_a_run_has_every_field_and_null_for_what_is_unknown() -> None:
    bare = parsed(documents.run(make_run(started_at=None, updated_at=None), NOW))
    assert set(bare) >= RUN
    for name in ("title", "claimed", "flow", "step", "started_at", "updated_at", "age_s", "silent_s"):
        assert bare[name] is None
    assert bare["steps"] == {"done": 0, "failed": 0, "total": None}
    assert bare["reasons"] == bare["findings"] == []
    assert bare["problems"] == 0
    assert bare["contradicted"] is False


def test_a_run_says_what_it_knows() -> None:
    run = make_run(
        "run-1", RunState.STUCK, age=90.1234, title="T", claimed="running", contradicted=True, flow="build", step="fix",
        steps=StepCounts(done=1, failed=2, total=3),
        reasons=(Reason(text="silent", evidence=(evidence("p", 3, "q"),)),),
        findings=("f1",), problems=4,
    )  # fmt: skip
    document = parsed(documents.run(run, NOW))
    assert (document["id"], document["source"], document["root"], document["path"]) == (
        "run-1", "flow-studio", "/srv/runs", "run-1",
    )  # fmt: skip
    assert (document["state"], document["claimed"], document["contradicted"]) == ("stuck", "running", True)
    assert document["age_s"] == document["silent_s"] == 90.123
    assert document["started_at"] == "2026-11-21T11:58:29.876600Z"
    (reason,) = document["reasons"]
    assert reason["text"] == "silent"
    assert reason["evidence"] == [{"rank": "receipt", "path": "p", "line": 3, "quote": "q"}]
    assert (document["findings"], document["problems"]) == (["f1"], 4)


def test_a_clock_that_runs_behind_makes_no_negative_age() -> None:
    document = documents.run(make_run(), NOW - timedelta(days=1))
    assert document["age_s"] == document["silent_s"] == 0


def test_everything_about_a_run() -> None:
    concern, wish = Concern(text="slow", severity="HIGH"), HandoffRouting(decision=Decision.LOOP)
    detail = make_detail(
        steps=(fact(),),
        receipts=(Receipt(flow="b", step="s", status=StepStatus.FAILED, path="p"),),
        handoffs=(
            Handoff(flow="b", step="s", status=HandoffStatus.BLOCKED, path="p", concerns=(concern,)),
            Handoff(flow="b", step="s", status=HandoffStatus.VERIFIED, path="p", routing=wish),
        ),
        routing=(
            RoutingEntry(decision=Decision.LOOP, path="p"),
            RoutingEntry(decision=Decision.LOOP, path="p", iteration=Iteration(current=1)),
        ),
        events=(Event(kind="k", path="p", at=NOW),),
        artifacts=(Artifact(path="p", kind="artifact", size=1, modified_at=NOW),),
        problems=(Problem(path="p", reason="torn"),),
    )  # fmt: skip
    document = parsed(documents.show(make_run(problems=1), detail, NOW))
    assert set(document) >= RUN | {"receipts", "handoffs", "routing", "events", "problems", "artifacts"}
    (receipt,), (first, second), (decision, loop) = document["receipts"], document["handoffs"], document["routing"]
    assert set(receipt) >= RECEIPT
    assert set(first) >= HANDOFF
    assert set(decision) >= ROUTING
    assert (receipt["status"], receipt["tokens"], receipt["raw_status"]) == ("failed", None, None)
    assert (first["concerns"], first["assumptions"], first["routing"], first["draft"]) == (["slow"], [], None, False)
    assert first["concerns_detail"][0]["severity"] == "HIGH"
    assert second["routing"]["decision"] == "loop"
    assert decision["iteration"] is None
    assert loop["iteration"] == {"current": 1, "max": None}
    assert document["problems"] == [{"path": "p", "line": None, "reason": "torn", "fatal": False}]
    assert document["events"][0]["at"] == "2026-11-21T12:00:00Z"
    assert document["routing_total"] == 2


def test_only_the_end_of_a_long_log_is_printed_and_its_length_told() -> None:
    many = tuple(RoutingEntry(decision=Decision.LOOP, path="p", line=line) for line in range(1, MAX_LINES + 4))
    document = documents.show(make_run(), make_detail(routing=many), NOW)
    assert document["routing_total"] == MAX_LINES + 3
    assert [document["routing"][0]["line"], document["routing"][-1]["line"]] == [4, MAX_LINES + 3]


def test_plans_jobs_and_items() -> None:
    plan = parsed(documents.plan(Plan(action="retry", run="r", run_key="k", hash="h")))
    assert set(plan) >= PLAN
    assert [plan[name] for name in ("argv", "request", "cwd", "expected_s", "refused")] == [None] * 5
    assert (plan["env"], plan["effects"]) == ({}, [])
    job = parsed(
        documents.job(
            Job(id="j", action="retry", run="r", run_key="k", started_at=NOW, state=JobState.RUNNING, output="/o")
        )
    )
    assert set(job) >= JOB
    assert (job["state"], job["ended_at"], job["exit_code"], job["argv"]) == ("running", None, None, [])
    seen = Evidence(rank=Rank.ARTIFACT, path="p", line=2)
    item = ChecklistItem(id="b/i", text="t", playbook="b", evidence=(seen,))
    checklist = parsed(documents.checklist(Checklist(target="r", items=(item,))))
    assert set(checklist) >= {"target", "items"}
    assert set(checklist["items"][0]) >= ITEM
    assert checklist["items"][0]["evidence"] == [{"rank": "artifact", "path": "p", "line": 2, "quote": ""}]
    assert checklist["items"][0]["by"] is None


def test_journal_events() -> None:
    actor = Actor(user="root", real_user="ada")
    entry = Entry(seq=1, at=NOW, actor=actor, kind="note", data={"text": "x"}, prev="0", hash="1")
    (document,) = parsed(documents.entries([entry]))
    assert document["actor"] == {"user": "root", "real_user": "ada", "tty": None, "ssh_peer": None}
    assert (document["at"], document["data"]) == ("2026-11-21T12:00:00Z", {"text": "x"})


# The one way a document is printed.


def test_keys_are_sorted_two_spaces_and_a_newline() -> None:
    assert dumps({"b": [1], "a": {"d": None, "c": "ü"}}) == (
        '{\n  "a": {\n    "c": "ü",\n    "d": null\n  },\n  "b": [\n    1\n  ]\n}\n'
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_null(number: float) -> None:
    assert parsed({"a": [number]}) == {"a": [None]}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_survives_as_data(text: str) -> None:
    printed = dumps({"a": text})
    assert json.loads(printed) == {"a": text}
    printed.encode("utf-8")
    assert printed.count("\n") == 3
    assert "\x1b" not in printed
    assert "\x00" not in printed


def test_hostile_nesting_is_cut() -> None:
    nested: dict[str, Any] = {}
    for _ in range(5_000):
        nested = {"a": nested, "b": [1]}
    assert '"…"' in dumps(nested)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(st.characters()) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_anything_is_valid_json_and_the_same_twice(value: Any) -> None:
    printed = dumps(value)
    assert dumps(value) == printed
    json.loads(printed, parse_constant=pytest.fail)
    assert plain(plain(value)) == plain(value)
