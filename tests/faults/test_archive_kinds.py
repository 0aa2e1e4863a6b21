"""Archives of everything a directory can hold, and of what cannot be archived: exact, or a clear error and no trace."""

import os
import resource
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.actions.archive import create, verify
from cockpit.actions.archive_job import create_argv, main, restore_argv
from cockpit.actions.manifest import ArchiveError
from cockpit.actions.restore import move_aside, restore
from tests.faults.test_archive import small_disk
from tests.unit.test_archive import as_nobody, open_folder, picture, ref_of, target_in

__all__ = ["open_folder", "small_disk"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """An empty run."""
    run = tmp_path / "runs" / "run-1"
    run.mkdir(parents=True)
    return run


def there_and_back(run: Path, tmp_path: Path) -> None:
    """Archive a run, throw the original away, unpack the archive, and find everything as it was."""
    before = picture(run)
    made = create(run, ref_of(run.parent), target_in(tmp_path))
    run.rename(tmp_path / "thrown-away")
    restore(made.path, run.parent)
    assert picture(run) == before


def refused(run: Path, tmp_path: Path, match: str) -> None:
    """Archiving is refused, leaves the run as it was, and nothing besides."""
    before = picture(run)
    target = target_in(tmp_path)
    with pytest.raises(ArchiveError, match=match):
        create(run, ref_of(run.parent), target)
    assert picture(run) == before
    assert list(target.parent.iterdir()) == []


def test_hard_links_come_back_with_their_content_and_stay_links_when_moved_aside(run: Path, tmp_path: Path) -> None:
    (run / "a").write_text("same")
    (run / "b").hardlink_to(run / "a")
    made = create(run, ref_of(run.parent), target_in(tmp_path))
    aside = move_aside(made, run, run.parent)
    restore(made.path, run.parent)
    assert (run / "a").stat().st_ino == (run / "b").stat().st_ino
    assert not aside.exists()
    there_and_back(run, tmp_path / "again")
    assert (run / "a").stat().st_ino != (run / "b").stat().st_ino
    assert (run / "b").read_text() == "same"


def test_a_hard_link_from_outside_keeps_its_file(run: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("precious")
    (run / "inside").hardlink_to(tmp_path / "outside")
    there_and_back(run, tmp_path)
    assert (tmp_path / "outside").read_text() == "precious"


def test_links_that_lead_around_in_circles_and_out_are_kept_as_they_are(run: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do not pack me")
    (run / "sub").mkdir()
    for name, target in {
        "self": "self", "up": "..", "loop": "sub/back", "sub/back": "../loop", "out": str(tmp_path / "secret"),
        "folder": "sub", "long": "x" * 4000,
    }.items():  # fmt: skip
        (run / name).symlink_to(target)
    there_and_back(run, tmp_path)
    listing = subprocess.run(
        ["tar", "tvzf", str(target_in(tmp_path))], check=True, capture_output=True, text=True
    ).stdout
    assert "do not pack me" not in listing
    assert not [line for line in listing.splitlines() if line.startswith("-") and "out" in line.split()[-1]]


def test_sockets_and_fifos_are_named_and_stay_with_the_original(run: Path, tmp_path: Path) -> None:
    os.mkfifo(run / "pipe")
    place = os.getcwd()  # noqa: PTH109 - a socket's name must be short
    os.chdir(run)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
    finally:
        os.chdir(place)
    (run / "file").write_text("x")
    said: list[str] = []
    made = create(run, ref_of(run.parent), target_in(tmp_path), said.append)
    assert made.manifest.skipped == ("pipe", "socket")
    assert sum("left out, it is no file" in line for line in said) == 2
    aside = move_aside(made, run, run.parent)
    assert stat.S_ISFIFO((aside / "pipe").lstat().st_mode)
    assert stat.S_ISSOCK((aside / "socket").lstat().st_mode)
    restore(made.path, run.parent)
    assert sorted(path.name for path in run.iterdir()) == ["file", "pipe", "socket"]


def test_a_large_sparse_file_costs_little_and_comes_back_sparse(run: Path, tmp_path: Path) -> None:
    size = 1 << 28
    with (run / "sparse.db").open("wb") as file:
        file.write(b"head")
        file.seek(size // 2)
        file.write(b"middle")
        file.truncate(size)
    os.utime(run / "sparse.db", ns=(0, 1_763_712_000_123_456_789))
    made = create(run, ref_of(run.parent), target_in(tmp_path))
    assert made.path.stat().st_size < 500_000
    run.rename(tmp_path / "gone")
    restore(made.path, run.parent)
    entry = (run / "sparse.db").stat()
    assert (entry.st_size, entry.st_mtime_ns) == (size, 1_763_712_000_123_456_789)
    assert entry.st_blocks * 512 < 10_000_000
    with (run / "sparse.db").open("rb") as file:
        assert file.read(4) == b"head"
        file.seek(size // 2)
        assert file.read(6) == b"middle"
        file.seek(size - 5)
        assert file.read() == bytes(5)


def test_names_of_the_greatest_length_and_depth(run: Path, tmp_path: Path) -> None:
    (run / ("n" * 255)).write_text("x")
    (run / os.fsdecode(b"\xff" * 255)).write_text("y")
    deep = run
    for _ in range(10):
        deep /= "d" * 200
        deep.mkdir()
    (deep / "leaf").write_text("z")
    there_and_back(run, tmp_path)


def test_a_path_longer_than_the_kernel_takes_is_an_error_and_nothing_stays(run: Path, tmp_path: Path) -> None:
    place = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=place)
        inner = os.open("d" * 200, os.O_RDONLY | os.O_DIRECTORY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    target = target_in(tmp_path)
    with pytest.raises(ArchiveError, match="File name too long"):
        create(run, ref_of(run.parent), target)
    assert list(target.parent.iterdir()) == []
    assert run.is_dir()
    subprocess.run(["rm", "-rf", str(run)], check=True)


def test_thousands_of_small_files(run: Path, tmp_path: Path) -> None:
    for folder in range(30):
        (run / str(folder)).mkdir()
        for number in range(100):
            (run / str(folder) / f"{number}.json").write_text(f'{{"n": {number}}}')
    there_and_back(run, tmp_path)
    assert len(verify(target_in(tmp_path)).manifest.members) == 3_031


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_is_named_and_nothing_stays(open_folder: Path, what: str) -> None:
    with as_nobody():
        run = open_folder / "runs" / "run-1"
        (run / "folder").mkdir(parents=True)
        (run / "folder" / "inner").write_text("x")
        (run / "file").write_text("x")
        before = picture(run)
        mode = (run / what).stat().st_mode
        (run / what).chmod(0)
        target = target_in(open_folder)
        with pytest.raises(ArchiveError, match=rf"{what}: Permission denied"):
            create(run, ref_of(run.parent), target)
        assert list(target.parent.iterdir()) == []
        (run / what).chmod(mode)
        assert {name: facts[2] for name, facts in picture(run).items()} == {n: f[2] for n, f in before.items()}


@pytest.mark.parametrize("name", ["state", "archives"])
def test_a_state_directory_that_may_not_be_written_is_an_error_and_the_run_stays(
    open_folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with as_nobody():
        run = open_folder / "runs" / "run-1"
        run.mkdir(parents=True)
        (run / "x").write_text("x")
        closed = open_folder / "state" if name == "state" else open_folder / "state" / "archives"
        closed.mkdir(parents=True)
        closed.chmod(0o500)
        argv = create_argv(ref_of(run.parent), open_folder / "state" / "archives" / "a.tar.gz", aside=True)
        assert main(list(argv[4:])) == 1
        assert "Permission denied" in capsys.readouterr().out
        closed.chmod(0o700)
        assert (run / "x").read_text() == "x"
        assert [path for path in (open_folder / "state").rglob("*") if path.is_file()] == []


def test_a_root_that_may_not_be_written_gets_no_run_back(open_folder: Path) -> None:
    with as_nobody():
        run = open_folder / "runs" / "run-1"
        run.mkdir(parents=True)
        (run / "x").write_text("x")
        made = create(run, ref_of(run.parent), target_in(open_folder))
        aside = move_aside(made, run, run.parent)
        run.parent.chmod(0o500)
        with pytest.raises(ArchiveError, match="Permission denied"):
            restore(made.path, run.parent)
        run.parent.chmod(0o700)
        assert (aside / "x").read_text() == "x"
        restore(made.path, run.parent)
        assert (run / "x").read_text() == "x"


def test_a_full_disk_gets_no_half_of_a_run_back(run: Path, tmp_path: Path, small_disk: Path) -> None:
    (run / "big.bin").write_bytes(os.urandom(2_000_000))
    (run / "small").write_text("x")
    made = create(run, ref_of(run.parent), target_in(tmp_path))
    with pytest.raises(ArchiveError, match="No space left on device"):
        restore(made.path, small_disk)
    assert [path.name for path in small_disk.rglob("*")] == [".cockpit"]
    assert verify(made.path).manifest == made.manifest


def test_another_user_umask_time_zone_and_locale_give_the_same_bytes(open_folder: Path) -> None:
    run = open_folder / "runs" / "run-1"
    (run / "sub").mkdir(parents=True)
    (run / "sub" / "é").write_text("x")
    (run / "Z").write_text("y")
    (run / "a").write_text("z")
    # Everything is readable by anybody, whatever umask the tests run with.
    for path in (open_folder / "runs", run, run / "sub"):
        path.chmod(0o755)
    for path in (run / "sub" / "é", run / "Z", run / "a"):
        path.chmod(0o644)
    for path in sorted(run.rglob("*"), reverse=True):
        os.utime(path, ns=(0, 1_763_712_000_000_000_001))
    os.utime(run, ns=(0, 1))
    made = []
    for number, (zone, locale, umask) in enumerate([("Asia/Kathmandu", "C", 0o077), ("UTC", "C.UTF-8", 0o002)]):
        folder = open_folder / f"state-{number}" / "archives"
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        other = number == 1 and os.geteuid() == 0
        env = {**os.environ, "TZ": zone, "LC_ALL": locale, "HOME": "/", "PYTHONDONTWRITEBYTECODE": "1"}
        code = "import sys; from cockpit.actions.archive_job import main; sys.exit(main(sys.argv[1:]))"
        argv = create_argv(ref_of(run.parent), folder / "a.tar.gz", aside=False)[4:]
        # As somebody else: become that user only once the program, which may lie in root's home, is loaded.
        become = "import os; os.setgid(65534); os.setuid(65534);" if other else ""
        script = f"import cockpit.actions.archive_job, cockpit.actions.occupied;{become}{code}"
        done = subprocess.run(
            [sys.executable, "-c", script, *argv], check=False, env=env, umask=umask, cwd="/", capture_output=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        made.append((folder / "a.tar.gz").read_bytes())
    assert made[0] == made[1]


@pytest.fixture
def somebody() -> int:
    """A user id to give files to; needs a root that may."""
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    return 65534


def test_what_root_unpacks_belongs_to_the_owner_of_the_place(run: Path, tmp_path: Path, somebody: int) -> None:
    (run / "sub").mkdir()
    (run / "sub" / "x").write_text("x")
    (run / "link").symlink_to("sub")
    made = create(run, ref_of(run.parent), target_in(tmp_path))
    before = picture(run)
    run.rename(tmp_path / "gone")
    try:
        os.chown(run.parent, somebody, somebody)
    except PermissionError:
        pytest.skip("this root may not give files away")
    restore(made.path, run.parent)
    assert picture(run) == before
    assert {path.lstat().st_uid for path in (run, *run.rglob("*"))} == {somebody}


@pytest.mark.parametrize("size", [2_000, 60_000])
def test_no_room_for_the_restored_run_is_an_error_at_any_size(run: Path, tmp_path: Path, size: int) -> None:
    (run / "a.bin").write_bytes(os.urandom(100_000))
    made = create(run, ref_of(run.parent), target_in(tmp_path))
    run.rename(tmp_path / "gone")
    done = subprocess.run(
        restore_argv(made.path, run.parent),
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    assert done.returncode == 1
    assert "File too large" in done.stdout.splitlines()[-1]
    assert [path.name for path in run.parent.rglob("*")] == [".cockpit"]
