"""A text that fills the screen until it is closed: a comparison, a report."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from widgets.detail import DetailPane
from widgets.footer import Footer
from widgets.header import SharedHeader
from widgets.quiet import PacedScreen
from widgets.rows import KeyHint, Level, TextRow

_LOUD = frozenset({Level.ERROR, Level.WARN})


class ReadingScreen(PacedScreen[str | None]):
    """Shows lines; `e` and `N` jump between what is loud, `q` and escape close it.

    Enter on a line that leads somewhere closes it with the key of that line.
    """

    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,h,backspace", "close", show=False),
        Binding("e,n", "loud(1)", show=False),
        Binding("N", "loud(-1)", show=False),
    ]
    DEFAULT_CSS = """
    ReadingScreen { layout: vertical; background: $background; }
    """

    def __init__(self, title: str, rows: Sequence[TextRow]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows

    def compose(self) -> ComposeResult:
        """The text and the keys."""
        yield SharedHeader(id="header")
        yield DetailPane(id="text", title=self._title)
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Show it."""
        self.query_one("#text", DetailPane).set_rows(self._rows)
        enter = (KeyHint("enter", "open the evidence"),) if any(row.link for row in self._rows) else ()
        self.query_one("#footer", Footer).hints = (
            *enter, KeyHint("q", "close"), KeyHint("j k", "move"), KeyHint("e", "next difference"),
            KeyHint("N", "back"),
        )  # fmt: skip

    def action_loud(self, step: int) -> None:
        """To the next loud line."""
        self.query_one("#text", DetailPane).hunt(_LOUD, step)

    @on(DetailPane.Chosen, "#text")
    def _enter(self, event: DetailPane.Chosen) -> None:
        self.dismiss(event.key)

    def action_close(self) -> None:
        """Back to where the operator came from."""
        self.dismiss(None)
