"""One of several values on one line: `< value >  2/5`, turned with the arrow keys."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from widgets.pane import to_strip
from widgets.rows import Tone
from widgets.style import LineWidget


class PickLine(LineWidget, can_focus=True):
    """Holds one of its choices. Left, right and Space turn it, a letter goes to the next choice that begins with it."""

    DEFAULT_CSS = """
    PickLine { height: 1; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space", "turn(1)", show=False),
        Binding("enter", "submit", show=False),
    ]

    selected: reactive[int] = reactive(0)

    @dataclass
    class Submitted(Message):
        """Enter."""

        line: "PickLine"

        @property
        def control(self) -> "PickLine":
            """The line."""
            return self.line

    def __init__(self, choices: tuple[str, ...], value: str = "", *, id: str | None = None) -> None:  # noqa: A002
        """Hold `value`, or the first choice where it is none of them."""
        super().__init__(id=id)
        self.choices = choices
        self.set_reactive(PickLine.selected, choices.index(value) if value in choices else 0)

    @property
    def value(self) -> str:
        """The choice it holds."""
        return self.choices[self.selected]

    def render_line(self, y: int) -> Strip:
        """Draw the choice between arrows, and which one of how many it is."""
        palette = self.palette
        picked = (f"< {self.value or '(none)'} >", palette.on_cursor(Tone.PLAIN, focused=self.has_focus))
        place = (f"  {self.selected + 1}/{len(self.choices)}", palette.style(Tone.DIM))
        return to_strip([picked, place], self.size.width, palette.base)

    def action_turn(self, step: int) -> None:
        """The choice before or after this one, round and round."""
        self.selected = (self.selected + step) % len(self.choices)

    def action_submit(self) -> None:
        """Say that this is it."""
        self.post_message(self.Submitted(self))

    def on_key(self, event: Key) -> None:
        """A letter goes to the next choice that begins with it."""
        letter = event.character
        if letter is None or not letter.isalnum() or getattr(self.screen, "deaf", False):
            return
        after = [(self.selected + step) % len(self.choices) for step in range(1, len(self.choices) + 1)]
        found = next((index for index in after if self.choices[index].lower().startswith(letter.lower())), None)
        if found is not None:
            event.stop()
            self.selected = found
