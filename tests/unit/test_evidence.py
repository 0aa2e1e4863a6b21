"""The one reader of files: what it reads, and what it refuses."""

import os
from pathlib import Path

import pytest

from cockpit.errors import CockpitError, UsageError
from cockpit.runtime.evidence import EvidenceReader


@pytest.fixture
def reader(tmp_path: Path) -> EvidenceReader:
    root = tmp_path / "root"
    (root / "run" / "logs").mkdir(parents=True)
    return EvidenceReader(root)


def test_gives_the_lines_around_a_place(reader: EvidenceReader) -> None:
    (reader.root / "run/log").write_text("".join(f"line {n}\n" for n in range(1, 101)))
    assert reader.read_lines("run/log", around=50, before=1, after=2) == [
        (49, "line 49"),
        (50, "line 50"),
        (51, "line 51"),
        (52, "line 52"),
    ]


def test_stays_inside_the_file_at_both_ends(reader: EvidenceReader) -> None:
    (reader.root / "run/log").write_text("a\nb\nc")
    assert reader.read_lines("run/log") == [(1, "a"), (2, "b"), (3, "c")]
    assert reader.read_lines("run/log", around=99, before=1) == [(2, "b"), (3, "c")]
    assert reader.read_lines("run/log", around=-5, after=0) == [(1, "a")]


def test_an_empty_file_has_no_lines(reader: EvidenceReader) -> None:
    (reader.root / "run/empty").touch()
    assert reader.read_lines("run/empty", around=3) == []


def test_sees_what_was_appended_and_rewritten_since(reader: EvidenceReader) -> None:
    path = reader.root / "run/log"
    path.write_text("one\n")
    assert reader.read_lines("run/log") == [(1, "one")]
    with path.open("a") as file:
        file.write("two\n")
    assert reader.read_lines("run/log") == [(1, "one"), (2, "two")]
    path.unlink()
    path.write_text("three\n")
    assert reader.read_lines("run/log") == [(1, "three")]


def test_bytes_that_are_no_text_do_not_stop_it(reader: EvidenceReader) -> None:
    (reader.root / "run/log").write_bytes(b"\xff\xfe\x00\x1b]52;c;x\x07\nnext\n")
    assert reader.read_lines("run/log")[1] == (2, "next")


def test_a_line_of_a_megabyte_is_cut(reader: EvidenceReader) -> None:
    (reader.root / "run/log").write_bytes(b"x" * 1_000_000 + b"\nafter\n")
    lines = reader.read_lines("run/log")
    assert len(lines[0][1]) < 70_000
    assert lines[1] == (2, "after")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "", "a\0b", "../outside", "run/../../outside", "run/link", "run/up/outside"]
)
def test_refuses_what_leads_out_of_the_root(reader: EvidenceReader, path: str) -> None:
    outside = reader.root.parent / "outside"
    outside.write_text("secret")
    (reader.root / "run/link").symlink_to(outside)
    (reader.root / "run/up").symlink_to(reader.root.parent)
    with pytest.raises(UsageError):
        reader.read_lines(path)
    with pytest.raises(UsageError):
        reader.stat(path)


def test_follows_links_that_stay_inside(reader: EvidenceReader) -> None:
    (reader.root / "run/log").write_text("x\n")
    (reader.root / "run/current").symlink_to("log")
    assert reader.read_lines("run/current") == [(1, "x")]


def test_a_root_that_is_a_link_itself_is_fine(reader: EvidenceReader, tmp_path: Path) -> None:
    (reader.root / "run/log").write_text("x\n")
    link = tmp_path / "link"
    link.symlink_to(reader.root)
    assert EvidenceReader(link).read_lines("run/log") == [(1, "x")]


def test_never_opens_a_fifo_or_a_directory(reader: EvidenceReader) -> None:
    os.mkfifo(reader.root / "run/fifo")
    for path in ("run/fifo", "run/logs", "."):
        with pytest.raises(UsageError, match="not an ordinary file"):
            reader.read_lines(path)


def test_says_what_is_missing(reader: EvidenceReader) -> None:
    (reader.root / "run/loop").symlink_to("loop")
    with pytest.raises(CockpitError, match="run/missing: no such file"):
        reader.read_lines("run/missing")
    with pytest.raises(CockpitError, match="run/loop"):
        reader.read_lines("run/loop")


def test_finds_files_whose_names_are_escaped(reader: EvidenceReader) -> None:
    name = os.fsdecode(b"caf\xe9\\log")
    (reader.root / "run" / name).write_text("x\n")
    assert reader.read_lines("run/caf\\xe9\\\\log") == [(1, "x")]


def test_tells_size_and_times(reader: EvidenceReader) -> None:
    path = reader.root / "run/log"
    path.write_text("12345")
    assert reader.stat("run/log").st_size == 5
    assert reader.stat("run/log").st_mtime_ns == path.stat().st_mtime_ns
