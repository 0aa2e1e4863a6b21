"""A dialog with a few things to do, each on its own key."""

import time
from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Mount
from textual.widgets import Static

from widgets.cells import wrap
from widgets.dialogs.base import DEAF_S, Dialog
from widgets.menu_list import MenuList, menu_rows
from widgets.rows import MenuItem

MOST_LINES = 4
"""Lines that a reason why not may take."""
HINT = "enter choose   esc cancel"


class MenuDialog(Dialog[str | None]):
    """A menu: the id of what was chosen, or `None`. Items' own keys choose them; a disabled item says why not."""

    def __init__(
        self,
        title: str,
        items: Sequence[MenuItem],
        *,
        deaf_s: float = DEAF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(title, deaf_s=deaf_s, clock=clock)
        self.items = items

    def compose(self) -> ComposeResult:
        """The items, what the keys do."""
        with Vertical(id="box"):
            yield MenuList(id="body", framed=False)
            yield Static(Content(HINT), classes="line dim", id="hint")

    def on_mount(self, _event: Mount) -> None:
        """Show the items."""
        body = self.query_one("#body", MenuList)
        body.set_rows(menu_rows(self.items))
        body.focus()

    def on_key(self, event: Key) -> None:
        """An item's own key chooses it, whatever that key does elsewhere."""
        if self.deaf:
            return
        pressed = {event.key, event.character}
        for item in self.items:
            if item.key and item.key in pressed:
                event.stop()
                event.prevent_default()
                self._choose(item)
                return

    @on(MenuList.Chosen)
    def _chosen(self, event: MenuList.Chosen) -> None:
        self._choose(next(item for item in self.items if item.id == event.key))

    def _choose(self, item: MenuItem) -> None:
        if item.disabled is None:
            self.dismiss(item.id)
            return
        hint = self.query_one("#hint", Static)
        lines = wrap(
            f"{item.name or item.title.split('  ')[0]}: {item.disabled}",
            max(8, self.query_one("#box").content_size.width),
        )
        hint.set_classes("line bad")
        hint.update(Content("\n".join(lines[:MOST_LINES])))
        hint.styles.height = min(len(lines), MOST_LINES)
        self.call_after_refresh(self.fit_body)
