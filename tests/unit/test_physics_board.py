"""Physics on the board: who is looked at, what it does to verdicts, and what wipes it out again."""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cockpit.actions.storage import pretty
from cockpit.clock import iso
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.pace import pace_of
from cockpit.diagnosis.verdict import judge
from cockpit.models.physics import HostFacts, Pulse
from cockpit.models.run import Run, RunRef, RunState
from cockpit.producers import recorded_producers
from cockpit.runtime.board import Board
from cockpit.runtime.matching import RecordedPid
from cockpit.runtime.physics import Prober
from cockpit.runtime.vigil import MOST_SUSPECTS, PhysicsSetup
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import START, FlowStudioRun
from tests.unit.fake_processes import FakeTable

PATIENCE_S = 60.0


class Scene:
    """A root with runs, a board on it, and processes to play with."""

    def __init__(self, root: Path) -> None:
        self.root = root / "tree"
        self.runs = self.root / "swarm" / "runs"
        self.runs.mkdir(parents=True)
        self.now = START
        self.table = FakeTable()
        self.table.spawn(1, "init", uid=0)
        self.recorded: tuple[RecordedPid, ...] = ()
        limits = Limits()
        prober = Prober(self.table, self.clock, host=lambda _: HostFacts(), own=1)
        setup = PhysicsSetup(prober, lambda *_: pace_of([], limits), lambda _: self.recorded)
        self.board = Board(
            [self.root],
            lambda _: [FlowStudioSource()],
            lambda detail, now: judge(detail, now, limits),
            clock=self.clock,
            use_index=False,
            silent=lambda _: False,
            physics=lambda: setup,
        )

    def clock(self) -> datetime:
        return self.now

    def at(self, seconds: float) -> None:
        self.now = START + timedelta(seconds=seconds)

    def start_run(self, name: str = "run-20261121-040000-abc123", at: float = 0) -> FlowStudioRun:
        run = FlowStudioRun(self.runs, name)
        run.meta("running", at=at)
        run.event("step_start", "build", "implement", "code-implementer", at=at)
        return run

    def produce(self, run: FlowStudioRun, pid: int = 7) -> None:
        self.table.spawn(pid, "make", f"RUN_ID={run.name}", cwd=str(self.root), at=-60, uid=os.getuid())

    def run(self, run: FlowStudioRun) -> Run:
        found = self.board.run(self.key(run))
        assert found is not None
        return found

    @staticmethod
    def key(run: FlowStudioRun) -> str:
        root = run.path.parents[2]
        return RunRef(source="flow-studio", root=str(root), path=f"swarm/runs/{run.name}", id=run.name).key


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_killed_producer_makes_its_run_stuck_at_once(scene: Scene) -> None:
    run = scene.start_run()
    scene.produce(run)
    scene.at(10)
    scene.board.scan_once()
    key = scene.key(run)
    look = scene.board.look_now(key)
    assert look is not None
    assert (look.physics.pulse, scene.run(run).state) == (Pulse.IDLE, RunState.RUNNING)
    scene.table.kill(7)
    scene.at(12)
    scene.board.look_now(key)
    found = scene.run(run)
    assert (found.state, found.contradicted, found.reasons[0].code) == (RunState.STUCK, True, Code.PROCESS_GONE)
    physics = scene.board.physics(key)
    assert physics is not None
    assert physics.pulse is Pulse.GONE


def test_a_new_sign_of_life_wipes_the_verdict_out(scene: Scene) -> None:
    run = scene.start_run()
    scene.produce(run)
    scene.at(10)
    scene.board.scan_once()
    scene.board.look_now(scene.key(run))
    scene.table.kill(7)
    scene.board.look_now(scene.key(run))
    assert scene.run(run).state is RunState.STUCK
    run.event("step_end", "build", "implement", "code-implementer", at=20, status="succeeded")
    scene.at(21)
    scene.board.scan_once()
    assert scene.run(run).state is RunState.RUNNING


def test_a_new_producer_takes_the_verdict_back(scene: Scene) -> None:
    run = scene.start_run()
    scene.produce(run)
    scene.at(10)
    scene.board.scan_once()
    scene.board.look_now(scene.key(run))
    scene.table.kill(7)
    scene.board.look_now(scene.key(run))
    assert scene.run(run).state is RunState.STUCK
    scene.produce(run, 8)
    scene.board.look_now(scene.key(run))
    assert scene.run(run).state is RunState.RUNNING
    assert scene.run(run).becomes is not None


def test_a_working_process_takes_back_what_silence_had_said(scene: Scene) -> None:
    run = scene.start_run()
    scene.produce(run)
    scene.at(1_000)
    scene.board.scan_once()
    key = scene.key(run)
    assert scene.run(run).state is RunState.STUCK
    scene.board.look_now(key)
    assert scene.run(run).state is RunState.STUCK
    scene.table.work(7, cpu=5)
    scene.at(1_010)
    scene.board.look_now(key)
    found = scene.run(run)
    assert (found.state, found.becomes and found.becomes.at) == (RunState.RUNNING, START + timedelta(seconds=1_910))
    scene.at(1_910)
    assert scene.run(run).state is RunState.STUCK


def test_a_record_of_who_was_started_tells_of_its_end(scene: Scene) -> None:
    run = scene.start_run()
    scene.recorded = (RecordedPid(99, START, created=START.timestamp(), known_by="recording", name="make"),)
    scene.at(10)
    scene.board.scan_once()
    scene.board.look_now(scene.key(run))
    assert "known from a recording" in scene.run(run).reasons[0].text


def test_a_run_that_is_stuck_for_another_reason_stays_so(scene: Scene) -> None:
    run = FlowStudioRun(scene.runs)
    run.meta("running")
    run.handoff("build", "implement", "BLOCKED", at=5)
    run.event("step_start", "build", "implement", "code-implementer", at=0)
    scene.produce(run)
    scene.at(1_000)
    scene.board.scan_once()
    before = scene.run(run)
    scene.board.look_now(scene.key(run))
    assert scene.run(run) == before
    assert before.state is RunState.BLOCKED


def test_unknown_runs_are_not_looked_at(scene: Scene) -> None:
    scene.board.scan_once()
    assert scene.board.look_now("nothing") is None
    assert scene.board.physics("nothing") is None


def test_suspects_are_silent_runs_that_should_move(scene: Scene) -> None:
    old = scene.start_run("run-20261121-040000-oldold", at=0)
    silent = scene.start_run("run-20261122-080000-silent", at=100_000)
    fresh = scene.start_run("run-20261122-080100-freshf", at=100_060)
    ended = FlowStudioRun(scene.runs, "run-20261122-075900-endede")
    ended.meta("failed", at=100_000)
    scene.at(100_090)
    scene.board.scan_once()
    scene.board.look_now(scene.key(silent))
    vigil = scene.board._vigil
    assert vigil is not None
    assert vigil.suspects() == [scene.key(silent)]
    scene.at(100_200)
    assert vigil.suspects() == [scene.key(fresh), scene.key(silent)]
    assert scene.run(old).state is RunState.STUCK


def test_only_so_many_suspects_are_looked_at(scene: Scene) -> None:
    for index in range(MOST_SUSPECTS + 5):
        scene.start_run(f"run-20261121-040000-a{index:05}", at=index)
    scene.at(600)
    scene.board.scan_once()
    assert scene.board.look_now("nothing") is None
    vigil = scene.board._vigil
    assert vigil is not None
    vigil.turn()
    suspects = vigil.suspects()
    assert len(suspects) == MOST_SUSPECTS
    assert all(scene.board.physics(key) is not None for key in suspects)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_run_in_scope_is_looked_at_by_itself_and_listeners_hear_of_it(scene: Scene) -> None:
    run = scene.start_run()
    scene.recorded = (RecordedPid(99, START, created=START.timestamp()),)
    scene.at(10)
    key = scene.key(run)
    heard: list[RunState] = []
    scene.board.subscribe(lambda snapshot: heard.extend(one.state for one in snapshot.runs))
    scene.board.start()
    try:
        wait_for(lambda: scene.board.snapshot.progress.finished)
        assert scene.board.physics(key) is None
        scene.board.scope(key)
        wait_for(lambda: RunState.STUCK in heard)
        assert scene.board.physics(key) is not None
    finally:
        scene.board.stop()


def test_a_monitored_run_is_looked_at_whatever_its_state(scene: Scene) -> None:
    ended = FlowStudioRun(scene.runs)
    ended.meta("failed", at=0)
    scene.at(10)
    key = scene.key(ended)
    scene.board.start()
    try:
        wait_for(lambda: scene.board.snapshot.progress.finished)
        scene.board.monitor(key)
        wait_for(lambda: scene.board.physics(key) is not None)
        scene.board.monitor(None)
    finally:
        scene.board.stop()


def job(state_dir: Path, name: str, key: str, **supervisor: object) -> Path:
    folder = state_dir / "jobs" / name
    folder.mkdir(parents=True)
    facts = {
        "action": "retry", "run": "a", "run_key": key, "argv": ["make"], "cwd": "/", "started_at": iso(START),
        "plan_hash": "",
    }  # fmt: skip
    (folder / "job.json").write_bytes(pretty(facts))
    if supervisor:
        (folder / "supervisor.json").write_bytes(pretty(supervisor))
    return folder


def test_the_newest_job_of_a_run_tells_whom_it_started(tmp_path: Path) -> None:
    ref = RunRef(source="s", root=str(tmp_path), path="runs/a", id="a")
    assert recorded_producers(tmp_path, ref) == ()
    job(tmp_path, "20261121-040000-a", ref.key, child=11, child_created=1.5)
    job(tmp_path, "20261121-050000-b", ref.key, child=12, child_created=2.5)
    job(tmp_path, "20261121-060000-c", "another", child=13, child_created=3.5)
    (found,) = recorded_producers(tmp_path, ref)
    assert (found.pid, found.created, found.known_by, found.name, found.at) == (12, 2.5, "job", "retry", START)
    job(tmp_path, "20261121-070000-d", ref.key)
    assert recorded_producers(tmp_path, ref) == ()
