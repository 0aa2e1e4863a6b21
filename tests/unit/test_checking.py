"""Checklists held against real files: ticked, verified, gone stale, contradicted, repaired."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.checking import Checklists
from cockpit.clock import Clock, fixed_clock
from cockpit.errors import UsageError
from cockpit.models.journal import Actor
from cockpit.models.playbook import ChecklistItem, ItemState, Outcome
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from cockpit.standing import Target
from tests.builders import START, FlowStudioRun

RUN = "run-20261121-040000-abc123"
PLAYBOOK = """\
+++
id = "drill"
title = "Drill"
+++
# Drill

- [ ] Read the receipt <!-- id: look; evidence: {flow}/receipts/{step}-{agent}.json -->
- [ ] Retry <!-- id: retry; check: job-succeeded; action: retry -->
- [ ] The receipt says succeeded <!-- id: receipt; check: receipt-succeeded; evidence: {flow}/receipts/{step}-*.json -->
- [ ] No secrets <!-- id: secrets; check: no-secrets -->
- [ ] Write it down <!-- id: report; check: artifact-exists; evidence: report.md -->
- [ ] Think <!-- id: think -->
- [ ] Dead <!-- id: dead; check: no-such-check -->
"""


class Bench:
    """A failed run, a library with one playbook, and somebody who works on them."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root
        self.run = FlowStudioRun(root, RUN)
        self.run.meta("failed", at=12)
        self.run.step("build", "branch", "repo-operator", at=1)
        self.run.step("build", "implement", "code-implementer", at=10, ok=False, error="boom")
        self.run.event("run_completed", "build", at=12, status="failed")
        self.session = Session(Settings(), [RootSettings(path=root)], clock)
        self.lists = Checklists(self.session)

    @property
    def target(self) -> Target:
        return self.lists.find(RUN)

    def item(self, name: str) -> ChecklistItem:
        """An item as it stands now."""
        return next(one for one in self.lists.stand(self.target).checklist.items if one.id == f"drill/{name}")

    def state(self, name: str) -> ItemState:
        return self.item(name).state

    def repair(self, at: float = 30) -> None:
        """The step runs again and goes well, and the next one begins."""
        self.run.step("build", "implement", "code-implementer", at=at)
        self.run.event("step_start", "build", "critique_code", "code-critic", at=at + 2)
        self.run.meta("running", at=at + 2)

    def entries(self) -> list[dict[str, Any]]:
        path = self.session.state_dir(self.root) / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    config = tmp_path / "config"
    (config / "playbooks").mkdir(parents=True)
    (config / "playbooks" / "drill.md").write_text(PLAYBOOK)
    monkeypatch.setattr("cockpit.locations.config_dir", lambda: config)
    made = Bench(tmp_path / "runs", fixed_clock(START + timedelta(seconds=60)))
    made.lists.start(made.target, "drill")
    yield made
    made.session.close()


def test_a_start_keeps_where_the_run_stands(bench: Bench) -> None:
    (start,) = bench.entries()
    (anchor,) = start["data"]["anchors"]
    assert (anchor["run"], anchor["flow"], anchor["step"], anchor["agent"]) == (
        RUN,
        "build",
        "implement",
        "code-implementer",
    )
    assert anchor["failed_at"] == "2026-11-21T04:00:11Z"


def test_a_tick_remembers_the_file_and_goes_stale_with_it(bench: Bench) -> None:
    path = f"{RUN}/build/receipts/implement-code-implementer.json"
    bench.lists.tick(bench.target, "look")
    ticked = bench.item("look")
    assert (ticked.state, ticked.evidence) == (ItemState.DONE, ())
    assert [stamp.path for stamp in ticked.stamps] == [path]
    before = (bench.root / path).read_text()
    bench.repair()
    stale = bench.item("look")
    assert (stale.state, stale.why) == (ItemState.STALE, f"{path} was changed since")
    (bench.root / path).write_text(before)
    assert bench.state("look") is ItemState.DONE
    (bench.root / path).unlink()
    assert bench.item("look").why == f"{path} is gone"
    bench.repair(at=40)
    bench.lists.tick(bench.target, "look")
    assert bench.state("look") is ItemState.DONE, "ticked once more against the file as it is"
    assert "stale" not in json.dumps(bench.entries()), "what the evidence makes of it is nowhere stored"


def test_a_tick_against_the_evidence_is_contradicted_until_the_evidence_changes(bench: Bench) -> None:
    written = bench.lists.tick(bench.target, "receipt")
    assert written.told == ("the evidence says otherwise: the newest receipt of build.implement says failed: boom",)
    wrong = bench.item("receipt")
    assert (wrong.state, wrong.by) == (ItemState.CONTRADICTED, bench.item("receipt").by)
    assert wrong.found is not None
    assert wrong.found.evidence[0].path.endswith("implement-code-implementer.json")
    bench.repair()
    # What it was ticked against is another file now: right, but by luck.
    assert bench.state("receipt") is ItemState.STALE
    assert bench.lists.verify(bench.target, "receipt").confirmed == ("drill/receipt",)
    assert bench.state("receipt") is ItemState.VERIFIED


def test_verify_records_what_holds_once_and_leaves_the_rest_alone(bench: Bench) -> None:
    bench.lists.tick(bench.target, "think")
    bench.lists.ledger(bench.target).skip(RUN, "report", "not today")
    bench.run.raw("report.md", "done", at=20)
    bench.repair()
    first = bench.lists.verify(bench.target)
    assert first.confirmed == ("drill/receipt", "drill/secrets")
    told = {entry["data"]["item"]: entry["data"] for entry in bench.entries() if entry["kind"] == "checklist.verified"}
    assert told["drill/receipt"]["check"] == "receipt-succeeded"
    assert told["drill/receipt"]["stamps"][0]["fingerprint"].startswith("sha256:")
    assert told["drill/receipt"]["evidence"][0]["rank"] == "receipt"
    states = {name: bench.state(name) for name in ("receipt", "secrets", "report", "think", "retry", "dead", "look")}
    assert states == {
        "receipt": ItemState.VERIFIED, "secrets": ItemState.VERIFIED, "report": ItemState.SKIPPED,
        "think": ItemState.DONE, "retry": ItemState.OPEN, "dead": ItemState.OPEN, "look": ItemState.OPEN,
    }  # fmt: skip
    count = len(bench.entries())
    assert bench.lists.verify(bench.target).confirmed == ()
    assert len(bench.entries()) == count, "what stands is not said twice"
    bench.repair(at=50)
    assert bench.state("receipt") is ItemState.STALE
    assert bench.lists.verify(bench.target).confirmed == ("drill/receipt",)


def test_a_verified_item_is_contradicted_by_what_happens_later(bench: Bench) -> None:
    bench.run.raw("report.md", "done", at=20)
    bench.lists.verify(bench.target)
    assert (bench.state("secrets"), bench.state("report")) == (ItemState.VERIFIED, ItemState.VERIFIED)
    bench.run.raw("build/llm/x.jsonl", f'{{"a": "sk-ant-{"a1B2" * 8}"}}', at=30)
    (bench.run.path / "report.md").unlink()
    assert (bench.state("secrets"), bench.state("report")) == (ItemState.CONTRADICTED, ItemState.CONTRADICTED)
    assert "sk-ant" not in bench.item("secrets").model_dump_json()


def test_open_items_tell_what_their_check_says_without_being_settled(bench: Bench) -> None:
    item = bench.item("receipt")
    assert item.state is ItemState.OPEN
    assert item.found is not None
    assert item.found.outcome is Outcome.NOT_MET
    assert bench.item("dead").found is not None
    assert bench.item("secrets").found is None, "a costly check is asked when somebody verifies"
    thorough = bench.lists.stand(bench.target, thorough=True).checklist
    assert next(one for one in thorough.items if one.id == "drill/secrets").found is not None


def test_what_cannot_be_verified(bench: Bench) -> None:
    with pytest.raises(UsageError, match="names no check"):
        bench.lists.verify(bench.target, "think")
    with pytest.raises(UsageError, match="no item 'nope'"):
        bench.lists.verify(bench.target, "nope")
    with pytest.raises(UsageError, match="no item 'nope'"):
        bench.lists.tick(bench.target, "nope")
    other = FlowStudioRun(bench.root, "run-20261121-040000-other1")
    other.meta("failed", at=2)
    with pytest.raises(UsageError, match="no checklist was started"):
        bench.lists.verify(bench.lists.find(other.name))


def test_two_who_tick_the_same_item_at_once_both_attest_it(bench: Bench) -> None:
    """Each of them saw it open: the second space is not taken for the way back."""
    bench.lists.toggle(bench.target, "drill/think", settled=False)
    bench.lists.toggle(bench.target, "drill/think", settled=False)
    assert bench.state("think") is ItemState.DONE
    bench.lists.toggle(bench.target, "drill/think", settled=True)
    bench.lists.toggle(bench.target, "drill/think", settled=True)
    assert bench.state("think") is ItemState.OPEN
    kinds = [entry["kind"] for entry in bench.entries()]
    assert kinds == ["checklist.start", "checklist.tick", "checklist.tick", "checklist.untick"]


def test_ticking_what_somebody_else_works_on_is_allowed_and_told(bench: Bench) -> None:
    ledger = bench.lists.ledger(bench.target)
    ledger.claim(RUN, "think", "bob")
    assert bench.item("think").claimed_by == "bob"
    assert bench.lists.tick(bench.target, "think").told == ("bob was working on drill/think",)
    assert bench.item("think").claimed_by is None
    ledger.claim(RUN, "think")
    assert bench.lists.tick(bench.target, "think").told == (), "one's own claim is no news"


def test_evidence_given_by_a_person_is_quoted_masked_and_stamped(bench: Bench) -> None:
    bench.run.raw("notes.md", f"one\nkey sk-ant-{'a1B2' * 8}\n", at=20)
    bench.lists.tick(bench.target, "think", f"{RUN}/notes.md:2", "seen")
    item = bench.item("think")
    assert (item.evidence[0].line, item.evidence[0].quote, item.note) == (2, "key [masked]", "seen")
    assert [stamp.path for stamp in item.stamps] == [f"{RUN}/notes.md"]
    bench.lists.tick(bench.target, "look", f"{RUN}/events.jsonl:1")
    assert bench.item("look").stamps[0].fingerprint.startswith("line:")
    bench.run.event("log", "build", at=40)
    assert bench.state("look") is ItemState.DONE, "a log that grows is still the same evidence"


def test_where_to_look(bench: Bench) -> None:
    path = f"{RUN}/build/receipts/implement-code-implementer.json"
    assert bench.lists.places(bench.target, "drill/look") == (path,)
    bench.repair()
    assert bench.lists.places(bench.target, "drill/look") == (path,), "still the step the checklist is about"
    bench.lists.tick(bench.target, "look", f"{RUN}/meta.json")
    assert bench.lists.places(bench.target, "drill/look") == (f"{RUN}/meta.json", path)
    assert bench.lists.places(bench.target, "drill/think") == ()
    assert bench.lists.places(bench.target, "drill/nothing") == ()


def test_a_checklist_without_recorded_anchors_is_about_where_the_run_stands_now(bench: Bench) -> None:
    other = FlowStudioRun(bench.root, "run-20261121-040000-other1")
    other.meta("failed", at=12)
    other.step("build", "branch", "repo-operator", at=10, ok=False, error="boom")
    target = bench.lists.find(other.name)
    bench.lists.ledger(target).start(target.id, "drill")
    found = next(one for one in bench.lists.stand(target).checklist.items if one.id == "drill/receipt")
    assert found.found is not None
    assert "build.branch" in found.found.why


def test_an_incident_s_checklist_is_about_all_its_runs(bench: Bench) -> None:
    from cockpit.incidents.events import DECLARED, RUN_ADDED

    other = FlowStudioRun(bench.root, "run-20261121-040000-other1")
    other.meta("failed", at=12)
    other.step("build", "branch", "repo-operator", at=10, ok=False, error="boom")
    journal = bench.lists.ledger(bench.target).journal
    inc = "inc-20261121-01"
    journal.append(DECLARED, {"title": "It burns", "severity": "SEV2"}, inc)
    key = f"flow-studio:{bench.root}/"
    for name, step in ((RUN, "implement"), (other.name, "branch")):
        about = {"run": name, "run_key": f"{key}{name}", "flow": "build", "step": step, "evidence": []}
        journal.append(RUN_ADDED, about | {"failed_at": "2026-11-21T04:00:11Z"}, inc)
    journal.append(RUN_ADDED, {"run": "gone", "run_key": f"{key}gone", "evidence": []}, inc)
    target = bench.lists.find(inc)
    assert (target.id, [run.id for run in target.runs], target.run) == (inc, [RUN, other.name], None)
    bench.lists.start(target, "drill")
    bench.repair()
    found = {one.id: one for one in bench.lists.stand(target).checklist.items}["drill/receipt"].found
    assert found is not None
    assert (found.outcome, found.why) == (
        Outcome.NOT_MET, f"{other.name}: the newest receipt of build.branch says failed: boom",
    )  # fmt: skip
    other.step("build", "branch", "repo-operator", at=40)
    assert bench.lists.verify(target, "receipt").confirmed == ("drill/receipt",)
    verified = {one.id: one for one in bench.lists.stand(target).checklist.items}["drill/receipt"]
    assert len(verified.stamps) == 2
    other.step("build", "branch", "repo-operator", at=50, ok=False)
    assert {one.id: one for one in bench.lists.stand(target).checklist.items}["drill/receipt"].state is (
        ItemState.CONTRADICTED
    )
    assert bench.state("receipt") is ItemState.OPEN, "the run's own checklist is another one"


def test_a_run_that_vanished_leaves_its_checklist_as_recorded(bench: Bench) -> None:
    bench.lists.tick(bench.target, "look")
    target = bench.target
    for path in sorted(bench.run.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    bench.run.path.rmdir()
    standing = bench.lists.stand(target)
    assert next(one for one in standing.checklist.items if one.id == "drill/look").state is ItemState.DONE
    assert isinstance(bench.session.actor, Actor)
