"""What can be taken back, as the journal tells it: once, by whoever did it, and only what still stands."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.plan import sealed
from cockpit.actions.undo import Inverse, Undoable, undoables
from cockpit.models.action import Plan, Reach
from cockpit.models.journal import Actor, Entry
from tests.conftest import NOW

ADA = Actor(user="root", real_user="ada", tty="/dev/pts/1")
BOB = Actor(user="bob", real_user="bob")
RUN: dict[str, Any] = {"run": "run-1", "run_key": "flow-studio:/r/run-1"}
ITEM: dict[str, Any] = {"target": "run-1", "item": "failed-run/receipt", "text": "look"}


class Story:
    """A journal being told."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.plans: dict[str, Plan] = {}

    def add(self, kind: str, actor: Actor = ADA, **data: Any) -> int:
        seq = len(self.entries) + 1
        at = NOW + timedelta(seconds=seq)
        self.entries.append(Entry(seq=seq, at=at, actor=actor, kind=kind, data=data, prev="", hash=""))
        return seq

    def action(
        self, action: str, actor: Actor = ADA, *, state: str | None = "succeeded", argv: tuple[str, ...] = (),
        undoes: int | None = None, about: dict[str, Any] = RUN, **plan: Any,
    ) -> int:  # fmt: skip
        """An action from its start to its end; `state=None`: it still runs."""
        made = sealed(Plan(action=action, hash="", argv=argv, undoes=undoes, **about, **plan))
        job = f"job-{len(self.entries)}"
        self.plans[job] = made
        more = {} if undoes is None else {"undoes": undoes}
        shared = {"action": action, **about, "job": job, "plan": made.hash, **more}
        for kind in ("action.planned", "action.confirmed"):
            self.add(kind, actor, **shared)
        seq = self.add("action.started", actor, **shared, argv=list(argv))
        if state is not None:
            self.add("action.ended", actor, **shared, state=state)
        return seq

    def archive(self, name: str = "a.tar.gz", actor: Actor = ADA, *, aside: bool = True, **more: Any) -> int:
        argv = ("python", f"--archive=/s/archives/{name}", *(("--aside",) if aside else ()))
        return self.action("archive", actor, argv=argv, **more)

    def restore(self, name: str = "a.tar.gz", actor: Actor = ADA, **more: Any) -> int:
        return self.action("restore", actor, argv=("python", f"--archive=/s/archives/{name}"), **more)

    def plan_of(self, job: str, known: str) -> Plan | None:
        plan = self.plans.get(job)
        return plan if plan is not None and plan.hash == known else None

    def done(self, who: Actor = ADA) -> tuple[Undoable, ...]:
        return undoables(self.entries, who, self.plan_of)

    def one(self, seq: int, who: Actor = ADA) -> Undoable:
        return next(each for each in self.done(who) if each.seq == seq)

    def why(self, seq: int) -> str:
        found = self.one(seq)
        assert found.inverse is None
        assert found.why_not is not None
        return found.why_not


@pytest.fixture
def story() -> Story:
    return Story()


def test_nothing_was_done(story: Story) -> None:
    assert story.done() == ()


def test_an_archive_that_moved_its_run_is_taken_back_by_a_restore_of_it(story: Story) -> None:
    seq = story.archive("run-1-x.tar.gz")
    (found,) = story.done()
    assert (found.seq, found.run, found.title) == (seq, "run-1", "archive of run-1")
    assert found.inverse == Inverse("restore", {"archive": "run-1-x.tar.gz"})


def test_an_archive_that_left_its_run_alone_says_what_it_made(story: Story) -> None:
    assert "the run itself was not touched; delete /s/archives/a.tar.gz" in story.why(story.archive(aside=False))


def test_a_restore_is_taken_back_by_another_archive(story: Story) -> None:
    story.archive(actor=BOB)
    seq = story.restore()
    assert story.one(seq).inverse == Inverse("archive", {"remove": "yes"})


@pytest.mark.parametrize("who", [ADA, BOB])
def test_an_archive_whose_run_was_put_back_since_is_not_taken_back(story: Story, who: Actor) -> None:
    seq = story.archive()
    back = story.restore(actor=who)
    assert f"moved again since, by {who.real_user} (#{back})" in story.why(seq)


def test_a_restore_that_failed_changes_nothing(story: Story) -> None:
    seq = story.archive()
    story.restore(state="failed")
    assert story.one(seq).inverse is not None


def test_what_was_taken_back_is_not_taken_back_twice_and_an_undo_is_not_undone(story: Story) -> None:
    seq = story.archive()
    undo = story.restore(undoes=seq)
    assert f"taken back by ada (#{undo})" in story.why(seq)
    assert f"itself an undo, of #{seq}" in story.why(undo)
    assert all(each.inverse is None for each in story.done())


@pytest.mark.parametrize(("state", "taken"), [("succeeded", True), (None, True), ("failed", False), ("lost", False)])
def test_only_an_undo_that_worked_or_still_may_counts(story: Story, state: str | None, taken: bool) -> None:
    seq = story.archive()
    story.restore(undoes=seq, state=state)
    assert (story.one(seq).inverse is None) is taken


@pytest.mark.parametrize("state", ["failed", "cancelled", "lost"])
def test_what_did_not_end_well_says_so_with_its_way_back_by_hand(story: Story, state: str) -> None:
    seq = story.action("ramp", state=state, undone_by="rollback", undo="set the traffic to 0")
    assert story.why(seq) == f"it {state}, so what it did is not known; by hand: set the traffic to 0"


def test_what_still_runs_is_to_be_cancelled(story: Story) -> None:
    assert "not ended yet" in story.why(story.action("ramp", state=None, undone_by="rollback"))


def test_an_action_is_taken_back_by_the_one_its_plan_names_with_its_choices(story: Story) -> None:
    seq = story.action("ramp", undone_by="rollback", options={"percent": "50"}, flow="deploy", step="go")
    assert story.one(seq).inverse == Inverse("rollback", {"percent": "50"}, "deploy", "go")


def test_an_action_that_nothing_takes_back_says_why(story: Story) -> None:
    assert story.why(story.action("retry", undo="archive the run first")) == (
        "no action takes it back: archive the run first"
    )


def test_a_plan_that_is_gone_or_another_one_is_not_believed(story: Story) -> None:
    gone, other = story.action("ramp", undone_by="rollback"), story.action("shadow", undone_by="rollback")
    jobs = list(story.plans)
    del story.plans[jobs[0]]
    story.plans[jobs[1]] = sealed(story.plans[jobs[1]].model_copy(update={"undone_by": "explode"}))
    assert "no longer on disk" in story.why(gone)
    assert "no longer on disk" in story.why(other)


def test_the_same_action_again_leaves_only_the_last_to_take_back(story: Story) -> None:
    first = story.action("ramp", undone_by="rollback")
    second = story.action("ramp", BOB, undone_by="rollback")
    assert f"ramp followed, by bob (#{second})" in story.why(first)


@pytest.mark.parametrize(("reach", "free"), [(Reach.RUN, True), (Reach.SYSTEM, False)])
def test_of_another_run_it_matters_only_where_the_whole_system_was_reached(
    story: Story, reach: Reach, free: bool
) -> None:
    seq = story.action("ramp", undone_by="rollback", reach=reach)
    story.action("rollback", about={"run": "run-2", "run_key": "flow-studio:/r/run-2"})
    assert (story.one(seq).inverse is not None) is free


EVIDENCE = [{"path": "a", "line": 3}]


@pytest.mark.parametrize(
    ("before", "done", "inverse"),
    [
        ([], ("checklist.tick", {}), ("checklist.untick", {})),
        (
            [("checklist.tick", {"evidence": EVIDENCE, "note": "n"})],
            ("checklist.untick", {}),
            ("checklist.tick", {"evidence": EVIDENCE, "note": "n"}),
        ),
        ([("checklist.skip", {"reason": "r"})], ("checklist.tick", {}), ("checklist.skip", {"reason": "r"})),
        ([("checklist.tick", {"note": "n"})], ("checklist.skip", {"reason": "r"}), ("checklist.tick", {"note": "n"})),
        ([("checklist.tick", {}), ("checklist.untick", {})], ("checklist.tick", {}), ("checklist.untick", {})),
    ],
)
def test_an_item_is_put_back_as_it_was_before(
    story: Story,
    before: list[tuple[str, dict[str, Any]]],
    done: tuple[str, dict[str, Any]],
    inverse: tuple[str, dict[str, Any]],
) -> None:
    for kind, data in before:
        story.add(kind, BOB, **ITEM, **data)
    seq = story.add(done[0], **ITEM, **done[1])
    assert story.one(seq).inverse == Inverse(inverse[0], data={**ITEM, **inverse[1]})


def test_an_item_that_others_changed_since_is_left_alone(story: Story) -> None:
    seq = story.add("checklist.tick", **ITEM)
    other = story.add("checklist.untick", BOB, **ITEM)
    story.add("checklist.tick", BOB, **{**ITEM, "item": "failed-run/other"})
    assert story.why(seq) == f"the item was changed since, by bob (#{other})"


def test_undo_goes_back_step_by_step(story: Story) -> None:
    tick = story.add("checklist.tick", **ITEM)
    skip = story.add("checklist.skip", **ITEM, reason="r")
    story.add("checklist.tick", **ITEM, undoes=skip)
    assert story.one(tick).inverse == Inverse("checklist.untick", data=ITEM)
    story.add("checklist.untick", **ITEM, undoes=tick)
    assert all(each.inverse is None for each in story.done())


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("note", "stays on record"),
        ("checklist.note", "stays on record"),
        ("checklist.start", "a playbook that was started stays"),
        ("action.cancelled", "start it again"),
        ("incident.declared", "never taken back"),
        ("something.else", "nothing is known"),
    ],
)
def test_what_cannot_be_taken_back_says_why(story: Story, kind: str, why: str) -> None:
    assert why in story.why(story.add(kind, **ITEM))


def test_what_others_did_is_theirs_and_what_the_same_person_did_as_root_is_not(story: Story) -> None:
    story.add("note", BOB)
    mine = story.add("note", Actor(user="ada", real_user="ada", ssh_peer="192.0.2.9"))
    assert [each.seq for each in story.done()] == [mine]


def test_newest_first(story: Story) -> None:
    story.archive()
    story.add("note", **RUN)
    story.add("action.refused", **RUN)
    story.add("journal.repaired")
    story.add("record.started", **RUN)
    assert [each.kind for each in story.done()] == ["note", "action.started"]


KINDS = st.sampled_from(
    ["action.started", "action.ended", "checklist.tick", "checklist.untick", "checklist.skip", "checklist.odd", "note"]
)
ODD = st.one_of(st.none(), st.integers(0, 8), st.booleans(), st.sampled_from(["archive", "restore", "x", "--aside"]),
                st.lists(st.sampled_from(["--aside", "--archive=/x", 1]), max_size=2))  # fmt: skip
FIELDS = st.dictionaries(
    st.sampled_from(["action", "job", "plan", "run", "run_key", "argv", "undoes", "target", "item", "state"]), ODD
)


@given(st.lists(st.tuples(KINDS, st.sampled_from([ADA, BOB]), FIELDS), max_size=12))
def test_any_journal_is_told_without_raising_and_nothing_twice(told: list[tuple[str, Actor, dict[str, Any]]]) -> None:
    story = Story()
    for kind, actor, data in told:
        story.add(kind, actor, **data)
    found = story.done()
    assert all((each.inverse is None) != (each.why_not is None) for each in found)
    taken = [entry.data.get("undoes") for entry in story.entries if entry.kind == "checklist.tick"]
    for each in found:
        if each.inverse is not None:
            assert each.seq not in [seq for seq in taken if type(seq) is int]
