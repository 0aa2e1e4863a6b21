"""A dialog that only says something."""

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Mount
from textual.widgets import Static

from widgets.choices import Choice, ChoiceLine
from widgets.detail import TextView
from widgets.dialogs.base import DEAF_S, Dialog
from widgets.rows import TextRow


class MessageDialog(Dialog[None]):
    """Says something until Enter, Escape or `q`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "cancel", show=False)]

    def __init__(
        self,
        title: str,
        rows: Sequence[TextRow],
        *,
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self.rows = rows

    def compose(self) -> ComposeResult:
        """The text and the way out."""
        with Vertical(id="box"):
            yield TextView(id="body")
            yield Static("", classes="line")
            yield ChoiceLine(Choice("ok", "enter", "close"), id="choices")

    def on_mount(self, _event: Mount) -> None:
        """Show the text."""
        self.query_one("#body", TextView).set_rows(self.rows)
        self.query_one("#choices").focus()

    @on(ChoiceLine.Picked)
    def _picked(self) -> None:
        self.action_cancel()
