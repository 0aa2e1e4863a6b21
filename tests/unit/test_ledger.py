"""A root's record: what is shown was read back from disk, whoever wrote it."""

from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.errors import UsageError
from cockpit.journal.log import Journal
from cockpit.journal.verify import verify
from cockpit.ledger import Ledger
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.journal import Actor
from cockpit.models.playbook import ChecklistItem, ItemState
from cockpit.playbooks.loader import load_library
from tests.samples import HOSTILE, make_run

ADA = Actor(user="root", real_user="ada")
BOB = Actor(user="bob", real_user="bob")
ITEM = "failed-run/receipt"


def ledger(path: Path, clock: Clock, actor: Actor = ADA) -> Ledger:
    return Ledger(Journal(path / "journal.jsonl", actor, clock), load_library(path / "playbooks"))


def item(of: Ledger, target: str = "run-1", name: str = ITEM) -> ChecklistItem:
    return next(each for each in of.checklist(target).items if each.id == name)


def test_a_tick_survives_and_is_seen_by_others(tmp_path: Path, clock: Clock) -> None:
    ada, bob = ledger(tmp_path, clock), ledger(tmp_path, clock, BOB)
    assert not ada.refresh()
    assert ada.checklist("run-1").items == ()
    ada.start("run-1", "failed-run")
    seen = Evidence(rank=Rank.ARTIFACT, path="run-1/meta.json", line=3)
    ticked = ada.tick("run-1", ITEM, (seen,), "looked")
    assert next(each for each in ticked.items if each.id == ITEM).state is ItemState.DONE
    assert bob.refresh()
    assert not bob.refresh()
    theirs = item(bob)
    assert (theirs.state, theirs.note, theirs.evidence) == (ItemState.DONE, "looked", (seen,))
    assert "ada" in (theirs.by or "")
    again = ledger(tmp_path, clock)
    again.refresh()
    assert again.checklist("run-1") == ada.checklist("run-1")
    assert [entry.kind for entry in again.entries] == ["checklist.start", "checklist.tick"]


def test_a_write_takes_in_first_what_others_wrote(tmp_path: Path, clock: Clock) -> None:
    ada, bob = ledger(tmp_path, clock), ledger(tmp_path, clock, BOB)
    ada.start("run-1", "failed-run")
    bob.tick("run-1", ITEM)
    ada.untick("run-1", ITEM)
    assert item(ada).state is ItemState.OPEN
    with pytest.raises(UsageError, match="open already"):
        bob.untick("run-1", ITEM)


def test_skip_note_and_untick(tmp_path: Path, clock: Clock) -> None:
    record = ledger(tmp_path, clock)
    record.start("run-1", "failed-run")
    record.skip("run-1", ITEM, "not ours")
    assert (item(record).state, item(record).note) == (ItemState.SKIPPED, "not ours")
    record.untick("run-1", ITEM)
    assert item(record).state is ItemState.OPEN
    record.tick("run-1", ITEM)
    assert item(record).state is ItemState.DONE
    record.note("run-1", ITEM, "still")
    assert (item(record).state, item(record).note) == (ItemState.DONE, "still")


def test_what_is_not_there_is_refused_and_not_recorded(tmp_path: Path, clock: Clock) -> None:
    record = ledger(tmp_path, clock)
    run = make_run()
    with pytest.raises(UsageError, match="no playbook 'none'"):
        record.start("run-1", "none")
    with pytest.raises(UsageError, match="no checklist was started"):
        record.tick("run-1", ITEM)
    record.start("run-1", "failed-run")
    for refused in (
        lambda: record.tick("run-1", "nothing"),
        lambda: record.untick("run-1", "nothing"),
        lambda: record.skip("run-1", ITEM, "  "),
        lambda: record.comment(run, " \n "),
    ):
        with pytest.raises(UsageError):
            refused()
    assert [entry.kind for entry in record.entries] == ["checklist.start"]


def test_a_comment_is_on_the_timeline_of_its_run_only(tmp_path: Path, clock: Clock) -> None:
    record = ledger(tmp_path, clock)
    run, other = make_run("run-1"), make_run("run-2")
    entry = record.comment(run, "  it hangs  ", "2026-11-21T11:00:00Z")
    record.comment(other, "x")
    assert entry.data["text"] == "it hangs"
    record.refresh()
    assert [each.data["text"] for each in record.timeline(run)] == ["it hangs"]
    assert record.timeline(run)[0].data["happened_at"] == "2026-11-21T11:00:00Z"
    assert len(record.entries) == 2


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\ud800" not in text], ids=lambda text: ascii(text[:12]))
def test_hostile_remarks_keep_the_journal_whole(tmp_path: Path, clock: Clock, text: str) -> None:
    record = ledger(tmp_path, clock)
    record.comment(make_run(), text)
    record.refresh()
    assert text.startswith(record.entries[0].data["text"])
    assert verify(record.journal.path).ok
    assert record.journal.path.read_bytes().count(b"\n") == 1


def test_a_journal_that_was_replaced_is_read_anew(tmp_path: Path, clock: Clock) -> None:
    record = ledger(tmp_path, clock)
    record.start("run-1", "failed-run")
    for name in ("journal.jsonl", "journal.jsonl.lock"):
        (tmp_path / name).unlink(missing_ok=True)
    assert record.refresh()
    assert record.entries == ()
    assert record.checklist("run-1").items == ()
