"""JSON Lines: whatever the bytes, nothing raises, nothing counts twice, and the lazy view says what the file says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.records import Level
from cockpit.sources.jsonl import ChainSequence, JsonlFile, Kept, decode_line, next_level
from cockpit.sources.lines import ERROR, INFO, WARN, Change


class Collector:
    """Keeps everything on channel 0, and `loud` lines also on channel 1."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, dict[str, Any]]] = []

    def visit(self, line: int, data: dict[str, Any], /) -> Kept:
        self.seen.append((line, data))
        level = {"error": ERROR, "warn": WARN}.get(str(data.get("level")), INFO)
        return Kept(3 if data.get("loud") else 1, level)


@dataclass(frozen=True)
class Entry:
    """A decoded line."""

    line: int
    data: str
    level: Level


def make(line: int, data: dict[str, Any]) -> Entry:
    level = {"error": Level.ERROR, "warn": Level.WARN}.get(str(data.get("level")), Level.INFO)
    return Entry(line, json.dumps(data, sort_keys=True), level)


def jsonl(path: Path) -> JsonlFile[Collector]:
    return JsonlFile(path, "a.jsonl", Collector, channels=2)


RECORDS = st.dictionaries(st.sampled_from(["level", "loud", "n"]), st.sampled_from(["error", "warn", "x", 1, True]))
LINES = st.one_of(
    RECORDS.map(lambda data: json.dumps(data).encode()), st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b""))
)


@given(st.lists(LINES, max_size=30), st.lists(st.integers(0, 400), max_size=4))
def test_reading_on_sees_what_reading_at_once_sees(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(b"")
    grown = jsonl(path)
    written = 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        with path.open("ab") as file:
            file.write(data[written:cut])
        written = cut
        grown.refresh()
    once = jsonl(path)
    once.refresh()
    assert grown.visitor.seen == once.visitor.seen
    assert grown.problems == once.problems
    for channel in (0, 1):
        assert list(grown.sequence(make, channel)) == list(once.sequence(make, channel))
    expected = [
        (i, data) for i, data in ((i, decode_line(raw)[0]) for i, raw in enumerate(lines, 1)) if data is not None
    ]
    assert once.visitor.seen == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_an_object_or_a_reason(raw: bytes) -> None:
    data, reason = decode_line(raw)
    assert data is None or isinstance(data, dict)
    if data is None:
        assert reason or not raw.strip()


@pytest.mark.parametrize(
    ("raw", "data", "reason"),
    [
        (b'{"a": 1}', {"a": 1}, None),
        (b'\xef\xbb\xbf{"a": 1}\r', {"a": 1}, None),
        (b"", None, None),
        (b"  \t", None, None),
        (b"[1, 2]", None, "array"),
        (b'"text"', None, "string"),
        (b"null", None, "null"),
        (b"12", None, "number"),
        (b"true", None, "boolean"),
        (b'{"a": 1', None, "ends in the middle"),
        (b'{"a": "\xff"}', {"a": "\ufffd"}, "UTF-8"),
        (b'{"a": "x\0y"}', None, "not valid JSON"),
        (b'{"a": NaN}', {}, None),
        (b'{"a": "\\ud800 \\ud83d\\ude00 \\\\ud800"}', {"a": "\ufffd \U0001f600 \\ud800"}, None),
        (b"[" * 100_000, None, "nested too deeply"),
        (b'{"a":' * 3_000 + b"1" + b"}" * 3_000, None, "nested too deeply"),
        (b'{"n": ' + b"9" * 5_000 + b"}", None, "not valid JSON"),
        (b"\0\0\0", None, "NUL"),
        (b"not json at all", None, "not valid JSON"),
    ],
)
def test_broken_lines(raw: bytes, data: dict[str, Any] | None, reason: str | None) -> None:
    found, said = decode_line(raw)
    if data == {}:
        assert found is not None
        assert found["a"] != found["a"]
    elif b"9999" in raw:
        assert found is not None or said is not None  # a huge number is a float or a reason, never a crash
    else:
        assert found == data
    if reason is None:
        assert said is None
    elif b"9999" not in raw:
        assert said is not None
        assert reason in said


def test_problems_name_their_line_and_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a":1}\nbroken\n' + b"x\n" * 100 + b'{"a":2}\n{"half')
    file = jsonl(path)
    file.refresh()
    problems = file.problems
    assert (problems[0].path, problems[0].line) == ("a.jsonl", 2)
    assert len(problems) == 51
    assert "51 more" in problems[-1].reason
    assert [line for line, _ in file.visitor.seen] == [1, 103]
    assert file.file.partial == b'{"half'
    with path.open("ab") as more:
        more.write(b'":3}\n')
    assert file.refresh() is Change.GROWN
    assert file.visitor.seen[-1] == (104, {"half": 3})


def test_a_view_stays_as_it_was_while_the_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1}\n')
    file = jsonl(path)
    file.refresh()
    view = file.sequence(make)
    with path.open("ab") as more:
        more.write(b'{"n":2}\n')
    file.refresh()
    assert len(view) == 1
    assert len(file.sequence(make)) == 2
    assert view[0] == view[-1] == Entry(1, '{"n": 1}', Level.INFO)
    with pytest.raises(IndexError):
        view[1]


def test_a_replaced_file_reads_as_nothing_through_an_old_view(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":2}\n')
    file = jsonl(path)
    file.refresh()
    view = file.sequence(make)
    other = tmp_path / "b"
    other.write_bytes(b'{"m":1}\n')
    other.replace(path)
    assert file.refresh() is Change.RESET
    assert [entry.data for entry in view] == ["{}", "{}"]
    assert [entry.data for entry in file.sequence(make)] == ['{"m": 1}']
    assert file.visitor.seen == [(1, {"m": 1})]


def test_blocks_far_apart_come_out_right(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(b'{"n":%d,"loud":%s}\n' % (n, b"true" if n % 3 == 0 else b"false") for n in range(6_000)))
    file = jsonl(path)
    file.refresh()
    loud = file.sequence(make, 1)
    assert len(loud) == 2_000
    for i in (0, 1_999, 255, 256, 1_000, 0, 700):
        assert loud[i].line == 3 * i + 1
    assert [entry.line for entry in loud[1_998:]] == [5_995, 5_998]
    assert [entry.line for entry in loud] == [3 * i + 1 for i in range(2_000)]


LEVELS = st.lists(st.sampled_from(["error", "warn", "info"]), max_size=25)


@given(LEVELS, LEVELS, st.integers(-3, 60), st.sampled_from([1, -1]), st.sets(st.sampled_from(list(Level)), min_size=1))
def test_hunting_finds_what_a_loop_finds(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[str],
    second: list[str],
    start: int,
    step: int,
    levels: set[Level],
) -> None:
    folder = tmp_path_factory.mktemp("hunt")
    views: list[Sequence[Entry]] = []
    for name, part in (("a", first), ("b", second)):
        path = folder / name
        path.write_bytes(
            b"".join(b'{"level":"%s","loud":%d}\n' % (word.encode(), i % 2) for i, word in enumerate(part))
        )
        file = jsonl(path)
        file.refresh()
        views.append(file.sequence(make, 1))
    chain = ChainSequence([*views, (Entry(0, "", Level.ERROR),)])
    for entries in (*views, chain, tuple(chain)):
        plain = list(entries)
        rows = range(max(start, 0), len(plain)) if step > 0 else range(min(start, len(plain) - 1), -1, -1)
        assert next_level(entries, start, step, levels) == next((i for i in rows if plain[i].level in levels), None)


def test_a_chain_is_a_sequence() -> None:
    chain = ChainSequence([(1, 2), (), (3,)])
    assert (len(chain), list(chain), chain[0], chain[2], chain[-1], chain[1:]) == (3, [1, 2, 3], 1, 3, 3, (2, 3))
    with pytest.raises(IndexError):
        chain[3]
    assert len(ChainSequence[int]([])) == 0
