"""What is wrong with a checkout's configuration (formats/agents-orchestration.md 1, 3 and 5).

The system's own `validate-config` looks at neither models nor providers nor prompts and says 0 over a missing file.
"""

from pathlib import Path
from typing import NamedTuple

from cockpit.models.problem import Problem
from cockpit.sources.fields import Obj, items, obj, text, word
from cockpit.sources.jsonfile import Unreadable, read_bytes, read_object

CONFIG = "config/agents.config.json"
CODED = ("planner", "executor", "reviewer")
_DEFAULT_HOST = "http://localhost:11434"


class Project(NamedTuple):
    """One entry of `projects[]`: something the web interface was asked to do.

    Attributes:
        id: Also its execution id.
        status: Only ever `created` or `running`, whatever became of it.
        line: Where its id stands.
    """

    id: str
    name: str | None
    status: str | None
    created_at: str | None
    line: int | None
    status_line: int | None


class Config(NamedTuple):
    """What of a configuration matters here.

    Attributes:
        problems: What will make runs fail.
        ollama_host: Base URL of the model provider.
        provider: The default provider.
        models: Models the default provider must have for the agents that have code.
    """

    projects: tuple[Project, ...] = ()
    problems: tuple[Problem, ...] = ()
    ollama_host: str = _DEFAULT_HOST
    provider: str | None = None
    models: tuple[str, ...] = ()


def read_config(directory: Path, shown: str) -> Config:
    """The configuration of a checkout; never raises.

    Args:
        directory: The checkout.
        shown: What problems call its configuration file: the path relative to the root.
    """
    path = directory / CONFIG
    data, problem = read_object(path, shown)
    if data is None:
        if problem is None:
            problem = Problem(path=shown, reason="is missing: every agent fails, and validate-config exits 0 over it")
        else:
            reason = f"every command of this checkout fails: {problem.reason}"
            problem = problem.model_copy(update={"reason": reason})
        return Config(problems=(problem,))
    lines = _lines(path)
    runtime = obj(data.get("runtime"))
    provider = word(runtime.get("defaultProvider"))
    agents = {word(agent.get("id")): agent for agent in map(obj, items(data.get("agents")))}
    host = text(obj(runtime.get("ollama")).get("host")) or _DEFAULT_HOST
    found = [] if problem is None else [problem]
    found += _agents(data, provider, agents, directory, shown, lines)
    models = [word(agents[name].get("defaultModel")) for name in CODED if name in agents]
    return Config(
        tuple(_project(one, lines) for one in map(obj, items(data.get("projects"))) if word(one.get("id"))),
        tuple(found),
        host,
        provider,
        tuple(dict.fromkeys(model for model in models if model)),
    )


def _agents(
    data: Obj, provider: str | None, agents: dict[str | None, Obj], directory: Path, shown: str, lines: list[str]
) -> list[Problem]:
    models = obj(data.get("models"))
    if provider is None or provider not in models:
        said = f"runtime.defaultProvider {provider or '(none)'} is not among the models: no agent can be built"
        return [Problem(path=shown, line=_line(lines, "defaultProvider"), reason=said)]
    found = []
    prompts = directory / "prompts"
    for name in CODED:
        agent = agents.get(name)
        if agent is None:
            found.append(Problem(path=shown, reason=f"agent {name} has no entry: it fails at once"))
            continue
        model = word(agent.get("defaultModel"))
        if model not in obj(models[provider]):
            said = f"agent {name}: its model {model} is not under models.{provider}: it fails with KeyError"
            found.append(Problem(path=shown, line=_line(lines, "id", name), reason=said))
        if prompts.is_dir() and not (prompts / f"{name}.prompt").exists():
            found.append(Problem(path=shown, reason=f"agent {name}: prompts/{name}.prompt is missing"))
    return found


def _project(one: Obj, lines: list[str]) -> Project:
    name = word(one.get("id")) or ""
    line = _line(lines, "id", name)
    below = lines[line:] if line else []
    offset = next((at for at, said in enumerate(below[:50], 1) if said.strip().startswith('"status"')), None)
    return Project(
        name,
        word(one.get("name")),
        word(one.get("status")),
        word(one.get("created_at")),
        line,
        None if line is None or offset is None else line + offset,
    )


def _lines(path: Path) -> list[str]:
    try:
        return read_bytes(path).decode("utf-8", "replace").splitlines()
    except (Unreadable, FileNotFoundError):
        return []


def _line(lines: list[str], key: str, value: str | None = None) -> int | None:
    wanted = f'"{key}": "{value}"' if value is not None else f'"{key}"'
    return next((at for at, line in enumerate(lines, 1) if wanted in line), None)
