"""Incidents in a root's record: decided with the journal locked, seen by everybody."""

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.errors import UsageError
from cockpit.incidents import lifecycle, records, roles
from cockpit.journal.log import Draft, Journal
from cockpit.journal.verify import verify
from cockpit.ledger import Ledger
from cockpit.models.incident import Incident, Role, Severity
from cockpit.models.journal import Actor
from cockpit.playbooks.loader import Library, load_library
from tests.conftest import NOW

ADA = Actor(user="root", real_user="ada")
BOB = Actor(user="root", real_user="bob")


def ledger(path: Path, clock: Clock, actor: Actor = ADA, library: Library | None = None) -> Ledger:
    return Ledger(Journal(path / "journal.jsonl", actor, clock), library or Library())


def declare(of: Ledger, title: str = "Builds fail", playbooks: Sequence[str] = ()) -> Incident:
    def decide(taken: frozenset[str]) -> tuple[Draft, ...]:
        name = lifecycle.next_id(taken, NOW)
        return lifecycle.declare(name, NOW, title=title, severity=Severity.SEV2, playbooks=playbooks)

    return of.declare(decide)


def test_incidents_are_seen_by_others_and_survive(tmp_path: Path, clock: Clock) -> None:
    ada, bob = ledger(tmp_path, clock), ledger(tmp_path, clock, BOB)
    first, second = declare(ada), declare(ada, "Again")
    assert (first.id, second.id) == ("inc-20261121-01", "inc-20261121-02")
    assert bob.refresh()
    assert bob.incidents() == (first, second)
    after = bob.amend(first.id, lambda incident: records.note(incident, "seen"))
    assert [note.by for note in after.notes] == ["root (bob)"]
    again = ledger(tmp_path, clock)
    again.refresh()
    assert again.incident(first.id) == after
    assert [entry.kind for entry in again.incident_entries(first.id)] == ["incident.declared", "incident.note"]


def test_what_is_decided_sees_what_others_recorded_a_moment_before(tmp_path: Path, clock: Clock) -> None:
    ada, bob = ledger(tmp_path, clock), ledger(tmp_path, clock, BOB)
    name = declare(ada).id
    ada.amend(name, partial(roles.assign, actor=ADA, role=Role.COMMANDER, person="me"))
    with pytest.raises(UsageError, match="ada has the command"):
        bob.amend(name, partial(roles.assign, actor=BOB, role=Role.COMMANDER, person="me"))
    ada.amend(name, partial(roles.assign, actor=ADA, role=Role.COMMANDER, person="bob"))
    assert bob.amend(name, partial(roles.assign, actor=BOB, role=Role.COMMANDER, person="me")).commander == "bob"


def test_a_refusal_records_nothing(tmp_path: Path, clock: Clock) -> None:
    ada = ledger(tmp_path, clock)
    name = declare(ada).id
    before = ada.journal.path.read_bytes()
    with pytest.raises(UsageError, match="a note is needed"):
        ada.amend(name, lambda incident: records.note(incident, ""))
    with pytest.raises(UsageError, match="no incident 'inc-20261121-77'"):
        ada.amend("inc-20261121-77", lambda incident: records.note(incident, "x"))
    assert ada.journal.path.read_bytes() == before


def test_a_decision_may_ask_for_checklists(tmp_path: Path, clock: Clock) -> None:
    ada = ledger(tmp_path, clock, library=load_library())
    name = declare(ada, playbooks=["response-protocol"]).id

    def decide(incident: Incident) -> tuple[Draft, ...]:
        return records.note(incident, f"{len(ada.checklist(incident.id).items)} items")

    assert int(ada.amend(name, decide).notes[0].text.split()[0]) > 20


PROCESS = """\
import sys
from pathlib import Path
from cockpit.clock import fixed_clock
from tests.conftest import NOW
from tests.unit.test_incident_ledger import ADA, declare, ledger
of = ledger(Path(sys.argv[1]), fixed_clock(NOW))
print("ready", flush=True)
sys.stdin.readline()
for number in range(25):
    print(declare(of, f"{sys.argv[2]} {number}").id)
"""


def test_two_processes_never_give_the_same_id(tmp_path: Path, clock: Clock) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    given = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    ids = [name for names in given for name in names]
    assert sorted(ids) == [f"inc-20261121-{number:02d}" for number in range(1, 51)]
    after = ledger(tmp_path, clock)
    after.refresh()
    assert {incident.id for incident in after.incidents()} == set(ids)
    assert verify(after.journal.path).ok
