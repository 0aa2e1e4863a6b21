"""The keys of the user's own actions: a CAPITAL works in the panes, any other key in the action menu only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.commands import BY_ID, show_key
from cockpit.keymap import Keymap

if TYPE_CHECKING:
    from cockpit.actions.declared import Declared

MENU = "run.menu"
OWN = "own:"
"""Begins the ids of the user's actions among those of commands."""


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """What the user's own actions are reached by.

    Attributes:
        direct: Key of the panes to the ids of the actions it does; one of them is for any one run.
        problems: Keys that were not taken, and why.
        menu: The keys of the action menu.
    """

    direct: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    menu: tuple[str, ...] = ()

    def shown(self, action: "Declared") -> str:
        """How people read what opens the plan of an action: `Q`, or `X q` by way of the menu; empty for no key."""
        if action.key is None:
            return ""
        if action.id in self.direct.get(action.key, ()):
            return action.key
        return f"{show_key(self.menu[0])} {action.key}" if self.menu else ""


def own_keys(actions: Sequence["Declared"], keymap: Keymap) -> OwnKeys:
    """The keys of the user's actions beside those of the commands, which go first.

    Args:
        actions: As configured.
        keymap: The keys of the commands.
    """
    taken = {key: command_id for command_id, keys in keymap.keys.items() for key in keys}
    direct: dict[str, tuple[str, ...]] = {}
    problems = []
    for each in actions:
        if each.key is None or not each.key.isupper():
            continue
        if each.key in taken:
            owner = f"{each.key} already belongs to {taken[each.key]}"
            problems.append(f"actions.{each.id}.key: {owner}; it works in the action menu only")
        else:
            direct[each.key] = (*direct.get(each.key, ()), each.id)
    return OwnKeys(direct, tuple(problems), keymap.of(BY_ID[MENU]))
