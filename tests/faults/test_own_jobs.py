"""The cockpit's own jobs when the disk is full, they are cancelled or killed: nothing is half done, or it is said."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.actions import provider_job
from cockpit.actions.jobs import cancel_job
from cockpit.actions.own_job import OwnJobError
from cockpit.models.action import JobState
from tests.checkouts import agents_checkout, curriculum_checkout
from tests.unit.curriculum_run import NAME, CurriculumRun
from tests.unit.test_archive import Picture, picture
from tests.workshop import PATIENCE_S, Workshop, until

FOLDERS = ("--folder=artifacts", "--folder=logs", "--folder=config")


def own(module: str, *words: str) -> list[str]:
    return [sys.executable, "-P", "-m", f"cockpit.actions.{module}", *words]


def limited(argv: list[str], size: int, **more: object) -> "subprocess.CompletedProcess[str]":
    """Run a command none of whose files may grow beyond `size` bytes."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        argv,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        **more,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return agents_checkout(tmp_path)


def snapshot(tree: Path, target: Path, *command: str) -> list[str]:
    return own("snapshot_job", f"--tree={tree}", f"--to={target}", *FOLDERS, "--", *command)


@pytest.mark.parametrize("size", [0, 5, 500])
def test_no_room_for_a_snapshot_runs_nothing_and_leaves_nothing(tree: Path, tmp_path: Path, size: int) -> None:
    (tree / "artifacts" / "big.bin").write_bytes(os.urandom(1000))
    before = picture(tree)
    target = tmp_path / "state" / "snapshots" / "s"
    done = limited(snapshot(tree, target, "touch", "ran"), size)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("error: cannot make the snapshot")
    assert "File too large" in done.stdout
    assert not (tree / "ran").exists()
    assert picture(tree) == before
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_snapshot_that_is_ended_early_runs_nothing(tree: Path, tmp_path: Path, how: str) -> None:
    # All holes: it takes no room, and a long time to copy.
    big = tree / "artifacts" / "big.bin"
    with big.open("wb") as file:
        file.truncate(8 << 30)
    shop = Workshop(tmp_path)
    target = tmp_path / "state" / "snapshots" / "s"
    half = target.with_name(".s.part")
    job = shop.start(*snapshot(tree, target, "touch", "ran"), cwd=tree)
    until((half / "artifacts" / "big.bin").exists)
    if how == "cancelled":
        assert cancel_job(shop.dir(job), "test")
        ended = shop.end(job)
        assert ended.state is JobState.CANCELLED
        assert not half.exists()
    else:
        (pid,) = (int(each.name) for each in Path("/proc").glob("[0-9]*") if _is(each, str(target)))
        os.kill(pid, signal.SIGKILL)
        assert shop.end(job).state is JobState.FAILED
        assert half.exists()
        os.truncate(big, 10)
        again = subprocess.run(snapshot(tree, target, "touch", "ran"), check=False, capture_output=True)
        assert again.returncode == 0
        assert not half.exists()
        assert (target / "artifacts" / "big.bin").stat().st_size == 10
        return
    assert not target.exists()
    assert not (tree / "ran").exists()


def _is(entry: Path, word: str) -> bool:
    """Whether a process has a word in its command line, and runs the snapshot itself."""
    try:
        words = (entry / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"--to={word}".encode() in words and b"cockpit.actions.snapshot_job" in words


def switch(config: Path) -> list[str]:
    words = (f"--config={config}", f"--expect={provider_job.load(config).sha256}", "--provider=github-models")
    return own("provider_job", "switch", *words, f"--backup={config}.x.bak")


@pytest.mark.parametrize("size", [0, 100, 1000])
def test_no_room_for_the_backup_changes_nothing(tree: Path, size: int) -> None:
    config = tree / "config" / "agents.config.json"
    before = picture(tree)
    done = limited(switch(config), size)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("error: cannot keep a backup as")
    assert "File too large" in done.stdout
    assert _same(picture(tree), before)


def _same(now: Picture, before: Picture) -> bool:
    """Whether trees are the same but for the times of directories, in which something came and went."""

    def files(tree: Picture) -> dict[str, object]:
        return {path: facts for path, facts in tree.items() if "config" not in path or path.endswith(".json")}

    return files(now) == files(before) and now.keys() == before.keys()


def test_a_configuration_that_cannot_be_replaced_is_as_it_was(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = provider_job.load(tree / "config" / "agents.config.json")
    real = provider_job._write_new

    def full(path: Path, data: bytes, like: os.stat_result) -> None:
        if path.name.endswith(".cockpit.tmp"):
            raise OSError(28, "No space left on device", str(path))
        real(path, data, like)

    monkeypatch.setattr(provider_job, "_write_new", full)
    with pytest.raises(OwnJobError, match="No space left"):
        provider_job.write(config, config.text.replace("ollama", "nothing"), config.path.with_name("x.bak"))
    assert config.path.read_text() == config.text
    assert [each.name for each in config.path.parent.iterdir()] == [config.path.name]


@pytest.fixture
def curriculum(tmp_path: Path) -> Path:
    tree = curriculum_checkout(tmp_path)
    run = CurriculumRun(tree / "runs")
    run.write("inputs/scope.md", "x" * 20_000, 0)
    return tree


def fresh(tree: Path) -> list[str]:
    words = (f"--runs={tree / 'runs'}", f"--run={NAME}", "--", sys.executable, "scripts/orchestration.py", "init")
    return own("fresh_job", *words)


def test_no_room_for_the_inputs_says_what_is_there(curriculum: Path) -> None:
    old = picture(curriculum / "runs" / NAME)
    environment = {**os.environ, "ORCHESTRATION_BASE_DIR": str(curriculum / "runs")}
    done = limited(fresh(curriculum), 10_000, cwd=curriculum, env=environment)
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("error: cannot write")
    assert "0 of 2 inputs are carried over to 20261121-050000, copy the rest by hand" in last
    new = curriculum / "runs" / "20261121-050000"
    assert (new / "inputs" / "scope.md").read_text() == "# Learning Scope\n"
    assert not list(new.rglob("*.tmp"))
    assert picture(curriculum / "runs" / NAME) == old


def test_a_cancelled_init_ends_the_tool_too(curriculum: Path, tmp_path: Path) -> None:
    (curriculum / "scripts" / "orchestration.py").write_text(
        "import pathlib, time\npathlib.Path('began').touch()\ntime.sleep(600)\n"
    )
    shop = Workshop(tmp_path)
    job = shop.start(*fresh(curriculum), cwd=curriculum)
    until((curriculum / "began").exists)
    assert cancel_job(shop.dir(job), "test")
    assert shop.end(job).state is JobState.CANCELLED
    left = subprocess.run(["pgrep", "-f", str(curriculum)], check=False, capture_output=True, timeout=PATIENCE_S)
    assert left.stdout == b""
    assert [each.name for each in (curriculum / "runs").iterdir()] == [NAME]
