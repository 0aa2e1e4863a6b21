"""What a plan is made from, and what must hold before there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cockpit.actions.effects import Past, known_flows, known_steps
from cockpit.actions.names import check_name
from cockpit.actions.requests import ServiceOf
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec, Reach
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunRef, RunState
from cockpit.sanitize import clean
from cockpit.sources.paths import run_dir

FORCE = "force"
"""Option (`yes`): plan it although the run looks as if it were running."""


def _no_service(_name: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is made from, besides the action and the run.

    Attributes:
        now: The moment it is planned.
        state_dir: State directory of the root.
        fingerprint: The run's, taken before `detail` was read.
        detail: The run's facts; `None` where they cannot be read.
        judged: The verdict on `detail` alone, for the plan's basis; `None` where nobody judges.
        flow: Chosen flow; `None` for the one that matters now.
        step: Chosen step; likewise.
        overrides: Argv templates configured for the root, by action id.
        past: How steps went before, for what is to be expected.
        options: What was chosen besides: the action's inputs, and the cockpit's own options.
        service_of: Finds the service a request goes to.
        offering: Only whether the action can be done is asked: what must be chosen may still be open.
        refused: Why nothing may be done at all (read-only, policy).
        holders: Why something else must end first, by lock key: a job that holds it.
    """

    now: datetime
    state_dir: Path
    fingerprint: str
    detail: RunDetail | None = None
    judged: Run | None = None
    flow: str | None = None
    step: str | None = None
    overrides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    past: Past | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    service_of: ServiceOf = _no_service
    offering: bool = False
    refused: str | None = None
    holders: Mapping[str, str] = field(default_factory=dict)

    def with_detail(self, detail: RunDetail, judged: Run | None = None) -> "Context":
        """The same with the run's facts, and the verdict on them."""
        return replace(self, detail=detail, judged=judged)


def run_directory(run: Run) -> Path:
    """Absolute path of the run's directory, or of the file that holds it, as its reference spells it."""
    return run_dir(run.ref)


def lock_key(reach: Reach, ref: RunRef) -> str:
    """What is locked while an action works: the run, or the system of its root."""
    return ref.key if reach is Reach.RUN else f"{ref.source}:{ref.root}"


def check_allowed(spec: ActionSpec, run: Run, context: Context) -> None:
    """Whether anything may be done at all, and this by this system.

    Raises:
        UsageError: It may not; the message says why.
    """
    if context.refused is not None:
        raise UsageError(context.refused)
    if spec.unavailable is not None:
        raise UsageError(spec.unavailable)
    held = context.holders.get(lock_key(spec.reach, run.ref))
    if held is not None:
        raise UsageError(f"{_the(spec.reach)} is taken: {held}")


def check_run(run: Run, context: Context) -> None:
    """What must hold before anything is done to a run.

    Raises:
        UsageError: It does not; the message says why.
    """
    if context.refused is not None:
        raise UsageError(context.refused)
    check_name("run id", run.id)
    place = run_directory(run)
    root = Path(run.ref.root).resolve()
    if not place.resolve().is_relative_to(root):
        raise UsageError(f"the run {clean(run.id)} lies outside of {clean(root)}")
    if not place.exists():
        raise UsageError(f"the directory of the run {clean(run.id)} is gone")


def check_state(spec: ActionSpec, run: Run, context: Context) -> None:
    """Refuse a run in a state the action is not for. Actions on the whole system ask for no state of their own.

    Raises:
        UsageError: The run is archived, or it works, or it is in none of the states the action names.
    """
    state = run.at(context.now).state
    if spec.states:
        if state not in spec.states:
            named = " ".join(each.value for each in spec.states)
            raise UsageError(f"it is for runs that are: {named}; the run {clean(run.id)} is {state.value}")
        return
    if spec.reach is Reach.SYSTEM:
        return
    if state is RunState.ARCHIVED:
        raise UsageError(f"the run {clean(run.id)} is archived; restore it first")
    own = {each.name for each in spec.inputs}
    check_not_running(run, context, forcible=FORCE not in own)


def check_not_running(run: Run, context: Context, *, forcible: bool = True) -> None:
    """Refuse a run that works, unless that was asked for.

    Raises:
        UsageError: The evidence says that the run is running.
    """
    if run.at(context.now).state is not RunState.RUNNING:
        return
    if forcible and context.options.get(FORCE) == "yes":
        return
    silence = run.silence(context.now)
    heard = "" if silence is None else f" (last sign of life {silence.total_seconds():.0f} s ago)"
    way_out = f"; if you know that its producer is dead, plan with {FORCE}=yes" if forcible else ""
    raise UsageError(f"the run {clean(run.id)} is running{heard}: wait until it stops{way_out}")


def check_known(needs: set[str], flow: str | None, step: str | None, detail: RunDetail | None) -> None:
    """Flow and step must be given where they are needed, plain, and ones this run knows of.

    Raises:
        UsageError: They are not.
    """
    if needs & {"flow", "step"}:
        if not flow:
            raise UsageError("which flow? none of this run failed or is in progress, so it must be given")
        check_name("flow", flow)
        flows = known_flows(detail)
        if flows and flow not in flows:
            raise UsageError(f"this run has no flow {flow!r}; it has {_listed(flows)}")
    if "step" in needs:
        if not step:
            raise UsageError(f"which step of {flow}? none of it failed or is in progress, so it must be given")
        check_name("step", step)
        steps = known_steps(detail, flow or "")
        if steps and step not in steps:
            raise UsageError(f"the flow {flow} of this run has no step {step!r}; it has {_listed(steps)}")


def _the(reach: Reach) -> str:
    return "the run" if reach is Reach.RUN else "the system of this root"


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = " ".join(clean(name, 60) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
