"""Copying over SSH: to the terminal's clipboard, through tmux where there is one, and into a file in any case."""

import asyncio
import os
from typing import TYPE_CHECKING

from cockpit import clipboard
from cockpit.presenters import words
from cockpit.screens import asking
from cockpit.terminal import multiplexer
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

_KEYS = {"id": "i", "path": "p", "line": "l", "file": "f"}


class Copying:
    """The yank menu."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def menu(self) -> None:
        """What can be copied here."""
        self._screen.run_worker(self._menu(), group="dialog", exit_on_error=False)

    async def _menu(self) -> None:
        screen = self._screen
        run = screen.scope.run
        row = screen.pane(screen.deck.state.active).cursor_row
        texts = screen.logfiles.copyable(row)
        if run is not None:
            texts = {"id": run.id, "path": f"{run.ref.root}/{run.ref.path}", **texts}
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
