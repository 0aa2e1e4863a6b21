"""Texts that the real systems write when something is wrong (recorded data, formats and seeds), and what they mean.

Each sample names every rule that may say something of it: what is not named must stay silent.
"""

from typing import NamedTuple


class Sample(NamedTuple):
    """A text of a run.

    Attributes:
        source: Whose run.
        text: As written.
        ids: Every rule that speaks of it.
        place: What kind of text it is.
    """

    source: str
    text: str
    ids: frozenset[str]
    place: str = "error"


def _fs(text: str, *ids: str, place: str = "error") -> Sample:
    return Sample("flow-studio", text, frozenset(ids), place)


def _cb(text: str, *ids: str, place: str = "error") -> Sample:
    return Sample("curriculum-builder", text, frozenset(ids), place)


def _ao(text: str, *ids: str, place: str = "error") -> Sample:
    return Sample("agents-orchestration", text, frozenset(ids), place)


def _ac(text: str, *ids: str, place: str = "error") -> Sample:
    return Sample("ai-csuite", text, frozenset(ids), place)


SAMPLES: tuple[Sample, ...] = (
    # flow-studio, failed
    _fs("Traceback (most recent call last):\n  File \"tools/implement.py\", line 12, in <module>\n"
        "    import httpx_retry\nModuleNotFoundError: No module named 'httpx_retry'\n", "missing-module"),
    _fs("ImportError: cannot import name 'Retry' from 'httpx'", "missing-module"),
    _fs("No module named 'swarm.runtime.engines.stub'", "broken-tree"),
    _fs("_create_deterministic_routing_signal() missing 1 required positional argument: 'next_step_id'", "broken-tree"),
    _fs("'NoneType' object has no attribute 'decision'", "broken-tree"),
    _fs("Invalid routing: step 'critique_bdd' not found", "broken-tree"),
    _fs("Flow signal failed: make: *** No rule to make target 'demo-signal'.  Stop.\n", "missing-make-target"),
    _fs("FileNotFoundError: [Errno 2] No such file or directory: 'plan/adr.md'", "missing-file"),
    _fs("TimeoutError: step exceeded 300s while waiting for tool Bash", "step-timeout"),
    _fs("CLI execution failed: Command '/srv/claude -p --output-format stream-json' timed out after 300 seconds",
        "step-timeout"),
    _fs("llm_call timed out after 120034 ms (limit 120000 ms), then escalate", "step-timeout"),
    _fs("pydantic.ValidationError: 2 validation errors for HandoffEnvelope", "malformed-output"),
    _fs("Step failed: pytest returned exit code 2", "command-failed"),
    _fs("subprocess.CalledProcessError: Command '['ruff']' returned non-zero exit status 1.", "command-failed"),
    # flow-studio, detours
    _fs("5 fixable lint errors detected", "detour-lint", place="routing"),
    _fs("error: Incompatible types in assignment (expression has type int)", "detour-types"),
    _fs("E       fixture 'client' not found", "detour-fixture"),
    _fs("ERROR: No matching distribution found for httpx-retry==9", "detour-dependencies"),
    _fs("CONFLICT (content): Merge conflict in src/auth.py", "detour-conflict"),
    _fs("Upstream diverged by 15 commits", "detour-upstream", place="routing"),
    _fs("Your branch is behind 'origin/main' by 3 commits", "detour-upstream", place="event"),
    _fs("The output does not match the spec of the login flow", "spec-mismatch", place="handoff"),
    # flow-studio, security
    _fs("FAIL secrets: src/config.py:15 matches /sk-[A-Za-z0-9]{48}/", "secret-exposure", place="boundary"),
    _fs("secret_exposure: src/config.py", "secret-exposure", place="boundary"),
    _fs("unauthorized_push: git push --force origin main", "unauthorised-write", place="boundary"),
    # everywhere
    _fs("PermissionError: [Errno 13] Permission denied: '/srv/runs/meta.json'", "permission-denied"),
    _ac("permission denied", "permission-denied", place="problem"),
    _fs("OSError: [Errno 28] No space left on device", "disk-full"),
    _cb("MemoryError: Unable to allocate 2 GiB", "out-of-memory"),
    _fs("3 vulnerabilities found in 2 packages (CVE-2026-1234)", "vulnerable-dependency", place="event"),
    _ao("unauthorized access attempt from 10.0.0.12", "unauthorised-access", place="event"),
    # curriculum-builder A to F
    _cb("[stage_conflict] Topic spec not ready: /srv/runs/20261121-034529-stage-conflict/inputs/topic_spec.json",
        "a-stage-conflict"),
    _cb("inputs/topic_spec.json still holds the template's words in goal, audience", "a-template-words",
        place="needs_human"),
    _cb("Topic spec missing or incomplete: inputs/topic_spec.json\n- goal must not use placeholder text",
        "a-template-words"),
    _cb("Invalid curriculum JSON: Expecting value: line 87 column 9 (char 3000)", "b-schema"),
    _cb("1 check failed (1 schema): Duplicate node titles: ['Posterior reasoning']", "b-schema"),
    _cb("Unexpected top-level keys: ['note']", "b-schema"),
    _cb("Node N3: prerequisite 'N99' does not exist", "b-dag"),
    _cb("Circular dependency detected", "b-dag"),
    _cb("Graph depth too shallow for 6 nodes (max depth 0); likely missing intermediate progression", "b-dag"),
    _cb("Node N6: standard evidence requires at least 2 resources", "b-evidence"),
    _cb("Node N5: mastery_check.task too short to be actionable", "b-quality"),
    _cb("Missing curriculum file: /srv/runs/x/outputs/curriculum/curriculum.json", "b-no-curriculum"),
    _cb("the validator crashed: AttributeError: 'str' object has no attribute 'get'", "b-validator-crash"),
    _cb("[internal_error] codex_exec mode failed to return valid structured JSON.", "c-codex-output"),
    _cb("[internal_error] llm proposer returned invalid curriculum payload.", "c-codex-output"),
    _cb("FileNotFoundError: [Errno 2] No such file or directory: 'codex'", "c-codex-missing"),
    _cb("[config_error] CODING_AGENT_CMD is empty; cannot run codex_exec mode.", "c-codex-missing"),
    _cb("[config_error] AGENT_MODEL is incompatible with ChatGPT-authenticated codex_exec.", "c-codex-model"),
    _cb("[config_error] OPENAI_API_KEY is required for AGENT_PROVIDER=remote_llm.", "d-api-key"),
    _cb("[config_error] OPENAI_BASE_URL is invalid for AGENT_PROVIDER=remote_llm.", "e-base-url"),
    _cb("ValueError: Invalid IPv6 URL", "e-base-url"),
    _cb("[internal_error] remote_llm request failed.", "remote-request-failed"),
    _cb("[internal_error] remote_llm response root must be object.", "remote-request-failed"),
    _cb("TimeoutError: timed out", "remote-timeout"),
    _cb("[invalid_argument] Invalid run metadata in /srv/runs/x/run.json; delete and re-initialize this run.",
        "f-invalid-metadata"),
    _cb("a JSON array instead of an object", "f-invalid-metadata"),
    _cb("not valid JSON: ends in the middle (line 16)", "f-broken-metadata"),
    _cb("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "f-broken-metadata"),
    _cb("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0", "f-broken-metadata"),
    _cb("validation_report.md says PASS, but is older than curriculum.json (03:49:33.183 against 03:49:34.341)",
        "contradiction-stale-artifacts", place="stalled"),
    _cb("validation_report.md says PASS, but is older than topic_spec.json (03:49:40.823 against 03:49:41.944)",
        "contradiction-stale-specification", place="stalled"),
    _cb("the run was ended by SIGKILL", "killed-command"),
    # agents-orchestration, its five scenarios
    _ao("FileNotFoundError: Archivo de configuración no encontrado: config/agents.config.json", "agent-configuration"),
    _ao("Unknown agent id: diagnostic. Supported: ['planner', 'executor', 'reviewer']", "agent-configuration"),
    _ao("Exception: Todos los proveedores fallaron. Error original de ollama: 'gemma3'", "model-not-configured",
        "fallbacks-exhausted"),
    _ao("Dependencias no satisfechas: ['planner']", "unmet-dependencies"),
    _ao("Falló después de 3 intentos. Último error: timeout", "attempts-exhausted"),
    _ao('INFO: 127.0.0.1:34224 - "POST /api/projects/new HTTP/1.1" 500 Internal Server Error', "agent-server-error"),
    _ao("workflow.planner: the agent refused new work (409) as it was told to pause or stop", "agent-refuses-work",
        place="interrupted"),
    _ao('{"detail":"Agent is paused"}', "agent-refuses-work"),
    _ao("**Estado**: error\n\n## Resultados\n\nSin resultados", "empty-plan", place="stalled"),
    _ao("litellm.APIConnectionError: OllamaException - [Errno 111] Connection refused", "provider-unreachable"),
    _ao("httpx.ReadTimeout: the provider took too long", "provider-timeout"),
    _ao("litellm.APIConnectionError: OllamaException - model 'llama3.2:latest' not found", "model-missing"),
    _ao('litellm.APIConnectionError: OllamaException - {"error": "rate limit exceeded"}', "rate-limit"),
    _ao("ValueError: Token de GitHub no encontrado en variable: GITHUB_TOKEN", "provider-auth"),
    _ao("ValueError: Proveedor no soportado: bedrock", "provider-unknown"),
    _ao("Proveedor de fallback azure-ai-foundry también falló: x", "fallbacks-exhausted"),
    _ao("OSError: We couldn't connect to 'https://huggingface.co' to load the files", "embeddings-offline"),
    _ao("Failed to resolve 'huggingface.co' ([Errno -2] Name or service not known)", "embeddings-offline"),
    _ao('{"error": "model requires more system memory (5.6 GiB) than is available (1.9 GiB)"}', "model-needs-memory"),
    _ao("Alert created: [critical] system_cpu: CPU usage critical: 96.4%", "resource-alert", place="anomaly"),
    _ao("Error contacting agent service: Server disconnected without sending a response.", "service-unreachable"),
    # ai-csuite, its triggers
    _ac("Error ratio 0.43 over last 7 attempts exceeds 0.20", "slo-breach", place="slo_breach"),
    _ac("threshold_both: error rate 0.025 (at most 0.02), p95 900 ms (at most 800)", "slo-breach"),
    _ac("evaluation score 1.0 is below the threshold 1.01", "eval-drop", place="eval_drop"),
    _ac("self.probe was rolled back from 25 % to 5 %: eval_below_threshold", "eval-drop", "anomaly-rollback",
        place="anomaly"),
    _ac("creative blocked: ['banned']", "safety-violation", place="safety"),
    _ac("Budget status is blocked", "budget-overrun", place="budget"),
    _ac("Persona 'engineer' blocked by budget", "budget-overrun", place="budget"),
    _ac("self.demo_feature was rolled back from 50 % to 25 %: latency_regression, safety_blocked", "anomaly-rollback",
        "slo-breach", "safety-violation", place="anomaly"),
    _ac("Step engineer exhausted retries (3) and failed", "retries-exhausted"),
    _ac("UNIQUE constraint failed: graph_states.run_id, graph_states.step_index, graph_states.attempt",
        "stuck-after-resume"),
    _ac("Injected failure at engineer", "injected-failure"),
    _ac("no step ever ran: POST /runs/{id}/start sets succeeded without running an agent", "contradiction-no-work",
        place="stalled"),
    _ac("the definition of ready is not met: PRD, design check or research of its roadmap item is missing", "not-ready",
        place="blocked"),
    _ac("PR gating not green: ai-csuite/human-approval, ai-csuite/preview-smoke", "gate-not-green", place="gate"),
    _ac("NonRetryableError: unknown adapter 'does_not_exist' for capability 'ads'", "provider-adapter"),
    _ac("GITHUB_TOKEN not set", "integration-off"),
)  # fmt: skip

HARMLESS: tuple[str, ...] = (
    "Default progression (deterministic)",
    "linear_explicit",
    "stub_finalization",
    "Signal artifacts complete; proceed to design planning",
    "Gate passed; proceed to deployment",
    "all 42 tests pass, 91 % coverage",
    "Step author_tests is done.",
    "No changes detected",
    "validator passed",
    "Sistema de logging configurado",
    "Transient error HTTPSConnectionPool(host='telemetry.crewai.com', port=4319): Max retries exceeded",
    "NoneType: None",
    "Crew Execution Started",
)
"""What the same systems write when nothing is wrong, or nothing of theirs."""
