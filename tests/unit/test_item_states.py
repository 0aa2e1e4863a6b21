"""When each state of a checklist item holds: the table, and properties over any record and any evidence."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import Checklist, ChecklistItem, CheckResult, ItemState, Outcome, Stamp
from cockpit.playbooks.states import SETTLED, Prints, change, key_of, live, stamps_of, stand

OPEN, DONE, VERIFIED, SKIPPED = ItemState.OPEN, ItemState.DONE, ItemState.VERIFIED, ItemState.SKIPPED
CONTRADICTED, STALE = ItemState.CONTRADICTED, ItemState.STALE
RECORDED = (OPEN, DONE, VERIFIED, SKIPPED)
T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAMP = Stamp(path="run/a.json", fingerprint="sha256:1")
SAME, OTHER = {key_of(STAMP): "sha256:1"}, {key_of(STAMP): "sha256:2"}


def item(state: ItemState, *stamps: Stamp, name: str = "one/a") -> ChecklistItem:
    return ChecklistItem(id=name, text="A", playbook="one", state=state, by="alice", at=T0, stamps=stamps)


def says(outcome: Outcome | None) -> CheckResult | None:
    return None if outcome is None else CheckResult(outcome=outcome, why="the reason")


@pytest.mark.parametrize(
    ("recorded", "outcome", "prints", "state", "why"),
    [
        (OPEN, Outcome.MET, SAME, OPEN, None),
        (OPEN, Outcome.NOT_MET, OTHER, OPEN, None),
        (SKIPPED, Outcome.NOT_MET, OTHER, SKIPPED, None),
        (DONE, None, SAME, DONE, None),
        (DONE, None, {}, DONE, None),
        (DONE, Outcome.MET, SAME, DONE, None),
        (DONE, Outcome.CANNOT_TELL, SAME, DONE, None),
        (DONE, Outcome.NOT_MET, SAME, CONTRADICTED, "the reason"),
        (DONE, Outcome.NOT_MET, OTHER, CONTRADICTED, "the reason"),
        (DONE, Outcome.MET, OTHER, STALE, "run/a.json was changed since"),
        (DONE, Outcome.CANNOT_TELL, OTHER, STALE, "run/a.json was changed since"),
        (DONE, None, {key_of(STAMP): "absent"}, STALE, "run/a.json is gone"),
        (DONE, None, {key_of(STAMP): None}, DONE, None),
        (VERIFIED, Outcome.MET, SAME, VERIFIED, None),
        (VERIFIED, Outcome.MET, OTHER, STALE, "run/a.json was changed since"),
        (VERIFIED, Outcome.CANNOT_TELL, SAME, VERIFIED, None),
        (VERIFIED, Outcome.NOT_MET, SAME, CONTRADICTED, "the reason"),
    ],
)
def test_the_table_of_states(
    recorded: ItemState, outcome: Outcome | None, prints: Prints, state: ItemState, why: str | None
) -> None:
    found = live(item(recorded, STAMP), says(outcome), prints)
    assert (found.state, found.why, found.found) == (state, why, says(outcome))


def test_what_is_said_of_a_change() -> None:
    line = Stamp(path="run/e.jsonl", fingerprint="line:1", line=7)
    there = Stamp(path="run/b", fingerprint="absent")
    assert change(line, "line:2") == "run/e.jsonl:7 was changed since"
    assert change(there, "sha256:9") == "run/b is there now"
    assert change(there, "absent") is None
    both = live(item(DONE, line, there), None, {key_of(line): "absent", key_of(there): "sha256:9"})
    assert both.why == "run/e.jsonl:7 is gone; run/b is there now"


def test_a_line_and_its_file_are_two_places() -> None:
    whole, line = Stamp(path="a.jsonl", fingerprint="sha256:1"), Stamp(path="a.jsonl", fingerprint="line:1", line=3)
    checklist = Checklist(target="t", items=(item(DONE, whole), item(VERIFIED, line, whole, name="one/b")))
    assert stamps_of(checklist.items) == (whole, line)
    grown = stand(checklist, {}, {key_of(whole): "sha256:2", key_of(line): "line:1"})
    assert [each.state for each in grown.items] == [STALE, STALE]
    only = stand(Checklist(target="t", items=(item(DONE, line),)), {}, {key_of(whole): "x", key_of(line): "line:1"})
    assert only.items[0].state is DONE


paths = st.sampled_from(["a", "b", "c.jsonl"])
fingerprints = st.sampled_from(["absent", "sha256:1", "sha256:2", "stat:1-2-3"])
stamps = st.lists(st.builds(Stamp, path=paths, fingerprint=fingerprints, line=st.none() | st.just(3)), max_size=3)
evidence = st.lists(st.builds(Evidence, rank=st.sampled_from(Rank), path=paths), max_size=1).map(tuple)
results = st.none() | st.builds(
    CheckResult, outcome=st.sampled_from(Outcome), why=st.text(min_size=1), evidence=evidence
)
items = st.builds(
    lambda state, marks, name: item(state, *marks, name=name),
    st.sampled_from(RECORDED), stamps, st.sampled_from(["one/a", "one/b"]),
)  # fmt: skip
prints = st.dictionaries(st.tuples(st.none(), paths, st.none() | st.just(3)), st.none() | fingerprints)


@given(items, results, prints)
def test_the_state_is_decided_by_the_record_and_the_evidence_alone(
    recorded: ChecklistItem, found: CheckResult | None, now: Prints
) -> None:
    stands = live(recorded, found, now)
    # Said once more in other words: what may follow from what.
    allowed = {OPEN: {OPEN}, SKIPPED: {SKIPPED}}.get(recorded.state, {recorded.state, STALE, CONTRADICTED})
    assert stands.state in allowed
    against = found is not None and found.outcome is Outcome.NOT_MET
    assert (stands.state is CONTRADICTED) == (recorded.state in SETTLED and against)
    moved = any(now.get(key_of(one)) not in (None, one.fingerprint) for one in recorded.stamps)
    assert (stands.state is STALE) == (recorded.state in SETTLED and not against and moved)
    assert (stands.why is None) == (stands.state in RECORDED)
    # Everything that was recorded is still there.
    kept = {"by", "at", "stamps", "note", "evidence", "claimed_by", "id", "text"}
    assert stands.model_dump(include=kept) == recorded.model_dump(include=kept)
    assert live(recorded, found, now) == stands


@given(items, results, prints)
def test_standing_changes_nothing_of_the_record(
    recorded: ChecklistItem, found: CheckResult | None, now: Prints
) -> None:
    """The evidence is held against the record, never against what came out before: nothing accumulates."""
    back = live(recorded, None, {key_of(one): one.fingerprint for one in recorded.stamps})
    twice = {(one.path, one.line) for one in recorded.stamps}
    if len(twice) == len(recorded.stamps):
        assert back.state is recorded.state
    assert (
        live(recorded, found, now).model_copy(update={"state": recorded.state, "why": None, "found": None}) == recorded
    )


@given(
    st.lists(items, unique_by=lambda one: one.id),
    st.dictionaries(st.sampled_from(["one/a", "one/b", "x"]), results),
    prints,
)
def test_items_stand_each_on_its_own(
    recorded: list[ChecklistItem], found: Mapping[str, CheckResult | None], now: Prints
) -> None:
    known = {name: one for name, one in found.items() if one is not None}
    checklist = Checklist(target="t", items=tuple(recorded))
    whole = stand(checklist, known, now)
    assert whole.items == tuple(live(each, known.get(each.id), now) for each in recorded)
    assert (whole.target, whole.playbooks, whole.starts) == (checklist.target, checklist.playbooks, checklist.starts)
