"""Texts by which this system's troubles are known (formats/agents-orchestration.md 4), and the noise around them."""

import re
from typing import NamedTuple


class Trouble(NamedTuple):
    """A class of error.

    Attributes:
        id: Stable name for rules and tests.
        what: What it means, for people.
        pattern: Found in an error text.
    """

    id: str
    what: str
    pattern: re.Pattern[str]


def _trouble(name: str, what: str, pattern: str) -> Trouble:
    return Trouble(name, what, re.compile(pattern))


# In order: the more telling text first, as one error often quotes another.
TROUBLES: tuple[Trouble, ...] = (
    _trouble("embeddings_offline", "the embedding model cannot be fetched",
             r"We couldn't connect to 'https://huggingface\.co'|LocalEntryNotFoundError"
             r"|Failed to resolve 'huggingface\.co'"),
    _trouble("model_missing", "the provider does not have the model",
             r"model '[^']*' not found"),
    _trouble("out_of_memory", "the model needs more memory than there is",
             r"model requires more system memory"),
    _trouble("rate_limit", "the provider's rate limit is exceeded",
             r"(?i)rate limit exceeded|RateLimitError|429 Too Many Requests"),
    _trouble("auth", "credentials are missing or refused",
             r"Token de GitHub no encontrado|Variables de entorno de Azure no configuradas|AuthenticationError"
             r"|401 Unauthorized|403 Forbidden"),
    _trouble("provider_timeout", "the provider does not answer in time",
             r"litellm\.Timeout|ReadTimeout|ConnectTimeout"),
    _trouble("provider_down", "the model provider cannot be reached",
             r"Connection refused|httpx\.ConnectError|All connection attempts failed|OllamaException"),
    _trouble("provider_unsupported", "the configuration names an unknown provider",
             r"Proveedor no soportado"),
    _trouble("providers_exhausted", "every provider failed",
             r"Todos los proveedores fallaron|Proveedor de fallback \S+ también falló"),
    _trouble("config", "the configuration cannot be used",
             r"Archivo de configuración no encontrado|Error al parsear configuración JSON"
             r"|Configuración del agente '[^']*' no encontrada|Archivo de prompt no encontrado"
             r"|Configuration file not found!|json\.decoder\.JSONDecodeError"),
    _trouble("service", "an agent service refused or could not be reached",
             r"Agent is (?:paused|stopping)|Error contacting agent service|could not register service"
             r"|Unknown agent id"),
    _trouble("dependencies", "an earlier step did not deliver",
             r"Dependencias no satisfechas"),
)  # fmt: skip

NOISE = re.compile(
    r"telemetry\.crewai\.com|Failed to export spans batch|LangChainDeprecationWarning"
    r"|No sentence-transformers model found|^NoneType: None$"
)
"""Lines that say nothing about a run (formats 4)."""

RESOURCE = re.compile(r"(CPU|Memory|Disk) usage (high|critical): ([\d.]+)%")
"""Texts of the monitor's alerts about the host (formats 1)."""


def classify(text: str) -> Trouble | None:
    """The class of an error text, or `None` where it is none of the known ones."""
    return next((trouble for trouble in TROUBLES if trouble.pattern.search(text)), None)
