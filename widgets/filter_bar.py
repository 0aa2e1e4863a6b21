"""A line of input at the bottom: the filter (`/`) and the command line (`:`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Input, Static

from widgets.menu_list import MenuList, menu_rows
from widgets.rows import MenuItem

SHOWN = 8
"""Completions in view; on a small terminal a fifth of its lines."""
Complete = Callable[[str], Sequence[MenuItem]]


class FilterBar(Widget):
    """One line of input behind a prefix, with completions above it where a `complete` is given.

    Printable keys are text and nothing else. Enter submits, Escape cancels; with completions, up and down select one
    and Tab takes its id over. Messages: `Changed`, `Submitted`, `Cancelled`. The owner shows and hides it: `open` and
    `close` do both and move no focus but its own.
    """

    DEFAULT_CSS = """
    FilterBar {
        height: auto; width: 1fr; background: $bar-background; display: none;
        & > MenuList { height: 0; display: none; background: $bar-background; }
        & > #line { height: 1; }
        & #prefix { width: auto; height: 1; color: $tone-accent; background: $bar-background; padding: 0 0 0 1; }
        & #text {
            border: none; padding: 0; height: 1; width: 1fr; color: $tone-plain; background: $bar-background;
            &:focus { border: none; background-tint: transparent; }
        }
        & > #problem { height: 1; color: $tone-bad; display: none; padding: 0 1; text-wrap: nowrap; }
    }
    """

    problem: var[str] = var("")
    """What is wrong with the text; shown beneath it."""

    @dataclass
    class Changed(Message):
        """The text has changed."""

        bar: "FilterBar"
        value: str

        @property
        def control(self) -> "FilterBar":
            """The bar."""
            return self.bar

        def can_replace(self, message: Message) -> bool:
            """Only the last text matters."""
            return isinstance(message, FilterBar.Changed) and message.bar is self.bar

    @dataclass
    class Submitted(Message):
        """Enter. `choice` is the id of the completion that was selected, if any."""

        bar: "FilterBar"
        value: str
        choice: str | None = None

        @property
        def control(self) -> "FilterBar":
            """The bar."""
            return self.bar

    @dataclass
    class Cancelled(Message):
        """Escape."""

        bar: "FilterBar"

        @property
        def control(self) -> "FilterBar":
            """The bar."""
            return self.bar

    def __init__(self, prefix: str = "/", complete: Complete | None = None, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.prefix = prefix
        self._complete = complete

    def compose(self) -> ComposeResult:
        """Completions, prefix, input, problem."""
        if self._complete is not None:
            yield MenuList(id="completions", framed=False)
        text = Input(id="text", select_on_focus=False)
        text.cursor_blink = False
        yield Horizontal(Static(Content(self.prefix), id="prefix"), text, id="line")
        yield Static(Content(""), id="problem")

    @property
    def _input(self) -> Input:
        return self.query_one("#text", Input)

    @property
    def value(self) -> str:
        """The text."""
        return self._input.value

    def open(self, value: str = "") -> None:
        """Show it with a text and take the focus."""
        self.display = True
        self.problem = ""
        self._input.value = value
        self._input.cursor_position = len(value)
        self._offer(value)
        # At once: `focus` would come later, and what is typed meanwhile would be commands.
        self.screen.set_focus(self._input)

    def close(self) -> None:
        """Hide it. The owner decides where the focus goes."""
        self.display = False

    def watch_problem(self, problem: str) -> None:
        """Show or hide what is wrong."""
        if self.is_mounted:
            line = self.query_one("#problem", Static)
            line.display = bool(problem)
            line.update(Content(problem))

    def _offer(self, value: str) -> None:
        if self._complete is None:
            return
        items = self._complete(value)
        completions = self.query_one("#completions", MenuList)
        completions.set_rows(menu_rows(items))
        completions.display = bool(items)
        # On a small terminal the panes need their lines.
        completions.styles.height = min(len(completions.rows), SHOWN, max(3, self.app.size.height // 3))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self._offer(event.value)
            self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        choice = None if self._complete is None else self.query_one("#completions", MenuList).cursor_key
        self.post_message(self.Submitted(self, event.value, choice))

    @on(MenuList.Highlighted)
    def _highlighted(self, event: MenuList.Highlighted) -> None:
        event.stop()

    def on_key(self, event: Key) -> None:
        """Escape, and the keys of the completions."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Cancelled(self))
        elif self._complete is not None and event.key in ("up", "down", "tab"):
            event.stop()
            event.prevent_default()
            completions = self.query_one("#completions", MenuList)
            if event.key == "tab":
                key = completions.cursor_key
                if key is not None:
                    self._input.value = key
                    self._input.cursor_position = len(key)
            elif event.key == "down":
                completions.action_cursor_down()
            else:
                completions.action_cursor_up()
