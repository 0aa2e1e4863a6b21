"""What an operator may choose of the environment a run is generated in (seed 001, C to E; formats 2, Environment).

The system takes almost anything and falls back silently: a provider it does not know is the internal one, a time limit
that is no positive number is its default. So what is chosen here is checked, and what is inherited is told.
"""

import os
import shlex
import shutil
from collections.abc import Mapping
from urllib.parse import urlsplit

from cockpit.models.action import ActionInput, InputKind, Plan
from cockpit.sanitize import clean
from cockpit.sources.base import Review

PROVIDERS = ("codex_exec", "remote_llm", "internal")
_ALIASES = {"coding_agent": "codex_exec"}
GENERATING = frozenset(("retry", "run", "run-scope", "resume"))
"""Actions that may call a model."""

MODEL_INPUTS = (
    ActionInput(
        name="provider", title="Who generates (AGENT_PROVIDER)", kind=InputKind.CHOICE, choices=PROVIDERS, optional=True
    ),
    ActionInput(
        name="timeout",
        title="Seconds one model call may take (AGENT_TIMEOUT_SECONDS)",
        kind=InputKind.INTEGER,
        optional=True,
    ),
    ActionInput(
        name="unset_model",
        title="Leave the model to the provider (AGENT_MODEL unset)",
        kind=InputKind.FLAG,
        default="no",
    ),
    ActionInput(
        name="base_url", title="Address of the remote model (OPENAI_BASE_URL)", kind=InputKind.TEXT, optional=True
    ),
)
MODEL_ENV = {"AGENT_PROVIDER": "{provider}", "AGENT_TIMEOUT_SECONDS": "{timeout}"}
"""What is chosen, by the variable it becomes; an address and a model left out need a look first (`review`)."""
_UNSAFE = set(" \"$'<>\\^`{|}")


def review(plan: Plan, environ: Mapping[str, str] | None = None) -> Review:
    """What is to be said of the environment of a plan that generates.

    Args:
        plan: With what was chosen.
        environ: What the job inherits; default: this process's.
    """
    if plan.action not in GENERATING or "unset_model" not in plan.options:
        return Review()
    inherited = os.environ if environ is None else environ
    refused = _wrong(plan.options)
    if refused is not None:
        return Review(refused=refused)
    # An empty model is none to the system.
    env = {"AGENT_MODEL": ""} if plan.options["unset_model"] == "yes" else {}
    env |= {"OPENAI_BASE_URL": plan.options["base_url"]} if "base_url" in plan.options else {}
    return Review(env=env, warnings=tuple(_warnings({**inherited, **plan.env, **env}, plan.options)))


def _wrong(options: Mapping[str, str]) -> str | None:
    """What was chosen and cannot work."""
    if "timeout" in options and int(options["timeout"]) <= 0:
        return f"timeout={options['timeout']}: the system takes only more than 0 and silently uses its default"
    if "base_url" in options and not is_base_url(options["base_url"]):
        return "base_url: write an address such as https://host/v1, without a user or a password"
    scope = {name: options.get(name) for name in ("scope_file", "scope_mode", "scope_section")}
    if (scope["scope_mode"] or scope["scope_section"]) and not scope["scope_file"]:
        return "scope_mode and scope_section are about a scope document: choose scope_file too"
    if scope["scope_mode"] == "section" and not scope["scope_section"]:
        return "scope_mode=section: choose the heading with scope_section"
    return None


def is_base_url(text: str) -> bool:
    """Whether the system takes an address: http or https, with a host it can resolve, nothing secret in it."""
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        return False
    host = parts.hostname or ""
    plain = text.isascii() and text.isprintable() and not set(text) & _UNSAFE
    return parts.scheme in ("http", "https") and bool(host) and port_is_fine and plain and "@" not in parts.netloc


def _warnings(env: Mapping[str, str], options: Mapping[str, str]) -> list[str]:
    """What of the environment, chosen or inherited, will decide how it goes; no value that may be secret."""
    given = env.get("AGENT_PROVIDER", "codex_exec")
    provider = _ALIASES.get(given, given)
    found = []
    if provider not in PROVIDERS:
        found.append("AGENT_PROVIDER here is none the system knows: it silently takes internal; choose provider")
    if provider == "remote_llm":
        found += _remote(env)
    elif provider == "codex_exec":
        found += _codex(env)
    if "timeout" not in options and not _positive(env.get("AGENT_TIMEOUT_SECONDS")):
        found.append("AGENT_TIMEOUT_SECONDS here is no positive number: the system silently uses its default")
    return found


def _positive(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return int(text) > 0
    except ValueError:
        return False


def _remote(env: Mapping[str, str]) -> list[str]:
    found = []
    if not env.get("OPENAI_API_KEY", "").strip():
        found.append("OPENAI_API_KEY is not set here: remote_llm ends with config_error; set it and start anew")
    if "OPENAI_BASE_URL" in env and not is_base_url(env["OPENAI_BASE_URL"]):
        found.append("OPENAI_BASE_URL here is no http(s) address: remote_llm ends with config_error; choose base_url")
    return found


def _codex(env: Mapping[str, str]) -> list[str]:
    found = []
    command = env.get("CODING_AGENT_CMD", "codex")
    try:
        program = shlex.split(command)[0]
    except (ValueError, IndexError):
        found.append("CODING_AGENT_CMD here is empty or has a quote without its partner")
    else:
        if shutil.which(program, path=env.get("PATH")) is None:
            found.append(
                f"CODING_AGENT_CMD: there is no program {clean(program, 100)} on this PATH: it ends with a traceback"
            )
    if env.get("AGENT_MODEL"):
        found.append("AGENT_MODEL is set here, which codex with a ChatGPT account may refuse: unset_model=yes")
    return found
