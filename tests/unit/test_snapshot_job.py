"""Copying what a command will overwrite aside before it runs: complete, verified, or the command is not run."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.actions import snapshot_job
from cockpit.actions.own_job import OwnJobError
from cockpit.actions.snapshot_job import CONTENTS, foresee, main, take
from tests.checkouts import agents_checkout

FOLDERS = ["artifacts", "logs", "config"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return agents_checkout(tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "state" / "snapshots" / "agents-20261121T040000Z"


def words(tree: Path, target: Path, *command: str) -> list[str]:
    folders = [f"--folder={name}" for name in FOLDERS]
    return [f"--tree={tree}", f"--to={target}", *folders, *(("--", *command) if command else ())]


def run(tree: Path, target: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-P", "-m", snapshot_job.MODULE, *words(tree, target, *command)]
    return subprocess.run(argv, check=False, capture_output=True, text=True, cwd="/")


def test_everything_is_there_with_its_times_and_sums(tree: Path, target: Path) -> None:
    (tree / "artifacts" / "latest").symlink_to("plan.md")
    os.mkfifo(tree / "logs" / "pipe")
    said: list[str] = []
    kept = take(tree, FOLDERS, target, said.append)
    assert (target / "artifacts" / "plan.md").read_text() == "## Tarea 1\n"
    assert (target / "artifacts" / "plan.md").stat().st_mtime_ns == 1_795_233_570_123_456_789
    assert (target / "artifacts" / "latest").readlink() == Path("plan.md")
    contents = json.loads((target / CONTENTS).read_text())
    assert contents["left_out"] == ["logs/pipe"]
    assert contents["links"] == {"artifacts/latest": "plan.md"}
    assert len(contents["files"]) == len(kept) == 5
    for file in contents["files"]:
        data = (target / file["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])
    assert "left out, it is no file: logs/pipe" in said
    assert not list(target.parent.glob(".*"))


def test_the_command_runs_in_the_tree_and_its_end_is_the_jobs(tree: Path, target: Path) -> None:
    done = run(tree, target, "sh", "-c", "pwd; echo new > artifacts/plan.md; exit 7")
    assert done.returncode == 7
    assert done.stdout.splitlines()[-1] == str(tree)
    assert (tree / "artifacts" / "plan.md").read_text() == "new\n"
    assert (target / "artifacts" / "plan.md").read_text() == "## Tarea 1\n"


def test_arguments_after_the_dashes_are_the_commands_own(tree: Path, target: Path) -> None:
    done = run(tree, target, "printf", "%s|", "--tree=/x", "--", "$(id)", "a b")
    assert done.stdout.splitlines()[-1] == "--tree=/x|--|$(id)|a b|"


def test_a_snapshot_without_a_command_is_just_that(tree: Path, target: Path) -> None:
    assert run(tree, target).returncode == 0
    assert (target / CONTENTS).is_file()


def test_a_missing_program_is_said_and_the_snapshot_kept(tree: Path, target: Path) -> None:
    done = run(tree, target, "no-such-program-here")
    assert done.returncode == 127
    assert "no-such-program-here: No such file or directory; the snapshot is kept" in done.stdout
    assert (target / CONTENTS).is_file()


def _refused(tree: Path, target: Path, reason: str) -> None:
    """Neither planned nor done: the command is not run."""
    with pytest.raises(OwnJobError, match=reason):
        foresee(words(tree, target, "touch", "ran"))
    done = run(tree, target, "touch", "ran")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("error: ")
    assert not (tree / "ran").exists()
    assert not list(target.parent.glob(".*"))


def test_a_target_that_exists_is_refused(tree: Path, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "mine").touch()
    _refused(tree, target, "exists already")
    assert [path.name for path in target.iterdir()] == ["mine"]


def test_a_folder_that_is_a_link_is_refused(tree: Path, target: Path, tmp_path: Path) -> None:
    (tree / "artifacts").rename(tmp_path / "elsewhere")
    (tree / "artifacts").symlink_to(tmp_path / "elsewhere")
    _refused(tree, target, "symbolic link")
    assert not target.exists()


def test_a_log_that_grows_is_kept_as_far_as_it_went(tree: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tree / "logs" / "agents.log"
    before = log.read_bytes()
    real = snapshot_job._write_copy

    def meddle(source: int, size: int, copy: Path) -> str | None:
        done = real(source, size, copy)
        if copy.name == "agents.log":
            with log.open("ab") as file:
                file.write(b"more\n")
        return done

    monkeypatch.setattr(snapshot_job, "_write_copy", meddle)
    kept = {each.path: each for each in take(tree, FOLDERS, target)}
    assert (target / "logs" / "agents.log").read_bytes() == before
    assert kept["logs/agents.log"].grew
    assert not kept["artifacts/plan.md"].grew


@pytest.mark.parametrize(("times", "works"), [(1, True), (99, False)])
def test_a_file_that_is_rewritten_meanwhile_is_tried_again_and_then_given_up(
    tree: Path, target: Path, monkeypatch: pytest.MonkeyPatch, times: int, works: bool
) -> None:
    plan = tree / "artifacts" / "plan.md"
    real = snapshot_job._write_copy
    turns = 0

    def meddle(source: int, size: int, copy: Path) -> str | None:
        nonlocal turns
        done = real(source, size, copy)
        if copy.name == "plan.md" and turns < times:
            turns += 1
            plan.write_text(f"## Tarea {turns + 1}\n")
        return done

    monkeypatch.setattr(snapshot_job, "_write_copy", meddle)
    if works:
        take(tree, FOLDERS, target)
        assert (target / "artifacts" / "plan.md").read_text() == "## Tarea 2\n"
        return
    with pytest.raises(OwnJobError, match="rewritten all the time"):
        take(tree, FOLDERS, target)
    assert not target.exists()
    assert not list(target.parent.glob(".*"))


def test_what_a_killed_attempt_left_does_not_matter(tree: Path, target: Path) -> None:
    half = target.with_name(f".{target.name}.part")
    (half / "artifacts").mkdir(parents=True)
    (half / "artifacts" / "plan.md").write_text("half")
    take(tree, FOLDERS, target)
    assert (target / "artifacts" / "plan.md").read_text() == "## Tarea 1\n"


def test_folders_that_are_not_there_are_left_out(tree: Path, target: Path) -> None:
    for path in (tree / "logs").iterdir():
        path.unlink()
    (tree / "logs").rmdir()
    assert any("artifacts/ (2 files" in effect for effect in foresee(words(tree, target, "true")).effects)
    assert main(words(tree, target)) == 0
    assert not (target / "logs").exists()


def test_the_plan_says_how_much_goes_where_and_what_then_runs(tree: Path, target: Path) -> None:
    effects = foresee(words(tree, target, "invoke", "run-planner")).effects
    assert effects[0] == f"copies artifacts/ (2 files, 14 bytes) to {target}"
    assert effects[-1] == "verifies the copies; then runs: invoke run-planner"
    assert not target.exists()


def test_too_little_room_is_refused_beforehand(tree: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_job, "_free", lambda _: 3)
    with pytest.raises(OwnJobError, match="has 3"):
        foresee(words(tree, target, "true"))


def test_a_mistake_in_the_arguments_is_an_error_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OwnJobError, match="required"):
        foresee(["--tree=/x"])
    assert capsys.readouterr() == ("", "")
