"""Two operators at one checklist, each in a process of their own: no word of either is lost."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from cockpit.clock import Clock
from cockpit.journal.log import Journal
from cockpit.journal.verify import verify
from cockpit.ledger import Ledger
from cockpit.models.journal import Actor
from cockpit.models.playbook import ItemState
from cockpit.playbooks.checklists import fold
from cockpit.playbooks.loader import load_library
from cockpit.playbooks.records import TICK, UNTICK

REPOSITORY = Path(__file__).resolve().parents[2]
EACH = 200
OPERATOR = f"""
import sys
from itertools import pairwise
from pathlib import Path
from cockpit.clock import system_clock
from cockpit.errors import UsageError
from cockpit.journal.log import Journal
from cockpit.ledger import Ledger
from cockpit.models.journal import Actor
from cockpit.playbooks.loader import load_library

path, name = Path(sys.argv[1]), sys.argv[2]
ledger = Ledger(Journal(path, Actor(user=name, real_user=name), system_clock, wait_s=60), load_library())
items = [each.id for each in (ledger.refresh(), ledger.checklist("run-1"))[1].items][:3]
print("ready", flush=True)
sys.stdin.readline()
told = 0
turn = 0
while told < {EACH}:
    item = items[turn % len(items)]
    turn += 1
    try:
        if turn % 5 in (0, 3):
            ledger.untick("run-1", item)
        else:
            ledger.tick("run-1", item, note=f"{{name}} {{told}}")
    except UsageError:
        continue  # the other one opened it first: nothing was recorded, nothing is lost
    told += 1
print("told", told, flush=True)
"""


def test_two_hundred_words_of_each_are_there_in_the_order_of_the_journal(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / ".cockpit" / "journal.jsonl"
    library = load_library()
    me = Ledger(Journal(path, Actor(user="me", real_user="me"), clock), library)
    me.start("run-1", "failed-run")
    operators = [
        subprocess.Popen(
            [sys.executable, "-c", OPERATOR, str(path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )
        for name in ("alice", "bob")
    ]  # fmt: skip
    try:
        for one in operators:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in operators:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=100)[0] for one in operators]
    finally:
        for one in operators:
            one.kill()
    assert said == [f"told {EACH}\n"] * 2
    entries = list(Journal.read(path))
    words = [entry for entry in entries if entry.kind in (TICK, UNTICK)]
    assert len(words) == 2 * EACH
    by = {name: [entry for entry in words if entry.actor.user == name] for name in ("alice", "bob")}
    assert {name: len(each) for name, each in by.items()} == {"alice": EACH, "bob": EACH}
    # They really took turns, and everyone's own words are in the order they were said.
    turns = sum(before.actor.user != after.actor.user for before, after in pairwise(words))
    assert turns > 1
    for name, each in by.items():
        notes = [int(entry.data["note"].split()[1]) for entry in each if entry.kind == TICK]
        assert notes == sorted(set(notes)), name
    # The last word on each item, in the order of the journal, is what everybody sees.
    last = {entry.data["item"]: entry for entry in words}
    me.refresh()
    seen = {item.id: item for item in me.checklist("run-1").items}
    assert len(last) == 3
    for item, entry in last.items():
        assert seen[item].state is (ItemState.DONE if entry.kind == TICK else ItemState.OPEN)
        assert seen[item].by == (entry.actor.user if entry.kind == TICK else None)
    assert me.checklist("run-1") == fold(entries, "run-1", library)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    checked = verify(path)
    assert checked.ok, checked
    assert checked.entries == 2 * EACH + 1
