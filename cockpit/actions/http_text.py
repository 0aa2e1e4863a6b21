"""The transcript of a request: readable, bounded, and without its token.

Everything in it is either the plan's or foreign: it is masked, then cleaned, then cut, in this order, so that half a
secret at the end of a cut line is not shown either.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from cockpit.diagnosis.masking import MASK, mask
from cockpit.sanitize import clean

MAX_LINES = 400
"""Lines of one document that are shown."""
MAX_WIDTH = 400


class Transcript:
    """Writes lines.

    Args:
        write: Takes a line, without its end.
        token: Never written, in whatever form it comes.
    """

    def __init__(self, write: Callable[[str], None], token: str | None) -> None:
        self._write = write
        forms = {token, quote(token, safe=""), json.dumps(token)[1:-1]} if token else set()
        self._hidden = sorted(forms, key=len, reverse=True)

    def safe(self, text: str) -> str:
        """The text without the token and without what has the form of a credential."""
        for form in self._hidden:
            text = text.replace(form, MASK)
        return mask(text)

    def say(self, text: str) -> None:
        """One line."""
        self._write(self._line(text, MAX_WIDTH * 10))

    def document(self, value: Any) -> None:  # noqa: ANN401 - any JSON document
        """A JSON document, indented; long ones are cut."""
        try:
            text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            text = "(nested too deeply to be shown)"
        self.text(text)

    def text(self, text: str) -> None:
        """A foreign text, line by line; long ones are cut."""
        lines = self.safe(text).splitlines()
        for line in lines[:MAX_LINES]:
            self._write(f"    {self._line(line, MAX_WIDTH)}")
        if len(lines) > MAX_LINES:
            self._write(f"    ({len(lines) - MAX_LINES} more lines are not shown)")

    def kept(self, value: str | int) -> str | int:
        """A plain value of the answer as it may be kept on disk."""
        return self._line(value, MAX_WIDTH) if isinstance(value, str) else value

    def _line(self, text: str, width: int) -> str:
        # Again after cleaning: what was taken out may have stood between the halves of the token.
        shown = self.safe(clean(self.safe(text), len(text) + 1))
        return shown if len(shown) <= width else f"{shown[: width - 1]}…"
