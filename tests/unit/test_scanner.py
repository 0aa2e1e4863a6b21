"""The scanner without watches: what is read, in which order, and what becomes of what cannot be read."""

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef
from cockpit.models.snapshot import Snapshot
from cockpit.runtime.board import Board
from cockpit.runtime.reader import RunReader
from cockpit.sources.base import Source
from tests.conftest import NOW
from tests.unit.fake_source import FakeSource, judge, make_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "runs"
    path.mkdir()
    return path


def board(root: Path, *sources: Source, judged_by: str = "") -> Board:
    def sources_for(path: Path) -> Sequence[Source]:
        return [source for source in sources if source.detect(path)]

    return Board([root], sources_for, judge, judged_by=judged_by, clock=lambda: NOW)


def states(snapshot: Snapshot) -> dict[str, str]:
    return {run.id: run.state.value for run in snapshot.runs}


def test_finds_every_run_and_shows_the_newest_first(root: Path) -> None:
    make_run(root, "old", "failed", mtime=1_000)
    make_run(root, "new", "running", mtime=3_000)
    make_run(root, "middle", "succeeded", mtime=2_000)
    (root / "no run").mkdir()
    snapshot = board(root, FakeSource()).scan_once()
    assert [run.id for run in snapshot.runs] == ["new", "middle", "old"]
    assert states(snapshot) == {"new": "running", "middle": "succeeded", "old": "failed"}
    assert snapshot.progress.finished
    assert snapshot.progress.done == snapshot.progress.total == 3
    assert snapshot.roots[0].sources == ("fake",)
    assert snapshot.roots[0].error is None


def test_reads_the_newest_first(root: Path) -> None:
    for number in (3, 1, 5, 2, 4):
        make_run(root, f"r{number}", mtime=number * 1_000)
    source, order = FakeSource(), list[str]()
    source.before_detail = lambda ref: order.append(ref.id)
    board(root, source).scan_once()
    assert order == ["r5", "r4", "r3", "r2", "r1"]


def test_the_second_start_reads_nothing_that_did_not_change(root: Path) -> None:
    for number in range(30):
        make_run(root, f"r{number}", mtime=1_000 + number)
    first = board(root, FakeSource()).scan_once()
    source = FakeSource()
    make_run(root, "r7", "failed")
    make_run(root, "r30", "blocked")
    shutil.rmtree(root / "r8")
    second = board(root, source).scan_once()
    assert source.details == {"r7": 1, "r30": 1}
    expected = {**states(first), "r7": "failed", "r30": "blocked"}
    del expected["r8"]
    assert states(second) == expected
    third = FakeSource()
    assert states(board(root, third).scan_once()) == expected
    assert not third.details


def test_other_limits_read_everything_again(root: Path) -> None:
    make_run(root, "a")
    board(root, FakeSource(), judged_by="limits 1").scan_once()
    source = FakeSource()
    board(root, source, judged_by="limits 2").scan_once()
    assert source.details == {"a": 1}


def test_the_first_page_comes_from_the_index_alone(root: Path) -> None:
    for number in range(300):
        make_run(root, f"r{number}", mtime=1_000 + number)
    board(root, FakeSource()).scan_once()
    source = FakeSource()
    snapshot = board(root, source).first_page()
    assert [run.id for run in snapshot.runs] == [f"r{number}" for number in range(299, 99, -1)]
    assert not snapshot.progress.finished
    assert not source.details
    assert not source.fingerprints


def test_two_sources_may_share_a_root(root: Path) -> None:
    make_run(root, "a")
    snapshot = board(root, FakeSource("one"), FakeSource("two")).scan_once()
    assert sorted(run.ref.source for run in snapshot.runs) == ["one", "two"]
    assert len({run.key for run in snapshot.runs}) == 2


def test_a_run_its_source_stumbles_over_is_unreadable_and_the_others_are_not(root: Path) -> None:
    make_run(root, "bad", "boom", mtime=1_000)
    make_run(root, "good", "succeeded", mtime=1_000)
    snapshot = board(root, FakeSource()).scan_once()
    assert states(snapshot) == {"bad": "unreadable", "good": "succeeded"}
    (bad,) = (run for run in snapshot.runs if run.id == "bad")
    assert bad.problems == 1
    assert "ValueError: boom" in bad.reasons[0].text
    assert [problem.path for problem in snapshot.problems] == ["bad"]


def test_an_unreadable_run_is_tried_again_at_the_next_start(root: Path) -> None:
    make_run(root, "bad", "boom", mtime=1_000)
    board(root, FakeSource()).scan_once()
    source = FakeSource()
    board(root, source).scan_once()
    assert source.details["bad"] > 0


def test_a_run_that_was_read_well_before_stays_and_is_stale(root: Path) -> None:
    make_run(root, "a", "running")
    subject = board(root, FakeSource())
    subject.scan_once()
    make_run(root, "a", "boom")
    snapshot = subject.scan_once()
    assert states(snapshot) == {"a": "running"}
    assert snapshot.stale == {snapshot.runs[0].key}
    assert "boom" in snapshot.problems[0].reason
    make_run(root, "a", "succeeded")
    snapshot = subject.scan_once()
    assert states(snapshot) == {"a": "succeeded"}
    assert not snapshot.stale
    assert not snapshot.problems


def test_a_run_that_vanishes_while_it_is_read_disappears(root: Path) -> None:
    make_run(root, "a")
    make_run(root, "b")
    source = FakeSource()
    source.before_detail = lambda ref: shutil.rmtree(root / ref.id) if ref.id == "a" else None
    assert states(board(root, source).scan_once()) == {"b": "running"}


def test_a_half_written_file_is_given_a_moment(root: Path) -> None:
    make_run(root, "a", "")
    source, looks = FakeSource(), list[str]()

    def finish_writing(ref: RunRef) -> None:
        looks.append(ref.id)
        if len(looks) == 2:
            (root / "a" / "status").write_text("succeeded")

    source.before_detail = finish_writing
    snapshot = board(root, source).scan_once()
    assert looks == ["a", "a"]
    assert states(snapshot) == {"a": "succeeded"}
    assert snapshot.runs[0].problems == 0


def test_an_old_broken_file_is_not_waited_for(root: Path) -> None:
    make_run(root, "a", "", mtime=1_000)
    source = FakeSource()
    snapshot = board(root, source).scan_once()
    assert source.details == {"a": 1}
    assert states(snapshot) == {"a": "unreadable"}


def test_a_missing_root_is_an_error_of_the_root(tmp_path: Path) -> None:
    snapshot = board(tmp_path / "missing", FakeSource()).scan_once()
    assert snapshot.runs == ()
    assert snapshot.roots[0].error == "no such file or directory"
    assert snapshot.progress.finished


def test_a_root_that_is_a_file_is_an_error_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert board(tmp_path / "file", FakeSource()).scan_once().roots[0].error == "not a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_root_without_permission_keeps_what_was_known_of_it(root: Path) -> None:
    make_run(root, "a")
    subject = board(root, FakeSource())
    subject.scan_once()
    root.chmod(0)
    try:
        snapshot = subject.scan_once()
    finally:
        root.chmod(0o755)
    assert snapshot.roots[0].error == "permission denied"
    assert snapshot.stale == {run.key for run in snapshot.runs}
    assert states(subject.scan_once()) == {"a": "running"}


def test_a_source_that_cannot_list_keeps_its_runs_and_harms_nobody(root: Path) -> None:
    class Broken(FakeSource):
        broken = False

        def scan(self, root: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
            if self.broken:
                raise RuntimeError("no idea")
            return super().scan(root)

    make_run(root, "a")
    one, other = FakeSource("one"), Broken("other")
    subject = board(root, one, other)
    assert len(subject.scan_once().runs) == 2
    other.broken = True
    snapshot = subject.scan_once()
    assert len(snapshot.runs) == 2
    assert snapshot.roots[0].error is None
    assert snapshot.problems[0].reason == "other cannot list this root: RuntimeError: no idea"


def test_a_fifo_in_a_run_blocks_nobody(root: Path) -> None:
    os.mkfifo(make_run(root, "a") / "pipe")
    assert states(board(root, FakeSource()).scan_once()) == {"a": "running"}


def test_details_are_read_on_and_few_are_kept(root: Path) -> None:
    source = FakeSource()
    reader = RunReader(judge, lambda: NOW, keep=2)
    reader.sources = {"fake": source}
    refs = []
    for name in "abc":
        make_run(root, name)
        refs.append(source.ref(root, name))

    def read_on(ref: RunRef) -> bool:
        detail = reader.detail(ref).detail
        assert isinstance(detail, RunDetail)
        return bool(detail.cache["previous"])

    reader.scope(refs[0].key)
    assert [read_on(ref) for ref in refs] == [False, False, False]
    assert read_on(refs[0]), "the scoped one is never forgotten"
    assert read_on(refs[2])
    assert not read_on(refs[1])


def test_one_run_is_read_by_one_thread_at_a_time(root: Path) -> None:
    make_run(root, "a")
    source = FakeSource()
    inside, most = list[int](), list[int]()
    gate = threading.Barrier(2, timeout=10)

    def enter(_: RunRef) -> None:
        inside.append(1)
        most.append(len(inside))
        inside.pop()

    source.before_detail = enter
    reader = RunReader(judge, lambda: NOW)
    reader.sources = {"fake": source}
    ref = source.ref(root, "a")

    def read() -> None:
        gate.wait()
        for _ in range(50):
            reader.detail(ref)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert source.details["a"] == 100


def test_a_source_that_is_gone_takes_its_runs_along(root: Path) -> None:
    make_run(root, "a")
    reader = RunReader(judge, lambda: NOW)
    assert reader.read(FakeSource().ref(root, "a")).gone


def test_a_fingerprint_that_never_agrees_with_the_detail_is_read_once_a_start(root: Path) -> None:
    class Sloppy(FakeSource):
        def fingerprint(self, ref: RunRef) -> str:
            return "other " + super().fingerprint(ref)

    make_run(root, "a")
    for reads in (1, 1, 0):
        source = Sloppy()
        board(root, source).scan_once()
        assert sum(source.details.values()) == reads
