"""Entries and incidents for the tests of the incident's life."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.incidents.clocks import clocks
from cockpit.incidents.fold import fold
from cockpit.incidents.runs import RunNow
from cockpit.incidents.situation import PROTOCOL, Situation
from cockpit.models.detail import RunDetail
from cockpit.models.incident import Incident
from cockpit.models.journal import Actor, Entry
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState
from cockpit.models.run import Run, RunState
from tests.samples import make_run

T0 = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
"""A Wednesday morning."""
INC = "inc-20261118-01"
ADA = Actor(user="ada", real_user="ada")
BOB = Actor(user="bob", real_user="bob")


def entry(
    seq: int, kind: str, data: dict[str, Any], *, incident: str | None = INC, at: float | None = None, by: Actor = ADA
) -> Entry:
    """One entry; `at` is minutes after `T0`, its number where not given."""
    moment = T0 + timedelta(minutes=seq if at is None else at)
    return Entry(seq=seq, at=moment, actor=by, kind=kind, incident=incident, data=data, prev="", hash=f"h{seq}")


def declared(**more: Any) -> Entry:
    """The declaration, entry 1 at `T0`."""
    return entry(1, "incident.declared", {"title": "Builds fail", "severity": "SEV2", **more}, at=0)


def incident(*entries: Entry, **more: Any) -> Incident:
    """The incident that a declaration and these entries make."""
    (built,) = fold((declared(**more), *entries))
    return built


KEY = "flow-studio:/srv/runs/run-1"
FAILED_AT = T0 - timedelta(minutes=10)


def link_data(name: str = "run-1", state: str = "failed", **more: Any) -> dict[str, Any]:
    """What the journal keeps of an attached run that failed at build.test ten minutes before `T0`."""
    return {
        "run": name, "run_key": f"flow-studio:/srv/runs/{name}", "state": state, "flow": "build", "step": "test",
        "signature": "boom #", "why": "build.test failed: boom", "failed_at": "2026-11-18T09:50:00Z",
        "evidence": [{"rank": "receipt", "path": f"{name}/build/receipts/test-x.json", "line": 3, "quote": "failed"}],
        **more,
    }  # fmt: skip


def item(name: str, state: ItemState = ItemState.DONE, **more: Any) -> ChecklistItem:
    """An item of the response protocol."""
    return ChecklistItem(id=f"{PROTOCOL}/{name}", text=name, playbook=PROTOCOL, state=state, by="ada", **more)


def run_now(name: str = "run-1", state: RunState = RunState.FAILED, *, at: float = 0, **more: Any) -> Run:
    """A run as it is now; `at` is its last sign of life in minutes after `T0`."""
    moment = T0 + timedelta(minutes=at)
    return make_run(name, state, **{"flow": "build", "step": "test", "updated_at": moment, **more})


def situation(of: Incident, *pairs: tuple[Run | None, RunDetail | None], **more: Any) -> Situation:
    """The incident an hour after `T0`, with its runs (in the order they were attached) as they are now."""
    runs = tuple(RunNow(link, *pair) for link, pair in zip(of.runs, pairs, strict=False))
    now = T0 + timedelta(hours=1)
    given = {"checklist": Checklist(target=of.id), "now": now, "runs": runs, "clocks": clocks(of, now)}
    return Situation(incident=of, **{**given, **more})
