"""What the palette (ctrl-p) finds: commands, every run, incidents, playbooks, views and aliases."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cockpit.commands import COMMANDS, Command
from cockpit.errors import UsageError
from cockpit.fuzzy import best
from cockpit.presenters import words
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

KINDS = ("run", "incident", "playbook", "view", "alias")
"""What stands before the colon of the id of an item that is no command."""
MOST = 200
"""Items shown at once; typing on finds the others."""


class PaletteItems:
    """Finds items. Of ten thousand runs only those that are shown become items."""

    def __init__(self, screen: "CockpitScreen", items_of: Callable[[Sequence[Command]], list[MenuItem]]) -> None:
        self._screen = screen
        self._commands = {item.id: item for item in items_of(COMMANDS)}
        self._runs = {f"run:{run.key}": run for run in screen.snapshot.runs}
        self._others = {item.id: item for item in self._known()}
        self._names = [
            *((name, f"{item.title} {item.id}\0{item.help}") for name, item in self._commands.items()),
            *((name, f"{item.title} {item.help}") for name, item in self._others.items()),
            *((name, run.id) for name, run in self._runs.items()),
        ]

    def __call__(self, search: str) -> Sequence[MenuItem]:
        """What fits best; without a search everything in its groups, as far as it is shown."""
        if search.strip():
            found = best(search, self._names, MOST)
            return [self._item(name, group=False) for name in found]
        first = [*self._commands, *self._others]
        return [self._item(name) for name in [*first, *list(self._runs)[:MOST]]]

    def _item(self, name: str, *, group: bool = True) -> MenuItem:
        run = self._runs.get(name)
        if run is not None:
            state = words.run_state(run.state).text
            return MenuItem(name, words.text(run.id, limit=80).text, "", "Runs" if group else "", state)
        item = self._commands.get(name) or self._others[name]
        return item if group else MenuItem(item.id, item.title, item.key, "", item.help, item.disabled)

    def _known(self) -> list[MenuItem]:
        screen = self._screen
        found = [
            MenuItem(
                f"incident:{each.id}", each.id, "", "Incidents",
                words.text(f"{each.severity.value} {each.title}", limit=80).text,
            )
            for each in screen.responding.everything
        ]  # fmt: skip
        found += screen.own_actions.items()
        found += [
            MenuItem(f"playbook:{book.id}", book.id, "", "Playbooks", words.text(book.title, limit=80).text)
            for book in screen.session.library.playbooks
        ]
        found += [
            MenuItem(f"view:{name}", name, "", "Views", words.text(view.filter or "", limit=80).text)
            for name, view in sorted(screen.arguments.views.known.items())
        ]
        found += [
            MenuItem(f"alias:{name}", name, "", "Aliases", words.text(line, limit=80).text)
            for name, line in sorted(screen.command_bar.aliases.items())
        ]
        return found


def go_to(screen: "CockpitScreen", kind: str, name: str) -> None:
    """What an item that is no command leads to.

    Raises:
        UsageError: It is gone, or cannot be done now.
    """
    if kind == "run":
        screen.arguments.to_run(name)
    elif kind == "incident":
        screen.responding.show(name)
    elif kind == "playbook":
        screen.recording.read(name)
    elif kind == "view":
        screen.arguments.views.command(name)
    else:
        problem = screen.command_bar.enter(name)
        if problem is not None:
            raise UsageError(problem)
