"""Every recorded run of the real systems can be part of an incident: attached, judged, told on a timeline."""

from pathlib import Path

import pytest

from cockpit.clock import fixed_clock
from cockpit.incident_index import IncidentIndex
from cockpit.models.incident import Phase, Severity
from cockpit.models.run import ATTENTION
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.conftest import NOW

pytestmark = pytest.mark.real


def roots_of(data: Path) -> list[Path]:
    from cockpit.sources import registry

    found = [path for path in sorted(data.glob("*/*")) if path.is_dir() and registry.detect(path)]
    return found or [path for path in sorted(data.iterdir()) if path.is_dir() and registry.detect(path)]


def test_runs_of_every_system_can_be_worked_on(real_data: Path, tmp_path: Path) -> None:
    roots = roots_of(real_data)
    session = Session(
        Settings(), [RootSettings(path=root) for root in roots], fixed_clock(NOW), state_dir=tmp_path / "state"
    )
    try:
        runs = session.load().runs
        failing = [run for run in runs if run.state in ATTENTION]
        assert {run.ref.source for run in failing} >= {"flow-studio", "curriculum-builder"}
        desk = IncidentIndex(session).desk(roots[0])
        made = desk.declare("All of them", severity=Severity.SEV3, runs=failing)
        assert [link.key for link in made.runs] == list(dict.fromkeys(run.key for run in failing))
        by_key = {run.key: run for run in failing}
        for link in made.runs:
            assert link.state is by_key[link.key].state
            assert link.reason
            assert link.failed_at is None or link.failed_at <= NOW
        dated = [link for link in made.runs if link.failed_at is not None]
        assert len(dated) > len(made.runs) * 0.8
        situation = desk.situation(made)
        verify = desk.gate_of(situation, Phase.VERIFY)
        assert not verify.met
        assert len(desk.escalation(situation)) > 10
        rows = desk.timeline(made, situation)
        assert sum(row.kind == "failure" for row in rows) == len(dated)
        assert all(row.evidence or row.seq for row in rows)
        assert [row.text for row in rows if row.kind == "recovery"] == []
    finally:
        session.close()
