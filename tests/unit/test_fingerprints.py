"""Fingerprints: what was stamped is recognised again, and whatever changed is noticed."""

import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from cockpit.runtime import fingerprints
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.fingerprints import ABSENT, SMALL, Fingerprints


@pytest.fixture
def prints(tmp_path: Path) -> Fingerprints:
    (tmp_path / "root").mkdir()
    return Fingerprints(EvidenceReader(tmp_path / "root"))


@pytest.fixture
def root(tmp_path: Path, prints: Fingerprints) -> Path:
    assert prints.of("none") == ABSENT
    return tmp_path / "root"


def test_a_small_file_is_known_by_its_content(root: Path, prints: Fingerprints) -> None:
    path = root / "a.json"
    path.write_text("one")
    first = prints.of("a.json")
    assert first == f"sha256:{hashlib.sha256(b'one').hexdigest()}"
    os.utime(path, (1, 1))
    assert prints.of("a.json") == first, "a touch changes nothing"
    path.write_text("two")
    assert prints.of("a.json") not in (first, None, ABSENT)
    path.unlink()
    assert prints.of("a.json") == ABSENT
    path.write_text("one")
    assert prints.of("a.json") == first, "and it may come back"


def test_a_change_that_keeps_size_and_time_is_noticed(root: Path, prints: Fingerprints) -> None:
    path = root / "a.json"
    path.write_text("one")
    at = path.stat().st_mtime_ns
    first = prints.of("a.json")
    path.write_text("eno")
    os.utime(path, ns=(at, at))
    assert prints.of("a.json") != first


def test_a_file_is_hashed_again_only_when_it_changed(
    root: Path, prints: Fingerprints, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.json").write_text("one")
    first = prints.of("a.json")

    def never(_path: Path) -> str:
        raise AssertionError("hashed again")

    monkeypatch.setattr(fingerprints, "_digest", never)
    assert prints.of("a.json") == first


def test_a_large_file_is_known_by_inode_size_and_time(root: Path, prints: Fingerprints) -> None:
    path = root / "big.json"
    path.write_bytes(b"x" * (SMALL + 1))
    status = path.stat()
    assert prints.of("big.json") == f"stat:{status.st_ino}-{SMALL + 1}-{status.st_mtime_ns}"
    path.write_bytes(b"x" * SMALL)
    assert str(prints.of("big.json")).startswith("sha256:")


def test_a_line_of_a_log_stays_what_it_is_while_the_log_grows(root: Path, prints: Fingerprints) -> None:
    path = root / "events.jsonl"
    path.write_text("one\ntwo\n")
    second, whole = prints.of("events.jsonl", 2), prints.of("events.jsonl")
    assert second == f"line:{hashlib.sha256(b'two').hexdigest()}"
    assert prints.of("events.jsonl", 3) == ABSENT
    with path.open("a") as file:
        file.write("three\n")
    assert prints.of("events.jsonl", 2) == second
    assert prints.of("events.jsonl") != whole
    path.write_text("one\nTWO\nthree\n")
    assert prints.of("events.jsonl", 2) != second


def test_a_line_of_any_other_file_stands_for_the_file(root: Path, prints: Fingerprints) -> None:
    (root / "a.json").write_text("one\ntwo\n")
    assert prints.of("a.json", 2) == prints.of("a.json")


def test_what_is_no_ordinary_file_below_the_root_is_absent(root: Path, prints: Fingerprints) -> None:
    (root / "dir").mkdir()
    os.mkfifo(root / "pipe")
    (root.parent / "outside").write_text("secret")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "file").write_text("x")
    for path in ("dir", "pipe", "out", "../outside", "/etc/passwd", "file/below", "", "a\0b"):
        assert prints.of(path) == ABSENT


def test_nothing_can_be_told_of_a_database(root: Path, prints: Fingerprints) -> None:
    with sqlite3.connect(root / "dev.db") as connection:
        connection.execute("CREATE TABLE runs (id)")
    connection.close()
    assert prints.of("dev.db") is None
    assert prints.of("dev.db#run-1") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_nothing_can_be_told_of_a_file_that_cannot_be_read(root: Path, prints: Fingerprints) -> None:
    (root / "a.json").write_text("one")
    (root / "a.json").chmod(0)
    assert prints.of("a.json") is None
