"""A stand-in for ai-csuite's server: answers as the recorded calls show it to, on a real database and tree.

What it forgets at a restart it keeps in memory here, too. What it never checks (names of candidates, order of stages)
it does not check.
"""

import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any

from cockpit.sources.ai_csuite.steps import STEPS
from tests.service import Asked, Reply, Service

NOW = "2026-11-21 04:30:00.000000"
KNOWN = ("mock_ads", "noop_ads", "mock_cdp")


class CsuiteServer(Service):
    """Routes of the server."""

    def __init__(self, database: Path, code: Path) -> None:
        super().__init__()
        self.fallback = self._answer
        self.adapters = {"ads": "mock_ads", "cdp": "mock_cdp"}
        self.shadows: dict[str, str] = {}
        self.enabled = True
        self.alerts: dict[str, str] = {}
        self._database = database
        self._code = code

    def _answer(self, asked: Asked) -> Reply | None:
        parts = asked.path.strip("/").split("/")
        handler = getattr(self, f"_{parts[0]}", None)
        found = handler(asked, parts) if handler else None
        return None if found is None else found if isinstance(found, Reply) else Reply(found)

    def _providers(self, asked: Asked, parts: list[str]) -> Any:
        if asked.method == "GET":
            listed = self.adapters.items()
            return [{"capability": cap, "adapter": name, "healthy": name in KNOWN} for cap, name in listed]
        if parts[1] == "ramp":
            stage = int(parts[2])
            if stage == 100:
                self.adapters[asked.body["capability"]] = asked.body["candidate"]
            return {**asked.body, "stage": stage}
        match parts[2]:
            case "start":
                self.shadows[name := str(uuid.uuid4())] = asked.body["candidate"]
                return {"shadow_id": name}
            case "compare-once" if any(candidate not in KNOWN for candidate in self.shadows.values()):
                return Reply(b"Internal Server Error", 500, "text/plain")
            case "compare-once":
                name, candidate = next(iter(self.shadows.items()))
                return {"mismatches": 2, "shadow_id": name, "candidate": candidate}
            case "stop":
                stopped = self.shadows.pop(asked.body["shadow_id"], None) is not None
                return {"stopped": True} if stopped else {"stopped": False, "reason": "not_found"}
        return None

    def _scheduler(self, asked: Asked, parts: list[str]) -> Any:
        if parts[1] != "policy":
            return None
        if asked.method == "PATCH":
            self.enabled = asked.body["enabled"]
        return {"enabled": self.enabled, "global_concurrency": 2, "tenant_max_active": 1, "queue_max": 100}

    def _integrations(self, asked: Asked, parts: list[str]) -> Any:
        return {"run_id": parts[2], "status": self.alerts.get(parts[2], "ok"), "alerts": []}

    def _incidents(self, asked: Asked, parts: list[str]) -> Any:
        run, kind = asked.body["run_id"], parts[1]
        if self._status(run) is None:
            return Reply({"detail": "run not found"}, 404)
        name = str(uuid.uuid4())
        content = {"incident_id": name, "type": kind, "run_id": run, "reason": asked.body["reason"]}
        path = self._code / "incidents" / f"{kind}-{name}.json"
        path.write_text(json.dumps(content, sort_keys=True) + "\n")
        self._do(
            "INSERT OR IGNORE INTO audit_logs (id, ts, actor, event_type, run_id, request_id, details_redacted)"
            " VALUES (?, ?, 'api', ?, ?, ?, ?)",
            name, NOW, f"incident.{kind}", run, f"{run}:incident:{kind}", json.dumps({"incident_id": name}),
        )  # fmt: skip
        return {"incident_id": name, "path": str(path), "status": "created"}

    def _runs(self, asked: Asked, parts: list[str]) -> Any:
        if asked.method == "POST" and len(parts) == 1:
            name = str(uuid.uuid4())
            columns = ("tenant_id", "project_id", "roadmap_item_id", "phase")
            self._do(
                "INSERT INTO runs (id, status, created_at, tenant_id, project_id, roadmap_item_id, phase)"
                " VALUES (?, 'pending', ?, ?, ?, ?, ?)",
                name, NOW, *(asked.body[each] for each in columns),
            )  # fmt: skip
            return {"id": name, "status": "pending", "created_at": NOW}
        run = parts[1]
        status = self._status(run)
        if status is None:
            return Reply({"detail": "run not found"}, 404)
        if asked.method == "GET" and len(parts) == 2:
            return {"id": run, "status": status, "created_at": NOW}
        if parts[2:] == ["graph", "history"]:
            return [{"step_index": place, "step_name": step} for place, step in self._steps(run)]
        if parts[2:] == ["graph", "resume"]:
            return self._resume(run, status)
        return None

    def _resume(self, run: str, status: str) -> Any:
        if status != "paused":
            return Reply({"detail": {"error": f"Cannot resume from status '{status}'"}}, 400)
        done = [step for _, step in self._steps(run)]
        for place, step in list(enumerate(STEPS))[len(done) :]:
            self._do(
                "INSERT INTO graph_states (id, run_id, step_index, step_name, status, attempt, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, 'ok', 1, ?, ?)",
                str(uuid.uuid4()), run, place, step, NOW, NOW,
            )  # fmt: skip
        self._do("UPDATE runs SET status = 'succeeded' WHERE id = ?", run)
        return {"run_id": run, "status": "completed", "nodes_run": list(STEPS)}

    def _status(self, run: str) -> str | None:
        found = self._do("SELECT status FROM runs WHERE id = ?", run)
        return str(found[0][0]) if found else None

    def _steps(self, run: str) -> list[tuple[int, str]]:
        rows = self._do("SELECT step_index, step_name FROM graph_states WHERE run_id = ? ORDER BY step_index", run)
        return [(int(place), str(step)) for place, step in rows]

    def _do(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self._database, timeout=10)
        try:
            with connection:
                return connection.execute(sql, values).fetchall()
        finally:
            connection.close()
