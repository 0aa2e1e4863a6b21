"""What can be done to the runs of this system (seed 003; formats/agents-orchestration.md 3, 5 and 6).

Its commands work on a checkout, not on a run: they start from scratch, on a built-in sample task, and overwrite what
the run before left. So each of them is preceded by a snapshot and recorded, because nothing else would remember it, and
only one of them works on a root at a time. There is no resume, no checkpoint and no cancel, whatever its incident
document says; each is offered with the reason.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cockpit.models.action import ActionSpec, Reach
from cockpit.models.run import RunRef
from cockpit.sources.agents_orchestration import checkout, layout
from cockpit.sources.agents_orchestration.checkout import VALIDATE
from cockpit.sources.agents_orchestration.config import CONFIG, read_config
from cockpit.sources.agents_orchestration.outcomes import BY_TASK, ONE_AGENT
from cockpit.sources.agents_orchestration.providers import provider_actions
from cockpit.sources.agents_orchestration.segments import TASKS
from cockpit.sources.agents_orchestration.services import project_retry, service_actions
from cockpit.sources.own_jobs import absent, literal, newest_recordings, own_job, recordings_for, stop_spec
from cockpit.sources.recordings import Recording, state_dir_of

_TITLES = {
    "coordinator-run": "Run the whole workflow",
    "run-agents": "Run the agents one after the other",
    "run-parallel": "Run all agents at once",
    "run-planner": "Run the planner",
    "run-executor": "Run the executor",
    "run-reviewer": "Run the reviewer",
}
_SAMPLE = "it runs the built-in sample task from the start, not the work that failed; there is no resume"
_UNTOLD = "exit code 0 does not mean that it worked: its output and the artifacts' times tell"
_WRITES = {
    "run-planner": ("artifacts/plan.md",),
    "run-executor": ("artifacts/execution-report.md",),
    "run-reviewer": ("artifacts/review-report.md",),
}
_ALL = tuple(path for paths in _WRITES.values() for path in paths)
_LEFT = (
    "the artifacts stay as they are, half written or of the run before",
    "a step that runs in a process of its own is ended with it",
)


def actions_for(ref: RunRef, task: str | None, recording: Recording | None) -> tuple[ActionSpec, ...]:
    """The actions for a run.

    Args:
        ref: The run.
        task: What it ran, if that is known; any other run is retried as a whole workflow.
        recording: Its recording, if it has one.
    """
    tree, state = checkout.tree_of(ref, recording), state_dir_of(Path(ref.root))
    known = () if recording is None else (recording,)
    stop = stop_spec((*known, *recordings_for(state, ref.id)), after=_LEFT)
    return (
        *_commands(ref, task, tree, state),
        *provider_actions(tree, checkout.marker(ref, tree, CONFIG)),
        *_services(task),
        stop,
        *_NOT_THERE,
    )


def _services(task: str | None) -> tuple[ActionSpec, ...]:
    agents = TASKS.get(task or "", ())
    return service_actions(agents[0] if len(agents) == 1 else None)


def _commands(ref: RunRef, task: str | None, tree: Path, state: Path) -> tuple[ActionSpec, ...]:
    project = ref.path.partition("#")[0].endswith(CONFIG)
    why = _why_not(Path(ref.root), tree, state)
    if why is not None:
        ids = {"validate": "Check the configuration", "retry": "Start it again", **_TITLES, "snapshot": "Keep a copy"}
        return tuple(absent(id_, title, why) for id_, title in ids.items())
    place = checkout.snapshot_place(tree, state)
    marker = checkout.marker(ref, tree)
    busy = _busy(tree, state)
    runs = tuple(_run(name, name, title, ref, tree, state, place, marker) for name, title in _TITLES.items())
    runs = tuple(spec.model_copy(update={"unavailable": busy}) for spec in runs)
    snapshot = _snapshot(tree, place, marker)
    if task == VALIDATE:
        return (_validate(tree, marker), *runs, snapshot)
    again = task if task in TASKS else "coordinator-run"
    title = f"Start {again} again from scratch"
    retry = project_retry() if project else _run("retry", again, title, ref, tree, state, place, marker)
    return (_validate(tree, marker), retry.model_copy(update={"unavailable": busy}), *runs, snapshot)


def _busy(tree: Path, state: Path) -> str | None:
    """Why nothing may be started in the checkout now, if so: two tasks would overwrite each other's artifacts."""
    found = checkout.at_work(tree, newest_recordings(state))
    if found is None:
        return None
    return f"`{' '.join(found.argv)}` is at work in {tree} (recording {found.id}): wait for its end, or `stop` it"


def _why_not(root: Path, tree: Path, state: Path) -> str | None:
    if not literal(os.fspath(tree), os.fspath(state)):
        return "the path of the checkout holds characters that cannot be part of a command"
    several = [] if layout.is_project(os.fspath(tree)) else list(layout.projects(root))
    if several:
        return f"{root} holds {len(several)} checkouts, and nothing tells in which of them this ran"
    if not (tree / checkout.TASKS_FILE).is_file():
        return f"there is no {checkout.TASKS_FILE} in {tree}: its commands cannot be run there"
    return None


def _run(
    id_: str, task: str, title: str, ref: RunRef, tree: Path, state: Path, place: Path, marker: str | None
) -> ActionSpec:
    record = (sys.executable, "-P", "-m", "cockpit", "record", f"--root={ref.root}", f"--state-dir={state}", "--")
    written = ", ".join(_WRITES.get(task, _ALL))
    return ActionSpec(
        id=id_,
        title=title,
        argv=_kept(tree, place, *record, "invoke", task),
        reach=Reach.SYSTEM,
        cwd_marker=marker,
        undo=f"Copy the snapshot back by hand: {place}",
        expects=(
            f"where it works, {written} are new; logs/ grows",
            "a new run appears: its recording, with all that it printed",
        ),
        warnings=(_SAMPLE, _UNTOLD),
        outcome=BY_TASK.get(task, ONE_AGENT),
    )


def _kept(tree: Path, place: Path, *command: str) -> tuple[str, ...]:
    """The command after a snapshot of what it overwrites; where that fails, nothing runs."""
    folders = (f"--folder={name}" for name in checkout.OVERWRITTEN)
    then = ("--", *command) if command else ()
    return own_job("snapshot_job", f"--tree={tree}", f"--to={place}", *folders, *then)


def _snapshot(tree: Path, place: Path, marker: str | None) -> ActionSpec:
    return ActionSpec(
        id="snapshot",
        title="Keep a copy of artifacts, logs and configuration",
        argv=_kept(tree, place),
        reach=Reach.SYSTEM,
        cwd_marker=marker,
        undo=f"Delete {place}.",
        expects=("nothing of the checkout changes",),
    )


def _validate(tree: Path, marker: str | None) -> ActionSpec:
    found = read_config(tree, CONFIG).problems
    command = ("invoke", VALIDATE)
    return ActionSpec(
        id="validate",
        title="Check that the configuration can be parsed",
        argv=command if marker else ("env", f"--chdir={tree}", *command),
        cwd_marker=marker,
        reach=Reach.SYSTEM,
        undo="Nothing to undo: it only reads.",
        expects=("project and agents with their models are printed",),
        warnings=(
            "it looks at neither models nor providers nor prompts, and exits 0 over a missing file",
            *(f"what was found here without it: {problem.path}: {problem.reason}" for problem in found),
        ),
        outcome=BY_TASK[VALIDATE],
    )


def _absent(rows: Sequence[tuple[str, str, str]]) -> tuple[ActionSpec, ...]:
    return tuple(absent(*row) for row in rows)


_NOT_THERE = _absent(
    (
        (
            "resume",
            "Resume the workflow",
            "the system keeps no state of a workflow on disk: nothing can be continued; `retry` starts from scratch",
        ),
        (
            "checkpoint",
            "Restart from the last successful checkpoint",
            "there are no checkpoints; `run-executor` or `run-reviewer` start from a sample task, not from the plan "
            "before them",
        ),
        (
            "cancel",
            "Cancel the workflow",
            "the system has no cancel, and ending `invoke` leaves its Python process at work; `stop` ends a recorded "
            "command with all that it started, a job is ended with `cockpit jobs JOB --cancel`",
        ),
        (
            "status",
            "Ask for the execution's state",
            "`invoke coordinator-run` is no status check, whatever the incident document says: it starts a new "
            "workflow and overwrites the artifacts",
        ),
        (
            "raise-timeout",
            "Raise the time limit of a step",
            "nothing enforces the limits (180, 600 and 300 s): raising them changes nothing",
        ),
        (
            "reduce-concurrency",
            "Reduce the concurrency",
            "runtime.ollama.concurrency is read by no code: changing it changes nothing; run the agents one by one",
        ),
        (
            "clean",
            "Clean up old logs and artifacts",
            "`invoke clean` and the documented `find ... -delete` destroy evidence, and tracked files with it; archive "
            "first, then clean up by hand",
        ),
    )
)
