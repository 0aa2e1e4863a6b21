"""The one small interface between what gathers runs and what shows them.

Today the board on this host implements it; when runs of many hosts are gathered over a network, something else will.
"""

from collections.abc import Callable
from typing import Protocol

from cockpit.models.detail import RunDetail
from cockpit.models.snapshot import Snapshot

Listener = Callable[[Snapshot], None]
"""Called from any thread with the newest snapshot; must only hand it over."""


class Feed(Protocol):
    """Hands out snapshots of all runs, and details of one."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every new snapshot (newest wins, at most ten a second); returns the way out."""
        ...

    def detail(self, key: str) -> RunDetail | None:
        """Facts of the run with this key, read now and incrementally; `None` when it is gone. Blocking."""
        ...

    def refresh(self) -> None:
        """Look at everything again soon."""
        ...
