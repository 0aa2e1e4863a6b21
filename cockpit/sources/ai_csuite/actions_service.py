"""The rest of ai-csuite's server: alerts, budget, evaluations, scheduler (formats 2 and 3)."""

from cockpit.models.action import ActionInput, ActionSpec, InputKind, Reach
from cockpit.models.request import Place, RequestCheck, RequestSpec
from cockpit.sources.ai_csuite.actions_run import ANY_STATE, SERVICE, RunFacts, says

_NOTHING = "nothing to take back"


def of_run(facts: RunFacts) -> tuple[ActionSpec, ...]:
    """Alerts, budget, evaluations and the queue, for a run."""
    return (_alerts(), _budget(), _evals(), _enqueue(facts), *_with_github())


def of_system() -> tuple[ActionSpec, ...]:
    """The scheduler's switch, the gate on evaluations, and the switches that switch nothing."""
    return (
        _switch("pause-scheduler", "Pause new work", "resume-scheduler", on=False),
        _switch("resume-scheduler", "Let new work begin again", "pause-scheduler", on=True),
        _eval_gate(),
        *_unavailable(),
    )


def _alerts() -> ActionSpec:
    return ActionSpec(
        id="alerts",
        title="Compute the run's alerts",
        request=RequestSpec(
            service=SERVICE,
            path="/integrations/alerts/{run}/compute",
            body={},
            after=(
                says("run_id", "{run}", "it answered for another run", answer=True),
                RequestCheck(
                    path="/integrations/alerts/{run}", field="run_id", equals="{run}", says="they cannot be read back"
                ),
            ),
        ),
        states=ANY_STATE,
        undo=_NOTHING,
        expects=("the server computes the run's alerts and keeps them; nothing else ever does",),
        warnings=("where the server has a GITHUB_TOKEN it may also write to the run's pull request",),
    )


def _budget() -> ActionSpec:
    return ActionSpec(
        id="budget",
        title="Compute the run's budget",
        request=RequestSpec(
            service=SERVICE,
            path="/integrations/budget/{run}/compute",
            body={},
            after=(
                says("run_id", "{run}", "it answered for another run", answer=True),
                RequestCheck(
                    path="/integrations/budget/{run}", field="run_id", equals="{run}", says="it cannot be read back"
                ),
            ),
        ),
        states=ANY_STATE,
        undo=_NOTHING,
        expects=("the server computes what the run cost and keeps it; nothing else ever does",),
        warnings=("its tokens are made up: 100 for every attempt of a step",),
    )


def _evals() -> ActionSpec:
    return ActionSpec(
        id="evals",
        title="Run the evaluations",
        request=RequestSpec(
            service=SERVICE,
            path="/evals/run",
            body={"run_id": "{run}", "threshold": 0.9},
            timeout_s=300.0,
            after=(
                says("status", "ok", "the evaluations did not run", answer=True),
                says("report.summary.failed", "0", "evaluations failed", answer=True),
                RequestCheck(
                    path="/evals/report", field="summary.failed", equals="0", says="the report says otherwise"
                ),
            ),
        ),
        states=ANY_STATE,
        undo=_NOTHING,
        expects=("runs all evaluation suites and replaces eval/report.json",),
        warnings=("in the container image this answers 500: its scripts are not in it",),
    )


def _enqueue(facts: RunFacts) -> ActionSpec:
    why_not = None if facts.status == "pending" and not facts.rows else "only a run that never ran may be queued"
    if why_not is None and facts.item is None:
        why_not = "it has no roadmap item: the scheduler could not start it"
    return ActionSpec(
        id="enqueue",
        title="Queue the pending run",
        request=RequestSpec(
            service=SERVICE,
            path="/scheduler/enqueue",
            body={"run_id": "{run}", "priority": "{priority}"},
            before=(
                says("status", "pending", "only a run that never ran may be queued"),
                RequestCheck(path="/scheduler/policy", field="enabled", equals="true", says="new work is paused"),
            ),
            after=(
                says("status", "enqueued", "it was not queued", answer=True),
                RequestCheck(
                    path="/scheduler/queue",
                    field="items[run_id={run}].state",
                    equals="queued",
                    says="it is not in the queue",
                ),
            ),
        ),
        inputs=(ActionInput(name="priority", title="Priority", kind=InputKind.INTEGER, default="0"),),
        states=ANY_STATE,
        undo="none: the server takes nothing out of its queue",
        expects=("puts the run into the scheduler's queue",),
        warnings=("the scheduler takes a run only when somebody makes it step",),
        unavailable=why_not,
    )


def _switch(name: str, title: str, back: str, *, on: bool) -> ActionSpec:
    wanted = "true" if on else "false"
    text = "the scheduler takes runs again" if on else "the scheduler takes no more runs; those that run go on"
    return ActionSpec(
        id=name,
        title=title,
        request=RequestSpec(
            service=SERVICE,
            method="PATCH",
            path="/scheduler/policy",
            body={"enabled": on},
            after=(
                RequestCheck(at=Place.ANSWER, field="enabled", equals=wanted, says="the server did not switch it"),
                RequestCheck(
                    path="/scheduler/policy", field="enabled", equals=wanted, says="its policy says otherwise"
                ),
            ),
        ),
        reach=Reach.SYSTEM,
        undo=back,
        undone_by=back,
        expects=(text,),
        warnings=(
            "runs that are started directly are not held up",
            "the server keeps this in memory: after a restart new work begins again",
        ),
    )


def _eval_gate() -> ActionSpec:
    return ActionSpec(
        id="eval-gate",
        title="Check self-work against the gate on evaluations",
        request=RequestSpec(
            service=SERVICE,
            path="/self/eval/gate",
            body={"threshold": 0.9},
            timeout_s=300.0,
            after=(says("status", "pass", "the gate is closed", answer=True),),
        ),
        reach=Reach.SYSTEM,
        undo=_NOTHING,
        expects=("runs the evaluations and replaces self/eval_gate.json",),
        warnings=("in the container image this answers 500: its scripts are not in it",),
    )


def _with_github() -> tuple[ActionSpec, ...]:
    reason = "needs a GITHUB_TOKEN at the server: every recorded call answers 400, so nothing is known of what it does"
    return (
        ActionSpec(id="approve", title="Approve the run's pull request", unavailable=reason),
        ActionSpec(id="merge", title="Merge the run's pull request", unavailable=reason),
    )


def _unavailable() -> tuple[ActionSpec, ...]:
    lies = "it only writes an audit row and repeats what it was told: nothing is"
    return (
        ActionSpec(
            id="kill-switch",
            title="Kill switch (POST /cockpit/actions/kill-switch)",
            unavailable=f"{lies} switched off",
        ),
        ActionSpec(
            id="approve-spend",
            title="Approve spending (POST /cockpit/actions/approve-spend)",
            unavailable=f"{lies} spent",
        ),
        ActionSpec(
            id="scheduler-step",
            title="Make the scheduler step (POST /scheduler/step)",
            unavailable=(
                "a run that fails in it stays `running`, its place in the queue `active`, and the tenant can run "
                "nothing more; start the pending run itself (start)"
            ),
        ),
    )
