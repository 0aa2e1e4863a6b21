"""The command line (`:`): every command by name, with what stands behind it, completion and history."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.command_line import SHORT, Entered, names, resolve, word_of
from cockpit.commands import COMMANDS, Command, show_keys
from cockpit.errors import UsageError
from cockpit.fuzzy import best
from cockpit.line_history import LineHistory
from cockpit.presenters import words
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen


class CommandBar:
    """Understands a line, and has it carried out by `Commanding` and `Arguments`."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self.history = LineHistory()

    @property
    def aliases(self) -> dict[str, str]:
        """The user's own names for lines."""
        return self._screen.session.settings.aliases

    def earlier(self) -> Sequence[str]:
        """Lines of before, oldest first."""
        return self.history.lines

    def complete(self, text: str) -> Sequence[MenuItem]:
        """What the line may become: names of commands, or what may stand behind one."""
        word, space, begun = text.lstrip().removeprefix(":").partition(" ")
        if space:
            return self._behind(word, begun)
        known = [(command.id, f"{word_of(command)} {command.id} {command.title}") for command in COMMANDS]
        aliases = {name: MenuItem(name, name, "", "", line) for name, line in self.aliases.items()}
        own = {item.help: replace(item, id=item.help, group="") for item in self._screen.own_actions.items()}
        aliases |= own
        found = best(word, [*((name, name) for name in aliases), *known], len(known) + len(aliases))
        by_id = {command.id: command for command in COMMANDS}
        return [aliases[name] if name in aliases else self._item(by_id[name], word) for name in found]

    def _item(self, command: Command, begun: str) -> MenuItem:
        """Completed to its word, or to its id where that is what is being typed."""
        screen = self._screen
        name = command.id if "." in begun else word_of(command)
        completed = f"{name} " if command.needs else name
        keys = show_keys(screen.host.keymap_of(command))
        title = f"{name} {command.takes}".strip()
        return MenuItem(completed, title, keys, "", command.help, screen.commanding.hindered(command))

    def _behind(self, word: str, begun: str) -> Sequence[MenuItem]:
        stands_for = self.aliases.get(word)
        name = stands_for.split(" ", 1)[0].removeprefix(":") if stands_for else SHORT.get(word, word)
        command = names().get(name)
        if command is None or not command.takes:
            return []
        return [
            MenuItem(f"{word} {name}", words.text(name, limit=80).text, "", "", words.text(remark, limit=80).text)
            for name, remark in self._screen.arguments.choices(command, begun)
        ]

    def enter(self, line: str) -> str | None:
        """Carry a line out; what is wrong with it, if anything: then it stays where it is."""
        own = self._screen.own_actions.named(line.strip().removeprefix(":"))
        if own is not None:
            self._screen.call_after_refresh(self._screen.own_actions.act, own)
            self.history.add(line)
            return None
        try:
            entered = resolve(line, self.aliases)
            if entered is None:
                return None
            self._carry_out(entered)
        except UsageError as error:
            return words.text(error).text
        self.history.add(line)
        return None

    def _carry_out(self, entered: Entered) -> None:
        screen = self._screen
        if not entered.argument:
            # After the bar has closed: a command that opens a dialog or moves the focus finds the panes.
            screen.call_after_refresh(screen.commanding.run, entered.command.id)
            return
        reason = screen.commanding.disabled(entered.command)
        if reason is not None:
            raise UsageError(reason)
        screen.arguments.carry_out(entered.command, entered.argument)
