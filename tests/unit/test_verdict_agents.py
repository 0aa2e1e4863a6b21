"""Contract: every recorded case of agents-orchestration comes out as its format notes say a reader must conclude."""

from pathlib import Path

import pytest

from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.records import SignalKind
from cockpit.models.run import Run
from cockpit.sources.agents_orchestration import AgentsOrchestrationSource
from tests.conftest import NOW

pytestmark = pytest.mark.real

LITELLM = "litellm.APIConnectionError: OllamaException - "
NO_MODEL = LITELLM + '{"error": "model \'llama3.2:latest\' not found"}'
OFFLINE = "We couldn't connect to 'https://huggingface.co'"

# path, state, what it claims, whether that is a lie, the step that matters, words of the deciding reason
CASES: tuple[tuple[str, str, str | None, bool, str | None, str], ...] = (
    ("01-invoke-list-validate.txt#2", "succeeded", "exit 0", False, None, ""),
    ("02-run-planner.txt", "failed", "exit 1", False, None, OFFLINE),
    ("03-run-reviewer.txt", "failed", "exit 1", False, "reviewer", "[Errno 111] Connection refused"),
    # Exit codes lie: the workflow failed, all three agents failed (formats 0.3).
    ("04-coordinator-run.txt", "failed", "exit 0", True, "planner", OFFLINE),
    ("05-run-parallel.txt", "failed", "exit 0", True, "reviewer", "[Errno 111] Connection refused"),
    ("06-switch-provider-github.txt", "failed", "exit 1", False, None, "Todos los proveedores fallaron"),
    ("10-coordinator-run-ok.txt", "succeeded", "exit 0", False, None, "3 steps"),
    ("11-coordinator-ollama-404.txt", "failed", "exit 0", True, "planner", NO_MODEL),
    ("11-coordinator-ollama-429.txt", "failed", "exit 0", True, "planner", "rate limit exceeded"),
    ("11-coordinator-ollama-500.txt", "failed", "exit 0", True, "planner", "requires more system memory"),
    # Hung past its limit of 180 s, which nothing enforces, then ended from outside.
    ("12-stuck-hang.txt", "interrupted", "ended by SIGTERM", False, "planner", "SIGTERM"),
    # HTTP 200 also over a failed workflow (formats 2).
    ("20-web-server.log#wf1", "succeeded", "http 200", False, None, "3 steps"),
    ("20-web-server.log#wf2", "failed", "http 200", True, "planner", NO_MODEL),
    ("20-web-server.log#project_1761953754", "failed", "http 200", True, "planner", NO_MODEL),
    ("20-web-server.log#wf3", "succeeded", "http 200", False, None, "3 steps"),
    # The tail of the agent's log: one good task, one that failed, one that was killed by `stop` (formats 2).
    ("22-mcp-planner.log#L2", "succeeded", "http 200", False, None, ""),
    ("22-mcp-planner.log#L108", "failed", "http 500", False, "planner", "model 'llama3.2:latest' not found"),
    ("22-mcp-planner.log#L191", "interrupted", None, False, "planner", "told to pause or stop"),
    ("30-monitoring.txt", "failed", None, False, None, "CPU usage critical: 96.4%"),
    ("40-config-errors.txt#1", "failed", "exit 1", False, None, "json.decoder.JSONDecodeError"),
    ("40-config-errors.txt#2", "failed", "exit 1", False, None, "Error al parsear configuración JSON"),
    ("40-config-errors.txt#3", "failed", "exit 1", False, None, "Error al parsear configuración JSON"),
    ("40-config-errors.txt#4", "failed", "exit 0", True, None, "Configuration file not found!"),
    ("40-config-errors.txt#5", "failed", "exit 1", False, None, "Archivo de configuración no encontrado"),
    ("40-config-errors.txt#6", "failed", "exit 1", False, None, "Configuración del agente 'reviewer' no encontrada"),
    ("40-config-errors.txt#7", "succeeded", "exit 0", False, None, ""),
    ("40-config-errors.txt#8", "failed", "exit 1", False, None, "Error original de ollama: 'gemma3'"),
    ("40-config-errors.txt#9", "failed", "exit 1", False, None, "Archivo de prompt no encontrado"),
    ("40-config-errors.txt#10", "failed", "exit 2", False, None, "Unknown agent id: diagnostic"),
    ("50-wrapper-ok.txt", "succeeded", "success", False, None, "3 steps"),
    ("51-wrapper-fail.txt", "failed", None, False, "planner", NO_MODEL),
    ("structured-example/orchestrator.log#wf_ok", "succeeded", "success", False, None, "3 steps"),
    ("structured-example/orchestrator.log#wf_fail", "failed", "started", True, "planner", NO_MODEL),
    # `running` since 2025 and for ever: never shown as live (formats 1).
    ("work/config/agents.config.json#project_1761953754", "pending", None, False, None, "nothing says that it ever"),
    ("work-ok/config/agents.config.json#project_1795233570", "pending", None, False, None, "nothing says that it ever"),
)


@pytest.fixture(scope="module")
def details(real_data: Path) -> dict[str, RunDetail]:
    source = AgentsOrchestrationSource()
    return {ref.path: source.detail(ref) for ref in source.scan(real_data / "agents-orchestration")}


@pytest.fixture(scope="module")
def runs(details: dict[str, RunDetail]) -> dict[str, Run]:
    return {path: judge(detail, NOW) for path, detail in details.items()}


@pytest.mark.parametrize(("path", "state", "claimed", "lies", "step", "words"), CASES, ids=[case[0] for case in CASES])
def test_a_recorded_case_comes_out_as_a_reader_must_conclude(
    runs: dict[str, Run], path: str, state: str, claimed: str | None, lies: bool, step: str | None, words: str
) -> None:
    run = runs[path]
    assert (run.state.value, run.claimed, run.contradicted, run.step) == (state, claimed, lies, step)
    assert words in run.reasons[0].text


def test_every_recorded_run_is_in_the_contract(runs: dict[str, Run]) -> None:
    known = {case[0] for case in CASES}
    others = {
        "20-web-server.log#L1478",  # POST /api/projects/new says no id; it failed like the two before
        "20-web-server.log#L2044",  # refused for missing markdown, with 500
        "work-ok/config/agents.config.json#project_1761953754",
        "work-bad/config/agents.config.json#project_1761953754",
    }
    assert set(runs) - known == others
    assert {runs[path].state.value for path in others} == {"failed", "pending"}


def test_evidence_names_lines_that_say_what_is_quoted(runs: dict[str, Run], real_data: Path) -> None:
    root = real_data / "agents-orchestration"
    checked = 0
    for run in runs.values():
        for one in (one for reason in run.reasons for one in reason.evidence):
            if one.line is None:
                continue
            line = (root / one.path).read_text("utf-8", "replace").splitlines()[one.line - 1]
            if line.startswith("{"):
                continue  # a JSON line quotes with escapes
            assert one.quote[:60].split("│")[0].strip() in line, (run.key, one)
            checked += 1
    assert checked > 40


def test_the_whole_of_run_parallel_failed_although_it_says_0(runs: dict[str, Run]) -> None:
    run = runs["05-run-parallel.txt"]
    assert (run.steps.done, run.steps.failed, run.steps.total) == (0, 3, 3)
    texts = [reason.text for reason in run.reasons]
    assert any("planner failed: OSError: We couldn't connect" in text for text in texts)
    assert any("executor failed: OSError: We couldn't connect" in text for text in texts)


def test_the_hung_step_is_told_with_the_limit_that_nothing_enforces(runs: dict[str, Run]) -> None:
    texts = [reason.text for reason in runs["12-stuck-hang.txt"].reasons]
    assert any("ran 205 s; its documented limit of 180 s is not enforced" in text for text in texts)


def test_the_fallback_storm_is_one_signal(details: dict[str, RunDetail]) -> None:
    detail = details["06-switch-provider-github.txt"]
    storm = [one for one in detail.signals if "fallback" in one.text and "attempts" in one.text]
    assert [one.text for one in storm] == ["496 attempts with fallback providers, which lack the agents' models"]
    assert len(detail.signals) < 10


def test_alerts_of_the_host_are_signals_with_their_numbers(details: dict[str, RunDetail]) -> None:
    alerts = [one.text for one in details["30-monitoring.txt"].signals if one.kind is SignalKind.ANOMALY]
    assert [text.partition("] ")[2] for text in alerts] == [
        "system_cpu: CPU usage critical: 96.4%",
        "system_memory: Memory usage critical: 96.1%",
        "system_disk: Disk usage high: 91.2%",
        "agent_planner: Agent planner failed",
    ]


def test_attempts_of_a_step_are_counted(details: dict[str, RunDetail]) -> None:
    for path in ("structured-example/orchestrator.log#wf_fail", "11-coordinator-ollama-404.txt", "51-wrapper-fail.txt"):
        (step,) = details[path].steps
        assert (step.step, step.attempts) == ("planner", 3)


def test_no_recorded_file_is_unreadable_and_only_the_bad_configuration_is_a_problem(
    details: dict[str, RunDetail], real_data: Path
) -> None:
    assert [problem for detail in details.values() for problem in detail.problems] == []
    assert AgentsOrchestrationSource().root_problems(real_data / "agents-orchestration") == []


def test_the_root_is_recognised_and_those_of_other_systems_are_not(real_data: Path) -> None:
    source = AgentsOrchestrationSource()
    assert source.detect(real_data / "agents-orchestration")
    assert not any(source.detect(real_data / name) for name in ("flow-studio", "curriculum-builder", "ai-csuite"))
    assert not source.detect(real_data / "flow-studio" / "runs")


def test_a_client_side_transcript_is_no_run(runs: dict[str, Run]) -> None:
    files = {path.partition("#")[0] for path in runs}
    assert not files & {"21-web-calls.txt", "26-web-workflows.txt", "29-ws.txt", "13-stuck-kill.txt"}
