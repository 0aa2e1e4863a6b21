"""The database of an ai-csuite server as that system writes it, past or live (formats/ai-csuite.md 1).

Only the tables a run is told by; times are naive UTC, and every row is committed on its own, as the server does it.
"""

import json
import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.demo.files import Pace, RealPace, SimulatedPace

TREE = Path("ai-csuite")
"""The working tree, below a workspace."""
DATABASE = TREE / "dev.db"
CODE = TREE / "apps" / "orchestrator" / "orchestrator"
STEPS = ("product", "design", "research", "cto_plan", "engineer", "qa", "release")
MAX_ATTEMPTS = 3
LIVE_TENANT = "demo-live"
"""The tenant of the runs the live producer makes; only those are ever pruned."""
_TENANT, _PROJECT, _ITEM = "acme", "storefront", "checkout-tips"
DatabaseError = sqlite3.Error
_FAILURE = "Injected failure at {step}"

_SCHEMA = """
CREATE TABLE projects (id VARCHAR(36) NOT NULL, tenant_id VARCHAR(36), name VARCHAR(255), PRIMARY KEY (id));
CREATE TABLE roadmap_items (id VARCHAR(36) NOT NULL, tenant_id VARCHAR(36), project_id VARCHAR(36), title TEXT,
  PRIMARY KEY (id));
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


class Server:
    """What a server writes while it works on runs."""

    def __init__(self, connection: sqlite3.Connection, pace: Pace, rng: random.Random) -> None:
        """A server at work.

        Args:
            connection: Its database; every statement commits.
            pace: Its clock.
            rng: Source of row ids.
        """
        self._connection, self._pace, self._rng = connection, pace, rng

    def new_run(self, item: str = _ITEM, tenant: str = _TENANT) -> str:
        """`POST /runs`: a pending run of a roadmap item; its id."""
        run_id = self._identity()
        given = {"id": run_id, "tenant_id": tenant, "project_id": _PROJECT, "roadmap_item_id": item}
        self._insert("runs", **given, phase="delivery", status="pending", created_at=self._moment())
        return run_id

    def set_status(self, run_id: str, status: str) -> None:
        """Write a run's status."""
        self._connection.execute("UPDATE runs SET status = ? WHERE id = ?", (status, run_id))

    def step(self, run_id: str, name: str, seconds: float, *, attempt: int = 1, error: str | None = None) -> None:
        """Work on a step; its row comes when it has ended.

        Raises:
            Stopped: The server was told to end.
        """
        self._pace.wait(seconds)
        moment = self._moment()
        state = {"run_id": run_id, "step": name, "tests_result": {"passed": True, "attempts": 1}}
        self._insert(
            "graph_states",
            run_id=run_id,
            step_index=STEPS.index(name),
            step_name=name,
            status="error" if error else "ok",
            attempt=attempt,
            state_json=json.dumps(state if name == "qa" else {"run_id": run_id, "step": name}),
            logs_json=json.dumps({"duration_ms": int(seconds * 1000)}),
            error=error,
            created_at=moment,
            updated_at=moment,
        )

    def exhaust(self, run_id: str, name: str, seconds: float) -> None:
        """Fail a step in all its attempts; the run becomes `partial`.

        Raises:
            Stopped: The server was told to end.
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            self.step(run_id, name, seconds, attempt=attempt, error=_FAILURE.format(step=name))
        self.set_status(run_id, "partial")

    def compute_alerts(self, run_id: str, step: str, attempts: int) -> None:
        """`POST /integrations/alerts/{run}/compute`: nothing computes them by itself."""
        ratio = MAX_ATTEMPTS / attempts
        found = (
            ("retry_exhaust", f"{STEPS.index(step)}:{step}", "high",
             f"Step {step} exhausted retries ({MAX_ATTEMPTS}) and failed"),
            ("slo_burn", None, "medium", f"Error ratio {ratio:.2f} over last {attempts} attempts exceeds 0.20"),
        )  # fmt: skip
        for kind, key, severity, message in found:
            given = {"alert_type": kind, "key": key, "severity": severity, "message": message}
            self._insert("alerts", run_id=run_id, **given, status="active", attempts=1, updated_at=self._moment())

    def compute_budget(self, run_id: str, attempts: int) -> None:
        """`POST /integrations/budget/{run}/compute`: 100 tokens an attempt."""
        status = "blocked" if attempts >= 10 else "warn" if attempts >= 8 else "ok"  # formats 2, Budget
        given = {"tokens_in": 60 * attempts, "tokens_out": 40 * attempts, "cost_cents": attempts // 10}
        self._insert("budget_usages", run_id=run_id, persona=None, **given, status=status, attempts=1,
                     error=None, updated_at=self._moment())  # fmt: skip
        given_audit = {"actor": "api", "event_type": "budget.compute", "request_id": f"{run_id}:budget:compute"}
        details = json.dumps({"status": status})
        self._insert("audit_logs", ts=self._moment(), run_id=run_id, **given_audit, details_redacted=details)

    def project(self, items: dict[str, str]) -> None:
        """The project and its roadmap items, by id."""
        self._insert("projects", id=_PROJECT, tenant_id=_TENANT, name="Storefront")
        for name, title in items.items():
            self._insert("roadmap_items", id=name, tenant_id=_TENANT, project_id=_PROJECT, title=title)

    def _insert(self, table: str, **values: object) -> None:
        values.setdefault("id", self._identity())
        columns, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  # names are this module's own
        self._connection.execute(sql, list(values.values()))

    def _identity(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _moment(self) -> str:
        return self._pace.now().strftime("%Y-%m-%d %H:%M:%S.%f")


_ITEMS = {
    "checkout-tips": "Tips at the checkout",
    "saved-carts": "Carts that outlive the session",
    "refund-form": "A refund form for support",
    "price-badges": "Badges for reduced prices",
}


def write_runs(workspace: Path, now: datetime) -> dict[str, str]:
    """The database with the runs of the past; label of each -> its run id."""
    for folder in ("incidents", "self"):
        (workspace / CODE / folder).mkdir(parents=True, exist_ok=True)
    path = workspace / DATABASE
    made: dict[str, str] = {}
    pace = SimulatedPace(now - timedelta(hours=5))
    with database(path) as connection:
        connection.execute("BEGIN")  # one commit: nobody looks yet
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        server = Server(connection, pace, random.Random(61))  # noqa: S311  # a demo's details, not a secret
        server.project(_ITEMS)
        made["csuite-ok"] = run = server.new_run()
        server.set_status(run, "running")
        for name in STEPS:
            server.step(run, name, 95)
        server.set_status(run, "succeeded")
        server.compute_budget(run, len(STEPS))

        pace.moment = now - timedelta(minutes=96)
        made["csuite-exhausted"] = run = server.new_run("saved-carts")
        server.set_status(run, "running")
        for name in STEPS[:4]:
            server.step(run, name, 80)
        server.exhaust(run, "engineer", 140)
        server.compute_alerts(run, "engineer", 4 + MAX_ATTEMPTS)
        server.compute_budget(run, 4 + MAX_ATTEMPTS)

        pace.moment = now - timedelta(minutes=52)
        made["csuite-hollow"] = run = server.new_run("refund-form")
        server.set_status(run, "succeeded")  # POST /runs/{id}/start runs no agent

        pace.moment = now - timedelta(seconds=100)
        made["csuite-live"] = run = server.new_run("price-badges", LIVE_TENANT)
        server.set_status(run, "running")
        for name in STEPS[:3]:
            server.step(run, name, 30)
        connection.execute("COMMIT")
    return made


def play(
    path: Path, pace: RealPace, rng: random.Random, seconds: tuple[float, float], *, fail: float, kept: int
) -> None:
    """Take up the runs a producer before left, then make one more, live.

    Raises:
        Stopped: The producer was told to end.
    """
    with database(path) as connection:
        server = Server(connection, pace, rng)
        left = connection.execute(
            "SELECT id FROM runs WHERE tenant_id = ? AND status IN ('running', 'pending') ORDER BY created_at",
            (LIVE_TENANT,),
        ).fetchall()
        runs = [str(one) for (one,) in left] or [server.new_run(rng.choice(list(_ITEMS)), LIVE_TENANT)]
        for run in runs:
            _carry_on(connection, server, run, rng, seconds, fail=fail)
        _prune(connection, kept)


def _carry_on(
    connection: sqlite3.Connection,
    server: Server,
    run: str,
    rng: random.Random,
    seconds: tuple[float, float],
    *,
    fail: float,
) -> None:
    server.set_status(run, "running")
    rows = connection.execute("SELECT step_name, status FROM graph_states WHERE run_id = ?", (run,)).fetchall()
    done = {name for name, status in rows if status == "ok"}
    tried = {name for name, status in rows if status != "ok"}
    breaks = rng.choice(STEPS[3:6]) if rng.random() < fail else ""
    for name in STEPS:
        if name in tried:  # its attempts were cut short: the server cannot go on from there either
            server.set_status(run, "partial")
            return
        if name == breaks and name not in done:
            server.exhaust(run, name, rng.uniform(*seconds))
            return
        if name not in done:
            server.step(run, name, rng.uniform(*seconds))
    server.set_status(run, "succeeded")


def _prune(connection: sqlite3.Connection, kept: int) -> None:
    """Remove the oldest finished live runs beyond `kept`, with their rows."""
    found = connection.execute(
        "SELECT id FROM runs WHERE tenant_id = ? AND status NOT IN ('running', 'pending') ORDER BY created_at DESC",
        (LIVE_TENANT,),
    ).fetchall()
    for (run,) in found[kept:]:
        connection.execute("DELETE FROM graph_states WHERE run_id = ?", (run,))
        connection.execute("DELETE FROM runs WHERE id = ?", (run,))


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that commits every statement."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
        yield connection
