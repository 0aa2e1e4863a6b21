"""Properties of the journal over generated entries and damage."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cockpit.clock import fixed_clock
from cockpit.journal.log import REPAIRED, Journal
from cockpit.journal.reader import START
from cockpit.journal.verify import verify
from cockpit.models.journal import Actor, Entry

ACTOR = Actor(user="alice", real_user="alice")
CLOCK = fixed_clock(datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC))

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
datas = st.lists(st.dictionaries(st.text(), json_values, max_size=3), min_size=1, max_size=5)


@contextmanager
def written(values: list[dict[str, Any]]) -> Iterator[tuple[Journal, list[Entry]]]:
    """A journal with one entry a value."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl", ACTOR, CLOCK)
        yield journal, [journal.append("a.b", value) for value in values]


@given(datas)
@settings(deadline=None)
def test_what_is_read_is_what_was_appended(values: list[dict[str, Any]]) -> None:
    with written(values) as (journal, entries):
        assert list(journal.entries()) == entries
        assert [entry.data for entry in entries] == values
        assert verify(journal.path).ok


@given(datas, st.data())
@settings(deadline=None)
def test_any_changed_byte_is_found(values: list[dict[str, Any]], data: st.DataObject) -> None:
    with written(values) as (journal, _):
        raw = bytearray(journal.path.read_bytes())
        place = data.draw(st.integers(0, len(raw) - 1))
        line = raw[:place].count(b"\n") + 1
        raw[place] ^= data.draw(st.integers(1, 255))
        journal.path.write_bytes(raw)
        result = verify(journal.path)
        assert not result.ok
        assert result.line == line
        assert result.entries == line - 1


@given(datas, st.data())
@settings(deadline=None)
def test_deleted_duplicated_and_swapped_lines_are_found(values: list[dict[str, Any]], data: st.DataObject) -> None:
    with written(values) as (journal, _):
        lines = journal.path.read_bytes().splitlines(keepends=True)
        place = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["delete", "duplicate", "swap", "insert"]))
        first_bad = place + 1
        if how == "delete":
            del lines[place]
        elif how == "duplicate":
            lines.insert(place, lines[place])
            first_bad += 1
        elif how == "insert":
            lines.insert(place, data.draw(st.sampled_from([b"\n", b"{}\n", b"null\n", b" " + lines[place]])))
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            assume(other != place)
            lines[place], lines[other] = lines[other], lines[place]
            first_bad = min(place, other) + 1
        journal.path.write_bytes(b"".join(lines))
        result = verify(journal.path)
        assert (result.ok, result.line) == (False, first_bad)


@given(datas, st.data())
@settings(deadline=None)
def test_a_cut_end_is_found(values: list[dict[str, Any]], data: st.DataObject) -> None:
    with written(values) as (journal, _):
        raw = journal.path.read_bytes()
        journal.path.write_bytes(raw[: data.draw(st.integers(0, len(raw) - 1))])
        assert not verify(journal.path).ok


@given(datas, st.binary(min_size=1, max_size=300))
@settings(deadline=None)
def test_foreign_bytes_at_the_end_never_hurt(values: list[dict[str, Any]], garbage: bytes) -> None:
    with written(values) as (journal, entries):
        before = journal.path.read_bytes()
        journal.path.write_bytes(before + garbage)
        assert list(journal.entries()) == entries
        assert list(journal.follow().entries) == entries
        result = verify(journal.path)
        assert result.ok == (b"\n" not in garbage)
        after = journal.append("a.c")
        got = list(journal.entries())
        assert (got[: len(entries)], got[-1]) == (entries, after)
        torn = garbage.rpartition(b"\n")[2]
        assert [entry.kind for entry in got[len(entries) :]] == ([REPAIRED] if torn else []) + ["a.c"]
        if torn:
            assert journal.path.with_name("journal.jsonl.torn-1").read_bytes() == torn


@given(datas, st.lists(st.integers(1, 3), min_size=1, max_size=5))
@settings(deadline=None)
def test_following_in_any_portions_brings_everything_once(values: list[dict[str, Any]], limits: list[int]) -> None:
    with written(values) as (journal, entries):
        got: list[Entry] = []
        cursor, turn = START, 0
        while len(got) < len(entries):
            batch = journal.follow(cursor, limit=limits[turn % len(limits)])
            assert not batch.reset
            got += batch.entries
            cursor, turn = batch.cursor, turn + 1
        assert got == entries
        assert journal.follow(cursor).entries == ()
