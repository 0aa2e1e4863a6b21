"""Pinned evidence: what was there, and whether it still is."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.errors import CockpitError, UsageError
from cockpit.incidents import events, pins
from cockpit.models.incident import Pin, PinState
from cockpit.runtime.evidence import EvidenceReader
from tests.unit.incident_samples import entry, incident


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    (made / "run-1").mkdir(parents=True)
    (made / "run-1" / "a.log").write_bytes(b"one\ntwo: boom\nthree")
    return made


def pinned(root: Path, place: str) -> Pin:
    found = pins.find([EvidenceReader(root)], place)
    return incident(entry(2, events.PIN, found)).pins[0]


def state(pin: Pin, root: Path) -> PinState:
    return pins.state(pin, EvidenceReader(root))


def test_a_line_is_pinned_with_its_words_and_its_hash(root: Path) -> None:
    pin = pinned(root, "run-1/a.log:2")
    assert (pin.path, pin.line, pin.quote, pin.size) == ("run-1/a.log", 2, "two: boom", 19)
    assert pin.sha256 == hashlib.sha256(b"two: boom").hexdigest()
    assert abs(pin.modified_at.timestamp() - (root / "run-1/a.log").stat().st_mtime) < 0.001
    assert state(pin, root) is PinState.SAME


def test_a_log_that_grows_keeps_its_line_and_changes_as_a_file(root: Path) -> None:
    line, last, whole = (pinned(root, f"run-1/a.log{part}") for part in (":2", ":3", ""))
    assert whole.sha256 == hashlib.sha256((root / "run-1/a.log").read_bytes()).hexdigest()
    with (root / "run-1/a.log").open("ab") as log:
        log.write(b"\nfour\n")
    assert [state(pin, root) for pin in (line, last, whole)] == [PinState.SAME, PinState.SAME, PinState.CHANGED]
    (root / "run-1/a.log").write_bytes(b"one\ntwo: fine\n")
    assert [state(pin, root) for pin in (line, last)] == [PinState.CHANGED, PinState.MISSING]
    (root / "run-1/a.log").unlink()
    assert state(whole, root) is PinState.MISSING


def test_a_changed_file_with_its_old_times_is_seen(root: Path) -> None:
    pin, path = pinned(root, "run-1/a.log"), root / "run-1/a.log"
    times = path.stat()
    path.write_bytes(path.read_bytes().replace(b"boom", b"fine"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert state(pin, root) is PinState.CHANGED


def test_places_are_found_below_the_roots_only(root: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (second / "b.log").write_text("x")
    (tmp_path / "secret").write_text("s")
    (root / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(root / "pipe")
    readers = [EvidenceReader(root), EvidenceReader(second)]
    assert pins.find(readers, "b.log")["root"] == str(second)
    assert pins.find(readers, str(root / "run-1" / "a.log") + ":1")["path"] == "run-1/a.log"
    for outside in ("../secret", "link", "/etc/hostname", "pipe", "run-1", "", "run-1/a.log:9", "a\0b"):
        with pytest.raises(CockpitError):
            pins.find(readers, outside)
    with pytest.raises(UsageError, match="has no line 4"):
        pins.find([EvidenceReader(root)], "run-1/a.log:4")
    with pytest.raises(UsageError, match="no root"):
        pins.find([], "a")


@given(st.binary(max_size=60), st.integers(1, 8))
def test_a_line_is_what_stands_between_two_breaks(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, line: int
) -> None:
    assume(not data.startswith(b"SQLite format 3\0"))  # a database has no lines
    root = tmp_path_factory.mktemp("lines")
    (root / "f").write_bytes(data)
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    reader = EvidenceReader(root)
    if line > len(lines):
        with pytest.raises(UsageError, match="no line"):
            reader.digest("f", line)
        return
    assert reader.digest("f", line).sha256 == hashlib.sha256(lines[line - 1]).hexdigest()


def test_a_huge_line_is_hashed_in_pieces_and_quoted_in_short(tmp_path: Path) -> None:
    content = b"x" * (3 << 20)
    (tmp_path / "f").write_bytes(b"a\n" + content + b"\nb\n")
    found = EvidenceReader(tmp_path).digest("f", 2)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.quote == "x" * 300
