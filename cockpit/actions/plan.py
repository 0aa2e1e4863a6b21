"""Plans: exactly what an action would do, before it is done (design, Actions).

Looks at the disk only for the working directory, the run's own place and files an operator named; everything else
comes from the facts it is given. What cannot be done is a plan too, with the reason in `refused`, so that a dialog can
show it.
"""

from hashlib import sha256
from pathlib import Path

from cockpit.actions.basis import basis_of
from cockpit.actions.checks import (
    FORCE,
    Context,
    check_allowed,
    check_known,
    check_run,
    check_state,
    lock_key,
    run_directory,
)
from cockpit.actions.earlier import recalled, unmet
from cockpit.actions.effects import Scope, downstream, duration, superseded, tokens
from cockpit.actions.inputs import choose
from cockpit.actions.makefile import target_warnings
from cockpit.actions.requests import plan_request, request_warnings, require_service, texts_of
from cockpit.actions.storage import canonical
from cockpit.actions.templates import (
    check_command,
    dry_run_of,
    fields_of,
    fill,
    fill_env,
    template_of,
    working_directory,
)
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec, OutcomeRule, Plan
from cockpit.models.run import Run, RunState

WARNING = "warning: "
"""Begins a warning that a source put among what an action is expected to do."""

ANSWERED = (OutcomeRule(pattern=r"^done: ", failed=False, says="sent and answered"),)
"""How the transcript of a request tells that it worked (`cockpit.actions.http_call`); nothing foreign begins a line."""

Values = dict[str, str | None]


def make_plan(spec: ActionSpec, run: Run, context: Context) -> Plan:
    """What `spec` would do to `run` now; never raises for what the run or the operator got wrong."""
    flow, step = _chosen(spec, run, context)
    base = Plan(
        action=spec.id,
        title=spec.title,
        run=run.id,
        run_key=run.key,
        lock_key=lock_key(spec.reach, run.ref),
        reach=spec.reach,
        flow=flow,
        step=step,
        hash="",
        undo=spec.undo,
        undone_by=spec.undone_by,
        danger=spec.danger,
        outcome=spec.outcome,
        confirm=spec.confirm,
        options=dict(context.options),
        fingerprint=context.fingerprint,
        basis=basis_of(context.judged or run.at(context.now), context.detail, context.fingerprint),
    )
    try:
        return sealed(base.model_copy(update=_content(spec, run, context, flow, step)))
    except UsageError as error:
        return sealed(base.model_copy(update={"refused": str(error)}))


def sealed(plan: Plan) -> Plan:
    """The plan with its hash."""
    return plan.model_copy(update={"hash": plan_hash(plan)})


def plan_hash(plan: Plan) -> str:
    """sha256 over the canonical JSON of the plan without its hash; the run's fingerprint is part of it.

    Its basis is not: it tells people what the fingerprint stands for, and a state may age without anything moving.
    """
    return sha256(canonical(plan.model_dump(mode="json", exclude={"hash", "basis"}))).hexdigest()


def _content(spec: ActionSpec, run: Run, context: Context, flow: str | None, step: str | None) -> dict[str, object]:
    """The parts of a plan that need everything to be right.

    Raises:
        UsageError: Something is not.
    """
    check_allowed(spec, run, context)
    check_run(run, context)
    check_state(spec, run, context)
    needs = _needs(spec, context)
    check_known(needs, flow, step, context.detail)
    argv = template_of(spec, context.overrides)
    if not argv and spec.request is not None:
        require_service(spec.request.service, context.service_of)
        cwd = None
    else:
        check_command(argv, spec.env, spec.inputs)
        cwd = working_directory(
            run_directory(run), spec.cwd_marker, run_is_root=run_directory(run) == Path(run.ref.root)
        )
    values, options = _choices(spec, run, context, flow, step)
    if context.offering and any(values[each.name] is None and not each.optional for each in spec.inputs):
        return {}
    done = _request(spec, run, context, values) if cwd is None else _command(spec, context, values, cwd)
    scope = Scope.of(spec.id, needs, flow, step)
    said = [line for line in spec.expects if not line.startswith(WARNING)]
    warned = [line.removeprefix(WARNING) for line in spec.expects if line.startswith(WARNING)]
    return {
        **done,
        "options": options,
        "effects": (*superseded(scope, context.detail), *downstream(scope, context.detail), *said),
        "warnings": (*_forced(spec, run, context), *spec.warnings, *warned, *_told(done)),
        "expected_s": duration(scope, run.ref.source, context.detail, context.past),
        "expected_tokens": tokens(scope, run.ref.source, context.detail, context.past),
    }


def _command(spec: ActionSpec, context: Context, values: Values, cwd: Path) -> dict[str, object]:
    """The parts of a plan that are about its command."""
    argv = fill(template_of(spec, context.overrides), values, spec.inputs)
    dry_run = dry_run_of(spec, context.overrides)
    return {
        "argv": argv,
        "cwd": str(cwd),
        "env": fill_env(spec.env, values, spec.inputs),
        "dry_run": fill(dry_run, values, spec.inputs) if dry_run else None,
        "warnings": target_warnings(argv, cwd, spec.cwd_marker),
    }


def _request(spec: ActionSpec, run: Run, context: Context, values: Values) -> dict[str, object]:
    """The parts of a plan that are about its request."""
    if spec.request is None:
        raise UsageError("the action holds neither a command nor a request")
    request = plan_request(spec.request, values, spec.inputs, context.service_of, run.ref.root)
    missing = unmet(request.prior, context.state_dir, request.url)
    if missing is not None:
        raise UsageError(missing)
    return {"request": request, "warnings": request_warnings(request), "outcome": spec.outcome or ANSWERED}


def _told(done: dict[str, object]) -> tuple[str, ...]:
    found = done.get("warnings")
    return found if isinstance(found, tuple) else ()


def _choices(
    spec: ActionSpec, run: Run, context: Context, flow: str | None, step: str | None
) -> tuple[Values, dict[str, str]]:
    """What the fields of the templates stand for, and what was chosen, defaults included."""
    own = {each.name for each in spec.inputs}
    given = {name: value for name, value in context.options.items() if name in own or name != FORCE}
    if spec.request is not None and any(each.recall is not None for each in spec.inputs):
        url = require_service(spec.request.service, context.service_of).url
        given = {**recalled(spec.inputs, given, context.state_dir, url), **given}
    values = choose(spec.inputs, given, Path(run.ref.root), complete=not context.offering)
    options = {name: value for name, value in values.items() if value is not None}
    if FORCE not in own and context.options.get(FORCE):
        options[FORCE] = context.options[FORCE]
    return {**values, "run": run.id, "flow": flow, "step": step}, options


def _needs(spec: ActionSpec, context: Context) -> set[str]:
    """Which of flow and step an action has to do with."""
    argv = template_of(spec, context.overrides)
    request = () if argv or spec.request is None else texts_of(spec.request)
    named = fields_of((*argv, *(spec.env.values() if argv else ()), *request), spec.inputs)
    return {*spec.needs, *(name for name in named if name in ("flow", "step"))}


def _chosen(spec: ActionSpec, run: Run, context: Context) -> tuple[str | None, str | None]:
    """Flow and step: what was asked for, else what matters now, and only if the action has to do with them."""
    try:
        needs = _needs(spec, context)
    except UsageError:
        needs = set(spec.needs)
    flow = (context.flow or run.flow) if needs & {"flow", "step"} else None
    if "step" not in needs:
        return flow, None
    # The run's own step means nothing in another flow.
    own = run.step if flow == run.flow else None
    return flow, context.step or own


def _forced(spec: ActionSpec, run: Run, context: Context) -> tuple[str, ...]:
    """What an operator should know who had their way."""
    if spec.states or context.options.get(FORCE) != "yes" or run.at(context.now).state is not RunState.RUNNING:
        return ()
    return ("the run looks as if it were running; planned by force",)
