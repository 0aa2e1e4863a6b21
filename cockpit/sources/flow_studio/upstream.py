"""What the trees of Flow Studio have themselves for a run (formats/flow-studio.md 5, Real)."""

import re
from collections.abc import Sequence
from pathlib import Path

from cockpit.models.action import ActionInput, ActionSpec, Confirm, InputKind, Reach
from cockpit.models.run import RunRef
from cockpit.sources.fields import items, obj, word
from cockpit.sources.flow_studio.make_words import MAKE_OUTCOME
from cockpit.sources.flow_studio.plan import names_near
from cockpit.sources.jsonfile import read_object
from cockpit.sources.own_jobs import absent
from cockpit.sources.paths import run_dir

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
BACKENDS = ("claude-step-orchestrator", "gemini-step-orchestrator")


def upstream_actions(ref: RunRef) -> tuple[ActionSpec, ...]:
    """What an upstream tree has for a run: a look at a resume, a new run of the same flows, and its house-keeping."""
    return (
        absent(
            "resume",
            "Resume the run from a step",
            "no upstream tree can: stepwise_resume.py ends with exit 2 unless it is a dry run (`resume-check`), and "
            "the start step of the first version makes a new run",
        ),
        absent(
            "retry", "Retry one step", "no upstream tree has a command that repeats a step; `rerun` repeats the flows"
        ),
        _CHECK,
        _again(ref),
        _WISDOM,
        _QUARANTINE,
    )


_CHECK = ActionSpec(
    id="resume-check",
    title="Ask the tree what resuming from a step would do",
    argv=("python", "swarm/tools/stepwise_resume.py", "{run}", "--from-step", "{step}", "--dry-run"),
    needs=("step",),
    cwd_marker="swarm/tools/stepwise_resume.py",
    undo="Nothing to undo: it only reads.",
    expects=("the steps it would run are printed; nothing is run",),
    warnings=("the same without --dry-run does not resume: it ends with exit 2",),
)
_WISDOM = ActionSpec(
    id="wisdom",
    title="Summarise what the run learned",
    argv=("make", "wisdom-summary", "RUN_ID={run}"),
    cwd_marker="Makefile",
    undo="Delete wisdom/wisdom_summary.json of the run.",
    expects=("wisdom/wisdom_summary.json is written",),
    outcome=MAKE_OUTCOME,
)
_QUARANTINE = ActionSpec(
    id="quarantine",
    title="Move all corrupt runs of the tree aside",
    argv=("make", "runs-quarantine"),
    dry_run=("make", "runs-quarantine-dry"),
    reach=Reach.SYSTEM,
    confirm=Confirm.TYPED,
    cwd_marker="Makefile",
    undo="Move them back from swarm/runs/_corrupt by hand.",
    expects=("every run of the tree that its own tools cannot read goes to swarm/runs/_corrupt",),
    warnings=("it works on the whole tree, not only on this run",),
    outcome=MAKE_OUTCOME,
)


def _again(ref: RunRef) -> ActionSpec:
    """The run's flows once more, with the tree's own starter."""
    flows, backend = _spec_of(ref)
    spec = ActionSpec(
        id="rerun",
        title="Run its flows again as a new run",
        argv=(
            "python",
            "swarm/tools/demo_stepwise_run.py",
            "--backend",
            "{backend}",
            "--flows",
            ",".join(flows),
            "--mode={mode}",
            "--wait",
            "{wait}",
        ),
        inputs=(
            ActionInput(
                name="backend",
                title="Engine",
                kind=InputKind.CHOICE,
                choices=BACKENDS,
                default=backend if backend in BACKENDS else BACKENDS[0],
            ),
            ActionInput(
                name="mode",
                title="How the engine calls its model",
                kind=InputKind.CHOICE,
                choices=("stub", "sdk", "cli"),
                optional=True,
            ),
            ActionInput(name="wait", title="Seconds until it is given up", kind=InputKind.INTEGER, default="3600"),
        ),
        cwd_marker="swarm/tools/demo_stepwise_run.py",
        undo="Archive the new run.",
        expects=("a new run with an id of its own; this one is not touched", "exit 0 only where it says succeeded"),
        warnings=(
            "when the wait is over the work dies with it, and the new run says running for ever",
            "a run that says succeeded may have failed in an early flow: look at what it says and at its receipts",
        ),
    )
    known = names_near(run_dir(ref), Path(ref.root)).flows
    if flows and all(flow in known and _PLAIN.fullmatch(flow) for flow in flows):
        return spec
    why = "its spec.json names no flows" if not flows else "its spec.json names a flow that this tree does not have"
    return spec.model_copy(update={"argv": (), "unavailable": f"{why}: start a run by hand"})


def _spec_of(ref: RunRef) -> tuple[Sequence[str], str | None]:
    """Flows and backend of a run, as it was asked for."""
    directory = run_dir(ref)
    data = read_object(directory / "spec.json", "spec.json")[0]
    if data is None:
        data = obj((read_object(directory / "meta.json", "meta.json")[0] or {}).get("spec"))
    flows = [word(flow) for flow in items(data.get("flow_keys"))]
    return tuple(flow for flow in flows if flow), word(data.get("backend"))
