"""agents-orchestration: recorded commands, captures, logs, artifacts and configuration, good and broken."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.verdict import judge
from cockpit.models.records import SignalKind, StepStatus
from cockpit.models.run import Run, RunRef
from cockpit.recording.keeper import Keeper
from cockpit.sources.agents_orchestration import AgentsOrchestrationSource
from cockpit.sources.agents_orchestration.artifacts import report_state
from cockpit.sources.agents_orchestration.console import ConsoleReader, local_time
from cockpit.sources.agents_orchestration.patterns import classify
from cockpit.sources.agents_orchestration.segments import task_of
from cockpit.sources.base import ManyOwner, RootReader, Source
from cockpit.sources.recordings import use_state_dir

SOURCE = AgentsOrchestrationSource()
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NOT_FOUND = 'litellm.APIConnectionError: OllamaException - {"error": "model \'llama3.2:latest\' not found"}'


def stamp(at: datetime) -> str:
    """A console time: local, without a zone."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def console(*lines: tuple[str, str, str] | str, at: datetime = START) -> str:
    """Console output: log records as (logger, level, message), other lines as they are."""
    return "".join(f"{line}\n" if isinstance(line, str) else f"{stamp(at)} - {' - '.join(line)}\n" for line in lines)


FAILED = console(
    ("agents", "INFO", "Sistema de logging configurado"),
    "│  Agent: Planificador de Proyectos      │",
    ("coordinator", "ERROR", f"Error: {NOT_FOUND}"),
    ("coordinator", "ERROR", "Error: Paso planner falló"),
    "NoneType: None",
)
DONE = console(
    ("agents", "INFO", "Sistema de logging configurado"),
    "Plan guardado en: artifacts/plan.md",
    "Reporte guardado en: artifacts/execution-report.md",
    "Reporte de revisión guardado en: artifacts/review-report.md",
)


class Recorder:
    """Makes recordings as `cockpit record` does, at chosen times."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.at = START

    def __call__(self, *argv: str, output: str = "", run: str | None = None, state: Path | None = None) -> Keeper:
        kept = Keeper(state or self.root / ".cockpit", argv, clock=lambda: self.at, root=self.root, run=run)
        kept.meta["cwd"] = str(self.root)
        assert kept.begin(terminal=False)
        if output:
            kept.keep("output", output.encode())
            assert kept.directory is not None
            os.utime(kept.directory / "output.log", (self.at.timestamp(), self.at.timestamp()))
        return kept

    def ended(self, *argv: str, code: int = 0, signal: str | None = None, **more: Any) -> Keeper:
        kept = self(*argv, **more)
        self.at += timedelta(seconds=20)
        kept.end(exit_code=code, signal=signal, left_behind=bool(more.get("left")))
        kept.close()
        return kept


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "checkout"
    (directory / "config").mkdir(parents=True)
    (directory / "config" / "agents.config.json").write_text(json.dumps(config(), indent=2))
    return directory


@pytest.fixture
def record(root: Path) -> Recorder:
    return Recorder(root)


def config(**more: Any) -> dict[str, Any]:
    models: dict[str, Any] = {"ollama": {"llama3.2:latest": {}, "gemma2": {}}}
    agents = [{"id": name, "defaultModel": "gemma2"} for name in ("planner", "executor", "reviewer")]
    return {"runtime": {"defaultProvider": "ollama"}, "models": models, "agents": agents, **more}


def only(root: Path, source: AgentsOrchestrationSource = SOURCE) -> RunRef:
    (ref,) = source.scan(root)
    return ref


def verdict(ref: RunRef, now: datetime = START + timedelta(minutes=1)) -> Run:
    return judge(SOURCE.detail(ref), now)


def test_it_follows_the_protocols() -> None:
    assert isinstance(SOURCE, Source)
    assert isinstance(SOURCE, ManyOwner)
    assert isinstance(SOURCE, RootReader)


# Recorded commands.


def test_a_recorded_success_is_one(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=DONE)
    run = verdict(only(root))
    assert (run.state.value, run.claimed, run.contradicted) == ("succeeded", "exit 0", False)
    assert (run.steps.done, run.steps.total, run.title) == (3, 3, "invoke coordinator-run")
    assert (run.started_at, run.backend) == (START, "recorded")


def test_exit_0_over_a_failed_step_is_a_lie(root: Path, record: Recorder) -> None:
    kept = record.ended("invoke", "coordinator-run", output=FAILED)
    ref = only(root)
    assert (ref.id, ref.path) == (kept.id, f".cockpit/recordings/{kept.id}")
    run = verdict(ref)
    assert (run.state.value, run.claimed, run.contradicted, run.step) == ("failed", "exit 0", True, "planner")
    assert NOT_FOUND in run.reasons[0].text
    place = run.reasons[0].evidence[0]
    assert (place.path, place.line) == (f"{ref.path}/output.log", 4)


def test_exit_0_with_no_sign_of_any_work_is_not_believed(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=console(("agents", "INFO", "Sistema de logging configurado")))
    run = verdict(only(root))
    assert (run.state.value, run.contradicted) == ("partial", True)
    assert "nothing shows that any agent did its work" in run.reasons[0].text


def test_a_check_of_the_configuration_has_no_steps_to_show(root: Path, record: Recorder) -> None:
    record.ended("invoke", "validate-config", output="Project: x\n")
    assert verdict(only(root)).state.value == "succeeded"


@pytest.mark.parametrize(
    ("code", "signal", "state", "words"),
    [
        (143, "SIGTERM", "interrupted", "ended by SIGTERM"),
        (130, "SIGINT", "interrupted", "ended by SIGINT"),
        (137, "SIGKILL", "failed", "SIGKILL"),
        (1, None, "failed", "planner"),
    ],
)
def test_how_a_recorded_command_ended(
    root: Path, record: Recorder, code: int, signal: str | None, state: str, words: str
) -> None:
    begun = console(("coordinator", "INFO", "Agente planner: starting_attempt_1"))
    record.ended("invoke", "coordinator-run", code=code, signal=signal, output=begun)
    run = verdict(only(root))
    assert run.state.value == state
    assert words in f"{run.claimed} {run.reasons[0].text}"


def test_a_running_command_is_stuck_once_it_is_silent_for_too_long(root: Path, record: Recorder) -> None:
    begun = console(("coordinator", "INFO", "Agente planner: starting_attempt_1"))
    kept = record("invoke", "coordinator-run", output=begun)
    ref = only(root)
    run = verdict(ref, START + timedelta(minutes=10))
    assert (run.state.value, run.claimed, run.step) == ("running", "running", "planner")
    assert run.becomes is not None
    assert run.becomes.at == START + timedelta(minutes=15)
    assert verdict(ref, START + timedelta(minutes=16)).state.value == "stuck"
    kept.close()


def test_a_killed_recorder_makes_a_lost_run_and_another_fingerprint(root: Path, record: Recorder) -> None:
    begun = console(("coordinator", "INFO", "Agente planner: starting_attempt_1"))
    kept = record("invoke", "coordinator-run", output=begun)
    ref = only(root)
    before = SOURCE.fingerprint(ref)
    kept.close()  # its lock is free and no end was written: as after kill -9
    assert SOURCE.fingerprint(ref) != before
    run = verdict(ref)
    assert (run.state.value, run.claimed, run.contradicted) == ("interrupted", "running", True)
    assert any("its recorder was killed" in reason.text for reason in run.reasons)


def test_a_recorded_server_is_not_stuck_by_silence(root: Path, record: Recorder) -> None:
    lines = console(
        "INFO:     Uvicorn running on http://127.0.0.1:8000",
        "│  Crew Execution Started │",
        ("coordinator", "ERROR", f"Error: {NOT_FOUND}"),
        ("coordinator", "ERROR", "Error: Paso planner falló"),
        'INFO:     127.0.0.1:1 - "POST /api/workflows/wf9/execute HTTP/1.1" 200 OK',
    )
    kept = record("python", "scripts/run_web.py", output=lines)
    run = verdict(only(root), START + timedelta(hours=9))
    assert (run.state.value, run.contradicted) == ("running", False)
    signals = SOURCE.detail(only(root)).signals
    assert any("wf9" in one.text and NOT_FOUND in one.text for one in signals)
    kept.close()


def test_only_commands_of_this_system_are_its_runs(root: Path, record: Recorder) -> None:
    record.ended("python3.11", "scripts/orchestration.py", "run", "20261121-034458-ok")
    record.ended("pytest", "-q")
    assert list(SOURCE.scan(root)) == []
    record.ended("python", "-c", "from orchestration.coordinator import AgentCoordinator", output=DONE)
    assert verdict(only(root)).state.value == "succeeded"


@pytest.mark.parametrize("name", ["two\nlines.txt", "end\n.log", "x\x1b[2J.out"])
def test_a_console_whose_name_holds_control_characters_is_a_run_too(root: Path, name: str) -> None:
    (root / name).write_text(f"$ invoke coordinator-run\n{FAILED}rc=0\n")
    ref = only(root)
    assert (ref.id, ref.path) == (Path(name).stem, name)
    assert verdict(ref).state.value == "failed"
    assert SOURCE.owner(root, root / name) == ref


def test_a_recording_for_a_run_bears_its_name(root: Path, record: Recorder) -> None:
    record.ended("invoke", "run-planner", run="nightly", output="Plan guardado en: artifacts/plan.md\n")
    assert only(root).id == "nightly"


def test_a_state_directory_elsewhere_is_honoured(root: Path, record: Recorder, tmp_path: Path) -> None:
    state = tmp_path / "elsewhere"
    use_state_dir(root, state)
    kept = record.ended("invoke", "coordinator-run", output=FAILED, state=state)
    ref = only(root)
    assert ref.path == f".#recording:{kept.id}"
    assert verdict(ref).state.value == "failed"
    assert SOURCE.watch_paths(ref) == [state / "recordings" / kept.id]


def test_a_state_directory_of_another_name_inside_the_root(root: Path, record: Recorder) -> None:
    use_state_dir(root, root / "state")
    kept = record.ended("invoke", "coordinator-run", output=FAILED, state=root / "state")
    assert only(root).path == f"state/recordings/{kept.id}"
    assert verdict(only(root)).state.value == "failed"


def test_a_recording_that_cannot_be_read_is_a_problem_of_the_root(root: Path, record: Recorder) -> None:
    kept = record.ended("invoke", "coordinator-run", output=FAILED)
    assert kept.directory is not None
    (kept.directory / "meta.json").write_text("{")
    assert list(SOURCE.scan(root)) == []
    (problem,) = SOURCE.root_problems(root)
    assert problem.path == f".cockpit/recordings/{kept.id}/meta.json"


def test_a_changed_file_of_a_recording_leads_to_its_run(root: Path, record: Recorder) -> None:
    kept = record.ended("invoke", "coordinator-run", output=FAILED)
    assert kept.directory is not None
    assert SOURCE.owner(root, kept.directory / "output.log") == only(root)
    assert SOURCE.owner(root, root / ".cockpit" / "journal.jsonl") is None
    other = record.ended("pytest")
    assert other.directory is not None
    assert SOURCE.owner(root, other.directory / "output.log") is None


def test_output_is_read_on_as_it_grows(root: Path, record: Recorder) -> None:
    kept = record("invoke", "coordinator-run", output="Plan guardado en: artifacts/plan.md\n")
    ref = only(root)
    first = SOURCE.detail(ref)
    kept.keep("output", b"Reporte guardado en: artifacts/execution-report.md\n")
    second = SOURCE.detail(ref, first)
    assert [step.step for step in first.steps] == ["planner"]
    assert [step.step for step in second.steps] == ["planner", "executor"]
    kept.close()


def test_colours_of_a_terminal_recording_do_not_hide_anything(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=FAILED.replace("Error: Paso", "\x1b[31mError: Paso\x1b[0m"))
    assert verdict(only(root)).state.value == "failed"


# Artifacts.


def artifact(root: Path, name: str, text: str, at: datetime) -> None:
    path = root / "artifacts" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    os.utime(path, (at.timestamp(), at.timestamp()))


ERROR_REPORT = "# Reporte de Ejecución\n\n**Estado**: error\n**Timestamp**: N/A\n\n## Resultados\n\nSin resultados\n"


def test_an_execution_report_that_says_error_is_a_failure_behind_a_success(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=DONE)
    artifact(root, "execution-report.md", ERROR_REPORT, START + timedelta(seconds=10))
    run = verdict(only(root))
    assert (run.state.value, run.contradicted, run.step) == ("failed", True, "executor")
    assert run.reasons[0].evidence[0].path == "artifacts/execution-report.md"
    assert run.reasons[0].evidence[0].line == 3


def test_a_report_of_another_time_says_nothing_of_this_run(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=DONE)
    artifact(root, "execution-report.md", ERROR_REPORT, START + timedelta(hours=1))
    run = verdict(only(root))
    assert run.state.value == "succeeded"
    assert not any("execution-report" in item.path for item in SOURCE.detail(only(root)).artifacts)


def test_a_new_report_changes_the_fingerprint(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=DONE)
    before = SOURCE.fingerprint(only(root))
    artifact(root, "execution-report.md", ERROR_REPORT, START)
    assert SOURCE.fingerprint(only(root)) != before


def test_alerts_of_a_monitoring_export_from_the_time_of_the_run(root: Path, record: Recorder) -> None:
    record.ended("invoke", "coordinator-run", output=DONE)
    at = (START + timedelta(seconds=5)).astimezone().replace(tzinfo=None).isoformat()
    alert = {
        "severity": "critical",
        "component": "system_cpu",
        "message": "CPU usage critical: 96.4%",
        "resolved": False,
    }
    snapshot = {"timestamp": at, "cpu_percent": 96.4, "memory_percent": 12, "disk_usage_percent": 91.0}
    alerts = [{**alert, "timestamp": at}, {**alert, "timestamp": at, "resolved": True}, {**alert, "timestamp": "x"}, 5]
    export = {"overall_health": "unhealthy", "active_alerts": alerts, "system_snapshot": snapshot}
    artifact(root, "dashboard.json", json.dumps(export), START + timedelta(days=1))
    found = [one.text for one in SOURCE.detail(only(root)).signals if one.kind is SignalKind.ANOMALY]
    assert found == [
        "[critical] system_cpu: CPU usage critical: 96.4%",
        "CPU usage 96.4 % (limit 90 %)",
        "disk usage 91 % (limit 90 %)",
    ]


@pytest.mark.parametrize("word", ["completed", "reviewed", "error", "Desconocido"])
def test_the_state_of_a_report_is_read(word: str) -> None:
    assert report_state(f"# Reporte\n\n**Estado**: {word}\n") == word
    assert report_state("nothing") is None


# Captures and logs.


def test_a_capture_of_one_command_is_one_run(root: Path) -> None:
    (root / "run.log").write_text("$ invoke coordinator-run\n" + FAILED + "rc=0\n")
    ref = only(root)
    assert (ref.id, ref.path) == ("run", "run.log")
    assert verdict(ref).contradicted
    assert SOURCE.owner(root, root / "run.log") == ref


def test_a_last_line_without_its_newline_counts(root: Path) -> None:
    path = root / "run.log"
    path.write_text("$ invoke coordinator-run\n" + FAILED + "rc=0")
    assert verdict(only(root)).claimed == "exit 0"
    path.write_text("$ invoke coordinator-run\n" + FAILED + "rc=0 is not what it ends with\nrc=1\n")
    assert verdict(only(root)).claimed == "exit 1"


def test_a_capture_of_several_commands_holds_several_runs(root: Path) -> None:
    (root / "all.txt").write_text(f"$ invoke run-planner\n{FAILED}rc=1\n$ invoke coordinator-run\n{DONE}rc=0\n")
    refs = list(SOURCE.scan(root))
    assert [(ref.id, ref.path) for ref in refs] == [("all-1", "all.txt#1"), ("all-2", "all.txt#2")]
    assert [verdict(ref).state.value for ref in refs] == ["failed", "succeeded"]
    assert list(SOURCE.owners(root, root / "all.txt")) == refs
    assert SOURCE.owner(root, root / "all.txt") is None


def test_a_capture_that_is_still_written_is_running_then_stuck(root: Path) -> None:
    path = root / "live.log"
    path.write_text(console(("coordinator", "INFO", "Agente planner: starting_attempt_1")))
    os.utime(path, (START.timestamp(), START.timestamp()))
    assert verdict(only(root)).state.value == "running"
    assert verdict(only(root), START + timedelta(hours=1)).state.value == "stuck"


def log_line(message: str, second: int, **more: Any) -> str:
    at = (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    return json.dumps({"timestamp": at, "level": "INFO", "logger": "coordinator", "message": message, **more}) + "\n"


def test_executions_of_a_log_are_told_apart_by_their_id(root: Path) -> None:
    (root / "logs").mkdir()
    lines = [
        log_line("Ejecución iniciada: a/b#1", 0, execution_id="a/b#1", event="execution_start"),
        log_line("Agente planner: starting_attempt_1", 1, execution_id="a/b#1", agent="planner"),
        log_line("Ejecución iniciada: good", 2, execution_id="good", event="execution_start"),
        log_line("Agente planner: completed", 3, execution_id="good", agent="planner"),
        log_line("Agente executor: completed", 4, execution_id="good", agent="executor"),
        log_line("Agente reviewer: completed", 5, execution_id="good", agent="reviewer"),
        log_line("Ejecución finalizada: good - success", 6, execution_id="good", event="execution_end"),
    ]
    (root / "logs" / "orchestrator.log").write_text("".join(lines))
    first, second = SOURCE.scan(root)
    assert (first.id, first.path) == ("a/b#1", "logs/orchestrator.log#a%2Fb%231")
    assert verdict(first).state.value == "running"
    assert verdict(first, START + timedelta(hours=1)).state.value == "stuck"  # start without end (formats 1)
    assert verdict(second).state.value == "succeeded"


def test_a_log_with_broken_lines_is_read_around_them(root: Path) -> None:
    raw = (
        log_line("Ejecución iniciada: w", 0, execution_id="w", event="execution_start").encode()
        + b'{"timestamp": "2026-11-21T\n\xff\xfe\n[1]\n5\n\n'
        + log_line("x", 1, execution_id=7, level=[], agent={}, event=None, exception=3).encode()
        + log_line("Error: Paso planner falló", 2, execution_id="w", level="ERROR").encode()
        + b'{"timestamp": "2026'
    )
    (root / "app.log").write_bytes(raw)
    refs = {ref.id: ref for ref in SOURCE.scan(root)}
    assert set(refs) == {"w", "7"}
    detail = SOURCE.detail(refs["w"])
    assert judge(detail, START).state.value == "failed"
    assert [problem.line for problem in detail.problems] == [2, 3, 4, 5]


def test_a_rewritten_log_is_read_anew(root: Path) -> None:
    path = root / "run.log"
    path.write_text("$ invoke coordinator-run\n" + FAILED + "rc=0\n")
    assert verdict(only(root)).state.value == "failed"
    path.write_text("$ invoke coordinator-run\n" + DONE + "rc=0\n")
    assert verdict(only(root)).state.value == "succeeded"


def test_a_run_that_is_gone_is_unreadable_and_not_an_error(root: Path) -> None:
    path = root / "run.log"
    path.write_text("$ invoke coordinator-run\n" + FAILED + "rc=0\n")
    ref = only(root)
    path.unlink()
    assert SOURCE.fingerprint(ref) == "gone"
    assert verdict(ref).state.value == "unreadable"


def test_things_that_are_no_files_are_neither_opened_nor_followed(root: Path) -> None:
    os.mkfifo(root / "pipe.log")
    (root / "loop.log").symlink_to("loop.log")
    (root / "out.log").symlink_to("/etc/passwd")
    (root / "dir.log").mkdir()
    (root / "empty.log").touch()
    (root / "other.txt").write_text("nothing of this system\n")
    (root / "binary.txt").write_bytes(bytes(range(256)) * 100)
    assert list(SOURCE.scan(root)) == []


@given(st.lists(st.text(max_size=80), max_size=20))
def test_no_text_makes_the_reader_stumble(lines: list[str]) -> None:
    reader = ConsoleReader()
    marks = [
        "$ invoke run-planner",
        "rc=0",
        "INFO:     Uvicorn running on x",
        f"{stamp(START)} - coordinator - ERROR - ",
    ]
    for number, line in enumerate(lines):
        text = marks[number % len(marks)] + line
        reader.feed(2 * number, [text.encode("utf-8", "surrogatepass"), line.encode("utf-8", "surrogatepass")])
    assert len(reader.segments) <= len(lines) + 1


# Configuration, projects, texts.


def test_a_project_is_never_shown_as_live(root: Path) -> None:
    project = {"id": "project_1", "name": "P", "status": "running", "created_at": "2025-11-01T00:35:54.228306"}
    (root / "config" / "agents.config.json").write_text(json.dumps(config(projects=[project, 3, {}]), indent=2))
    ref = only(root)
    run = verdict(ref)
    assert (ref.id, run.state.value, run.title) == ("project_1", "pending", "P")
    said = next(reason for reason in run.reasons if "running" in reason.text)
    line = said.evidence[0].line
    assert line is not None
    assert '"status": "running"' in (root / "config" / "agents.config.json").read_text().splitlines()[line - 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": {"ollama": {"llama3.2:latest": {}}}}, "its model gemma2 is not under models.ollama"),
        ({"models": {}}, "defaultProvider ollama is not among the models"),
        ({"runtime": {}}, "defaultProvider (none)"),
        ({"agents": [{"id": "planner", "defaultModel": "gemma2"}]}, "agent executor has no entry"),
        ({"runtime": 5, "agents": "x", "models": [], "projects": {}}, "defaultProvider (none)"),
    ],
)
def test_a_configuration_that_will_fail_is_told(root: Path, change: dict[str, Any], words: str) -> None:
    (root / "config" / "agents.config.json").write_text(json.dumps(config(**change), indent=2))
    assert any(words in problem.reason for problem in SOURCE.root_problems(root))


def test_a_configuration_that_cannot_be_read_is_told(root: Path) -> None:
    assert SOURCE.root_problems(root) == []
    (root / "config" / "agents.config.json").write_text("{ not json")
    (problem,) = SOURCE.root_problems(root)
    assert problem.reason.startswith("every command of this checkout fails: not valid JSON")
    assert list(SOURCE.scan(root)) == []


@pytest.mark.parametrize(
    ("text", "class_"),
    [
        ("litellm.APIConnectionError: OllamaException - [Errno 111] Connection refused", "provider_down"),
        (NOT_FOUND, "model_missing"),
        (
            'OllamaException - {"error": "model requires more system memory (5.6 GiB) than is available"}',
            "out_of_memory",
        ),
        ('litellm.APIConnectionError: OllamaException - {"error": "rate limit exceeded"}', "rate_limit"),
        ("OSError: We couldn't connect to 'https://huggingface.co' to load the files", "embeddings_offline"),
        ("ValueError: Token de GitHub no encontrado en variable: GITHUB_TOKEN", "auth"),
        ("ValueError: Proveedor no soportado: x", "provider_unsupported"),
        ("Exception: Todos los proveedores fallaron. Error original de ollama: 'gemma3'", "providers_exhausted"),
        ("FileNotFoundError: Archivo de prompt no encontrado: prompts/x", "config"),
        ("Error contacting agent service: All connection attempts failed", "provider_down"),
        ("Agent is paused", "service"),
        ("Dependencias no satisfechas: planner", "dependencies"),
        ("all is well", None),
    ],
)
def test_error_texts_are_classified(text: str, class_: str | None) -> None:
    found = classify(text)
    assert (None if found is None else found.id) == class_


@pytest.mark.parametrize(
    ("command", "task"),
    [
        ("invoke run-planner", "run-planner"),
        ("HF_HUB_OFFLINE=1 inv coordinator-run", "coordinator-run"),
        ("python -c from orchestration.coordinator import X", "coordinator-run"),
        ("python -m agents.executor", "run-executor"),
        ("invoke clean", None),
        ("make test", None),
    ],
)
def test_the_task_of_a_command(command: str, task: str | None) -> None:
    assert task_of(command) == task


def test_console_times_are_local() -> None:
    assert local_time(stamp(START)) == START
    assert local_time("2026-99-99 00:00:00") is None


def test_a_timeout_that_nothing_enforced_is_told(root: Path) -> None:
    lines = console(("coordinator", "INFO", "Agente planner: starting_attempt_1"))
    lines += console("Plan guardado en: artifacts/plan.md", ("coordinator", "INFO", "Agente planner: completed"),
                     at=START + timedelta(seconds=300))  # fmt: skip
    (root / "slow.log").write_text(lines + "rc=0\n")
    detail = SOURCE.detail(only(root))
    assert detail.steps[0].status is StepStatus.SUCCEEDED
    (late,) = (one for one in detail.signals if one.kind is SignalKind.TIMEOUT)
    assert late.text == "it ran 300 s; its documented limit of 180 s is not enforced"
