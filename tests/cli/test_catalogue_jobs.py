"""The cockpit's own jobs from one end to the other: the program itself, in a temporary tree where the commands run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.builders import FlowStudioRun
from tests.checkouts import INVOKE, agents_checkout, curriculum_checkout, programs
from tests.cli.conftest import Cli, Result
from tests.unit.curriculum_run import NAME, CurriculumRun
from tests.unit.test_agents_orchestration import FAILED, Recorder
from tests.workshop import PATIENCE_S, gone, until

PRODUCER = "import time; print('up', flush=True); time.sleep(600)"


Do = Callable[..., Result]


@pytest.fixture
def do(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Do:
    """`cockpit ACTION RUN --yes --root ROOT`, with programs of the names that the systems use on `PATH`."""
    folder = programs(tmp_path, invoke=INVOKE, python3_11=f"import os, sys; os.execv({sys.executable!r}, sys.argv)\n")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def carry_out(root: Path, action: str, run: str, *more: str) -> Result:
        return cli(action, run, "--yes", "--root", root, *more)

    return carry_out


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    tree = agents_checkout(tmp_path)
    Recorder(tree).ended("invoke", "coordinator-run", output=FAILED, run="nightly")
    return tree


@pytest.fixture
def curriculum(tmp_path: Path) -> Path:
    tree = curriculum_checkout(tmp_path)
    CurriculumRun(tree / "runs")
    return tree


def test_a_retry_keeps_what_it_overwrites_and_becomes_a_run(cli: Cli, do: Do, agents: Path) -> None:
    (agents / "mode").write_text("ok")
    done = do(agents, "retry", "nightly").ok()
    assert "Plan guardado en" in done.out
    (snapshot,) = (agents / ".cockpit" / "snapshots").iterdir()
    assert (snapshot / "artifacts" / "plan.md").read_text() == "## Tarea 1\n"
    assert (agents / "artifacts" / "plan.md").read_text() == "## a new plan\n"
    runs = cli("runs", "--json", "--root", agents).ok().json
    (new,) = (run for run in runs if run["id"] not in ("nightly",) and run["path"].startswith(".cockpit/recordings"))
    assert cli("show", new["id"], "--json", "--root", agents).ok().json["title"] == "invoke coordinator-run"
    ended = [entry for entry in cli("audit", "--json", "--root", agents).ok().json if entry["kind"] == "action.ended"]
    assert len(ended) == 1


def test_exit_code_zero_over_a_failed_workflow_is_a_failed_job(do: Do, agents: Path) -> None:
    (agents / "mode").write_text("down")
    done = do(agents, "coordinator-run", "nightly")
    assert done.code == 1
    assert "a step failed in all its attempts" in done.err
    (agents / "mode").write_text("parallel")
    done = do(agents, "run-parallel", "nightly")
    assert done.code == 1
    assert "an agent failed" in done.err
    (agents / "mode").write_text("gone")
    done = do(agents, "validate", "nightly")
    assert done.code == 1
    assert "there is no configuration" in done.err


def test_a_snapshot_that_fails_runs_nothing(do: Do, agents: Path) -> None:
    (agents / "artifacts").rename(agents / "elsewhere")
    (agents / "artifacts").symlink_to(agents / "elsewhere")
    done = do(agents, "retry", "nightly")
    assert done.code == 2
    assert "symbolic link" in done.err
    assert (agents / "elsewhere" / "plan.md").read_text() == "## Tarea 1\n"
    assert not (agents / ".cockpit" / "snapshots").exists()


def test_the_provider_is_switched_and_back(cli: Cli, do: Do, agents: Path) -> None:
    config = agents / "config" / "agents.config.json"
    before = config.read_bytes()
    plan = cli("plan", "provider-switch", "nightly", "--root", agents).ok().out
    assert '+ "defaultProvider": "github-models",' in plan
    assert config.read_bytes() == before
    done = do(agents, "provider-switch", "nightly", "--set", "provider=github-models").ok()
    assert "runtime.defaultProvider: ollama -> github-models" in done.out
    data = json.loads(config.read_text())
    assert {agent["defaultModel"] for agent in data["agents"]} == {"gpt-4o-mini"}
    again = do(agents, "provider-switch", "nightly", "--set", "provider=github-models")
    assert again.code == 2
    do(agents, "provider-restore", "nightly").ok()
    assert config.read_bytes() == before
    assert len(list(config.parent.glob("*.bak"))) == 2


def test_a_plan_of_an_older_configuration_is_not_carried_out(cli: Cli, do: Do, agents: Path) -> None:
    config = agents / "config" / "agents.config.json"
    plan = cli("plan", "provider-switch", "nightly", "--json", "--root", agents).ok().json
    config.write_text(config.read_text().replace("0.1.0", "0.1.1"))
    before = config.read_bytes()
    done = do(agents, "provider-switch", "nightly", "--plan", plan["hash"])
    assert done.code == 5
    assert config.read_bytes() == before


def test_a_fresh_run_has_the_inputs_of_the_broken_one(do: Do, curriculum: Path) -> None:
    broken = curriculum / "runs" / NAME
    (broken / "run.json").write_text('{"run_id"')
    done = do(curriculum, "init", NAME).ok()
    new = "20261121-050000-demo"
    assert f"made {new} with the inputs of {NAME}" in done.out
    for name in ("topic_spec.json", "scope.md"):
        assert (curriculum / "runs" / new / "inputs" / name).read_bytes() == (broken / "inputs" / name).read_bytes()
    assert (broken / "run.json").read_text() == '{"run_id"'
    (call,) = (curriculum / "calls").read_text().splitlines()
    assert json.loads(call)[:2] == ["init", ["demo"]]


def test_a_run_with_an_invalid_record_is_archived_and_comes_back(cli: Cli, do: Do, curriculum: Path) -> None:
    broken = curriculum / "runs" / NAME
    (broken / "run.json").write_bytes(b"\xff\xfe")
    files = {each: each.read_bytes() for each in broken.rglob("*") if each.is_file()}
    plan = cli("plan", "archive", NAME, "--root", curriculum).ok().out
    assert "the system's own command refuses a run with an invalid run.json" in plan
    do(curriculum, "archive", NAME, "--set", "remove=yes").ok()
    assert not broken.exists()
    assert not (curriculum / "calls").exists()
    do(curriculum, "restore", NAME).ok()
    assert {each: each.read_bytes() for each in broken.rglob("*") if each.is_file()} == files


def test_the_chosen_environment_reaches_the_command(do: Do, curriculum: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = ("provider=internal", "timeout=900", "unset_model=yes", "base_url=https://host.example/v1")
    monkeypatch.setenv("AGENT_MODEL", "gpt-x")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecretvalue")
    more = [word for each in chosen for word in ("--set", each)]
    do(curriculum, "run", NAME, *more).ok()
    (call,) = (curriculum / "calls").read_text().splitlines()
    assert json.loads(call) == [
        "run",
        [NAME],
        {
            "AGENT_MODEL": "",
            "AGENT_PROVIDER": "internal",
            "AGENT_TIMEOUT_SECONDS": "900",
            "OPENAI_BASE_URL": "https://host.example/v1",
        },
    ]
    state = [each for each in (curriculum / ".cockpit").rglob("*") if each.is_file()]
    assert state
    assert not [each for each in state if b"verysecret" in each.read_bytes()]


def test_what_the_tool_says_names_the_failure(do: Do, curriculum: Path) -> None:
    (curriculum / "mode").write_text("conflict")
    done = do(curriculum, "retry", NAME, "--set", "provider=internal")
    assert done.code == 1
    assert "the topic specification is not ready" in done.err
    (curriculum / "mode").write_text("invalid")
    done = do(curriculum, "validate", NAME)
    assert done.code == 1
    assert "failed its validation" in done.err


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_a_target_that_is_not_there_is_named(do: Do, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    run = FlowStudioRun(tree / "swarm" / "runs")
    run.meta("failed", at=3)
    run.step("build", "implement", "code-implementer", at=2, ok=False, error="boom")
    (tree / "Makefile").write_text("all:\n\t@true\n")
    done = do(tree, "retry", run.name)
    assert done.code == 1
    assert "the Makefile has no such target: nothing ran" in done.err
    assert do(tree, "detour", run.name).code == 2


def test_a_recorded_producer_is_ended(cli: Cli, do: Do, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    run = FlowStudioRun(tree / "swarm" / "runs")
    run.meta("running", at=3)
    run.event("step_start", "build", "implement", "code-implementer", at=3)
    argv = [sys.executable, "-m", "cockpit", "record", "--root", str(tree), "--run", run.name, "--"]
    recorder = subprocess.Popen(
        [*argv, sys.executable, "-c", PRODUCER], stdout=subprocess.PIPE, start_new_session=True
    )  # fmt: skip
    try:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == b"up\n"
        until(lambda: psutil.Process(recorder.pid).children())
        children = psutil.Process(recorder.pid).children()
        assert "no command recorded" not in cli("plan", "stop", run.name, "--root", tree).ok().out
        done = do(tree, "stop", run.name).ok()
        assert "ended; what the run wrote is as it left it" in done.out
        assert all(gone(child.pid) for child in children)
        recorder.wait(PATIENCE_S)
        again = do(tree, "stop", run.name)
        assert again.code == 2
        assert "no command recorded for this run is at work" in again.err
    finally:
        recorder.kill()
        recorder.wait(PATIENCE_S)
        if recorder.stdout is not None:
            recorder.stdout.close()
