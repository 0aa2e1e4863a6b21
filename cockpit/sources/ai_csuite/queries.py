"""The questions asked of the database (formats/ai-csuite.md 1, "Tables to read"), and the rows they give.

Nothing relies on a column or a table being there, except `runs.id`: phases of the system added them one after the
other. Times are naive UTC; every value may be of any type, as SQLite does not mind.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cockpit.sources.ai_csuite.database import Database, Values
from cockpit.sources.fields import LONG, SHORT, Obj, word

MAX_RUNS = 50_000
"""Runs that are listed, the newest."""
MAX_ROWS = 50_000
"""Rows of one table that are taken for the runs asked about."""
MAX_STATE = 512 * 1024
"""Characters of a step's snapshot that is looked into."""

_LONG_TEXTS = frozenset(("error", "message", "details_redacted", "logs_json", "findings", "report", "diff"))
_NUMBERS = frozenset(("step_index", "attempt", "attempts", "tokens_in", "tokens_out", "cost_cents", "priority"))

RUN = ("id", "status", "phase", "created_at", "tenant_id", "project_id", "roadmap_item_id")
STEP = ("step_index", "step_name", "status", "attempt", "error", "logs_json", "created_at", "updated_at")
ALERT = ("alert_type", "key", "severity", "message", "status", "attempts", "updated_at")
BUDGET = ("persona", "tokens_in", "tokens_out", "cost_cents", "status", "error", "updated_at")
AUDIT = ("ts", "actor", "event_type", "run_id", "request_id", "details_redacted")
PREVIEW = ("status", "attempts", "error", "preview_url", "updated_at")
SCHEDULED = ("state", "priority", "enqueued_at")

_OF_RUN = {
    "graph_states": STEP,
    "alerts": ALERT,
    "budget_usages": BUDGET,
    "audit_logs": AUDIT,
    "preview_deploys": PREVIEW,
    "scheduler_items": SCHEDULED,
}
_ORDER = {"graph_states": ("step_index", "attempt"), "audit_logs": ("ts",), "alerts": ("updated_at",)}
_WITHOUT_RUN = {
    "safety_audits": ("item_type", "status", "findings", "created_at"),
    "provider_shadow_diffs": ("shadow_id", "capability", "candidate", "diff", "created_at"),
    "spec_reports": ("report", "created_at"),
}


@dataclass(slots=True)
class RunRows:
    """Everything the database says of one run: the row itself, and its rows in the other tables by their names."""

    run: Obj
    title: str | None = None
    project: str | None = None
    tables: dict[str, list[Obj]] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    """Tables of which not all rows were taken."""

    def of(self, table: str) -> list[Obj]:
        """The run's rows in a table."""
        return self.tables.get(table, [])


def is_ours(db: Database) -> bool:
    """Whether this is a database of the system: its `runs` have a phase and a tenant, or it keeps `graph_states`."""
    runs = db.tables.get("runs", frozenset())
    return "id" in runs and "status" in runs and ("graph_states" in db.tables or {"phase", "tenant_id"} <= runs)


def versions(db: Database) -> dict[str, str]:
    """A text for every run, newest first, that changes whenever a row of the run is added or changed.

    Steps and audit rows are only ever inserted (formats 1), so their number and the last of them tell; of what is
    updated in place, the newest time is asked for.
    """
    columns = db.tables["runs"]
    order = " ORDER BY created_at DESC" if "created_at" in columns else ""
    sql = f"SELECT {_text('id', columns)}, {_text('status', columns)} FROM runs{order} LIMIT {MAX_RUNS:d}"  # noqa: S608
    found: dict[str, list[str]] = {}
    for run_id, status in db.fetch(sql):
        if run_id:
            found[run_id] = [str(status)]
    for table in _OF_RUN:
        for run_id, count, last in db.fetch(_counting(db, table)) if _usable(db, table) else ():
            parts = found.get(str(run_id))
            if parts is not None:
                parts.append(f"{table[0]}{count}.{last}")
    return {run_id: ";".join(parts) for run_id, parts in found.items()}


def _counting(db: Database, table: str) -> str:
    columns = db.tables[table]
    times = [name for name in ("updated_at", "ts", "enqueued_at") if name in columns]
    if table in ("graph_states", "audit_logs") and db.serial:
        last = "MAX(rowid)"  # answered by the index on run_id alone: the rows hold whole snapshots
    elif times:
        last = f"MAX({times[0]})"
    else:
        last = "NULL"
    if "state" in columns:
        last = f"MAX({_text('state', columns)})"
    return f"SELECT run_id, COUNT(*), {last} FROM {table} WHERE run_id IS NOT NULL GROUP BY run_id"  # noqa: S608


def _usable(db: Database, table: str) -> bool:
    return "run_id" in db.tables.get(table, frozenset())


def fetch_runs(db: Database, ids: Sequence[str]) -> dict[str, RunRows]:
    """All rows of some runs, by run id; a run that is gone is not in it."""
    found: dict[str, RunRows] = {}
    for row in _rows(db, "runs", RUN, "id", ids):
        run_id = word(row["id"])
        if run_id is not None:
            found[run_id] = RunRows(row)
    for table, names in _OF_RUN.items():
        if not _usable(db, table):
            continue
        rows = list(_rows(db, table, names, "run_id", ids, state=table == "graph_states"))
        if len(rows) >= MAX_ROWS:
            for one in found.values():
                one.cut = (*one.cut, table)
        for row in rows:
            owner = found.get(str(row.pop("\0of")))
            if owner is not None:
                owner.tables.setdefault(table, []).append(row)
    _name(db, found.values())
    return found


def _rows(
    db: Database, table: str, names: Sequence[str], by: str, ids: Sequence[str], *, state: bool = False
) -> Iterable[Obj]:
    columns = db.tables[table]
    parts = [f"CAST({by} AS TEXT)", *(_text(name, columns) for name in names)]
    if state and {"state_json", "step_name"} <= columns:
        whole = "CAST(state_json AS TEXT)"
        parts.append(f"CASE WHEN step_name = 'qa' AND LENGTH({whole}) <= {MAX_STATE:d} THEN {whole} END")
    order = ", ".join(name for name in _ORDER.get(table, ()) if name in columns)
    marks = ", ".join(db.mark for _ in ids)
    sql = f"SELECT {', '.join(parts)} FROM {table} WHERE {by} IN ({marks})"  # noqa: S608 - names are ours, values bound
    sql += (f" ORDER BY {order}" if order else "") + f" LIMIT {MAX_ROWS:d}"
    keys = ("\0of", *names, "state_json")
    for row in db.fetch(sql, list(ids)):
        yield dict(zip(keys, row, strict=False))


def _name(db: Database, runs: Iterable[RunRows]) -> None:
    """Titles of the roadmap items and names of the projects."""
    for table, column, link in (("roadmap_items", "title", "roadmap_item_id"), ("projects", "name", "project_id")):
        if not {"id", column} <= db.tables.get(table, frozenset()):
            continue
        wanted = {str(one.run[link]) for one in runs if one.run.get(link) is not None}
        if not wanted:
            continue
        names = {str(row["\0of"]): word(row[column]) for row in _rows(db, table, (column,), "id", sorted(wanted))}
        for one in runs:
            known = names.get(str(one.run.get(link)))
            if table == "projects":
                one.project = known
            else:
                one.title = known


def _text(name: str, columns: frozenset[str]) -> str:
    """A column as text of bounded length, `NULL` where there is none."""
    if name not in columns:
        return "NULL"
    quoted = f'"{name}"'
    if name in _NUMBERS:
        return quoted
    return f"SUBSTR(CAST({quoted} AS TEXT), 1, {LONG if name in _LONG_TEXTS else SHORT:d})"


def version_without_run(db: Database) -> str:
    """Changes with every row that belongs to no run; empty where there is none."""
    parts = []
    for table, where in (*((name, "") for name in _WITHOUT_RUN), ("audit_logs", " WHERE run_id IS NULL")):
        if table not in db.tables or (where and not _usable(db, table)):
            continue
        last = "MAX(rowid)" if db.serial else "MAX(ts)" if where else "MAX(created_at)"
        count, newest = db.fetch(f"SELECT COUNT(*), {last} FROM {table}{where}")[0]  # noqa: S608
        if count:
            parts.append(f"{table}{count}.{newest}")
    return ";".join(parts)


def fetch_without_run(db: Database) -> dict[str, list[Obj]]:
    """The newest rows that belong to no run, by table, oldest first."""
    wanted = dict(_WITHOUT_RUN)
    if _usable(db, "audit_logs"):
        wanted["audit_logs"] = AUDIT
    found: dict[str, list[Obj]] = {}
    for table, names in wanted.items():
        columns = db.tables.get(table)
        time = "ts" if table == "audit_logs" else "created_at"
        if columns is None or time not in columns:
            continue
        where = " WHERE run_id IS NULL" if table == "audit_logs" else ""
        parts = ", ".join(_text(name, columns) for name in names)
        rows: list[Values] = db.fetch(f"SELECT {parts} FROM {table}{where} ORDER BY {time} DESC LIMIT 500")  # noqa: S608
        found[table] = [dict(zip(names, row, strict=True)) for row in reversed(rows)]
    return found
