"""Incident cockpit for AI-agent workflow runs. Importing this package imports nothing else."""

__version__ = "0.1.0"
