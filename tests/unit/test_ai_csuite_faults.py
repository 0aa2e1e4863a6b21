"""Databases that are locked, damaged, half-written or of another shape, and that nothing is left beside them."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef, RunState
from cockpit.sources.ai_csuite import AiCsuiteSource, queries
from cockpit.sources.ai_csuite import store as store_module
from tests.conftest import NOW
from tests.unit.ai_csuite_db import ALL, SCHEMA, CsuiteDb


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def read_all(source: AiCsuiteSource, root: Path) -> dict[str, RunDetail]:
    return {ref.id: source.detail(ref) for ref in source.scan(root)}


def reasons(source: AiCsuiteSource, root: Path) -> list[str]:
    return [problem.reason for problem in source.root_problems(root)]


@pytest.fixture
def db(tmp_path: Path) -> CsuiteDb:
    made = CsuiteDb(tmp_path / "dev.db")
    made.run("succeeded", name="good", steps=ALL)
    return made


@pytest.mark.parametrize("wal", [False, True])
def test_reading_leaves_nothing_beside_a_closed_database(tmp_path: Path, wal: bool) -> None:
    db = CsuiteDb(tmp_path / "dev.db", wal=wal)
    db.run("succeeded", name="good", steps=ALL)
    db.close()
    assert names(tmp_path) == ["dev.db"]
    source = AiCsuiteSource()
    assert source.detect(tmp_path)
    assert judge(read_all(source, tmp_path)["good"], NOW).state is RunState.SUCCEEDED
    assert names(tmp_path) == ["dev.db"]


def test_a_live_write_ahead_log_is_read_and_a_commit_is_seen(tmp_path: Path) -> None:
    db = CsuiteDb(tmp_path / "dev.db", wal=True)
    db.run("running", name="one", steps=ALL[:2])
    source = AiCsuiteSource()
    (ref,) = source.scan(tmp_path)
    assert len(source.detail(ref).steps) == 2
    before, present = source.fingerprint(ref), names(tmp_path)
    assert present == ["dev.db", "dev.db-shm", "dev.db-wal"]
    db.step("one", 2, "research", at=9)
    assert source.fingerprint(ref) != before
    assert len(source.detail(ref).steps) == 3
    assert names(tmp_path) == present
    db.close()


def test_a_log_without_its_shared_memory_is_read_from_a_copy(tmp_path: Path) -> None:
    live = CsuiteDb(tmp_path / "live" / "dev.db", wal=True)
    live.run("succeeded", name="good", steps=ALL)
    dead = tmp_path / "dead"
    dead.mkdir()
    for name in ("dev.db", "dev.db-wal"):
        shutil.copy(tmp_path / "live" / name, dead / name)
    live.close()
    source = AiCsuiteSource()
    assert len(read_all(source, dead)["good"].steps) == 7
    assert names(dead) == ["dev.db", "dev.db-wal"]


def test_a_locked_database_is_a_run_of_its_own_until_it_opens(db: CsuiteDb, tmp_path: Path) -> None:
    db.connection.execute("BEGIN EXCLUSIVE")
    source = AiCsuiteSource()
    assert source.detect(tmp_path)
    (ref,) = source.scan(tmp_path)
    assert (ref.id, ref.path) == ("dev.db", "dev.db")
    run = judge(source.detail(ref), NOW)
    assert run.state is RunState.UNREADABLE
    assert "locked by a writer" in run.reasons[0].text
    assert "dev.db: locked by a writer" in reasons(source, tmp_path)
    db.connection.execute("ROLLBACK")
    assert list(read_all(AiCsuiteSource(), tmp_path)) == ["good"]


def test_what_was_read_before_a_lock_stands(db: CsuiteDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_RACY_S", 0.0)
    source = AiCsuiteSource()
    (ref,) = source.scan(tmp_path)
    detail, before = source.detail(ref), source.fingerprint(ref)
    os.utime(db.path, ns=(1, 1))  # so that it is looked at again
    db.connection.execute("BEGIN EXCLUSIVE")
    assert [one.id for one in source.scan(tmp_path)] == ["good"]
    assert source.fingerprint(ref) == before
    assert source.detail(ref, detail) is detail
    assert "dev.db: locked by a writer; shown as last read" in reasons(source, tmp_path)
    db.connection.execute("ROLLBACK")
    assert reasons(source, tmp_path) == []


def test_a_transaction_that_died_is_not_shown_by_half(db: CsuiteDb, tmp_path: Path) -> None:
    db.connection.execute("PRAGMA cache_size=1")
    db.connection.execute("BEGIN")
    for index in range(400):
        db.step("good", 100 + index, "qa", error="x" * 500)
    dead = tmp_path / "dead"
    dead.mkdir()
    shutil.copy(tmp_path / "dev.db", dead / "dev.db")
    shutil.copy(tmp_path / "dev.db-journal", dead / "dev.db-journal")
    db.connection.execute("ROLLBACK")
    source = AiCsuiteSource()
    (detail,) = read_all(source, dead).values()
    assert "died in the middle of a transaction" in detail.problems[0].reason
    assert names(dead) == ["dev.db", "dev.db-journal"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no database at all", "not a SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 5000, "not a SQLite database"),
    ],
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "dev.db").write_bytes(content)
    source = AiCsuiteSource()
    assert source.detect(tmp_path)
    (detail,) = read_all(source, tmp_path).values()
    run = judge(detail, NOW)
    assert run.state is RunState.UNREADABLE
    assert reason in run.reasons[0].text


def test_only_the_default_name_is_claimed_unread(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE runs (id TEXT, status TEXT)")
    foreign.close()
    assert not AiCsuiteSource().detect(tmp_path)


def test_a_truncated_database(db: CsuiteDb, tmp_path: Path) -> None:
    for number in range(200):
        db.run("succeeded", name=f"more-{number}", steps=ALL)
    db.close()
    os.truncate(db.path, db.path.stat().st_size // 2)
    (detail,) = read_all(AiCsuiteSource(), tmp_path).values()
    assert detail.problems[0].fatal
    assert "malformed" in detail.problems[0].reason


def test_a_database_that_breaks_while_it_is_watched_keeps_its_runs(
    db: CsuiteDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_RACY_S", 0.0)
    source = AiCsuiteSource()
    (ref,) = source.scan(tmp_path)
    db.close()
    db.path.write_bytes(b"gone")
    assert [one.id for one in source.scan(tmp_path)] == ["good"]
    assert reasons(source, tmp_path) == ["dev.db: not a SQLite database; shown as last read"]
    assert source.detail(ref).problems[0].fatal


def test_a_fifo_a_directory_and_a_link_in_its_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "dev.db")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "dev.db").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "dev.db").symlink_to(tmp_path / "b" / "dev.db")
    source = AiCsuiteSource()
    assert not source.detect(tmp_path)
    assert list(source.scan(tmp_path)) == []


def test_missing_tables_and_columns(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "dev.db")
    connection.execute("CREATE TABLE runs (id TEXT, status TEXT, phase TEXT, tenant_id TEXT)")
    connection.execute("INSERT INTO runs VALUES ('a', 'running', NULL, NULL)")
    connection.commit()
    connection.close()
    source = AiCsuiteSource()
    detail = read_all(source, tmp_path)["a"]
    assert (detail.record.claimed, detail.steps, detail.started_at) == ("running", (), None)
    assert reasons(source, tmp_path) == ["dev.db: no table graph_states", "dev.db: no table audit_logs"]


def test_values_of_any_type(tmp_path: Path) -> None:
    db = CsuiteDb(tmp_path / "dev.db", schema=SCHEMA.replace("NOT NULL", ""))
    db.insert("runs", id=None, status="succeeded", phase="delivery", tenant_id="t")
    db.insert("runs", id=7, status=3.5, phase=b"\xff\xfe", tenant_id="t", created_at=17)
    db.insert("runs", id="x/../#y\n", status=None, phase=None, tenant_id=None, created_at="not a time")
    db.insert("runs", id="bytes", status=b"\xff\x00running", phase="delivery", tenant_id="t")
    db.step("7", "one", None, attempt=-(2**62), logs_json="[1]", error=b"\xff", state="{broken")
    db.step("7", 1e300, 5, status=None, logs_json='{"duration_ms": 1e400}', created_at=-1)
    db.step("x/../#y\n", 0, "qa", state={"tests_result": {"passed": "no"}}, logs_json='{"duration_ms": "long"}')
    db.insert("alerts", run_id="7", alert_type=None, key=4, severity=None, message=None, status="active")
    db.insert("audit_logs", run_id="7", event_type=None, details_redacted="[" * 5000, ts="0001-01-01 00:00:00+14:00")
    source = AiCsuiteSource()
    found = read_all(source, tmp_path)
    assert set(found) == {"7", "x/../#y\n", "bytes"}
    for detail in found.values():
        judge(detail, NOW)
        detail.record.model_dump_json()
        assert "#" in detail.ref.path
        assert "/" not in detail.ref.path
    assert len(found["7"].steps) == 2
    assert found["x/../#y\n"].receipts[0].measures == {"tests": {"passed": False}}


def test_huge_texts_are_bounded(db: CsuiteDb, tmp_path: Path) -> None:
    db.step("good", 7, "engineer", status="error", attempt=3, error="e" * 5_000_000, at=9)
    db.step("good", 8, "qa", state='{"tests_result": {"passed": false}, "x": "' + "y" * 3_000_000 + '"}', at=10)
    detail = read_all(AiCsuiteSource(), tmp_path)["good"]
    engineer = next(step for step in detail.steps if step.step == "engineer")
    assert engineer.error is not None
    assert len(engineer.error) <= 16_000
    assert engineer.evidence is not None
    assert len(engineer.evidence.quote) <= 400


def test_more_rows_than_are_read_is_a_problem(db: CsuiteDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MAX_ROWS", 5)
    detail = read_all(AiCsuiteSource(), tmp_path)["good"]
    assert len(detail.steps) == 5
    assert "rows in graph_states, the rest is not read" in detail.problems[0].reason


def test_a_run_that_was_deleted_says_so(db: CsuiteDb, tmp_path: Path) -> None:
    source = AiCsuiteSource()
    ref = RunRef(source="ai-csuite", root=str(tmp_path), path="dev.db#gone", id="gone")
    detail = source.detail(ref)
    assert [problem.reason for problem in detail.problems] == ["the run is no longer in the database"]
    db.close()
    db.path.unlink()
    assert source.detail(ref).problems[0].fatal


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"run_id": 5}', b'{"run_id": "good", "reason": 9}']
)
def test_broken_incident_files_and_reports(db: CsuiteDb, tmp_path: Path, content: bytes) -> None:
    code = tmp_path / "apps" / "orchestrator" / "orchestrator"
    for place in ("incidents", "self", "ramp_reports"):
        (code / place).mkdir(parents=True)
    (tmp_path / "deployments").mkdir()
    for path in (
        code / "incidents" / "revert-1.json",
        code / "incidents" / "bisect-1.json",
        code / "ramp_reports" / "r.json",
        code / "self" / "canary_report.json",
        code / "self" / "eval_gate.json",
        code / "self" / "spec_report.json",
        tmp_path / "deployments" / "report.json",
    ):
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18))
    os.mkfifo(code / "incidents" / "revert-fifo.json")
    source = AiCsuiteSource()
    found = read_all(source, tmp_path)
    assert set(found) == {"good", "self-work"}
    for detail in found.values():
        judge(detail, NOW)
    assert any("FIFO" in reason for reason in reasons(source, tmp_path))
