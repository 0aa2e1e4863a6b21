"""What every dialog does: stand in the middle, say its title, and be deaf while the operator is still typing."""

import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Event, Key, Mount, Paste, Resize
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from widgets.line_list import LineList
from widgets.quiet import PacedScreen

ResultT = TypeVar("ResultT")
DEAF_S = 0.3
"""Seconds after opening in which keys are ignored: they were meant for what was there before."""


class Dialog(PacedScreen[ResultT], ModalScreen[ResultT]):
    """A modal screen that ignores keys for its first `deaf_s` seconds of `clock` (seconds, monotonic).

    Escape closes it with `None`. Its box (`#box`) holds an unframed list (`#body`), which gets the height that its
    rows need and the screen has, and lines of fixed height around it. Nothing in it is markup.

    Textual calls the handlers of this class besides those of its subclasses: they do not call `super`.
    """

    AUTO_FOCUS: ClassVar[str | None] = None
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        &:ansi { background: transparent; }
        & > #box {
            width: 100%; max-width: 92; height: auto; max-height: 100%;
            background: $background; color: $tone-plain;
            border: solid $frame-focus;
            border-title-color: $pane-title-focus; border-title-style: $pane-title-focus-style;
            border-subtitle-color: $tone-dim;
            padding: 0 1;
        }
        & #body { width: 1fr; height: 1; }
        & .line { width: 1fr; height: 1; color: $tone-plain; background: $background; text-wrap: nowrap; text-overflow: ellipsis; }
        & .dim { color: $tone-dim; }
        & .bad { color: $tone-bad; text-style: $tone-bad-style; }
    }
    """  # noqa: E501
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("down,j", "scroll_body(1)", show=False),
        Binding("up,k", "scroll_body(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll_body(8)", show=False),
        Binding("pageup,ctrl+u", "scroll_body(-8)", show=False),
    ]

    def __init__(self, title: str, *, deaf_s: float = DEAF_S, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.heading = title
        self._deaf_s = deaf_s
        self._clock = clock
        self._opened: float | None = None

    @property
    def deaf(self) -> bool:
        """Whether keys are still ignored."""
        return self._opened is None or self._clock() - self._opened < self._deaf_s

    def hears(self, event: Event) -> bool:
        """Whether what was typed is meant for this dialog: by when it was typed, however late its turn comes."""
        if self._clock is not time.monotonic:
            return True
        return self._opened is not None and event.time - self._opened >= self._deaf_s

    def on_mount(self, _event: Mount) -> None:
        """Say the title, and start to listen later."""
        self._opened = self._clock()
        self.query_one("#box").border_title = Content(self.heading)

    def on_key(self, event: Key) -> None:
        """Swallow every key while deaf: what is not stopped here would reach bindings."""
        if self.deaf:
            event.stop()
            event.prevent_default()

    def on_resize(self, _event: Resize) -> None:
        """Give the list the height that its rows need and the screen has."""
        self.call_after_refresh(self.fit_body)

    def fit_body(self) -> None:
        """Fit the list's height."""
        for body in self.query("#body").results(LineList):
            around = 2 + sum(lines_of(child) for child in self.query_one("#box").children if child is not body)
            room = max(1, self.size.height - around)
            body.styles.height = max(1, min(len(body.rows), room))
            hidden = len(body.rows) > room and not body.show_cursor
            # Where something is typed, letters are typed.
            keys = "up down" if self.query(DialogInput) else "j k"
            self.query_one("#box").border_subtitle = Content(f"{keys} scroll") if hidden else None

    def action_scroll_body(self, lines: int) -> None:
        """Scroll a text that is longer than the dialog."""
        for body in self.query("#body").results(LineList):
            body.scroll_lines(lines)

    def action_cancel(self) -> None:
        """Close without a result."""
        self.dismiss(None)


def lines_of(widget: Widget) -> int:
    """Lines a widget of fixed height takes."""
    height = widget.styles.height
    return int(height.value) if widget.display and height is not None else 0


class DialogInput(Input):
    """One line of input, as plain as the dialog, deaf while the dialog is."""

    DEFAULT_CSS = """
    DialogInput {
        border: none; padding: 0; height: 1; width: 1fr; background: $bar-background; color: $tone-plain;
        &:focus { border: none; background-tint: transparent; }
    }
    """

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(value, id=id, select_on_focus=False)
        self.placeholder = placeholder
        self.cursor_blink = False

    def _deaf(self) -> bool:
        screen: Any = self.screen
        return isinstance(screen, Dialog) and screen.deaf

    def on_key(self, event: Key) -> None:
        """Swallow keys while deaf."""
        if self._deaf():
            event.stop()
            event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """Swallow a paste while deaf."""
        if self._deaf():
            event.stop()
            event.prevent_default()
