"""A followed log of any size: whatever happens to the file, the view is what a plain reader would show."""

import asyncio
import contextlib
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.runtime.big_log import BigLog, Happening, looks
from cockpit.runtime.log_file import LogLines, Span

SMALL = 16
"""Bytes of a block and of a chunk: every edge is met many times."""
NEVER = 3600.0


def small(path: Path) -> BigLog:
    return BigLog(path, chunk=SMALL, block=SMALL)


def settled(log: BigLog) -> LogLines:
    """Look until everything is counted."""
    while True:
        look = log.look(budget=1 << 20)
        if not look.more:
            assert look.lines is not None
            return look.lines


def texts(lines: LogLines) -> list[bytes]:
    return [lines.read(index, 1 << 20) for index in range(len(lines))]


def plain(data: bytes) -> list[bytes]:
    """What a plain reader shows: lines, the last one with or without its line break."""
    found = data.split(b"\n")
    return found if found[-1] else found[:-1]


LINES = st.lists(st.sampled_from([b"\n", b"a", b"word ", b"x" * 40, b"\r\n", b"\xff\0"]), max_size=40).map(b"".join)


@given(LINES)
def test_lines_numbers_and_places_are_those_of_a_plain_reader(data: bytes) -> None:
    path = _scratch() / "log"
    path.write_bytes(data)
    lines = settled(small(path))
    assert texts(lines) == plain(data)
    place = 0
    for number, text in enumerate(plain(data)):
        span = lines.span(number)
        assert span == Span(place, len(text), number)
        assert {lines.index_of(at) for at in range(place, min(span.end, len(data)))} == {number}
        assert lines.read(number, 3, 1) == text[1:4]
        place = span.end
    assert lines.index_of(len(data)) is None
    with pytest.raises(IndexError):
        lines.span(len(lines))


@given(LINES, st.integers(0, 200))
def test_before_all_is_counted_the_beginning_and_the_end_are_there(data: bytes, budget: int) -> None:
    path = _scratch() / "log"
    path.write_bytes(data)
    log = small(path)
    lines = log.look(budget).lines
    assert lines is not None
    everything = plain(data)
    if lines.gap is None:
        assert texts(lines) == everything
        return
    head = [lines.read(index, 1 << 20) for index in range(lines.gap)]
    tail = [lines.read(index, 1 << 20) for index in range(lines.gap + 1, len(lines))]
    assert everything[: len(head)] == head
    assert everything[len(everything) - len(tail) :] == tail
    assert lines.span(lines.gap) is None
    for index in range(lines.gap + 1, len(lines)):
        span = lines.span(index)
        assert span is not None
        assert span.number is None
        assert lines.index_of(span.offset) == index, "the cursor stays on its line while the numbers come"
    before = lines
    after = settled(log)
    assert texts(after) == everything
    for index in range(before.gap + 1 if before.gap is not None else 0, len(before)):
        span = before.span(index)
        assert span is not None
        assert after.read(after.index_of(span.offset) or 0, 1 << 20) == before.read(index, 1 << 20)


def test_what_is_kept_of_a_log_does_not_grow_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a line of a log\n" * 1_000_000)
    log = BigLog(path)
    tracemalloc.start()
    try:
        lines = settled(log)
        assert len(lines) == 1_000_000
        assert lines.read(765_432, 100) == b"a line of a log"
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 400_000, "less than half a byte a line"


def test_a_line_of_many_blocks_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\n" + b"0123456789" * 1_000 + b"\nlast\n")
    lines = settled(small(path))
    span = lines.span(1)
    assert span == (6, 10_000, 1)
    assert lines.read(1, 5, 9_994) == b"45678"
    assert lines.read(1, 50, 9_999) == b"9"
    assert lines.read(2, 50) == b"last"


class Writer:
    """Does to a file what producers do. Every line is unique, so that old text can never pass for new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def text(self, lines: int) -> bytes:
        self.count += 1
        return b"".join(b"%d.%d some words\n" % (self.count, number) for number in range(lines))

    def do(self, what: str, lines: int) -> None:
        data = self.text(lines)
        if what == "append":
            self._append(data)
        elif what == "partial":
            self._append(data + b"%d half a li" % self.count)
        elif what == "truncate":
            self.path.write_bytes(b"")
        elif what == "rewrite":
            self.path.write_bytes(data)
        elif what == "replace":
            other = self.path.with_suffix(".tmp")
            other.write_bytes(data)
            other.replace(self.path)
        elif what == "rotate":
            if self.path.exists():
                self.path.rename(self.path.with_suffix(".1"))
            self._append(data)
        else:
            self.path.unlink(missing_ok=True)

    def _append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)


WHAT = st.sampled_from(["append", "append", "append", "partial", "truncate", "rewrite", "replace", "rotate", "delete"])
STEPS = st.lists(
    st.tuples(WHAT, st.integers(0, 40), st.sampled_from(["not", "begin", "finish"])), min_size=1, max_size=12
)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_the_view_is_what_a_plain_reader_shows(steps: list[tuple[str, int, str]]) -> None:
    path = _scratch() / "log"
    path.unlink(missing_ok=True)
    writer, log = Writer(path), BigLog(path, chunk=64, block=SMALL)
    for what, lines, look in [*steps, ("append", 1, "finish")]:
        writer.do(what, lines)
        if look == "not":
            continue
        writer.do("append", 1)
        if look == "begin":
            # The next step happens while this one is still being counted.
            log.look(budget=1)
        else:
            assert texts(settled(log)) == plain(path.read_bytes())


@pytest.mark.parametrize(
    ("what", "happening"),
    [
        ("append", Happening.GROWN),
        ("replace", Happening.REPLACED),
        ("rotate", Happening.REPLACED),
        ("rewrite", Happening.REWRITTEN),
        ("truncate", Happening.REWRITTEN),
        ("delete", Happening.GONE),
    ],
)
def test_what_happened_is_told(tmp_path: Path, what: str, happening: Happening) -> None:
    writer = Writer(tmp_path / "log")
    writer.do("append", 9)
    log = small(writer.path)
    assert log.look().happening is Happening.OPENED
    settled(log)
    assert log.look().happening is Happening.SAME
    writer.do(what, 3)
    assert log.look().happening is happening


def test_gone_what_was_read_still_stands_and_the_name_may_come_back(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    log = small(path)
    settled(log)
    path.unlink()
    look = log.look()
    assert look.happening is Happening.GONE
    assert look.lines is not None
    assert texts(look.lines) == [b"old"]
    assert log.look().happening is Happening.SAME
    path.write_bytes(b"new\n")
    assert log.look().happening is Happening.REPLACED
    assert texts(settled(log)) == [b"new"]


def test_a_fifo_and_a_link_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("secret\n")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "missing"):
        look = small(tmp_path / name).look()
        assert (look.happening, look.lines) == (Happening.GONE, None)


def test_the_file_is_let_go_of_with_the_last_that_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x\n")
    before = open_files()
    log = small(path)
    lines: LogLines | None = settled(log)
    assert open_files() == before + 1
    path.unlink()
    path.write_bytes(b"y\n")
    settled(log)
    assert open_files() == before + 2, "what is on the screen stays readable"
    del lines, log
    assert open_files() == before


class Poker:
    """Stands in for the watcher: tells that the file changed, when the test says so."""

    def __init__(self) -> None:
        self.callback: Callable[[], None] | None = None

    def __call__(self, path: Path, callback: Callable[[], None]) -> Callable[[], None]:
        self.callback = callback

        def leave() -> None:
            self.callback = None

        return leave


async def test_looks_again_when_the_watcher_says_so_and_leaves_the_watch(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    poker = Poker()
    async with asyncio.timeout(20), contextlib.aclosing(looks(small(path), watch=poker, interval_s=NEVER)) as seen:
        look = await anext(seen)
        while look.more:
            look = await anext(seen)
        with path.open("ab") as file:
            file.write(b"two\n")
        assert poker.callback is not None
        poker.callback()
        look = await anext(seen)
        assert look.lines is not None
        assert texts(look.lines) == [b"one", b"two"]
    assert poker.callback is None


async def test_looks_by_itself_where_nothing_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "log"
    async with asyncio.timeout(20), contextlib.aclosing(looks(small(path), interval_s=0.02)) as seen:
        assert (await anext(seen)).happening is Happening.GONE
        path.write_bytes(b"here\n")
        assert (await anext(seen)).happening is Happening.OPENED


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


_SCRATCH: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def _directory(tmp_path_factory: pytest.TempPathFactory) -> None:
    _SCRATCH.append(tmp_path_factory.mktemp("logs"))


def _scratch() -> Path:
    return _SCRATCH[-1]
