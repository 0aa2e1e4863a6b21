"""The driver of a terminal at the other end of a line that may break at any moment."""

import sys
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

from widgets.quiet import QuietApp

if TYPE_CHECKING:
    from textual.app import App


class CountedFile:
    """What the driver writes to: counts, and swallows what cannot be written because the terminal is gone.

    Textual's thread would end with a traceback, its queue would fill, and whoever wrote next would wait forever.

    Args:
        file: The terminal.
        count: Told how many bytes went out.
    """

    def __init__(self, file: IO[str], count: Callable[[int], None]) -> None:
        self._file = file
        self._count = count

    def write(self, text: str) -> None:
        """Write, if there still is somebody."""
        try:
            self._file.write(text)
        except (OSError, ValueError):
            return
        self._count(len(text.encode("utf-8", "replace")))

    def flush(self) -> None:
        """Likewise."""
        try:
            self._file.flush()
        except (OSError, ValueError):
            return

    def fileno(self) -> int:
        """The terminal's."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Draws on standard output, so that standard error can be redirected, and outlives its terminal."""

    def __init__(
        self, app: "App[object]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if isinstance(app, QuietApp) and sys.__stdout__ is not None:
            terminal: Any = CountedFile(sys.__stdout__, app.meter.write)
            self._file = terminal

    def start_application_mode(self) -> None:
        """Take the terminal, whatever another program has left on it."""
        if isinstance(self._app, QuietApp):
            self._app.forget_terminal()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Read keys until the terminal is gone; who notices that decides what becomes of the program."""
        try:
            super().run_input_thread()
        except OSError:
            # Reading from a terminal that was hung up. Not a crash: `cockpit.hangup` ends the program.
            return
