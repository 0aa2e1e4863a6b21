"""Lines that were typed on the command line, per user; what looks like a secret is never kept."""

import json
from pathlib import Path

from cockpit import locations
from cockpit.private_files import ForeignFileError, read_private, set_aside, write_private
from cockpit.recording.masking import mask_text
from cockpit.sanitize import clean

MOST = 500
"""Lines kept."""
LONGEST = 1_000


class LineHistory:
    """The lines, oldest first. Whatever is wrong with the file costs the history, never the session."""

    def __init__(self, path: Path | None = None) -> None:
        """Touches nothing; `path` is the user's own file where it is left out."""
        self._path = path or locations.user_state_dir() / "history.jsonl"
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        """What was typed."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def add(self, line: str) -> bool:
        """Keep a line that was carried out; whether it was. A line that begins with a space is not."""
        if line != line.lstrip() or not line.strip() or len(line) > LONGEST:
            return False
        if clean(line) != line or mask_text(line) != line:
            return False
        # Another cockpit may have added some meanwhile.
        lines = [each for each in self._read() if each != line]
        self._lines = [*lines, line][-MOST:]
        try:
            write_private(self._path, "".join(json.dumps(each) + "\n" for each in self._lines).encode())
        except OSError:
            return False
        return True

    def _read(self) -> list[str]:
        try:
            data = read_private(self._path) or b""
        except ForeignFileError:
            set_aside(self._path)
            return []
        except OSError:
            return self._lines or []
        found: list[str] = []
        for raw in data.splitlines()[-MOST:]:
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError):
                continue
            if isinstance(line, str) and clean(line, LONGEST) == line:
                found.append(line)
        return found
