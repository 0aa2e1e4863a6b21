"""The desk: what is read around an incident, and what happens when others write at the same moment."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cockpit.clock import fixed_clock
from cockpit.errors import CockpitError, UsageError
from cockpit.incident_desk import IncidentDesk
from cockpit.incident_index import IncidentIndex
from cockpit.incidents import records
from cockpit.incidents.lifecycle import GateError
from cockpit.models.incident import Level, Phase, Severity
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.builders import START, FlowStudioRun
from tests.cli.conftest import build_failed

NAMES = ("one", "two")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Two roots with a failed run each."""
    for name in NAMES:
        build_failed(tmp_path / name, f"run-{name}")
    roots = [RootSettings(path=tmp_path / name) for name in NAMES]
    made = Session(Settings(), roots, fixed_clock(START.replace(minute=5)))
    made.load()
    yield made
    made.close()


@pytest.fixture
def desk(session: Session, tmp_path: Path) -> IncidentDesk:
    return IncidentIndex(session).desk(tmp_path / "one")


def declare(desk: IncidentDesk, title: str = "t") -> str:
    return desk.declare(title, severity=Severity.SEV3, symptoms="seen").id


def test_ids_are_unique_over_the_roots_of_a_session(session: Session, tmp_path: Path) -> None:
    index = IncidentIndex(session)
    ids = [declare(index.desk(tmp_path / name)) for name in ("one", "two", "one")]
    assert ids == ["inc-20261121-01", "inc-20261121-02", "inc-20261121-03"]
    assert [incident.id for _, incident in index.everything()] == ids


def test_an_incident_is_found_by_the_end_of_its_id(session: Session, tmp_path: Path) -> None:
    index = IncidentIndex(session)
    name = declare(index.desk(tmp_path / "two"))
    for typed in (name, "01", "21-01", "20261121-01", "inc-20261121-01", f" {name.upper()} "):
        desk, found = index.find(typed)
        assert (found.id, desk.ledger) == (name, session.ledger(tmp_path / "two"))
    for typed in ("1", "", "-", "02", "0-01"):
        with pytest.raises(UsageError, match=r"no incident .*inc-20261121-01"):
            index.find(typed)


def test_the_same_id_in_two_roots_names_both(session: Session, tmp_path: Path) -> None:
    for name in NAMES:
        alone = Session(Settings(), [RootSettings(path=tmp_path / name)], session.now)
        declare(IncidentIndex(alone).desk(tmp_path / name))
        alone.close()
    with pytest.raises(UsageError, match=r"2 incidents .*name one, or its --root") as caught:
        IncidentIndex(session).find("inc-20261121-01")
    assert str(tmp_path / "one" / ".cockpit") in str(caught.value)


def test_open_ones_come_worst_first(session: Session, tmp_path: Path) -> None:
    index = IncidentIndex(session)
    minor, first = declare(index.desk(tmp_path / "one")), declare(index.desk(tmp_path / "two"))
    worst = index.desk(tmp_path / "two").declare("down", severity=Severity.SEV1).id
    index.desk(tmp_path / "one").move(minor, Phase.CLOSED, override="nothing")
    assert [incident.id for _, incident in index.open()] == [worst, first]


def settle(desk: IncidentDesk, name: str, *items: str) -> None:
    for item in items:
        desk.ledger.tick(name, f"response-protocol/{item}")


HARM = ("contain-harm-stopped", "contain-scope", "contain-documented")


def test_a_tick_taken_back_while_the_gate_was_judged_counts(
    desk: IncidentDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another operator opens an item between the look at the gate and the change of phase."""
    name = declare(desk)
    desk.move(name, Phase.CONTAIN)
    settle(desk, name, *HARM)
    looked = desk.situation
    untold = ["response-protocol/contain-scope"]

    def interfering(*arguments: object) -> object:
        found = looked(*arguments)  # type: ignore[arg-type]
        if untold:
            desk.ledger.untick(name, untold.pop())
        return found

    monkeypatch.setattr(desk, "situation", interfering)
    with pytest.raises(GateError, match="The scope of the impact is known"):
        desk.move(name, Phase.DIAGNOSE)
    assert not untold


def test_somebody_who_never_stops_changing_it_is_told(desk: IncidentDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    name = declare(desk)
    looked, notes = desk.situation, iter(range(100))

    def interfering(*arguments: object) -> object:
        found = looked(*arguments)  # type: ignore[arg-type]
        desk.ledger.note(name, "response-protocol/contain-scope", f"note {next(notes)}")
        return found

    monkeypatch.setattr(desk, "situation", interfering)
    with pytest.raises(CockpitError, match="others keep changing"):
        desk.move(name, Phase.CONTAIN)


def test_what_was_done_in_the_record_of_another_root_is_on_the_timeline(session: Session, tmp_path: Path) -> None:
    index = IncidentIndex(session)
    desk = index.desk(tmp_path / "one")
    other = next(run for run in session.board.snapshot.runs if run.id == "run-two")
    name = desk.declare("both", severity=Severity.SEV3, runs=[other]).id
    session.ledger(tmp_path / "two").comment(other, "looked at it")
    incident = index.find(name)[1]
    rows = desk.timeline(incident)
    assert [(row.kind, row.text, row.seq) for row in rows if row.kind == "note"] == [
        ("note", "run-two: looked at it", None)
    ]
    assert desk.situation(incident).runs[0].run is not None


def test_contradicted_ticks_do_not_open_a_gate(session: Session, tmp_path: Path) -> None:
    index = IncidentIndex(session)
    desk = index.desk(tmp_path / "one")
    run = next(run for run in session.board.snapshot.runs if run.id == "run-one")
    name = desk.declare("one", severity=Severity.SEV3, runs=[run]).id
    settle(desk, name, "verify-evidence", "verify-original", "verify-related", "verify-no-new")
    gate = desk.gate(index.find(name)[1], Phase.VERIFY)
    assert not gate.met
    assert next(one.id for one in gate.conditions if not one.met) == "verify.original"


def test_an_escalation_is_recorded_once_for_two_who_call_at_once(desk: IncidentDesk) -> None:
    name = declare(desk)
    call = partial(records.escalate, level=Level.L2, reason="stuck")
    desk.amend(name, call)
    with pytest.raises(UsageError, match="has not answered yet"):
        desk.amend(name, call)


def test_an_unknown_incident_is_named(desk: IncidentDesk) -> None:
    with pytest.raises(UsageError, match="no incident 'inc-20261121-77'"):
        desk.move("inc-20261121-77", Phase.FIX)


def test_a_run_that_recovers_is_told_with_its_evidence(tmp_path: Path) -> None:
    run = build_failed(tmp_path / "runs", "run-a")
    session = Session(Settings(), [RootSettings(path=tmp_path / "runs")], fixed_clock(START.replace(minute=5)))
    session.load()
    desk = IncidentIndex(session).desk(tmp_path / "runs")
    name = desk.declare("a", severity=Severity.SEV3, runs=session.board.snapshot.runs).id
    fixed = FlowStudioRun(tmp_path / "runs", run.name)
    fixed.step("build", "implement", "code-implementer", at=100)
    session.load()
    incident = IncidentIndex(session).find(name)[1]
    (recovery,) = [row for row in desk.timeline(incident) if row.kind == "recovery"]
    assert recovery.text.startswith("build.implement of run-a succeeded")
    assert recovery.evidence
    session.close()
