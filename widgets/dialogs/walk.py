"""A dialog that goes down a tree of yes-or-no questions: a key an answer, and what they lead to."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Mount
from textual.widgets import Static

from widgets.detail import TextView
from widgets.dialogs.base import DEAF_S, Dialog
from widgets.rows import TextRow


@dataclass(frozen=True, slots=True)
class WalkPicture:
    """How far some answers lead.

    Attributes:
        rows: The questions answered, and the one that is asked or what it came to.
        done: Whether the end is reached.
    """

    rows: Sequence[TextRow]
    done: bool


class WalkDialog(Dialog[str | None]):
    """Asks until the end is reached; the answers as `yny`, or `None`. `y` and `n` answer, Backspace takes one back.

    Enter confirms the end, and nothing else does: an answer too many is not taken for a yes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", show=False),
        Binding("n", "answer('n')", show=False),
        Binding("backspace,left", "back", show=False),
        Binding("enter", "confirm", show=False),
    ]

    def __init__(
        self,
        title: str,
        picture: Callable[[str], WalkPicture],
        *,
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without an answer.

        Args:
            title: What is being decided.
            picture: How far answers lead; only called with answers that fit.
            deaf_s: See `Dialog`.
            clock: Likewise.
        """
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self.answers = ""
        self._picture = picture

    def compose(self) -> ComposeResult:
        """The questions, and what the keys do."""
        with Vertical(id="box"):
            yield TextView(id="body")
            yield Static("", classes="line")
            yield Static("", classes="line dim", id="hint")

    def on_mount(self, _event: Mount) -> None:
        """Ask the first one."""
        self._show()

    def _show(self) -> None:
        picture = self._picture(self.answers)
        self.query_one("#body", TextView).set_rows(picture.rows)
        keys = "enter go on   bksp back   esc cancel" if picture.done else "y yes   n no   bksp back   esc cancel"
        self.query_one("#hint", Static).update(Content(keys))
        self.fit_body()

    def action_answer(self, letter: str) -> None:
        """Answer the question that is asked, if there still is one."""
        if not self._picture(self.answers).done:
            self.answers += letter
            self._show()

    def action_back(self) -> None:
        """Take the last answer back."""
        self.answers = self.answers[:-1]
        self._show()

    def action_confirm(self) -> None:
        """Go on with what the answers led to."""
        if self._picture(self.answers).done:
            self.dismiss(self.answers)
