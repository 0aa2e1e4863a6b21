"""A workspace that lives: runs of the real formats, written by producers that run while you watch."""
