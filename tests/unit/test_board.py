"""The live board on real files: what changes on disk shows, in few snapshots, and nothing shows while nothing does."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cockpit.models.run import Run, RunRef
from cockpit.models.snapshot import Snapshot, WatchMode
from cockpit.runtime.board import Board
from cockpit.runtime.census import Census
from cockpit.runtime.publisher import Publisher, Throttle
from cockpit.runtime.reader import RunReader
from cockpit.runtime.scanner import ScanEvents, Scanner
from cockpit.runtime.sweep import Pace
from cockpit.runtime.table import RunTable
from cockpit.sources.base import Source
from tests.conftest import NOW
from tests.unit.fake_source import FakeSource, judge, make_run

PATIENCE_S = 60.0
NEVER = 3600.0
NO_SWEEP = Pace(sweep_s=NEVER, poll_s=NEVER)


class Screen:
    """Stands in for the screen: collects snapshots and waits for one that shows something."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self._arrived = threading.Condition()

    def __call__(self, snapshot: Snapshot) -> None:
        with self._arrived:
            self.snapshots.append(snapshot)
            self._arrived.notify_all()

    def wait(self, shows: Callable[[Snapshot], bool]) -> Snapshot:
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: bool(self.snapshots) and shows(self.snapshots[-1]), PATIENCE_S)
            assert arrived, f"never shown; last: {self.snapshots[-1:]}"
            return self.snapshots[-1]


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


Make = Callable[..., tuple[Board, Screen]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "runs"
    path.mkdir()
    return path


@pytest.fixture
def live(root: Path) -> Iterator[Make]:
    boards: list[Board] = []

    def make(source: Source | None = None, *, roots: Sequence[Path] = (), **options: object) -> tuple[Board, Screen]:
        chosen = source or FakeSource()
        options = {"pace": NO_SWEEP, "tick_s": 0.05} | options
        board = Board(roots or [root], lambda path: [chosen] if chosen.detect(path) else [], judge, **options)  # type: ignore[arg-type]
        screen = Screen()
        board.subscribe(screen)
        boards.append(board)
        board.start()
        screen.wait(lambda snapshot: snapshot.progress.finished and snapshot.watch is not WatchMode.OFF)
        return board, screen

    yield make
    for board in boards:
        board.stop()


def state_of(snapshot: Snapshot, name: str) -> str | None:
    return next((run.state.value for run in snapshot.runs if run.id == name), None)


def shows(name: str, state: str | None) -> Callable[[Snapshot], bool]:
    return lambda snapshot: state_of(snapshot, name) == state


def test_a_change_shows(root: Path, live: Make) -> None:
    make_run(root, "a")
    make_run(root, "b")
    board, screen = live()
    make_run(root, "a", "failed")
    snapshot = screen.wait(shows("a", "failed"))
    assert state_of(snapshot, "b") == "running"
    assert board.snapshot is screen.snapshots[-1]


def test_only_the_changed_run_is_read_again_and_read_on(root: Path, live: Make) -> None:
    for name in "abc":
        make_run(root, name)
    source = FakeSource()
    _, screen = live(source)
    # Runs are looked at again once the watch stands; that must be over before counting.
    make_run(root, "a", "blocked")
    screen.wait(shows("a", "blocked"))
    source.details.clear()
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))
    assert set(source.details) == {"a"}


def test_a_new_run_shows(root: Path, live: Make) -> None:
    _, screen = live()
    make_run(root, "new", "paused")
    screen.wait(shows("new", "paused"))


def test_a_removed_run_disappears(root: Path, live: Make) -> None:
    make_run(root, "a")
    make_run(root, "b")
    _, screen = live()
    shutil.rmtree(root / "a")
    screen.wait(shows("a", None))
    assert state_of(screen.snapshots[-1], "b") == "running"


def test_a_run_that_is_moved_in_shows_and_changes_afterwards(root: Path, live: Make, tmp_path: Path) -> None:
    make_run(tmp_path / "elsewhere", "moved", "failed")
    _, screen = live()
    (tmp_path / "elsewhere" / "moved").rename(root / "moved")
    screen.wait(shows("moved", "failed"))
    make_run(root, "moved", "running")
    screen.wait(shows("moved", "running"))


def test_a_renamed_run_shows_under_its_new_name_only(root: Path, live: Make) -> None:
    make_run(root, "before")
    _, screen = live()
    (root / "before").rename(root / "after")
    screen.wait(lambda snapshot: [run.id for run in snapshot.runs] == ["after"])


def test_a_root_that_is_deleted_and_made_again_comes_alive(root: Path, live: Make) -> None:
    make_run(root, "a")
    _, screen = live()
    shutil.rmtree(root)
    snapshot = screen.wait(lambda snapshot: not snapshot.runs and snapshot.roots[0].error is not None)
    assert snapshot.roots[0].error == "no such file or directory"
    make_run(root, "b", "waiting")
    screen.wait(shows("b", "waiting"))
    assert screen.snapshots[-1].roots[0].error is None
    make_run(root, "b", "failed")
    screen.wait(shows("b", "failed"))


def test_a_root_that_is_replaced_at_once_is_noticed(root: Path, live: Make, tmp_path: Path) -> None:
    make_run(root, "a")
    make_run(tmp_path / "other", "b")
    _, screen = live()
    root.rename(tmp_path / "old")
    (tmp_path / "other").rename(root)
    screen.wait(lambda snapshot: [run.id for run in snapshot.runs] == ["b"])
    make_run(root, "b", "failed")
    screen.wait(shows("b", "failed"))


def test_a_missing_root_is_said_to_be_missing_and_comes_alive_when_it_is_made(live: Make, tmp_path: Path) -> None:
    late = tmp_path / "deep" / "late"
    _, screen = live(roots=[late])
    assert screen.snapshots[-1].roots[0].error is not None
    make_run(late, "a")
    screen.wait(shows("a", "running"))


def test_one_missing_root_does_not_hold_up_the_others(root: Path, live: Make, tmp_path: Path) -> None:
    make_run(root, "a")
    _, screen = live(roots=[tmp_path / "missing", root])
    snapshot = screen.wait(shows("a", "running"))
    assert [status.error is None for status in snapshot.roots] == [False, True]


def test_a_half_written_file_is_never_shown_as_broken(root: Path, live: Make) -> None:
    make_run(root, "a")
    source = FakeSource()
    _, screen = live(source)
    torn = threading.Event()
    source.before_detail = lambda _: torn.set()
    (root / "a" / "status").write_text("")
    assert torn.wait(PATIENCE_S)
    source.before_detail = lambda _: None
    make_run(root, "a", "succeeded")
    screen.wait(shows("a", "succeeded"))
    assert {state_of(snapshot, "a") for snapshot in screen.snapshots} - {None} <= {"running", "succeeded"}


def test_a_file_that_stays_broken_is_shown_as_broken(root: Path, live: Make) -> None:
    make_run(root, "a")
    _, screen = live()
    (root / "a" / "status").write_text("")
    screen.wait(shows("a", "unreadable"))


def test_a_run_the_source_stumbles_over_is_stale_and_the_rest_lives_on(root: Path, live: Make) -> None:
    make_run(root, "a")
    make_run(root, "b")
    _, screen = live()
    make_run(root, "a", "boom")
    snapshot = screen.wait(lambda snapshot: bool(snapshot.stale))
    assert state_of(snapshot, "a") == "running"
    make_run(root, "b", "failed")
    screen.wait(shows("b", "failed"))


def test_a_burst_of_500_runs_comes_in_few_snapshots(root: Path, live: Make) -> None:
    _, screen = live()
    before = len(screen.snapshots)
    began = time.monotonic()
    for number in range(500):
        make_run(root, f"r{number}", "failed")
    screen.wait(lambda snapshot: len(snapshot.runs) == 500)
    lasted = time.monotonic() - began
    assert len(screen.snapshots) - before <= 10 * (lasted + 1)


def test_snapshots_are_immutable_and_their_numbers_grow(root: Path, live: Make) -> None:
    make_run(root, "a")
    _, screen = live()
    first = screen.snapshots[-1]
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))
    assert state_of(first, "a") == "running"
    revisions = [snapshot.revision for snapshot in screen.snapshots]
    assert revisions == sorted(set(revisions))


def test_time_alone_makes_a_run_stuck_and_nothing_is_read_for_it(root: Path, live: Make) -> None:
    clock = HandClock()
    make_run(root, "a", f"running\nstuck={(NOW + timedelta(minutes=5)).isoformat()}")
    source = FakeSource()
    board, screen = live(source, clock=clock)
    assert state_of(screen.snapshots[-1], "a") == "running"
    source.details.clear()
    clock.now += timedelta(minutes=4)
    board.wake()
    clock.now += timedelta(minutes=2)
    board.wake()
    snapshot = screen.wait(shows("a", "stuck"))
    assert snapshot.runs[0].reasons[0].text == "silent for too long"
    assert not source.details


def test_time_alone_makes_a_run_stuck_when_the_moment_comes(root: Path, live: Make) -> None:
    soon = datetime.now(NOW.tzinfo) + timedelta(seconds=0.3)
    make_run(root, "a", f"running\nstuck={soon.isoformat()}")
    _, screen = live()
    assert screen.wait(shows("a", "stuck")).as_of >= soon


def test_a_listener_that_fails_or_left_hears_nothing_more(root: Path, live: Make) -> None:
    make_run(root, "a")
    board, screen = live()
    calls: list[str] = []

    def fail(_: Snapshot) -> None:
        calls.append("failing")
        raise RuntimeError("screen is gone")

    board.subscribe(fail)
    leave = board.subscribe(lambda _: calls.append("leaving"))
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))
    leave()
    make_run(root, "a", "blocked")
    screen.wait(shows("a", "blocked"))
    assert calls.count("failing") == 1


def test_the_detail_of_a_run_is_read_now_and_on(root: Path, live: Make) -> None:
    make_run(root, "a")
    board, screen = live()
    key = screen.snapshots[-1].runs[0].key
    board.scope(key)
    first, second = board.detail(key), board.detail(key)
    assert first is not None
    assert second is not None
    assert second.cache["previous"]
    assert board.detail("no such key") is None
    shutil.rmtree(root / "a")
    assert board.detail(key) is None
    screen.wait(lambda snapshot: not snapshot.runs)


def test_one_run_by_its_key(root: Path, live: Make) -> None:
    make_run(root, "a")
    board, screen = live()
    run = board.run(screen.snapshots[-1].runs[0].key)
    assert isinstance(run, Run)
    assert run.id == "a"
    assert board.run("no such key") is None


def test_refresh_finds_what_nobody_reported(root: Path, live: Make) -> None:
    make_run(root, "a")
    # Nothing is watched and no sweep is due: only refresh can find it.
    board, screen = live(silent=lambda _: True, tick_s=NEVER)
    assert screen.snapshots[-1].watch is WatchMode.POLL
    make_run(root, "a", "failed")
    board.refresh()
    screen.wait(shows("a", "failed"))


def test_where_inotify_is_silent_active_runs_are_polled(root: Path, live: Make) -> None:
    make_run(root, "a")
    _, screen = live(silent=lambda _: True, pace=Pace(poll_s=0.05))
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))
    make_run(root, "b", "running")
    screen.wait(shows("b", "running"))


def test_the_sweep_goes_through_all_runs_in_the_end(root: Path, live: Make) -> None:
    for number in range(5):
        make_run(root, f"r{number}", "succeeded", mtime=1_000)
    _, screen = live(silent=lambda _: True, pace=Pace(poll_s=0.02, sweep_s=0.02, slice_s=0.0), tick_s=NEVER)
    # Neither the run's directory nor its container changes: only its own turn finds it.
    status = root / "r3" / "status"
    with status.open("w") as file:
        file.write("failed")
    screen.wait(shows("r3", "failed"))


def test_large_roots_are_watched_where_something_happens(root: Path, live: Make) -> None:
    make_run(root, "active", "running")
    make_run(root, "done", "succeeded", mtime=1_000)
    _, screen = live(budget=1)
    assert screen.snapshots[-1].watch is WatchMode.INOTIFY
    make_run(root, "active", "blocked")
    screen.wait(shows("active", "blocked"))
    make_run(root, "new", "running")
    screen.wait(shows("new", "running"))
    make_run(root, "new", "failed")
    screen.wait(shows("new", "failed"))


@pytest.mark.parametrize("how", ["scope", "expect"])
def test_a_finished_run_is_watched_when_somebody_asks(root: Path, live: Make, how: str) -> None:
    make_run(root, "done", "succeeded", mtime=1_000)
    board, screen = live(budget=1)
    key = screen.snapshots[-1].runs[0].key
    if how == "scope":
        board.scope(key)
    else:
        board.expect([key])
    make_run(root, "done", "running")
    screen.wait(shows("done", "running"))


def test_nothing_is_published_while_nothing_changes(root: Path, live: Make) -> None:
    make_run(root, "a")
    source = FakeSource()
    _, screen = live(source, pace=Pace(sweep_s=0.02))
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))
    before, looks = len(screen.snapshots), threading.Semaphore(0)
    source.before_detail = lambda _: looks.release()
    for _ in range(20):
        assert looks.acquire(timeout=PATIENCE_S)
    assert len(screen.snapshots) == before


def test_a_file_elsewhere_can_be_watched(root: Path, live: Make, tmp_path: Path) -> None:
    board, _ = live()
    journal, changed = tmp_path / "state" / "journal.jsonl", threading.Semaphore(0)
    leave = board.watch_file(journal, changed.release)
    journal.parent.mkdir()
    for _ in range(2):
        with journal.open("a") as file:
            file.write("line\n")
        assert changed.acquire(timeout=PATIENCE_S)
    leave()


def test_a_file_in_the_state_folder_of_a_root_can_be_watched_and_is_no_run(root: Path, live: Make) -> None:
    make_run(root, "a")
    source = FakeSource()
    board, screen = live(source)
    changed = threading.Event()
    board.watch_file(root / ".cockpit" / "journal.jsonl", changed.set)
    make_run(root / ".cockpit", "jobs")
    (root / ".cockpit" / "journal.jsonl").write_text("line\n")
    assert changed.wait(PATIENCE_S)
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))


def test_two_boards_share_a_root_and_its_index(root: Path, live: Make) -> None:
    for number in range(20):
        make_run(root, f"r{number}", mtime=1_000 + number)
    (one, first), (other, second) = live(), live()
    make_run(root, "r3", "failed")
    for screen in (first, second):
        screen.wait(shows("r3", "failed"))
        assert not screen.snapshots[-1].problems
    one.stop()
    other.stop()
    source = FakeSource()
    _, third = live(source)
    assert state_of(third.snapshots[-1], "r3") == "failed"
    assert not source.details


def test_what_changed_is_in_the_index_after_stop(root: Path, live: Make) -> None:
    make_run(root, "a")
    board, screen = live()
    make_run(root, "a", "failed")
    screen.wait(shows("a", "failed"))
    board.stop()
    source = FakeSource()
    board, _ = live(source)
    assert state_of(board.snapshot, "a") == "failed"
    assert not source.details


def test_stop_leaves_no_thread_and_may_come_at_any_time(root: Path) -> None:
    for number in range(50):
        make_run(root, f"r{number}")
    before = set(threading.enumerate())
    source = FakeSource()
    board = Board([root], lambda _: [source], judge)
    board.start()
    board.stop()
    assert set(threading.enumerate()) == before
    never_started = Board([root], lambda _: [source], judge)
    never_started.stop()


def test_stop_does_not_wait_for_the_rest_of_a_long_scan(root: Path) -> None:
    for number in range(20):
        make_run(root, f"r{number}")
    source = FakeSource()
    reading, go_on = threading.Event(), threading.Event()

    def block(_: RunRef) -> None:
        reading.set()
        go_on.wait(PATIENCE_S)

    source.before_detail = block
    table = RunTable()
    reader = RunReader(judge, lambda: NOW)
    scanner = Scanner(Census([root], lambda _: [source]), reader, table, {}, lambda: NOW, events=ScanEvents())
    scanner.start()
    assert reading.wait(PATIENCE_S)
    scanner.close()
    go_on.set()
    scanner.stop()
    assert sum(source.details.values()) == 1


def test_an_index_that_cannot_be_used_is_a_problem_and_nothing_else(
    root: Path, live: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    make_run(root, "a")
    _, screen = live()
    make_run(root, "a", "failed")
    snapshot = screen.wait(shows("a", "failed"))
    assert any("index is not used" in problem.reason for problem in snapshot.problems)


def test_no_second_sees_more_than_ten() -> None:
    throttle, passed, now = Throttle(), list[float](), 0.0
    while now < 5:
        delay = throttle.delay(now)
        if delay == 0:
            passed.append(now)
        now += max(delay, 0.001)
    assert max(sum(1 for at in passed if start <= at < start + 1) for start in passed) <= 10
    assert len(passed) >= 35
    assert throttle.delay(100.0) == 0
    assert throttle.delay(100.001) == 0, "what follows on the heels of a change is shown at once"
    assert throttle.delay(100.002) > 0


def test_a_publisher_that_is_stopped_by_a_listener_does_not_wait_for_itself() -> None:
    done = threading.Event()
    publisher = Publisher(lambda: Snapshot(1, NOW), lambda: None, lambda: NOW)

    def stop(_: Snapshot) -> None:
        publisher.stop()
        done.set()

    publisher.subscribe(stop)
    publisher.start()
    publisher.poke()
    assert done.wait(PATIENCE_S)
