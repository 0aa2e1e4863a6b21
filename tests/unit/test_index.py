"""The index: what survives a restart, and what happens when it is broken."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.locations import index_path
from cockpit.models.run import Reason, Run, RunRef, RunState
from cockpit.runtime import index as module
from cockpit.runtime.index import Index, Row
from tests.conftest import NOW


def row(name: str, age_s: float = 0.0, fingerprint: str = "fp") -> Row:
    ref = RunRef(source="fake", root="/root", path=name, id=name)
    run = Run(
        ref=ref,
        state=RunState.FAILED,
        updated_at=NOW - timedelta(seconds=age_s),
        reasons=(Reason(text="it \x1b]52; broke \ud7ff ü"),),
        fingerprint=fingerprint,
    )
    return run, fingerprint


def all_rows(index: Index, limit: int = -1) -> list[Row]:
    return [loaded for page in index.load(limit) for loaded in page]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "index.db"


def test_gives_back_what_was_written_newest_first(path: Path) -> None:
    rows = [row(f"r{number}", age_s=number) for number in (3, 1, 2)]
    index = Index(path)
    index.write(rows)
    index.close()
    assert all_rows(Index(path)) == [rows[1], rows[2], rows[0]]
    assert [run.id for run, _ in all_rows(Index(path), limit=2)] == ["r1", "r2"]


def test_gives_large_tables_in_pages(path: Path) -> None:
    index = Index(path)
    index.write(row(f"r{number}", number) for number in range(600))
    assert [len(page) for page in index.load()] == [250, 250, 100]


def test_writing_again_replaces_and_forgets(path: Path) -> None:
    index = Index(path)
    index.write([row("a"), row("b")])
    index.write([row("a", fingerprint="new")], gone=[row("b")[0].key])
    assert all_rows(index) == [row("a", fingerprint="new")]


def test_what_was_judged_by_other_limits_is_not_used(path: Path) -> None:
    strict, lax = Index(path, "strict"), Index(path, "lax")
    strict.write([row("a")])
    assert all_rows(lax) == []
    lax.write([row("b")])
    assert [run.id for run, _ in all_rows(strict)] == ["a"]
    lax.prune()
    assert all_rows(strict) == []
    assert [run.id for run, _ in all_rows(lax)] == ["b"]


def test_what_another_version_judged_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Index(path).write([row("a")])
    monkeypatch.setattr("cockpit.__version__", "0.0.0-other")
    assert all_rows(Index(path)) == []


def test_an_index_of_another_schema_is_thrown_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Index(path).write([row("a")])
    monkeypatch.setattr(module, "SCHEMA", 99)
    index = Index(path)
    assert all_rows(index) == []
    index.write([row("b")])
    assert [run.id for run, _ in all_rows(index)] == ["b"]
    assert index.problem is None


@pytest.mark.parametrize(
    "content", [b"", b"not a database, really not at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_corrupt_file_is_thrown_away(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    index = Index(path)
    assert all_rows(index) == []
    index.write([row("a")])
    index.close()
    assert all_rows(Index(path)) == [row("a")]


def test_damage_inside_costs_the_index_and_nothing_else(path: Path) -> None:
    index = Index(path)
    index.write(row(f"r{number}", number) for number in range(500))
    index.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    path.write_bytes(content)
    broken = Index(path)
    assert all_rows(broken) == []
    assert broken.problem is not None
    broken.write([row("a")])
    again = Index(path)
    again.write([row("a")])
    assert all_rows(again) == [row("a")]


def test_one_bad_row_costs_one_row(path: Path) -> None:
    index = Index(path)
    index.write([row("a"), row("b", 1), row("c", 2)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE runs SET body = '{\"state\": 3}' WHERE key LIKE '%b'")
    db.close()
    assert [run.id for run, _ in all_rows(index)] == ["a", "c"]


def test_a_place_that_cannot_be_written_is_a_problem_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    index = Index(tmp_path / "file" / "index.db")
    assert all_rows(index) == []
    index.write([row("a")])
    index.prune()
    assert index.problem is not None
    assert "index is not used" in index.problem.reason


def test_while_another_holds_it_writing_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUSY_S", 0.01)
    index = Index(path)
    index.write([row("a")])
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    index.write([row("b")])
    assert [run.id for run, _ in all_rows(index)] == ["a"]
    other.rollback()
    other.close()
    index.write([row("c", 5)])
    assert [run.id for run, _ in all_rows(index)] == ["a", "c"]
    assert index.problem is None


def test_lies_in_the_cache_directory_named_after_the_root(tmp_path: Path) -> None:
    one, other = index_path(tmp_path / "a" / "runs"), index_path(tmp_path / "b" / "runs")
    assert one.name.startswith("index-runs-")
    assert one != other


def test_where_inotify_is_silent_no_shared_memory_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_silent", lambda _: True)
    index = Index(path)
    index.write([row("a")])
    assert not Path(f"{path}-shm").exists()
    assert all_rows(index) == [row("a")]
