"""How often the terminal is drawn on: what nobody asked for comes a few times a second, an answer to a key at once."""

import time
from collections.abc import Callable

ANSWER_S = 0.5
"""Seconds after a key in which frames count as its answer."""
FASTER = 3.0
"""Answers may come so much more often than other frames."""
ANSWERS = 12.0
"""... and so many times a second in any case: the keyboard repeats faster than a slow line carries."""


class Pace:
    """When the next frame may be drawn.

    Args:
        fps: Frames a second that nobody asked for; 0 for as many as there are.
        clock: Seconds, monotonic.
    """

    def __init__(self, fps: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.fps = fps
        self._clock = clock
        self._drawn_at = self._asked_at = float("-inf")

    def asked(self) -> None:
        """The operator pressed a key, or changed the terminal's size."""
        self._asked_at = self._clock()

    def drawn(self) -> None:
        """A frame was drawn."""
        self._drawn_at = self._clock()

    def wait(self) -> float:
        """Seconds until the next frame may be drawn; 0 for now."""
        if self.fps <= 0:
            return 0.0
        now = self._clock()
        answering = now - self._asked_at < ANSWER_S
        rate = max(self.fps * FASTER, ANSWERS) if answering else self.fps
        return max(0.0, self._drawn_at + 1.0 / rate - now)
