"""What the cockpit's own jobs tell of themselves goes into their plans; what a source says, into the built-in ones."""

import sys
from pathlib import Path

import pytest

from cockpit.actions import foresight
from cockpit.actions.catalogue import ARCHIVE
from cockpit.actions.desk import ActionDesk
from cockpit.actions.foresight import foreseen
from cockpit.actions.menu import specs
from cockpit.actions.plan import plan_hash, sealed
from cockpit.models.action import ActionSpec, Plan
from cockpit.models.run import Run, RunState
from tests.checkouts import agents_checkout
from tests.unit.test_jobs_desk import PlainSource
from tests.workshop import Workshop


def plan_of(*argv: str) -> Plan:
    made = Plan(action="x", run="r", run_key="k", hash="", argv=argv, effects=("said",), warnings=("mind",))
    return sealed(made)


def own(module: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", f"cockpit.actions.{module}", *words)


def test_an_own_job_tells_what_it_would_do_and_the_hash_covers_it(tmp_path: Path) -> None:
    tree = agents_checkout(tmp_path)
    plan = foreseen(plan_of(*own("snapshot_job", f"--tree={tree}", f"--to={tmp_path / 's'}", "--folder=logs")))
    assert plan.refused is None
    assert plan.effects[0].startswith("copies logs/ (2 files")
    assert plan.effects[-1] == "said"
    assert plan.warnings == ("mind",)
    assert plan.hash == plan_hash(plan) != plan_of(*plan.argv or ()).hash


def test_a_job_that_would_refuse_is_refused_in_its_plan(tmp_path: Path) -> None:
    plan = foreseen(plan_of(*own("provider_job", "switch", f"--config={tmp_path / 'none'}")))
    assert plan.refused is not None
    assert "required" in plan.refused
    assert plan.argv is None
    assert plan.hash == plan_hash(plan)


@pytest.mark.parametrize(
    "argv",
    [
        ("make", "all"),
        (sys.executable, "-m", "cockpit.actions.stop_job"),
        own("supervisor", "x"),
        own("archive_job", "create"),
        (sys.executable, "-P", "-m"),
    ],
)
def test_other_plans_are_as_they_were(argv: tuple[str, ...]) -> None:
    plan = plan_of(*argv)
    assert foreseen(plan) is plan


def test_every_own_job_can_tell() -> None:
    import importlib

    for name in foresight.OWN:
        module = importlib.import_module(name)
        assert name == module.MODULE
        assert callable(module.foresee)
        assert callable(module.main)


class Noting(PlainSource):
    """A source with something to say about the archive."""

    def actions(self, ref: object) -> list[ActionSpec]:
        return [ActionSpec(id="archive", title="mine", argv=("rm",), warnings=("mind",), expects=("ours, because",))]


def test_what_a_source_says_of_a_built_in_action_is_added_and_nothing_else(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    (tmp_path / "runs" / "run-1").mkdir(parents=True)
    (tmp_path / "runs" / "run-1" / "one.txt").write_text("x\n")
    desk = ActionDesk(tmp_path / "runs", shop.context, lambda _: Noting())
    run = Run(ref=Noting().ref(tmp_path / "runs", "run-1"), state=RunState.FAILED)
    plan = desk.plan("archive", run)
    assert plan.refused is None
    assert plan.warnings == ("mind",)
    assert plan.effects[-1] == "ours, because"
    assert plan.argv is not None
    assert plan.argv[3] == "cockpit.actions.archive_job"
    (archive, _) = specs(Noting().actions(None))
    assert (archive.title, archive.argv, archive.confirm) == (ARCHIVE.title, (), ARCHIVE.confirm)
