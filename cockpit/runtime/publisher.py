"""Hands out snapshots: newest wins, at most ten a second, none while nothing changes."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from cockpit.clock import Clock
from cockpit.models.snapshot import Snapshot
from cockpit.runtime.feed import Listener

logger = logging.getLogger(__name__)

_BURST = 2
_PER_SECOND = 8
"""Together: the first change, and one that follows on its heels, are shown at once; no second sees more than ten."""

_LONGEST_WAIT_S = 15.0
"""A suspended host's monotonic clock stands still, so the time of the next ageing is looked at again now and then."""

_JOIN_S = 1.0


class Throttle:
    """A token bucket: how long to wait until the next one may pass.

    Args:
        burst: How many may pass at once after a pause.
        per_second: How many a second in the long run.
    """

    def __init__(self, burst: int = _BURST, per_second: float = _PER_SECOND) -> None:
        self._burst = float(burst)
        self._rate = per_second
        self._tokens = float(burst)
        self._at: float | None = None

    def delay(self, now: float) -> float:
        """Seconds until one may pass; 0 takes a token."""
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate


class Publisher:
    """A thread that makes a snapshot when something changed or is about to, and hands it to the listeners.

    Args:
        make: Makes the newest snapshot.
        next_change: When time alone will change something next, or `None`.
        clock: The clock `next_change` refers to.
    """

    def __init__(self, make: Callable[[], Snapshot], next_change: Callable[[], datetime | None], clock: Clock) -> None:
        self._make = make
        self._next_change = next_change
        self._clock = clock
        self._listeners: dict[object, Listener] = {}
        self._ready = threading.Condition()
        self._changed = False
        self._looked = False
        self._closed = False
        self._throttle = Throttle()
        self._thread: threading.Thread | None = None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every snapshot from now on; returns the way out."""
        token = object()
        self._listeners = {**self._listeners, token: listener}

        def leave() -> None:
            self._listeners = {key: kept for key, kept in self._listeners.items() if key is not token}

        return leave

    def poke(self) -> None:
        """Something changed."""
        with self._ready:
            self._changed = True
            self._ready.notify()

    def look(self) -> None:
        """What time will change next may have changed."""
        with self._ready:
            self._looked = True
            self._ready.notify()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(target=self._loop, name="cockpit-board", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hand out nothing more; returns once the thread has ended."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)
            self._thread = None

    def publish(self, snapshot: Snapshot) -> None:
        """Hand out a snapshot now."""
        for token, listener in list(self._listeners.items()):
            try:
                listener(snapshot)
            except Exception:
                # A listener that is being torn down must not end the others' picture.
                logger.exception("a listener failed and is told nothing more")
                self._listeners = {key: kept for key, kept in self._listeners.items() if key is not token}

    def _loop(self) -> None:
        while self._wait():
            self.publish(self._make())

    def _wait(self) -> bool:
        with self._ready:
            while not self._closed:
                if self._changed or self._due() <= 0:
                    delay = self._throttle.delay(time.monotonic())
                    if delay <= 0:
                        self._changed = False
                        return True
                    self._ready.wait(delay)
                    continue
                self._looked = False
                self._ready.wait(min(self._due(), _LONGEST_WAIT_S))
            return False

    def _due(self) -> float:
        at = self._next_change()
        return float("inf") if at is None else (at - self._clock()).total_seconds()
