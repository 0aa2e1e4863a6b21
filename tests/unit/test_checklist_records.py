"""What verifying, claiming and starting leave in the journal, and what the fold makes of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.clock import Clock
from cockpit.errors import UsageError
from cockpit.journal.log import Journal
from cockpit.models.journal import Actor, Entry
from cockpit.models.playbook import Anchor, CheckResult, ItemState, Outcome, Stamp
from cockpit.playbooks import commands
from cockpit.playbooks.checklists import fold
from tests.unit.test_checklists import LIBRARY, PROOF, entry, item, journal, now

__all__ = ["journal"]
STAMP = Stamp(path="run-1/a.json", fingerprint="sha256:1")
ANCHOR = Anchor(run_key="k", run="run-1", flow="build", step="implement", failed_at=datetime(2026, 1, 1, tzinfo=UTC))
MET = CheckResult(outcome=Outcome.MET, why="so it is", evidence=(PROOF,))
BOB = Actor(user="bob", real_user="bob")


def verify(journal: Journal, *names: str) -> None:
    checklist = now(journal)
    commands.verified(journal, "run-1", [(item(checklist, name), MET, (STAMP,)) for name in names])


def test_a_start_keeps_where_the_runs_stood(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one", anchors=[ANCHOR])
    commands.start(journal, LIBRARY, "run-1", "two")
    checklist = now(journal)
    assert [(one.playbook, one.by, one.anchors) for one in checklist.starts] == [
        ("one", "alice", (ANCHOR,)), ("two", "alice", ()),
    ]  # fmt: skip
    assert checklist.start_of("one") == checklist.starts[0]
    assert checklist.start_of("three") is None


def test_verified_items_are_recorded_together_with_what_confirmed_them(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    verify(journal, "one/a", "one/b")
    found = item(now(journal), "one/a")
    assert (found.state, found.by, found.evidence, found.stamps) == (ItemState.VERIFIED, "alice", (PROOF,), (STAMP,))
    assert found.fingerprint == "sha256:1"
    entries = list(journal.entries())
    assert [one.kind for one in entries] == ["checklist.start", "checklist.verified", "checklist.verified"]
    assert (entries[1].data["check"], entries[1].data["why"], entries[1].data["text"]) == ("c", "so it is", "Do a")
    assert commands.verified(journal, "run-1", []) == ()
    assert len(list(journal.entries())) == 3


def test_the_last_word_counts_whoever_said_it(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    verify(journal, "one/a")
    commands.tick(journal, LIBRARY, "run-1", "a", stamps=[STAMP])
    ticked = item(now(journal), "one/a")
    assert (ticked.state, ticked.evidence, ticked.stamps) == (ItemState.DONE, (), (STAMP,))
    verify(journal, "one/a")
    commands.untick(journal, LIBRARY, "run-1", "a")
    opened = item(now(journal), "one/a")
    assert (opened.state, opened.evidence, opened.stamps, opened.fingerprint) == (ItemState.OPEN, (), (), None)
    commands.skip(journal, LIBRARY, "run-1", "a", "no")
    verify(journal, "one/a")
    assert item(now(journal), "one/a").note is None, "the reason of the skip went with it"


def test_claims_are_shown_until_somebody_settles_the_item(journal: Journal, clock: Clock) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    commands.claim(journal, LIBRARY, "run-1", "a")
    assert item(now(journal), "one/a").claimed_by == "alice"
    other = Journal(journal.path, BOB, clock)
    commands.claim(other, LIBRARY, "run-1", "a")
    assert item(now(journal), "one/a").claimed_by == "bob", "the last one who says so"
    commands.claim(journal, LIBRARY, "run-1", "a", owner=" carol ")
    assert item(now(journal), "one/a").claimed_by == "carol"
    commands.release(other, LIBRARY, "run-1", "a")
    assert item(now(journal), "one/a").claimed_by is None
    with pytest.raises(UsageError, match="nobody works on one/a"):
        commands.release(journal, LIBRARY, "run-1", "a")
    for settle in (
        lambda: commands.tick(journal, LIBRARY, "run-1", "a"),
        lambda: commands.skip(journal, LIBRARY, "run-1", "a", "no"),
        lambda: verify(journal, "one/a"),
    ):
        commands.claim(other, LIBRARY, "run-1", "a")
        settle()
        assert item(now(journal), "one/a").claimed_by is None


@pytest.mark.parametrize("owner", ["", "  ", "x" * 65])
def test_who_works_on_it_must_be_a_name(journal: Journal, owner: str) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    with pytest.raises(UsageError, match="name"):
        commands.claim(journal, LIBRARY, "run-1", "a", owner=owner)
    assert len(list(journal.entries())) == 1


def said(kind: str, **data: Any) -> Entry:
    return entry(2, kind, {"target": "t", "item": "one/a"} | data)


@pytest.mark.parametrize(
    "odd",
    [
        said("checklist.verified"),
        said("checklist.verified", check=" "),
        said("checklist.verified", check=3, evidence="x"),
        entry(2, "checklist.claim", {"target": "t", "item": 5}),
        entry(2, "checklist.release", {"target": "t"}),
    ],
)
def test_entries_that_say_nothing_usable_are_left_out(odd: Entry) -> None:
    start = entry(1, "checklist.start", {"target": "t", "playbook": "one"})
    assert fold([start, odd], "t", LIBRARY) == fold([start], "t", LIBRARY)


def test_odd_parts_of_entries_are_left_out_and_the_rest_counts() -> None:
    entries = [
        entry(1, "checklist.start", {"target": "t", "playbook": "one", "anchors": [{"run": 1}, 3, None]}),
        said(
            "checklist.verified",
            check="c",
            evidence=[{"rank": "rumour"}, PROOF.model_dump(mode="json")],
            stamps={"a": 1},
        ),
        entry(3, "checklist.tick", {"target": "t", "item": "one/b", "stamps": [{"path": "x"}, STAMP.model_dump()]}),
        entry(4, "checklist.claim", {"target": "t", "item": "gone/x", "owner": ["bob"], "text": "Old"}),
    ]
    checklist = fold(entries, "t", LIBRARY)
    assert checklist.starts[0].anchors == ()
    found = {each.id: each for each in checklist.items}
    assert (found["one/a"].state, found["one/a"].evidence, found["one/a"].stamps) == (ItemState.VERIFIED, (PROOF,), ())
    assert found["one/b"].stamps == (STAMP,)
    assert (found["gone/x"].text, found["gone/x"].claimed_by) == ("Old", "u1 (u0)")
