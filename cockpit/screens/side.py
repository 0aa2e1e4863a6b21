"""What every screen before the panes has: the registry's keys, help, palette and command line, yank and closing."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.screen import ScreenResultType
from textual.widget import Widget

from cockpit.screens.bindings import screen_bindings
from cockpit.screens.host import Host
from widgets.filter_bar import FilterBar
from widgets.line_list import LineList
from widgets.quiet import PacedScreen
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen
    from cockpit.screens.side_commands import Deed, SideCommands


class SideScreen(PacedScreen[ScreenResultType]):
    """A screen before the panes. Its keys are those of the registry; its `deeds` say what they mean.

    Attributes:
        CALLED: What it is called in a sentence.
    """

    BINDINGS: ClassVar[list[BindingType]] = screen_bindings()
    CALLED: ClassVar[str] = "this screen"
    _before: Widget | None = None

    @abstractmethod
    def deeds(self) -> "Mapping[str, Deed]":
        """What commands mean here, by their ids, beyond those that every such screen has."""

    @abstractmethod
    def leave(self) -> None:
        """Close it, with nothing done."""

    def own_items(self) -> "Sequence[MenuItem]":
        """What its keys beyond the registry do, for help: the id of each is the name of its Textual action."""
        return ()

    def copyable(self) -> dict[str, str]:
        """What the yank menu offers, by name."""
        from cockpit.screens.arguments import as_text

        pane = self.focused
        row = pane.cursor_row if isinstance(pane, LineList) else None
        return {} if row is None else {"line": as_text(row).strip()}

    @cached_property
    def commands(self) -> "SideCommands":
        """Carries out commands here."""
        from cockpit.screens.side_commands import SideCommands

        return SideCommands(self)

    @property
    def host(self) -> Host:
        """The application."""
        return cast("Host", self.app)

    @property
    def panes(self) -> "CockpitScreen | None":
        """The panes below this screen."""
        from cockpit.screens.cockpit import CockpitScreen

        return next((screen for screen in self.app.screen_stack if isinstance(screen, CockpitScreen)), None)

    @property
    def busy(self) -> bool:
        """Whether a dialog of this screen is on its way, or what it decided is being done.

        The screen itself may have been opened by a dialog of the one below.
        """
        mine = (worker for worker in self.workers if worker.node is self)
        return any(worker.group == "dialog" and worker.is_running for worker in mine)

    def action_command(self, command_id: str) -> None:
        """What every key leads to."""
        self.commands.run(command_id)

    # -- the command line

    def line(self) -> FilterBar:
        """The command line, for `compose`."""
        return FilterBar(":", complete=self._complete, history=self._earlier, id="command")

    def _complete(self, text: str) -> "Sequence[MenuItem]":
        return self.commands.bar.complete(text)

    def _earlier(self) -> "Sequence[str]":
        return self.commands.bar.earlier()

    def open_line(self, text: str = "") -> None:
        """Show it, with what is typed already."""
        if not self.busy:
            self._before = self.focused
            self.query_one("#command", FilterBar).open(text)

    @on(FilterBar.Submitted, "#command")
    def _line_entered(self, event: FilterBar.Submitted) -> None:
        problem = self.commands.bar.enter(event.value)
        event.bar.problem = problem or ""
        if problem is None:
            self._close_line(event.bar)

    @on(FilterBar.Cancelled, "#command")
    def _line_cancelled(self, event: FilterBar.Cancelled) -> None:
        self._close_line(event.bar)

    def _close_line(self, bar: FilterBar) -> None:
        bar.close()
        self.set_focus(self._before)
