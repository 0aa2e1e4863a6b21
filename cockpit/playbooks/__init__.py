"""Playbooks (readable Markdown) and the checklists that grow from them, as folds of the journal."""
