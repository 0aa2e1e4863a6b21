"""A plan on a run of an open SEV1 incident is confirmed by typing the run's id, whoever asks for it."""

from pathlib import Path

import pytest

from cockpit.cli import actions
from cockpit.errors import UsageError
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import lifecycle
from cockpit.models.action import Confirm
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app import scenes
from tests.app.operator import HandClock


def session_with(root: Path, answers: str) -> tuple[Session, str]:
    """A session with an incident about the failed run; the incident's id."""
    scenes.three(root)
    scenes.makefile(root)
    session = Session(Settings(), [RootSettings(path=root)], HandClock())
    session.load()
    desk = IncidentIndex(session).desk(root)
    return session, desk.declare("it fails", answers=answers, runs=[session.find(scenes.FAILED)]).id


def test_only_a_sev1_and_only_its_runs_ask_for_the_id(tmp_path: Path) -> None:
    session, name = session_with(tmp_path, "yy")
    plan = session.plan("retry", session.find(scenes.FAILED), None, None)
    assert plan.confirm is Confirm.TYPED
    assert any(name in warning and "SEV1" in warning for warning in plan.warnings)
    plain = session.desk(tmp_path).plan("retry", session.find(scenes.FAILED))
    assert plain.confirm is Confirm.YES
    assert plain.hash != plan.hash, "what was confirmed with y before the incident is not confirmed now"
    other = session.plan("archive", session.find(scenes.DONE), None, None)
    assert not any(name in warning for warning in other.warnings)
    desk, incident = IncidentIndex(session).find(name)
    desk.amend(incident.id, lambda one: lifecycle.change_severity(one, reason="contained", answers="nny"))
    assert session.plan("retry", session.find(scenes.FAILED), None, None).confirm is Confirm.YES


def test_a_lesser_incident_changes_nothing(tmp_path: Path) -> None:
    session, _ = session_with(tmp_path, "nny")
    assert session.plan("retry", session.find(scenes.FAILED), None, None).confirm is Confirm.YES


@pytest.mark.parametrize(("typed", "confirmed"), [("y", False), (scenes.FAILED, True)])
def test_the_command_line_asks_for_the_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, *, confirmed: bool
) -> None:
    import io

    session, _ = session_with(tmp_path, "yy")
    plan = session.plan("retry", session.find(scenes.FAILED), None, None)
    monkeypatch.setattr(actions, "on_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    declined: list[str] = []
    if confirmed:
        actions.confirm(plan, declined.append)
    else:
        with pytest.raises(UsageError, match="nothing was done"):
            actions.confirm(plan, declined.append)
    assert declined == ([] if confirmed else ["answered no"])
