"""Copying over SSH: to the terminal's clipboard, through tmux where there is one, and into a file in any case."""

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cockpit import clipboard
from cockpit.presenters import words
from cockpit.screens import asking
from cockpit.terminal import multiplexer
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen
    from cockpit.screens.side import SideScreen

_KEYS = {"id": "i", "path": "p", "line": "l", "file": "f", "command": "c", "text": "t"}


class Copying:
    """The yank menu.

    Args:
        screen: Where it opens.
        texts: What can be copied there, by name.
    """

    def __init__(self, screen: "CockpitScreen | SideScreen[Any]", texts: Callable[[], dict[str, str]]) -> None:
        self._screen = screen
        self._texts = texts

    def menu(self) -> None:
        """What can be copied here."""
        self._screen.run_worker(self._menu(), group="dialog", exit_on_error=False)

    async def _menu(self) -> None:
        screen, texts = self._screen, self._texts()
        if not texts:
            screen.app.notify("Nothing to copy here.", severity="warning", markup=False)
            return
        items = [
            MenuItem(name, f"{name}: {words.text(text, limit=60).text}", _KEYS.get(name, ""))
            for name, text in texts.items()
        ]
        choice = await asking.menu(screen.app, "Copy", items)
        if choice is not None:
            self.copy(choice, texts[choice])

    def copy(self, what: str, text: str) -> None:
        """Put a text where the operator's laptop can get at it; always also into a file."""
        self._screen.run_worker(self._copy(what, text), group="copy", exit_on_error=False)

    async def _copy(self, what: str, text: str) -> None:
        app = self._screen.app
        try:
            path = await asyncio.to_thread(clipboard.save_clip, text)
        except OSError as error:
            app.notify(words.text(error).text, title="Could not write the clip file", severity="error", markup=False)
            return
        cut = False
        if not await asyncio.to_thread(clipboard.tmux_copy, text):
            sequence, cut = clipboard.osc52(text)
            inside_screen = multiplexer(os.environ) == "screen"
            self._screen.host.write_terminal(clipboard.for_screen(sequence) if inside_screen else sequence)
        note = " (cut: the clipboard takes 56 kB)" if cut else ""
        app.notify(f"{what} copied{note}; also in {path}", markup=False)


def texts_of(screen: "CockpitScreen") -> dict[str, str]:
    """What can be copied from the panes, by name."""
    run = screen.scope.run
    texts = screen.logfiles.copyable(screen.pane(screen.deck.state.active).cursor_row)
    return texts if run is None else {"id": run.id, "path": f"{run.ref.root}/{run.ref.path}", **texts}
