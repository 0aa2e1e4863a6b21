"""What goes over the wire: bytes and frames, in all and a second."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_S = 5.0
"""Seconds that rates are means of."""
_BIN_S = 0.25


class Meter:
    """Counts what is written to the terminal. Written to by one thread, read by another.

    Args:
        clock: Seconds, monotonic.

    Attributes:
        sent: Bytes so far.
        frames: Frames so far.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.sent = 0
        self.frames = 0
        self._clock = clock
        self._bins: deque[tuple[float, int, int]] = deque()

    def write(self, size: int) -> None:
        """So many bytes went out."""
        self.sent += size
        self._add(size, 0)

    def frame(self) -> None:
        """A frame went out."""
        self.frames += 1
        self._add(0, 1)

    def leave_out(self, size: int) -> None:
        """A frame of this size does not count: the one that shows the numbers would never let them rest."""
        self.sent -= size
        self.frames -= 1
        self._add(-size, -1)

    def rates(self) -> tuple[float, float]:
        """Bytes and frames a second, over the last `WINDOW_S` seconds."""
        since = self._clock() - WINDOW_S
        bins = [each for each in tuple(self._bins) if each[0] > since]
        return (
            max(0.0, sum(size for _, size, _ in bins) / WINDOW_S),
            max(0.0, sum(frames for _, _, frames in bins) / WINDOW_S),
        )

    def _add(self, size: int, frames: int) -> None:
        now = self._clock()
        bins = self._bins
        if bins and now - bins[-1][0] < _BIN_S:
            at, had, drawn = bins.pop()
            bins.append((at, had + size, drawn + frames))
        else:
            bins.append((now, size, frames))
        while bins and now - bins[0][0] > 2 * WINDOW_S:
            bins.popleft()
