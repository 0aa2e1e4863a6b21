"""The key map as a Markdown table: what the README shows, made from the registry like everything else about keys."""

from cockpit.command_line import word_of
from cockpit.commands import COMMANDS, Group, show_keys

START, END = "<!-- keys -->", "<!-- /keys -->"
"""Comments in a Markdown file between which the table stands."""


def markdown_keys() -> str:
    """A table of every command: its default keys, its id, what it does; the ones that act on a run are bold."""
    lines = ["| keys | command | does |", "|---|---|---|"]
    for group in Group:
        for command in COMMANDS:
            if command.group is not group:
                continue
            keys = _escape(show_keys(command.keys))
            typed = f":{word_of(command)} {command.takes}".strip()
            shown = f"`{keys}`" if keys else f"`{_escape(typed)}`"
            if command.acts:
                shown = f"**{shown}**"
            lines.append(f"| {shown} | `{command.id}` | {_escape(command.help)} |")
    return "\n".join(lines)


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
