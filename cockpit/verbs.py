"""The words that are verbs of the command line, so that no action takes one of them. Importing this imports nothing."""

BUILT_IN_ACTIONS = frozenset({"archive", "restore"})
"""Actions that the cockpit carries out itself; nobody replaces them."""

RESERVED = BUILT_IN_ACTIONS | {
    "actions", "audit", "bulk", "bundle", "checklist", "claim", "cockpit", "completion", "config", "demo", "diagnose",
    "do", "doctor", "gate", "handoff", "help", "incident", "info", "jobs", "keys", "metrics", "note", "notify",
    "perform", "plan", "playbooks", "postmortem", "record", "runs", "show", "skip", "status", "tick", "unclaim", "undo",
    "untick", "update", "verify", "version", "view",
}  # fmt: skip
"""Verbs, as the headless contract has them. `resume` and `retry` are verbs and the actions of the same name."""
