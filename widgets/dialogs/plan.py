"""The plan dialog: exactly what would be done, and the question whether to do it."""

import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Mount
from textual.widgets import Static

from widgets.cells import wrap
from widgets.choices import Choice, ChoiceLine
from widgets.detail import TextView
from widgets.dialogs.base import DEAF_S, Dialog, DialogInput
from widgets.rows import TextRow, Tone

PlanResult = Literal["confirm", "copy"]


class PlanDialog(Dialog[PlanResult | None]):
    """A plan and its confirmation: `"confirm"`, `"copy"` (the command instead), or `None`.

    With `confirm="yes"` Cancel has the focus and the key `y` confirms. With `confirm="typed"` only the exact text
    `expected`, typed into the input and entered, confirms. `n` (outside the input) and Escape cancel, `c` copies; a
    paste outside the input does nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", show=False),
        Binding("n", "cancel", show=False),
        Binding("c", "copy", show=False),
    ]

    def __init__(
        self,
        title: str,
        rows: Sequence[TextRow],
        confirm: Literal["yes", "typed"] = "yes",
        expected: str = "",
        *,
        yes: str = "yes, do it",
        copyable: bool = True,
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self.rows = rows
        self.confirm = confirm
        self.expected = expected
        self._yes = yes
        self._copyable = copyable

    def compose(self) -> ComposeResult:
        """The plan, the input where one is needed, the choices."""
        with Vertical(id="box"):
            yield TextView(id="body")
            yield Static("", classes="line")
            if self.confirm == "typed":
                yield Static(Content(""), classes="line", id="ask")
                yield DialogInput(id="typed")
                yield Static(Content(""), classes="line bad", id="wrong")
            yield ChoiceLine(*self._choices(), id="choices")

    def _choices(self) -> list[Choice]:
        choices = [Choice("cancel", "n" if self.confirm == "yes" else "esc", "cancel")]
        if self.confirm == "yes":
            choices.append(Choice("confirm", "y", self._yes, Tone.WARN))
        if self._copyable:
            choices.append(Choice("copy", "c", "copy the command", Tone.DIM))
        return choices

    def on_mount(self, _event: Mount) -> None:
        """Focus what is safe: Cancel, or an input that must match."""
        self.query_one("#body", TextView).set_rows(self.rows)
        self.query_one("#typed" if self.confirm == "typed" else "#choices").focus()

    def fit_body(self) -> None:
        """What must be typed is never cut."""
        if self.confirm == "typed":
            lines = wrap(f"To confirm, type  {self.expected}", max(8, self.query_one("#box").content_size.width))
            ask = self.query_one("#ask", Static)
            ask.update(Content("\n".join(lines)))
            ask.styles.height = len(lines)
        super().fit_body()

    @on(ChoiceLine.Picked)
    def _picked(self, event: ChoiceLine.Picked) -> None:
        if event.choice == "cancel":
            self.action_cancel()
        elif event.choice == "copy":
            self.action_copy()
        else:
            self.action_confirm()

    @on(DialogInput.Submitted)
    def _submitted(self, event: DialogInput.Submitted) -> None:
        if self.expected and event.value.strip() == self.expected:
            self.dismiss("confirm")
        else:
            self.query_one("#wrong", Static).update(Content("that is not it"))

    def action_confirm(self) -> None:
        """Confirm, where a key is enough."""
        if self.confirm == "yes":
            self.dismiss("confirm")

    def action_copy(self) -> None:
        """Take the command instead."""
        if self._copyable:
            self.dismiss("copy")
