"""Archives when the disk is full, the tree moves under them, or they are killed: the run is always where it was."""

import hashlib
import os
import resource
import signal
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions import archive as archive_module
from cockpit.actions.archive import create, verify
from cockpit.actions.archive_job import create_argv, restore_argv
from cockpit.actions.jobs import cancel_job
from cockpit.actions.manifest import ArchiveError
from cockpit.actions.restore import move_aside, restore
from cockpit.models.action import JobState
from cockpit.models.run import RunRef
from tests.unit.test_archive import Picture, picture
from tests.workshop import Workshop, until

REF = "run-1"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a run whose content does not compress."""
    root = tmp_path / "runs"
    (root / REF / "build").mkdir(parents=True)
    for number in range(4):
        (root / REF / "build" / f"{number}.bin").write_bytes(os.urandom(500_000))
    (root / REF / "meta.json").write_text("{}")
    return root


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "state" / "archives"
    folder.mkdir(parents=True)
    return folder / "run-1-x.tar.gz"


def ref_of(root: Path) -> RunRef:
    return RunRef(source="flow-studio", root=str(root), path=REF, id=REF)


MOMENTS: dict[str, tuple[object, str, int]] = {
    "surveyed": (archive_module, "open_member", 0),
    "summing": (hashlib, "file_digest", 1),
    "packing": (tarfile.TarFile, "addfile", 4),
    "verifying": (archive_module, "_verify", 0),
}
"""Moments within the making of an archive: a function, and after how many calls of it (0: just before the first)."""


def meddle(monkeypatch: pytest.MonkeyPatch, when: str, deed: Callable[[], object]) -> None:
    """Do something once, at one of the `MOMENTS`."""
    owner, name, turn = MOMENTS[when]
    real = getattr(owner, name)
    calls = 0

    def wrapped(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if turn == 0 and calls == 1:
            deed()
        result = real(*arguments)
        if calls == turn:
            deed()
        return result

    monkeypatch.setattr(owner, name, wrapped)


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _overwrite_keeping_time(path: Path) -> None:
    entry = path.stat()
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(entry.st_atime_ns, entry.st_mtime_ns))


def _swap_for_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _replace_by_copy(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


DEEDS: dict[str, Callable[[Path], object]] = {
    "append": _append,
    "truncate": lambda path: os.truncate(path, 10),
    "delete": Path.unlink,
    "overwrite": _overwrite_keeping_time,
    "link": _swap_for_link,
    "replace": _replace_by_copy,
    "chmod": lambda path: path.chmod(0o600),
    "new file": lambda path: path.with_name("new").touch(),
}


@pytest.mark.parametrize("when", ["surveyed", "summing", "packing", "verifying"])
@pytest.mark.parametrize("deed", list(DEEDS))
def test_a_tree_that_changes_while_it_is_archived_is_an_error_and_nothing_stays(
    root: Path, target: Path, monkeypatch: pytest.MonkeyPatch, when: str, deed: str
) -> None:
    victim = root / REF / "build" / "0.bin"
    meddle(monkeypatch, when, lambda: DEEDS[deed](victim))
    with pytest.raises(ArchiveError, match=r"changed while|cannot read"):
        create(root / REF, ref_of(root), target)
    assert list(target.parent.iterdir()) == []
    assert (root / REF / "meta.json").exists()


@pytest.mark.parametrize("deed", ["append", "delete", "chmod", "new file"])
def test_a_run_that_changed_after_it_was_archived_is_not_moved(root: Path, target: Path, deed: str) -> None:
    made = create(root / REF, ref_of(root), target)
    DEEDS[deed](root / REF / "build" / "0.bin")
    changed = picture(root / REF)
    with pytest.raises(ArchiveError, match="stays where it is"):
        move_aside(made, root / REF, root)
    assert picture(root / REF) == changed


def test_a_writer_that_is_faster_than_the_rename_gets_its_run_back(
    root: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(root / REF, ref_of(root), target)
    real = Path.rename

    def rename(self: Path, place: Path) -> Path:
        if self == root / REF:
            # Somebody who has the file open writes to it just now.
            _append(self / "meta.json")
        return real(self, place)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(ArchiveError, match="changed after it was archived"):
        move_aside(made, root / REF, root)
    assert (root / REF / "meta.json").read_bytes() == b"{}more"


def limited(argv: tuple[str, ...], size: int) -> "subprocess.CompletedProcess[str]":
    """Run a command that may write no file larger than `size` bytes."""
    return subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )


@pytest.mark.parametrize("size", [1000, 100_000, 1_900_000])
def test_no_room_for_the_archive_is_an_error_and_nothing_stays(root: Path, target: Path, size: int) -> None:
    before = picture(root / REF)
    done = limited(create_argv(ref_of(root), target, aside=True), size)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("error: cannot write the archive")
    assert "File too large" in done.stdout
    assert list(target.parent.iterdir()) == []
    assert picture(root / REF) == before


def test_no_room_for_the_restored_run_is_an_error_and_the_archive_stays(root: Path, target: Path) -> None:
    made = create(root / REF, ref_of(root), target)
    (root / REF).rename(root.parent / "gone")
    done = limited(restore_argv(target, root), 100_000)
    assert done.returncode == 1
    assert "File too large" in done.stdout
    assert not (root / REF).exists()
    assert [path.name for path in root.rglob("*")] == [".cockpit"]
    assert verify(target).manifest == made.manifest
    restore(target, root)
    assert picture(root / REF) == picture(root.parent / "gone")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of its own, of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if subprocess.run(argv, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a tmpfs here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_an_error_and_nothing_stays(root: Path, small_disk: Path) -> None:
    before = picture(root / REF)
    (small_disk / "archives").mkdir()
    with pytest.raises(ArchiveError, match="No space left on device"):
        create(root / REF, ref_of(root), small_disk / "archives" / "x.tar.gz")
    assert list((small_disk / "archives").iterdir()) == []
    assert picture(root / REF) == before


def test_a_state_directory_on_another_disk_leaves_the_run_on_its_own(root: Path, small_disk: Path) -> None:
    for path in (root / REF / "build").iterdir():
        os.truncate(path, 1000)
    (small_disk / "archives").mkdir()
    before: Picture = picture(root / REF)
    made = create(root / REF, ref_of(root), small_disk / "archives" / "x.tar.gz")
    aside = move_aside(made, root / REF, root)
    assert aside == root / ".cockpit" / "archived-runs" / "x"
    assert picture(aside) == before
    restore(made.path, root)
    assert picture(root / REF) == before


def test_archiving_is_a_job_like_any_other(shop: Workshop, root: Path) -> None:
    target = shop.state / "archives" / "run-1-x.tar.gz"
    job = shop.run(*create_argv(ref_of(root), target, aside=True))
    assert job.state is JobState.SUCCEEDED, shop.output(job)
    assert verify(target).sha256.encode() in shop.output(job)
    assert not (root / REF).exists()
    again = shop.run(*create_argv(ref_of(root), target, aside=True))
    assert (again.state, again.exit_code) == (JobState.FAILED, 1)
    assert "error: " in again.outcome
    back = shop.run(*restore_argv(target, root))
    assert back.state is JobState.SUCCEEDED
    assert (root / REF / "meta.json").read_text() == "{}"


def big(root: Path) -> None:
    """Make archiving take a while."""
    with (root / REF / "big.bin").open("wb") as file:
        for _ in range(40):
            file.write(os.urandom(1_000_000))


def test_a_cancelled_archive_leaves_nothing_behind(shop: Workshop, root: Path) -> None:
    big(root)
    target = shop.state / "archives" / "run-1-x.tar.gz"
    job = shop.start(*create_argv(ref_of(root), target, aside=True))
    until(lambda: target.parent.is_dir() and list(target.parent.iterdir()), "the archive is being written")
    cancel_job(shop.dir(job))
    ended = shop.end(job)
    assert ended.state is JobState.CANCELLED
    assert list(target.parent.iterdir()) == []
    assert (root / REF / "big.bin").exists()


def test_an_archive_that_was_killed_is_no_archive_and_the_next_one_works(shop: Workshop, root: Path) -> None:
    big(root)
    target = shop.state / "archives" / "run-1-x.tar.gz"
    argv = create_argv(ref_of(root), target, aside=True)
    target.parent.mkdir(parents=True)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        until(lambda: list(target.parent.iterdir()), "the archive is being written")
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    assert (root / REF / "big.bin").exists()
    (root / REF / "big.bin").unlink()
    before = picture(root / REF)
    job = shop.run(*argv)
    assert job.state is JobState.SUCCEEDED, shop.output(job)
    assert sorted(path.name for path in target.parent.iterdir()) == [
        f"run-1-x.{end}" for end in ("manifest.json", "origin.json", "tar.gz")
    ]
    restore(target, root)
    assert picture(root / REF) == before
