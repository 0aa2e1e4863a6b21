"""Plans: exact commands, what they will supersede, why not, and a hash that is bound to the run's state."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.actions.catalogue import ARCHIVE, RESTORE, plan_for
from cockpit.actions.checks import Context
from cockpit.actions.menu import available
from cockpit.actions.plan import make_plan, plan_hash
from cockpit.actions.templates import fill, working_directory
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec, Confirm, Plan
from cockpit.models.detail import RunDetail
from cockpit.models.records import (
    Handoff,
    HandoffStatus,
    PlannedStep,
    Receipt,
    RunRecord,
    StepFact,
    StepStatus,
)
from cockpit.models.run import Run, RunRef, RunState
from tests.conftest import NOW

RETRY = ActionSpec(
    id="retry",
    title="Retry the step",
    argv=("make", "stepwise-retry", "RUN_ID={run}", "FLOW={flow}", "STEP={step}"),
    needs=("flow", "step"),
    undo="none",
    cwd_marker="Makefile",
    expects=("a new receipt of the step",),
)
RESUME = ActionSpec(
    id="resume",
    title="Resume from the step",
    argv=("make", "stepwise-{flow}", "RUN_ID={run}", "START_STEP={step}"),
    needs=("flow", "step"),
    cwd_marker="Makefile",
)

FAILED_TWICE = (StepStatus.FAILED, StepStatus.FAILED)
HANDOFF = "run-1/build/handoff"

MakeRun = Callable[..., Run]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a Makefile and a directory of runs, as Flow Studio has them."""
    (tmp_path / "Makefile").write_text("stepwise-retry:\n\t@true\nstepwise-%:\n\t@true\n")
    (tmp_path / "swarm" / "runs").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def make_run(workspace: Path) -> MakeRun:
    """Makes a run directory and its summary."""

    def make(run_id: str = "run-1", state: RunState = RunState.FAILED, **fields: object) -> Run:
        (workspace / "swarm" / "runs" / run_id).mkdir(exist_ok=True)
        ref = RunRef(source="flow-studio", root=str(workspace / "swarm" / "runs"), path=run_id, id=run_id)
        values: dict[str, object] = {"flow": "build", "step": "implement", "updated_at": NOW - timedelta(seconds=8)}
        return Run.model_validate({"ref": ref, "state": state, **values, **fields})

    return make


def receipt(step: str, status: StepStatus, ms: int | None = None, flow: str = "build") -> Receipt:
    path = f"run-1/{flow}/receipts/{step}-agent.json"
    return Receipt(flow=flow, step=step, status=status, duration_ms=ms, path=path)


def detail_of(run: Run) -> RunDetail:
    """Four planned steps, the second failed, the third ran before."""
    return RunDetail(
        ref=run.ref,
        record=RunRecord(flows=("build", "review")),
        plan=tuple(PlannedStep(flow="build", step=step) for step in ("load", "implement", "test", "finalize")),
        steps=tuple(
            StepFact(flow="build", step=step, status=status)
            for step, status in (
                ("load", StepStatus.SUCCEEDED),
                ("implement", StepStatus.FAILED),
                ("test", StepStatus.FAILED),
            )
        ),
        receipts=(
            receipt("load", StepStatus.SUCCEEDED, 1000),
            receipt("implement", StepStatus.FAILED, 50),
            receipt("test", StepStatus.FAILED, 7000),
        ),
        handoffs=(
            Handoff(flow="build", step="implement", status=HandoffStatus.BLOCKED, path=f"{HANDOFF}/implement.json"),
            Handoff(flow="build", step="load", status=HandoffStatus.VERIFIED, path=f"{HANDOFF}/load.json"),
        ),
    )


def context(workspace: Path, **fields: object) -> Context:
    values: dict[str, object] = {"now": NOW, "state_dir": workspace / ".cockpit", "fingerprint": "f1", **fields}
    return Context(**values)  # type: ignore[arg-type]


def test_the_command_is_the_documented_one(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    plan = make_plan(RETRY, run, context(workspace, detail=detail_of(run)))
    assert plan.refused is None
    assert plan.argv == ("make", "stepwise-retry", "RUN_ID=run-1", "FLOW=build", "STEP=implement")
    assert plan.cwd == str(workspace)
    plan = make_plan(RESUME, run, context(workspace, detail=detail_of(run), step="test"))
    assert plan.argv == ("make", "stepwise-build", "RUN_ID=run-1", "START_STEP=test")


def test_a_retry_supersedes_the_files_of_its_step_and_no_other(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    plan = make_plan(RETRY, run, context(workspace, detail=detail_of(run)))
    assert plan.effects == (
        "supersedes the receipt run-1/build/receipts/implement-agent.json (failed)",
        "supersedes the handoff run-1/build/handoff/implement.json (blocked)",
        "a new receipt of the step",
    )


def test_a_resume_names_the_steps_that_run_again_and_those_that_follow(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    plan = make_plan(RESUME, run, context(workspace, detail=detail_of(run)))
    assert "runs again in build: test" in plan.effects
    assert "then runs in build: finalize" in plan.effects
    assert any("test-agent.json" in line for line in plan.effects)
    assert not any("load" in line for line in plan.effects)


class Went:
    """How steps went before: durations in seconds and tokens, by step."""

    def __init__(self, seconds: dict[str, tuple[float, ...]], tokens: dict[str, tuple[int, ...]] | None = None) -> None:
        self._seconds, self._tokens = seconds, tokens or {}

    def durations(self, source: str, flow: str | None, step: str | None) -> tuple[float, ...]:
        assert (source, flow) == ("flow-studio", "build")
        return self._seconds.get(step or "", ())

    def tokens(self, source: str, flow: str | None, step: str | None) -> tuple[int, ...]:
        assert (source, flow) == ("flow-studio", "build")
        return self._tokens.get(step or "", ())


def test_what_is_expected_is_the_median_of_what_went_well(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()

    def planned(spec: ActionSpec, past: Went | None) -> tuple[float | None, int | None]:
        plan = make_plan(spec, run, context(workspace, detail=detail_of(run), past=past))
        return plan.expected_s, plan.expected_tokens

    seconds: dict[str, tuple[float, ...]] = {"implement": (10.0, 20.0, 90.0)}
    tokens: dict[str, tuple[int, ...]] = {"implement": (100, 300, 200)}
    assert planned(RETRY, Went(seconds, tokens)) == (20.0, 200)
    # Nothing but the failed attempt is known.
    assert planned(RETRY, None) == (0.05, None)
    # One step on the way was never measured, so a sum would promise too little.
    assert planned(RESUME, Went(seconds, tokens)) == (None, None)
    # `test` is known from this run's own receipt only.
    seconds["finalize"] = (1.0,)
    assert planned(RESUME, Went(seconds, tokens | {"test": (7,), "finalize": (1, 2)})) == (28.0, 208)


def test_the_hash_is_bound_to_everything(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    base = make_plan(RETRY, run, context(workspace, detail=detail_of(run)))
    assert base.hash == plan_hash(base)
    assert len(base.hash) == 64
    again = make_plan(RETRY, run, context(workspace, detail=detail_of(run)))
    assert again == base
    other_state = make_plan(RETRY, run, context(workspace, detail=detail_of(run), fingerprint="f2"))
    other_step = make_plan(RETRY, run, context(workspace, detail=detail_of(run), step="test"))
    other_argv = make_plan(
        RETRY, run, context(workspace, detail=detail_of(run), overrides={"retry": ("true", "{step}")})
    )
    assert len({base.hash, other_state.hash, other_step.hash, other_argv.hash}) == 4


def test_a_configured_template_takes_the_place_of_the_documented_one(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    template = ("python", "swarm/tools/stepwise_resume.py", "{run}", "--from-step", "{step}")
    plan = make_plan(RESUME, run, context(workspace, overrides={"resume": template}))
    assert plan.argv == ("python", "swarm/tools/stepwise_resume.py", "run-1", "--from-step", "implement")


@pytest.mark.parametrize("name", ["$(touch pwned)", "--help", "a b", "..x", "x\n", "rün"])
def test_a_run_with_a_hostile_name_gets_a_refused_plan_without_a_command(
    workspace: Path, make_run: MakeRun, name: str
) -> None:
    run = make_run(name)
    offers = available([RETRY, RESUME], run, context(workspace))
    assert [offer.spec.id for offer in offers] == ["retry", "resume", "archive", "restore"]
    assert all(offer.refused for offer in offers)
    for spec in (RETRY, RESUME, ARCHIVE):
        plan = plan_for(spec, run, context(workspace))
        assert plan.refused is not None
        assert "cannot be used in a command" in plan.refused
        assert plan.refused.isprintable()
        assert plan.argv is None
        assert plan.hash == plan_hash(plan)


@pytest.mark.parametrize("name", ["$(id)", "-n", "../../x", "", "a b"])
@pytest.mark.parametrize("field", ["flow", "step"])
def test_hostile_flows_and_steps_are_refused(workspace: Path, make_run: MakeRun, field: str, name: str) -> None:
    run = make_run(flow=None, step=None)
    chosen = {"flow": "build", "step": "implement", field: name}
    plan = make_plan(RESUME, run, context(workspace, **chosen))
    assert plan.refused is not None
    assert plan.argv is None


def test_flows_and_steps_the_run_does_not_know_are_refused(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    facts = detail_of(run)
    wrong_flow = make_plan(RETRY, run, context(workspace, detail=facts, flow="nope", step="implement"))
    wrong_step = make_plan(RETRY, run, context(workspace, detail=facts, step="nope"))
    assert wrong_flow.refused == "this run has no flow 'nope'; it has build review"
    assert wrong_step.refused == "the flow build of this run has no step 'nope'; it has load implement test finalize"


def test_the_step_of_one_flow_is_not_guessed_for_another(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    plan = make_plan(RETRY, run, context(workspace, detail=detail_of(run), flow="review"))
    assert plan.refused is not None
    assert plan.refused.startswith("which step of review?")


def test_without_a_makefile_the_plan_says_so(workspace: Path, make_run: MakeRun) -> None:
    (workspace / "Makefile").unlink()
    plan = make_plan(RETRY, make_run(), context(workspace))
    assert plan.refused is not None
    assert "there is no Makefile in" in plan.refused


def test_a_makefile_that_names_no_such_target_is_a_warning(workspace: Path, make_run: MakeRun) -> None:
    (workspace / "Makefile").write_text("all:\n\t@true\n")
    plan = make_plan(RETRY, make_run(), context(workspace))
    assert plan.refused is None
    assert any("names no target stepwise-retry" in line for line in plan.warnings)
    for rule in ("stepwise-%: ; @true\n", "$(TARGETS): stepwise-%: other\n\t@true\n"):
        (workspace / "Makefile").write_text(rule)
        assert make_plan(RETRY, make_run(), context(workspace)).warnings == ()


def test_a_running_run_is_refused_unless_forced_and_never_archived(workspace: Path, make_run: MakeRun) -> None:
    run = make_run(state=RunState.RUNNING)
    plan = make_plan(RETRY, run, context(workspace))
    assert plan.refused is not None
    assert "is running (last sign of life 8 s ago)" in plan.refused
    forced = make_plan(RETRY, run, context(workspace, options={"force": "yes"}))
    assert forced.refused is None
    assert any("by force" in line for line in forced.warnings)
    assert plan_for(ARCHIVE, run, context(workspace, options={"force": "yes"})).refused is not None


def test_what_refuses_everything_refuses_everything(workspace: Path, make_run: MakeRun) -> None:
    offers = available([RETRY, RESUME], make_run(), context(workspace, refused="the cockpit is read-only"))
    assert {offer.refused for offer in offers} == {"the cockpit is read-only"}


def test_a_run_that_is_gone_or_leads_out_of_its_root_is_refused(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    directory = workspace / "swarm" / "runs" / "run-1"
    directory.rmdir()
    assert "is gone" in str(make_plan(RETRY, run, context(workspace)).refused)
    (workspace / "elsewhere").mkdir()
    directory.symlink_to(workspace / "elsewhere")
    assert "lies outside" in str(make_plan(RETRY, run, context(workspace)).refused)


def test_archive_plan_names_every_path_and_changes_nothing(workspace: Path, make_run: MakeRun) -> None:
    run = make_run()
    state = workspace / ".cockpit"
    plan = plan_for(ARCHIVE, run, context(workspace, options={"remove": "yes"}))
    assert plan.refused is None
    assert plan.confirm is Confirm.TYPED
    archive = state / "archives" / "run-1-20261121T115952Z.tar.gz"
    assert any(str(archive) in line for line in plan.effects)
    assert any(str(state / "archived-runs" / "run-1-20261121T115952Z") in line for line in plan.effects)
    assert plan.undo == "cockpit restore run-1"
    assert not state.exists()
    later = plan_for(ARCHIVE, run, context(workspace, options={"remove": "yes"}, now=NOW + timedelta(hours=1)))
    assert later.hash == plan.hash
    archive.parent.mkdir(parents=True)
    archive.touch()
    assert "-2.tar.gz" in str(plan_for(ARCHIVE, run, context(workspace)).argv)


def test_the_root_itself_is_not_archived(tmp_path: Path) -> None:
    ref = RunRef(source="x", root=str(tmp_path), path=".", id="run-1")
    plan = plan_for(ARCHIVE, Run(ref=ref, state=RunState.FAILED), context(tmp_path))
    assert "root itself" in str(plan.refused)


def test_a_run_in_its_place_has_nothing_to_restore(workspace: Path, make_run: MakeRun) -> None:
    assert "nothing to restore" in str(plan_for(RESTORE, make_run(), context(workspace)).refused)


def test_a_built_in_action_cannot_be_replaced_by_a_source(workspace: Path, make_run: MakeRun) -> None:
    impostor = ActionSpec(id="archive", title="rm", argv=("rm", "-rf", "{run}"))
    offers = available([impostor], make_run(), context(workspace))
    assert [offer.spec for offer in offers] == [ARCHIVE, RESTORE]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ((), "no program"),
        (("",), "no program"),
        (("make", "{run.__class__}"), "run.__class__"),
        (("make", "{}"), "known"),
        (("make", "{run"), "brace"),
        (("make", "a\0b"), "NUL"),
        (("make", "{step}"), "needs a step"),
    ],
)
def test_templates_that_mean_nothing_are_refused(template: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fill(template, {"run": "run-1", "flow": "build", "step": None})


def test_a_value_never_becomes_a_second_argument_or_a_second_field() -> None:
    assert fill(("a", "{run}-{flow}"), {"run": "x", "flow": "y"}) == ("a", "x-y")
    with pytest.raises(UsageError):
        fill(("a", "{run}"), {"run": "{flow}", "flow": "y"})


def test_the_nearest_makefile_counts_but_never_one_inside_the_run(workspace: Path) -> None:
    run = workspace / "swarm" / "runs" / "run-1"
    run.mkdir()
    (run / "Makefile").write_text("all:\n")
    assert working_directory(run, "Makefile") == workspace
    (workspace / "swarm" / "Makefile").write_text("all:\n")
    assert working_directory(run, "Makefile") == workspace / "swarm"
    assert working_directory(run, "Makefile", run_is_root=True) == run
    assert working_directory(run, None) == run.parent


def test_a_directory_or_fifo_called_makefile_is_none(workspace: Path) -> None:
    runs = workspace / "swarm" / "runs"
    (runs / "Makefile").mkdir()
    os.mkfifo(workspace / "swarm" / "Makefile")
    assert working_directory(runs / "run-1", "Makefile") == workspace


def test_a_makefile_anybody_could_have_put_there_is_refused(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = workspace / "swarm" / "runs" / "run-1"
    workspace.chmod(0o1777)
    owner = (workspace / "Makefile").stat().st_uid
    if owner == 0:
        os.chown(workspace / "Makefile", 12345, -1)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    with pytest.raises(UsageError, match="belongs to another user"):
        working_directory(run, "Makefile")
    workspace.chmod(0o755)
    assert working_directory(run, "Makefile") == workspace


def test_plans_are_plain_data() -> None:
    plan = Plan(action="x", run="r", run_key="k", hash="")
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_a_flow_of_a_thousand_steps_has_a_short_plan(workspace: Path, make_run: MakeRun) -> None:
    run = make_run(step="s0")
    facts = replace(detail_of(run), receipts=tuple(receipt(f"s{n}", StepStatus.SUCCEEDED) for n in range(1000)))
    plan = make_plan(RESUME, run, context(workspace, detail=facts))
    assert plan.refused is None
    assert "supersedes 960 more files" in plan.effects
    assert len(plan.effects) < 50
