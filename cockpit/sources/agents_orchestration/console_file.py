"""A growing console capture on disk."""

import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from cockpit.sources.agents_orchestration.console import ConsoleReader
from cockpit.sources.lines import FileLines


class ConsoleFile:
    """A growing console capture and what one pass over it found; read on from there by `refresh`."""

    def __init__(self, path: Path | str, *, whole: bool = False) -> None:
        """Args: `path`: the file; `whole`: see `ConsoleReader`."""
        self.reader = ConsoleReader(whole=whole)
        self.lines = FileLines(path, on_lines=self.reader.feed, on_reset=self.reader.reset)
        self._lock = threading.Lock()

    def read(self, use: Callable[[ConsoleReader], None]) -> str | None:
        """Read on, then `use` what was found while nobody else changes it; returns why it cannot be read."""
        with self._lock:
            self.lines.refresh()
            reader, rest = self.reader, self.lines.partial
            if rest:
                # A last line without its newline counts, but only as long as it is the last.
                reader = deepcopy(reader)
                reader.feed(len(self.lines), [rest])
            use(reader)
            return self.lines.problem
