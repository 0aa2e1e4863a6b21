"""Asking for a command by its name: help, palette and command line; and the filter line, which is typed alike."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.commands import BY_ID, COMMANDS, Command, Group, show_keys
from cockpit.errors import UsageError
from cockpit.filtering import EVERYTHING, FIELDS, FLAGS, parse_filter
from cockpit.own_keys import OWN
from cockpit.presenters import words
from cockpit.presenters.runs import Sort
from cockpit.screens import asking
from widgets.filter_bar import FilterBar
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

_RUN = "run:"
"""Palette ids of runs."""


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
        runs = [
            MenuItem(f"{_RUN}{run.key}", words.text(run.id, limit=80).text, "", "Runs", words.run_state(run.state).text)
            for run in self._screen.painter.shown[:1_000]
        ]
        await self._pick("Commands and runs", [*self._items(COMMANDS), *self._screen.own_actions.items(), *runs])

    async def _pick(self, title: str, items: list[MenuItem]) -> None:
        choice = await asking.search(self._screen.app, title, items)
        if choice is None:
            return
        if choice.startswith(_RUN):
            self._screen.focus_pane("runs")
            self._screen.pane("runs").move_to(choice.removeprefix(_RUN))
        elif choice.startswith(OWN):
            self._screen.own_actions.act(choice.removeprefix(OWN))
        else:
            self._screen.commanding.run(choice)

    def complete(self, text: str) -> Sequence[MenuItem]:
        """Completions of the command line."""
        word, _, rest = text.partition(" ")
        if rest or text.endswith(" "):
            return [item for item in self._arguments(word) if item.title.startswith(rest)]
        found = [c for c in COMMANDS if word.lower() in c.id or word.lower() in c.title.lower()]
        own = [replace(item, id=item.help) for item in self._screen.own_actions.items() if word.lower() in item.help]
        return [*self._items(found), *own]

    def _arguments(self, word: str) -> list[MenuItem]:
        choices: dict[str, Sequence[str]] = {
            "sort": [order.value for order in Sort],
            "theme": sorted(self._screen.app.available_themes),
            "playbook": [book.id for book in self._screen.session.library.playbooks],
            "filter": [f"is:{flag}" for flag in FLAGS] + [f"{field}:" for field in FIELDS],
        }
        return [MenuItem(f"{word} {choice}", choice) for choice in choices.get(word, ())]

    def entered(self, bar: FilterBar, value: str, choice: str | None) -> None:
        """Enter on an input line."""
        if bar.id == "filter":
            if self.filter_typed(value):
                self._leave(bar)
            return
        line = value.strip() if " " in value.strip() or not value.strip() else choice or value.strip()
        problem = self._carry_out(line)
        bar.problem = problem or ""
        if problem is None:
            self._leave(bar)

    def _carry_out(self, line: str) -> str | None:
        """A command line; what is wrong with it, if anything."""
        word, _, argument = line.partition(" ")
        argument = argument.strip()
        screen = self._screen
        if not word:
            return None
        if argument and word == "filter":
            return None if self.filter_typed(argument) else self._bar("filter").problem
        if argument and word == "sort" and argument in list(Sort):
            self._screen.commanding.change(sort=Sort(argument))
        elif argument and word == "theme" and argument in screen.app.available_themes:
            screen.app.theme = argument
        elif argument and word == "playbook" and screen.session.library.get(argument) and screen.scope.run:
            screen.recording.start(screen.scope.run, argument)
        elif line in BY_ID:
            # After the bar has closed: a command that opens a dialog or moves the focus finds the panes.
            screen.call_after_refresh(screen.commanding.run, line)
        elif (own := screen.own_actions.named(line)) is not None:
            screen.call_after_refresh(screen.own_actions.act, own)
        else:
            return f"no command {words.text(line, limit=60).text!r}; tab completes, ctrl-p lists them"
        return None

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
