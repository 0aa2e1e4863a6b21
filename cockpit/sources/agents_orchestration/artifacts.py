"""What runs leave in a checkout: reports, the plan, monitoring exports (formats/agents-orchestration.md 1).

Every run overwrites them and no one bears a name of its run, so a file speaks of a run only if it was written while
that ran. The time inside the reports is a constant; their modification time is what counts.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Artifact, Signal, SignalKind
from cockpit.sources.agents_orchestration.console import local_time
from cockpit.sources.fields import Obj, items, number, obj, text, word
from cockpit.sources.jsonfile import Unreadable, read_bytes, read_object
from cockpit.sources.paths import encode
from cockpit.sources.tree import list_tree

PLAN = "artifacts/plan.md"
EXECUTION_REPORT = "artifacts/execution-report.md"
REVIEW_REPORT = "artifacts/review-report.md"
WRITERS = {PLAN: "planner", EXECUTION_REPORT: "executor", REVIEW_REPORT: "reviewer"}
_STATE = re.compile(r"^\*\*Estado\*\*: *(\S+)", re.MULTILINE)
_BEFORE = timedelta(seconds=2)
_AFTER = timedelta(seconds=5)
_REPORT_LIMIT = 256 * 1024


class Window(NamedTuple):
    """When a run was at work; a file written then is its own."""

    start: datetime | None
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether something of this time belongs to the run."""
        if self.start is None:
            return False
        return self.start - _BEFORE <= at and (self.end is None or at <= self.end + _AFTER)


class Found(NamedTuple):
    """What a run left in its checkout.

    Attributes:
        artifacts: Files written while it ran.
        failed_report: An execution report that says `error`, although the workflow counts that as success.
        signals: Alerts of monitoring exports from its time.
    """

    artifacts: tuple[Artifact, ...] = ()
    failed_report: Evidence | None = None
    signals: tuple[Signal, ...] = ()


def look(root: Path, project: str, window: Window) -> Found:
    """What a run left in the checkout `project` (relative to `root`); never raises."""
    base = root if project == "." else root / project
    artifacts: list[Artifact] = []
    signals: list[Signal] = []
    failed: Evidence | None = None
    for entry in list_tree(base / "artifacts").files if window.start is not None else ():
        if not entry.regular:
            continue
        rel = f"artifacts/{entry.rel}"
        shown = encode(rel if project == "." else f"{project}/{rel}")
        at = entry.modified_at
        if window.holds(at):
            kind = "report" if rel in WRITERS else "artifact"
            artifacts.append(Artifact(path=shown, kind=kind, flow=None, size=entry.size, modified_at=at))
            if rel == EXECUTION_REPORT:
                failed = _failed_report(base / rel, shown)
        if rel.endswith(".json"):
            signals += export_signals(base / rel, shown, window)
    return Found(tuple(artifacts), failed, tuple(signals))


def stamp(root: Path, project: str) -> str:
    """Changes whenever a file a run may have left in the checkout does."""
    base = root if project == "." else root / project
    parts = []
    for rel in WRITERS:
        try:
            info = (base / rel).lstat()
        except OSError:
            continue
        parts.append(f"{info.st_size}.{info.st_mtime_ns}")
    return "-".join(parts)


def report_state(raw: str) -> str | None:
    """The word after `**Estado**:` of a report: `completed`, `reviewed`, `error`, `Desconocido`; `None` without one."""
    found = _STATE.search(raw)
    return None if found is None else found[1]


def _failed_report(path: Path, shown: str) -> Evidence | None:
    try:
        raw = read_bytes(path, limit=_REPORT_LIMIT).decode("utf-8", "replace")
    except (Unreadable, FileNotFoundError):
        return None
    if report_state(raw) != "error":
        return None
    line = next((at for at, one in enumerate(raw.splitlines(), 1) if one.startswith("**Estado**")), None)
    return Evidence(rank=Rank.ARTIFACT, path=shown, line=line, quote="**Estado**: error")


def export_signals(path: Path, shown: str, window: Window) -> list[Signal]:
    """Alerts of a monitoring export (`export_dashboard_data`) that were raised within the window; local times."""
    data, _ = read_object(path, shown)
    if data is None or "overall_health" not in data:
        return []
    found = [_alert(alert, shown) for alert in map(obj, items(data.get("active_alerts")))]
    snapshot = obj(data.get("system_snapshot"))
    return [one for one in found if one is not None and one.at is not None and window.holds(one.at)] + _load(
        snapshot, shown, window
    )


def _alert(alert: Obj, shown: str) -> Signal | None:
    said, severity = text(alert.get("message")), word(alert.get("severity"))
    if said is None or alert.get("resolved") is True:
        return None
    quote = f"[{severity}] {word(alert.get('component'))}: {said}"
    evidence = Evidence(rank=Rank.ARTIFACT, path=shown, quote=quote[:400])
    return Signal(kind=SignalKind.ANOMALY, at=_naive(alert.get("timestamp")), text=quote, evidence=evidence)


def _load(snapshot: Obj, shown: str, window: Window) -> list[Signal]:
    """The host's own numbers where they exceed what the incident document calls high: CPU 90, memory 95, disk 90 %."""
    at = _naive(snapshot.get("timestamp"))
    if at is None or not window.holds(at):
        return []
    limits = (("cpu_percent", "CPU", 90.0), ("memory_percent", "memory", 95.0), ("disk_usage_percent", "disk", 90.0))
    found = []
    for key, name, limit in limits:
        value = number(snapshot.get(key))
        if value is not None and value > limit:
            said = f"{name} usage {value:g} % (limit {limit:g} %)"
            evidence = Evidence(rank=Rank.ARTIFACT, path=shown, quote=f'"{key}": {value:g}')
            found.append(Signal(kind=SignalKind.ANOMALY, at=at, text=said, evidence=evidence))
    return found


def _naive(value: object) -> datetime | None:
    """A naive local time as the monitor writes it."""
    said = word(value)
    return None if said is None else local_time(said.replace("T", " ").partition(".")[0])
