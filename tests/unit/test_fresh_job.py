"""A fresh run with the inputs of another one: made by the system's own command, filled by a verified copy."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.actions import fresh_job
from cockpit.actions.fresh_job import foresee, inputs_of
from cockpit.actions.own_job import OwnJobError
from tests.checkouts import curriculum_checkout
from tests.unit.curriculum_run import NAME, CurriculumRun

NEW = "20261121-050000-demo"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with one run, which has inputs of its own."""
    tree = curriculum_checkout(tmp_path)
    run = CurriculumRun(tree / "runs")
    run.write("inputs/scope.md", "# What to learn\n", 0)
    run.write("inputs/more/notes.txt", "notes\n", 0)
    return tree


def words(tree: Path, run: str = NAME) -> list[str]:
    return [f"--runs={tree / 'runs'}", f"--run={run}", "--", sys.executable, "scripts/orchestration.py", "init", "demo"]


def start(tree: Path, mode: str = "ok", run: str = NAME) -> "subprocess.CompletedProcess[str]":
    (tree / "mode").write_text(mode)
    argv = [sys.executable, "-P", "-m", fresh_job.MODULE, *words(tree, run)]
    environment = {**os.environ, "ORCHESTRATION_BASE_DIR": str(tree / "runs")}
    return subprocess.run(argv, check=False, capture_output=True, text=True, cwd=tree, env=environment)


def contents(run: Path) -> dict[str, bytes]:
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_the_new_run_has_every_input_and_the_old_one_is_untouched(tree: Path) -> None:
    old = tree / "runs" / NAME
    before = contents(old)
    done = start(tree)
    assert done.returncode == 0, done.stdout
    new = tree / "runs" / NEW
    inputs = {name: data for name, data in before.items() if name.startswith("inputs/")}
    assert len(inputs) == 3
    assert {name: data for name, data in contents(new).items() if name.startswith("inputs/")} == inputs
    assert json.loads((new / "run.json").read_text())["stage"] == "initialized"
    assert contents(old) == before
    assert (
        done.stdout.splitlines()[-1] == f"made {NEW} with the inputs of {NAME}; generate it with: cockpit retry {NEW}"
    )


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("silent", "did not say which run it made"),
        ("fails", "the tool ended with exit 1; no run was made"),
        ("old", "was there before; it was not touched"),
        ("elsewhere", "is no run in"),
    ],
)
def test_without_a_new_run_nothing_is_copied(tree: Path, mode: str, said: str) -> None:
    before = contents(tree / "runs")
    done = start(tree, mode)
    assert done.returncode == 1
    assert said in done.stdout.splitlines()[-1]
    assert done.stdout.splitlines()[-1].startswith("error: ")
    assert contents(tree / "runs") == before


def test_a_run_id_that_is_taken_is_the_tools_own_error(tree: Path) -> None:
    (tree / "runs" / NEW / "inputs").mkdir(parents=True)
    (tree / "runs" / NEW / "inputs" / "scope.md").write_text("somebody's")
    done = start(tree)
    assert done.returncode == 1
    assert (tree / "runs" / NEW / "inputs" / "scope.md").read_text() == "somebody's"


def test_an_input_behind_a_link_stays_behind_and_is_said(tree: Path) -> None:
    inputs = tree / "runs" / NAME / "inputs"
    (inputs / "secret").symlink_to("/etc/passwd")
    (inputs / "folder").symlink_to("/etc")
    os.mkfifo(inputs / "pipe")
    files, others = inputs_of(inputs.parent)
    assert files == ("more/notes.txt", "scope.md", "topic_spec.json")
    assert others == ("folder", "pipe", "secret")
    assert "inputs/secret is no file and is not carried over" in foresee(words(tree)).warnings
    assert start(tree).returncode == 0
    assert not os.path.lexists(tree / "runs" / NEW / "inputs" / "secret")


@pytest.mark.parametrize("how", ["none", "empty", "link"])
def test_nothing_to_carry_over_is_refused_before_anything_is_made(tree: Path, how: str) -> None:
    inputs = tree / "runs" / NAME / "inputs"
    inputs.rename(tree / "aside")
    if how == "empty":
        inputs.mkdir()
    elif how == "link":
        inputs.symlink_to(tree / "aside")
    with pytest.raises(OwnJobError, match="nothing to carry over"):
        foresee(words(tree))
    assert start(tree).returncode == 1
    assert not (tree / "runs" / NEW).exists()
    assert not (tree / "calls").exists()


@pytest.mark.parametrize("run", ["../../etc", "-rf", "$(touch pwned)", "", ".."])
def test_a_hostile_run_is_refused(tree: Path, run: str) -> None:
    with pytest.raises(OwnJobError):
        foresee(words(tree, run))
    assert start(tree, run=run).returncode == 1
    assert not (tree / "calls").exists()


def test_a_program_that_is_not_there_is_said(tree: Path) -> None:
    argv = [sys.executable, "-P", "-m", fresh_job.MODULE, *words(tree)[:3], "no-such-python", "init"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=tree)
    assert (done.returncode, done.stdout) == (1, "error: no-such-python: No such file or directory; no run was made\n")


def test_the_plan_names_every_file(tree: Path) -> None:
    effects = foresee(words(tree)).effects
    assert effects[0].startswith(f"makes a new run in {tree / 'runs'} with: ")
    assert [effect.split()[1] for effect in effects[1:-1]] == [
        "inputs/more/notes.txt",
        "inputs/scope.md",
        "inputs/topic_spec.json",
    ]


def test_the_runs_own_modules_are_not_loaded(tree: Path) -> None:
    """A file beside the job must not become one of its modules."""
    (tree / "argparse.py").write_text("raise SystemExit('planted')\n")
    done = start(tree)
    assert "planted" not in done.stdout + done.stderr
    assert done.returncode == 0
