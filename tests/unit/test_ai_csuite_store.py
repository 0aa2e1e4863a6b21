"""How often the database is asked, which runs a commit marks, and a row's way through board, evidence and actions."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.actions.catalogue import ARCHIVE, plan_for
from cockpit.actions.checks import Context
from cockpit.cli import main
from cockpit.clock import Clock
from cockpit.diagnosis.verdict import judge
from cockpit.errors import CockpitError, UsageError
from cockpit.models.records import SignalKind
from cockpit.models.run import RunRef, RunState
from cockpit.runtime.board import Board
from cockpit.runtime.evidence import EvidenceReader
from cockpit.sources import registry
from cockpit.sources.ai_csuite import AiCsuiteSource, postgres, queries
from cockpit.sources.ai_csuite import store as store_module
from cockpit.sources.ai_csuite.database import Database, Refused, reading, stamp
from cockpit.sources.ai_csuite.store import Store
from cockpit.sources.base import ManyOwner, RootReader, Source
from cockpit.sources.paths import on_disk, run_dir
from tests.conftest import NOW
from tests.unit.ai_csuite_db import ALL, CsuiteDb


class Counting:
    """Opens a database and counts how often, and how many queries."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.opened = 0
        self.asked = 0

    @contextmanager
    def __call__(self) -> Iterator[Database]:
        self.opened += 1
        with reading(self.path) as db:
            fetch = db.fetch

            def counted(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
                self.asked += 1
                return fetch(sql, values)

            yield SimpleNamespace(mark=db.mark, serial=db.serial, tables=db.tables, fetch=counted)


@pytest.fixture
def many(tmp_path: Path) -> CsuiteDb:
    db = CsuiteDb(tmp_path / "dev.db")
    db.connection.execute("BEGIN")
    for number in range(500):
        db.run("succeeded", name=f"run-{number:03d}", steps=ALL[:2], at=number)
    db.connection.execute("COMMIT")
    os.utime(db.path, ns=(10**18, 10**18))
    return db


def test_five_hundred_runs_are_read_with_a_handful_of_queries(many: CsuiteDb) -> None:
    opener = Counting(many.path)
    store = Store(opener, lambda: stamp(opener.path))
    ids = list(store.look().versions)
    assert len(ids) == 500
    asked = opener.asked
    for _ in range(3):
        for run_id in ids:
            assert store.look().versions[run_id]
    assert opener.asked == asked  # the answer stands while the file does
    for run_id in ids:
        rows, problem = store.rows(run_id, many=True)
        assert problem is None
        assert rows is not None
        assert len(rows.of("graph_states")) == 2
    assert opener.opened == 1 + 3
    assert opener.asked < 50


def test_a_run_with_very_many_rows_does_not_take_the_others_rows(
    many: CsuiteDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_ROWS", 20)
    for index in range(30):
        many.step("run-499", 10 + index, "qa", at=index)
    store = Store(lambda: reading(str(many.path)), lambda: stamp(str(many.path)))
    counts = {}
    for run_id in store.look().versions:
        rows, _ = store.rows(run_id, many=True)
        assert rows is not None
        counts[run_id] = (len(rows.of("graph_states")), rows.cut)
    assert counts.pop("run-499") == (20, ("graph_states",))
    assert set(counts.values()) == {(2, ())}


def test_newest_runs_come_first(many: CsuiteDb) -> None:
    store = Store(lambda: reading(str(many.path)), lambda: stamp(str(many.path)))
    assert list(store.look().versions)[:2] == ["run-499", "run-498"]


def test_a_commit_marks_the_runs_it_changed(many: CsuiteDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_RACY_S", 0.0)
    source = AiCsuiteSource()
    assert isinstance(source, Source)
    assert isinstance(source, ManyOwner)
    assert isinstance(source, RootReader)
    assert len(list(source.scan(tmp_path))) == 500
    assert len(source.owners(tmp_path, many.path)) == 500  # nobody was told of any yet
    assert source.owners(tmp_path, many.path) == []
    many.step("run-007", 2, "research", at=900)
    many.connection.execute("UPDATE runs SET status = 'running' WHERE id = 'run-009'")
    many.insert("alerts", run_id="run-011", alert_type="slo_burn", status="active", updated_at="2026-11-21 05:00:00")
    many.insert("audit_logs", run_id="run-013", event_type="incident.revert", ts="2026-11-21 05:00:00")
    many.run("pending", name="new")
    journal = tmp_path / "dev.db-journal"
    assert sorted(ref.id for ref in source.owners(tmp_path, journal)) == [
        "new", "run-007", "run-009", "run-011", "run-013",
    ]  # fmt: skip
    many.connection.execute("UPDATE alerts SET status = 'cleared', updated_at = '2026-11-21 06:00:00'")
    assert [ref.id for ref in source.owners(tmp_path, many.path)] == ["run-011"]
    assert source.owner(tmp_path, tmp_path / "elsewhere.txt") is None
    assert source.owner(tmp_path, Path("/nowhere/dev.db")) is None


def test_an_incident_file_marks_its_run_and_changes_its_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "apps" / "orchestrator" / "orchestrator" / "incidents"
    folder.mkdir(parents=True)
    db = CsuiteDb(tmp_path / "dev.db")
    db.run("succeeded", name="one", steps=ALL)
    source = AiCsuiteSource()
    (ref,) = source.scan(tmp_path)
    before = source.fingerprint(ref)
    path = folder / "revert-1.json"
    path.write_text(json.dumps({"run_id": "one", "reason": "safety_violation", "type": "revert", "incident_id": "1"}))
    assert [one.id for one in source.owners(tmp_path, path)] == ["one", "self-work"]
    assert source.fingerprint(ref) != before
    detail = source.detail(ref)
    assert [signal.kind for signal in detail.signals if signal.kind is SignalKind.SAFETY]
    assert judge(detail, NOW).state is RunState.SUCCEEDED  # a simulated revert proves nothing about the run


def test_a_growing_server_log_marks_the_runs_it_speaks_of(tmp_path: Path) -> None:
    db = CsuiteDb(tmp_path / "dev.db")
    for name in ("one", "two"):
        db.run("running", name=name, steps=ALL[:4])
        for attempt in (1, 2, 3):
            db.step(name, 4, "engineer", status="error", attempt=attempt, error="boom", at=4 + attempt)
    log = tmp_path / "server.log"
    log.write_text('INFO:     127.0.0.1:1 - "POST /runs/one/graph/start HTTP/1.1" 400 Bad Request\n')
    source = AiCsuiteSource()
    one, two = sorted(source.scan(tmp_path), key=lambda ref: ref.id)
    before, detail = source.fingerprint(one), source.detail(two)
    with log.open("a") as file:
        file.write('INFO:     127.0.0.1:1 - "POST /runs/two/graph/resume HTTP/1.1" 500 Internal Server Error\n')
        file.write("Traceback (most recent call last):\nsqlite3.IntegrityError: UNIQUE constraint failed: x\n\xff\n")
    assert [ref.id for ref in source.owners(tmp_path, log)] == ["two"]
    assert source.owners(tmp_path, log) == []
    assert source.fingerprint(one) == before
    after = source.detail(two, detail)
    assert after.fingerprint != detail.fingerprint
    assert after.events[-1].text == "POST graph/resume answered 500: UNIQUE constraint failed: x"
    (stalled,) = [signal for signal in after.signals if signal.kind is SignalKind.STALLED]
    assert (stalled.evidence.path, stalled.evidence.line) == ("server.log", 2)
    log.write_text("")  # rotated: what it said of them is gone
    assert [ref.id for ref in source.owners(tmp_path, log)] == ["one", "two"]
    assert source.owners(tmp_path, log) == []


def test_a_tree_without_a_database_is_still_read(tmp_path: Path) -> None:
    folder = tmp_path / "app" / "orchestrator" / "self"
    folder.mkdir(parents=True)
    gate = folder / "eval_gate.json"
    gate.write_text('{"score": 0.5, "status": "fail", "threshold": 0.9}')
    source = AiCsuiteSource()
    assert source.detect(tmp_path)
    (ref,) = source.scan(tmp_path)
    assert (ref.id, ref.path) == ("self-work", "app")
    assert source.owner(tmp_path, gate) == ref
    run = judge(source.detail(ref), NOW)
    assert run.state is RunState.FAILED
    assert "evaluation score 0.5 is below the threshold 0.9" in run.reasons[0].text
    before = source.fingerprint(ref)
    gate.write_text('{"score": 0.95, "status": "pass", "threshold": 0.9}')
    assert source.fingerprint(ref) != before
    assert judge(source.detail(ref), NOW).state is RunState.SUCCEEDED


def test_a_step_under_way_and_one_that_gave_up(tmp_path: Path) -> None:
    db = CsuiteDb(tmp_path / "dev.db")
    db.run("running", name="retrying", steps=ALL[:4])
    db.step("retrying", 4, "engineer", status="error", attempt=1, error="boom", at=6)
    db.run("running", name="gave-up", steps=ALL[:4])
    for attempt in (1, 2, 3):
        db.step("gave-up", 4, "engineer", status="error", attempt=attempt, error="boom", at=5 + attempt)
    db.run("succeeded", name="red-tests", steps=ALL[:5])
    db.step("red-tests", 5, "qa", state={"tests_result": {"passed": False, "attempts": 1}}, at=7)
    db.step("red-tests", 6, "release", at=8)
    db.run("paused", name="paused", steps=ALL[:1])
    source = AiCsuiteSource()
    found = {ref.id: judge(source.detail(ref), NOW.replace(hour=4)) for ref in source.scan(tmp_path)}
    assert found["retrying"].state is RunState.RUNNING
    assert (found["retrying"].flow, found["retrying"].step) == ("delivery", "engineer")
    assert found["gave-up"].state is RunState.FAILED
    assert (found["red-tests"].state, found["red-tests"].contradicted) == (RunState.FAILED, True)
    assert "went on to release" in found["red-tests"].reasons[0].text
    paused = found["paused"]
    assert (paused.state, paused.step) == (RunState.PAUSED, "design")
    assert any("skips design and research" in one.quote for reason in paused.reasons for one in reason.evidence)


def test_the_board_keeps_rows_apart_and_evidence_opens_the_database(tmp_path: Path, clock: Clock) -> None:
    db = CsuiteDb(tmp_path / "dev.db")
    db.run("succeeded", name="one", steps=ALL)
    db.run("running", name="two", steps=ALL[:2])
    source = AiCsuiteSource()
    board = Board([tmp_path], lambda _: [source], judge, judged_by="test", clock=clock)
    runs = {run.id: run for run in board.scan_once().runs}
    board.stop()
    assert {name: run.ref.path for name, run in runs.items()} == {"one": "dev.db#one", "two": "dev.db#two"}
    assert runs["two"].state is RunState.STUCK
    reader = EvidenceReader(tmp_path)
    for run in runs.values():
        for reason in run.reasons:
            assert all(reader.stat(item.path).st_size for item in reason.evidence)
    with pytest.raises(CockpitError, match=r"dev\.db is a database and has no lines"):
        reader.resolve("dev.db#one")
    assert run_dir(runs["one"].ref) == tmp_path / "dev.db"
    # The database itself is never archived or moved.
    context = Context(now=NOW, state_dir=tmp_path / "state", fingerprint="")
    assert "a directory of its own" in (plan_for(ARCHIVE, runs["one"], context).refused or "")


def test_a_name_with_a_hash_in_it_is_found_first(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "a#b").mkdir()
    assert on_disk(str(tmp_path), "a#b") == f"{tmp_path}/a#b"
    assert on_disk(str(tmp_path), "a#c") == f"{tmp_path}/a"
    assert on_disk(str(tmp_path), "gone#c") == f"{tmp_path}/gone#c"
    assert on_disk(str(tmp_path), ".#c") == f"{tmp_path}/."
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(UsageError, match="leads out"):
        EvidenceReader(inside).resolve("../a#x")


def test_the_program_shows_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "root"
    db = CsuiteDb(root / "dev.db")
    db.run("succeeded", name="one", steps=ALL[:6])
    code = main(["show", "one", "--root", str(root), "--json", "--now", "2026-11-21T12:00:00Z"])
    shown = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (shown["state"], shown["claimed"], shown["contradicted"]) == ("partial", "succeeded", True)
    assert shown["path"] == "dev.db#one"
    assert [receipt["step"] for receipt in shown["receipts"]] == list(ALL[:6])


# -- PostgreSQL: the extra is not installed with the tests, so its driver is stood in for by SQLite


class _FakeDriver:
    """What of psycopg is used: `connect`, `Error`, a connection that executes."""

    class Error(Exception):
        """Of the driver."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def connect(self, dsn: str, **options: Any) -> "_FakeDriver":
        self.calls.append((dsn, options))
        if self.path is None:
            raise self.Error(f'connection to "{dsn}" failed: password hunter2 is wrong\nmore')
        return self

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        import sqlite3

        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            if "information_schema" in sql:
                sql = "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
            assert "rowid" not in sql
            rows = connection.execute(sql.replace("%s", "?"), tuple(values)).fetchall()
        finally:
            connection.close()
        return SimpleNamespace(fetchall=lambda: rows)

    def close(self) -> None:
        pass


def test_postgres_runs_are_read_read_only_and_the_password_is_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = CsuiteDb(tmp_path / "elsewhere" / "data.sqlite")
    db.run("succeeded", name="one", steps=ALL)
    root = tmp_path / "root"
    root.mkdir()
    driver = _FakeDriver(db.path)
    monkeypatch.setitem(sys.modules, "psycopg", driver)
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg2://u:hunter2@db/csuite")
    source = AiCsuiteSource()
    source.configure([(root, "env:DATABASE_URL")])
    assert source.detect(root)
    (ref,) = source.scan(root)
    assert (ref.path, ref.id) == (".#one", "one")
    assert judge(source.detail(ref), NOW).state is RunState.SUCCEEDED
    dsn, options = driver.calls[0]
    assert dsn == "postgresql://u:hunter2@db/csuite"
    assert "default_transaction_read_only=on" in options["options"]
    assert source.watch_paths(ref) == [root]
    assert on_disk(str(root), ref.path) == f"{root}/."


@pytest.mark.parametrize("setting", ["postgresql://u:hunter2@db/csuite", "host=db dbname=x password='hunter2'"])
def test_a_server_that_does_not_answer_is_a_run_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", _FakeDriver(None))
    source = AiCsuiteSource()
    source.configure([(tmp_path, setting)])
    (ref,) = source.scan(tmp_path)
    assert ref.id == "PostgreSQL"
    run = judge(source.detail(ref), NOW)
    assert run.state is RunState.UNREADABLE
    texts = [run.reasons[0].text, *(problem.reason for problem in source.root_problems(tmp_path))]
    assert all("hunter2" not in text for text in texts)
    assert "failed" in texts[0]


def test_without_the_extra_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Refused) as refused, postgres.reading("postgresql://db/x"):
        pass
    assert "cockpit[postgres]" in refused.value.reason
    monkeypatch.delenv("NOPE", raising=False)
    with pytest.raises(Refused) as refused, postgres.reading("env:NOPE"):
        pass
    assert "NOPE" in refused.value.reason


def test_the_source_is_registered_and_imports_no_driver_at_start() -> None:
    assert registry.source_by_id("ai-csuite") is not None
    assert "psycopg" not in sys.modules


def test_two_databases_and_a_copy_in_one_root(tmp_path: Path) -> None:
    for name in ("a", "b"):
        CsuiteDb(tmp_path / name / "dev.db").run("succeeded", name="same", steps=ALL)
    shutil.copy(tmp_path / "a" / "dev.db", tmp_path / "dev.db.bak")
    source = AiCsuiteSource()
    refs = sorted(source.scan(tmp_path), key=lambda ref: ref.path)
    assert [ref.path for ref in refs] == ["a/dev.db#same", "b/dev.db#same"]
    assert len({ref.key for ref in refs}) == 2
    assert source.watch_paths(refs[0]) == [tmp_path / "a"]
    gone = RunRef(source="ai-csuite", root=str(tmp_path), path="c/dev.db", id="dev.db")
    assert source.detail(gone).problems[0].fatal
