"""agents-orchestration-system: runs without a record, read from what they left on consoles, in logs and artifacts.

See formats/agents-orchestration.md. Nothing of this system tells how a run went but its console output
(formats 0): a run is a recorded command, a console capture, or an execution id in a log.
"""

from cockpit.sources.agents_orchestration.source import AgentsOrchestrationSource

__all__ = ["AgentsOrchestrationSource"]
