"""The file that says where the operator left: whatever stands there, it is read or set aside, and never followed."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.comeback import Comeback, FilePlace, Place, Remembered, Spot, session_path
from cockpit.private_files import MOST_BYTES

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HERE = Remembered(
    saved_at=NOW,
    filter="state:failed 日本",
    place=Place(
        pane="log", run="k", spots={"runs": Spot(key="k", line=4)}, file=FilePlace(title="t", path="p", line=9)
    ),
    marked=("a", "b"),
)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down.json"
    assert Comeback(path).load() is None
    assert Comeback(path).keep(HERE)
    assert Comeback(path).load() == HERE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_same_again_is_not_written_and_an_older_one_never(tmp_path: Path) -> None:
    comeback = Comeback(tmp_path / "x.json")
    assert comeback.keep(HERE)
    assert not comeback.keep(HERE.model_copy(update={"saved_at": NOW + timedelta(minutes=1)}))
    assert not comeback.keep(HERE.model_copy(update={"saved_at": NOW - timedelta(minutes=1), "filter": "old"}))
    assert comeback.keep(HERE.model_copy(update={"saved_at": NOW + timedelta(minutes=1), "filter": "new"}))
    assert Comeback(comeback.path).load().filter == "new"  # type: ignore[union-attr]


def test_two_cockpits_do_not_fight_the_last_whole_file_wins(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    first, second = Comeback(path), Comeback(path)
    first.keep(HERE)
    second.keep(HERE.model_copy(update={"filter": "second", "marked": ()}))
    first.keep(HERE.model_copy(update={"filter": "first"}))
    found = Comeback(path).load()
    assert found is not None
    assert (found.filter, found.marked) == ("first", ("a", "b"))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 2, "saved_at": "2026-11-21T14:00:00Z"}',
        b'{"version": 1}', b'{"version": 1, "saved_at": "2026-11-21T14:00:00Z", "acts": "retry"}',
        b'{"version": 1, "saved_at": "2026-11-21T14:00:00Z", "screen": "plan"}',
        b'{"version": 1, "saved_at": "2026-11-21T14:00:00Z", "place": {"pane": "../../x"}}',
        b"[" * 100_000, b" " * (MOST_BYTES + 1),
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_a_broken_file_is_set_aside(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    comeback = Comeback(path)
    assert comeback.load() is None
    assert comeback.problem is not None
    assert str(path) in comeback.problem
    assert (tmp_path / "x.json.bad").read_bytes() == data
    assert comeback.keep(HERE)


@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_what_is_no_file_is_neither_followed_nor_waited_for(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "x.json", tmp_path / "target"
    target.write_text("precious")
    if kind == "link":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    comeback = Comeback(path)
    assert comeback.load() is None
    assert "no ordinary file" in (comeback.problem or "")
    assert comeback.keep(HERE)
    assert Comeback(path).load() == HERE
    assert target.read_text() == "precious"


def test_where_nothing_can_be_written_the_session_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    comeback = Comeback(tmp_path / "file" / "x.json")
    assert comeback.load() is None
    assert not comeback.keep(HERE)
    assert "cannot be written" in (comeback.problem or "")


def test_a_set_of_roots_has_one_file_whatever_the_order() -> None:
    one, other = Path("/srv/a b/prod"), Path("/srv/x")
    assert session_path([one, other]) == session_path([other, one])
    assert session_path([one]) != session_path([other])
    assert session_path([one]).name.startswith("prod-")
    assert session_path([Path("/srv/\udcff")]).suffix == ".json"


@given(st.builds(Remembered, saved_at=st.datetimes(timezones=st.just(UTC)), filter=st.text(max_size=40)))
def test_every_filter_survives_or_is_refused_without_a_crash(remembered: Remembered) -> None:
    assert Remembered.model_validate_json(remembered.model_dump_json()) == remembered
