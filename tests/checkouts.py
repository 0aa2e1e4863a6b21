"""Checkouts of the systems in which their commands really run: small programs that write, say and exit as those do.

What they print and how they end is taken from the recorded commands (formats, "Commands"); nothing of the systems
themselves is in them.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

AGENTS = ("planner", "executor", "reviewer", "diagnostic", "communication")
MODELS = ("llama3.2:latest", "deepseek-coder:6.7b", "gemma2", "phi3.5", "llama3.2:latest")

INVOKE = """\
import pathlib, sys
task = sys.argv[1]
print("2026-11-21 03:51:04 - agents - INFO - Sistema de logging configurado")
mode = pathlib.Path("mode").read_text().strip() if pathlib.Path("mode").exists() else "ok"
if task == "validate-config":
    print("Configuration file not found!" if mode == "gone" else "Project: agents-parallel-dev\\nAgents: 5")
    sys.exit(0)
pathlib.Path("artifacts").mkdir(exist_ok=True)
pathlib.Path("artifacts/plan.md").write_text("## a new plan\\n")
if mode == "down":
    print("2026-11-21 03:53:23 - coordinator - ERROR - Error: litellm.APIConnectionError: Connection refused")
    print("Traceback (most recent call last):")
    print("2026-11-21 03:53:23 - coordinator - ERROR - Error: Paso planner falló")
    print("NoneType: None")
elif mode == "parallel":
    print("2026-11-21 03:54:05 - tasks - ERROR - Agente Executor falló: Traceback (most recent call last):")
else:
    print("Plan guardado en: artifacts/plan.md")
"""

ORCHESTRATION = """\
import json, os, pathlib, sys, time
base = pathlib.Path(os.environ["ORCHESTRATION_BASE_DIR"])
mode = pathlib.Path("mode").read_text().strip() if pathlib.Path("mode").exists() else "ok"
command, *rest = sys.argv[1:]
pathlib.Path("calls").open("a").write(json.dumps([command, rest, {k: v for k, v in os.environ.items()
    if k.startswith(("AGENT_", "OPENAI_BASE"))}], sort_keys=True) + "\\n")
if command == "init":
    name = "20261121-050000" + "".join("-" + word for word in rest)
    run = base / name
    if mode == "silent":
        sys.exit(0)
    if mode == "fails":
        sys.exit("[config_error] Topic spec template not found: nowhere")
    if mode == "old":
        run = base / sorted(each.name for each in base.iterdir() if each.name[0] == "2")[0]
    elif mode == "elsewhere":
        run = pathlib.Path("/etc") / name
    else:
        (run / "inputs").mkdir(parents=True)
        (run / "logs").mkdir()
        (run / "inputs" / "topic_spec.json").write_text("{}")
        (run / "inputs" / "scope.md").write_text("# Learning Scope\\n")
        (run / "run.json").write_text(json.dumps({"run_id": name, "created_at_utc": "x", "stage": "initialized",
            "history": [{"at_utc": "x", "event_type": "stage_transition", "stage": "initialized", "message": "m",
            "metadata": {}}]}))
    print("Initialized orchestration run.\\nRun directory:", run)
    sys.exit(0)
run = base / rest[0]
if command == "run" and mode == "conflict":
    print(f"[stage_conflict] Topic spec not ready: {run}/inputs/topic_spec.json", file=sys.stderr)
    sys.exit(5)
if mode == "invalid":
    print("FAILED: 1\\n  ERR  Duplicate node titles: ['x']")
    sys.exit(1)
print("Saved validation report:", run / "outputs/reviews/validation_report.md")
"""


def programs(base: Path, **scripts: str) -> Path:
    """A directory of programs for `PATH`: each a Python script under the name it is called by."""
    folder = base / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in scripts.items():
        path = folder / name.replace("_", ".")
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
    return folder


def agents_config(provider: str = "ollama") -> dict[str, Any]:
    """A configuration as the system ships it."""
    return {
        "metadata": {"project": "agents-parallel-dev", "version": "0.1.0"},
        "runtime": {
            "defaultProvider": provider,
            "ollama": {"host": "http://localhost:11434", "concurrency": 2},
            "fallbackProviders": ["github-models", "azure-ai-foundry"],
        },
        "models": {
            "ollama": {name: {"context": 8192} for name in dict.fromkeys(MODELS)},
            "github-models": {"gpt-4o-mini": {"endpoint": "https://models.github.com", "tokenEnv": "GITHUB_TOKEN"}},
            "azure-ai-foundry": {"gpt-4o": {"endpointEnv": "AZURE_OPENAI_ENDPOINT", "credential": "entra-id"}},
        },
        "agents": [
            {"id": agent, "description": "Añade", "defaultModel": model}
            for agent, model in zip(AGENTS, MODELS, strict=True)
        ],
        "projects": [],
    }


def agents_checkout(base: Path, name: str = "agents") -> Path:
    """A checkout of agents-orchestration-system with artifacts and logs of the workflow before."""
    tree = base / name
    for folder in ("config", "artifacts/monitoring", "logs", "prompts"):
        (tree / folder).mkdir(parents=True)
    (tree / "tasks.py").write_text("# tasks\n")
    text = json.dumps(agents_config(), indent=2, ensure_ascii=False) + "\n"
    (tree / "config" / "agents.config.json").write_text(text)
    for agent in AGENTS:
        (tree / "prompts" / f"{agent}.prompt").write_text("You are.\n")
    (tree / "artifacts" / "plan.md").write_text("## Tarea 1\n")
    (tree / "artifacts" / "monitoring" / "dashboard.json").write_text("{}\n")
    (tree / "logs" / "agents.log").write_text('{"logger": "agents", "message": "x"}\n')
    (tree / "logs" / "agents_error.log").touch()
    os.utime(tree / "artifacts" / "plan.md", ns=(1_795_233_570_123_456_789,) * 2)
    return tree


def curriculum_checkout(base: Path, name: str = "curriculum") -> Path:
    """A checkout of curriculum-builder with a directory of runs; `mode` in it decides how its commands go."""
    tree = base / name
    (tree / "scripts").mkdir(parents=True)
    (tree / "runs").mkdir()
    (tree / "scripts" / "orchestration.py").write_text(ORCHESTRATION)
    return tree
