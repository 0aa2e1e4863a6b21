"""Systems described in the operator's TOML instead of in Python. The entry point is `CustomSource`."""

from cockpit.sources.custom.source import CustomSource

__all__ = ["CustomSource"]
