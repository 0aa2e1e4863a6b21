"""What a plan rests on, and what of it moved: named facts, compared, told, and carried by the refusal."""

from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.actions.basis import basis_of, changes
from cockpit.actions.desk import ActionDesk
from cockpit.clock import fixed_clock
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.verdict import judge
from cockpit.errors import Change, MovedError
from cockpit.models.detail import RunDetail
from cockpit.models.records import Handoff, HandoffStatus, Receipt, RunRecord, StepStatus
from cockpit.models.run import Run, RunRef
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import FlowStudioRun
from tests.conftest import NOW
from tests.samples import HOSTILE
from tests.workshop import Workshop

REF = RunRef(source="s", root="/r", path="run-1", id="run-1")


def receipt(path: str, minutes: int | None) -> Receipt:
    at = None if minutes is None else NOW + timedelta(minutes=minutes)
    return Receipt(flow="f", step="s", status=StepStatus.FAILED, path=path, modified_at=at)


def detail(*receipts: Receipt, **more: object) -> RunDetail:
    return RunDetail(ref=REF, record=RunRecord(), receipts=receipts, **more)  # type: ignore[arg-type]


def test_the_facts_are_few_and_named() -> None:
    handoff = Handoff(flow="f", step="s", status=HandoffStatus.BLOCKED, path="h.json", at=NOW)
    found = basis_of(
        None, detail(receipt("old.json", 1), receipt("new.json", 5), handoffs=(handoff,), updated_at=NOW), "stat"
    )
    assert found == {
        "receipts": "2", "newest receipt": "new.json of 2026-11-21T12:05:00Z", "handoffs": "1",
        "newest handoff": "h.json of 2026-11-21T12:00:00Z", "decisions": "0", "events": "0", "unreadable": "0",
        "last sign of life": "2026-11-21T12:00:00Z", "files": found["files"],
    }  # fmt: skip
    assert basis_of(None, None, "stat") == {"files": found["files"]}
    assert basis_of(None, None, "other")["files"] != found["files"]
    assert basis_of(None, detail(receipt("x.json", None)), "stat")["newest receipt"] == "x.json"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_foreign_names_in_facts_are_clean_and_short(text: str) -> None:
    path = text.encode("utf-8", "replace").decode()
    found = basis_of(None, detail(receipt(path, 1)), text)
    assert all(value.isprintable() and len(value) <= 160 for value in found.values())


def test_what_differs_is_told_and_the_bare_fingerprint_only_where_nothing_else_is() -> None:
    before = {"state": "failed", "receipts": "4", "gone": "x", "files": "a"}
    after = {"state": "running", "receipts": "4", "new": "y", "files": "b"}
    assert changes(before, after) == (
        Change("state", "failed", "running"), Change("new", None, "y"), Change("gone", "x", None),
    )  # fmt: skip
    assert [str(change) for change in changes(before, after)] == [
        "state failed -> running",
        "new none -> y",
        "gone x -> none",
    ]
    assert changes({"files": "a"}, {"files": "b"}) == (Change("files", "a", "b"),)
    assert changes(before, before) == ()


def test_a_run_that_moved_after_its_plan_refuses_with_what_changed(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    root = tmp_path / "swarm" / "runs"
    made = FlowStudioRun(root, "run-1")
    made.step("build", "implement", "coder", at=3, ok=False, error="TimeoutError")
    made.meta("failed", error="TimeoutError", at=6)
    (tmp_path / "Makefile").write_text("stepwise-retry:\n\t@echo done\n")
    source = FlowStudioSource()
    ref = next(iter(source.scan(root)))

    def verdict(facts: RunDetail) -> Run:
        return judge(facts, fixed_clock(NOW)(), Limits())

    desk = ActionDesk(root, shop.context, lambda _: source, judge=verdict)
    run = verdict(source.detail(ref))
    plan = desk.plan("retry", run, flow="build", step="implement")
    assert plan.refused is None
    assert plan.basis["state"] == "failed"
    made.step("build", "test", "tester", at=20)
    made.meta("succeeded", at=21, completed_at="2026-11-21T04:00:21+00:00Z")
    with pytest.raises(MovedError) as caught:
        desk.perform(plan, ref)
    found = {change.name: (change.before, change.after) for change in caught.value.changes}
    assert found["receipts"] == ("1", "2")
    assert found["claims"] == ("failed", "succeeded")
    assert "test-tester.json" in (found["newest receipt"][1] or "")
    assert "receipts 1 -> 2" in str(caught.value)
    (entry,) = shop.entries()
    assert (entry.kind, entry.data["plan"], entry.data["reason"]) == ("action.refused", plan.hash, str(caught.value))
    assert desk.jobs() == ()
