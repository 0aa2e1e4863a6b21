"""Panes and dialogs of a terminal cockpit. They know Textual and rows, and nothing of the application.

A pane is given rows (`widgets.rows`) and posts messages that carry a row's string key. Modules are imported by name;
importing this package costs nothing.
"""
