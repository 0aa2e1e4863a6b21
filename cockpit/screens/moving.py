"""Commands of the pane that has the focus, asked for by their names: its keys are its own."""

from typing import Any

from widgets.line_list import LineList

_MOVES = {
    "list.down": "cursor_down", "list.up": "cursor_up", "list.top": "cursor_top", "list.bottom": "cursor_bottom",
    "list.half_down": "half_page_down", "list.half_up": "half_page_up", "list.page_down": "page_down",
    "list.page_up": "page_up", "list.line_start": "line_start", "list.line_end": "line_end", "go.into": "select",
    "checklist.tick": "tick", "checklist.menu": "menu", "mark.toggle": "mark", "mark.range": "mark_range",
    "mark.all": "mark_all",
}  # fmt: skip


def move(pane: LineList[Any], command_id: str) -> None:
    """Do in a pane what its own key for the command does; nothing where it has none."""
    action = getattr(pane, f"action_{_MOVES.get(command_id, '')}", None)
    if action is not None:
        action()
    elif command_id in ("list.left", "list.right"):
        scroll = getattr(pane, "action_scroll_text", None)
        if scroll is not None:
            scroll(-1 if command_id == "list.left" else 1)
