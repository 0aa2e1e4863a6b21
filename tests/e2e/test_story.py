"""The story of an incident: look, see it change, tick, lose the connection, come back, act."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.app import scenes
from tests.e2e.conftest import PATIENCE_S, Open, answer, copied, journal, quit_with_keys, verb
from tests.terminal import PtyProgram


def only(program: PtyProgram, run: str) -> None:
    """Filter for one run."""
    program.press("1", "/")
    program.send(f"id:{run}\r")
    program.wait_for("1 of", timeout=PATIENCE_S)


def row(program: PtyProgram) -> str:
    """The first row of the Runs pane, which is the left part of its line."""
    line = next(line for line in program.lines[2:] if line.startswith("│>"))
    return line[: line.index("│", 1)].rstrip("┃")


def story(root: Path, run: Path, event: Mapping[str, object], open_cockpit: Open) -> None:
    program = open_cockpit(root)
    program.wait_for("[1] Runs", "[0] Detail", "live", timeout=PATIENCE_S)
    only(program, run.name)
    program.wait_for("[2] Receipts", timeout=PATIENCE_S)
    program.settle()
    before = row(program)

    with (run / "events.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    program.read_until(lambda p: row(p) != before, PATIENCE_S)

    program.press("p")
    answer(program, "Playbook for", "enter")
    program.wait_for("[4] Checklist 0/", timeout=PATIENCE_S)
    program.press("space")
    program.wait_for("[4] Checklist 1/", "[x]", timeout=PATIENCE_S)
    program.kill()
    assert program.wait(PATIENCE_S) == -9
    assert [entry["kind"] for entry in journal(root)] == ["checklist.start", "checklist.tick"]

    again = open_cockpit(root)
    again.wait_for("[1] Runs", timeout=PATIENCE_S)
    only(again, run.name)
    again.wait_for("[4] Checklist 1/", "[x]", timeout=PATIENCE_S)
    again.press("5")
    again.wait_for("ticked", timeout=PATIENCE_S)
    # Alone: a character that follows at once would make it an alt-key.
    again.press("escape")
    again.press("escape")
    again.wait_gone("1 of", timeout=PATIENCE_S)
    assert quit_with_keys(again) == 0


def test_the_story_on_built_runs(root: Path, open_cockpit: Open) -> None:
    now = datetime.now(UTC).isoformat()
    event = {
        "run_id": scenes.RUNNING, "ts": now, "kind": "step_error", "flow_key": "build", "step_id": "branch",
        "agent_key": "repo-operator", "payload": {"status": "failed", "error": "boom"},
    }  # fmt: skip
    story(root, scenes.runs_of(root) / scenes.RUNNING, event, open_cockpit)


@pytest.mark.real
def test_the_story_on_recorded_runs(real_data: Path, tmp_path: Path, open_cockpit: Open) -> None:
    root = copied(real_data / "flow-studio" / "runs", tmp_path / "runs")
    listed = json.loads(verb("runs", "--root", root, "--filter", "state:succeeded", "--json").stdout)
    run = next(root / each["path"] for each in listed if (root / each["path"] / "events.jsonl").is_file())
    last = json.loads((run / "events.jsonl").read_text().splitlines()[-1])
    now = datetime.now(UTC).isoformat()
    event = {
        **last, "ts": now, "kind": "step_error", "flow_key": last.get("flow_key") or "signal", "step_id": "normalize",
        "agent_key": "signal-normalizer", "payload": {"status": "failed", "error": "boom"},
    }  # fmt: skip
    story(root, run, event, open_cockpit)


def test_a_job_outlives_a_cockpit_that_is_killed(root: Path, tmp_path: Path, open_cockpit: Open) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    scenes.makefile(root, f"\t@echo at work; cat {gate}; echo and done")
    program = open_cockpit(root)
    program.wait_for(scenes.FAILED, "[1] Runs", timeout=PATIENCE_S)
    program.wait_for("TimeoutError", timeout=PATIENCE_S)
    program.press("T")
    answer(program, "make stepwise-retry", "y")
    program.wait_for("at work", "1 job", timeout=PATIENCE_S)
    program.kill()
    assert program.wait(PATIENCE_S) == -9
    job = json.loads(verb("jobs", "--root", root, "--json").stdout)[0]
    assert job["state"] == "running"

    again = open_cockpit(root)
    again.wait_for("1 job", "[5] Timeline 3", timeout=PATIENCE_S)
    gate.write_text("go on\n")
    again.wait_gone("1 job", timeout=PATIENCE_S)
    again.wait_for("[5] Timeline 4", timeout=PATIENCE_S)
    ended = journal(root)[-1]
    assert ended["kind"] == "action.ended"
    assert ended["data"]["exit_code"] == 0
    # From the timeline to its output.
    again.press("5", "G", "enter")
    again.wait_for("and done", timeout=PATIENCE_S)
    assert quit_with_keys(again) == 0
    assert verb("audit", "verify", "--root", root).returncode == 0


def test_a_job_that_ended_while_nobody_looked(root: Path, open_cockpit: Open) -> None:
    scenes.makefile(root, "\t@echo quick")
    assert verb("retry", scenes.FAILED, "--root", root, "--yes", "--no-wait").returncode == 0
    program = open_cockpit(root)
    program.wait_for("[5] Timeline 4", timeout=PATIENCE_S)
    program.press("5", "G", "enter")
    program.wait_for("quick", timeout=PATIENCE_S)
    assert quit_with_keys(program) == 0


def test_two_cockpits_on_one_root(root: Path, open_cockpit: Open) -> None:
    mine, theirs = open_cockpit(root), open_cockpit(root, size=(120, 40))
    for program in (mine, theirs):
        program.wait_for("[1] Runs", scenes.FAILED, timeout=PATIENCE_S)
    theirs.press("4")
    mine.press("p")
    answer(mine, "Playbook for", "enter")
    mine.wait_for("Checklist 0/", timeout=PATIENCE_S)
    theirs.wait_for("Checklist 0/", timeout=PATIENCE_S)
    mine.press("space")
    theirs.wait_for("Checklist 1/", "[x]", timeout=PATIENCE_S)
    theirs.press("j", "space")
    mine.wait_for("Checklist 2/", timeout=PATIENCE_S)
    assert [entry["kind"] for entry in journal(root)] == ["checklist.start", "checklist.tick", "checklist.tick"]


def test_the_demo_lives_and_ends_with_its_window(tmp_path: Path, open_cockpit: Open) -> None:
    program = open_cockpit("demo", tmp_path / "demo")
    program.wait_for("[1] Runs", "blocked", "running", timeout=60)
    children = psutil.Process(program.process.pid).children(recursive=True)
    assert children, "producers are at work"
    assert quit_with_keys(program) == 0
    psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_the_demo_without_a_terminal(tmp_path: Path) -> None:
    done = verb("demo", "--headless", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    for word in ("blocked", "stuck", "failed", "ok"):
        assert word in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
