"""The runs in their order on the screen, kept from snapshot to snapshot: a run that changed is moved, nothing else."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from cockpit.models.run import Run
from cockpit.models.snapshot import Change, Snapshot
from cockpit.presenters.runs import ORDERS, RunsView, arrange, collapse


class Arranged:
    """What `arrange` and `collapse` say of the newest snapshot, at the price of what changed since the one before.

    Attributes:
        runs: The runs that are shown, in their order.
        keys: Their keys.
        stands_for: What `collapse` counted, or `None` where every run has its own line.
    """

    def __init__(self) -> None:
        self.runs: Sequence[Run] = ()
        self.keys: Sequence[str] = ()
        self.stands_for: dict[str, int] | None = None
        self._by_key: dict[str, Run] = {}
        self._order: list[tuple[Any, ...]] = []
        self._view: RunsView | None = None
        self._clustered = False
        self._source: object = None
        self._serial = 0

    def get(self, key: str) -> Run | None:
        """A run of the snapshot, whether it is shown or not."""
        return self._by_key.get(key)

    def index_of(self, key: str) -> int | None:
        """Where a run is shown, or `None`."""
        run = self._by_key.get(key)
        if run is None or self._view is None:
            return None
        if self._clustered:
            return self.keys.index(key) if key in self.keys else None
        place = bisect_left(self._order, ORDERS[self._view.sort](run))
        return place if place < len(self.keys) and self.keys[place] == key else None

    def take(self, snapshot: Snapshot, view: RunsView, *, clustered: bool) -> None:
        """Show another snapshot, or the same in another way."""
        changes = None
        if snapshot.changes is not None and snapshot.changes == self._source and snapshot.serial >= self._serial:
            changes = snapshot.since(self._serial)
        self._source, self._serial = snapshot.changes, snapshot.serial
        if changes is not None and not clustered and self._same(view):
            self._view = view
            self._move(changes, view)
            return
        self._view, self._clustered = view, clustered
        if changes is None:
            self._by_key = {run.key: run for run in snapshot.runs}
        else:
            self._remember(changes)
        self.runs, self.stands_for = arrange(snapshot.runs, view), None
        self._order = [] if clustered else [ORDERS[view.sort](run) for run in self.runs]
        if clustered:
            self.runs, self.stands_for = collapse(self.runs)
        self.keys = [run.key for run in self.runs]

    def _same(self, view: RunsView) -> bool:
        """Whether every run that did not change stays where it is."""
        before = self._view
        if before is None or self._clustered or (before.filter, before.sort) != (view.filter, view.sort):
            return False
        return not view.filter.tests or before.now == view.now

    def _remember(self, changes: Sequence[Change]) -> None:
        for key, run in changes:
            if run is None:
                self._by_key.pop(key, None)
            else:
                self._by_key[key] = run

    def _move(self, changes: Sequence[Change], view: RunsView) -> None:
        newest = dict(changes)
        if not newest:
            return
        # Copies: the pane still shows the sequences it was given before.
        runs, keys = list(self.runs), list(self.keys)
        order = self._order
        rank = ORDERS[view.sort]
        for key, run in newest.items():
            old = self._by_key.pop(key, None)
            if old is not None:
                place = bisect_left(order, rank(old))
                if place < len(keys) and keys[place] == key:
                    del order[place], runs[place], keys[place]
            if run is None:
                continue
            self._by_key[key] = run
            if not view.filter.tests or view.filter.matches(run, view.now):
                at = rank(run)
                place = bisect_left(order, at)
                order.insert(place, at)
                runs.insert(place, run)
                keys.insert(place, key)
        self.runs, self.keys = runs, keys
