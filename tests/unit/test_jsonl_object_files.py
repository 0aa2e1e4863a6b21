"""One JSON object from a file: half-written, huge, hostile, or no file at all."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.sources.jsonfile import MAX_BYTES, read_bytes, read_object, read_quickly


def never(_: float) -> None:
    raise AssertionError("must not wait for a file that nobody is writing")


def read(path: Path, root: Path | None = None, sleep: Callable[[float], None] = never) -> tuple[Any, str | None]:
    data, problem = read_object(path, "meta.json", root=root, sleep=sleep, wall=lambda: 0.0)
    assert problem is None or problem.path == "meta.json"
    return data, None if problem is None else problem.reason


def test_a_whole_object(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    path.write_text('{"a": 1}\n')
    assert read(path) == ({"a": 1}, None)
    assert read_quickly(str(path), path.stat().st_size) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b'{"a": ', "ends in the middle"),
        (b"[1]", "a JSON array instead of an object"),
        (b"null", "a JSON null instead of an object"),
        (b"\0" * 40, "only NUL bytes"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": 1} trailing', "not valid JSON"),
        (b"plain words", "not valid JSON"),
    ],
)
def test_broken_content_is_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "meta.json"
    path.write_bytes(content)
    data, said = read(path)
    assert data is None
    assert said is not None
    assert reason in said
    assert read_quickly(str(path), len(content)) is None


def test_bytes_that_are_not_utf8_are_replaced_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    path.write_bytes(b'{"a": "caf\xe9"}')
    assert read(path) == ({"a": "caf\ufffd"}, "not valid UTF-8 at byte 10")


def test_a_file_caught_half_written_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    path.write_text('{"a": ')
    waits: list[float] = []

    def finish(seconds: float) -> None:
        waits.append(seconds)
        path.write_text('{"a": 1}')

    now = path.stat().st_mtime
    data, problem = read_object(path, "meta.json", sleep=finish, wall=lambda: now)
    assert (data, problem) == ({"a": 1}, None)
    assert len(waits) == 1
    assert 0.05 <= waits[0] <= 0.1


def test_a_file_that_stays_torn_is_given_up_after_two_more_looks(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    path.write_text("")
    waits: list[float] = []
    now = path.stat().st_mtime
    data, problem = read_object(path, "meta.json", sleep=waits.append, wall=lambda: now)
    assert data is None
    assert problem is not None
    assert len(waits) == 2


def test_a_vanished_file_is_no_problem(tmp_path: Path) -> None:
    assert read(tmp_path / "meta.json") == (None, None)


def test_what_is_no_ordinary_file_never_blocks(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert read(fifo) == (None, "not an ordinary file but a FIFO")
    assert read(tmp_path) == (None, "not an ordinary file but a directory")
    assert read(Path("/dev/null")) == (None, "not an ordinary file but a device")


def test_links_may_not_leave_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "real.json").write_text('{"in": true}')
    (tmp_path / "secret.json").write_text('{"out": true}')
    (root / "inside.json").symlink_to("real.json")
    (root / "outside.json").symlink_to("../secret.json")
    (root / "circle.json").symlink_to("circle.json")
    (root / "broken.json").symlink_to("nowhere.json")
    assert read(root / "inside.json", root) == ({"in": True}, None)
    assert read(root / "outside.json", root) == (None, "a symbolic link that leaves the root, not followed")
    assert read(root / "circle.json", root) == (None, "a symbolic link that leads in a circle")
    assert read(root / "broken.json", root) == (None, "a broken symbolic link")
    assert read(root / "inside.json") == (None, "a symbolic link, not followed")


def test_a_sibling_with_the_roots_name_as_prefix_is_outside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    other = tmp_path / "root-other"
    other.mkdir()
    (other / "a.json").write_text("{}")
    (root / "a.json").symlink_to(other / "a.json")
    assert read(root / "a.json", root)[1] == "a symbolic link that leaves the root, not followed"


def test_a_file_of_another_user_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "meta.json"
    path.write_text("{}")
    path.chmod(0o600)

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert read(path) == (None, "no permission (mode 0600 of another user)")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    data, said = read(path)
    assert data is None
    assert said is not None
    assert said.startswith("too big")


def test_read_bytes_reads_what_is_longer_than_one_read(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * 3_000_000)
    assert len(read_bytes(path)) == 3_000_000
