"""The demo's make targets and live producer, run for real."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from cockpit.demo.launch import start_live, stop_live
from cockpit.demo.live import INITIATOR, KEPT, prune
from cockpit.demo.session import RUNS, claim
from cockpit.demo.workspace import make_workspace

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
HOSTILE = (
    "$(shell touch pwned)", "$(touch pwned)", "${shell touch pwned}", "$$(touch pwned)", "`touch pwned`",
    '"; touch pwned; "', "'; touch pwned; '", "; touch pwned", "--help", "-n", "../x", "a b", "a\ttouch",
    "é", ".hidden",
)  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("demo") / "work space's $HOME #1", datetime.now(UTC))


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Path:
    target = tmp_path / template.name
    shutil.copytree(template, target, symlinks=True)
    return target


def make(workspace: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    environment |= {"STEP_SECONDS": "0"} | variables
    return subprocess.run(
        ["make", *arguments], cwd=workspace, env=environment, capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip


def producer(workspace: Path, *arguments: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "cockpit.demo.producer", *arguments, "--workspace", str(workspace)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_titled(workspace: Path, title: str) -> Path:
    for meta in (workspace / RUNS).glob("run-*/meta.json"):
        if f'"title": "{title}"' in meta.read_text():
            return meta.parent
    raise AssertionError(title)


def meta(run: Path) -> dict[str, Any]:
    value = json.loads((run / "meta.json").read_text())
    assert isinstance(value, dict)
    return value


def kinds(run: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in (run / "events.jsonl").read_text().splitlines()]


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something another process does; fails when it does not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def whole_tree(workspace: Path) -> dict[str, bytes]:
    skipped = (".demo-locks", "__pycache__")
    return {
        str(path.relative_to(workspace)): path.read_bytes()
        for path in workspace.rglob("*")
        if path.is_file() and not set(skipped) & set(path.parts)
    }


@needs_make
def test_retry_then_resume_move_a_failed_run_to_its_end(workspace: Path) -> None:
    run = run_titled(workspace, "Retry transient errors of the payment API")
    receipt = run / "build" / "receipts" / "implement-code-implementer.json"
    before = receipt.stat().st_mtime_ns
    retried = make(workspace, "stepwise-retry", f"RUN_ID={run.name}", "FLOW=build", "STEP=implement")
    assert retried.returncode == 0, retried.stderr
    assert "build.implement: code-implementer started (6 of 12)" in retried.stdout
    assert json.loads(receipt.read_text())["status"] == "succeeded"
    assert receipt.stat().st_mtime_ns > before
    assert (meta(run)["status"], meta(run)["error"]) == ("partial", "Stopped at step boundary before critique_code")
    resumed = make(workspace, "stepwise-build", f"RUN_ID={run.name}", "START_STEP=critique_code")
    assert resumed.returncode == 0, resumed.stderr
    assert "started (12 of 12)" in resumed.stdout
    assert meta(run)["status"] == "succeeded"
    numbers = [json.loads(line)["seq"] for line in (run / "events.jsonl").read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert kinds(run)[-1] == "run_completed"
    assert not list(run.rglob("*.tmp"))


@needs_make
def test_a_blocked_run_stays_blocked_until_its_input_is_made(workspace: Path) -> None:
    run = run_titled(workspace, "Replace the session store")
    step = (f"RUN_ID={run.name}", "FLOW=build", "STEP=implement")
    assert make(workspace, "stepwise-retry", *step).returncode != 0
    assert json.loads((run / "build/handoff/implement.json").read_text())["status"] == "BLOCKED"
    assert make(workspace, "stepwise-plan", f"RUN_ID={run.name}", "START_STEP=adr").returncode == 0
    assert (run / "plan" / "adr.md").is_file()
    assert meta(run)["status"] == "partial"
    assert make(workspace, "stepwise-build", f"RUN_ID={run.name}", "START_STEP=implement").returncode == 0
    assert meta(run)["status"] == "succeeded"


@needs_make
def test_without_a_start_step_the_first_missing_one_is_taken(workspace: Path) -> None:
    run = run_titled(workspace, "Retry transient errors of the payment API")
    resumed = make(workspace, "stepwise-build", f"RUN_ID={run.name}")
    assert resumed.stdout.splitlines()[0].endswith("build.implement: code-implementer started (6 of 12)")
    assert meta(run)["status"] == "succeeded"


@needs_make
def test_a_new_run_id_starts_a_new_run(workspace: Path) -> None:
    assert make(workspace, "stepwise-signal", "RUN_ID=after-the-fix").returncode == 0
    run = workspace / RUNS / "after-the-fix"
    assert meta(run)["status"] == "succeeded"
    assert len(list((run / "signal" / "receipts").iterdir())) == 6


@needs_make
def test_an_old_shape_stays_the_old_shape(workspace: Path) -> None:
    run = run_titled(workspace, "Import customers from CSV")
    assert make(workspace, "stepwise-signal", f"RUN_ID={run.name}", "START_STEP=author_reqs").returncode == 0
    assert meta(run)["status"] == "succeeded"
    assert not (run / "signal" / "handoff").exists()
    assert b'"event_id"' not in (run / "events.jsonl").read_bytes()


@needs_make
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_do_nothing(workspace: Path, value: str) -> None:
    before = whole_tree(workspace)
    run = run_titled(workspace, "Retry transient errors of the payment API").name
    calls = [
        make(workspace, "stepwise-retry", f"RUN_ID={value}", "FLOW=build", "STEP=implement"),
        make(workspace, "stepwise-build", f"RUN_ID={run}", f"START_STEP={value}"),
        make(workspace, "stepwise-retry", f"RUN_ID={run}", f"FLOW={value}", f"STEP={value}"),
        make(workspace, "stepwise-retry", RUN_ID=value, FLOW=value, STEP=value),
        make(workspace, f"stepwise-{value}", f"RUN_ID={run}"),
    ]
    assert [call.returncode != 0 for call in calls] == [True] * 5
    assert whole_tree(workspace) == before


@needs_make
def test_dry_run_changes_nothing_and_names_the_producer(workspace: Path) -> None:
    before = whole_tree(workspace)
    shown = make(workspace, "-n", "stepwise-build", "RUN_ID=$(shell touch pwned)")
    assert shown.returncode == 0
    assert "cockpit.demo.producer flow --flow=build" in shown.stdout
    assert whole_tree(workspace) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["retry", "--run-id=nowhere", "--flow=build", "--step=implement"], "there is no run nowhere"),
        (["flow", "--run-id=x", "--flow=nope"], "no flow 'nope'"),
        (["flow", "--run-id=x", "--flow=build", "--start-step=nope"], "no step 'nope'"),
        (["retry", "--flow=build", "--step=implement"], "RUN_ID is missing"),
        (["run", "--flows=signal", "--delay=-1"], "invalid"),
        (["run", "--flows=signal", "--fail=2"], "invalid"),
    ],
)
def test_wrong_arguments_are_refused(workspace: Path, arguments: list[str], words: str) -> None:
    process = producer(workspace, *arguments)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 2
    assert words in complaint


def test_a_run_whose_record_is_damaged_is_refused(workspace: Path) -> None:
    [damaged] = (workspace / RUNS).glob("run-*-diskfl")
    process = producer(workspace, "retry", f"--run-id={damaged.name}", "--flow=build", "--step=clarify")
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "cannot be read" in complaint


def test_a_new_run_can_fail_and_says_so(workspace: Path) -> None:
    process = producer(workspace, "run", "--flows=signal,plan,build", "--run-id=doomed", "--delay=0", "--fail=1")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "doomed: failed" in output
    run = workspace / RUNS / "doomed"
    assert meta(run)["status"] == "failed"
    failed = [path for path in run.glob("*/receipts/*.json") if json.loads(path.read_text())["status"] == "failed"]
    assert len(failed) == 1


def test_two_producers_do_not_share_a_run(workspace: Path) -> None:
    run = run_titled(workspace, "Retry transient errors of the payment API")
    with claim(workspace, run.name):
        process = producer(workspace, "retry", f"--run-id={run.name}", "--flow=build", "--step=implement")
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "another producer is at work" in complaint


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_producer_leaves_a_run_that_says_it_is_running(workspace: Path, number: int) -> None:
    process = producer(workspace, "run", "--flows=signal,build", "--run-id=killed", "--delay=60")
    run = workspace / RUNS / "killed"
    until(lambda: (run / "events.jsonl").exists() and "step_start" in kinds(run))
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert meta(run)["status"] == "running"
    assert kinds(run)[-1] == "step_start"
    assert not list(run.glob("signal/receipts/*"))


def test_live_keeps_runs_moving_and_takes_up_the_unfinished(workspace: Path) -> None:
    begun = run_titled(workspace, "Encrypt backups at rest")
    runs_before = len(list((workspace / RUNS).iterdir()))
    process = start_live(workspace, runs=2, silence=(0.01, 0.02), fail=0.5)
    try:
        until(lambda: meta(begun)["status"] == "succeeded")
        until(lambda: len(list((workspace / RUNS).iterdir())) > runs_before + 1)
        assert process.poll() is None
    finally:
        stop_live(process)
    assert process.returncode == 0
    made = [run for run in (workspace / RUNS).glob("run-*") if f'"{INITIATOR}"' in (run / "meta.json").read_text()]
    assert len(made) > 2


def test_live_ends_with_whoever_started_it(workspace: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from cockpit.demo.launch import start_live;"
        "print(start_live(Path(sys.argv[1])).pid, flush=True); time.sleep(600)"
    )
    argv = [sys.executable, "-c", code, str(workspace)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        live = psutil.Process(int(starter.stdout.readline()))
        assert os.getsid(live.pid) == live.pid != os.getsid(starter.pid)
        starter.kill()
    until(lambda: not live.is_running() or live.status() == psutil.STATUS_ZOMBIE)


def test_only_finished_live_runs_are_pruned(workspace: Path) -> None:
    runs = workspace / RUNS
    others = {path.name for path in runs.iterdir()}
    for number in range(KEPT + 3):
        directory = runs / f"run-20260101-0000{number:02}-aaaaaa"
        directory.mkdir()
        record = {"spec": {"initiator": INITIATOR}, "status": "failed" if number % 2 else "succeeded"}
        (directory / "meta.json").write_text(json.dumps(record, indent=2))
    prune(workspace)
    left = {path.name for path in runs.iterdir()}
    assert others <= left
    assert sorted(left - others) == [f"run-20260101-0000{number:02}-aaaaaa" for number in range(3, KEPT + 3)]
