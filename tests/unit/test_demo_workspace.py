"""What a demo workspace holds: every kind of run, in the shapes of the real files, aged to the moment asked for."""

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.clock import parse_iso
from cockpit.demo.files import RunFiles, SimulatedPace, stamp
from cockpit.demo.flows import FLOWS
from cockpit.demo.scenarios import HOSTILE_NAME, HOSTILE_TITLE, SCENARIOS
from cockpit.demo.workspace import MARKER, make_workspace, write_history
from cockpit.errors import UsageError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    runs = tmp_path_factory.mktemp("history")
    return runs, write_history(runs, NOW)


def load(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


def events(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def newest(run: Path) -> float:
    return max(path.stat().st_mtime for path in run.rglob("*") if path.is_file())


def test_every_scenario_is_one_run_directory(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    assert sorted(path.name for path in runs.iterdir()) == sorted(made.values())
    assert len(set(made.values())) == len(made) >= 24
    assert not list(runs.rglob("*.tmp"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.label)
def test_a_run_is_as_old_as_its_scenario_says(history: tuple[Path, dict[str, str]], scenario: Any) -> None:
    runs, made = history
    run = runs / made[scenario.label]
    expected = (NOW - scenario.ago).timestamp()
    assert newest(run) == pytest.approx(expected, abs=2)
    assert run.stat().st_mtime == pytest.approx(expected, abs=2)
    last = parse_iso(events(run)[-1]["ts"])
    assert last is not None
    assert last.timestamp() == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("label", [scenario.label for scenario in SCENARIOS if scenario.label.startswith("ok-")])
def test_a_success_has_every_step_with_a_plausible_cost(history: tuple[Path, dict[str, str]], label: str) -> None:
    runs, made = history
    run = runs / made[label]
    meta = load(run / "meta.json")
    assert (meta["status"], meta["sdlc_status"], meta["error"]) == ("succeeded", "ok", None)
    for key in meta["spec"]["flow_keys"]:
        for step in FLOWS[key].steps:
            receipt = load(run / key / "receipts" / f"{step.id}-{step.agent}.json")
            assert receipt["status"] == "succeeded"
            assert 20_000 <= receipt["duration_ms"] <= 240_500
            assert receipt["tokens"]["total"] == receipt["tokens"]["prompt"] + receipt["tokens"]["completion"] > 3_000
            assert (run / key / step.artifact).stat().st_size > 0


def test_the_failure_names_the_missing_module(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    run = runs / made["failed-import"]
    receipt = load(run / "build" / "receipts" / "implement-code-implementer.json")
    assert receipt["status"] == "failed"
    assert receipt["error"].strip().endswith("ModuleNotFoundError: No module named 'httpx_retry'")
    assert load(run / "meta.json")["status"] == "failed"
    assert [event["kind"] for event in events(run)][-1] == "run_completed"
    assert "step_error" in {event["kind"] for event in events(run)}
    assert not (run / "build" / "receipts" / "mutate-mutator.json").exists()


def test_the_masked_failure_claims_success(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    run = runs / made["masked"]
    assert load(run / "meta.json")["status"] == "succeeded"
    assert load(run / "signal" / "receipts" / "author_reqs-requirements-author.json")["status"] == "failed"
    completed = [event["payload"]["status"] for event in events(run) if event["kind"] == "run_completed"]
    assert completed == ["failed", "succeeded"]
    assert not (run / "run_state.json").exists()
    assert "event_id" not in events(run)[0]


def test_the_blocked_run_claims_success_and_waits_for_its_input(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    run = runs / made["blocked"]
    envelope = load(run / "build" / "handoff" / "implement.json")
    assert load(run / "meta.json")["status"] == "succeeded"
    assert envelope["status"] == "BLOCKED"
    assert envelope["routing_signal"]["needs_human"] is True
    assert "plan/adr.md" in envelope["summary"]
    assert not (run / "plan" / "adr.md").exists()
    assert load(run / "plan" / "handoff" / "adr.json")["verification_passed"] is False


def test_the_looping_run_has_used_up_its_microloop(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    run = runs / made["looping"]
    lines = [json.loads(line) for line in (run / "build/routing/decisions.jsonl").read_text().splitlines()]
    assert [line["decision"] for line in lines] == ["LOOP", "LOOP", "LOOP", "ESCALATE"]
    assert lines[-1]["iteration"] == {"current": 3, "max": 3}
    routing = load(run / "build" / "receipts" / "critique_code-code-critic.json")["routing"]
    assert routing["loop_iteration"] == routing["max_iterations"] == 3
    assert load(run / "meta.json")["status"] == "running"


@pytest.mark.parametrize("label", ["dead", "dead-v1", "live-1", "live-2"])
def test_a_hanging_run_ends_in_the_middle_of_a_step(history: tuple[Path, dict[str, str]], label: str) -> None:
    runs, made = history
    assert load(runs / made[label] / "meta.json")["status"] == "running"
    assert events(runs / made[label])[-1]["kind"] == "step_start"


def test_runs_of_the_other_layouts(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    assert load(runs / made["paused"] / "run_state.json")["status"] == "paused"
    assert events(runs / made["paused"])[0]["event"] == "run:paused"
    assert load(runs / made["interrupted"] / "run_state.json")["context"]["interrupt"]["detour_flow"] == "reset"
    assert load(runs / made["partial"] / "meta.json")["status"] == "partial"
    partial = {path.name for path in (runs / made["partial"] / "build" / "receipts").iterdir()}
    assert len(partial) == 5
    assert not any(name.startswith("implement") for name in partial)
    decisions = (runs / made["documents"] / "build/routing/decisions.jsonl").read_text().splitlines()
    assert {json.loads(line)["decision"] for line in decisions} == {"LOOP", "DETOUR", "ESCALATE"}
    assert load(runs / made["documents"] / "build/handoffs/step-4-code-critic.json")["status"] == "BLOCKED"


def test_the_unreadable_run_is_unreadable(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    damaged = list((runs / made["unreadable"]).rglob("*.json"))
    assert len(damaged) == 3
    for path in damaged:
        with pytest.raises(json.JSONDecodeError):
            json.loads(path.read_text())


def test_hostile_text_and_names_are_there_and_harmless(history: tuple[Path, dict[str, str]]) -> None:
    runs, made = history
    assert load(runs / made["hostile-title"] / "meta.json")["title"] == HOSTILE_TITLE
    assert load(runs / made["hostile-title"] / "signal" / "handoff" / "frame.json")["summary"] == HOSTILE_TITLE
    assert made["hostile-name"] == HOSTILE_NAME
    assert (runs / HOSTILE_NAME / "meta.json").is_file()


def test_the_same_moment_gives_the_same_workspace(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    assert write_history(first, NOW) == write_history(second, NOW)
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


@pytest.mark.real
def test_the_shapes_are_those_of_the_real_code(history: tuple[Path, dict[str, str]], real_data: Path) -> None:
    runs, made = history
    demo, real = runs / made["ok-1"], real_data / "flow-studio" / "runs" / "run-20261121-040425-bz96yc"
    optional = {"lifecycle_mode", "transcript_path"}  # stub receipts have the one, all others the other
    for name in ("meta.json", "spec.json", "run_state.json", "signal/handoff/frame.json"):
        assert load(demo / name).keys() == load(real / name).keys(), name
    for receipt in ("frame-problem-framer.json", "critique_reqs-requirements-critic.json"):
        paper, known = load(demo / "signal/receipts" / receipt), load(real / "signal/receipts" / receipt)
        assert paper.keys() - optional == known.keys() - optional

    def shapes(run: Path) -> dict[str, set[str]]:
        return {line["kind"]: set(line) | set(line["payload"]) for line in events(run) if line["flow_key"] == "signal"}

    written, recorded = shapes(demo), shapes(real)
    assert {
        kind: keys - recorded[kind] for kind, keys in written.items() if kind in recorded and keys - recorded[kind]
    } == {}
    assert written.keys() >= {"run_created", "run_started", "step_start", "step_end", "route_decision", "run_completed"}
    assert oct((demo / "meta.json").stat().st_mode & 0o777) == oct((real / "meta.json").stat().st_mode & 0o777)


def test_a_workspace_is_a_tree_with_config_and_targets(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "demo", NOW)
    assert root == (tmp_path / "demo").resolve()
    assert sys.executable in (root / "Makefile").read_text()
    listed = yaml.safe_load((root / "swarm/config/flows.yaml").read_text())
    assert [flow["key"] for flow in listed["flows"]] == list(FLOWS)
    for key, flow in FLOWS.items():
        config = yaml.safe_load((root / "swarm/config/flows" / f"{key}.yaml").read_text())
        assert [step["id"] for step in config["steps"]] == [step.id for step in flow.steps]
        loops = {step["id"] for step in config["steps"] if step["routing"]["kind"] == "microloop"}
        assert loops == {step.id for step in flow.steps if step.loop_target}


def test_a_workspace_is_taken_up_again_with_its_runs(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "demo", NOW)
    before = sorted(path.name for path in (root / "swarm/runs").iterdir())
    (root / "Makefile").write_text("stale")
    assert make_workspace(root, NOW + timedelta(hours=5)) == root
    assert sorted(path.name for path in (root / "swarm/runs").iterdir()) == before
    assert "stepwise-retry" in (root / "Makefile").read_text()
    assert load(root / MARKER)["made_at"] == NOW.isoformat()


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        make_workspace(tmp_path, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(UsageError):
        make_workspace(tmp_path / "thesis.tex", NOW)


def test_an_empty_directory_is_used(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert (make_workspace(tmp_path / "empty", NOW) / "Makefile").is_file()


def test_the_producer_imports_nothing_heavy() -> None:
    code = "import sys, cockpit.demo.producer, cockpit.demo.live; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"textual", "rich", "pydantic", "yaml", "watchfiles"} & set(loaded)


def test_a_torn_receipt_is_whole_in_the_end(tmp_path: Path) -> None:
    files = RunFiles(tmp_path, "run-1", SimulatedPace(NOW), random.Random(1), torn=1.0)  # noqa: S311
    files.overwrite_json("build/receipts/a-b.json", {"status": "succeeded"})
    assert load(tmp_path / "build/receipts/a-b.json") == {"status": "succeeded"}


def test_events_are_numbered_on_from_what_is_there(tmp_path: Path) -> None:
    for _ in range(2):
        files = RunFiles(tmp_path, "run-1", SimulatedPace(NOW), random.Random(1))  # noqa: S311
        files.event("log", "build", None, None, {})
        files.event("log", "build", None, None, {})
    assert [event["seq"] for event in events(tmp_path)] == [1, 2, 3, 4]


def test_times_are_stamped_as_flow_studio_does() -> None:
    assert stamp(NOW) == "2026-11-21T12:00:00.000000+00:00Z"
    assert parse_iso(stamp(NOW)) == NOW
