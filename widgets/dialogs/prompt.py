"""A dialog that asks for one line of text."""

import time
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Mount
from textual.widgets import Static

from widgets.dialogs.base import DEAF_S, Dialog, DialogInput


class PromptDialog(Dialog[str | None]):
    """Asks for a line; its text, or `None` where the operator cancelled. A required text cannot be blank."""

    def __init__(
        self,
        title: str,
        label: str = "",
        initial: str = "",
        *,
        required: bool = True,
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self.label = label
        self.initial = initial
        self.required = required

    def compose(self) -> ComposeResult:
        """The label, the input, what the keys do."""
        with Vertical(id="box"):
            yield Static(Content(self.label), classes="line")
            yield DialogInput(self.initial, id="input")
            yield Static(Content("enter save   esc cancel"), classes="line dim", id="hint")

    def on_mount(self, _event: Mount) -> None:
        """Focus the input."""
        self.query_one("#input").focus()

    @on(DialogInput.Submitted)
    def _submitted(self, event: DialogInput.Submitted) -> None:
        text = event.value.strip()
        if text or not self.required:
            self.dismiss(text)
        else:
            hint = self.query_one("#hint", Static)
            hint.set_classes("line bad")
            hint.update(Content("something must be said here; esc cancels"))
