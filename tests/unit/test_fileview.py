"""Files as checks look at them: found by templates, confined to the root, never blocking."""

import os
import string
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.fileview import MAX_FOUND, FileView


@pytest.fixture
def root(tmp_path: Path) -> Path:
    inside = tmp_path / "root"
    for rel in ("run/a/x.json", "run/a/y.json", "run/b/x.json", "run/top.txt", "other/a/x.json"):
        path = inside / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rel)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.json").write_text("secret")
    return inside


def found(root: Path, base: str, pattern: str) -> list[str]:
    return [one.path for one in FileView(EvidenceReader(root)).find(base, pattern)]


@pytest.mark.parametrize(
    ("base", "pattern", "paths"),
    [
        ("run", "a/x.json", ["run/a/x.json"]),
        ("run", "*/x.json", ["run/a/x.json", "run/b/x.json"]),
        ("run", "*", ["run/top.txt"]),
        ("run", "a/[xy].json", ["run/a/x.json", "run/a/y.json"]),
        ("", "run/top.txt", ["run/top.txt"]),
        ("", "*/a/x.json", ["other/a/x.json", "run/a/x.json"]),
        ("run", "a", []),
        ("run", "../other/a/x.json", []),
        ("run", "/etc/passwd", []),
        ("run", "a//x.json", []),
        ("run", "", []),
        ("nowhere", "*", []),
    ],
)
def test_templates_find_files_and_never_climb(root: Path, base: str, pattern: str, paths: list[str]) -> None:
    assert found(root, base, pattern) == paths


def test_links_out_of_the_root_are_not_there(root: Path) -> None:
    (root / "run" / "link.json").symlink_to(root.parent / "outside" / "x.json")
    (root / "run" / "door").symlink_to(root.parent / "outside")
    (root / "run" / "same.json").symlink_to(root / "run" / "a" / "x.json")
    assert found(root, "run", "*.json") == ["run/same.json"]
    assert found(root, "run", "door/x.json") == []
    assert found(root, "run", "*/x.json") == ["run/a/x.json", "run/b/x.json"]


def test_what_is_no_ordinary_file_is_not_there_and_blocks_nobody(root: Path) -> None:
    os.mkfifo(root / "run" / "pipe.json")
    view = FileView(EvidenceReader(root))
    assert found(root, "run", "*.json") == []
    assert (view.look("run/pipe.json"), view.text("run/pipe.json"), view.text("run/none")) == (None, "", "")
    assert view.text("run/top.txt", 3) == "run"


def test_names_that_are_not_utf_8_are_found_escaped(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/run/\xff.json")).write_text("{}")
    (one,) = FileView(EvidenceReader(root)).find("run", "*.json")
    assert one.path == "run/\\xff.json"
    assert one.size == 2


def test_a_template_that_names_everything_is_bounded(root: Path) -> None:
    for number in range(MAX_FOUND + 20):
        (root / "other" / f"{number:04}").touch()
    assert len(found(root, "other", "*")) == MAX_FOUND


names = st.text(string.ascii_lowercase[:3] + "*?.", min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=1, max_size=3))
def test_what_is_found_is_what_the_template_says(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    root = _TREES.setdefault("tree", tmp_path_factory.mktemp("tree"))
    everything = []
    for one in "abc":
        for other in ("a", "b.c", "cc"):
            path = root / one / other
            path.parent.mkdir(exist_ok=True)
            path.touch()
            everything.append(f"{one}/{other}")
    expected = [
        path
        for path in sorted(everything)
        if len(parts) == 2 and not {".", ".."} & set(parts) and all(map(fnmatchcase, path.split("/"), parts))
    ]
    assert found(root, "", "/".join(parts)) == expected


_TREES: dict[str, Path] = {}
