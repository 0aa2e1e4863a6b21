"""A terminal emulator: bytes in, a screen of text out. Answers nothing."""

import re
from typing import Any

import pyte
import pyte.screens

# What the emulator would take for text or for colours: keyboard protocols (CSI > 1 u, CSI < u), other private CSI
# sequences, mode queries (CSI ? 2026 $ p) and device control strings.
_FOREIGN = re.compile(rb"\x1b\[[<=>][0-9;:]*[A-Za-z]|\x1b\[[?0-9;]*\$[a-z]|\x1b[P_^X][^\x1b]*\x1b\\")
_UNFINISHED = re.compile(rb"\x1b(?:\[[^A-Za-z]{0,32}|[P_^X][^\x1b]{0,4096}\x1b?)?\Z")


class _Screen(pyte.Screen):
    """Pyte's screen, deaf to the private sequences it would stumble over."""

    def select_graphic_rendition(self, *attrs: int, **kwargs: Any) -> None:
        if not kwargs.get("private"):
            super().select_graphic_rendition(*attrs)


class Emulator:
    """Interprets what a program writes to its terminal.

    Attributes:
        screen: Pyte's screen: cells with their colours.
    """

    def __init__(self, columns: int, rows: int) -> None:
        """An empty screen."""
        self.screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._lines = [""] * rows
        self._pending = b""

    def feed(self, data: bytes) -> None:
        """Interpret bytes; a sequence cut in two waits for its other half."""
        data = self._pending + data
        unfinished = _UNFINISHED.search(data, max(0, len(data) - 4200))
        cut = unfinished.start() if unfinished else len(data)
        self._pending = data[cut:]
        self._stream.feed(_FOREIGN.sub(b"", data[:cut]))

    def resize(self, columns: int, rows: int) -> None:
        """Another size; what is on the screen stays as far as it fits."""
        self.screen.resize(rows, columns)
        self._lines = [""] * rows
        self.screen.dirty.update(range(rows))

    @property
    def lines(self) -> list[str]:
        """The screen's lines, without the spaces at their ends; only what changed is looked at again."""
        for row in self.screen.dirty:
            if row < len(self._lines):
                self._lines[row] = _render(self.screen, row)
        self.screen.dirty.clear()
        return self._lines


def _render(screen: pyte.Screen, row: int) -> str:
    """One line's text; the cell after a double-width character is empty in pyte and stays empty here."""
    cells = screen.buffer[row]
    return "".join(cells[column].data for column in range(screen.columns)).rstrip()
