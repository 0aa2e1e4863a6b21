"""ai-csuite: rows of its database and the files of its self-work to models. The entry point is `AiCsuiteSource`."""

from cockpit.sources.ai_csuite.source import AiCsuiteSource

__all__ = ["AiCsuiteSource"]
