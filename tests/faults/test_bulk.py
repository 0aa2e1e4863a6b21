"""Bulks when things die: the cockpit, the bulk's supervisor, its jobs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.actions.bulk import cancel_bulk, load_bulks, plan_bulk, start_bulk
from cockpit.actions.bulk_record import item_facts, load_bulk, reserve_size, wait_bulk
from cockpit.actions.desk import ActionDesk
from cockpit.actions.jobs import load_jobs
from cockpit.actions.supervisor import SUPERVISOR
from cockpit.errors import CockpitError, MovedError, UsageError
from cockpit.models.action import JobState
from cockpit.models.bulk import Bulk, BulkItem, BulkItemState, BulkPlan, BulkState
from cockpit.models.run import Run, RunState
from cockpit.sources import registry
from tests.cli.conftest import MAKEFILE, PRODUCER, build_failed
from tests.terminal import cockpit_argv, terminal_environment
from tests.workshop import PATIENCE_S, Workshop, until

NAMES = tuple(f"run-20261121-04000{number}-aaa111" for number in range(4))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Four failed runs below a Makefile whose retries wait at a gate, a FIFO."""
    for name in NAMES:
        build_failed(tmp_path / "runs", name)
    (tmp_path / "producer.py").write_text(PRODUCER)
    (tmp_path / "Makefile").write_text(MAKEFILE.format(python=sys.executable, script=tmp_path / "producer.py"))
    os.mkfifo(tmp_path / "gate")
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    return Workshop(tmp_path)


def desk_of(shop: Workshop) -> ActionDesk:
    source = registry.source_by_id("flow-studio")
    assert source is not None
    return ActionDesk(shop.base / "runs", shop.context, lambda _: source)


def planned(shop: Workshop, names: tuple[str, ...] = NAMES) -> BulkPlan:
    source = registry.source_by_id("flow-studio")
    assert source is not None
    refs = {ref.id: ref for ref in source.scan(shop.base / "runs")}
    runs = [Run(ref=refs[name], state=RunState.FAILED, flow="build", step="implement") for name in names]
    return plan_bulk("retry", runs, lambda run: desk_of(shop).plan("retry", run))


def let_one_through(shop: Workshop) -> None:
    """Open the gate for the one producer that comes to stand before it."""
    (shop.base / "gate").open("w").close()


@contextmanager
def open_gate(shop: Workshop) -> Iterator[None]:
    """Let every producer through that stands before the gate or comes to it."""
    fd = os.open(shop.base / "gate", os.O_RDWR)
    try:
        yield
    finally:
        os.close(fd)


def directory(shop: Workshop, bulk: Bulk) -> Path:
    return shop.state / "bulks" / bulk.id


def now(shop: Workshop, bulk: Bulk) -> Bulk:
    found = load_bulk(directory(shop, bulk))
    assert found is not None
    return found


def states(bulk: Bulk) -> list[str]:
    return [item.state.value for item in bulk.items]


def at_work(shop: Workshop, count: int) -> list[str]:
    """Wait until so many producers stand at the gate; returns their jobs."""
    until(
        lambda: sum(b"working on" in shop.output(job) for job in load_jobs(shop.state)) >= count,
        f"{count} producers are at work",
    )
    return [job.id for job in load_jobs(shop.state) if job.state is JobState.RUNNING]


def test_a_bulk_outlives_the_cockpit_that_started_it(shop: Workshop) -> None:
    places = ("--root", shop.base / "runs", "--state-dir", shop.state)
    process = subprocess.Popen(
        cockpit_argv("bulk", "retry", *NAMES[:3], "--yes", "--parallel", "1", *places),
        env=terminal_environment({"RUNS": str(shop.base / "runs")}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    at_work(shop, 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (bulk,) = load_bulks(shop.state)
    assert (bulk.state, states(bulk)) == (BulkState.RUNNING, ["running", "pending", "pending"])
    with open_gate(shop):
        ended = wait_bulk(directory(shop, bulk), PATIENCE_S)
    assert (ended.state, states(ended)) == (BulkState.SUCCEEDED, ["done"] * 3)
    assert [entry.data["state"] for entry in shop.entries("bulk.ended")] == ["succeeded"]


def test_a_bulk_whose_supervisor_was_killed_is_lost_and_its_jobs_are_not(shop: Workshop) -> None:
    bulk = start_bulk(planned(shop), shop.context, parallel=2)
    at_work(shop, 2)
    pid = json.loads((directory(shop, bulk) / SUPERVISOR).read_bytes())["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: now(shop, bulk).state is BulkState.LOST, "the bulk is lost")
    lost = now(shop, bulk)
    assert states(lost) == ["running", "running", "pending", "pending"]
    assert lost.outcome == "lost: its supervisor vanished; 2 pending, 2 running"
    assert desk_of(shop).settle() == 1
    assert desk_of(shop).settle() == 0
    assert [entry.data["state"] for entry in shop.entries("bulk.ended")] == ["lost"]
    with open_gate(shop):
        until(lambda: states(now(shop, bulk))[:2] == ["done", "done"], "its jobs came to their end")
    assert [item.run for item in now(shop, bulk).rest] == list(NAMES[2:])
    assert not cancel_bulk(directory(shop, bulk), shop.context)


def test_what_a_lost_bulk_left_at_work_can_be_ended(shop: Workshop) -> None:
    bulk = start_bulk(planned(shop), shop.context, parallel=2)
    at_work(shop, 2)
    os.kill(json.loads((directory(shop, bulk) / SUPERVISOR).read_bytes())["pid"], signal.SIGKILL)
    until(lambda: now(shop, bulk).state is BulkState.LOST, "the bulk is lost")
    # As if it had died between starting a job and writing that down.
    (directory(shop, bulk) / "progress.jsonl").write_text('{"index": 0, "sta')
    assert states(now(shop, bulk)) == ["running", "running", "pending", "pending"]
    assert cancel_bulk(directory(shop, bulk), shop.context)
    until(lambda: states(now(shop, bulk))[:2] == ["cancelled", "cancelled"], "its jobs were cancelled")
    assert [entry.kind for entry in shop.entries("bulk.cancelled")] == ["bulk.cancelled"]


def test_a_supervisor_that_is_asked_to_end_ends_its_jobs_in_order(shop: Workshop) -> None:
    bulk = start_bulk(planned(shop), shop.context, parallel=2)
    at_work(shop, 2)
    os.kill(json.loads((directory(shop, bulk) / SUPERVISOR).read_bytes())["pid"], signal.SIGTERM)
    ended = wait_bulk(directory(shop, bulk), PATIENCE_S)
    assert (ended.state, states(ended)) == (BulkState.CANCELLED, ["cancelled", "cancelled", "skipped", "skipped"])
    assert ended.outcome.startswith("cancelled: its supervisor was asked to end; ")


def test_a_hang_up_of_its_session_does_not_touch_it(shop: Workshop) -> None:
    bulk = start_bulk(planned(shop, NAMES[:1]), shop.context)
    at_work(shop, 1)
    pid = json.loads((directory(shop, bulk) / SUPERVISOR).read_bytes())["pid"]
    assert os.getsid(pid) != os.getsid(0)
    os.kill(pid, signal.SIGHUP)
    os.kill(pid, signal.SIGINT)
    let_one_through(shop)
    assert wait_bulk(directory(shop, bulk), PATIENCE_S).state is BulkState.SUCCEEDED


def test_what_locks_the_same_thing_never_runs_together(shop: Workshop) -> None:
    plan = planned(shop, NAMES[:3])
    items = tuple(
        item.model_copy(update={"plan": shop.sealed(item.plan.model_copy(update={"lock_key": "the system"}))})
        for item in plan.items
    )
    source = registry.source_by_id("flow-studio")
    assert source is not None
    plans = {item.ref.key: item.plan for item in items}
    runs = [Run(ref=item.ref, state=RunState.FAILED) for item in items]
    bulk = start_bulk(plan_bulk("retry", runs, lambda run: plans[run.key]), shop.context, parallel=3)
    for done in range(3):
        at_work(shop, done + 1)
        assert sum(job.state is JobState.RUNNING for job in load_jobs(shop.state)) == 1
        let_one_through(shop)
    assert states(wait_bulk(directory(shop, bulk), PATIENCE_S)) == ["done"] * 3


def test_a_bulk_that_cannot_be_recorded_does_not_start(shop: Workshop) -> None:
    plan = planned(shop)
    shop.state.write_text("a file where the directory should be")
    with pytest.raises(CockpitError, match="nothing was done"):
        start_bulk(plan, shop.context)
    shop.state.unlink()
    assert load_bulks(shop.state) == ()
    assert load_jobs(shop.state) == ()


def test_forged_and_other_plans_do_nothing(shop: Workshop) -> None:
    plan = planned(shop)
    item = plan.items[0]
    forged = item.model_copy(update={"plan": item.plan.model_copy(update={"argv": ("rm", "-rf", "/tmp/x")})})
    with pytest.raises(UsageError, match="hash"):
        start_bulk(plan.model_copy(update={"items": (forged, *plan.items[1:])}), shop.context)
    with pytest.raises(UsageError, match="hash"):
        start_bulk(plan.model_copy(update={"items": plan.items[1:]}), shop.context)
    with pytest.raises(MovedError):
        start_bulk(plan, shop.context, expected="0" * 64)
    assert load_bulks(shop.state) == ()
    assert [entry.kind for entry in shop.entries()] == ["action.refused"] * 3


def test_a_supervisor_that_cannot_be_started_fails_the_bulk_and_says_so(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(shop)
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    bulk = start_bulk(plan, shop.context)
    assert bulk.state is BulkState.FAILED
    assert "its supervisor could not be started: No such file" in bulk.outcome
    assert [entry.kind for entry in shop.entries()] == ["bulk.started", "bulk.ended"]


def test_rubbish_among_bulks_is_no_bulk(shop: Workshop) -> None:
    for name, text in (("99990101T000000.000000Z-a-bulk", "{"), ("99990101T000000.000000Z-b-bulk", '{"items": 3}')):
        (shop.state / "bulks" / name).mkdir(parents=True)
        (shop.state / "bulks" / name / "bulk.json").write_text(text)
    assert load_bulks(shop.state) == ()
    assert desk_of(shop).settle() == 0


@given(outcome=st.text(max_size=400), run=st.text(max_size=50))
@settings(max_examples=50, deadline=None)
def test_the_room_for_the_result_is_enough(outcome: str, run: str) -> None:
    item = BulkItem(index=1999, run=run, run_key=run, state=BulkItemState.CANCELLED, job="x" * 40, outcome=outcome)
    line = json.dumps(item_facts(item), ensure_ascii=False).encode()
    assert len(line) + 2 <= reserve_size(1) - reserve_size(0)
