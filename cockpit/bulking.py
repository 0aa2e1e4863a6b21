"""One action on many runs, as a session plans, starts and looks after it; both front ends come through here."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cockpit.actions.bulk import cancel_bulk, find_bulk, load_bulks, plan_bulk, start_bulk
from cockpit.actions.bulk_record import load_bulk
from cockpit.actions.declining import NO, decline_bulk
from cockpit.actions.launcher import JobContext
from cockpit.errors import CockpitError, UsageError
from cockpit.models.action import Plan
from cockpit.models.bulk import Bulk, BulkPlan
from cockpit.models.run import Run
from cockpit.sanitize import clean
from cockpit.session import Session


class Bulking:
    """The bulks of a session. Reads and writes the disk: call it off the event loop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(
        self,
        action: str,
        runs: Iterable[Run],
        *,
        flow: str | None = None,
        step: str | None = None,
        options: Mapping[str, str] | None = None,
        rest_of: str | None = None,
    ) -> BulkPlan:
        """What an action would do to each of many runs, as they are on disk now; changes nothing.

        Args:
            action: Its id.
            runs: In the order they are to be done.
            flow: Chosen for all of them; `None` for the one that matters now in each.
            step: Likewise.
            options: Inputs and options for all of them.
            rest_of: Id of the bulk that is taken up again.

        Raises:
            UsageError: There are no runs, too many, or they are kept apart (in several state directories).
        """
        chosen = list(runs)
        self._state_dir_of(chosen)

        def one(run: Run) -> Plan:
            return self._session.plan(action, run, flow, step, options)

        return plan_bulk(action, chosen, one, flow=flow, step=step, options=options, rest_of=rest_of)

    def start(
        self,
        plan: BulkPlan,
        *,
        parallel: int | None = None,
        stop_on_failure: bool = False,
        timeout_s: float | None = None,
        expected: str | None = None,
    ) -> Bulk:
        """Carry out a confirmed plan; returns as soon as it runs.

        Args:
            plan: As it was shown and confirmed (`BulkPlan.phrase` is what a person types).
            parallel: How many jobs at a time; `None` for what is configured.
            stop_on_failure: Start nothing more after a failure.
            timeout_s: Of each job, 0 for never; `None` for what is configured.
            expected: Hash of the plan that was confirmed, where that was another process.

        Raises:
            UsageError: Nothing may be done, or every plan is refused.
            MovedError: The plan that was confirmed is another one.
            CockpitError: It could not be written down.
        """
        root = Path(plan.items[0].ref.root)
        for each in {item.ref.root for item in plan.items}:
            ids = [item.ref.id for item in plan.items if item.ref.root == each]
            self._session.require_writable(f"{plan.action} {len(plan.items)} runs", Path(each), runs=ids)
        return start_bulk(
            plan,
            self._context(root),
            parallel=self._session.settings.jobs.parallel if parallel is None else parallel,
            stop_on_failure=stop_on_failure,
            timeout_s=timeout_s,
            expected=expected,
        )

    def decline(self, plan: BulkPlan, why: str = NO) -> None:
        """Put on record that a plan was shown to be confirmed and was not, and why."""
        decline_bulk(self._context(Path(plan.items[0].ref.root)).recorder, plan, why)

    def all(self, limit: int | None = None) -> tuple[Bulk, ...]:
        """The bulks of all roots, newest first, whoever started them."""
        found = {bulk.id: bulk for _, state_dir in self._places() for bulk in load_bulks(state_dir, limit)}
        return tuple(sorted(found.values(), key=lambda bulk: bulk.id, reverse=True)[:limit])

    def directory(self, bulk_id: str) -> Path | None:
        """Where a bulk is kept, or `None` where there is no such bulk."""
        for _, state_dir in self._places():
            try:
                return find_bulk(state_dir, bulk_id)
            except UsageError:
                continue
        return None

    def one(self, bulk_id: str) -> Bulk:
        """One bulk.

        Raises:
            UsageError: There is no such bulk.
        """
        place = self.directory(bulk_id)
        bulk = None if place is None else load_bulk(place)
        if bulk is None:
            raise UsageError(f"no bulk {clean(bulk_id)!r}; `cockpit jobs` lists them")
        return bulk

    def cancel(self, bulk_id: str) -> bool:
        """Start nothing more of a bulk and end its jobs; `False` when there was nothing left to end.

        Raises:
            UsageError: There is no such bulk, or nothing may be done.
            CockpitError: The request could not be recorded or written.
        """
        for root, state_dir in self._places():
            try:
                place = find_bulk(state_dir, bulk_id)
            except UsageError:
                continue
            self._session.require_writable("cancel a bulk", root)
            return cancel_bulk(place, self._context(root))
        raise UsageError(f"no bulk {clean(bulk_id)!r}; `cockpit jobs` lists them")

    def rest(self, bulk: Bulk, runs: Iterable[Run]) -> list[Run]:
        """The runs of a bulk that are neither done nor at work, in its order.

        Raises:
            CockpitError: One of them has vanished.
        """
        known = {run.key: run for run in runs}
        missing = [item.run for item in bulk.rest if item.run_key not in known]
        if missing:
            raise CockpitError(f"{clean(', '.join(missing[:5]))}: no longer there")
        return [known[item.run_key] for item in bulk.rest]

    def _places(self) -> Iterator[tuple[Path, Path]]:
        """Every state directory with a root that is kept there."""
        seen = set()
        for root in self._session.roots:
            state_dir = self._session.state_dir(root)
            if state_dir not in seen:
                seen.add(state_dir)
                yield root, state_dir

    def _context(self, root: Path) -> JobContext:
        return self._session.desk(root).jobs_context

    def _state_dir_of(self, runs: Iterable[Run]) -> None:
        places = {self._session.state_dir(Path(run.ref.root)): run.ref.root for run in runs}
        if len(places) > 1:
            roots = ", ".join(sorted(map(clean, places.values())))
            raise UsageError(f"these runs are kept under {len(places)} roots ({roots}): act on one of them at a time")
