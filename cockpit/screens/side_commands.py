"""The commands of the screens before the panes: the registry's, with what each means there.

What a screen has no meaning for is done on the panes where that makes sense (a run is gone to, the jobs are listed),
and refused in place otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cockpit.command_line import word_of
from cockpit.commands import BY_ID, COMMANDS, Command, Group, Scope, show_keys
from cockpit.errors import CockpitError, UsageError
from cockpit.own_keys import OWN
from cockpit.presenters import words
from cockpit.screens import asking
from cockpit.screens.command_bar import CommandBar
from cockpit.screens.copying import Copying
from cockpit.screens.moving import move
from cockpit.screens.palette_items import KINDS, PaletteItems, go_to
from widgets.footer import Footer
from widgets.line_list import LineList
from widgets.rows import KeyHint, MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen
    from cockpit.screens.side import SideScreen
    from widgets.dialogs.help import Find

NOTICE_S = 4.0
SAME = ("view.theme", "view.net", "app.readonly", "app.suspend", "app.leave", "app.quit")
"""Commands that are about the program: done as on the panes, without going there."""
LEADS_BACK = ("job.list", "incident.next", "incident.metrics", "incident.handoff")
"""Commands that open something of their own: first back to the panes, then there."""
LOOKS = ("go.run", "go.pane", "find.filter", "view.named", "view.root")
"""Commands with something behind their names that say how the panes look: done there, then back to them."""
HERE = "here"
"""What stands before the colon of the id of a key that only this screen has."""
_ORDER = (
    Group.INCIDENT, Group.ACT, Group.RECORD, Group.FIND, Group.VIEW, Group.PROGRAM, Group.PANES, Group.MOVE,
)  # fmt: skip
"""Headings of help: what one comes to such a screen for stands first."""
_LINES = ("list.left", "list.right", "list.line_start", "list.line_end")


@dataclass(frozen=True, slots=True)
class Deed:
    """What a command of the registry means on a screen.

    Attributes:
        act: Does it.
        title: What it is called there, where that differs.
        help: What it does there, where that differs.
        hindered: Why it is shown dim, or `None`. Its key still does it: who tries is told why, and a refusal is on
            record.
        take: Does it with what stands behind its name on the command line.
        offers: What may stand there, each with a remark.
    """

    act: Callable[[], object]
    title: str = ""
    help: str = ""
    hindered: Callable[[], str | None] = lambda: None
    take: Callable[[str], object] | None = None
    offers: Sequence[tuple[str, str]] = ()


class SideCommands:
    """Carries out commands by id on a screen before the panes, and says which mean something there."""

    def __init__(self, screen: "SideScreen[Any]") -> None:
        self._screen = screen

    @cached_property
    def _deeds(self) -> dict[str, Deed]:
        screen = self._screen
        same = {name: Deed(lambda name=name: self._panes.commanding.run(name)) for name in SAME}  # type: ignore[misc]
        return {
            "app.close": Deed(screen.leave, "close", f"Close {screen.CALLED}."),
            "go.back": Deed(screen.leave, "close", f"Close {screen.CALLED}."),
            "pane.next": Deed(screen.focus_next),
            "pane.previous": Deed(screen.focus_previous),
            "view.redraw": Deed(lambda: screen.app.refresh(repaint=True, layout=True)),
            "find.command": Deed(screen.open_line),
            "app.help": Deed(lambda: self._ask(self._help)),
            "app.palette": Deed(lambda: self._ask(self._palette)),
            "copy.menu": Deed(self._copy, help=f"Copy what is shown on {screen.CALLED}."),
            **same,
            **screen.deeds(),
        }

    @property
    def _panes(self) -> "CockpitScreen":
        panes = self._screen.panes
        if panes is None:
            raise UsageError("there are no panes to do that on")
        return panes

    @cached_property
    def bar(self) -> CommandBar:
        """Understands the command line."""
        panes = self._panes
        return CommandBar(panes, self, panes.command_bar.history)

    # -- what means something here

    def disabled(self, command: Command) -> str | None:
        """Why a command means nothing here, or `None`."""
        if self.knows(command):
            leads_back = command.id not in self._deeds and command.id in (*LEADS_BACK, *LOOKS)
            return self._panes.commanding.disabled(command) if leads_back else None
        back = show_keys(self._screen.host.keymap_of(BY_ID["app.close"])[:1]) or ":close"
        return f"not on {self._screen.CALLED}: {back} leads back"

    def knows(self, command: Command) -> bool:
        """Whether a command means anything here."""
        return command.id in self._deeds or command.id in (*LEADS_BACK, *LOOKS) or self._moves(command)

    def hindered(self, command: Command) -> str | None:
        """Why a command is shown dim, or `None`."""
        deed = self._deeds.get(command.id)
        if deed is None:
            return self.disabled(command)
        return self._panes.commanding.hindered(command) if command.id in SAME else deed.hindered()

    def _moves(self, command: Command) -> bool:
        """Whether the pane that has the focus knows it."""
        if command.scope is not Scope.LISTS:
            return False
        return command.id not in _LINES or hasattr(self._screen.focused, "action_scroll_text")

    def _named(self, command: Command) -> Command:
        """As it is called here."""
        deed = self._deeds.get(command.id)
        return command if deed is None else replace(
            command, title=deed.title or command.title, help=deed.help or command.help
        )  # fmt: skip

    def items(self, commands: Sequence[Command]) -> list[MenuItem]:
        """Commands as help and palette show them."""
        taken = {item.key for item in self._screen.own_items()}
        keys = {c.id: tuple(key for key in self._screen.host.keymap_of(c) if key not in taken) for c in commands}
        return [
            MenuItem(c.id, c.title, show_keys(keys[c.id]), c.group.value, c.help, self.hindered(c))
            for c in map(self._named, commands)
        ]

    def hint(self, command_id: str, title: str = "") -> KeyHint:
        """A command for the footer, with the key it really has."""
        command = self._named(BY_ID[command_id])
        key = show_keys(self._screen.host.keymap_of(command)[:1])
        return KeyHint(key, title or command.title, self.hindered(command))

    def choices(self, command: Command) -> Sequence[tuple[str, str]] | None:
        """What may stand behind a command's name here; `None` where that is as on the panes."""
        deed = self._deeds.get(command.id)
        if deed is not None and deed.take is not None:
            return deed.offers
        return () if self.disabled(command) is not None else None

    # -- doing

    def run(self, command_id: str) -> None:
        """Carry out a command, or say that it means nothing here."""
        command = BY_ID[command_id]
        deed = self._deeds.get(command_id)
        reason = self.disabled(command)
        if reason is not None:
            self.tell(f"{command.title}: {reason}")
        elif command.needs:
            self._screen.open_line(f"{word_of(command)} ")
        elif deed is not None:
            deed.act()
        elif command_id in LEADS_BACK or command_id == "view.root":
            self.lead_back(lambda: self._panes.commanding.run(command_id))
        elif command_id in LOOKS:
            self._screen.open_line(f"{word_of(command)} ")
        elif isinstance(pane := self._screen.focused, LineList):
            move(pane, command_id)

    def argue(self, command: Command, argument: str) -> None:
        """Carry out a command with what stands behind its name.

        Raises:
            UsageError: That means nothing.
        """
        deed, panes = self._deeds.get(command.id), self._panes
        if deed is not None and deed.take is not None:
            deed.take(argument)
        elif command.id in LOOKS:
            panes.arguments.carry_out(command, argument)
            self.lead_back()
        elif command.id in LEADS_BACK:
            self.lead_back(lambda: panes.arguments.carry_out(command, argument))
        else:
            panes.arguments.carry_out(command, argument)

    def later(self, act: Callable[[str], object], what: str) -> None:
        """After the command line has closed."""
        self._screen.call_after_refresh(act, what)

    def own(self, action: str) -> None:
        """Back to the panes, and there the plan of one of the user's own actions."""
        self.lead_back(lambda: self._panes.own_actions.act(action))

    def lead_back(self, then: Callable[[], object] | None = None) -> None:
        """Close everything before the panes, and go on there."""
        panes = self._panes
        while panes.app.screen is not panes:
            panes.app.screen.dismiss(None)
        if then is not None:
            panes.call_after_refresh(_said, panes, then)

    def tell(self, text: str) -> None:
        """Say something in passing, where the keys are explained."""
        footer = self._screen.query_one("#footer", Footer)
        said = words.text(text)
        footer.notice = said

        def clear() -> None:
            if footer.notice is said:
                footer.notice = replace(said, text="")

        self._screen.set_timer(NOTICE_S, clear)

    # -- finding

    def _copy(self) -> None:
        if not self._screen.busy:
            Copying(self._screen, self._screen.copyable).menu()

    def _ask(self, what: Callable[[], Any]) -> None:
        """One dialog at a time."""
        if not self._screen.busy:
            self._screen.run_worker(what(), group="dialog", exit_on_error=False)

    async def _help(self) -> None:
        here = sorted((c for c in COMMANDS if self.knows(c)), key=lambda c: _ORDER.index(c.group))
        own = [replace(item, id=f"{HERE}:{item.id}") for item in self._screen.own_items()]
        await self._pick(f"Help: what can be done on {self._screen.CALLED}", [*own, *self.items(here)])

    async def _palette(self) -> None:
        await self._pick("Commands, runs, incidents, playbooks, views", PaletteItems(self._panes, self.items))

    async def _pick(self, title: str, items: "Sequence[MenuItem] | Find") -> None:
        choice = await asking.search(self._screen.app, title, items)
        # After this worker: what was chosen may open a dialog of its own, which waits for no other to be about.
        if choice is not None:
            self._screen.call_after_refresh(self._chosen, choice)

    def _chosen(self, choice: str) -> None:
        kind, _, name = choice.partition(":")
        if kind == "alias" and name:
            problem = self.bar.enter(name)
            if problem is not None:
                self.tell(problem)
        elif kind == HERE:
            getattr(self._screen, f"action_{name}")()
        elif kind in KINDS and name:
            self.lead_back(lambda: go_to(self._panes, kind, name))
        elif choice.startswith(OWN):
            self.own(choice.removeprefix(OWN))
        else:
            self.run(choice)


def _said(panes: "CockpitScreen", act: Callable[[], object]) -> None:
    """Do it on the panes; what is wrong with it is said there."""
    try:
        act()
    except CockpitError as error:
        panes.app.notify(words.text(error).text, severity="warning", markup=False)
