"""Bindings made from the command registry: every key leads to `run_command` with a command's id."""

from textual.binding import Binding, BindingType

from cockpit.commands import COMMANDS, Scope
from cockpit.keymap import Keymap

_WIDGETS_OWN = (Scope.LISTS, Scope.RUNS, Scope.CHECKLIST)
"""Commands whose keys the focused pane binds itself, under the same ids."""
_NOWHERE = "no_key"
"""Stands for "no key", where Textual wants one: no terminal sends it."""


def screen_bindings() -> list[BindingType]:
    """The screen's bindings with their default keys; a key map replaces them by id."""
    return [
        Binding(
            ",".join(command.keys) or _NOWHERE,
            f"command('{command.id}')",
            command.title,
            show=False,
            id=command.id,
            tooltip=command.help,
        )
        for command in COMMANDS
        if command.scope not in _WIDGETS_OWN
    ]


def textual_keymap(keymap: Keymap) -> dict[str, str]:
    """A checked key map as Textual takes it: binding id to keys, where they are not the defaults.

    Textual applies it anew with every key press, so it holds nothing that is so anyway.
    """
    changed = [command for command in COMMANDS if keymap.of(command) != command.keys]
    return {command.id: ",".join(keymap.of(command)) or _NOWHERE for command in changed}
