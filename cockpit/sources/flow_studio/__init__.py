"""Flow Studio: bytes on disk to models, nothing about what they mean. The entry point is `FlowStudioSource`."""

from cockpit.sources.flow_studio.source import FlowStudioSource

__all__ = ["FlowStudioSource"]
