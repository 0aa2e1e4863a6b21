"""The command line (`:`): every command by name, with what stands behind it, completion and history."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cockpit.command_line import SHORT, Entered, names, resolve, word_of
from cockpit.commands import BY_ID, COMMANDS, Command, show_keys
from cockpit.errors import UsageError
from cockpit.fuzzy import best
from cockpit.line_history import LineHistory
from cockpit.presenters import words
from cockpit.screens.arguments import fitting
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen


class Place(Protocol):
    """Where a command line stands: on the panes, or on a screen before them."""

    def disabled(self, command: Command) -> str | None:
        """Why a command cannot be carried out now, or `None`."""
        ...

    def hindered(self, command: Command) -> str | None:
        """Why a command is shown dim, or `None`."""
        ...

    def knows(self, command: Command) -> bool:
        """Whether a command means anything here; completion offers the others last."""
        ...

    def run(self, command_id: str) -> None:
        """Carry out a command, or say why that is not possible."""
        ...

    def argue(self, command: Command, argument: str) -> None:
        """Carry out a command with what stands behind its name."""
        ...

    def later(self, act: Callable[[str], object], what: str) -> None:
        """Do it after the command line has closed."""
        ...

    def own(self, action: str) -> None:
        """Open the plan of one of the user's own actions."""
        ...

    def choices(self, command: Command) -> Sequence[tuple[str, str]] | None:
        """What may stand behind a command's name here; `None` where that is as on the panes."""
        ...


class CommandBar:
    """Understands a line, and has it carried out where it was typed.

    Args:
        screen: The panes.
        place: Where it stands.
        history: The lines of before; every command line of a session has the same.
    """

    def __init__(self, screen: "CockpitScreen", place: Place, history: LineHistory | None = None) -> None:
        self._screen = screen
        self._place = place
        self.history = history or LineHistory()

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
        found = sorted(found, key=lambda name: name in BY_ID and not self._place.knows(BY_ID[name]))
        return [aliases[name] if name in aliases else self._item(BY_ID[name], word) for name in found]

    def _item(self, command: Command, begun: str) -> MenuItem:
        """Completed to its word, or to its id where that is what is being typed."""
        screen = self._screen
        name = command.id if "." in begun else word_of(command)
        completed = f"{name} " if command.needs else name
        keys = show_keys(screen.host.keymap_of(command))
        title = f"{name} {command.takes}".strip()
        return MenuItem(completed, title, keys, "", command.help, self._place.hindered(command))

    def _behind(self, word: str, begun: str) -> Sequence[MenuItem]:
        stands_for = self.aliases.get(word)
        name = stands_for.split(" ", 1)[0].removeprefix(":") if stands_for else SHORT.get(word, word)
        command = names().get(name)
        if command is None or not command.takes:
            return []
        here = self._place.choices(command)
        offered = self._screen.arguments.choices(command, begun) if here is None else fitting(here, begun)
        return [
            MenuItem(f"{word} {name}", words.text(name, limit=80).text, "", "", words.text(remark, limit=80).text)
            for name, remark in offered
        ]

    def enter(self, line: str) -> str | None:
        """Carry a line out; what is wrong with it, if anything: then it stays where it is."""
        own = self._screen.own_actions.named(line.strip().removeprefix(":"))
        if own is not None:
            self._place.later(self._place.own, own)
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
        place = self._place
        if not entered.argument:
            place.later(place.run, entered.command.id)
            return
        reason = place.disabled(entered.command)
        if reason is not None:
            raise UsageError(reason)
        place.argue(entered.command, entered.argument)
