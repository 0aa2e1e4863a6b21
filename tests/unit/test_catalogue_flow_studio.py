"""The actions of Flow Studio: the documents' commands and the trees' own, exactly, with what must be known before."""

import re
import shutil
from pathlib import Path

import pytest

from cockpit.models.run import RunRef
from cockpit.settings import Settings
from cockpit.sources.flow_studio import FlowStudioSource
from cockpit.sources.flow_studio.make_words import MAKE_OUTCOME
from tests.builders import FlowStudioRun
from tests.catalogues import Counter, said_by, service
from tests.cli.conftest import HOSTILE_NAMES

NAME = "run-20261121-040000-abc123"
TARGETS = "stepwise-retry stepwise-build retention-hold retention-release wisdom-summary runs-quarantine:\n\t@true\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the documents' targets, the upstream tools, and a run that failed."""
    tree = tmp_path / "tree"
    (tree / "swarm" / "tools").mkdir(parents=True)
    for name in ("stepwise_resume.py", "demo_stepwise_run.py"):
        (tree / "swarm" / "tools" / name).touch()
    (tree / "Makefile").write_text(TARGETS)
    run = FlowStudioRun(tree / "swarm" / "runs")
    run.meta("failed", error="boom", at=3)
    run.step("build", "branch", "repo-operator", at=1)
    run.step("build", "implement", "code-implementer", at=2, ok=False, error="boom")
    run.raw("spec.json", {"flow_keys": ["signal", "build"], "backend": "gemini-step-orchestrator"}, at=0)
    return tree


@pytest.fixture
def source() -> FlowStudioSource:
    return FlowStudioSource()


@pytest.fixture
def counter(tree: Path, source: FlowStudioSource) -> Counter:
    return Counter(source, tree, service_of=service)


@pytest.fixture
def ref(tree: Path, source: FlowStudioSource) -> RunRef:
    (ref,) = source.scan(tree)
    return ref


@pytest.mark.parametrize(
    ("action", "argv"),
    [
        ("resume", ("make", "stepwise-build", f"RUN_ID={NAME}", "START_STEP=implement")),
        ("retry", ("make", "stepwise-retry", f"RUN_ID={NAME}", "FLOW=build", "STEP=implement")),
        ("rerun", ("make", "stepwise-build", f"RUN_ID={NAME}-rerun")),
        ("hold", ("make", "retention-hold", f"RUN_ID={NAME}", "REASON=incident")),
        ("release", ("make", "retention-release", f"RUN_ID={NAME}")),
    ],
)
def test_the_documented_commands(counter: Counter, ref: RunRef, tree: Path, action: str, argv: tuple[str, ...]) -> None:
    plan = counter.plan(ref, action)
    assert plan.refused is None
    assert plan.argv == argv
    assert plan.cwd == str(tree)
    assert plan.dry_run == (argv[0], "-n", *argv[1:])
    assert plan.outcome == MAKE_OUTCOME


def test_a_rerun_supersedes_nothing_and_takes_a_free_id(counter: Counter, ref: RunRef, tree: Path) -> None:
    plan = counter.plan(ref, "rerun")
    assert not [effect for effect in plan.effects if "supersedes" in effect]
    assert [effect for effect in counter.plan(ref, "retry").effects if "supersedes the receipt" in effect]
    (tree / "swarm" / "runs" / f"{NAME}-rerun").mkdir()
    plan = counter.plan(ref, "rerun")
    assert plan.argv is not None
    assert plan.argv[-1] == f"RUN_ID={NAME}-rerun-2"
    for wrong in ("$(touch pwned)", "../x", "-n", "a b"):
        assert counter.plan(ref, "rerun", new_run=wrong).refused
    # A text in a command of make would be expanded by it.
    assert counter.plan(ref, "hold", reason="$(touch pwned)").refused
    assert counter.plan(ref, "hold", reason="INC-20261121-1").refused is None


def upstream(source: FlowStudioSource, tree: Path) -> None:
    source.configure([(tree, "upstream")])


@pytest.mark.parametrize(
    ("action", "argv", "dry_run"),
    [
        (
            "resume-check",
            ("python", "swarm/tools/stepwise_resume.py", NAME, "--from-step", "implement", "--dry-run"),
            None,
        ),
        (
            "rerun",
            (
                *("python", "swarm/tools/demo_stepwise_run.py", "--backend", "gemini-step-orchestrator"),
                *("--flows", "signal,build", "--wait", "3600"),
            ),
            None,
        ),
        ("wisdom", ("make", "wisdom-summary", f"RUN_ID={NAME}"), ("make", "-n", "wisdom-summary", f"RUN_ID={NAME}")),
        ("quarantine", ("make", "runs-quarantine"), ("make", "runs-quarantine-dry")),
    ],
)
def test_the_trees_own_commands(
    counter: Counter,
    ref: RunRef,
    source: FlowStudioSource,
    tree: Path,
    action: str,
    argv: tuple[str, ...],
    dry_run: tuple[str, ...] | None,
) -> None:
    upstream(source, tree)
    plan = counter.plan(ref, action)
    assert plan.refused is None
    assert plan.argv == argv
    assert plan.dry_run == dry_run
    assert plan.cwd == str(tree)
    assert not [effect for effect in plan.effects if "supersedes" in effect]


def test_what_upstream_cannot_do_says_why(counter: Counter, ref: RunRef, source: FlowStudioSource, tree: Path) -> None:
    upstream(source, tree)
    offers = counter.offers(ref)
    assert "stepwise_resume.py ends with exit 2 unless it is a dry run" in str(offers["resume"])
    assert "`rerun` repeats the flows" in str(offers["retry"])
    assert counter.plan(ref, "rerun", mode="cli", wait="60", backend="claude-step-orchestrator").argv == (
        *("python", "swarm/tools/demo_stepwise_run.py", "--backend", "claude-step-orchestrator"),
        *("--flows", "signal,build", "--mode=cli", "--wait", "60"),
    )
    assert "choose one of" in str(counter.plan(ref, "rerun", mode="x").refused)
    plan = counter.plan(ref, "quarantine")
    assert (plan.reach, plan.confirm, plan.lock_key) == ("system", "typed", f"flow-studio:{tree}")


@pytest.mark.parametrize("flows", [["signal", "--backend=x"], ["$(touch pwned)"], [], ["nowhere"], "signal", [["x"]]])
def test_flows_of_a_hostile_specification_reach_no_command(
    counter: Counter, ref: RunRef, source: FlowStudioSource, tree: Path, flows: object
) -> None:
    upstream(source, tree)
    run = FlowStudioRun(tree / "swarm" / "runs")
    run.raw("spec.json", {"flow_keys": flows, "backend": "rm"})
    plan = counter.plan(ref, "rerun")
    assert plan.argv is None
    assert "start a run by hand" in str(plan.refused)


def test_the_profile_is_that_of_its_root_only(source: FlowStudioSource, tree: Path, tmp_path: Path) -> None:
    other = FlowStudioRun(tmp_path / "other" / "runs")
    other.meta()
    config = Settings.model_validate({"roots": [{"path": str(tree), "profile": "upstream"}, {"path": str(tmp_path)}]})
    source.configure(config.for_sources["flow-studio"])
    (mine,) = source.scan(tree)
    (theirs,) = source.scan(tmp_path / "other")
    assert "quarantine" in {spec.id for spec in source.actions(mine)}
    assert "quarantine" not in {spec.id for spec in source.actions(theirs)}
    source.configure([])
    assert "quarantine" not in {spec.id for spec in source.actions(mine)}
    with pytest.raises(ValueError, match="profile"):
        Settings.model_validate({"roots": [{"path": "/x", "profile": "nightly"}]})


def test_marking_a_record_as_stopped_is_a_request_that_claims_no_more(counter: Counter, ref: RunRef) -> None:
    plan = counter.plan(ref, "mark-stopped", reason="on call, $(x) 'quoted'")
    assert plan.refused is None
    assert plan.argv is None
    request = plan.request
    assert request is not None
    assert (request.method, request.url) == ("POST", f"http://127.0.0.1:9/api/runs/{NAME}/stop")
    assert request.body == {"reason": "on call, $(x) 'quoted'"}
    assert [(check.field, check.equals) for check in request.before] == [("run_id", NAME)]
    assert [check.equals for check in request.after] == ["stopped", "stopped"]
    assert request.after[1].url == f"{ref.root}/swarm/runs/{NAME}/run_state.json"
    assert any("it stops no work" in warning for warning in plan.warnings)
    assert "must be chosen: reason" in str(counter.plan(ref, "mark-stopped").refused)


def test_every_documented_action_is_there_or_said_why_not(counter: Counter, ref: RunRef) -> None:
    offers = counter.offers(ref)
    possible = {action for action, refused in offers.items() if refused is None}
    assert possible == {"resume", "retry", "rerun", "hold", "release", "mark-stopped", "archive"}
    assert "taken by the run's own routing" in str(offers["detour"])
    for action in ("pause", "cancel"):
        assert "no orchestrator reads" in str(offers[action])
    assert "no command recorded for this run" in str(offers["stop"])
    assert "flag in the orchestrator's memory" in str(offers["stop"])


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("make: *** No rule to make target 'stepwise-build'.  Stop.", "no such target"),
        ("make[1]: *** No rule to make target 'x', needed by 'y'.  Stop.", "no such target"),
        ("make: *** No targets specified and no makefile found.  Stop.", "no Makefile"),
        ("/bin/sh: 1: uv: not found\nmake: *** [Makefile:9: x] Error 127", "need uv"),
        ("step failed\nmake: *** [Makefile:68: stepwise-retry] Error 5", "a command of the target failed"),
        ("make: *** [Makefile:68: stepwise-retry] Terminated", "a command of the target failed"),
        ("done", None),
        ("see docs: make: *** is what make says", None),
    ],
)
def test_what_make_says_is_understood(output: str, says: str | None) -> None:
    rule = said_by(MAKE_OUTCOME, output)
    assert (rule is None) is (says is None)
    assert rule is None or says in rule.says  # type: ignore[operator]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("profile", ["documented", "upstream"])
def test_hostile_names_reach_no_command(source: FlowStudioSource, tree: Path, name: str, profile: str) -> None:
    runs = tree / "swarm" / "runs"
    shutil.rmtree(runs)
    FlowStudioRun(runs, name).meta("failed")
    source.configure([(tree, profile)])
    counter = Counter(source, tree, service_of=service)
    (ref,) = source.scan(tree)
    for spec in source.actions(ref):
        plan = counter.plan(ref, spec.id, flow="build", step="implement", **({"reason": "x"} if spec.inputs else {}))
        assert plan.refused, (name, spec.id)
        assert plan.refused.isprintable()
        assert plan.argv is None
        assert plan.request is None
    assert not list(tree.rglob("pwned"))


def test_every_recorded_run_can_be_planned(real_data: Path, tmp_path: Path, source: FlowStudioSource) -> None:
    shutil.copytree(real_data / "flow-studio" / "runs", tmp_path / "swarm" / "runs")
    shutil.copytree(real_data / "flow-studio" / "config", tmp_path / "swarm" / "config")
    (tmp_path / "Makefile").write_text(TARGETS)
    (tmp_path / "swarm" / "tools").mkdir()
    (tmp_path / "swarm" / "tools" / "demo_stepwise_run.py").touch()
    counter = Counter(source, tmp_path, service_of=service)
    refs = list(source.scan(tmp_path))
    assert len(refs) >= 36
    for ref in refs:
        held = counter.plan(ref, "hold", force="yes")
        assert held.argv == ("make", "retention-hold", f"RUN_ID={ref.id}", "REASON=incident")
        detail = source.detail(ref)
        flow = next((flow for flow in detail.record.flows), "build")
        step = next((fact.step for fact in detail.steps if fact.flow == flow), None)
        if step is None:
            continue
        plan = counter.plan(ref, "retry", flow=flow, step=step, force="yes")
        assert plan.argv == ("make", "stepwise-retry", f"RUN_ID={ref.id}", f"FLOW={flow}", f"STEP={step}")
    source.configure([(tmp_path, "upstream")])
    planned = {ref.id: counter.plan(ref, "rerun", force="yes") for ref in refs}
    flows = {plan.argv[5] for plan in planned.values() if plan.argv}
    assert {"build", "signal,plan", "signal,plan,build,gate,deploy,wisdom"} <= flows
    for name, plan in planned.items():
        assert plan.argv or re.search("start a run by hand", str(plan.refused)), (name, plan.refused)
