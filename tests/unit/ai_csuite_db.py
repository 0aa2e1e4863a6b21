"""Writes databases as ai-csuite does: the tables of its models.py that matter, with their constraints.

db = CsuiteDb(tmp_path / "dev.db")
run = db.run("succeeded", steps=("product", "design"))
db.step(run, 2, "research", status="error", attempt=1, error="boom")
"""

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 21, 4, 0)  # noqa: DTZ001 - the system writes naive UTC
SCHEMA = """
CREATE TABLE projects (id VARCHAR(36) PRIMARY KEY, tenant_id VARCHAR(36), name VARCHAR(255));
CREATE TABLE roadmap_items (id VARCHAR(36) PRIMARY KEY, project_id VARCHAR(36), title TEXT);
CREATE TABLE runs (id VARCHAR(36) NOT NULL, tenant_id VARCHAR(36), project_id VARCHAR(36),
  roadmap_item_id VARCHAR(36), phase VARCHAR(32), status VARCHAR(32), created_at DATETIME, PRIMARY KEY (id));
CREATE TABLE graph_states (id VARCHAR(36) NOT NULL, run_id VARCHAR(36), step_index INTEGER, step_name VARCHAR(64),
  status VARCHAR(16), attempt INTEGER, state_json JSON, logs_json JSON, error TEXT, created_at DATETIME,
  updated_at DATETIME, PRIMARY KEY (id),
  CONSTRAINT uq_graph_state_run_step_attempt UNIQUE (run_id, step_index, attempt));
CREATE TABLE alerts (id VARCHAR(36) NOT NULL, run_id VARCHAR(64), alert_type VARCHAR(64), "key" VARCHAR(128),
  severity VARCHAR(16), message TEXT, status VARCHAR(16), attempts INTEGER, updated_at DATETIME, PRIMARY KEY (id));
CREATE TABLE budget_usages (id VARCHAR(36) NOT NULL, run_id VARCHAR(36), persona VARCHAR(32), tokens_in INTEGER,
  tokens_out INTEGER, cost_cents INTEGER, status VARCHAR(16), attempts INTEGER, error TEXT, updated_at DATETIME,
  PRIMARY KEY (id));
CREATE TABLE audit_logs (id VARCHAR(36) NOT NULL, ts DATETIME, actor VARCHAR(64), event_type VARCHAR(64),
  run_id VARCHAR(64), project_id VARCHAR(64), request_id VARCHAR(64), details_redacted JSON, PRIMARY KEY (id),
  CONSTRAINT uq_audit_event_req UNIQUE (event_type, run_id, request_id));
"""


class CsuiteDb:
    """A database being written; every call commits."""

    def __init__(self, path: Path, *, wal: bool = False, schema: str = SCHEMA) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        if wal:
            self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.executescript(schema)
        self._count = 0

    def close(self) -> None:
        self.connection.close()

    def insert(self, table: str, **values: Any) -> None:
        """A row; `id` is made up where none is given."""
        self._count += 1
        values.setdefault("id", f"00000000-0000-4000-8000-{self._count:012d}")
        columns = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names are the test's own
        self.connection.execute(sql, list(values.values()))

    def run(self, status: Any = "succeeded", *, name: Any = None, steps: tuple[str, ...] = (), at: float = 0) -> str:
        """A run with steps that went well, one second each; returns its id."""
        run_id = f"run-{self._count:05d}" if name is None else name
        self.insert(
            "runs",
            id=run_id,
            tenant_id="t",
            project_id="p",
            roadmap_item_id="i",
            phase="delivery",
            status=status,
            created_at=stamp(at),
        )
        for index, step in enumerate(steps):
            self.step(run_id, index, step, at=at + index + 1)
        return str(run_id)

    def step(self, run_id: str, index: Any, name: Any, *, at: float = 0, **more: Any) -> None:
        """One row of `graph_states`; `state` becomes its snapshot."""
        state = more.pop("state", {})
        values = {
            "run_id": run_id,
            "step_index": index,
            "step_name": name,
            "status": "ok",
            "attempt": 1,
            "state_json": json.dumps(state) if isinstance(state, dict) else state,
            "logs_json": '{"duration_ms": 1000}',
            "created_at": stamp(at),
            "updated_at": stamp(at),
        }
        self.insert("graph_states", **(values | more))


def stamp(at: float) -> str:
    """Seconds after `START` as the system writes times."""
    return str(START + timedelta(seconds=at))


ALL = ("product", "design", "research", "cto_plan", "engineer", "qa", "release")
