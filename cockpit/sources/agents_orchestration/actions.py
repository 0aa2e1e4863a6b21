"""What the system's own commands can do (formats/agents-orchestration.md 3 and 5).

There is no resume, no checkpoint and no cancel, whatever its incident document says: none is offered. Its retry starts
from scratch, works on a built-in sample task and overwrites the artifacts, which the plan says. `coordinator-run` is no
status check.
"""

from cockpit.models.action import ActionSpec
from cockpit.sources.agents_orchestration.segments import TASKS

_MARKER = "tasks.py"
_OVERWRITES = "artifacts/ and logs/ are overwritten: copy them aside first if they are evidence"
_SAMPLE = "it runs the built-in sample task from the start, not the work that failed; there is no resume"
_EXIT = "exit code 0 does not mean that it worked: the output and the artifacts tell"

_VALIDATE = ActionSpec(
    id="validate",
    title="Check that the configuration can be parsed",
    argv=("invoke", "validate-config"),
    cwd_marker=_MARKER,
    undo="Nothing to undo: it only reads.",
    expects=(
        "project and agents with their models are printed",
        "exit code 0 also where the file is missing or names a model that does not exist",
    ),
)


def actions_for(task: str | None) -> tuple[ActionSpec, ...]:
    """The actions for a run of `task`; any other run is retried as a whole workflow."""
    again = task if task in TASKS and task != "validate-config" else "coordinator-run"
    retry = ActionSpec(
        id="retry",
        title=f"Start {again} again from scratch",
        argv=("cockpit", "record", "--", "invoke", again),
        cwd_marker=_MARKER,
        undo="Not possible: the artifacts of the run before are overwritten.",
        expects=(_SAMPLE, _OVERWRITES, _EXIT),
    )
    return (_VALIDATE,) if task == "validate-config" else (_VALIDATE, retry)
