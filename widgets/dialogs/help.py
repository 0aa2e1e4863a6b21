"""Help: everything that can be done here, searchable, and Enter does it."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Mount
from textual.widgets import Static

from widgets.dialogs.base import DEAF_S, Dialog, DialogInput
from widgets.menu_list import MenuList, menu_rows
from widgets.rows import EmptyState, MenuItem

HINT = "↑ ↓ select   enter do it   esc close"
MOVES = {
    "down": "cursor_down",
    "up": "cursor_up",
    "pagedown": "page_down",
    "pageup": "page_up",
    "ctrl+d": "half_page_down",
    "ctrl+u": "half_page_up",
}
"""Keys that move the list although the input has the focus."""


Find = Callable[[str], Sequence[MenuItem]]
"""What a search finds, best first."""


class HelpDialog(Dialog[str | None]):
    """A searchable list of commands: the id of the one to carry out, or `None`.

    Printable keys go into the search; arrows and page keys move; Enter carries out; a disabled command says why not.
    """

    def __init__(
        self,
        items: Sequence[MenuItem] | Find,
        *,
        title: str = "Help",
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self._find: Find = items if callable(items) else partial(_matching, items)

    @property
    def items(self) -> Sequence[MenuItem]:
        """What it shows before anything is searched for."""
        return self._find("")

    def compose(self) -> ComposeResult:
        """The search, the items, what the keys do."""
        with Vertical(id="box"):
            yield DialogInput(id="search", placeholder="search")
            yield MenuList(id="body", framed=False, empty=EmptyState("nothing is called that"))
            yield Static(Content(HINT), classes="line dim", id="hint")

    def on_mount(self, _event: Mount) -> None:
        """Show all."""
        self._show("")
        self.query_one("#search").focus()

    def on_key(self, event: Key) -> None:
        """Move the list from the input."""
        if not self.deaf and event.key in MOVES:
            event.stop()
            event.prevent_default()
            getattr(self.query_one("#body", MenuList), f"action_{MOVES[event.key]}")()

    def _show(self, search: str) -> None:
        body = self.query_one("#body", MenuList)
        # Another search, other rows: the best of them is selected.
        body.reset_rows(menu_rows(self._find(search)))
        self.fit_body()

    @on(DialogInput.Changed)
    def _changed(self, event: DialogInput.Changed) -> None:
        self._show(event.value)

    @on(DialogInput.Submitted)
    @on(MenuList.Chosen)
    def _do(self) -> None:
        row = self.query_one("#body", MenuList).cursor_row
        if row is None or row.item is None:
            return
        if row.item.disabled is None:
            self.dismiss(row.item.id)
            return
        hint = self.query_one("#hint", Static)
        hint.set_classes("line bad")
        hint.update(Content(f"{row.item.title}: {row.item.disabled}"))


def _matching(items: Sequence[MenuItem], search: str) -> list[MenuItem]:
    return [item for item in items if matches(item, search)]


def matches(item: MenuItem, search: str) -> bool:
    """Whether every word of `search` is in the item's texts, or the search is exactly its key."""
    if search and search == item.key:
        return True
    text = f"{item.title} {item.help} {item.group} {item.id}".casefold()
    return all(word in text for word in search.casefold().split())
