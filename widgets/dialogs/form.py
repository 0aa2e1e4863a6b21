"""A dialog with a few questions, one a line."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.events import DescendantFocus, Mount
from textual.widget import Widget
from textual.widgets import Static

from widgets.cells import clip
from widgets.dialogs.base import DEAF_S, Dialog, DialogInput
from widgets.pick_line import PickLine
from widgets.rows import FormField

_LABEL_WIDTH = 22
_AROUND = 5
"""Lines of the box besides the questions: frame, blank, note, hint."""

Check = Callable[[Mapping[str, str]], str | None]
"""What is wrong with the answers, if anything."""


class FormDialog(Dialog[dict[str, str] | None]):
    """Asks several things at once: the answers by field name, or `None` where the operator cancelled.

    Enter goes on to the next question and submits at the last one. What is missing or refused by `check` is said, and
    the form stays as it is.
    """

    DEFAULT_CSS = """
    FormDialog {
        & #fields { height: auto; width: 1fr; scrollbar-size: 0 0; }
        & .field { height: 1; width: 1fr; }
        & .label { width: 22; height: 1; color: $tone-dim; background: $background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False, priority=True),
        Binding("up", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[FormField],
        *,
        check: Check | None = None,
        submit: str = "go on",
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self.fields = fields
        self._check = check
        self._submit = submit

    def compose(self) -> ComposeResult:
        """A line for each question, what is to be said of the one in focus, what the keys do."""
        with Vertical(id="box"):
            with VerticalScroll(id="fields", can_focus=False):
                for field in self.fields:
                    with Horizontal(classes="field"):
                        mark = " *" if field.required else ""
                        yield Static(Content(clip(field.label, _LABEL_WIDTH - 3) + mark), classes="label")
                        yield self._control(field)
            yield Static("", classes="line dim", id="note")
            yield Static(Content(f"enter {self._submit}   tab next   esc cancel"), classes="line dim", id="hint")

    @staticmethod
    def _control(field: FormField) -> Widget:
        if field.choices:
            return PickLine(field.choices, field.value, id=f"field-{field.name}")
        return DialogInput(field.value, id=f"field-{field.name}")

    def on_mount(self, _event: Mount) -> None:
        """Focus the first question that has no answer yet, else the first."""
        open_one = next((field for field in self.fields if field.required and not field.value), self.fields[0])
        self._widget(open_one).focus()

    def fit_body(self) -> None:
        """As many questions in view as the screen has room for; the others scroll in with the focus."""
        self.query_one("#fields").styles.height = max(1, min(len(self.fields), self.size.height - _AROUND))

    @property
    def answers(self) -> dict[str, str]:
        """What stands in the form now."""
        return {field.name: self._answer(field) for field in self.fields}

    def _answer(self, field: FormField) -> str:
        widget = self._widget(field)
        return widget.value.strip() if isinstance(widget, (DialogInput, PickLine)) else ""

    def _widget(self, field: FormField) -> Widget:
        return self.query_one(f"#field-{field.name}")

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        """Say what the question in focus is about."""
        field = self._focused
        if field is not None:
            self._say(field.hint)

    @property
    def _focused(self) -> FormField | None:
        name = (self.focused.id or "").removeprefix("field-") if self.focused is not None else None
        return next((field for field in self.fields if field.name == name), None)

    @on(DialogInput.Submitted)
    @on(PickLine.Submitted)
    def _entered(self) -> None:
        """Go on to the next question, or be done with the last."""
        field = self._focused
        if field is not None and field is not self.fields[-1]:
            self.focus_next()
            return
        answers = self.answers
        missing = next((each for each in self.fields if each.required and not answers[each.name]), None)
        if missing is not None:
            self._widget(missing).focus()
            self.call_after_refresh(self._say, f"{missing.label}: needed", bad=True)
            return
        problem = self._check(answers) if self._check is not None else None
        if problem is None:
            self.dismiss(answers)
        else:
            self._say(problem, bad=True)

    def _say(self, text: str, *, bad: bool = False) -> None:
        try:
            note = self.query_one("#note", Static)
        except NoMatches:
            return
        note.set_classes("line bad" if bad else "line dim")
        note.update(Content(text))
