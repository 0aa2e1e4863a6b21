"""Following a file: whatever happens to it, the lines end up being the file's lines."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.runtime.tail import Tail, TailChange, TailKind, follow

NEVER = 3600.0


class Poker:
    """Stands in for the watcher: tells the tail to look, when the test says so."""

    def __init__(self) -> None:
        self.callback: Callable[[], None] | None = None

    def __call__(self, path: Path, callback: Callable[[], None]) -> Callable[[], None]:
        self.callback = callback

        def leave() -> None:
            self.callback = None

        return leave

    def poke(self) -> None:
        assert self.callback is not None
        self.callback()


@contextlib.asynccontextmanager
async def tailing(path: Path, chunk: int = 1024) -> AsyncIterator[tuple[Tail, Poker, AsyncIterator[TailChange]]]:
    poker = Poker()
    tail = Tail(path, watch=poker, interval_s=NEVER, chunk=chunk)
    async with contextlib.aclosing(tail.changes()) as changes:
        yield tail, poker, changes


async def until(changes: AsyncIterator[TailChange], done: Callable[[], bool]) -> list[TailChange]:
    """Step until `done`; a tail that misses something waits for ever, and the test's time limit ends it."""
    seen: list[TailChange] = []
    async with asyncio.timeout(20):
        while not done():
            seen.append(await anext(changes))
    return seen


def texts(tail: Tail) -> list[bytes]:
    return tail.read(0, len(tail))


async def test_gives_what_is_there_and_what_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: tail.partial == b"tw")
        assert texts(tail) == [b"one"]
        with path.open("ab") as file:
            file.write(b"o\nthree\n")
        poker.poke()
        seen = await until(changes, lambda: len(tail) == 3)
        assert seen[-1] == TailChange(TailKind.DATA, 1, 3)
        assert texts(tail) == [b"one", b"two", b"three"]
        assert tail.partial == b""


async def test_waits_for_a_file_that_does_not_exist_yet(tmp_path: Path) -> None:
    path = tmp_path / "log"
    async with tailing(path) as (tail, poker, changes):
        assert (await anext(changes)).kind is TailKind.GONE
        path.write_bytes(b"here\n")
        poker.poke()
        await until(changes, lambda: len(tail) == 1)
        assert texts(tail) == [b"here"]


async def test_truncated(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old 1\nold 2\n")
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: len(tail) == 2)
        path.write_bytes(b"new\n")
        poker.poke()
        seen = await until(changes, lambda: texts(tail) == [b"new"])
        assert [change.kind for change in seen] == [TailKind.RESET, TailKind.DATA]


async def test_rewritten_longer_than_before(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old 1\n")
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: len(tail) == 1)
        path.write_bytes(b"new 1\nnew 2\nnew 3\n")
        poker.poke()
        await until(changes, lambda: texts(tail) == [b"new 1", b"new 2", b"new 3"])


async def test_rotated_the_last_lines_of_the_old_file_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old 1\n")
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: len(tail) == 1)
        with path.open("ab") as file:
            path.rename(tmp_path / "log.1")
            file.write(b"old 2\n")
        path.write_bytes(b"new 1\n")
        poker.poke()
        seen = await until(changes, lambda: texts(tail) == [b"new 1"])
        assert TailChange(TailKind.DATA, 1, 2) in seen


async def test_vanished_and_back(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: len(tail) == 1)
        path.unlink()
        poker.poke()
        assert (await anext(changes)).kind is TailKind.GONE
        assert len(tail) == 1
        path.write_bytes(b"new 1\nnew 2\n")
        poker.poke()
        await until(changes, lambda: texts(tail) == [b"new 1", b"new 2"])


async def test_a_name_that_becomes_a_fifo_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: len(tail) == 1)
        path.unlink()
        os.mkfifo(path)
        poker.poke()
        assert (await anext(changes)).kind is TailKind.GONE


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("secret\n")
    (tmp_path / "log").symlink_to(tmp_path / "target")
    async with tailing(tmp_path / "log") as (tail, _, changes):
        assert (await anext(changes)).kind is TailKind.GONE
        assert len(tail) == 0


async def test_looks_by_itself_where_nothing_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(path, interval_s=0.02)
    async with contextlib.aclosing(tail.changes()) as changes:
        assert (await anext(changes)).kind is TailKind.GONE
        path.write_bytes(b"here\n")
        await until(changes, lambda: len(tail) == 1)


async def test_hands_over_no_more_than_was_asked_for_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 10_000)
    sizes = []
    async with contextlib.aclosing(follow(path, chunk=4096)) as chunks:
        async for chunk in chunks:
            sizes.append(len(chunk.data))
            if sum(sizes) == 10_000:
                break
    assert sizes == [0, 4096, 4096, 1808]


async def test_leaving_lets_go_of_the_watch_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x\n")
    before = open_files()
    async with tailing(path) as (tail, poker, changes):
        await until(changes, lambda: len(tail) == 1)
        assert open_files() > before
    assert poker.callback is None
    assert open_files() == before


async def test_finds_errors_in_what_was_followed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"fine\nERROR: it broke\nfine\n")
    async with tailing(path) as (tail, _, changes):
        await until(changes, lambda: len(tail) == 3)
        assert tail.next_level(0, 1, (2,)) == 1


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


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
LOOK = st.sampled_from(["not", "begin", "finish"])
STEPS = st.lists(st.tuples(WHAT, st.integers(0, 40), LOOK), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_the_lines_end_up_being_the_files_lines(
    steps: list[tuple[str, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tail") / "log"

    async def play() -> None:
        writer = Writer(path)
        async with tailing(path, chunk=64) as (tail, poker, changes):
            await anext(changes)
            for what, lines, look in [*steps, ("append", 1, "finish")]:
                writer.do(what, lines)
                if look == "not":
                    continue
                writer.do("append", 1)
                poker.poke()
                if look == "begin":
                    # The next step happens while this one is still being read.
                    await anext(changes)
                    continue
                await until(changes, lambda: [*texts(tail), tail.partial] == path.read_bytes().split(b"\n"))

    asyncio.run(play())
