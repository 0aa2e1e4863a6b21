"""A line of choices: what a dialog offers, the safe one selected first."""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from widgets.pane import Piece, to_strip
from widgets.rows import Tone
from widgets.style import LineWidget


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them: what it means, the key that picks it, and what it is called."""

    id: str
    key: str
    title: str
    tone: Tone = Tone.PLAIN


class ChoiceLine(LineWidget, can_focus=True):
    """Choices side by side; arrows select, Enter picks. Posts `Picked`."""

    DEFAULT_CSS = """
    ChoiceLine { height: 1; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "previous", show=False),
        Binding("right", "next", show=False),
        Binding("enter", "pick", show=False),
    ]

    selected: reactive[int] = reactive(0)

    @dataclass
    class Picked(Message):
        """One was picked."""

        line: "ChoiceLine"
        choice: str

        @property
        def control(self) -> "ChoiceLine":
            """The line."""
            return self.line

    def __init__(self, *choices: Choice, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.choices = choices

    def _labels(self) -> list[str]:
        return [f" {choice.key}  {choice.title} " if choice.key else f" {choice.title} " for choice in self.choices]

    def render_line(self, y: int) -> Strip:
        """Draw them."""
        palette = self.palette
        pieces: list[Piece] = []
        for index, (choice, label) in enumerate(zip(self.choices, self._labels(), strict=True)):
            if index == self.selected:
                pieces.append((label, palette.on_cursor(choice.tone, focused=self.has_focus)))
            else:
                pieces.append((label, palette.style(choice.tone)))
            pieces.append(("  ", palette.base))
        return to_strip(pieces, self.size.width, palette.base)

    def action_previous(self) -> None:
        """Select the one before."""
        self.selected = (self.selected - 1) % len(self.choices)

    def action_next(self) -> None:
        """Select the next one."""
        self.selected = (self.selected + 1) % len(self.choices)

    def action_pick(self) -> None:
        """Pick the selected one."""
        self.post_message(self.Picked(self, self.choices[self.selected].id))

    def on_click(self, event: Click) -> None:
        """Pick the one under the pointer."""
        left = 0
        for index, label in enumerate(self._labels()):
            right = left + cell_len(label)
            if left <= event.x < right:
                self.selected = index
                self.action_pick()
            left = right + 2
