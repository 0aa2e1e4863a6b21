"""The desk: from a run to a plan to a job and back, through the one door keys and verbs share."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.actions.desk import ActionDesk
from cockpit.actions.jobs import wait_job
from cockpit.errors import MovedError, UsageError
from cockpit.models.action import ActionSpec, Job, JobState
from cockpit.models.detail import RunDetail
from cockpit.models.records import PlannedStep, RunRecord
from cockpit.models.run import Run, RunRef, RunState
from tests.workshop import PATIENCE_S, Workshop, until


class PlainSource:
    """Runs are directories; everything in one counts for its fingerprint."""

    id = "plain"
    title = "Plain"

    def detect(self, root: Path) -> bool:
        return root.is_dir()

    def scan(self, root: Path) -> Iterator[RunRef]:
        yield from (self.ref(root, path.name) for path in root.iterdir() if path.name != ".cockpit")

    def ref(self, root: Path, name: str) -> RunRef:
        return RunRef(source=self.id, root=str(root), path=name, id=name)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        return None

    def fingerprint(self, ref: RunRef) -> str:
        top = Path(ref.root) / ref.path
        return repr(sorted((path.name, path.stat().st_mtime_ns) for path in top.rglob("*")))

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        plan = tuple(PlannedStep(flow="build", step=step) for step in ("one", "two"))
        return RunDetail(ref=ref, record=RunRecord(flows=("build",)), plan=plan)

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        retry = ("make", "stepwise-retry", "RUN_ID={run}", "FLOW={flow}", "STEP={step}")
        return [ActionSpec(id="retry", title="Retry", argv=retry, needs=("flow", "step"), cwd_marker="Makefile")]

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        return ()


MAKEFILE = """
stepwise-retry:
\t@echo retrying $(RUN_ID) $(FLOW) $(STEP)
\t@echo done > runs/$(RUN_ID)/$(STEP).txt
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "runs" / "run-1").mkdir(parents=True)
    (tmp_path / "runs" / "run-1" / "one.txt").write_text("old\n")
    return Workshop(tmp_path)


@pytest.fixture
def desk(shop: Workshop) -> ActionDesk:
    return ActionDesk(shop.base / "runs", shop.context, lambda _: PlainSource())


@pytest.fixture
def run(shop: Workshop) -> Run:
    ref = PlainSource().ref(shop.base / "runs", "run-1")
    return Run(ref=ref, state=RunState.FAILED, flow="build", step="two")


def finish(desk: ActionDesk, job: Job) -> Job:
    return wait_job(desk.jobs_context.state_dir / "jobs" / job.id, PATIENCE_S)


def test_a_retry_from_plan_to_result(desk: ActionDesk, run: Run, shop: Workshop) -> None:
    plan = desk.plan("retry", run)
    assert plan.argv == ("make", "stepwise-retry", "RUN_ID=run-1", "FLOW=build", "STEP=two")
    assert plan.cwd == str(shop.base)
    assert desk.jobs() == ()
    job = finish(desk, desk.perform(plan, run.ref))
    assert job.state is JobState.SUCCEEDED
    assert shop.output(job) == b"retrying run-1 build two\n"
    assert (shop.base / "runs" / "run-1" / "two.txt").read_text() == "done\n"
    assert desk.jobs() == (job,) == (desk.job(job.id),)
    with pytest.raises(MovedError):
        desk.perform(plan, run.ref)
    assert len(desk.jobs()) == 1


def test_a_plan_confirmed_elsewhere_must_be_the_same_plan(desk: ActionDesk, run: Run) -> None:
    plan = desk.plan("retry", run)
    same = desk.plan("retry", run)
    assert same.hash == plan.hash
    with pytest.raises(MovedError):
        desk.perform(same, run.ref, expected="0" * 64)
    assert desk.jobs() == ()
    assert finish(desk, desk.perform(same, run.ref, expected=plan.hash)).state is JobState.SUCCEEDED


def test_archive_and_restore_are_an_undo(desk: ActionDesk, run: Run, shop: Workshop) -> None:
    place = shop.base / "runs" / "run-1"
    before = PlainSource().fingerprint(run.ref)
    plan = desk.plan("archive", run, options={"remove": "yes"})
    archived = finish(desk, desk.perform(plan, run.ref))
    assert archived.state is JobState.SUCCEEDED, shop.output(archived)
    assert not place.exists()
    (found,) = desk.archives()
    assert found.ref == run.ref
    back = desk.plan_restore("run-1")
    restored = finish(desk, desk.perform(back, found.ref))
    assert restored.state is JobState.SUCCEEDED, shop.output(restored)
    assert PlainSource().fingerprint(run.ref) == before
    kinds = [(entry.kind, entry.data["action"]) for entry in shop.entries()]
    assert ("action.ended", "archive") in kinds
    assert ("action.ended", "restore") in kinds
    refused = desk.plan_restore("run-1")
    assert "exists" in str(refused.refused)
    again = desk.plan("archive", run, options={"remove": "yes"})
    assert finish(desk, desk.perform(again, run.ref)).state is JobState.SUCCEEDED
    assert len(desk.archives()) == 2


def test_an_archive_that_changed_after_the_plan_is_not_restored(desk: ActionDesk, run: Run) -> None:
    finish(desk, desk.perform(desk.plan("archive", run, options={"remove": "yes"}), run.ref))
    plan = desk.plan_restore("run-1")
    (found,) = desk.archives()
    os.utime(found.path)
    with pytest.raises(MovedError):
        desk.perform(plan, found.ref)


def test_a_busy_run_says_so_in_every_offer(desk: ActionDesk, run: Run, shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    (shop.base / "Makefile").write_text("stepwise-retry:\n\t@read line < fifo\n")
    job = desk.perform(desk.plan("retry", run), run.ref)
    offers = {offer.spec.id: offer.refused for offer in desk.offers(run)}
    assert offers.keys() == {"retry", "archive", "restore"}
    assert all("the run is taken: retry by ada since" in str(reason) for reason in offers.values())
    (shop.base / "fifo").write_text("go on\n")
    assert finish(desk, job).state is JobState.SUCCEEDED
    assert desk.offers(run)[0].refused is None


def test_cancel_is_recorded_before_it_happens(desk: ActionDesk, run: Run, shop: Workshop) -> None:
    (shop.base / "Makefile").write_text("stepwise-retry:\n\t@touch began; exec sleep 100\n")
    job = desk.perform(desk.plan("retry", run), run.ref)
    until((shop.base / "began").exists, "the command began")
    assert desk.cancel(job.id)
    ended = finish(desk, job)
    assert ended.state is JobState.CANCELLED
    assert "cancelled by ada" in ended.outcome
    assert [entry.kind for entry in shop.entries()][-2:] == ["action.cancelled", "action.ended"]
    assert not desk.cancel(job.id)
    assert len(shop.entries("action.cancelled")) == 1


def test_read_only_refuses_everything_and_says_so(desk: ActionDesk, run: Run, shop: Workshop) -> None:
    plan = desk.plan("retry", run)
    locked = ActionDesk(desk.root, shop.context, lambda _: PlainSource(), read_only="read-only: why")
    assert {offer.refused for offer in locked.offers(run)} == {"read-only: why"}
    with pytest.raises(UsageError, match="read-only"):
        locked.perform(plan, run.ref)
    assert locked.jobs() == ()
    assert [entry.kind for entry in shop.entries()] == ["action.refused"]


def test_read_only_cancels_nothing_and_records_that(desk: ActionDesk, shop: Workshop) -> None:
    job = shop.sh("sleep 600")
    locked = ActionDesk(desk.root, shop.context, lambda _: PlainSource(), read_only="read-only: why")
    with pytest.raises(UsageError, match="cannot cancel the job: read-only: why"):
        locked.cancel(job.id)
    assert desk.job(job.id).state is JobState.RUNNING
    (refused,) = shop.entries("action.refused")
    assert refused.data["job"] == job.id
    assert (refused.data["action"], refused.data["reason"]) == ("cancel retry", "read-only: why")
    assert desk.cancel(job.id)
    finish(desk, job)


def test_unknown_things_are_refused_clearly(desk: ActionDesk, run: Run) -> None:
    with pytest.raises(UsageError, match="it has retry archive restore"):
        desk.plan("nope", run)
    with pytest.raises(UsageError, match="no archive of"):
        desk.plan_restore("nope")
    with pytest.raises(UsageError, match="no job"):
        desk.job("../..")
    plan = desk.plan("retry", run)
    with pytest.raises(UsageError, match="not for"):
        desk.perform(plan, PlainSource().ref(desk.root, "run-2"))


@pytest.mark.parametrize("name", ["$(touch pwned)", "--help", "a b", "-n", "x;touch pwned", "`touch pwned`", "a%b"])
def test_a_hostile_run_is_harmless_from_end_to_end(desk: ActionDesk, shop: Workshop, name: str) -> None:
    (shop.base / "runs" / name).mkdir()
    hostile = Run(ref=PlainSource().ref(shop.base / "runs", name), state=RunState.FAILED, flow="build", step="two")
    for action in ("retry", "archive", "restore"):
        plan = desk.plan(action, hostile)
        assert plan.refused is not None
        with pytest.raises(UsageError):
            desk.perform(plan, hostile.ref)
    assert desk.jobs() == ()
    assert not list(shop.base.rglob("pwned"))
    assert (shop.base / "runs" / name).is_dir()
    assert len(shop.entries("action.refused")) == 3


def test_the_desk_settles_what_nobody_recorded(shop: Workshop, run: Run) -> None:
    lonely = ActionDesk(shop.base / "runs", replace(shop.context, journal=None), lambda _: PlainSource())
    finish(lonely, lonely.perform(lonely.plan("retry", run), run.ref))
    assert shop.entries("action.ended") == []
    assert lonely.settle() == 0
    desk = ActionDesk(shop.base / "runs", shop.context, lambda _: PlainSource())
    assert desk.settle() == 1
    assert desk.settle() == 0
    assert len(shop.entries("action.ended")) == 1
