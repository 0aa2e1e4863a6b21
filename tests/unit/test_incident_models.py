"""Incident models: scales and what is told from their history."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cockpit.models.incident import (
    HandOver,
    Incident,
    Phase,
    PhaseChange,
    Responder,
    Role,
    Severity,
    Task,
    TaskStatus,
)

T0 = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def incident(**more: object) -> Incident:
    base: dict[str, object] = {
        "id": "inc-20261121-01", "title": "t", "severity": Severity.SEV2, "declared_at": T0, "declared_by": "ada",
        "detected_at": T0,
    }  # fmt: skip
    return Incident.model_validate(base | more)


def moves(*path: Phase) -> tuple[PhaseChange, ...]:
    return tuple(
        PhaseChange(from_phase=a, to_phase=b, at=T0 + timedelta(minutes=index), by="ada")
        for index, (a, b) in enumerate(pairwise(path), start=1)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SEV1", Severity.SEV1), ("sev-2", Severity.SEV2), ("P0", Severity.SEV1), ("p3", Severity.SEV4),
        ("Critical", Severity.SEV1), ("high", Severity.SEV2), (" Medium ", Severity.SEV3), ("low", Severity.SEV4),
        ("SEV5", None), ("P4", None), ("", None), ("1", None),
    ],
)  # fmt: skip
def test_every_scheme_names_the_same_severities(text: str, expected: Severity | None) -> None:
    assert Severity.read(text) is expected


def test_schemes_map_both_ways() -> None:
    for severity in Severity:
        assert [Severity.read(word) for word in (severity.value, severity.priority, severity.label)] == [severity] * 3
    assert Severity.SEV1.worse_than(Severity.SEV2)
    assert not Severity.SEV2.worse_than(Severity.SEV2)


def test_phases_end_at_closed() -> None:
    walked = [Phase.DETECT]
    while walked[-1].next is not walked[-1]:
        walked.append(walked[-1].next)
    assert walked == list(Phase)


def test_a_phase_counts_as_passed_only_while_it_stays_behind() -> None:
    there = moves(Phase.DETECT, Phase.CONTAIN, Phase.DIAGNOSE, Phase.FIX)
    assert incident(phases=there).contained_at == T0 + timedelta(minutes=2)
    assert incident(phases=there).resolved_at is None
    back = moves(Phase.DETECT, Phase.CONTAIN, Phase.DIAGNOSE, Phase.CONTAIN)
    assert incident(phases=back).contained_at is None
    again = moves(Phase.DETECT, Phase.CONTAIN, Phase.DIAGNOSE, Phase.CONTAIN, Phase.FIX)
    assert incident(phases=again).contained_at == T0 + timedelta(minutes=4)


def test_the_last_person_put_in_a_role_holds_it() -> None:
    first = Responder(role=Role.COMMANDER, person="ada", since=T0, until=T0, by="ada")
    second = Responder(role=Role.COMMANDER, person="bob", since=T0, by="bob")
    assert incident().commander is None
    assert incident(responders=(first,)).commander is None
    assert incident(responders=(first, second)).commander == "bob"
    assert incident(responders=(first, second)).holder(Role.SCRIBE) is None


def test_an_offer_is_open_until_accepted_or_withdrawn() -> None:
    offer = HandOver(role=Role.COMMANDER, to_person="bob", offered_at=T0, offered_by="ada")
    assert incident(hand_overs=(offer,)).offered(Role.COMMANDER) == offer
    for end in ({"accepted_at": T0}, {"withdrawn_at": T0}):
        closed = offer.model_copy(update=end)
        assert incident(hand_overs=(closed,)).offered(Role.COMMANDER) is None


def test_a_task_is_overdue_after_its_deadline_until_it_is_complete() -> None:
    task = Task(id="t1", action="a", owner="ada", deadline=T0, verification="v", created_at=T0, by="ada")
    assert not task.overdue(T0)
    assert task.overdue(T0 + timedelta(seconds=1))
    done = task.model_copy(update={"status": TaskStatus.COMPLETE})
    assert not done.overdue(T0 + timedelta(days=1))
    assert task.accountable
    assert not task.model_copy(update={"verification": ""}).accountable
