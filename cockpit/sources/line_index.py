"""Where the lines of a big, growing file begin, and how loud its reader found each, in nine bytes a line. Pure."""

from array import array
from collections.abc import Collection
from itertools import accumulate, count
from operator import add

from cockpit.sources.line_level import SPAN


class LineIndex:
    """Offsets and levels of the lines of a file that is read from its start.

    A line is complete when its newline was seen; what comes after the last one is held back in `partial`.

    Args:
        span: Bytes kept of the line in progress, and of each line handed out by `feed`.
    """

    __slots__ = ("_partial", "_span", "_starts", "levels", "pending")

    def __init__(self, span: int = SPAN) -> None:
        self._span = span
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._starts = array("q", (0,))
        self._partial = b""
        self.levels = bytearray()
        """One byte a line, `INFO` until whoever reads the lines knows better."""
        self.pending = 0
        """Bytes of the line in progress; `partial` holds at most `span` of them."""

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def partial(self) -> bytes:
        """The line in progress, of which the newline is still missing."""
        return self._partial

    @property
    def size(self) -> int:
        """Bytes fed so far."""
        return self._starts[-1] + self.pending

    def span(self, i: int) -> tuple[int, int]:
        """Offset and length in bytes of complete line `i` (from 0), without its newline."""
        start = self._starts[i]
        return start, self._starts[i + 1] - 1 - start

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take in the next bytes; returns the lines they completed, without newlines, each cut to `span` bytes."""
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            self._hold(chunk)
            return []
        lines = chunk[: cut - 1].split(b"\n")
        base = self._starts[-1]
        first = self.pending + len(lines[0])
        self._starts.append(base + first + 1)
        if len(lines) > 1:
            lengths = accumulate(map(len, lines[1:]))
            self._starts.extend(array("q", map(add, lengths, count(base + first + 2))))
        if self._partial:
            lines[0] = self._partial + lines[0]
        span = self._span
        if max(map(len, lines)) > span:
            lines = [line[:span] for line in lines]
        self.levels.extend(bytes(len(lines)))
        self._partial = b""
        self.pending = 0
        self._hold(chunk[cut:])
        return lines

    def _hold(self, rest: bytes) -> None:
        room = self._span - len(self._partial)
        if room > 0:
            self._partial += rest[:room]
        self.pending += len(rest)

    def next_level(self, start: int, step: int, levels: Collection[int]) -> int | None:
        """The nearest line from `start` (inclusive) in the direction of `step` (+1, -1) whose level is in `levels`."""
        if step > 0:
            found = [self.levels.find(level, max(start, 0)) for level in levels]
            found = [at for at in found if at >= 0]
            return min(found) if found else None
        if start < 0:
            return None
        found = [self.levels.rfind(level, 0, start + 1) for level in levels]
        return max((at for at in found if at >= 0), default=None)
