"""How this system's commands end, in its own words (formats/agents-orchestration.md 0.3 and 4).

Exit code 0 proves nothing. That a fallback failed too (`también falló`) is no end either: the next one may take over.
Nor is a traceback: the coordinator tries each step again.
"""

from cockpit.models.action import OutcomeRule


def _fails(pattern: str, says: str) -> OutcomeRule:
    return OutcomeRule(pattern=pattern, failed=True, says=says)


_ANY = (
    _fails(r"Todos los proveedores fallaron", "no provider could be used: see the configuration and the credentials"),
    _fails(r"Archivo de configuración no encontrado|Configuration file not found!", "there is no configuration"),
    _fails(r"Error al parsear configuración JSON|json\.decoder\.JSONDecodeError", "the configuration is no JSON"),
    _fails(r"Configuración del agente '[^']*' no encontrada", "the configuration lacks an agent"),
    _fails(r"Archivo de prompt no encontrado", "a prompt file is missing"),
)
WORKFLOW = (
    _fails(r"Error: Paso \w+ falló", "a step failed in all its attempts"),
    _fails(r"Error general del workflow", "the workflow broke off"),
    _fails(r"Dependencias no satisfechas", "a step did not get what it needs from the one before"),
    *_ANY,
    OutcomeRule(pattern=r"Reporte de revisión guardado en:", failed=False, says="the last step wrote its report"),
)
PARALLEL = (
    _fails(r"Agente \w+ falló", "an agent failed"),
    _fails(r"Error en agente \w+:", "an agent could not be started"),
    *_ANY,
)
ONE_AGENT = (
    *_ANY,
    OutcomeRule(
        pattern=r"^(?:Plan|Reporte|Reporte de revisión) guardado en:", failed=False, says="it wrote its artifact"
    ),
)
VALIDATE = (
    *_ANY,
    OutcomeRule(
        pattern=r"^Agents: \d+", failed=False, says="it can be parsed; models, providers and prompts are not looked at"
    ),
)
BY_TASK: dict[str, tuple[OutcomeRule, ...]] = {
    "coordinator-run": WORKFLOW,
    "run-parallel": PARALLEL,
    "run-agents": (*WORKFLOW[:-1], *ONE_AGENT[len(_ANY) :]),
    "validate-config": VALIDATE,
}
"""Rules of each task; every other one runs one agent, whose exit code is honest."""
