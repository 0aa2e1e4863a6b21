"""A checkout of the agents-orchestration-system and what its commands leave (formats/agents-orchestration.md 0 and 1).

The system keeps no record of a run: what is left is the console, here captured as `invoke ... | tee logs/...` would,
with a last line for the exit code, which is 0 whatever happened; and artifacts that the next run overwrites.
"""

import json
import os
import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.demo.files import Pace, RealPace, SimulatedPace

TREE = Path("agents-orchestration")
"""The checkout, below a workspace."""
LOGS = TREE / "logs"
LIVE = "live-"
"""Begins the names of the captures the live producer makes; only those are ever pruned."""
TASKS: dict[str, tuple[str, ...]] = {
    "coordinator-run": ("planner", "executor", "reviewer"),
    "run-agents": ("planner", "executor", "reviewer"),
    "run-parallel": ("planner", "executor", "reviewer"),
    "run-planner": ("planner",),
    "run-executor": ("executor",),
    "run-reviewer": ("reviewer",),
    "validate-config": (),
}
CONNECTION_REFUSED = "litellm.APIConnectionError: OllamaException - [Errno 111] Connection refused"

_ROLES = {"planner": "Planificador de Proyectos", "executor": "Ejecutor de Código", "reviewer": "Revisor de Código"}
_SAVED = {
    "planner": ("Plan guardado en", "artifacts/plan.md"),
    "executor": ("Reporte guardado en", "artifacts/execution-report.md"),
    "reviewer": ("Reporte de revisión guardado en", "artifacts/review-report.md"),
}
_ARTIFACTS = {
    "planner": "# Plan\n\n## Tarea 1: leer el pedido\n\n## Tarea 2: guardar el carrito\n",
    "executor": "# Reporte de Ejecución\n\n**Estado**: completed\n**Timestamp**: 2025-01-01T00:00:00Z\n\n"
    "## Resultados\n\nLas dos tareas del plan están hechas.\n",
    "reviewer": "# Reporte de Revisión\n\n**Estado**: reviewed\n**Timestamp**: 2025-01-01T00:00:00Z\n\n"
    "## Resultados de Revisión\n\nSin observaciones.\n",
}
_RETRIES = {"planner": 2, "executor": 1, "reviewer": 2}
_MODELS = {"planner": "llama3.2:latest", "executor": "deepseek-coder:6.7b", "reviewer": "gemma2"}


class Console:
    """One command at work in the checkout: its console, and the artifacts it writes."""

    def __init__(self, tree: Path, pace: Pace, rng: random.Random, say: Callable[[str], None]) -> None:
        """A command about to start.

        Args:
            tree: The checkout.
            pace: Its clock.
            rng: Source of the ids it prints.
            say: Takes the lines of its console.
        """
        self._tree, self._pace, self._rng, self._say = tree, pace, rng, say

    def start(self) -> None:
        """What every command prints first."""
        self._log("agents", "INFO", "Sistema de logging configurado")
        said = "No sentence-transformers model found with name all-MiniLM-L6-v2. Creating a new one with MEAN pooling."
        self._log("sentence_transformers.SentenceTransformer", "WARNING", said)
        self._say("Vector store cargado desde: vectorstore")

    def begin(self, agent: str) -> None:
        """An agent starts to work."""
        identity = uuid.UUID(int=self._rng.getrandbits(128), version=4)
        self._box("Crew Execution Started", f"ID: {identity}")
        self._box(f"Agent: {_ROLES[agent]}", "Task: # Prompt para Agente")

    def work(self, agent: str, seconds: float) -> None:
        """An agent works, and writes its artifact.

        Raises:
            Stopped: The command was told to end.
        """
        self.begin(agent)
        self._pace.wait(seconds)
        words, name = _SAVED[agent]
        self._write(name, _ARTIFACTS[agent])
        self._box("Crew Execution Completed", "Name: crew")
        self._say(f"{words}: {name}")

    def fail(self, agent: str, error: str, seconds: float) -> None:
        """An agent fails in all its attempts; the coordinator goes home, and its command exits 0.

        Raises:
            Stopped: The command was told to end.
        """
        for _ in range(_RETRIES[agent] + 1):
            self.begin(agent)
            self._pace.wait(seconds)
            self._log("coordinator", "ERROR", f"Error: {error}")
            self._say("Traceback (most recent call last):")
            self._say('  File "/srv/agents/orchestration/coordinator.py", line 262, in _execute_step_with_retry')
            self._say(error)
        self._log("coordinator", "ERROR", f"Error: Paso {agent} falló")
        self._say("NoneType: None")

    def _log(self, logger: str, level: str, message: str) -> None:
        self._say(f"{self._pace.now().astimezone():%Y-%m-%d %H:%M:%S} - {logger} - {level} - {message}")

    def _box(self, *lines: str) -> None:
        self._say("╭" + "─" * 78 + "╮")
        for line in lines:
            self._say(f"│  {line:<76}│")
        self._say("╰" + "─" * 78 + "╯")

    def _write(self, name: str, text: str) -> None:
        path = self._tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        when = self._pace.now().timestamp()
        os.utime(path, (when, when))


class Capture:
    """The captured console of one command, in the checkout's `logs`."""

    def __init__(self, tree: Path, name: str, pace: Pace) -> None:
        """A capture, not begun yet.

        Args:
            tree: The checkout.
            name: Of its file, without the suffix.
            pace: The clock.
        """
        self.path, self._pace = tree / "logs" / f"{name}.log", pace

    def begin(self, command: str) -> None:
        """The lines above the output."""
        self.say(f"$ {command}")
        self.say(f"start {self._pace.now():%Y-%m-%dT%H:%M:%SZ}")

    def say(self, line: str) -> None:
        """Append a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    def end(self, code: int) -> None:
        """The line below the output."""
        self.say(f"rc={code} end {self._pace.now():%Y-%m-%dT%H:%M:%SZ}")

    def age(self) -> None:
        """Set its time to the clock's."""
        when = self._pace.now().timestamp()
        os.utime(self.path, (when, when))


def configuration() -> str:
    """`config/agents.config.json`, with the agents that have code."""
    value = {
        "metadata": {"project": "agents-parallel-dev", "version": "0.1.0"},
        "runtime": {
            "logDirectory": "logs",
            "artifactsDirectory": "artifacts",
            "defaultProvider": "ollama",
            "ollama": {"host": "http://localhost:11434", "concurrency": 2},
            "fallbackProviders": ["github-models"],
        },
        "models": {
            "ollama": {model: {"context": 8192} for model in _MODELS.values()},
            "github-models": {"gpt-4o-mini": {"endpoint": "https://models.github.com", "tokenEnv": "GITHUB_TOKEN"}},
        },
        "agents": [
            {"id": agent, "description": _ROLES[agent], "port": port, "defaultModel": model}
            for port, (agent, model) in enumerate(_MODELS.items(), 8100)
        ],
        "projects": [],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def prompts() -> dict[str, str]:
    """The prompt files of the agents, by name."""
    return {f"prompts/{agent}.prompt": f"Eres el {role.lower()}.\n" for agent, role in _ROLES.items()}


def write_runs(tree: Path, now: datetime) -> dict[str, str]:
    """The captures of the past; label of each -> its run's id."""
    made: dict[str, str] = {}

    def begin(label: str, ago: timedelta, seed: int) -> tuple[Capture, Console, SimulatedPace]:
        pace = SimulatedPace(now - ago)
        name = f"coordinator-run-{pace.moment:%H%M}"
        made[label] = name
        capture = Capture(tree, name, pace)
        capture.begin("invoke coordinator-run")
        console = Console(tree, pace, random.Random(seed), capture.say)  # noqa: S311
        console.start()
        return capture, console, pace

    capture, console, _ = begin("agents-ok", timedelta(hours=4, minutes=12), 41)
    for agent, seconds in (("planner", 74.0), ("executor", 241.0), ("reviewer", 96.0)):
        console.work(agent, seconds)
    capture.end(0)
    capture.age()
    capture, console, _ = begin("agents-masked", timedelta(minutes=58), 42)
    console.fail("planner", CONNECTION_REFUSED, 21)
    capture.end(0)
    capture.age()
    capture, console, _ = begin("agents-hung", timedelta(minutes=34), 43)
    console.work("planner", 88)
    console.begin("executor")
    capture.age()
    return made


def play(tree: Path, pace: RealPace, rng: random.Random, seconds: tuple[float, float], *, fail: float) -> None:
    """One whole workflow, live.

    Raises:
        Stopped: The producer was told to end; the capture stays as a killed command leaves it.
    """
    capture = Capture(tree, f"{LIVE}{pace.now():%H%M%S}", pace)
    capture.begin("invoke coordinator-run")
    console = Console(tree, pace, rng, capture.say)
    console.start()
    breaks = rng.choice(TASKS["coordinator-run"]) if rng.random() < fail else ""
    for agent in TASKS["coordinator-run"]:
        if agent == breaks:
            console.fail(agent, CONNECTION_REFUSED, rng.uniform(*seconds))
            break
        console.work(agent, rng.uniform(*seconds) * 2)
    capture.end(0)
