"""A report before it is written: looked through, then written with `y`, or left."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Event, Key

from cockpit.screens.side import SideScreen
from widgets.detail import DetailPane
from widgets.dialogs.base import DEAF_S
from widgets.footer import Footer
from widgets.header import SharedHeader
from widgets.rows import KeyHint, Level, MenuItem, TextRow

if TYPE_CHECKING:
    from cockpit.screens.side_commands import Deed

_LOUD = frozenset({Level.ERROR, Level.WARN})


class ReviewScreen(SideScreen[bool]):
    """Shows a report; `y` closes it with `True`, `q` and escape with `False`; `e` and `N` jump to what is missing."""

    AUTO_FOCUS = "#text"
    CALLED = "this report"
    # As in every dialog that asks: y is yes and n is no, whatever they stand for elsewhere.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "write", show=False),
        Binding("n", "leave", show=False),
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
        yield self.line()
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Show it."""
        self._opened = self._clock()
        pane = self.query_one("#text", DetailPane)
        pane.set_rows(self._rows)
        missing = sum(row.level in _LOUD for row in self._rows)
        pane.count = f"{missing} missing" if missing else "nothing is missing"
        hint = self.commands.hint
        self.query_one("#footer", Footer).hints = (
            KeyHint("y", self._yes, self._refused), hint("app.close", "leave it"), hint("app.help"),
            hint("find.error"), hint("find.previous"), KeyHint("j k", "move"),
        )  # fmt: skip

    def deeds(self) -> "Mapping[str, Deed]":
        """What its keys mean."""
        from cockpit.screens.side_commands import Deed

        return {
            "app.close": Deed(self.leave, "leave it", "Close this report; nothing is written."),
            "go.back": Deed(self.leave, "leave it", "Close this report; nothing is written."),
            "find.error": Deed(lambda: self.missing(1), "next missing", "To the next thing that is missing."),
            "find.previous": Deed(lambda: self.missing(-1), "back", "To the missing thing before."),
        }

    def own_items(self) -> Sequence[MenuItem]:
        """Yes and no."""
        return (
            MenuItem("write", self._yes, "y", "Answer", "It is good.", self._refused),
            MenuItem("leave", "leave it", "n", "Answer", "Close it; nothing is written."),
        )

    def copyable(self) -> dict[str, str]:
        """The line under the cursor, and the whole text."""
        from cockpit.screens.arguments import as_text

        return {**super().copyable(), "text": "".join(f"{as_text(row)}\n" for row in self._rows)}

    @property
    def deaf(self) -> bool:
        """Whether `y` is still ignored."""
        return self._clock() - self._opened < self._deaf_s

    def hears(self, event: Event) -> bool:
        """Whether what was typed is meant for this screen: a `y` that was typed before it opened is not."""
        meant = self._clock is not time.monotonic or event.time - self._opened >= self._deaf_s
        return meant or not isinstance(event, Key) or event.key != "y"

    def missing(self, step: int) -> None:
        """To the next thing that is missing."""
        self.query_one("#text", DetailPane).hunt(_LOUD, step)

    def action_write(self) -> None:
        """It is good: write it."""
        if self._refused is not None:
            self.notify(self._refused, severity="warning", markup=False)
        elif not self.deaf:
            self.dismiss(True)

    def action_leave(self) -> None:
        """No."""
        self.leave()

    def leave(self) -> None:
        """Nothing is written."""
        self.dismiss(False)
