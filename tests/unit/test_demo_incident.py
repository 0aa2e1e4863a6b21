"""The open incident of a demo workspace: there at once, half worked, the same for the same moment."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cockpit.clock import fixed_clock
from cockpit.demo.workspace import make_workspace
from cockpit.incident_index import IncidentIndex
from cockpit.incidents.clocks import most_pressing
from cockpit.journal.verify import verify
from cockpit.models.incident import Phase, Severity
from cockpit.models.playbook import ItemState
from cockpit.presenters.tiles import tile
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_newcomer_sees_a_tile_a_clock_a_checklist_and_a_gate(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "demo", NOW, incident=True)
    journal = root / ".cockpit" / "journal.jsonl"
    before = journal.read_bytes()
    assert verify(journal).ok
    session = Session(Settings(), [RootSettings(path=root)], fixed_clock(NOW))
    session.load()
    ((desk, incident),) = IncidentIndex(session).open()
    assert (incident.severity, incident.phase, incident.commander) == (Severity.SEV2, Phase.CONTAIN, "demo")
    assert incident.declared_by == "demo"
    assert [link.state for link in incident.runs] == ["failed", "failed"]
    clock = most_pressing(incident, NOW, session.settings.incidents.policy())
    assert "next update in 17m" in "  ".join(cell.text for cell in tile(incident, clock, NOW).left)
    gate = desk.gate(incident)
    assert [each.id for each in gate.conditions if not each.met] == ["contain.scope", "contain.told", "contain.founder"]
    states = [item.state for item in desk.situation(incident).checklist.items]
    assert (states.count(ItemState.DONE), states.count(ItemState.STALE)) == (7, 0)
    assert max(row.at for row in desk.timeline(incident)) <= NOW
    session.close()

    shutil.rmtree(root)
    make_workspace(tmp_path / "demo", NOW, incident=True)
    assert journal.read_bytes() == before
    make_workspace(tmp_path / "demo", NOW + timedelta(hours=1), incident=True)
    assert journal.read_bytes() == before, "a workspace that is taken up again is left as it is"
