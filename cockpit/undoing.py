"""Taking back what an operator did last: found in the journal, planned and confirmed like any action (`u`, `undo`)."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cockpit.actions.jobs import JOBS
from cockpit.actions.launcher import REFUSED
from cockpit.actions.notes import is_hash_of
from cockpit.actions.plan import plan_hash, sealed
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import JOB
from cockpit.actions.undo import SKIP, TICK, UNDOES, Inverse, Undoable, undoables
from cockpit.errors import CockpitError, MovedError, UsageError
from cockpit.journal.log import Draft
from cockpit.ledger import Ledger
from cockpit.models.action import Job, Plan
from cockpit.models.journal import Entry
from cockpit.models.run import Run, RunRef
from cockpit.sanitize import clean
from cockpit.session import Session

T = TypeVar("T")

_TOLD = 3
"""How many of the newer things that cannot be taken back a plan names."""


@dataclass(frozen=True, slots=True)
class Done:
    """Something the operator did, and the root it was done under."""

    undoable: Undoable
    root: Path


class Undoing:
    """What the operator of a session can take back. Reads and writes the disk: call it off the event loop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def done(self, run: str | None = None) -> tuple[Done, ...]:
        """What this operator did under all roots, newest first, also in other sessions.

        Args:
            run: Only to the run, or the incident, with this id or key.
        """
        found: list[Done] = []
        for ledger in self._session.ledgers():
            ledger.refresh()
            roots = [root for root in self._session.roots if self._session.ledger(root) is ledger]
            mine = undoables(ledger.entries, self._session.actor, self._plan_of(ledger))
            wanted = (each for each in mine if run is None or run in (each.run, each.run_key))
            found += [Done(each, _root_of(each, roots)) for each in wanted]
        return tuple(sorted(found, key=lambda each: (each.undoable.at, each.undoable.seq), reverse=True))

    def last(self, run: str | None = None) -> tuple[Done, tuple[Done, ...]]:
        """The last thing that can be taken back, and the newer ones that cannot, newest first.

        Raises:
            UsageError: Nothing can be; the message says why for the newest ones.
        """
        passed: list[Done] = []
        found = self.done(run)
        for each in found:
            if each.undoable.inverse is not None:
                return each, tuple(passed)
            if not each.undoable.settled:
                passed.append(each)
        about = "" if run is None else f" of {clean(run)}"
        why = "it was taken back already" if found else "you did nothing yet"
        told = "".join(f"\n  {line}" for line in _told(passed)) or f" {why}"
        raise UsageError(f"nothing{about} can be taken back:{told}")

    def plan(self, done: Done, passed: Sequence[Done] = ()) -> Plan:
        """What taking something back would do; changes nothing.

        Args:
            done: One of `done`.
            passed: Newer things that cannot be taken back, for the plan to name.

        Raises:
            UsageError: It cannot be taken back, or the run is gone.
            CockpitError: As the plan of an action.
        """
        undoable = done.undoable
        if undoable.inverse is None:
            raise UsageError(f"#{undoable.seq} {undoable.title} cannot be taken back: {undoable.why_not}")
        if undoable.inverse.on_checklist:
            made = self._plan_checklist(done, undoable.inverse)
        elif "archive" in undoable.inverse.options:
            made = self._session.plan_restore(done.root, undoable.inverse.options["archive"])
        else:
            made = self._plan_action(done, undoable.inverse)
        warnings = (*made.warnings, *(f"newer, and stays: {line}" for line in _told(passed)))
        title = f"take back {undoable.title}"
        return sealed(made.model_copy(update={"undoes": undoable.seq, "title": title, "warnings": warnings}))

    def perform(
        self, done: Done, plan: Plan, *, expected: str | None = None, timeout_s: float | None = None
    ) -> Job | Entry:
        """Take something back as planned; returns the job that does it, or the entry that did.

        Args:
            done: What the plan was made for.
            plan: As it was shown and confirmed.
            expected: Hash of the plan that was confirmed, where that was another process.
            timeout_s: Seconds after which its job is ended; see `ActionDesk.perform`.

        Raises:
            MovedError: It was taken back or built upon meanwhile.
            UsageError: The plan is refused.
            CockpitError: As an action.
        """
        inverse = done.undoable.inverse
        if inverse is not None and inverse.on_checklist:
            return self._recorded(done, plan, lambda: self._write(done, inverse, plan, expected))
        journal = self._session.ledger(done.root).journal
        ref = self._recorded(done, plan, lambda: self._ref(done, plan))
        # Somebody may have taken it back, or done it again, since the plan was made.
        desk = self._session.desk(done.root)
        return desk.perform(
            plan,
            ref,
            expected=expected,
            timeout_s=timeout_s,
            check=lambda: self._check(done, journal.entries()),
        )

    def _plan_action(self, done: Done, inverse: Inverse) -> Plan:
        run = self._run(done.undoable)
        known = {spec.id: spec for spec in self._session.desk(done.root).specs(run.ref)}
        spec = known.get(inverse.action)
        own = {each.name for each in spec.inputs} if spec else set()
        options = {name: value for name, value in inverse.options.items() if name in own}
        return self._session.plan(inverse.action, run, inverse.flow, inverse.step, options)

    def _plan_checklist(self, done: Done, inverse: Inverse) -> Plan:
        word = inverse.action.rpartition(".")[2]
        item = inverse.data.get("item")
        before = {TICK: "done, as before", SKIP: f"skipped, as before: {inverse.data.get('reason')}"}
        state = before.get(inverse.action, "open")
        return Plan(
            action=word,
            run=done.undoable.run,
            run_key=done.undoable.run_key or "",
            hash="",
            effects=(f"{clean(item)} is {clean(state)}", "the record keeps both entries"),
            undo="tick, skip or untick the item again",
            fingerprint=str(done.undoable.seq),
            refused=self._session.refusal(done.root),
        )

    def _recorded(self, done: Done, plan: Plan, work: Callable[[], T]) -> T:
        """Do something; where that is refused, the refusal is put on record."""
        try:
            return work()
        except CockpitError as error:
            about = {"action": plan.action, "run": plan.run, "run_key": plan.run_key, "plan": plan.hash}
            with suppress(CockpitError):
                journal = self._session.ledger(done.root).journal
                journal.append(REFUSED, {**about, UNDOES: plan.undoes, "reason": str(error)})
            raise

    def _ref(self, done: Done, plan: Plan) -> RunRef:
        if "archive" not in plan.options:
            return self._run(done.undoable).ref
        archives = self._session.desk(done.root).archives()
        found = next((each for each in archives if str(each.path) == plan.options["archive"]), None)
        if found is None:
            raise MovedError(f"{clean(plan.options['archive'])} is gone; nothing was done")
        return found.ref

    def _write(self, done: Done, inverse: Inverse, plan: Plan, expected: str | None) -> Entry:
        refusal = self._session.refusal(done.root)
        if refusal is not None:
            raise UsageError(f"cannot undo: {refusal}")
        if (expected is not None and not is_hash_of(expected, plan)) or plan_hash(plan) != plan.hash:
            raise MovedError(f"this is not the plan that was confirmed ({clean(expected)}); nothing was done")
        journal = self._session.ledger(done.root).journal

        def decide() -> tuple[Draft, ...]:
            # Nobody can write now: what still can be taken back is taken back once.
            self._check(done, journal.entries())
            return (Draft(inverse.action, {**inverse.data, UNDOES: done.undoable.seq, "plan": plan.hash}),)

        return journal.append_decided(decide)[-1]

    def _check(self, done: Done, entries: Iterable[Entry]) -> None:
        now = undoables(entries, self._session.actor, self._plan_of(self._session.ledger(done.root)))
        found = next((each for each in now if each.seq == done.undoable.seq), None)
        if found is None or found.inverse != done.undoable.inverse:
            why = found.why_not if found else "it is not on record any more"
            raise MovedError(f"#{done.undoable.seq} {done.undoable.title} cannot be taken back any more: {why}")

    def _run(self, undoable: Undoable) -> Run:
        runs = self._session.board.snapshot.runs
        for known in (runs, None):
            looked = self._session.load().runs if known is None else known
            found = next((run for run in looked if run.key == undoable.run_key), None)
            if found is not None:
                return found
        raise UsageError(f"the run {clean(undoable.run)} is not there, so #{undoable.seq} cannot be taken back")

    @staticmethod
    def _plan_of(ledger: Ledger) -> "_Plans":
        return _Plans(ledger.journal.path.parent / JOBS)


class _Plans:
    """The plans of jobs, as their directories keep them, proven by the hash in the journal."""

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs

    def __call__(self, job: str, known_hash: str) -> Plan | None:
        if job != Path(job).name:
            return None
        facts = read_object(self._jobs / job / JOB) or {}
        try:
            plan = Plan.model_validate(facts.get("plan"))
        except ValueError:
            return None
        return plan if plan.hash == known_hash == plan_hash(plan) else None


def _root_of(undoable: Undoable, roots: Sequence[Path]) -> Path:
    """The root an entry is about, among those that share a record."""
    place = (undoable.run_key or "").partition(":")[2]
    return next((root for root in roots if place.startswith(f"{root}/")), roots[0])


def _told(passed: Sequence[Done]) -> list[str]:
    lines = [f"#{each.undoable.seq} {each.undoable.title}: {each.undoable.why_not}" for each in passed[:_TOLD]]
    return [*lines, f"and {len(passed) - _TOLD} more"] if len(passed) > _TOLD else lines
