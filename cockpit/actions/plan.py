"""Plans: exactly what an action would do, before it is done.

Looks at the disk only for the working directory and the run's own directory; everything else comes from the facts it
is given. What cannot be done is a plan too, with the reason in `refused`, so that a dialog can show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cockpit.actions.effects import Scope, downstream, duration, known_flows, known_steps, superseded
from cockpit.actions.names import check_name
from cockpit.actions.storage import canonical
from cockpit.actions.templates import fields_of, fill, template_of, working_directory
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec, Plan
from cockpit.models.detail import RunDetail
from cockpit.models.records import Receipt
from cockpit.models.run import Run, RunState
from cockpit.sanitize import clean
from cockpit.sources.paths import run_dir

FORCE = "force"
"""Option (`yes`): plan it although the run looks as if it were running."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is made from, besides the action and the run.

    Attributes:
        now: The moment it is planned.
        state_dir: State directory of the root.
        fingerprint: The run's, taken before `detail` was read.
        detail: The run's facts; `None` where they cannot be read.
        flow: Chosen flow; `None` for the one that matters now.
        step: Chosen step; likewise.
        overrides: Argv templates configured for the root, by action id.
        history: Receipts of other runs, for the expected time.
        options: What was chosen besides.
        refused: Why nothing may be done at all (read-only, policy, a job that holds the run).
    """

    now: datetime
    state_dir: Path
    fingerprint: str
    detail: RunDetail | None = None
    flow: str | None = None
    step: str | None = None
    overrides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: Sequence[Receipt] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    refused: str | None = None

    def with_detail(self, detail: RunDetail) -> "Context":
        """The same with the run's facts."""
        return replace(self, detail=detail)


def run_directory(run: Run) -> Path:
    """Absolute path of the run's directory, as its reference spells it."""
    return run_dir(run.ref)


def make_plan(spec: ActionSpec, run: Run, context: Context) -> Plan:
    """What `spec` would do to `run` now; never raises for what the run or the operator got wrong."""
    flow, step = _chosen(spec, run, context)
    base = Plan(
        action=spec.id,
        run=run.id,
        run_key=run.key,
        flow=flow,
        step=step,
        hash="",
        undo=spec.undo,
        confirm=spec.confirm,
        options=dict(context.options),
        fingerprint=context.fingerprint,
    )
    try:
        return sealed(base.model_copy(update=_command(spec, run, context, flow, step)))
    except UsageError as error:
        return sealed(base.model_copy(update={"refused": str(error)}))


def sealed(plan: Plan) -> Plan:
    """The plan with its hash."""
    return plan.model_copy(update={"hash": plan_hash(plan)})


def plan_hash(plan: Plan) -> str:
    """sha256 over the canonical JSON of the plan without its hash; the run's fingerprint is part of it."""
    return sha256(canonical(plan.model_dump(mode="json", exclude={"hash"}))).hexdigest()


def check_run(run: Run, context: Context) -> None:
    """What must hold before anything is done to a run.

    Raises:
        UsageError: It does not; the message says why.
    """
    if context.refused is not None:
        raise UsageError(context.refused)
    check_name("run id", run.id)
    directory = run_directory(run)
    root = Path(run.ref.root).resolve()
    if not directory.resolve().is_relative_to(root):
        raise UsageError(f"the run {clean(run.id)} lies outside of {clean(root)}")
    if not directory.is_dir():
        raise UsageError(f"the directory of the run {clean(run.id)} is gone")


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


def _command(spec: ActionSpec, run: Run, context: Context, flow: str | None, step: str | None) -> dict[str, object]:
    """The parts of a plan that need everything to be right.

    Raises:
        UsageError: Something is not.
    """
    check_run(run, context)
    if run.at(context.now).state is RunState.ARCHIVED:
        raise UsageError(f"the run {clean(run.id)} is archived; restore it first")
    check_not_running(run, context)
    template = template_of(spec, context.overrides)
    needs = {*spec.needs, *fields_of(template)} - {"run"}
    _check_known(needs, flow, step, context.detail)
    argv = fill(template, {"run": run.id, "flow": flow, "step": step})
    cwd = working_directory(run_directory(run), spec.cwd_marker, run_is_root=run.ref.path == ".")
    scope = Scope.of(spec.id, needs, flow, step)
    return {
        "argv": argv,
        "cwd": str(cwd),
        "effects": (
            *superseded(scope, context.detail),
            *downstream(scope, context.detail),
            *spec.expects,
            *_warnings(spec, run, context, argv, cwd),
        ),
        "expected_s": duration(scope, context.detail, context.history),
    }


def _chosen(spec: ActionSpec, run: Run, context: Context) -> tuple[str | None, str | None]:
    """Flow and step: what was asked for, else what matters now, and only if the action has to do with them."""
    try:
        needs = {*spec.needs, *fields_of(template_of(spec, context.overrides))}
    except UsageError:
        needs = set(spec.needs)
    flow = (context.flow or run.flow) if needs & {"flow", "step"} else None
    if "step" not in needs:
        return flow, None
    # The run's own step means nothing in another flow.
    own = run.step if flow == run.flow else None
    return flow, context.step or own


def _check_known(needs: set[str], flow: str | None, step: str | None, detail: RunDetail | None) -> None:
    """Flow and step must be given where they are needed, plain, and ones this run knows of."""
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


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = " ".join(clean(name, 60) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _warnings(spec: ActionSpec, run: Run, context: Context, argv: tuple[str, ...], cwd: Path) -> tuple[str, ...]:
    """What an operator should know before saying yes."""
    found = []
    if run.at(context.now).state is RunState.RUNNING:
        found.append("warning: the run looks as if it were running; planned by force")
    if spec.cwd_marker == "Makefile" and Path(argv[0]).name == "make" and len(argv) > 1:
        target = argv[1]
        if target[:1] != "-" and "=" not in target and not _names_target(cwd / "Makefile", target):
            found.append(f"warning: {clean(cwd)}/Makefile itself names no target {clean(target)} (it may include one)")
    return tuple(found)


def _names_target(makefile: Path, target: str) -> bool:
    """Whether a Makefile seems to have a rule for `target`, by name or by a pattern with the same beginning."""
    try:
        text = makefile.read_text("utf-8", "replace")
    except OSError:
        return False
    for line in text.splitlines():
        if line.startswith(("\t", "#")) or ":" not in line:
            continue
        for name in line.split(":", 1)[0].split():
            stem = name.split("%", 1)
            if name == target or (len(stem) > 1 and target.startswith(stem[0]) and target.endswith(stem[1])):
                return True
    return False
