"""Vendor candidates of ai-csuite: shadow, ramp, rollback (formats 2, "Providers"; seed 004, Shadow, Ramp, Rollback).

The server keeps shadows and stages in memory, checks nothing before a stage and cannot be asked for one. So the gates
of seed 004 are kept here: what the server can tell is asked before each stage, and the stage before it is known from
the job that set it and was answered.
"""

from itertools import pairwise

from cockpit.models.action import ActionInput, ActionSpec, InputKind, Reach
from cockpit.models.request import Earlier, Place, Prior, Recall, RequestCheck, RequestSpec
from cockpit.sources.ai_csuite.actions_run import SERVICE

STAGES = ("5", "25", "50", "100")
CAPABILITIES = ("ads", "cdp", "experiments", "lifecycle", "llm_gateway", "llm_observability", "vectorstore")
COMPARABLE = ("ads",)
"""What the server compares in a shadow; for the others it answers `skipped`, so no gate before a ramp could be met."""

_SAME = {"capability": "{capability}", "candidate": "{candidate}"}
_BACK = {"rollback": {"capability": "{capability}"}}
_SHADOWED = Earlier(
    action="shadow", options={"capability": "{capability}"}, ended_by={"shadow-stop": {"capability": "{capability}"}}
)
_RAMPED = Earlier(action="ramp", options={"capability": "{capability}"}, ended_by=_BACK)
_FORGETS = "the server keeps this in memory and forgets it when it restarts"


def specs(*, with_run: bool) -> tuple[ActionSpec, ...]:
    """Shadow, ramp, rollback and conformance.

    Args:
        with_run: Whether they are reached from a run, whose alerts then are one of the gates.
    """
    return (_shadow(), _compare(), _stop(), _ramp(with_run=with_run), _rollback(), _conformance())


def _capability(choices: tuple[str, ...]) -> ActionInput:
    default = choices[0] if len(choices) == 1 else None
    return ActionInput(name="capability", title="Capability", kind=InputKind.CHOICE, choices=choices, default=default)


def _candidate(earlier: Earlier | None = None) -> ActionInput:
    recall = None if earlier is None else Recall(earlier=earlier, field="options.candidate")
    return ActionInput(name="candidate", title="Adapter of the candidate", recall=recall)


def _answers(field: str, equals: str, means: str) -> RequestCheck:
    return RequestCheck(at=Place.ANSWER, field=field, equals=equals, says=means)


def _provider(field: str, equals: str, means: str, **when: str) -> RequestCheck:
    place = f"[capability={{capability}}].{field}"
    return RequestCheck(path="/providers", field=place, equals=equals, says=means, when=when)


def _shadow() -> ActionSpec:
    return ActionSpec(
        id="shadow",
        title="Start the shadow of a candidate",
        request=RequestSpec(
            service=SERVICE,
            path="/providers/shadow/start",
            body={**_SAME, "duration_sec": "{duration_sec}"},
            before=(_provider("healthy", "true", "the adapter that serves the capability is not healthy"),),
            after=(RequestCheck(at=Place.ANSWER, field="shadow_id", says="no shadow was started"),),
        ),
        inputs=(
            _capability(COMPARABLE),
            _candidate(),
            ActionInput(name="duration_sec", title="Seconds", kind=InputKind.INTEGER, default="120"),
        ),
        reach=Reach.SYSTEM,
        undo="shadow-stop",
        undone_by="shadow-stop",
        expects=("starts a shadow; its id is in the answer", "traffic is served as before"),
        warnings=(
            "the server does not check that it knows the candidate: an unknown one makes every comparison answer 500 "
            "until it is stopped; compare at once (shadow-compare)",
            "the shadow does not end after its seconds: stop it (shadow-stop)",
            _FORGETS,
        ),
    )


def _compare() -> ActionSpec:
    return ActionSpec(
        id="shadow-compare",
        title="Compare the shadow with what serves now",
        request=RequestSpec(
            service=SERVICE,
            path="/providers/shadow/compare-once",
            body={"capability": "{capability}"},
            after=(
                _answers("candidate", "{candidate}", "it compared another candidate, whose shadow was started first"),
                RequestCheck(
                    at=Place.ANSWER,
                    field="mismatches",
                    at_most="{max_mismatches}",
                    says="the candidate differs by more than was allowed",
                ),
            ),
        ),
        inputs=(
            _capability(COMPARABLE),
            _candidate(_SHADOWED),
            ActionInput(name="max_mismatches", title="Differences allowed", kind=InputKind.INTEGER, default="0"),
        ),
        reach=Reach.SYSTEM,
        undo="nothing to take back: it only compares",
        expects=("compares one answer of the candidate with one of the adapter that serves; keeps nothing",),
        warnings=(
            "latency, errors and cost are not compared, only the answers",
            "the shipped mock differs from itself in 1 place (random ids): 0 cannot be reached against it",
        ),
    )


def _stop() -> ActionSpec:
    return ActionSpec(
        id="shadow-stop",
        title="Stop the shadow of a candidate",
        request=RequestSpec(
            service=SERVICE,
            path="/providers/shadow/stop",
            body={"shadow_id": "{shadow_id}"},
            after=(_answers("stopped", "true", "the server knows no such shadow"),),
        ),
        inputs=(
            _capability(COMPARABLE),
            ActionInput(
                name="shadow_id",
                title="Id of the shadow",
                recall=Recall(earlier=_SHADOWED, field="answer.shadow_id"),
            ),
        ),
        reach=Reach.SYSTEM,
        undo="shadow",
        undone_by="shadow",
        expects=("stops the shadow; traffic is served as before",),
    )


def _ramp(*, with_run: bool) -> ActionSpec:
    before = [
        _provider("adapter", "{baseline}", "the capability is not served by the baseline a rollback would go back to"),
        _provider("healthy", "true", "the adapter that serves the capability is not healthy"),
    ]
    if with_run:
        gate = RequestCheck(
            path="/integrations/alerts/{run}", field="status", equals="ok", says="the run has active alerts"
        )
        before.append(gate)
    return ActionSpec(
        id="ramp",
        title="Ramp the candidate to its next stage",
        request=RequestSpec(
            service=SERVICE,
            path="/providers/ramp/{stage}",
            body=dict(_SAME),
            prior=_ladder(),
            before=tuple(before),
            after=(
                _answers("stage", "{stage}", "the server took another stage"),
                _answers("candidate", "{candidate}", "the server took another candidate"),
                *(
                    _provider("adapter", "{baseline}", "the baseline does not serve any more", stage=stage)
                    for stage in STAGES[:-1]
                ),
                _provider("adapter", "{candidate}", "the candidate does not serve", stage=STAGES[-1]),
                _provider("healthy", "true", "what serves the capability now is not healthy: roll back"),
            ),
        ),
        inputs=(
            _capability(COMPARABLE),
            _candidate(_SHADOWED),
            ActionInput(
                name="baseline",
                title="Adapter to go back to",
                recall=Recall(earlier=_RAMPED, field="options.baseline"),
            ),
            ActionInput(
                name="stage",
                title="Per cent",
                kind=InputKind.CHOICE,
                choices=STAGES,
                recall=Recall(
                    earlier=Earlier(action="ramp", options=_SAME, ended_by=_BACK), field="options.stage", next=True
                ),
            ),
        ),
        reach=Reach.SYSTEM,
        danger=True,
        undo="rollback",
        undone_by="rollback",
        expects=(
            "takes one stage: 5, 25, 50, 100 per cent, none of them skipped",
            "at 100 the candidate serves the capability; end its shadow then (shadow-stop)",
        ),
        warnings=(
            "nobody watches it afterwards: the server neither pauses nor rolls back by itself; look, then take the "
            "next stage or roll back (rollback)",
            "below 100 the server only notes the stage: which traffic the candidate gets it does not say",
            *(("the gate on alerts sees what was computed last: compute them first (alerts)",) if with_run else ()),
            _FORGETS,
        ),
    )


def _ladder() -> tuple[Prior, ...]:
    """What must have been confirmed before each stage."""
    compared = Earlier(action="shadow-compare", options=_SAME, ended_by=_BACK)
    rungs = [
        Prior(
            earlier=compared,
            when={"stage": STAGES[0]},
            says="the candidate's shadow was not compared within bounds (shadow-compare) since the last rollback",
        )
    ]
    for below, stage in pairwise(STAGES):
        confirmed = Earlier(action="ramp", options={**_SAME, "stage": below}, ended_by=_BACK)
        text = f"stage {stage} comes after stage {below}, which was not confirmed for this candidate here"
        rungs.append(Prior(earlier=confirmed, when={"stage": stage}, says=text))
    return tuple(rungs)


def _rollback() -> ActionSpec:
    return ActionSpec(
        id="rollback",
        title="Roll a capability back to its baseline",
        request=RequestSpec(
            service=SERVICE,
            path="/providers/ramp/100",
            body={"capability": "{capability}", "candidate": "{baseline}"},
            after=(
                _answers("candidate", "{baseline}", "the server took another adapter"),
                _answers("stage", "100", "the server took another stage"),
                _provider("adapter", "{baseline}", "the baseline does not serve"),
                _provider("healthy", "true", "the baseline serves and is not healthy: is its name right?"),
            ),
        ),
        inputs=(
            _capability(CAPABILITIES),
            ActionInput(
                name="baseline",
                title="Adapter to go back to",
                recall=Recall(earlier=_RAMPED, field="options.baseline"),
            ),
        ),
        reach=Reach.SYSTEM,
        danger=True,
        undo="ramp, from its first stage",
        undone_by="ramp",
        expects=("the baseline serves the capability at 100 per cent",),
        warnings=(
            "the server has no rollback: the baseline is promoted like a candidate, and any name is accepted",
            "a capability cannot be paused: the server's kill switch only writes an audit row",
            "the server writes no incident file and no audit row of it",
            _FORGETS,
        ),
    )


def _conformance() -> ActionSpec:
    return ActionSpec(
        id="conformance",
        title="Check that an adapter conforms",
        request=RequestSpec(
            service=SERVICE,
            path="/providers/conformance/run",
            body={"capabilities": ("{capability}",)},
            after=(
                _answers("summary.failed", "0", "an adapter does not conform"),
                _answers("reports.0.pass", "true", "no adapter was checked"),
            ),
        ),
        inputs=(_capability(CAPABILITIES),),
        reach=Reach.SYSTEM,
        undo="nothing to take back: it only checks, and keeps a report",
        expects=("checks the adapter that serves the capability; the server keeps the report",),
        warnings=("with a shadow of ads running it also keeps one row of differences",),
    )
