"""The census: which runs there are, without reading any, and when to count again."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cockpit.models.problem import Problem
from cockpit.models.run import RunRef
from cockpit.models.snapshot import RootStatus
from cockpit.runtime.roots import Found, Listing, SourcesFor, list_root, mtime_ns

_GAP_S = 0.3
_GAP_COST = 5


class Census:
    """Lists roots and remembers what the last listing said. Used by one thread; `statuses` is read by others.

    Args:
        roots: Absolute paths.
        sources_for: The sources that recognise a root.
    """

    def __init__(self, roots: Sequence[Path], sources_for: SourcesFor) -> None:
        self.statuses = {root: RootStatus(str(root)) for root in roots}
        self.problems: dict[Path, tuple[Problem, ...]] = {}
        self._sources_for = sources_for
        self._seen: dict[str, Found] = {}
        self._containers: dict[Path, dict[str, int]] = {}
        self._not_before: dict[Path, float] = {}

    def early(self, root: Path) -> float:
        """Seconds for which the root should be left alone: listing a large one is no cheap thing."""
        return self._not_before.get(root, 0.0) - time.monotonic()

    def look(self, root: Path) -> Listing:
        """List a root now."""
        began = time.monotonic()
        listing = list_root(root, self._sources_for)
        ended = time.monotonic()
        self._not_before[root] = ended + max(_GAP_S, _GAP_COST * (ended - began))
        self.statuses[root] = listing.status()
        self.problems[root] = listing.problems
        self._containers[root] = listing.containers
        self._seen.update(listing.found)
        return listing

    def moved(self, root: Path) -> bool:
        """Whether a directory that holds runs got or lost entries since the last listing, or there was none."""
        containers = self._containers.get(root)
        status = self.statuses[root]
        if containers is None or status.error is not None or not status.sources:
            return True
        return any(mtime_ns(path) != known for path, known in containers.items())

    def touched(self) -> list[RunRef]:
        """Runs whose own directory changed since this was asked last: cheap, and misses what lies deeper."""
        found = []
        for key, run in self._seen.items():
            now = mtime_ns(run.path)
            if now != run.mtime_ns:
                self._seen[key] = run._replace(mtime_ns=now)
                found.append(run.ref)
        return found

    def share(self, refs: Callable[[str], RunRef | None]) -> None:
        """Hold the same places as whoever knows the runs: equal ones take memory twice."""
        for key, found in self._seen.items():
            known = refs(key)
            if known is not None and known is not found.ref:
                self._seen[key] = found._replace(ref=known)

    def age_ns(self, ref: RunRef) -> int:
        """Modification time of the run's directory as last seen, in nanoseconds."""
        run = self._seen.get(ref.key)
        return run.mtime_ns if run else 0

    def forget(self, key: str) -> None:
        """A run is gone."""
        self._seen.pop(key, None)
