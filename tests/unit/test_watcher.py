"""The watcher on real files with real inotify: what it reports, and what it does when it cannot."""

import os
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.models.snapshot import WatchMode
from cockpit.runtime.arm import Arm
from cockpit.runtime.mounts import filesystem_type, is_silent, parse_mountinfo
from cockpit.runtime.roots import mtime_ns
from cockpit.runtime.watcher import Hints, WatchHub, exceeds, topmost

PATIENCE_S = 60.0


class Told:
    """Collects what the hub tells."""

    def __init__(self) -> None:
        self.paths: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.roots: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self.armed: queue.SimpleQueue[tuple[Path, ...]] = queue.SimpleQueue()
        self.modes: queue.SimpleQueue[WatchMode] = queue.SimpleQueue()
        self.hints = Hints(self._each, self.roots.put, self.armed.put, self.modes.put)

    def _each(self, paths: frozenset[str]) -> None:
        for path in sorted(paths):
            self.paths.put(path)

    def until(self, path: Path) -> list[str]:
        """Everything reported up to `path`."""
        seen: list[str] = []
        while not seen or seen[-1] != str(path):
            seen.append(self.paths.get(timeout=PATIENCE_S))
        return seen


Start = Callable[..., tuple[WatchHub, Told]]


@pytest.fixture
def start() -> Iterator[Start]:
    hubs: list[WatchHub] = []

    def make(*roots: Path, **options: object) -> tuple[WatchHub, Told]:
        told = Told()
        hub = WatchHub(roots, told.hints, **({"tick_s": 0.02} | options))  # type: ignore[arg-type]
        hubs.append(hub)
        hub.start()
        return hub, told

    yield make
    for hub in hubs:
        hub.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir()
    return path


def test_reports_what_is_written_renamed_and_removed_at_any_depth(root: Path, start: Start) -> None:
    (root / "run" / "deep").mkdir(parents=True)
    _, told = start(root)
    assert told.armed.get(timeout=PATIENCE_S) == (root,)
    assert told.modes.get(timeout=PATIENCE_S) is WatchMode.INOTIFY
    deep = root / "run" / "deep"
    (deep / "a").write_text("x")
    told.until(deep / "a")
    (deep / "a").rename(deep / "b")
    told.until(deep / "b")
    (deep / "b").unlink()
    told.until(deep / "b")


def test_reports_what_happens_in_new_directories(root: Path, start: Start) -> None:
    _, told = start(root)
    told.armed.get(timeout=PATIENCE_S)
    (root / "new").mkdir()
    told.until(root / "new")
    (root / "new" / "file").write_text("x")
    told.until(root / "new" / "file")


def test_names_that_watchfiles_hides_by_default_are_reported(root: Path, start: Start) -> None:
    _, told = start(root)
    told.armed.get(timeout=PATIENCE_S)
    for name in (".git", "node_modules", "x.pyc", "x~"):
        (root / name).write_text("x")
        told.until(root / name)


def test_temporary_files_are_not_reported_and_what_they_become_is(root: Path, start: Start) -> None:
    _, told = start(root)
    told.armed.get(timeout=PATIENCE_S)
    (root / "meta.json.x1.tmp").write_text("x")
    (root / "meta.json.x1.tmp").rename(root / "meta.json")
    assert set(told.until(root / "meta.json")) == {str(root / "meta.json")}


def test_a_root_that_appears_is_said_and_watched(root: Path, start: Start, tmp_path: Path) -> None:
    late = tmp_path / "late"
    _, told = start(late)
    late.mkdir()
    assert told.roots.get(timeout=PATIENCE_S) == late
    assert told.armed.get(timeout=PATIENCE_S) == (late,)
    (late / "file").write_text("x")
    told.until(late / "file")


def test_a_root_that_is_made_again_is_watched_again(root: Path, start: Start) -> None:
    _, told = start(root)
    told.armed.get(timeout=PATIENCE_S)
    shutil.rmtree(root)
    assert told.roots.get(timeout=PATIENCE_S) == root
    root.mkdir()
    assert told.roots.get(timeout=PATIENCE_S) == root
    assert told.armed.get(timeout=PATIENCE_S) == (root,)
    (root / "file").write_text("x")
    told.until(root / "file")


def test_a_large_root_is_watched_only_where_it_is_asked_for(root: Path, start: Start) -> None:
    for name in ("hot", "cold"):
        (root / name).mkdir()
    hub, told = start(root, budget=2)
    assert told.modes.get(timeout=PATIENCE_S) is WatchMode.INOTIFY
    hub.focus([root / "hot"])
    assert told.armed.get(timeout=PATIENCE_S) == (root / "hot",)
    (root / "cold" / "file").write_text("x")
    (root / "hot" / "file").write_text("x")
    assert str(root / "cold" / "file") not in told.until(root / "hot" / "file")
    hub.focus([root / "hot", root / "cold"])
    assert told.armed.get(timeout=PATIENCE_S) == (root / "hot", root / "cold")
    (root / "cold" / "file").write_text("y")
    told.until(root / "cold" / "file")


def test_what_is_asked_for_may_be_missing(root: Path, start: Start) -> None:
    (root / "hot").mkdir()
    hub, told = start(root, budget=0)
    hub.focus([root / "missing", root / "hot"])
    assert told.armed.get(timeout=PATIENCE_S) == (root / "hot",)


def test_entries_of_containers_are_noticed_without_a_watch(root: Path, start: Start) -> None:
    hub, told = start(root, budget=0)
    hub.contain(root, {str(root): mtime_ns(root)})
    (root / "new").mkdir()
    assert told.roots.get(timeout=PATIENCE_S) == root


def test_where_inotify_is_silent_it_is_not_asked(root: Path, start: Start) -> None:
    hub, told = start(root, silent=lambda _: True)
    assert told.modes.get(timeout=PATIENCE_S) is WatchMode.POLL
    assert told.armed.empty()
    assert hub.mode is WatchMode.POLL


def test_out_of_watches_less_is_watched_and_it_is_said(
    root: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "hot").mkdir()

    def limited(paths: tuple[Path, ...], on_paths: Callable[[frozenset[str]], None]) -> Arm:
        if root in paths:
            raise OSError("OS file watch limit reached.")
        return Arm(paths, on_paths)

    monkeypatch.setattr("cockpit.runtime.arm.Arm", limited)
    hub, told = start(root)
    hub.focus([root / "hot"])
    assert told.modes.get(timeout=PATIENCE_S) is WatchMode.DEGRADED
    assert told.armed.get(timeout=PATIENCE_S) == (root / "hot",)
    (root / "hot" / "file").write_text("x")
    told.until(root / "hot" / "file")
    assert hub.mode is WatchMode.DEGRADED


def test_without_any_watch_it_lives_on(root: Path, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(paths: tuple[Path, ...], on_paths: Callable[[frozenset[str]], None]) -> Arm:
        raise OSError("too many open files")

    monkeypatch.setattr("cockpit.runtime.arm.Arm", refuse)
    hub, told = start(root)
    hub.contain(root, {str(root): mtime_ns(root)})
    assert told.modes.get(timeout=PATIENCE_S) is WatchMode.DEGRADED
    (root / "new").mkdir()
    assert told.roots.get(timeout=PATIENCE_S) == root


def test_an_arm_refuses_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Arm([tmp_path / "missing"], lambda _: None)


def test_a_name_that_is_no_text_ends_the_watch_and_a_new_one_is_made(root: Path, start: Start) -> None:
    _, told = start(root)
    told.armed.get(timeout=PATIENCE_S)
    (root / os.fsdecode(b"caf\xe9")).write_text("x")
    assert told.armed.get(timeout=PATIENCE_S) == (root,), "what changed meanwhile must be looked for"
    (root / "file").write_text("x")
    told.until(root / "file")


def test_single_files_are_watched_from_anywhere(root: Path, start: Start, tmp_path: Path) -> None:
    hub, _ = start(root)
    changes = threading.Semaphore(0)
    file = tmp_path / "elsewhere" / "journal"
    leave = hub.watch_file(file, changes.release)
    file.parent.mkdir()
    file.write_text("1")
    assert changes.acquire(timeout=PATIENCE_S)
    file.write_text("22")
    assert changes.acquire(timeout=PATIENCE_S)
    file.unlink()
    assert changes.acquire(timeout=PATIENCE_S)
    leave()
    again = threading.Event()
    hub.watch_file(file, again.set)
    file.write_text("333")
    assert again.wait(PATIENCE_S)
    assert not changes.acquire(blocking=False)


def test_a_callback_that_fails_does_not_end_the_watch(root: Path, start: Start) -> None:
    hub, told = start(root)
    told.armed.get(timeout=PATIENCE_S)

    def fail() -> None:
        raise RuntimeError("gone")

    hub.watch_file(root / "file", fail)
    (root / "file").write_text("x")
    told.until(root / "file")
    (root / "other").write_text("x")
    told.until(root / "other")


def test_stop_ends_every_thread_and_may_be_called_twice(root: Path) -> None:
    before = set(threading.enumerate())
    told = Told()
    hub = WatchHub([root], told.hints)
    hub.start()
    told.armed.get(timeout=PATIENCE_S)
    hub.stop()
    hub.stop()
    assert set(threading.enumerate()) == before


def test_counts_directories_only_up_to_the_budget(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"d{number}" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path)
    assert not exceeds(tmp_path, 11)
    assert exceeds(tmp_path, 10)


def test_only_the_topmost_directories_need_a_watch(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "b", tmp_path / "a", tmp_path / "ab", tmp_path / "a" / "b" / "c"]
    assert set(topmost(paths)) == {tmp_path / "a", tmp_path / "ab"}


MOUNTINFO = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:30 / /mnt/team rw - nfs4 server:/export rw,vers=4.2
31 30 0:31 / /mnt/team/local rw shared:2 master:1 - xfs /dev/sdb rw
32 22 0:32 / /mnt/with\040space rw - fuse.sshfs host: rw
33 22 0:33 / /mnt/over rw - nfs host:/ rw
34 22 0:34 / /mnt/over rw - tmpfs none rw
broken line
35 22 0:35 / /mnt/short
"""


@pytest.mark.parametrize(
    ("path", "kind", "silent"),
    [
        ("/home", "ext4", False),
        ("/mnt/team/runs", "nfs4", True),
        ("/mnt/team", "nfs4", True),
        ("/mnt/teamwork", "ext4", False),
        ("/mnt/team/local/runs", "xfs", False),
        ("/mnt/with space/runs", "fuse.sshfs", True),
        ("/mnt/over/runs", "tmpfs", False),
    ],
)
def test_tells_filesystems_apart(path: str, kind: str, silent: bool) -> None:
    assert filesystem_type(Path(path), MOUNTINFO) == kind
    assert is_silent(Path(path), MOUNTINFO) is silent


def test_without_mountinfo_inotify_is_trusted() -> None:
    assert parse_mountinfo(b"") == []
    assert filesystem_type(Path("/x"), b"") is None
    assert not is_silent(Path("/x"), b"")


def test_a_watched_directory_that_is_made_again_is_watched_again(root: Path, start: Start) -> None:
    (root / "hot").mkdir()
    hub, told = start(root, budget=0)
    hub.focus([root / "hot"])
    assert told.armed.get(timeout=PATIENCE_S) == (root / "hot",)
    (root / "hot").rename(root / "old")
    (root / "hot").mkdir()
    assert told.armed.get(timeout=PATIENCE_S) == (root / "hot",)
    (root / "hot" / "file").write_text("x")
    told.until(root / "hot" / "file")
