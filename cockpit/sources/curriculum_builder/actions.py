"""The system's own commands for a run (formats/curriculum-builder.md 2 to 4), and what each does besides its work.

`archive` is the cockpit's: the system's own refuses exactly the runs its incident document would have it archive
(formats 3.1). There is no resume and no cancel; `status` and `next` write, so they are no way to look (3.9).
"""

import os

from cockpit.models.action import ActionSpec
from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder.layout import CURRICULUM, PREVIOUS, RUN, RUN_ID, SCOPE
from cockpit.sources.curriculum_builder.metadata import check
from cockpit.sources.jsonfile import read_object
from cockpit.sources.paths import in_root, run_dir

SCRIPT = "scripts/orchestration.py"
_REFUSED = "warning: run.json is invalid, so the system refuses this command and changes nothing; `init` a fresh run"
_NAME = "warning: the system takes only run ids like 20261121-034458-some-name, not this directory's name"
_EXIT = "exit 1 is a failed validation or a crash: the report and the output tell which"


def actions_for(ref: RunRef) -> tuple[ActionSpec, ...]:
    """What can be done to a run; the warnings are those of its state now.

    Nothing, where the path of the runs holds braces: it cannot be part of a template, and without it the system would
    look for the run elsewhere.
    """
    directory = run_dir(ref)
    base = os.fspath(directory.parent)
    if set(base) & {"{", "}"} or not base.isprintable():
        return ()
    data, _ = read_object(directory / RUN, RUN, root=ref.root)
    invalid = data is None or check(data).fault is not None
    warnings = (*((_REFUSED,) if invalid else ()), *(() if RUN_ID.match(directory.name) else (_NAME,)))
    made = os.path.lexists(directory / CURRICULUM)

    def spec(id_: str, title: str, *words: str, undo: str, expects: tuple[str, ...]) -> ActionSpec:
        return ActionSpec(
            id=id_,
            title=title,
            argv=("env", f"ORCHESTRATION_BASE_DIR={base}", "python3.11", SCRIPT, *words),
            cwd_marker=SCRIPT,
            undo=undo,
            expects=(*warnings, *expects) if id_ != "init" else expects,
        )

    outputs = "Not possible: the files it writes are overwritten; archive the run first to keep them."
    return (
        spec(
            "resume",
            "Go on from where its files stand" + (" (iterate)" if made else " (run)"),
            "iterate" if made else "run",
            "{run}",
            undo=outputs,
            expects=_ITERATE if made else _run(again=False),
        ),
        spec("retry", "Generate from scratch (run)", "run", "{run}", undo=_lost(made), expects=_run(again=made)),
        spec("validate", "Validate the curriculum", "validate", "{run}", undo=outputs, expects=_VALIDATE),
        spec("plan-run", "Make the plan", "plan", "{run}", undo=outputs, expects=_PLAN),
        spec(
            "iterate", "Validate, plan where outdated, and compare", "iterate", "{run}", undo=outputs, expects=_ITERATE
        ),
        spec(
            "run-scope",
            "Generate from the run's own scope document",
            "run",
            "{run}",
            "--scope-file",
            f"{base}/{{run}}/{SCOPE}",
            undo="Not possible: the topic specification is overwritten without a backup; archive the run first.",
            expects=(
                f"warning: inputs/topic_spec.json is overwritten; {in_root(ref, SCOPE)} must say what to learn",
                *_run(again=made),
            ),
        ),
        spec(
            "init",
            "Make a fresh run of the same name",
            "init",
            *_slug(directory.name),
            undo="Delete the new run's directory.",
            expects=(
                "a new run beside this one, with the template's inputs",
                "this run is not touched; copy its inputs/topic_spec.json over by hand",
            ),
        ),
    )


def _slug(name: str) -> tuple[str, ...]:
    slug = name[16:] if RUN_ID.match(name) else ""
    return (slug,) if slug and slug[0] != "-" else ()


def _lost(made: bool) -> str:
    if not made:
        return "Delete what it generated."
    return f"By hand: {PREVIOUS} is the curriculum of before, until the next run overwrites it."


_VALIDATE = (
    "outputs/reviews/validation_report.md and logs/validation.ok are written anew",
    "a breach of the topic specification leaves the report as it was",
    _EXIT,
)
_PLAN = ("validates first, then writes outputs/plan/plan.json", _EXIT)
_ITERATE = (
    "validates first, writes the plan where it is outdated, then outputs/reviews/diff_report.json",
    "after a changed topic specification the curriculum itself stays as it was: only `run` generates it anew",
    _EXIT,
)


def _run(*, again: bool) -> tuple[str, ...]:
    found = (
        "curriculum, report, plan and diff are written anew; with a model behind it, minutes pass before anything is",
        "costs up to five model calls; a failure leaves no trace but its output, which the job keeps",
    )
    if not again:
        return found
    warning = (
        f"warning: the curriculum is set aside as {PREVIOUS} before generating; if that fails, what the run was "
        "compared with is lost"
    )
    return (warning, *found)
