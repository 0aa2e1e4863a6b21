"""The other three systems of a demo workspace: read by their own sources, with commands and producers that work."""

import json
import os
import random
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.clock import fixed_clock
from cockpit.demo import agents, csuite, curriculum, systems
from cockpit.demo.curriculum import DUPLICATES, TOPICS, CurriculumRun
from cockpit.demo.files import RealPace, SimulatedPace, Stopped
from cockpit.demo.workspace import make_workspace
from cockpit.models.run import Run, RunState
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def judged(root: Path, now: datetime = NOW) -> dict[str, Run]:
    session = Session(Settings(), [RootSettings(path=root)], fixed_clock(now))
    try:
        return {run.id: run for run in session.load().runs}
    finally:
        session.close()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("demo") / "work space's $HOME #1", NOW)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


def test_one_root_holds_four_systems_and_what_matters_in_each(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "demo", NOW)
    made, runs = systems.write_past(tmp_path / "again", NOW), judged(root)
    found = {label: runs[run_id] for label, run_id in made.items()}
    assert {run.ref.source for run in runs.values()} == {
        "flow-studio", "curriculum-builder", "agents-orchestration", "ai-csuite",
    }  # fmt: skip
    told = {label: (run.state.value, run.claimed if run.contradicted else None) for label, run in found.items()}
    assert told == {
        "curriculum-ok": ("succeeded", None),
        "curriculum-invalid": ("failed", None),
        "curriculum-stale": ("partial", "iterated"),
        "curriculum-live": ("running", None),
        "agents-ok": ("succeeded", None),
        "agents-masked": ("failed", "exit 0"),
        "agents-hung": ("stuck", None),
        "csuite-ok": ("succeeded", None),
        "csuite-exhausted": ("failed", None),
        "csuite-hollow": ("partial", "succeeded"),
        "csuite-live": ("running", None),
    }
    assert "Duplicate node titles" in found["curriculum-invalid"].reasons[0].text
    assert "Connection refused" in found["agents-masked"].reasons[0].text
    assert "no step ever ran" in found["csuite-hollow"].reasons[0].text
    assert found["csuite-exhausted"].step == "engineer"
    assert max(run.updated_at for run in found.values() if run.updated_at) <= NOW + timedelta(seconds=1)


def test_the_same_moment_gives_the_same_files(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    assert systems.write_past(first, NOW) == systems.write_past(second, NOW)
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def command(workspace: Path, folder: Path, *argv: str, **env: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join((str(workspace / systems.PROGRAMS), os.environ["PATH"]))
    return subprocess.run(
        argv, cwd=workspace / folder, env={**os.environ, "PATH": path, "STEP_SECONDS": "0", **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_curriculum_s_program_repairs_the_run_that_failed_its_validation(workspace: Path) -> None:
    program = ("python3.11", "scripts/orchestration.py")
    runs = workspace / curriculum.RUNS
    (failed,) = (path for path in runs.iterdir() if DUPLICATES.slug in path.name)
    again = command(workspace, curriculum.TREE, *program, "run", failed.name)
    assert (again.returncode, "FAILED: 1" in again.stdout) == (1, True), "the specification is what is wrong"
    spec = json.loads((failed / "inputs/topic_spec.json").read_text())
    spec["scope_in"][1] = "Gaps in a timeline"
    (failed / "inputs/topic_spec.json").write_text(json.dumps(spec))
    done = command(workspace, curriculum.TREE, *program, "run", failed.name, ORCHESTRATION_BASE_DIR=str(runs))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Orchestration run completed: {failed.name}" in done.stdout
    assert judged(workspace)[failed.name].state is RunState.SUCCEEDED


def test_the_curriculum_s_program_ends_as_the_system_s_does(workspace: Path, tmp_path: Path) -> None:
    program = ("python3.11", "scripts/orchestration.py")
    base = {"ORCHESTRATION_BASE_DIR": str(tmp_path)}

    def code(*argv: str) -> tuple[int, str]:
        done = command(workspace, curriculum.TREE, *program, *argv, **base)
        return done.returncode, done.stderr.partition("]")[0]

    assert code("validate", "20260101-000000-gone") == (3, "[not_found")
    assert code("validate", "../x") == (2, "[invalid_argument")
    assert code("init", "fresh") == (0, "")
    (made,) = tmp_path.iterdir()
    assert code("run", made.name) == (5, "[stage_conflict")
    assert code("validate", made.name)[0] == 1


def test_invoke_runs_the_agents_and_writes_their_artifacts(workspace: Path) -> None:
    tree = workspace / agents.TREE
    (tree / "artifacts" / "plan.md").unlink()
    done = command(workspace, agents.TREE, "invoke", "coordinator-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Reporte de revisión guardado en: artifacts/review-report.md" in done.stdout
    assert (tree / "artifacts" / "plan.md").exists()
    assert "Agents: 3" in command(workspace, agents.TREE, "invoke", "validate-config").stdout
    assert command(workspace, agents.TREE, "invoke", "clean").returncode == 1
    compile((tree / "tasks.py").read_text(), "tasks.py", "exec")


def test_the_live_producers_make_runs_the_sources_read(tmp_path: Path, stop: threading.Event) -> None:
    root = make_workspace(tmp_path / "demo", NOW)
    pace, rng, seconds = RealPace(stop), random.Random(3), (0.0, 0.0)  # noqa: S311
    before = set(judged(root, datetime.now(UTC)))
    curriculum.play(root / curriculum.RUNS, pace, random.Random(2), seconds)  # noqa: S311
    agents.play(root / agents.TREE, pace, rng, seconds, fail=0.0)
    for fail in (0.0, 1.0):  # the first takes up what the past left running
        csuite.play(root / csuite.DATABASE, pace, rng, seconds, fail=fail, kept=9)
    runs = judged(root, datetime.now(UTC))
    new = {runs[name].ref.source: runs[name].state.value for name in set(runs) - before}
    assert new == {"curriculum-builder": "succeeded", "agents-orchestration": "succeeded", "ai-csuite": "failed"}
    with sqlite3.connect(root / csuite.DATABASE) as connection:
        left = connection.execute("SELECT count(*) FROM runs WHERE status = 'running'").fetchone()
    assert left == (0,)


def test_a_producer_that_is_told_to_end_does(tmp_path: Path, stop: threading.Event) -> None:
    systems.write_past(tmp_path, NOW)
    workers = systems.live_workers(tmp_path, stop, (30.0, 30.0), 0.0)
    assert len(workers) == 3
    for worker in workers:
        worker.start()
    stop.set()
    for worker in workers:
        worker.join(10)
    assert not any(worker.is_alive() for worker in workers)
    assert systems.live_workers(tmp_path / "nowhere", stop, (0.0, 0.0), 0.0) == []


def test_what_a_killed_producer_left_is_taken_up(tmp_path: Path, stop: threading.Event) -> None:
    systems.write_past(tmp_path, NOW)
    pace, rng = SimulatedPace(NOW), random.Random(1)  # noqa: S311
    waiting = next(path for path in (tmp_path / curriculum.RUNS).iterdir() if path.name.endswith(curriculum.LIVE))
    half = agents.Capture(tmp_path / agents.TREE, f"{agents.LIVE}1", pace)
    half.begin("invoke coordinator-run")
    real = RealPace(stop)
    systems._curriculum(tmp_path / curriculum.RUNS, real, rng, (0.0, 0.0))
    systems._agents(tmp_path / agents.TREE, real, rng, (0.0, 0.0), 0.0)
    assert CurriculumRun(waiting.parent, waiting.name, pace, rng).stage == "iterated"
    assert half.path.read_text().endswith("rc=143\n")


def test_only_the_newest_live_runs_are_kept(tmp_path: Path, stop: threading.Event) -> None:
    systems.write_past(tmp_path, NOW)
    pace, rng = RealPace(stop), random.Random(5)  # noqa: S311
    runs = tmp_path / curriculum.RUNS
    for day in range(1, 8):
        made = CurriculumRun(runs, f"2026010{day}-000000-x{curriculum.LIVE}", pace, rng)
        made.init(TOPICS[0])
        made.generate()
    kept: Any = {path.name for path in runs.iterdir() if not path.name.endswith(curriculum.LIVE)}
    systems._curriculum(runs, pace, rng, (0.0, 0.0))
    left = {path.name for path in runs.iterdir()}
    assert kept <= left
    assert len(left - kept) == systems.KEPT + 1
    for _ in range(4):
        csuite.play(tmp_path / csuite.DATABASE, pace, rng, (0.0, 0.0), fail=0.0, kept=2)
    with sqlite3.connect(tmp_path / csuite.DATABASE) as connection:
        counts = dict(connection.execute("SELECT tenant_id, count(*) FROM runs GROUP BY tenant_id").fetchall())
    assert counts == {"acme": 3, csuite.LIVE_TENANT: 2}


def test_nothing_is_written_once_it_is_told_to_end(tmp_path: Path, stop: threading.Event) -> None:
    stop.set()
    systems.write_past(tmp_path, NOW)
    with pytest.raises(Stopped):
        csuite.play(tmp_path / csuite.DATABASE, RealPace(stop), random.Random(1), (1.0, 1.0), fail=0.0, kept=2)  # noqa: S311
