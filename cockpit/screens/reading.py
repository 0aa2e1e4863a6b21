"""A text that fills the screen until it is closed: a comparison, a report."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from cockpit.screens.side import SideScreen
from widgets.detail import DetailPane
from widgets.footer import Footer
from widgets.header import SharedHeader
from widgets.rows import KeyHint, Level, TextRow

if TYPE_CHECKING:
    from cockpit.screens.side_commands import Deed

_LOUD = frozenset({Level.ERROR, Level.WARN})


class ReadingScreen(SideScreen[str | None]):
    """Shows lines; `e` and `N` jump between what is loud, `q` and escape close it.

    Enter on a line that leads somewhere closes it with the key of that line.
    """

    AUTO_FOCUS = "#text"
    CALLED = "this page"
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
        yield self.line()
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Show it."""
        self.query_one("#text", DetailPane).set_rows(self._rows)
        hint = self.commands.hint
        enter = (hint("go.into", "open the evidence"),) if any(row.link for row in self._rows) else ()
        self.query_one("#footer", Footer).hints = (
            *enter, hint("app.close"), hint("app.help"), hint("find.error"), hint("find.previous"), hint("copy.menu"),
            KeyHint("j k", "move"),
        )  # fmt: skip

    def deeds(self) -> "Mapping[str, Deed]":
        """What its keys mean."""
        from cockpit.screens.side_commands import Deed

        return {
            "find.error": Deed(lambda: self.loud(1), "next difference", "To the next line that stands out."),
            "find.next": Deed(lambda: self.loud(1), "next difference", "To the next line that stands out."),
            "find.previous": Deed(lambda: self.loud(-1), "back", "To the line before that stands out."),
        }

    def copyable(self) -> dict[str, str]:
        """The line under the cursor, and the whole text."""
        from cockpit.screens.arguments import as_text

        return {**super().copyable(), "text": "".join(f"{as_text(row)}\n" for row in self._rows)}

    def loud(self, step: int) -> None:
        """To the next loud line."""
        self.query_one("#text", DetailPane).hunt(_LOUD, step)

    @on(DetailPane.Chosen, "#text")
    def _enter(self, event: DetailPane.Chosen) -> None:
        self.dismiss(event.key)

    def leave(self) -> None:
        """Back to where the operator came from."""
        self.dismiss(None)
