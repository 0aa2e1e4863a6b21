"""The actions of agents-orchestration: snapshot first, recorded, one at a time, honest about what does not exist."""

import json
import os
import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.models.action import ActionSpec, Reach
from cockpit.models.run import RunRef
from cockpit.sources.agents_orchestration import AgentsOrchestrationSource
from cockpit.sources.agents_orchestration.outcomes import BY_TASK, ONE_AGENT
from tests.catalogues import Counter, said_by, service
from tests.checkouts import agents_checkout
from tests.cli.conftest import HOSTILE_NAMES
from tests.unit.test_agents_orchestration import FAILED, Recorder

SOURCE = AgentsOrchestrationSource()
TASKS = ("coordinator-run", "run-agents", "run-parallel", "run-planner", "run-executor", "run-reviewer")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout that is the root, with a recorded workflow that failed."""
    tree = agents_checkout(tmp_path)
    record(tree)
    return tree


def record(root: Path, *argv: str, run: str | None = "nightly", cwd: Path | None = None) -> None:
    recorder = Recorder(cwd or root)
    recorder.ended(*(argv or ("invoke", "coordinator-run")), output=FAILED, run=run, state=root / ".cockpit")


@pytest.fixture
def counter(tree: Path) -> Counter:
    return Counter(SOURCE, tree, service_of=service)


@pytest.fixture
def ref(tree: Path) -> RunRef:
    return the(tree, "nightly")


def the(root: Path, name: str) -> RunRef:
    (ref,) = (ref for ref in SOURCE.scan(root) if ref.id == name)
    return ref


def specs(ref: RunRef) -> dict[str, ActionSpec]:
    return {spec.id: spec for spec in SOURCE.actions(ref)}


def own(module: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", f"cockpit.actions.{module}", *words)


def kept(tree: Path, place: str, *command: str) -> tuple[str, ...]:
    folders = (f"--folder={name}" for name in ("artifacts", "logs", "config"))
    then = ("--", *command) if command else ()
    return own("snapshot_job", f"--tree={tree}", f"--to={place}", *folders, *then)


def place_in(argv: tuple[str, ...] | None) -> str:
    return next(word.removeprefix("--to=") for word in argv or () if word.startswith("--to="))


@pytest.mark.parametrize("action", [*TASKS, "retry"])
def test_a_task_is_preceded_by_a_snapshot_and_recorded(counter: Counter, ref: RunRef, tree: Path, action: str) -> None:
    plan = counter.plan(ref, action)
    assert plan.refused is None
    place = place_in(plan.argv)
    assert re.fullmatch(rf"{tree}/\.cockpit/snapshots/agents-\d{{8}}T\d{{6}}Z", place)
    record = (sys.executable, "-P", "-m", "cockpit", "record", f"--root={tree}", f"--state-dir={tree}/.cockpit", "--")
    task = "coordinator-run" if action == "retry" else action
    assert plan.argv == kept(tree, place, *record, "invoke", task)
    assert plan.cwd == str(tree)
    assert (plan.reach, plan.lock_key) == (Reach.SYSTEM, f"agents-orchestration:{tree}")
    assert any(effect.startswith("copies artifacts/ (2 files") and effect.endswith(place) for effect in plan.effects)
    assert any("built-in sample task" in warning for warning in plan.warnings)
    assert plan.outcome == BY_TASK.get(task, ONE_AGENT)
    assert counter.plan(ref, action).hash == plan.hash
    assert not Path(place).exists()


def test_a_snapshot_alone_changes_nothing_of_the_checkout(counter: Counter, ref: RunRef, tree: Path) -> None:
    plan = counter.plan(ref, "snapshot")
    assert plan.argv == kept(tree, place_in(plan.argv))
    Path(place_in(plan.argv)).mkdir(parents=True)
    again = counter.plan(ref, "snapshot")
    assert place_in(again.argv) == f"{place_in(plan.argv)}-2"
    (tree / "artifacts" / "plan.md").write_text("newer\n")
    os.utime(tree / "artifacts" / "plan.md", (4_000_000_000,) * 2)
    assert place_in(counter.plan(ref, "snapshot").argv).endswith("agents-20961002T070640Z")


@pytest.mark.parametrize(
    ("argv", "again"),
    [
        (("invoke", "run-executor"), "run-executor"),
        (("invoke", "run-parallel"), "run-parallel"),
        (("python", "-c", "from orchestration.coordinator import AgentCoordinator"), "coordinator-run"),
        (("python", "-c", "from agents.reviewer import ReviewerAgent"), "run-reviewer"),
    ],
)
def test_a_retry_repeats_what_the_run_was(tmp_path: Path, argv: tuple[str, ...], again: str) -> None:
    tree = agents_checkout(tmp_path)
    record(tree, *argv)
    retry = specs(the(tree, "nightly"))["retry"]
    assert retry.argv[-2:] == ("invoke", again)
    assert specs(the(tree, "nightly"))["service-pause"].inputs[0].default == (
        again.removeprefix("run-") if again in ("run-executor", "run-reviewer") else None
    )


def test_a_validation_is_not_retried_and_says_what_it_does_not_look_at(tmp_path: Path) -> None:
    tree = agents_checkout(tmp_path)
    record(tree, "invoke", "validate-config")
    config = tree / "config" / "agents.config.json"
    config.write_text(config.read_text().replace('"gemma2"\n    }', '"gemma3"\n    }'))
    ref = the(tree, "nightly")
    plan = Counter(SOURCE, tree).plan(ref, "validate")
    assert plan.argv == ("invoke", "validate-config")
    assert plan.cwd == str(tree)
    assert "retry" not in specs(ref)
    assert any("agent reviewer: its model gemma3 is not under models.ollama" in each for each in plan.warnings)


def test_two_tasks_never_work_in_one_checkout(counter: Counter, ref: RunRef, tree: Path) -> None:
    server = Recorder(tree)("python", "scripts/run_web.py")
    assert counter.offers(ref)["retry"] is None
    recorder = Recorder(tree)
    recorder.at += timedelta(seconds=60)
    task = recorder("invoke", "run-parallel")
    offers = counter.offers(ref)
    for action in ("retry", *TASKS):
        assert "`invoke run-parallel` is at work" in str(offers[action])
        assert "is at work" in str(counter.plan(ref, action).refused)
    assert offers["snapshot"] is offers["provider-switch"] is offers["validate"] is None
    task.close()
    assert counter.offers(ref)["retry"] is None
    server.close()


def test_a_root_of_several_checkouts_works_on_the_runs_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        agents_checkout(tmp_path, name)
    record(tmp_path, run="of-two", cwd=tmp_path / "two")
    (tmp_path / "one" / "logs" / "nightly.log").write_text(FAILED)
    counter = Counter(SOURCE, tmp_path)
    plan = counter.plan(the(tmp_path, "of-two"), "retry")
    assert f"--tree={tmp_path / 'two'}" in (plan.argv or ())
    assert counter.plan(the(tmp_path, "of-two"), "validate").argv == (
        *("env", f"--chdir={tmp_path / 'two'}"),
        *("invoke", "validate-config"),
    )
    plan = counter.plan(the(tmp_path, "nightly"), "retry")
    assert f"--tree={tmp_path / 'one'}" in (plan.argv or ())
    assert plan.cwd == str(tmp_path / "one")
    switched = counter.plan(the(tmp_path, "of-two"), "provider-switch")
    assert f"--config={tmp_path / 'two'}/config/agents.config.json" in (switched.argv or ())


def test_the_switch_shows_the_exact_difference(
    counter: Counter, ref: RunRef, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    plan = counter.plan(ref, "provider-switch")
    assert plan.refused is None
    assert plan.argv is not None
    assert plan.argv[:5] == own("provider_job", "switch")
    assert plan.argv[-1] == "--provider=github-models"
    assert plan.options == {"provider": "github-models"}
    assert '- "defaultProvider": "ollama",' in "\n".join(plan.effects)
    assert '+ "defaultModel": "gpt-4o-mini"' in "\n".join(plan.effects)
    assert any("GITHUB_TOKEN" in warning for warning in plan.warnings)
    backup = next(word for word in plan.argv if word.startswith("--backup="))
    assert re.fullmatch(rf"--backup={tree}/config/agents\.config\.json\.\d{{8}}T\d{{6}}Z\.bak", backup)
    assert (plan.undone_by, plan.reach) == ("provider-restore", Reach.SYSTEM)
    assert counter.plan(ref, "provider-switch").hash == plan.hash
    azure = counter.plan(ref, "provider-switch", provider="azure-ai-foundry", model="gpt-4o")
    assert azure.argv is not None
    assert azure.argv[-2:] == ("--provider=azure-ai-foundry", "--model=gpt-4o")
    assert "has no model" in str(counter.plan(ref, "provider-switch", model="gpt-4o").refused)
    assert "choose one of" in str(counter.plan(ref, "provider-switch", provider="ollama").refused)
    assert "there is no backup" in str(counter.offers(ref)["provider-restore"])


def _invalid(config: Path) -> None:
    config.write_text("{")


def _linked(config: Path) -> None:
    config.rename(config.with_name("real.json"))
    config.symlink_to("real.json")


def _alone(config: Path) -> None:
    data = json.loads(config.read_text())
    data["models"] = {"ollama": data["models"]["ollama"]}
    config.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (_invalid, "cannot be read: not valid JSON"),
        (_linked, "symbolic link"),
        (_alone, "models of no other provider"),
        (Path.unlink, "there is no agents.config.json"),
    ],
)
def test_a_configuration_that_cannot_be_switched_says_why(
    counter: Counter, ref: RunRef, tree: Path, how: object, said: str
) -> None:
    how(tree / "config" / "agents.config.json")  # type: ignore[operator]
    assert said in str(counter.offers(ref)["provider-switch"])
    assert said in str(counter.plan(ref, "provider-switch").refused)


@pytest.mark.parametrize(
    ("action", "gate", "after"),
    [
        ("pause", "running", [("message", "paused"), ("lifecycle.status", "paused")]),
        ("resume", "paused", [("message", "resumed"), ("lifecycle.status", "running")]),
        ("stop", None, [("message", "stopping")]),
        ("restart", None, [("message", "restarting"), ("lifecycle.status", "running")]),
    ],
)
def test_services_are_asked_through_the_manager(
    counter: Counter, ref: RunRef, action: str, gate: str | None, after: list[tuple[str, str]]
) -> None:
    assert "must be chosen: agent" in str(counter.plan(ref, f"service-{action}").refused)
    plan = counter.plan(ref, f"service-{action}", agent="executor")
    request = plan.request
    assert request is not None
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/api/agent-services/executor/action")
    assert request.body == {"action": action}
    assert [(check.url, check.field, check.equals) for check in request.before] == [
        ("http://127.0.0.1:9/api/agent-services/executor/status", "lifecycle.status", gate)
    ]
    assert [(check.field, check.equals) for check in request.after] == after
    assert plan.danger is (action in ("stop", "restart"))
    assert "choose one of planner executor reviewer" in str(
        counter.plan(ref, f"service-{action}", agent="diagnostic").refused
    )


def test_a_project_is_run_again_by_the_web_server_that_has_it(tree: Path) -> None:
    config = tree / "config" / "agents.config.json"
    data = json.loads(config.read_text())
    data["projects"] = [{"id": "project_1761953754", "name": "InsightForge", "status": "running"}]
    config.write_text(json.dumps(data, indent=2))
    counter = Counter(SOURCE, tree, service_of=service)
    plan = counter.plan(the(tree, "project_1761953754"), "retry")
    assert plan.refused is None
    assert plan.request is not None
    assert plan.request.url == "http://127.0.0.1:9/api/workflows/project_1761953754/execute"
    assert plan.request.timeout_s == 3600
    assert plan.request.before[0].field == "workflows.[to=project_1761953754].to"
    assert any("200 is the answer to a failed workflow too" in warning for warning in plan.warnings)
    assert any("take a `snapshot` first" in warning for warning in plan.warnings)
    assert counter.plan(the(tree, "project_1761953754"), "snapshot").refused is None


def test_every_documented_action_is_there_or_said_why_not(counter: Counter, ref: RunRef) -> None:
    offers = counter.offers(ref)
    possible = {action for action, refused in offers.items() if refused is None}
    services = {f"service-{action}" for action in ("pause", "resume", "stop", "restart")}
    assert possible == {"validate", "retry", *TASKS, "snapshot", "provider-switch", *services, "archive"}
    for action, said in {
        "resume": "keeps no state of a workflow on disk",
        "checkpoint": "there are no checkpoints",
        "cancel": "has no cancel",
        "status": "it starts a new workflow",
        "raise-timeout": "nothing enforces the limits",
        "reduce-concurrency": "read by no code",
        "clean": "destroy evidence",
        "stop": "no command recorded for this run is at work",
    }.items():
        assert said in str(offers[action])


@pytest.mark.parametrize("name", ["a{b}c", "x\ny"])
def test_a_place_no_template_can_hold_is_said(tmp_path: Path, name: str) -> None:
    tree = agents_checkout(tmp_path, name)
    (tree / "logs" / "nightly.log").write_text(FAILED)
    counter = Counter(SOURCE, tree)
    for action in ("retry", "snapshot", "provider-switch", "validate"):
        assert "cannot be part of a command" in str(counter.offers(the(tree, "nightly"))[action])


def test_without_its_tasks_nothing_is_started(counter: Counter, ref: RunRef, tree: Path) -> None:
    (tree / "tasks.py").unlink()
    assert "there is no tasks.py in" in str(counter.offers(ref)["retry"])
    assert counter.offers(ref)["provider-switch"] is None


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if "\n" not in name])
def test_hostile_names_reach_no_command(tmp_path: Path, name: str) -> None:
    tree = agents_checkout(tmp_path)
    (tree / "logs" / f"{name}.log").write_text(FAILED)
    counter = Counter(SOURCE, tree, service_of=service)
    refs = [ref for ref in SOURCE.scan(tree) if "agents.log" not in ref.path]
    assert refs
    for ref in refs:
        for action in ("retry", "provider-switch", "service-pause", "snapshot", "validate"):
            plan = counter.plan(ref, action, **({"agent": "planner"} if "service" in action else {}))
            assert plan.refused, (name, action)
            assert plan.refused.isprintable()
            assert plan.argv is None
            assert plan.request is None
    assert not list(tmp_path.rglob("pwned"))


RECORDED = {
    "02-run-planner.txt": ("run-planner", None),
    "03-run-reviewer.txt": ("run-reviewer", None),
    "04-coordinator-run.txt": ("coordinator-run", "a step failed"),
    "05-run-parallel.txt": ("run-parallel", "an agent failed"),
    "10-coordinator-run-ok.txt": ("coordinator-run", "the last step wrote its report"),
    "11-coordinator-ollama-404.txt": ("coordinator-run", "a step failed"),
    "11-coordinator-ollama-429.txt": ("coordinator-run", "a step failed"),
    "11-coordinator-ollama-500.txt": ("coordinator-run", "a step failed"),
    "01-invoke-list-validate.txt": ("validate-config", "it can be parsed"),
}
"""What each recording was, and what its output says; the exit codes of all the workflows among them are 0."""


@pytest.mark.parametrize("name", RECORDED)
def test_what_the_recorded_commands_said_is_understood(real_data: Path, name: str) -> None:
    task, says = RECORDED[name]
    output = (real_data / "agents-orchestration" / name).read_text("utf-8", "replace")
    rule = said_by(BY_TASK.get(task, ONE_AGENT), output)
    if says is None:
        # One agent alone: its exit code is honest.
        assert rule is None
        return
    assert rule is not None
    assert says in rule.says
    assert rule.failed is (name not in ("10-coordinator-run-ok.txt", "01-invoke-list-validate.txt"))


def test_errors_of_the_configuration_are_understood(real_data: Path) -> None:
    text = (real_data / "agents-orchestration" / "40-config-errors.txt").read_text()
    for part in text.split("### ")[1:]:
        title, _, output = part.partition("\n")
        task = title.partition(": ")[2]
        rule = said_by(BY_TASK.get(task, ONE_AGENT), output)
        if title == "unknown model: validate-config":
            assert rule is not None
            assert not rule.failed
        elif "mcp" not in title:
            assert rule is not None, title
            assert rule.failed, title


def test_fallbacks_without_end_are_no_success(real_data: Path) -> None:
    text = (real_data / "agents-orchestration" / "06-switch-provider-github.txt").read_text()
    rule = said_by(ONE_AGENT, text)
    assert rule is None or rule.failed


AGAIN = {
    "02-run-planner": "run-planner",
    "03-run-reviewer": "run-reviewer",
    "04-coordinator-run": "coordinator-run",
    "05-run-parallel": "run-parallel",
    "06-switch-provider-github": "run-reviewer",
    "11-coordinator-ollama-404": "coordinator-run",
    "wf2": "coordinator-run",
    "40-config-errors-2": "run-reviewer",
}
"""What a retry of some of the recorded runs starts."""


def test_every_recorded_run_can_be_planned(real_data: Path, tmp_path: Path) -> None:
    root = tmp_path / "agents"
    shutil.copytree(real_data / "agents-orchestration", root, ignore=shutil.ignore_patterns("work*"))
    shutil.copytree(real_data / "agents-orchestration" / "work", root, dirs_exist_ok=True)
    (root / "tasks.py").touch()
    counter = Counter(SOURCE, root, service_of=service)
    plans = {}
    for ref in SOURCE.scan(root):
        run = counter.run(ref)
        snapshot = counter.desk.plan("snapshot", run)
        assert snapshot.refused is None, (ref.id, snapshot.refused)
        assert f"--tree={root}" in (snapshot.argv or ())
        if "retry" in specs(ref):
            plans[ref.id] = counter.desk.plan("retry", run)
            assert plans[ref.id].refused is None, (ref.id, plans[ref.id].refused)
    assert len(plans) > 30
    assert {name: (plans[name].argv or ("",))[-1] for name in AGAIN} == AGAIN
    assert plans["project_1761953754"].request is not None


def test_a_capture_beside_several_checkouts_belongs_to_none(real_data: Path) -> None:
    root = real_data / "agents-orchestration"
    counter = Counter(SOURCE, root)
    refused = counter.plan(the(root, "04-coordinator-run"), "retry").refused
    assert refused == f"{root} holds 3 checkouts, and nothing tells in which of them this ran"
