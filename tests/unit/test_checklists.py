"""Checklists: what operators do to them, and what the journal makes of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.clock import Clock
from cockpit.errors import UsageError
from cockpit.journal.files import JournalError
from cockpit.journal.log import Journal
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.journal import Actor, Entry
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState, Playbook, PlaybookItem
from cockpit.playbooks import commands
from cockpit.playbooks.checklists import ChecklistFold, fold
from cockpit.playbooks.loader import Library, load_library

T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ALICE = Actor(user="alice", real_user="alice")
ROOT_BOB = Actor(user="root", real_user="bob")
LIBRARY = Library(
    (
        Playbook(
            id="one",
            title="One",
            items=(
                PlaybookItem(id="a", text="Do a", section="First", detail=("why",), check="c", command=("make", "x")),
                PlaybookItem(id="b", text="Do b"),
                PlaybookItem(id="same", text="Same"),
            ),
        ),
        Playbook(id="two", title="Two", items=(PlaybookItem(id="same", text="Same"), PlaybookItem(id="z", text="Z"))),
    )
)
PROOF = Evidence(rank=Rank.RECEIPT, path="run-1/build/receipts/a.json", line=3, quote="[/x]\x1b")


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Journal:
    return Journal(tmp_path / "journal.jsonl", ALICE, clock)


def now(journal: Journal, target: str = "run-1", library: Library = LIBRARY) -> Checklist:
    return fold(journal.entries(), target, library)


def item(checklist: Checklist, item_id: str) -> ChecklistItem:
    return next(each for each in checklist.items if each.id == item_id)


def test_a_started_playbook_is_a_list_of_open_items(journal: Journal) -> None:
    assert now(journal) == Checklist(target="run-1")
    entry = commands.start(journal, LIBRARY, "run-1", "one")
    assert entry is not None
    assert (entry.kind, entry.data) == ("checklist.start", {"target": "run-1", "playbook": "one"})
    checklist = now(journal)
    assert checklist.playbooks == ("one",)
    assert [each.id for each in checklist.items] == ["one/a", "one/b", "one/same"]
    assert checklist.items[0] == ChecklistItem(
        id="one/a", text="Do a", playbook="one", section="First", detail=("why",), check="c", command=("make", "x")
    )
    assert now(journal, "run-2").items == ()


def test_starting_twice_starts_once(journal: Journal) -> None:
    assert commands.start(journal, LIBRARY, "run-1", "one")
    assert commands.start(journal, LIBRARY, "run-1", "one") is None
    assert commands.start(journal, LIBRARY, "run-1", "two")
    assert commands.start(journal, LIBRARY, "run-2", "one")
    assert len(list(journal.entries())) == 3
    assert now(journal).playbooks == ("one", "two")


def test_a_tick_says_who_when_and_on_what(tmp_path: Path, clock: Clock) -> None:
    journal = Journal(tmp_path / "journal.jsonl", ROOT_BOB, clock)
    commands.start(journal, LIBRARY, "run-1", "one")
    entry = commands.tick(journal, LIBRARY, "run-1", "a", evidence=[PROOF], note=" seen ")
    assert entry.data["text"] == "Do a"
    done = item(now(journal), "one/a")
    assert (done.state, done.by, done.at) == (ItemState.DONE, "root (bob)", T0)
    assert (done.evidence, done.note) == ((PROOF,), "seen")
    assert item(now(journal), "one/b").state is ItemState.OPEN


def test_untick_opens_again_and_keeps_the_note(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    commands.tick(journal, LIBRARY, "run-1", "a", evidence=[PROOF], note="seen")
    commands.untick(journal, LIBRARY, "run-1", "one/a")
    again = item(now(journal), "one/a")
    assert (again.state, again.by, again.at, again.evidence, again.note) == (ItemState.OPEN, None, None, (), "seen")
    with pytest.raises(UsageError, match="open already"):
        commands.untick(journal, LIBRARY, "run-1", "a")


def test_a_skip_needs_a_reason_and_shows_it(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    for blank in ("", " \n"):
        with pytest.raises(UsageError, match="a reason is needed"):
            commands.skip(journal, LIBRARY, "run-1", "a", blank)
    commands.skip(journal, LIBRARY, "run-1", "a", "no transcript")
    commands.note(journal, LIBRARY, "run-1", "a", "asked Carol")
    skipped = item(now(journal), "one/a")
    assert (skipped.state, skipped.by, skipped.note) == (ItemState.SKIPPED, "alice", "no transcript; asked Carol")
    commands.tick(journal, LIBRARY, "run-1", "a")
    done = item(now(journal), "one/a")
    assert (done.state, done.note) == (ItemState.DONE, None)


def test_a_note_leaves_the_state_alone(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    commands.note(journal, LIBRARY, "run-1", "b", "look at this")
    commands.tick(journal, LIBRARY, "run-1", "a")
    commands.note(journal, LIBRARY, "run-1", "a", "first")
    commands.note(journal, LIBRARY, "run-1", "a", "second")
    checklist = now(journal)
    assert (item(checklist, "one/b").state, item(checklist, "one/b").note) == (ItemState.OPEN, "look at this")
    assert (item(checklist, "one/a").state, item(checklist, "one/a").note) == (ItemState.DONE, "second")
    with pytest.raises(UsageError, match="a note is needed"):
        commands.note(journal, LIBRARY, "run-1", "a", "")
    with pytest.raises(UsageError, match="too long"):
        commands.note(journal, LIBRARY, "run-1", "a", "x" * 4001)


def test_an_unknown_playbook_is_refused_with_the_list(journal: Journal) -> None:
    with pytest.raises(UsageError, match="no playbook 'three'; there are: one, two"):
        commands.start(journal, LIBRARY, "run-1", "three")
    with pytest.raises(UsageError, match="needs a run"):
        commands.start(journal, LIBRARY, " ", "one")
    assert not journal.path.exists()


ACTS: list[Callable[[Journal, str], object]] = [
    lambda journal, item_id: commands.tick(journal, LIBRARY, "run-1", item_id),
    lambda journal, item_id: commands.untick(journal, LIBRARY, "run-1", item_id),
    lambda journal, item_id: commands.skip(journal, LIBRARY, "run-1", item_id, "why"),
    lambda journal, item_id: commands.note(journal, LIBRARY, "run-1", item_id, "note"),
]


@pytest.mark.parametrize("act", ACTS, ids=["tick", "untick", "skip", "note"])
def test_an_item_that_is_not_there_is_refused_with_the_list(
    journal: Journal, act: Callable[[Journal, str], object]
) -> None:
    with pytest.raises(UsageError, match=r"no checklist was started for run-1.*one, two"):
        act(journal, "a")
    commands.start(journal, LIBRARY, "run-1", "one")
    with pytest.raises(UsageError, match=r"no item 'sane'.*mean 'same'.*: one/a, one/b, one/same"):
        act(journal, "sane")
    with pytest.raises(UsageError, match="no item 'two/same'"):
        act(journal, "two/same")
    commands.start(journal, LIBRARY, "run-1", "two")
    with pytest.raises(UsageError, match="in several playbooks: one/same, two/same"):
        act(journal, "same")
    assert [entry.kind for entry in journal.entries()] == ["checklist.start"] * 2


def test_a_bare_id_is_enough_where_one_playbook_has_it(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    commands.start(journal, LIBRARY, "run-1", "two")
    for each in ("z", "two/same"):
        commands.tick(journal, LIBRARY, "run-1", each)
    assert [each.id for each in now(journal).items if each.state is ItemState.DONE] == ["two/same", "two/z"]


def test_a_callers_own_checklist_saves_reading_the_journal(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    current = now(journal)
    kept = journal.path.read_bytes()
    journal.path.write_bytes(b"")
    commands.tick(journal, LIBRARY, "run-1", "a", current=current)
    assert commands.start(journal, LIBRARY, "run-1", "one", current=current) is None
    assert kept not in journal.path.read_bytes()


def test_nothing_is_ticked_when_it_cannot_be_recorded(journal: Journal) -> None:
    commands.start(journal, LIBRARY, "run-1", "one")
    current = now(journal)
    journal.path.unlink()
    journal.path.mkdir()
    with pytest.raises(JournalError):
        commands.tick(journal, LIBRARY, "run-1", "a", current=current)


def test_records_outlive_the_playbooks_they_were_made_with(journal: Journal) -> None:
    for playbook in ("one", "two"):
        commands.start(journal, LIBRARY, "run-1", playbook)
    commands.tick(journal, LIBRARY, "run-1", "b", note="done before the edit")
    commands.tick(journal, LIBRARY, "run-1", "z")
    edited = Library((Playbook(id="one", title="One", items=(PlaybookItem(id="new", text="New"),)),))
    checklist = now(journal, library=edited)
    assert checklist.playbooks == ("one", "two")
    assert [(each.id, each.text, each.state) for each in checklist.items] == [
        ("one/new", "New", ItemState.OPEN),
        ("one/b", "Do b", ItemState.DONE),
        ("two/z", "Z", ItemState.DONE),
    ]
    assert item(checklist, "one/b").note == "done before the edit"
    commands.untick(journal, edited, "run-1", "one/b")
    assert item(now(journal, library=edited), "one/b").state is ItemState.OPEN


def test_items_no_longer_there_come_in_the_same_order_whoever_was_first() -> None:
    start = entry(1, "checklist.start", {"target": "t", "playbook": "one"})
    ticks = [entry(seq, "checklist.tick", {"target": "t", "item": f"one/{name}"}) for seq, name in enumerate("yxz", 2)]
    one_way, other_way = fold([start, *ticks], "t", LIBRARY), fold([start, *reversed(ticks)], "t", LIBRARY)
    assert [each.id for each in one_way.items[3:]] == ["one/x", "one/y", "one/z"]
    assert one_way == other_way


def test_two_cockpits_on_one_journal_see_each_others_ticks(journal: Journal, clock: Clock) -> None:
    other = Journal(journal.path, ROOT_BOB, clock)
    commands.start(journal, LIBRARY, "run-1", "one")
    folding, batch = ChecklistFold(LIBRARY), other.follow()
    assert folding.feed(batch.entries) == {"run-1"}
    commands.tick(journal, LIBRARY, "run-1", "a")
    batch = other.follow(batch.cursor)
    assert folding.feed(batch.entries) == {"run-1"}
    assert item(folding.checklist("run-1"), "one/a").by == "alice"
    assert folding.targets() == ("run-1",)
    folding.clear()
    assert folding.targets() == ()


# --- the fold over entries from anywhere --------------------------------------------------------------------------


def entry(seq: int, kind: str, data: dict[str, Any]) -> Entry:
    actor = Actor(user=f"u{seq % 3}", real_user=f"u{seq % 2}")
    return Entry(seq=seq, at=T0 + timedelta(seconds=seq), actor=actor, kind=kind, data=data, prev="", hash="")


KINDS = [
    "checklist.start", "checklist.tick", "checklist.untick", "checklist.skip", "checklist.note", "checklist.verified",
    "checklist.claim", "checklist.release",
]  # fmt: skip
ITEMS = ["one/a", "one/b", "two/z", "gone/x", "one/gone", "one/left", "nothing", "/", "one/"]
words = st.sampled_from(["", " ", "w", "[/x]"])
well_formed = st.fixed_dictionaries(
    {"target": st.sampled_from(["run-1", "run-2"]), "item": st.sampled_from(ITEMS)},
    optional={
        "note": words,
        "reason": words,
        "text": words,
        "playbook": st.sampled_from(["one", "two", "gone"]),
        "check": words,
        "owner": words,
    },
)
odd = st.dictionaries(
    st.sampled_from(
        ["target", "item", "playbook", "note", "reason", "evidence", "text", "check", "stamps", "anchors", "owner"]
    ),
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none() | st.dictionaries(st.text(), st.text())),
)
histories = st.lists(st.tuples(st.sampled_from([*KINDS, "checklist.unheard-of", "a.b"]), well_formed | odd)).map(
    lambda pairs: [entry(seq, kind, data) for seq, (kind, data) in enumerate(pairs, start=1)]
)


@settings(deadline=None)
@given(histories, st.lists(st.integers(0, 30)))
def test_any_history_folds_the_same_in_any_portions(history: list[Entry], cuts: list[int]) -> None:
    folding = ChecklistFold(LIBRARY)
    changed: set[str] = set()
    edges = [0, *sorted(cuts), len(history)]
    for start, end in pairwise(edges):
        before = {target: folding.checklist(target) for target in ("run-1", "run-2")}
        said = folding.feed(history[start:end])
        changed |= said
        for target, checklist in before.items():
            assert target in said or folding.checklist(target) == checklist
    for target in ("run-1", "run-2"):
        whole = fold(history, target, LIBRARY)
        assert folding.checklist(target) == whole
        assert len({each.id for each in whole.items}) == len(whole.items)
        assert target in changed or whole == Checklist(target=target)


@settings(deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_words_on_different_items_does_not_matter(history: list[Entry], random: Any) -> None:
    """Entries are shuffled; those on one item, and the starts, keep their order among themselves."""

    def group(each: Entry) -> object:
        return "start" if each.kind == "checklist.start" else each.data.get("item")

    # The last word's time and person go with it, so each entry is moved as it is.
    order = list(range(len(history)))
    random.shuffle(order)
    queues: dict[str, list[Entry]] = {}
    for each in history:
        queues.setdefault(repr(group(each)), []).append(each)
    shuffled = [queues[repr(group(history[place]))].pop(0) for place in order]
    assert sorted(each.seq for each in shuffled) == [each.seq for each in history]
    for target in ("run-1", "run-2"):
        assert fold(shuffled, target, LIBRARY) == fold(history, target, LIBRARY)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["tick", "untick", "skip"]), st.sampled_from(["a", "b"])), max_size=12))
def test_the_last_word_counts(history: list[tuple[str, str]]) -> None:
    expected = dict.fromkeys("ab", ItemState.OPEN)
    entries = [entry(1, "checklist.start", {"target": "t", "playbook": "one"})]
    for seq, (verb, name) in enumerate(history, start=2):
        entries.append(entry(seq, f"checklist.{verb}", {"target": "t", "item": f"one/{name}", "reason": "r"}))
        expected[name] = {"tick": ItemState.DONE, "untick": ItemState.OPEN, "skip": ItemState.SKIPPED}[verb]
    checklist = fold(entries, "t", LIBRARY)
    assert {name: item(checklist, f"one/{name}").state for name in expected} == expected


def test_the_shipped_playbooks_make_checklists(journal: Journal) -> None:
    library = load_library()
    for playbook in library.playbooks:
        commands.start(journal, library, "run-1", playbook.id)
    checklist = now(journal, library=library)
    assert len(checklist.items) == sum(len(playbook.items) for playbook in library.playbooks)
    assert all(each.state is ItemState.OPEN and each.text for each in checklist.items)
