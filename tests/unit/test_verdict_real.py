"""Every recorded run comes out as its manifest says a correct reader must conclude."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from cockpit.diagnosis.verdict import judge
from cockpit.models.run import Run
from cockpit.sources.flow_studio import FlowStudioSource
from tests.conftest import NOW

pytestmark = pytest.mark.real


class Expected(NamedTuple):
    """One row: the state, whether the claim is a lie, the step that matters, and what the reasons must mention."""

    state: str
    lie: bool = False
    flow: str | None = None
    step: str | None = None
    words: tuple[str, ...] = ()
    done: int | None = None
    total: int | None = None


RUNS = {
    "035949-s5tz6b": Expected(
        "succeeded",
        words=("3 microloops", "max_iterations_reached:3", "critique_reqs", "critique_tests", "critique_code"),
        done=43,
        total=43,
    ),
    "035950-xltkck": Expected("succeeded", done=14, total=14),
    "035953-z65pok": Expected("failed", False, "build", "implement", ("ModuleNotFoundError", "httpx_retry"), 5, 12),
    "035955-to0ib1": Expected(
        "failed", True, "signal", "author_reqs", ("ModuleNotFoundError", "critique_reqs, author_bdd, scope"), 10, 14
    ),
    "035958-8axmy1": Expected("succeeded", words=("max_iterations_reached:3",), done=6, total=6),
    "040000-3jz5oo": Expected("failed", False, "signal", "frame", ("ModuleNotFoundError", "no receipt"), 1, 6),
    "040001-ye521o": Expected(
        "succeeded",
        words=("verification failed on 13 steps", 'run_state.json says "running"', "stub"),
        done=43,
        total=43,
    ),
    "040003-ji8ceq": Expected("succeeded", words=("verification_failed", 'run_state.json says "running"'), total=14),
    "040004-4lg9n7": Expected("succeeded", words=("stub", 'run_state.json says "running"'), done=12, total=12),
    "040006-uw74rz": Expected("failed", False, "signal", None, ("before any step", "run_state"), 0, 14),
    "040007-5l1oer": Expected(
        "failed",
        True,
        "signal",
        "author_bdd",
        ("step 'critique_bdd' not found", "5 of 6", "plan ended after 1 of 8", "build ended after 1 of 12"),
        7,
        26,
    ),
    "040008-zti3ba": Expected(
        "failed", False, "signal", "normalize", ("_create_deterministic_routing_signal", 'says "pending"'), 1, 26
    ),
    "040009-viot4i": Expected(
        "partial", True, "gate", "contract", ("gate ended after 1 of 7 steps", 'says "pending"'), 49, 55
    ),
    "040012-f783jy": Expected("succeeded", words=('says "pending"',), done=14, total=14),
    "040015-agqkxc": Expected("failed", True, "build", "critique_code", ("UNVERIFIED", "no receipt"), 11, 12),
    "040017-h80r3m": Expected(
        "failed", False, "build", "branch", ("_create_deterministic_routing_signal", "stub"), 1, 12
    ),
    "040210-auu5ee": Expected("failed", False, "build", "implement", ("TimeoutError: step exceeded 300s",), 5, 12),
    "040211-m3sgt2": Expected("blocked", False, "build", "implement", ("plan/adr.md", "no receipt", "NoneType"), 5, 12),
    "040212-p0lrgw": Expected(
        "failed", False, "build", "critique_tests", ("NoneType", "UNVERIFIED: 3 of 42 tests fail"), 18, 26
    ),
    "040213-etx4p1": Expected(
        "stuck", True, "build", "author_tests", ("began at 04:02:13", "never ended", "nothing since 04:02:13"), 9, 18
    ),
    "040214-4kteu3": Expected("failed", False, "build", "load_context", ("NoneType",), 1, 12),
    "040215-zw8zto": Expected("failed", False, "build", "load_context", ("NoneType",), 1, 12),
    "040216-9o6wxi": Expected("failed", False, "signal", "frame", ("NoneType",), 1, 6),
    "040217-mfa1rh": Expected(
        "failed", False, "build", "implement", ("TimeoutError", "receipt of build.implement says succeeded"), 5, 12
    ),
    "040218-5cxcab": Expected("stuck", True, "build", "author_tests", ("began at 04:02:18", "never ended"), 9, 18),
    "040322-2491qz": Expected(
        "blocked", True, "build", "implement", ("plan/adr.md", "needs a human", "build ended after 6 of 12"), 19, 26
    ),
    "040425-bz96yc": Expected("succeeded", done=6, total=6),
    "040218-3s9s59": Expected(
        "failed", False, "signal", "critique_reqs", ("timed out after 300 seconds", "no receipt"), 3, 6
    ),
    "040519-u844z5": Expected("failed", False, "signal", None, ("No module named 'swarm.runtime.engines.stub'",), 0),
    "040552-t2md49": Expected("succeeded", done=0, total=None),
    "040555-l9nhdu": Expected("failed", False, "signal", None, ("No rule to make target 'demo-signal'",), 0),
    "040559-kyoyeq": Expected("stuck", True, "build", "critique_tests", ("began at 04:05:59", "nothing since"), 4, 12),
    "040854-di39j7": Expected("succeeded", words=("began at implement", "5 steps before it"), done=7),
    "040921-19s14s": Expected("succeeded", done=6, total=6),
    "041013-khb0us": Expected("partial", False, "build", "implement", ("Stopped at step boundary", "resumed"), 5, 12),
}
PLACES = {f"runs/run-20261121-{name}": row for name, row in RUNS.items()} | {
    "runs/api-pause-stop": Expected("partial", False, "build", "implement", ("stopped", "oncall_stop")),
    "runs/api-interrupted": Expected("interrupted", False, "gate", None, ("interrupted",)),
    "runs/api-canceled": Expected("interrupted", False, "plan", None, ("canceled",)),
    "examples/health-check": Expected("succeeded"),
    "examples/health-check-missing-tests": Expected("partial", False, "build", None, ("DEGRADED", "Test art")),
    "examples/health-check-no-gate-decision": Expected("failed", False, "gate", None, ("gate",)),
    "examples/health-check-risky-deploy": Expected("succeeded"),
    "examples/stepwise-build-claude": Expected("succeeded", words=("3 microloops",), done=26, total=26),
    "examples/stepwise-build-gemini": Expected("succeeded", words=("3 microloops",), done=26, total=26),
    "examples/stepwise-claude": Expected("succeeded", done=14, total=14),
    "examples/stepwise-deploy-claude": Expected("succeeded", words=("3 microloops",), done=37, total=37),
    "examples/stepwise-gate-claude": Expected("succeeded", words=("3 microloops",), done=32, total=32),
    "examples/stepwise-gemini": Expected("succeeded", done=14, total=14),
    "examples/stepwise-sdlc-claude": Expected("succeeded", words=("3 microloops",), done=43, total=43),
    "examples/swarm-selftest-baseline": Expected("pending", words=("nothing says that it ever ran",)),
    "docs-era-synthetic": Expected(
        "blocked", True, "build", "step-4", ("no test environment", "needs a human", "ModuleNotFound", "secrets"), 3
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(real_data: Path) -> dict[str, Run]:
    source = FlowStudioSource()
    return {ref.path: judge(source.detail(ref), NOW) for ref in source.scan(real_data / "flow-studio")}


def test_every_recorded_run_has_a_row(verdicts: dict[str, Run]) -> None:
    assert set(verdicts) == set(PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_verdict(place: str, verdicts: dict[str, Run]) -> None:
    run, row = verdicts[place], PLACES[place]
    said = "\n".join(reason.text for reason in run.reasons)
    assert (run.state.value, run.contradicted) == (row.state, row.lie), said
    assert (run.flow, run.step) == (row.flow, row.step), said
    for words in row.words:
        assert words in said
    if row.done is not None:
        assert run.steps.done == row.done
    if row.total is not None:
        assert run.steps.total == row.total


def test_every_troubled_verdict_names_evidence_that_exists(verdicts: dict[str, Run], real_data: Path) -> None:
    for place, run in verdicts.items():
        if run.state.value in ("failed", "blocked", "stuck", "interrupted"):
            evidence = run.reasons[0].evidence
            assert evidence, place
            for one in evidence:
                path = real_data / "flow-studio" / one.path
                assert path.exists(), one
                if one.line is not None:
                    assert len(path.read_bytes().splitlines()) >= one.line, one


def test_the_manifest_root_lists_all_38_runs(real_data: Path) -> None:
    refs = list(FlowStudioSource().scan(real_data / "flow-studio" / "runs"))
    assert len(refs) == len({ref.key for ref in refs}) == 38
    assert sorted(ref.id for ref in refs)[:3] == ["api-canceled", "api-interrupted", "api-pause-stop"]


def test_no_recorded_run_has_unreadable_records(real_data: Path) -> None:
    source = FlowStudioSource()
    problems = [problem for ref in source.scan(real_data / "flow-studio") for problem in source.detail(ref).problems]
    # The one file of the recorded trees that is no JSON: a receipt with text after its end.
    assert [problem.path for problem in problems] == ["examples/health-check/build/build_receipt.json"]


def test_a_run_of_the_older_trees_needs_no_configuration_to_be_whole(real_data: Path, tmp_path: Path) -> None:
    name = "run-20261121-035949-s5tz6b"
    shutil.copytree(real_data / "flow-studio" / "runs" / name, tmp_path / "runs" / name)
    source = FlowStudioSource()
    (ref,) = source.scan(tmp_path / "runs")
    run = judge(source.detail(ref), NOW)
    assert (run.state.value, run.steps.done, run.steps.total) == ("succeeded", 43, 43)
