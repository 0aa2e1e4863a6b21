"""Places in a log: what fits a filter, the next loud line, the line of a time; each as a plain loop would find it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.runtime.big_log import BigLog
from cockpit.runtime.log_file import LogLines
from cockpit.runtime.log_filter import parse_log_filter, required
from cockpit.runtime.log_matches import Matches, MatchLines
from cockpit.runtime.log_seek import Hunt, place_of_time
from cockpit.sources.line_level import ERROR, WARN
from cockpit.sources.line_telling import level_of
from cockpit.sources.line_time import time_of

SMALL = 32
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

_directory: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def _scratch(tmp_path_factory: pytest.TempPathFactory) -> None:
    _directory.append(tmp_path_factory.mktemp("places"))


def log_of(data: bytes, *, block: int = SMALL) -> LogLines:
    path = _directory[-1] / "log"
    path.write_bytes(data)
    log = BigLog(path, chunk=SMALL, block=block)
    look = log.look(1 << 20)
    while look.more:
        look = log.look(1 << 20)
    assert look.lines is not None
    return look.lines


def matched(text: str, lines: LogLines, budget: int = 1 << 20) -> MatchLines:
    wanted = parse_log_filter(text)
    assert wanted is not None
    matches = Matches(wanted, lines, chunk=SMALL)
    while matches.advance(lines, budget):
        pass
    return MatchLines(matches, lines)


def numbers(lines: MatchLines) -> list[int | None]:
    spans = [lines.span(index) for index in range(len(lines))]
    return [None if span is None else span.number for span in spans]


WORDS = [b"\n", b"\n", b"Needle", b"needle", b"error", b"0 errors", b"warn ", b"some words ", b"x" * 50, b"\xff"]
DATA = st.lists(st.sampled_from(WORDS), max_size=50).map(b"".join)
FILTERS = st.sampled_from(
    ["needle", "Needle", "!needle", "needle error", "!x needle", "n..dle", '"some words"', "is:error", "!is:warning",
     "needle|error", "^needle", "w[ao]rn", "x{3}", "is:warning !error"]
)  # fmt: skip


@settings(max_examples=300)
@given(DATA, FILTERS, st.integers(1, 100))
def test_what_fits_is_what_fits_line_by_line(data: bytes, text: str, budget: int) -> None:
    lines = log_of(data)
    found = matched(text, lines, budget)
    wanted = parse_log_filter(text)
    assert wanted is not None
    texts = [lines.read(index, 1 << 20) for index in range(len(lines))]
    expected = [number for number, line in enumerate(texts) if wanted.fits(line)]
    assert numbers(found) == expected
    for place, number in enumerate(expected):
        span = lines.span(number)
        assert span is not None
        assert found.index_of(span.offset) == place
        assert found.shows(span.offset)
        assert found.text(span, 5) == texts[number][:5]
    for number in set(range(len(texts))) - set(expected):
        span = lines.span(number)
        assert span is not None
        assert not found.shows(span.offset)


@given(DATA, st.integers(0, 60), st.sampled_from([1, -1]), st.sampled_from([WARN, ERROR]))
def test_the_hunt_finds_what_a_loop_finds(data: bytes, start: int, step: int, level: int) -> None:
    lines = log_of(data)
    if not len(lines):
        return
    start %= len(lines)
    texts = [lines.read(index, 1 << 20) for index in range(len(lines))]
    way = range(start + 1, len(lines)) if step > 0 else range(start - 1, -1, -1)
    expected = next((number for number in way if level_of(texts[number]) >= level), None)
    span = lines.span(start)
    assert span is not None
    hunt = Hunt(lines, span.offset, step, level, chunk=SMALL)
    while hunt.advance(1):
        assert 0 <= hunt.done <= 1
    assert (None if hunt.found is None else lines.index_of(hunt.found)) == expected


def test_a_hunt_stays_among_the_lines_that_are_shown() -> None:
    lines = log_of(b"error one\nerror two here\nfine here\nerror three\nerror four here\n")
    shown = matched("here", lines)
    span = shown.span(0)
    assert span is not None
    hunt = Hunt(lines, span.offset, 1, ERROR, passes=shown.shows, chunk=SMALL)
    assert not hunt.advance()
    assert hunt.found is not None
    assert lines.index_of(hunt.found) == 4


def test_a_filter_goes_on_as_the_log_grows_and_takes_the_line_in_progress_along() -> None:
    path = _directory[-1] / "growing"
    path.write_bytes(b"needle 1\nother\nneed")
    log = BigLog(path, chunk=SMALL, block=SMALL)
    wanted = parse_log_filter("needle")
    assert wanted is not None
    lines = log.look(1 << 20).lines
    assert lines is not None
    matches = Matches(wanted, lines, chunk=SMALL)
    assert not matches.advance(lines)
    assert numbers(MatchLines(matches, lines)) == [0]
    with path.open("ab") as file:
        file.write(b"le 2")
    lines = log.look(1 << 20).lines
    assert lines is not None
    matches.advance(lines)
    assert numbers(MatchLines(matches, lines)) == [0, 2], "the line in progress fits by now"
    with path.open("ab") as file:
        file.write(b"\nnothing\nneedle 3\n")
    lines = log.look(1 << 20).lines
    assert lines is not None
    matches.advance(lines)
    assert numbers(MatchLines(matches, lines)) == [0, 2, 4]


def test_a_word_far_inside_a_line_of_many_chunks_is_found() -> None:
    lines = log_of(b"short\n" + b"." * 5_000 + b"needle" + b"." * 5_000 + b"\nneedle too\n")
    assert numbers(matched("needle", lines)) == [1, 2]
    assert numbers(matched("!needle", lines)) == [0]


@pytest.mark.parametrize(
    ("text", "line", "fits"),
    [
        ("Error", b"an error", False),
        ("Error", b"an Error", True),
        ("error", b"an ERROR", True),
        ("caf\u00e9", "CAF\u00c9 ol\u00e9".encode(), True),
        ("a !b", b"a c", True),
        ("a !b", b"a b", False),
        ("!", b"wow!", True),
        ('"a b" c', b"c a b", True),
        ('"a b"', b"a  b", False),
        ("foo\\.py", b"foo.py", True),
        ("foo\\.py", b"fooxpy", False),
        ("is:error", b'{"type": "x", "error": null, "content": "fine"}', False),
        ("is:error", b'{"level": "ERROR", "message": "x"}', True),
    ],
)
def test_words_are_case_smart_expressions(text: str, line: bytes, fits: bool) -> None:
    wanted = parse_log_filter(text)
    assert wanted is not None
    assert wanted.fits(line) is fits
    assert wanted.starts(b"first\n" + line + b"\n").count(6) == fits


def test_a_broken_expression_is_refused_and_nothing_is_no_filter() -> None:
    with pytest.raises(UsageError, match=r"\(x"):
        parse_log_filter("(x")
    assert parse_log_filter("  ") is None


ATOMS = ["a", "b", "ab", ".", "[ab]", "[^a]", "\\.", "\\d", "(a)", "(ab|c)", "b?", "a*", "b+", "a{2}", "a{0,2}", "^",
         "$", "\\x61", "a|b", "(?:b)?"]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=5).map("".join), st.text("ab.c1", max_size=12))
def test_what_an_expression_requires_is_in_everything_it_finds(pattern: str, line: str) -> None:
    try:
        wanted = parse_log_filter(pattern)
    except UsageError:
        return
    assert wanted is not None
    found = wanted.terms[0].pattern
    if found is not None and found.search(line):
        assert required(pattern) in line
        assert wanted.fits(line.encode())


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b'{"ts": "2026-11-20T11:59:58Z", "x": 1}', -2),
        (b'{"note": "2020-01-01T00:00:00Z", "timestamp": "2026-11-20T12:00:03+00:00"}', 3),
        (b'{"time": 1795176005}', 5),
        (b'{"time": 1795176005500}', 5.5),
        (b"2026-11-20 12:00:07,250 INFO main: hello", 7.25),
        (b"[2026-11-20T13:00:08+01:00] hello", 8),
        (b"2026-11-20 13:00:08 +0100 hello", 8),
        (b"11:59:50 hello", -10),
        (b"23:00:00 of the day before", -13 * 3600),
        (b"took 00:99:00", None),
        (b"    at frame 12 of a stack trace", None),
        (b'{"ts": "yesterday"}', None),
        (b"2026-99-99 12:00:00", None),
    ],
)
def test_times_of_lines(line: bytes, at: float | None) -> None:
    assert time_of(line, NOON) == (None if at is None else NOON + timedelta(seconds=at))


STAMPS = st.lists(st.integers(0, 50), min_size=1, max_size=60)


@given(STAMPS, st.integers(-1, 51), st.booleans())
def test_the_line_of_a_time_in_an_ordered_log(seconds: list[int], wanted: int, traces: bool) -> None:
    moments = [NOON + timedelta(seconds=second) for second in sorted(seconds)]
    rest = "\n    at frame\n    at frame" if traces else ""
    lines = log_of("".join(f"{moment.isoformat()} line{rest}\n" for moment in moments).encode())
    offset = place_of_time(lines, NOON + timedelta(seconds=wanted), near=SMALL * 4)
    assert offset is not None
    index = lines.index_of(offset)
    place = next((n for n, moment in enumerate(moments) if moment >= NOON + timedelta(seconds=wanted)), None)
    assert index == (len(lines) - 1 if place is None else place * (3 if traces else 1))


def test_the_line_of_a_time_in_a_log_that_is_out_of_order_by_a_little() -> None:
    moments = [NOON + timedelta(seconds=number + (5 if number % 2 else -5)) for number in range(2_000)]
    lines = log_of(
        "".join(json.dumps({"ts": moment.isoformat(), "n": n}) + "\n" for n, moment in enumerate(moments)).encode()
    )
    wanted = NOON + timedelta(seconds=1_000)
    offset = place_of_time(lines, wanted, near=2_048)
    assert offset is not None
    index = lines.index_of(offset)
    assert index is not None
    assert index == next(n for n, moment in enumerate(moments) if moment >= wanted)


def test_a_log_without_times_has_no_line_of_a_time() -> None:
    assert place_of_time(log_of(b"words\n" * 50), NOON) is None
    assert place_of_time(log_of(b""), NOON) is None
