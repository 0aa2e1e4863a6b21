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
History = Callable[[], Sequence[str]]
"""Earlier lines, oldest first."""


@dataclass
class Recalled:
    """Where in the history the operator is.

    Attributes:
        typed: What they had typed before.
        lines: The lines that begin with it, newest first.
        at: Which one is shown; -1 is what they had typed.
    """

    typed: str
    lines: list[str]
    at: int = -1


class FilterBar(Widget):
    """One line of input behind a prefix, with completions above it where a `complete` is given.

    Printable keys are text and nothing else. Enter submits, Escape cancels. Tab takes the first completion over, and
    then the next ones, shift-tab those before. Up and down go through the `history`, as far as it begins with what
    was typed. Messages: `Changed`, `Submitted`, `Cancelled`. The owner shows and hides it: `open` and
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
        """Enter."""

        bar: "FilterBar"
        value: str

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

    def __init__(
        self,
        prefix: str = "/",
        complete: Complete | None = None,
        *,
        history: History | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self.prefix = prefix
        self._complete = complete
        self._history = history
        self._recalled: Recalled | None = None
        self._own = ""
        """The text this widget put into the input itself: that is no typing."""
        self._taken = False

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
        self._recalled, self._taken = None, False
        self._put(value)
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
        # The best one is selected, whichever was before.
        completions.reset_rows(menu_rows(items))
        completions.display = bool(items)
        # On a small terminal the panes need their lines.
        completions.styles.height = min(len(completions.rows), SHOWN, max(3, self.app.size.height // 3))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            if event.value != self._own:
                self._recalled, self._taken = None, False
                self._offer(event.value)
            self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self, event.value))

    @on(MenuList.Highlighted)
    def _highlighted(self, event: MenuList.Highlighted) -> None:
        event.stop()

    def on_key(self, event: Key) -> None:
        """Escape, and the keys of the completions."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Cancelled(self))
        elif self._complete is not None and event.key in ("tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            self._take(1 if event.key == "tab" else -1)
        elif self._history is not None and event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            self._recall(1 if event.key == "up" else -1)

    def _put(self, value: str) -> None:
        self._own = value
        self._input.value = value
        self._input.cursor_position = len(value)

    def _take(self, step: int) -> None:
        """Take a completion over: the selected one, then its neighbours; the only one leads on to what follows."""
        completions = self.query_one("#completions", MenuList)
        items = [row.key for row in completions.rows if row.item is not None]
        if not items:
            return
        if self._taken or self._input.value == completions.cursor_key:
            at = items.index(completions.cursor_key) if completions.cursor_key in items else -step
            completions.move_to(items[(at + step) % len(items)])
        self._taken = len(items) > 1
        self._put(completions.cursor_key or items[0])
        if not self._taken:
            self._offer(self._input.value)

    def _recall(self, step: int) -> None:
        """An older line, or a newer one, down to what was typed."""
        if self._recalled is None:
            typed = self._input.value
            known = self._history() if self._history is not None else ()
            self._recalled = Recalled(
                typed, [line for line in reversed(known) if line.startswith(typed) and line != typed]
            )
        recalled = self._recalled
        at = max(-1, min(recalled.at + step, len(recalled.lines) - 1))
        if at != recalled.at:
            recalled.at, self._taken = at, False
            self._put(recalled.typed if at < 0 else recalled.lines[at])
            self._offer(self._input.value)
