"""A report before it is written: looked through, then written with `y`, or left."""

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Event, Key

from widgets.detail import DetailPane
from widgets.dialogs.base import DEAF_S
from widgets.footer import Footer
from widgets.header import SharedHeader
from widgets.quiet import PacedScreen
from widgets.rows import KeyHint, Level, TextRow

_LOUD = frozenset({Level.ERROR, Level.WARN})


class ReviewScreen(PacedScreen[bool]):
    """Shows a report; `y` closes it with `True`, `q` and escape with `False`; `e` and `N` jump to what is missing."""

    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "write", show=False),
        Binding("escape,q,h,n,backspace", "leave", show=False),
        Binding("e", "missing(1)", show=False),
        Binding("N", "missing(-1)", show=False),
    ]
    DEFAULT_CSS = """
    ReviewScreen { layout: vertical; background: $background; }
    """

    def __init__(
        self,
        title: str,
        rows: Sequence[TextRow],
        *,
        refused: str | None = None,
        yes: str = "write it",
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Touches nothing.

        Args:
            title: What is reviewed.
            rows: The report.
            refused: Why it may not be written, or `None`.
            yes: What `y` does.
            deaf_s: Seconds after opening in which `y` does nothing: it was meant for what was there before.
            clock: Seconds, monotonic.
        """
        super().__init__()
        self._title = title
        self._rows = rows
        self._refused = refused
        self._yes = yes
        self._deaf_s = deaf_s
        self._clock = clock
        self._opened = clock()

    def compose(self) -> ComposeResult:
        """The text and the keys."""
        yield SharedHeader(id="header")
        yield DetailPane(id="text", title=self._title)
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Show it."""
        self._opened = self._clock()
        pane = self.query_one("#text", DetailPane)
        pane.set_rows(self._rows)
        missing = sum(row.level in _LOUD for row in self._rows)
        pane.count = f"{missing} missing" if missing else "nothing is missing"
        self.query_one("#footer", Footer).hints = (
            KeyHint("y", self._yes, self._refused), KeyHint("q", "leave it"), KeyHint("e", "next missing"),
            KeyHint("N", "back"), KeyHint("j k", "move"),
        )  # fmt: skip

    @property
    def deaf(self) -> bool:
        """Whether `y` is still ignored."""
        return self._clock() - self._opened < self._deaf_s

    def hears(self, event: Event) -> bool:
        """Whether what was typed is meant for this screen: a `y` that was typed before it opened is not."""
        meant = self._clock is not time.monotonic or event.time - self._opened >= self._deaf_s
        return meant or not isinstance(event, Key) or event.key != "y"

    def action_missing(self, step: int) -> None:
        """To the next thing that is missing."""
        self.query_one("#text", DetailPane).hunt(_LOUD, step)

    def action_write(self) -> None:
        """It is good: write it."""
        if self._refused is not None:
            self.notify(self._refused, severity="warning", markup=False)
        elif not self.deaf:
            self.dismiss(True)

    def action_leave(self) -> None:
        """Nothing is written."""
        self.dismiss(False)
