"""The quick fingerprint of a directory is the fingerprint of its listing, whatever lies in it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sources import tree
from cockpit.sources.tree import digest, list_tree, quick_digest

NAMES = st.lists(st.sampled_from(["a", "b.json", "c.jsonl", "d.tmp", "é", "x\\y"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=5)), max_size=12))
def test_it_is_the_digest_of_the_listing(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[list[str], bytes]]
) -> None:
    root = tmp_path_factory.mktemp("run")
    for names, data in files:
        path = root.joinpath(*names)
        if not path.exists() and all(not above.is_file() for above in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    assert quick_digest(root) == digest(list_tree(root))


def test_links_fifos_depth_and_a_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "broken.json").symlink_to("nowhere")
    (tmp_path / "receipt.json").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / os.fsdecode(b"\xff.json")).write_text("{}")
    assert quick_digest(tmp_path) == digest(list_tree(tmp_path))
    deep = tmp_path.joinpath(*["down"] * (tree.MAX_DEPTH + 2))
    deep.mkdir(parents=True)
    assert quick_digest(tmp_path) == digest(list_tree(tmp_path))
    assert quick_digest(tmp_path / "gone") == digest(list_tree(tmp_path / "gone"))
    monkeypatch.setattr(tree, "MAX_FILES", 3)
    assert quick_digest(tmp_path) == digest(list_tree(tmp_path))
