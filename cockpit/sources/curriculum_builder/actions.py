"""The system's own commands for a run (formats/curriculum-builder.md 2 to 4), and what each does besides its work.

`archive` is the cockpit's: the system's own refuses exactly the runs its incident document would have it archive
(formats 3.1). There is no resume and no cancel of its own; `status` and `next` write, so they are no way to look (3.9).
"""

import os
from pathlib import Path

from cockpit.models.action import ActionInput, ActionSpec, InputKind
from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder import commands
from cockpit.sources.curriculum_builder.layout import CURRICULUM, PREVIOUS, RUN, RUN_ID, SCOPE
from cockpit.sources.curriculum_builder.metadata import check
from cockpit.sources.curriculum_builder.outcomes import OUTCOME
from cockpit.sources.curriculum_builder.settings import MODEL_ENV, MODEL_INPUTS
from cockpit.sources.jsonfile import read_object
from cockpit.sources.own_jobs import absent, literal, own_job, stop_spec
from cockpit.sources.paths import in_root, run_dir
from cockpit.sources.recordings import Recording, load_recording

SCRIPT = "scripts/orchestration.py"
BASE = "ORCHESTRATION_BASE_DIR"
_PYTHON = "python3.11"
_REFUSED = "run.json is invalid, so the system refuses this command and changes nothing; `init` makes a fresh run"
_NAME = "the system takes only run ids like 20261121-034458-some-name, not this directory's name"
_EXIT = "exit 1 is a failed validation or a crash: the report and the output tell which"
_OUTPUTS = "Not possible: the files it writes are overwritten; archive the run first to keep them."


def actions_for(ref: RunRef) -> tuple[ActionSpec, ...]:
    """What can be done to a run; the warnings are those of its state now."""
    directory = run_dir(ref)
    base = os.fspath(directory.parent)
    if not literal(base, ref.root, ref.path):
        # Without its place the system would look for the run elsewhere.
        why = "the path of the runs holds characters that cannot be part of a command"
        return tuple(absent(id_, title, why) for id_, title in _TITLES.items())
    data, _ = read_object(directory / RUN, RUN, root=ref.root)
    invalid = data is None or check(data).fault is not None
    made = os.path.lexists(directory / CURRICULUM)
    warnings = (*((_REFUSED,) if invalid else ()), *(() if RUN_ID.match(directory.name) else (_NAME,)))
    return (
        *(_command(id_, base, warnings, again=made) for id_ in ("resume", "retry", "validate", "plan-run", "iterate")),
        _with_scope("run", base, warnings, again=made, default=None),
        _with_scope("run-scope", base, warnings, again=made, default=_scope_of(ref)),
        _fresh(ref, base),
        stop_spec(_recorded(ref), after=("the run stays at the stage it had: nothing writes that it was ended",)),
        _archive_notes(invalid=invalid),
        *_NOT_THERE,
    )


_TITLES = {
    "resume": "Go on from where its files stand",
    "retry": "Generate from scratch (run)",
    "validate": "Validate the curriculum",
    "plan-run": "Make the plan",
    "iterate": "Validate, plan where outdated, and compare",
    "run": "Generate, from a scope document if one is named",
    "run-scope": "Generate from the run's own scope document",
    "init": "Make a fresh run with this run's inputs",
}
_WORDS = {"retry": "run", "validate": "validate", "plan-run": "plan", "iterate": "iterate"}
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
_EXPECTS = {"validate": _VALIDATE, "plan": _PLAN, "iterate": _ITERATE}
_RUN = (
    "curriculum, report, plan and diff are written anew; with a model behind it, minutes pass before anything is",
    "costs up to five model calls; a failure leaves no trace but its output, which the job keeps",
)
_BASELINE = (
    f"the curriculum is set aside as {PREVIOUS} before generating; if that fails, what the run was compared with is "
    "lost and `iterate` then seems to succeed"
)
_SPEC_LOST = "inputs/topic_spec.json and inputs/scope.md are overwritten from the scope document, without a backup"
_SPEC_MAYBE_LOST = f"where a scope document is named, {_SPEC_LOST}"


def _command(id_: str, base: str, warnings: tuple[str, ...], *, again: bool) -> ActionSpec:
    word = _WORDS.get(id_, "iterate" if again else "run")
    generates = word == "run"
    return ActionSpec(
        id=id_,
        title=_TITLES[id_] + (f" ({word})" if id_ == "resume" else ""),
        argv=(_PYTHON, SCRIPT, word, "{run}"),
        env={BASE: base, **(MODEL_ENV if generates else {})},
        inputs=MODEL_INPUTS if generates else (),
        cwd_marker=SCRIPT,
        undo=_undo(again=again) if generates else _OUTPUTS,
        expects=_RUN if generates else _EXPECTS[word],
        warnings=(*warnings, *((_BASELINE,) if generates and again else ())),
        outcome=OUTCOME,
    )


def _with_scope(id_: str, base: str, warnings: tuple[str, ...], *, again: bool, default: str | None) -> ActionSpec:
    """Generating from a scope document: `default`, relative to the root, or any that the system accepts.

    Without a default it may be left out, and then the specification is used as it is.
    """
    scope = ActionInput(
        name="scope_file", title="Scope document", kind=InputKind.PATH, default=default, optional=default is None
    )  # fmt: skip
    return ActionSpec(
        id=id_,
        title=_TITLES[id_],
        argv=(
            *(_PYTHON, SCRIPT, "run", "{run}", "--scope-file={scope_file}"),
            *("--scope-mode={scope_mode}", "--scope-section={scope_section}"),
        ),
        env={BASE: base, **MODEL_ENV},
        inputs=(scope, *_SCOPE_INPUTS, *MODEL_INPUTS),
        cwd_marker=SCRIPT,
        undo="Not possible where a scope document is named: the specification is overwritten; archive the run first.",
        expects=_RUN,
        warnings=(*warnings, _SPEC_LOST if default else _SPEC_MAYBE_LOST, *((_BASELINE,) if again else ())),
        outcome=OUTCOME,
    )


_SCOPE_INPUTS = (
    ActionInput(
        name="scope_mode",
        title="How much of it counts",
        kind=InputKind.CHOICE,
        choices=("full", "section", "seed-list"),
        optional=True,
    ),
    ActionInput(name="scope_section", title="Heading of the section", kind=InputKind.TEXT, optional=True),
)


def _fresh(ref: RunRef, base: str) -> ActionSpec:
    """A new run of the system's own making, with the inputs of this one (seed 001, Invalid run metadata)."""
    name = run_dir(ref).name
    slug = name[16:] if RUN_ID.match(name) else ""
    tool = (_PYTHON, SCRIPT, "init", *((slug,) if slug and slug[0] != "-" else ()))
    return ActionSpec(
        id="init",
        title=_TITLES["init"],
        argv=own_job("fresh_job", f"--runs={base}", "--run={run}", "--", *tool),
        env={BASE: base},
        cwd_marker=SCRIPT,
        undo="Archive the new run; this one is not touched.",
        expects=("generate the new run with `retry`: its id is on the last line of the output",),
        outcome=OUTCOME,
    )


def _archive_notes(*, invalid: bool) -> ActionSpec:
    why = (
        "the cockpit makes the archive: the system's own command refuses a run with an invalid run.json",
        "the run's outputs and its invalid record are kept as they are",
    )
    valid = ("the system's own archive, which overwrites the one before, is not used",)
    return ActionSpec(id="archive", title="", expects=why if invalid else valid)


_NOT_THERE = (
    absent(
        "status",
        "Ask the system for the run's stage",
        "its `status` and `next` write: they move run.json to what the files say, also under a run that works; the "
        "stage shown here is inferred from the same files without touching them",
    ),
    absent(
        "cancel",
        "Cancel the run",
        "the system has no cancel; `stop` ends a recorded command with what it started, a job is ended with "
        "`cockpit jobs JOB --cancel`",
    ),
)


def _undo(*, again: bool) -> str:
    if not again:
        return "Delete what it generated."
    return f"By hand: {PREVIOUS} is the curriculum of before, until the next run overwrites it."


def _scope_of(ref: RunRef) -> str:
    """The run's own scope document, as a path input names it: relative to the root."""
    return in_root(ref, SCOPE)


def _recorded(ref: RunRef) -> list[Recording]:
    found = (load_recording(Path(directory))[0] for directory in commands.recorded_for(ref))
    return [recording for recording in found if recording is not None]
