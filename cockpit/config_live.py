"""What of the configuration a running cockpit takes up at once, and what only the next one."""

NEXT_START = frozenset({"mouse", "roots", "custom", "probes"})
"""Keys at the top that wait for the next start: what is watched, and how it is read, is settled when it begins."""
EXCEPT = ("label", "read_only", "confirm", "commands")
"""Keys of a watched root that are taken up at once all the same."""
