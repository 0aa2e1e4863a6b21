"""The journal: what is appended is there, whole, in order and private."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.errors import CockpitError, UsageError
from cockpit.journal.codec import GENESIS, MAX_LINE, canonical, digest, seal
from cockpit.journal.files import JournalError
from cockpit.journal.log import LOST, REPAIRED, Journal
from cockpit.journal.reader import START, Cursor
from cockpit.journal.verify import NO_ANCHOR, verify
from cockpit.models.journal import Actor, Entry
from cockpit.models.problem import Problem
from tests.conftest import NOW

ALICE = Actor(user="root", real_user="alice", tty="/dev/pts/1", ssh_peer="192.0.2.7")
NASTY = "[/x] [@click=app.quit]x[/] \x1b]52;c;aGk=\x07 \0 \u202eRTL \n\r\t 🧯 " + "x" * 5000


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Journal:
    return Journal(tmp_path / ".cockpit" / "journal.jsonl", ALICE, clock)


def test_an_entry_is_one_canonical_line_chained_to_the_one_before(journal: Journal) -> None:
    first = journal.append("checklist.tick", {"target": "run-1", "z": 1, "a": "ä"})
    second = journal.append("incident.note", {"text": "b"}, incident="INC-1")
    lines = journal.path.read_bytes().split(b"\n")
    assert lines[2] == b""
    assert lines[0] == canonical(first.model_dump(mode="json"))
    assert lines[0].startswith(
        b'{"actor":{"real_user":"alice","ssh_peer":"192.0.2.7","tty":"/dev/pts/1","user":"root"}'
    )
    assert '"data":{"a":"ä","target":"run-1","z":1}'.encode() in lines[0]
    assert (first.seq, first.prev, first.at) == (1, GENESIS, datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    assert (second.seq, second.prev, second.incident) == (2, first.hash, "INC-1")
    assert first.hash == digest(first.model_dump(mode="json"))
    assert list(journal.entries()) == [first, second]
    assert verify(journal.path).model_dump() == {
        "ok": True, "entries": 2, "line": None, "reason": None, "torn": 0, "head": second.hash, "note": None,
    }  # fmt: skip


def test_hostile_text_is_recorded_and_comes_back_as_it_was(journal: Journal) -> None:
    entry = journal.append("note.x", {"text": NASTY, "file": "bad\udcffname", "nested": {"list": [NASTY, None, 1.5]}})
    assert entry.data == {"text": NASTY, "file": "bad\\udcffname", "nested": {"list": [NASTY, None, 1.5]}}
    assert list(Journal.read(journal.path)) == [entry]
    assert journal.path.read_bytes().count(b"\n") == 1


def test_what_cannot_be_recorded_is_refused_before_anything_is_written(journal: Journal) -> None:
    with pytest.raises(UsageError, match="too much"):
        journal.append("note.x", {"text": "x" * MAX_LINE})
    with pytest.raises(ValueError, match="not an event kind"):
        journal.append("Note X")
    with pytest.raises(TypeError):
        journal.append("note.x", {"object": object()})
    deep: dict[str, object] = {}
    for _ in range(230):
        deep = {"d": deep}
    with pytest.raises(ValueError, match="cannot be read back"):
        journal.append("note.x", deep)
    assert list(journal.entries()) == []
    assert journal.append("note.x").seq == 1


def test_an_absent_journal_is_an_empty_one(journal: Journal) -> None:
    problems: list[Problem] = []
    assert list(journal.entries(problems)) == []
    assert problems == []
    assert journal.follow().entries == ()
    assert verify(journal.path).ok
    assert not journal.path.parent.exists()


def test_the_state_of_one_person_is_private_whatever_the_umask(journal: Journal) -> None:
    before = os.umask(0)
    try:
        journal.append("a.b")
    finally:
        os.umask(before)
    assert _modes(journal.path.parent) == {".": 0o700, "journal.jsonl": 0o600, "journal.jsonl.lock": 0o600}


def test_a_group_writable_root_makes_state_its_group_can_share(tmp_path: Path, clock: Clock) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    root.chmod(0o775)
    before = os.umask(0o077)
    try:
        Journal(root / ".cockpit" / "journal.jsonl", ALICE, clock).append("a.b")
    finally:
        os.umask(before)
    assert _modes(root / ".cockpit") == {".": 0o2770, "journal.jsonl": 0o660, "journal.jsonl.lock": 0o660}
    assert (root / ".cockpit").stat().st_gid == root.stat().st_gid


def _modes(directory: Path) -> dict[str, int]:
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    return {".": stat.S_IMODE(directory.stat().st_mode)} | found


def test_a_file_in_the_place_of_the_state_directory_is_a_clear_error(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "state").write_text("in the way")
    for path in (tmp_path / "state" / "journal.jsonl", tmp_path / "state" / "deeper" / "journal.jsonl"):
        with pytest.raises(JournalError) as caught:
            Journal(path, ALICE, clock).append("a.b")
        assert str(path) in str(caught.value)
        assert "nothing was recorded" in str(caught.value)
        assert isinstance(caught.value, CockpitError)


@pytest.mark.parametrize("name", ["journal.jsonl", "journal.jsonl.lock"])
def test_a_symbolic_link_is_never_followed(journal: Journal, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    journal.path.parent.mkdir()
    journal.path.with_name(name).symlink_to(victim)
    with pytest.raises(JournalError, match="symbolic link"):
        journal.append("a.b")
    assert victim.read_text() == "precious\n"


def test_a_linked_journal_is_not_read_either(journal: Journal, tmp_path: Path) -> None:
    journal.append("a.b")
    link = tmp_path / "link.jsonl"
    link.symlink_to(journal.path)
    problems: list[Problem] = []
    assert list(Journal.read(link, problems)) == []
    assert [problem.path for problem in problems] == ["link.jsonl"]
    assert not verify(link).ok


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["fifo", "directory"])
def test_what_is_no_file_neither_blocks_nor_raises_when_read(journal: Journal, make: Callable[[Path], None]) -> None:
    journal.path.parent.mkdir()
    make(journal.path)
    problems: list[Problem] = []
    assert list(journal.entries(problems)) == []
    assert len(problems) == 1
    assert len(journal.follow().problems) == 1
    assert not verify(journal.path).ok
    with pytest.raises(JournalError):
        journal.append("a.b")


def test_a_lock_that_is_held_too_long_is_an_error_not_a_hang(journal: Journal, clock: Clock) -> None:
    journal.append("a.b")
    hasty = Journal(journal.path, ALICE, clock, wait_s=0.05)
    with (journal.path.parent / "journal.jsonl.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(JournalError, match=r"another process has held .*journal\.jsonl\.lock"):
            hasty.append("a.b")
    assert hasty.append("a.b").seq == 2


def test_a_lock_file_deleted_while_it_was_waited_for_is_made_anew(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append("a.b")
    lock = journal.path.with_name("journal.jsonl.lock")
    calls: list[int] = []
    real = fcntl.flock

    def delete_first(fd: int, operation: int) -> None:
        if not calls:
            lock.unlink()
        calls.append(operation)
        real(fd, operation)

    monkeypatch.setattr(fcntl, "flock", delete_first)
    journal.append("a.b")
    assert len(calls) == 3
    assert b'"seq":2' in lock.read_bytes()


def test_a_forged_line_with_a_right_number_and_hash_breaks_the_chain(journal: Journal) -> None:
    journal.append("a.b", {"n": 1})
    line, _ = seal(seq=2, at=NOW, actor=ALICE, kind="a.b", incident=None, data={}, prev="f" * 64)
    with journal.path.open("ab") as file:
        file.write(line)
    result = verify(journal.path)
    assert (result.ok, result.line) == (False, 2)
    assert "chain" in str(result.reason)


def test_a_torn_last_line_is_set_aside_and_recorded(journal: Journal) -> None:
    first = journal.append("a.b", {"n": 1})
    torn = b'{"actor":{"real_user":"al'
    with journal.path.open("ab") as file:
        file.write(torn)
    assert list(journal.entries()) == [first]
    assert verify(journal.path).ok
    assert verify(journal.path).torn == len(torn)
    second = journal.append("a.b", {"n": 2})
    entries = list(journal.entries())
    assert [entry.kind for entry in entries] == ["a.b", REPAIRED, "a.b"]
    assert (entries[2], entries[1].prev) == (second, first.hash)
    kept = journal.path.with_name(str(entries[1].data["file"]))
    assert kept.name == "journal.jsonl.torn-1"
    assert kept.read_bytes() == torn
    assert entries[1].data["bytes"] == len(torn)
    assert verify(journal.path).ok


def test_a_torn_line_longer_than_the_repair_leaves_nothing_behind(journal: Journal) -> None:
    journal.append("a.b")
    torn = b"\0" * 200_000
    for number in (1, 2):
        with journal.path.open("ab") as file:
            file.write(torn + bytes([number]))
        journal.append("a.b")
        assert journal.path.with_name(f"journal.jsonl.torn-{number}").stat().st_size == len(torn) + 1
        assert verify(journal.path).ok
    assert [entry.kind for entry in journal.entries()] == ["a.b", REPAIRED, "a.b", REPAIRED, "a.b"]


def test_a_line_that_is_no_entry_is_passed_over_and_the_chain_goes_on(journal: Journal) -> None:
    first = journal.append("a.b")
    with journal.path.open("ab") as file:
        file.write(b"not an entry\n\n")
    second = journal.append("a.b")
    problems: list[Problem] = []
    assert list(journal.entries(problems)) == [first, second]
    assert [(problem.path, problem.line) for problem in problems] == [("journal.jsonl", 2), ("journal.jsonl", 3)]
    assert second.prev == first.hash
    result = verify(journal.path)
    assert (result.ok, result.line, result.reason, result.entries) == (False, 2, "not JSON", 1)


def test_acknowledged_entries_that_went_missing_are_recorded_and_found(journal: Journal) -> None:
    for number in range(3):
        journal.append("a.b", {"n": number})
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(lines[0])
    result = verify(journal.path)
    assert (result.ok, result.line) == (False, 2)
    assert "2 acknowledged entries are gone" in str(result.reason)
    journal.append("a.b", {"n": 4})
    entries = list(journal.entries())
    assert [entry.kind for entry in entries] == ["a.b", LOST, "a.b"]
    assert entries[1].data["expected"]["seq"] == 3
    assert entries[1].data["found"]["seq"] == 1
    result = verify(journal.path)
    assert (result.ok, result.line) == (False, 2)


def test_a_removed_journal_is_missed(journal: Journal) -> None:
    journal.append("a.b")
    journal.path.unlink()
    assert not verify(journal.path).ok
    journal.append("a.b")
    assert [entry.kind for entry in journal.entries()] == [LOST, "a.b"]


@pytest.mark.parametrize("anchor", [b"", b"{", b"\xff\0", b'{"seq": "x", "hash": 1}', b"[]" * 400])
def test_a_broken_anchor_is_no_anchor(journal: Journal, anchor: bytes) -> None:
    journal.append("a.b")
    journal.path.with_name("journal.jsonl.lock").write_bytes(anchor)
    assert verify(journal.path).ok
    assert verify(journal.path).note == NO_ANCHOR
    journal.append("a.b")
    assert verify(journal.path).entries == 2
    assert verify(journal.path).note is None


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("torn", [b"", b"torn", b"t" * 5000])
def test_a_failed_sync_leaves_the_file_as_it_was(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, code: int, torn: bytes
) -> None:
    journal.append("a.b")
    with journal.path.open("ab") as file:
        file.write(torn)
    before = journal.path.read_bytes()
    real = os.fsync

    def fail_for_the_journal(fd: int) -> None:
        if os.fstat(fd).st_ino == journal.path.stat().st_ino:
            raise OSError(code, os.strerror(code))
        real(fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_for_the_journal)
        with pytest.raises(JournalError, match=os.strerror(code)):
            journal.append("a.b")
    assert journal.path.read_bytes() == before
    assert journal.append("a.b").seq == (3 if torn else 2)
    assert verify(journal.path).ok
    assert len(list(journal.path.parent.glob("*.torn-*"))) == (1 if torn else 0)


def test_following_brings_only_what_is_new_from_any_writer(journal: Journal, clock: Clock) -> None:
    other = Journal(journal.path, Actor(user="bob", real_user="bob"), clock)
    start = journal.follow()
    assert (start.entries, start.reset) == ((), False)
    one, two = journal.append("a.b"), other.append("a.b")
    batch = journal.follow(start.cursor)
    assert (batch.entries, batch.reset, batch.more) == ((one, two), False, False)
    assert journal.follow(batch.cursor) == type(batch)((), batch.cursor)
    three = other.append("a.c")
    with journal.path.open("ab") as file:
        file.write(b"unfinished")
    batch = journal.follow(batch.cursor)
    assert batch.entries == (three,)
    assert journal.follow(batch.cursor).entries == ()


def test_following_in_small_portions(journal: Journal) -> None:
    written = [journal.append("a.b", {"n": number}) for number in range(7)]
    got: list[Entry] = []
    cursor, rounds = START, 0
    while True:
        batch = journal.follow(cursor, limit=3)
        got += batch.entries
        cursor, rounds = batch.cursor, rounds + 1
        if not batch.more:
            break
    assert (got, rounds) == (written, 3)


def test_a_replaced_or_rolled_back_journal_starts_again(journal: Journal, clock: Clock, tmp_path: Path) -> None:
    journal.append("a.b", {"n": 1})
    kept = journal.path.read_bytes()
    journal.append("a.b", {"n": 2})
    cursor = journal.follow().cursor

    journal.path.write_bytes(kept)
    shorter = journal.follow(cursor)
    assert (shorter.reset, [entry.data for entry in shorter.entries]) == (True, [{"n": 1}])

    # Rolled back and grown beyond the cursor: only the chain tells.
    journal.path.with_name("journal.jsonl.lock").unlink()
    for number in (3, 4):
        journal.append("a.b", {"n": number})
    assert journal.path.stat().st_size > cursor.offset
    again = journal.follow(cursor)
    assert again.reset
    assert [entry.data["n"] for entry in again.entries] == [1, 3, 4]

    other = Journal(tmp_path / "other.jsonl", ALICE, clock)
    for number in range(9):
        other.append("a.b", {"n": number})
    other.path.replace(journal.path)
    replaced = journal.follow(again.cursor)
    assert (replaced.reset, len(replaced.entries)) == (True, 9)

    journal.path.unlink()
    gone = journal.follow(replaced.cursor)
    assert (gone.reset, gone.entries, gone.cursor) == (True, (), START)


def test_a_line_without_end_costs_no_memory_and_no_entry(journal: Journal) -> None:
    first = journal.append("a.b")
    with journal.path.open("ab") as file:
        file.write(b"x" * (3 * MAX_LINE) + b"\n")
    second = journal.append("a.b")
    problems: list[Problem] = []
    assert list(journal.entries(problems)) == [first, second]
    assert [problem.line for problem in problems] == [2]
    assert verify(journal.path).line == 2
    assert journal.follow().cursor == Cursor(
        device=journal.path.stat().st_dev,
        inode=journal.path.stat().st_ino,
        offset=journal.path.stat().st_size,
        line=3,
        hash=second.hash,
    )
