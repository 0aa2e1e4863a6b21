"""The line index: any chunking gives the same index, files that grow, shrink, rotate or are replaced are noticed."""

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sources.line_index import LineIndex
from cockpit.sources.line_level import ERROR, INFO, SPAN, WARN, alarmed_lines, level_of_text
from cockpit.sources.lines import Change, FileLines

# Bytes rich in newlines and in the words that make a level.
BYTES = st.lists(
    st.sampled_from(
        [b"\n", b"\r\n", b"error", b"0 errors", b"no fail", b"WARN", b"warning: ", b"x", b"\0\xff", b"Traceback", b" "]
    ),
    max_size=60,
).map(b"".join)  # fmt: skip


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


def state(index: LineIndex) -> tuple[list[tuple[int, int]], bytes, bytes, int]:
    return [index.span(i) for i in range(len(index))], bytes(index.levels), index.partial, index.size


@given(BYTES, st.lists(st.integers(0, 500), max_size=8))
def test_any_chunking_gives_the_same_index_and_lines(data: bytes, cuts: list[int]) -> None:
    whole = LineIndex()
    lines = whole.feed(data)
    parts = LineIndex()
    fed = [line for chunk in chunked(data, cuts) for line in parts.feed(chunk)]
    assert state(parts) == state(whole)
    assert fed == lines == data.split(b"\n")[:-1]
    assert parts.partial == data.split(b"\n")[-1]


@given(BYTES, st.lists(st.integers(0, 500), max_size=8), st.integers(1, 12))
def test_long_lines_are_cut_alike_in_any_chunking(data: bytes, cuts: list[int], span: int) -> None:
    whole = LineIndex(span=span)
    lines = whole.feed(data)
    parts = LineIndex(span=span)
    fed = [line for chunk in chunked(data, cuts) for line in parts.feed(chunk)]
    assert fed == lines == [line[:span] for line in data.split(b"\n")[:-1]]
    assert [parts.span(i) for i in range(len(parts))] == [whole.span(i) for i in range(len(whole))]
    assert (parts.partial, parts.size) == (whole.partial, len(data))


@given(BYTES, st.sampled_from([WARN, ERROR]))
def test_the_alarmed_lines_of_a_portion_are_those_alarming_one_by_one(data: bytes, level: int) -> None:
    starts = [0, *(at + 1 for at in range(len(data)) if data[at : at + 1] == b"\n")]
    lines = zip(starts, data.split(b"\n"), strict=True)
    assert alarmed_lines(data, level) == [start for start, line in lines if level_of_text(line) >= level]


@given(BYTES, st.integers(-2, 40), st.sampled_from([1, -1]), st.sets(st.sampled_from([WARN, ERROR]), min_size=1))
def test_next_level_finds_what_a_loop_finds(data: bytes, start: int, step: int, levels: set[int]) -> None:
    index = LineIndex()
    index.levels[:] = bytes(map(level_of_text, index.feed(data)))
    rows = range(max(start, 0), len(index)) if step > 0 else range(min(start, len(index) - 1), -1, -1)
    assert index.next_level(start, step, levels) == next((i for i in rows if index.levels[i] in levels), None)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (b"all good", INFO),
        (b"ERROR: no", ERROR),
        (b"it FAILED", ERROR),
        (b"Traceback (most recent call last):", ERROR),
        (b"12 passed, 0 failed, 0 errors", INFO),
        (b"12 passed, 10 failed", ERROR),
        (b"no errors found", INFO),
        (b"no errors, one failure", ERROR),
        (b"DeprecationWarning", WARN),
        (b"warning: exception raised", ERROR),
        (b"x" * SPAN + b"error", INFO),
        (b'{"error": null, "is_error": false, "errors": [], "failed": 0}', INFO),
        (b'{"error": "null and void"}', ERROR),
        (b'{"error": 0.5}', ERROR),
    ],
)
def test_levels_of_a_text_log(line: bytes, level: int) -> None:
    assert level_of_text(line) == level


def test_an_index_costs_nine_bytes_a_line() -> None:
    index = LineIndex()
    index.feed(b"a line of a log\n" * 100_000)
    offsets = index._starts
    assert (offsets.itemsize * len(offsets) + len(index.levels)) / len(index) < 9.01


def test_reset_forgets_everything() -> None:
    index = LineIndex()
    index.feed(b"error\nhalf")
    index.reset()
    assert state(index) == ([], b"", b"", 0)


def test_a_growing_file_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\nth")
    seen: list[tuple[int, list[bytes]]] = []
    lines = FileLines(path, on_lines=lambda first, new: seen.append((first, new)))
    assert lines.refresh() is Change.GROWN
    assert lines.partial == b"th"
    assert lines.refresh() is Change.SAME
    with path.open("ab") as file:
        file.write(b"ree\nfail\n")
    assert lines.refresh() is Change.GROWN
    assert [lines.line(i) for i in range(len(lines))] == [b"one", b"two", b"three", b"fail"]
    assert seen == [(0, [b"one", b"two"]), (2, [b"three", b"fail"])]
    with pytest.raises(IndexError):
        lines.line(4)


@pytest.mark.parametrize("how", ["truncated", "rotated", "rewritten", "other_head", "other_tail"])
def test_another_file_starts_over(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first line\nsecond line\n")
    lines = FileLines(path)
    lines.refresh()
    old = lines.view()
    if how == "truncated":
        path.write_bytes(b"short\n")
    elif how == "rotated":
        path.rename(tmp_path / "log.1")
        path.write_bytes(b"first line\nsecond line\nthird\n")
    elif how == "rewritten":
        fresh = tmp_path / "fresh"
        fresh.write_bytes(b"new\n")
        fresh.replace(path)
    elif how == "other_head":
        path.write_bytes(b"FIRST line\nsecond line\nthird line\n")
    else:
        path.write_bytes(b"first line\nsecond LINE\nthird line\n")
    assert lines.refresh() is Change.RESET
    assert [lines.line(i) for i in range(len(lines))] == path.read_bytes().split(b"\n")[:-1]
    if how in ("rotated", "rewritten"):
        assert old.read([0, 1], SPAN) == [b"", b""]


def test_what_is_no_file_is_a_reason_and_never_blocks(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, word in (
        (fifo, "FIFO"),
        (tmp_path, "directory"),
        (tmp_path / "loop", "link"),
        (tmp_path / "no", "No such"),
    ):
        lines = FileLines(path)
        assert lines.refresh() is Change.GONE
        assert lines.problem is not None
        assert word in lines.problem
        assert len(lines) == 0


def test_a_long_line_is_cut_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * (1 << 20) + b"\nshort\n")
    lines = FileLines(path)
    lines.refresh()
    assert lines.line(0) == b"x" * SPAN + " …".encode()
    assert lines.line(1) == b"short"
    assert lines.index.span(0) == (0, 1 << 20)


def test_a_file_that_went_away_keeps_its_index_and_reads_empty(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    lines = FileLines(path)
    lines.refresh()
    path.unlink()
    assert lines.refresh() is Change.GONE
    assert len(lines) == 1
    assert lines.line(0) == b""
