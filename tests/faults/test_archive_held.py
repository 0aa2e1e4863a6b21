"""A run that somebody works on is not archived: what is written next would be in no archive."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.actions import archive_job
from cockpit.actions import occupied as occupied_module
from cockpit.actions.archive import Archive, create, verify
from cockpit.actions.archive_job import create_argv, main
from cockpit.actions.occupied import occupied
from cockpit.models.run import RunRef
from cockpit.runtime.handles import open_for_writing
from tests.builders import FlowStudioRun
from tests.cli.conftest import FAILED, Cli, cli, program, root
from tests.unit.fake_processes import EPOCH, FakeTable

__all__ = ["cli", "root"]

READY = "import sys; print('ready', flush=True); sys.stdin.read()"


@contextmanager
def alive(code: str = READY, *, cwd: Path | str = "/", argv: Sequence[str] = ()) -> Iterator["subprocess.Popen[str]"]:
    """A process that has done its first line of work and lives until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *argv],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def opens(path: Path, mode: str) -> str:
    return f"file = open({os.fspath(path)!r}, {mode!r}); {READY}"


def ref_of(root: Path) -> RunRef:
    return RunRef(source="flow-studio", root=str(root), path=FAILED, id=FAILED)


@contextmanager
def holding(way: str, root: Path) -> Iterator[str]:
    """Somebody who holds the run, and what is said of them."""
    run = root / FAILED
    if way == "works in it":
        with alive(cwd=run / "build") as process:
            yield f"(pid {process.pid}) works inside the run"
    elif way == "writes into it":
        with alive(opens(run / "build" / "new.log", "w")) as process:
            yield f"(pid {process.pid}) has new.log of the run open"
    elif way == "names it":
        with alive(argv=("--run-id", FAILED), cwd=root.parent) as process:
            yield f"(pid {process.pid}) names the run"
    else:
        with alive(argv=(str(run / "events.jsonl"),), cwd="/tmp") as process:
            yield f"(pid {process.pid}) names the run's directory"


WAYS = ["works in it", "writes into it", "names it", "names its directory"]


@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_a_live_producer_holds_is_not_archived(cli: Cli, root: Path, way: str) -> None:
    with holding(way, root) as told:
        plan = cli("plan", "archive", FAILED, "--json")
        assert plan.code == 1
        assert plan.json["argv"] is None
        if way != "writes into it":
            assert told in plan.json["refused"]
        refused = cli("archive", FAILED, "--yes", "--remove")
        assert refused.code == 2
        assert "is held" in refused.err
        assert [each["kind"] for each in cli("audit", "--json").ok().json] == ["action.refused"]
    assert (root / FAILED).is_dir()
    cli("archive", FAILED, "--yes", "--remove").ok()
    assert not (root / FAILED).exists()


@pytest.mark.parametrize("way", WAYS)
def test_the_job_itself_looks_again(root: Path, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = root / ".cockpit" / "archives" / "a.tar.gz"
    target.parent.mkdir(parents=True)
    argv = list(create_argv(ref_of(root), target, aside=True))[4:]
    with holding(way, root):
        assert main(argv) == 1
        assert "nothing was done" in capsys.readouterr().out.splitlines()[-1]
        assert list(target.parent.iterdir()) == []
    assert main(argv) == 0


def test_who_comes_while_it_is_archived_keeps_the_run_where_it_is(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = root / ".cockpit" / "archives" / "a.tar.gz"
    target.parent.mkdir(parents=True)
    with ExitStack() as stack:

        def create_and_be_late(*arguments: object) -> Archive:
            made = create(*arguments)  # type: ignore[arg-type]
            stack.enter_context(alive(cwd=root / FAILED))
            return made

        monkeypatch.setattr(archive_job, "create", create_and_be_late)
        assert main(list(create_argv(ref_of(root), target, aside=True))[4:]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert "it is archived as a.tar.gz and stays where it is" in last
    assert (root / FAILED / "meta.json").exists()
    assert verify(target).manifest.run == FAILED


def test_who_only_reads_or_looks_on_is_no_hindrance(cli: Cli, root: Path) -> None:
    run = root / FAILED
    with (
        subprocess.Popen(["tail", "-f", str(run / "events.jsonl")], stdout=subprocess.DEVNULL) as tail,
        subprocess.Popen(["sh"], stdin=subprocess.PIPE, cwd=run) as shell,
        # A program that is no known onlooker and has a file of the run open, such as a cockpit of another build.
        (run / "events.jsonl").open() as events,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=events) as reader,
    ):
        try:
            cli("archive", FAILED, "--yes").ok()
        finally:
            for process in (tail, shell, reader):
                process.kill()


def test_an_onlooker_that_writes_is_one_who_writes(root: Path) -> None:
    path = root / FAILED / ".notes.swp"
    with path.open("w") as out, subprocess.Popen(["tail", "-f", "/dev/null"], stdout=out) as tail:
        out.close()
        try:
            found = occupied(ref_of(root), root / ".cockpit")
        finally:
            tail.kill()
    assert found.holders == (f"tail (pid {tail.pid}) has .notes.swp open for writing",)


def test_output_sent_into_the_run_itself_is_refused(root: Path) -> None:
    log = root / FAILED / "archive.log"
    with log.open("w") as out:
        done = program("archive", FAILED, "--yes", "--remove", stdout=out.fileno())
    assert done.code == 2
    assert "archive.log open for writing" in done.err
    assert log.exists()


def test_a_recorded_producer_that_lives_holds_its_run(cli: Cli, root: Path) -> None:
    argv = [sys.executable, "-m", "cockpit", "record", "--root", str(root), "--run", FAILED, "--"]
    with subprocess.Popen(
        [*argv, sys.executable, "-c", READY], cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "ready\n"
        refused = cli("archive", FAILED, "--yes")
        recorder.communicate("")
    assert refused.code == 2
    assert "started as a recording" in refused.err
    cli("archive", FAILED, "--yes").ok()


def test_who_works_in_the_same_tree_is_a_warning(cli: Cli, root: Path) -> None:
    with alive(cwd=root) as process:
        plan = cli("plan", "archive", FAILED, "--json").ok().json
    assert [line for line in plan["warnings"] if f"(pid {process.pid}) works in the root" in line]
    assert plan["refused"] is None


def test_offers_do_not_look_at_processes(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupied_module, "_TABLE", None)
    offers = {each["id"]: each["refused"] for each in cli("actions", FAILED, "--json").ok().json}
    assert offers["archive"] is None
    assert root.is_dir()


# Rules, on processes that do not exist.


@pytest.fixture
def place(tmp_path: Path) -> RunRef:
    FlowStudioRun(tmp_path, "run-1").meta("failed")
    return RunRef(source="flow-studio", root=str(tmp_path), path="run-1", id="run-1")


def test_a_zombie_holds_nothing(place: RunRef) -> None:
    table = FakeTable()
    table.spawn(7, "python", "producer.py", "--run=run-1", cwd=place.root)
    assert occupied(place, Path(place.root), table=table, own=1).holders == ("python (pid 7) names the run",)
    table.turn(7, "zombie")
    assert occupied(place, Path(place.root), table=table, own=1).holders == ()


def test_whoever_looks_and_what_started_it_are_left_out(place: RunRef) -> None:
    table = FakeTable()
    table.spawn(7, "python", "script.py", "--run=run-1", cwd=place.root)
    table.spawn(8, "python", "other.py", ppid=7, cwd=f"{place.root}/run-1")
    assert occupied(place, Path(place.root), table=table, own=8).holders == ()


@pytest.mark.parametrize(("name", "sure"), [("run-1", False), ("run-20261121-040000-abc123", True)])
def test_somebody_whose_place_is_not_told_means_a_run_by_an_unmistakable_name_only(
    tmp_path: Path, name: str, sure: bool
) -> None:
    FlowStudioRun(tmp_path, name).meta("failed")
    ref = RunRef(source="flow-studio", root=str(tmp_path), path=name, id=name)
    table = FakeTable()
    table.spawn(7, "python", "producer.py", f"--run={name}", cwd=None, uid=4242)
    found = occupied(ref, tmp_path, table=table, own=1)
    assert bool(found.holders) is sure
    assert any("may write to the run" in line for line in found.doubts) is not sure


def test_too_many_processes_and_other_hosts_are_told(place: RunRef, monkeypatch: pytest.MonkeyPatch) -> None:
    table = FakeTable()
    table.complete = False
    monkeypatch.setattr(occupied_module, "is_silent", lambda _path: True)
    told = " ".join(occupied(place, Path(place.root), table=table, own=1).doubts)
    assert "another host" in told
    assert "too many processes" in told


def test_many_who_may_are_told_in_short(place: RunRef) -> None:
    table = FakeTable()
    for pid in range(10, 20):
        card = table.spawn(pid, "python", f"worker-{pid}.py", cwd=place.root)
        table.cards[pid] = replace(card, created=EPOCH + pid)
    found = occupied(place, Path(place.root), table=table, own=1)
    assert len(found.doubts) == 6
    assert found.doubts[-1] == "5 more processes may"


def test_handles_are_read_from_the_kernel_as_it_tells_them(tmp_path: Path) -> None:
    proc, run = tmp_path / "proc", tmp_path / "run"
    run.mkdir()
    flags = {"3": "0100000", "4": "0100001", "5": "0102002", "6": "012100000", "7": "junk", "8": "010100001"}
    for pid in ("1", "22", "self", "33"):
        (proc / pid / "fd").mkdir(parents=True)
        (proc / pid / "fdinfo").mkdir()
        (proc / pid / "comm").write_text("pro\x1bgram\n")
    for fd, flag in flags.items():
        (proc / "22" / "fd" / fd).symlink_to(run / f"file-{fd}")
        (proc / "22" / "fdinfo" / fd).write_text(f"pos:\t0\nflags:\t{flag}\nmnt_id:\t1\n")
    (proc / "33" / "fd" / "1").symlink_to(f"{run}-beside/file")
    (proc / "33" / "fdinfo" / "1").write_text("flags:\t01\n")
    found = open_for_writing(str(run), proc)
    assert [(each.pid, Path(each.path).name) for each in found.found] == [(22, "file-4"), (22, "file-5")]
    assert open_for_writing(str(tmp_path / "nothing"), proc).found == ()
    assert open_for_writing(str(run), tmp_path / "no-proc").found == ()
