"""What can be done to a run of Flow Studio (seed 000; formats/flow-studio.md 5), in two profiles.

`documented` has the commands of the incident documents. No tree of the system defines these targets itself; teams that
follow the documents do. `upstream` has what the trees themselves have, which is less: nothing continues a run or
retries a step, and what the HTTP service calls pause, stop and cancel edits records that no orchestrator reads.
"""

import itertools
import os
from pathlib import Path

from cockpit.models.action import ActionInput, ActionSpec, InputKind
from cockpit.models.request import Place, RequestCheck, RequestSpec
from cockpit.models.run import RunRef
from cockpit.sources.flow_studio.make_words import MAKE_OUTCOME
from cockpit.sources.flow_studio.upstream import upstream_actions
from cockpit.sources.own_jobs import absent, literal, recordings_for, stop_spec
from cockpit.sources.paths import run_dir
from cockpit.sources.recordings import state_dir_of

DOCUMENTED, UPSTREAM = "documented", "upstream"
SERVICE = "flow-studio"
_OVERWRITTEN = "Not possible: receipts and handoffs of the steps that run again are overwritten; archive the run first."
_SUPERSEDES = "receipts, handoffs and transcripts are overwritten in place: only events.jsonl keeps the earlier attempt"
_RECORD_ONLY = "it edits run_state.json and events.jsonl, which no orchestrator reads: work that runs goes on"
_HAS = f"the service has a {{}}, but {_RECORD_ONLY}; `stop` ends a recorded producer"
_IN_PROCESS = "its own stop is a flag in the orchestrator's memory, which no other process can set"


def actions_for(ref: RunRef, profile: str) -> tuple[ActionSpec, ...]:
    """The actions of a run.

    Args:
        ref: The run.
        profile: `documented` or `upstream`.
    """
    stop = stop_spec(
        recordings_for(state_dir_of(Path(ref.root)), ref.id),
        after=("the run's record goes on saying running: nothing writes its end",),
        instead=_IN_PROCESS,
    )
    own = upstream_actions(ref) if profile == UPSTREAM else _documented(ref)
    return (*own, stop, _mark(ref), *_NOT_THERE)


def _documented(ref: RunRef) -> tuple[ActionSpec, ...]:
    return (_RESUME, _RETRY, _rerun(ref), _HOLD, _RELEASE)


_RESUME = ActionSpec(
    id="resume",
    title="Resume the run from a step",
    argv=("make", "stepwise-{flow}", "RUN_ID={run}", "START_STEP={step}"),
    needs=("flow", "step"),
    cwd_marker="Makefile",
    undo=_OVERWRITTEN,
    expects=(
        "receipts and handoffs of this step and the ones after it are written anew",
        "the run's record says running, then how it ended",
    ),
    warnings=(_SUPERSEDES,),
    outcome=MAKE_OUTCOME,
)
_RETRY = ActionSpec(
    id="retry",
    title="Retry one step",
    argv=("make", "stepwise-retry", "RUN_ID={run}", "FLOW={flow}", "STEP={step}"),
    needs=("flow", "step"),
    cwd_marker="Makefile",
    undo="Not possible: the step's receipt and handoff are overwritten; archive the run first.",
    expects=("the receipt and the handoff of this step are written anew",),
    warnings=(_SUPERSEDES,),
    outcome=MAKE_OUTCOME,
)
_HOLD = ActionSpec(
    id="hold",
    title="Keep the run from being cleaned up",
    argv=("make", "retention-hold", "RUN_ID={run}", "REASON={reason}"),
    inputs=(ActionInput(name="reason", title="Why, as one plain word (an incident's id)", default="incident"),),
    cwd_marker="Makefile",
    undo="Release it again.",
    undone_by="release",
    expects=("the tree's retention leaves the run alone until it is released",),
    outcome=MAKE_OUTCOME,
)
_RELEASE = ActionSpec(
    id="release",
    title="Let the run be cleaned up again",
    argv=("make", "retention-release", "RUN_ID={run}"),
    cwd_marker="Makefile",
    undo="Hold it again.",
    undone_by="hold",
    expects=("the run is cleaned up when its age says so",),
    outcome=MAKE_OUTCOME,
)


def _rerun(ref: RunRef) -> ActionSpec:
    """The flow once more under a new id, to see whether a fix holds (seed 000, Verification After Fix)."""
    return ActionSpec(
        id="rerun",
        title="Run the flow again as a new run",
        argv=("make", "stepwise-{flow}", "RUN_ID={new_run}"),
        needs=("flow",),
        inputs=(ActionInput(name="new_run", title="Id of the new run", default=_free_id(ref)),),
        cwd_marker="Makefile",
        undo="Archive the new run.",
        expects=("a new run beside this one, which is not touched",),
        warnings=("an id that is taken is written over: the default is free",),
        outcome=MAKE_OUTCOME,
    )


def _free_id(ref: RunRef) -> str:
    """An id like this run's that no run beside it has."""
    place = run_dir(ref).parent
    found = (f"{ref.id}-rerun{'' if number == 1 else f'-{number}'}" for number in itertools.count(1))
    return next(name for name in found if not os.path.lexists(f"{place}/{name}"))


def _mark(ref: RunRef) -> ActionSpec:
    """The one thing the service can be trusted with: to write into a run's record that it was stopped."""
    at = "/api/runs/{run}"
    state = f"{'' if ref.path == '.' else f'{ref.path}/'}run_state.json"
    return ActionSpec(
        id="mark-stopped",
        title="Mark the run's record as stopped",
        request=RequestSpec(
            service=SERVICE,
            path=f"{at}/stop",
            body={"reason": "{reason}"},
            before=(RequestCheck(path=at, field="run_id", equals="{run}", says="the service does not know this run"),),
            after=(
                RequestCheck(path=at, field="status", equals="stopped", says="the service does not call it stopped"),
                RequestCheck(
                    at=Place.ROOT,
                    path=state,
                    field="status",
                    equals="stopped",
                    says="the record here does not: the service works on another tree",
                ),
            ),
        ),
        inputs=(ActionInput(name="reason", title="Why", kind=InputKind.TEXT),),
        undo="Not possible: the service would call it running again, which would be untrue.",
        expects=("run_state.json says stopped, events.jsonl gets a line, stop_report.md is written",),
        warnings=(f"it stops no work: {_RECORD_ONLY}",),
        unavailable=None if literal(ref.path) else "the path of the run cannot be part of a check",
    )


_NOT_THERE = (
    absent(
        "detour",
        "Route a failure signature to its detour",
        "a detour is taken by the run's own routing when a step ends; there is no command for it. Mend what it names "
        "(lint, import, dependency ...) in the tree, then retry the step",
    ),
    absent("pause", "Pause the run", _HAS.format("pause")),
    absent("cancel", "Cancel the run", _HAS.format("cancel")),
)
