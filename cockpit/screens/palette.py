"""Asking for a command by its name: help, palette and command line; and the filter line, which is typed alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.command_line import word_of
from cockpit.commands import COMMANDS, Command, Group, show_keys
from cockpit.errors import UsageError
from cockpit.filtering import EVERYTHING, parse_filter
from cockpit.own_keys import OWN
from cockpit.presenters import words
from cockpit.screens import asking
from cockpit.screens.palette_items import KINDS, PaletteItems, go_to
from widgets.filter_bar import FilterBar
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen
    from widgets.dialogs.help import Find


class Palette:
    """Finds commands and runs by name, and hands them to `Commanding`."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._of_log = False

    def _items(self, commands: Sequence[Command]) -> list[MenuItem]:
        keymap_of = self._screen.host.keymap_of
        return [
            MenuItem(c.id, c.title, show_keys(keymap_of(c)), c.group.value, c.help, self._screen.commanding.hindered(c))
            for c in commands
        ]

    def open_filter(self) -> None:
        """The filter line, with the filter in force: of the log in Log, else of the runs."""
        self._of_log = self._screen.deck.state.active == "log"
        logs = self._screen.logfiles
        self._open("filter", logs.reader.filter_text if self._of_log else self._screen.view.filter.text)

    def open_command(self) -> None:
        """The command line."""
        self._open("command")

    def ask_for(self, command: Command) -> None:
        """The command line, with a command that needs something behind its name."""
        self._open("command", f"{word_of(command)} ")

    def help(self) -> None:
        """What can be done here."""
        self._screen.run_worker(self._help(), group="dialog", exit_on_error=False)

    def palette(self) -> None:
        """Every command and every run."""
        self._screen.run_worker(self._palette(), group="dialog", exit_on_error=False)

    async def _help(self) -> None:
        active = self._screen.deck.state.active
        here = [c for c in COMMANDS if self._screen.commanding.fits(c, active)]
        order = list(Group)
        here.sort(key=lambda c: order.index(c.group))
        await self._pick("Help: keys valid here", [*self._items(here), *self._screen.own_actions.items()])

    async def _palette(self) -> None:
        await self._pick("Commands, runs, incidents, playbooks, views", PaletteItems(self._screen, self._items))

    async def _pick(self, title: str, items: "Sequence[MenuItem] | Find") -> None:
        screen = self._screen
        choice = await asking.search(screen.app, title, items)
        if choice is None:
            return
        kind, _, name = choice.partition(":")
        try:
            if kind in KINDS and name:
                go_to(screen, kind, name)
            elif choice.startswith(OWN):
                screen.own_actions.act(choice.removeprefix(OWN))
            else:
                screen.commanding.run(choice)
        except UsageError as error:
            screen.app.notify(words.text(error).text, severity="warning", markup=False)

    def entered(self, bar: FilterBar, value: str) -> None:
        """Enter on an input line."""
        if bar.id == "filter":
            if self.filter_typed(value):
                self._leave(bar)
            return
        problem = self._screen.command_bar.enter(value)
        bar.problem = problem or ""
        if problem is None:
            # A command may have brought another pane forward; the focus follows it.
            self._leave(bar)

    def filter_typed(self, value: str) -> bool:
        """Filter as it is typed; a broken expression keeps the last good one and says what is wrong."""
        bar = self._bar("filter")
        try:
            if self._of_log and bar.display:
                self._screen.logfiles.reader.filter(value)
                bar.problem = ""
                return True
            wanted = parse_filter(value)
        except UsageError as error:
            bar.problem = words.text(error).text
            return False
        bar.problem = ""
        if wanted.text != self._screen.view.filter.text:
            self._screen.commanding.change(filter=wanted)
        return True

    def cancelled(self, bar: FilterBar) -> None:
        """Escape on an input line; a filter that was being typed is dropped."""
        if bar.id == "filter" and self._of_log:
            self._screen.logfiles.reader.filter("")
        elif bar.id == "filter":
            self._screen.commanding.change(filter=EVERYTHING)
        self._leave(bar)

    def _leave(self, bar: FilterBar) -> None:
        bar.close()
        # At once: `focus` would come later, after the command that was entered has gone to another pane.
        self._screen.set_focus(self._screen.pane(self._screen.deck.state.active))

    def _open(self, name: str, text: str = "") -> None:
        # The input lines are mounted after the first frame; a key that comes even before that does nothing.
        if self._screen.query(f"#{name}"):
            self._bar(name).open(text)

    def _bar(self, name: str) -> FilterBar:
        return self._screen.query_one(f"#{name}", FilterBar)
