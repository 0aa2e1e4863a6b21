"""One door for keys and verbs: plan an action, perform the plan, look after the jobs of a root."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cockpit.actions.aftermath import Before, take_before
from cockpit.actions.bulk_record import ENDED as BULK_ENDED
from cockpit.actions.bulk_record import settle_bulks
from cockpit.actions.catalogue import (
    BUILT_IN,
    Archived,
    list_archives,
    plan_for,
    plan_restore,
)
from cockpit.actions.checks import Context, lock_key
from cockpit.actions.declared import Declared, specs_for
from cockpit.actions.declining import NO, decline, decline_cancel
from cockpit.actions.dry_run import DryRun, dry_run
from cockpit.actions.effects import Past
from cockpit.actions.ending import journal_holds, settle
from cockpit.actions.foresight import reviewed
from cockpit.actions.holding import holder, holders
from cockpit.actions.item_command import command_spec
from cockpit.actions.jobs import can_end, cancel_job, find_job, load_job, load_jobs
from cockpit.actions.launcher import REFUSED, JobContext, start_job
from cockpit.actions.menu import Offer, available, clashes, specs
from cockpit.actions.movement import fingerprint_of, what_moved
from cockpit.actions.notes import is_hash_of, not_that_plan
from cockpit.actions.requests import ServiceOf
from cockpit.errors import CockpitError, UsageError
from cockpit.models.action import ActionSpec, Job, Plan, Reach
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunRef
from cockpit.sanitize import clean
from cockpit.sources.base import Source

CANCELLED = "action.cancelled"


class ActionDesk:
    """The actions of the runs of one root.

    Everything here reads or writes the disk: call it off the event loop.
    """

    def __init__(
        self,
        root: Path,
        jobs: JobContext,
        source_of: Callable[[RunRef], Source],
        *,
        overrides: Mapping[str, tuple[str, ...]] | None = None,
        declared: Sequence[Declared] = (),
        judge: Callable[[RunDetail], Run] | None = None,
        past: Past | None = None,
        service_of: ServiceOf | None = None,
        read_only: str | None = None,
    ) -> None:
        """Touches nothing.

        Args:
            root: Absolute path of the root.
            jobs: Where its jobs are kept and recorded.
            source_of: The source that reads a run.
            overrides: Argv templates configured for the root, by action id.
            declared: Actions of the user's settings.
            judge: The verdict on facts, to tell what moved since a plan was made.
            past: How steps went before, for what is to be expected.
            service_of: Finds the service a request goes to.
            read_only: Why nothing may be done at all, if so.
        """
        self.root = root
        self.jobs_context = jobs
        self._source_of = source_of
        self._overrides = dict(overrides or {})
        self._declared = tuple(declared)
        self._judge = judge
        self._past = past
        self._service_of: ServiceOf = service_of or (lambda _name: None)
        self._read_only = read_only

    def offers(self, run: Run, detail: RunDetail | None = None) -> tuple[Offer, ...]:
        """Every action of the run, with the reason why not."""
        context = self._context(run, detail=detail)
        own = self._source_of(run.ref).actions(run.ref)
        return available(own, run, context, specs_for(self._declared, run.ref.source))

    def clashes(self, ref: RunRef) -> tuple[str, ...]:
        """What of the user's own actions does not go with those of the run's source, for people."""
        return clashes(self._source_of(ref).actions(ref), specs_for(self._declared, ref.source))

    def specs(self, ref: RunRef) -> tuple[ActionSpec, ...]:
        """The actions of a run: its source's, the user's and the built-in ones."""
        return specs(self._source_of(ref).actions(ref), specs_for(self._declared, ref.source))

    def plan(
        self,
        action: str,
        run: Run,
        *,
        flow: str | None = None,
        step: str | None = None,
        options: Mapping[str, str] | None = None,
        detail: RunDetail | None = None,
    ) -> Plan:
        """What an action would do to the run as it is on disk now; changes nothing.

        Args:
            action: Its id.
            run: The run.
            flow: Chosen flow, else the one that matters now.
            step: Chosen step, likewise.
            options: What was chosen besides: the action's inputs, `force=yes`.
            detail: The run's facts as last read, to read only what changed since.

        Raises:
            UsageError: The run has no such action.
        """
        source = self._source_of(run.ref)
        known = {spec.id: spec for spec in self.specs(run.ref)}
        if action not in known:
            raise UsageError(f"the run {clean(run.id)} has no action {clean(action)!r}; it has {' '.join(known)}")
        # Before the facts are read: what changes while they are makes the plan void, not wrong.
        context = self._context(run, flow=flow, step=step, options=options)
        fresh = source.detail(run.ref, detail)
        judged = self._judge(fresh) if self._judge else None
        return reviewed(plan_for(known[action], run, context.with_detail(fresh, judged)), source, run.ref)

    def plan_command(
        self,
        template: tuple[str, ...],
        title: str,
        run: Run,
        *,
        flow: str | None = None,
        step: str | None = None,
    ) -> Plan:
        """What running a playbook's command would do, see `cockpit.actions.item_command`; changes nothing.

        Args:
            template: Its argument list.
            title: What it is for.
            run: The run it is about.
            flow: The flow in question.
            step: The step in question.
        """
        context = self._context(run, flow=flow, step=step)
        fresh = self._source_of(run.ref).detail(run.ref)
        judged = self._judge(fresh) if self._judge else None
        return plan_for(command_spec(template, title), run, context.with_detail(fresh, judged))

    def archives(self) -> tuple[Archived, ...]:
        """The archives of the root, newest first."""
        return list_archives(self.jobs_context.state_dir, self.root)

    def plan_restore(self, name: str) -> Plan:
        """What restoring would do.

        Args:
            name: File name of an archive, or the id of a run, for its newest one.

        Raises:
            UsageError: There is no such archive.
        """
        for archived in self.archives():
            if name in (archived.path.name, archived.ref.id, archived.ref.key):
                return plan_restore(archived, self._refusal(archived.ref.key))
        raise UsageError(f"there is no archive of {clean(name)!r} in {clean(self.jobs_context.state_dir)}")

    def perform(
        self,
        plan: Plan,
        ref: RunRef,
        *,
        expected: str | None = None,
        rested_on: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        bulk: str | None = None,
        check: Callable[[], None] | None = None,
    ) -> Job:
        """Carry out a confirmed plan; returns as soon as it runs.

        Args:
            plan: As it was shown.
            ref: The run it is for.
            expected: Hash of the plan that was confirmed, or its beginning, where that was another process.
            rested_on: What that plan rested on (`cockpit.actions.notes`), where that is known.
            timeout_s: Seconds after which the job is ended, 0 for never; `None` for what is configured.
            bulk: Id of the bulk it belongs to.
            check: Raises where the plan must not be carried out any more; asked while the run is locked.

        Raises:
            MovedError: The run, or the plan made of it, is another one now.
            UsageError: The plan is refused.
            CockpitError: See `start_job`.
        """
        if plan.run_key != ref.key:
            raise UsageError(f"the plan is for {clean(plan.run_key)}, not for {clean(ref.key)}")

        def confirmed() -> None:
            if expected is not None and not is_hash_of(expected, plan):
                raise not_that_plan(plan, expected, rested_on)

        def fingerprint() -> str:
            if check is not None:
                check()
            return fingerprint_of(plan, ref, self._source_of)

        if self._read_only and plan.refused is None:
            plan = plan.model_copy(update={"refused": self._read_only})
        before = self._before(plan, ref)
        return start_job(
            plan,
            self.jobs_context,
            fingerprint,
            changes=lambda: what_moved(plan, ref, self._source_of, self._judge),
            confirmed=confirmed,
            before=before,
            timeout_s=timeout_s,
            bulk=bulk,
        )

    def _before(self, plan: Plan, ref: RunRef) -> Before | None:
        """The run as it is, where it will have a say in how the job went: the cockpit's own commands tell the truth."""
        of_its_own = plan.action in {spec.id for spec in BUILT_IN}
        idle = plan.request is not None and not plan.request.works
        if plan.refused is not None or of_its_own or idle or plan.reach is not Reach.RUN:
            return None
        return take_before(self._source_of(ref), ref, plan.fingerprint, self.jobs_context.clock())

    def decline(self, plan: Plan, why: str = NO) -> None:
        """Put on record that a plan was shown to be confirmed and was not, and why."""
        decline(self.jobs_context.recorder, plan, why)

    def decline_cancel(self, job: Job) -> None:
        """Likewise for the end of a job."""
        decline_cancel(self.jobs_context.recorder, job)

    def dry_run(self, plan: Plan) -> DryRun:
        """Let the plan's command say what it would do, where it can; see `cockpit.actions.dry_run`.

        Raises:
            UsageError: It cannot, or nothing may be done.
            CockpitError: It could not be run.
        """
        if self._read_only is not None:
            raise UsageError(self._read_only)
        return dry_run(plan)

    def jobs(self, limit: int | None = None) -> tuple[Job, ...]:
        """The jobs of the root, newest first, whoever started them."""
        return load_jobs(self.jobs_context.state_dir, limit)

    def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            UsageError: There is no such job.
        """
        found = load_job(find_job(self.jobs_context.state_dir, job_id))
        if found is None:
            raise UsageError(f"the job {clean(job_id)!r} cannot be read")
        return found

    def cancel(self, job_id: str) -> bool:
        """Ask for the end of a job; `False` when there was nothing left to end.

        Raises:
            UsageError: There is no such job, or nothing may be done; the latter is on record, where it can be.
            CockpitError: The request could not be recorded or written.
        """
        job_dir = find_job(self.jobs_context.state_dir, job_id)
        job = self.job(job_id)
        about = {"job": job.id, "action": job.action, "run": job.run, "run_key": job.run_key, "plan": job.plan_hash}
        if self._read_only is not None:
            with suppress(CockpitError, OSError):
                refused = {**about, "action": f"cancel {job.action}", "reason": self._read_only}
                self.jobs_context.recorder.append(REFUSED, refused)
            raise UsageError(f"cannot cancel the job: {self._read_only}")
        if not can_end(job):
            return False
        self.jobs_context.recorder.append(CANCELLED, about)
        return cancel_job(job_dir, self.jobs_context.actor.real_user)

    def settle(self) -> int:
        """Record the ends of jobs and bulks that nobody recorded (their supervisor was killed); returns how many.

        Raises:
            CockpitError: The journal could not be written.
        """
        journal = self.jobs_context.journal
        if journal is None or self._read_only:
            return 0
        state_dir, recorder = self.jobs_context.state_dir, self.jobs_context.recorder
        jobs = settle(state_dir, recorder, journal_holds(journal))
        return jobs + settle_bulks(state_dir, recorder, journal_holds(journal, BULK_ENDED, "bulk"))

    def _context(
        self,
        run: Run,
        *,
        flow: str | None = None,
        step: str | None = None,
        options: Mapping[str, str] | None = None,
        detail: RunDetail | None = None,
    ) -> Context:
        keys = [lock_key(reach, run.ref) for reach in Reach]
        return Context(
            now=self.jobs_context.clock(),
            state_dir=self.jobs_context.state_dir,
            fingerprint=self._source_of(run.ref).fingerprint(run.ref),
            detail=detail,
            flow=flow,
            step=step,
            overrides=self._overrides,
            past=self._past,
            options=dict(options or {}),
            service_of=self._service_of,
            refused=self._read_only,
            holders=holders(self.jobs_context.state_dir, keys),
        )

    def _refusal(self, run_key: str) -> str | None:
        if self._read_only:
            return self._read_only
        owner = holder(self.jobs_context.state_dir, run_key)
        return None if owner is None else f"the run is taken: {owner}"
