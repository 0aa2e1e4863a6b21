"""Logs as rows: lazily, at any size, every shape of JSON line, and plans and checklists beside them."""

import json
from collections.abc import Sequence
from typing import Any, overload

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.models.action import Job, JobState, Plan
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.journal import Actor, Entry
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState
from cockpit.models.records import Decision, Iteration, RoutingEntry
from cockpit.models.records import Level as Loudness
from cockpit.presenters.checklist import checklist_rows, progress
from cockpit.presenters.jobs import job_lines
from cockpit.presenters.lazy import LazyRows
from cockpit.presenters.log_lines import file_row
from cockpit.presenters.logs import (
    describe,
    routing_row,
    routing_rows,
    timeline_row,
    timeline_rows,
)
from cockpit.presenters.plans import command_text, plan_lines
from cockpit.presenters.times import TimeStyle
from tests.samples import HOSTILE, NOW, assert_clean, cells
from widgets.rows import EMPTY, Level, LogRow, Tone, hunt

INFO = Level.INFO
LOUD = frozenset((Level.ERROR,))


def line(record: object) -> bytes:
    return json.dumps(record).encode()


def shown(record: object) -> tuple[str, str, Level]:
    row = file_row(0, line(record))
    return row.where.text, row.text.text, row.level


# Lines of files.


@pytest.mark.parametrize(
    ("record", "where", "text", "level"),
    [
        # Transcripts: a chat, its typed parts, tools in and out, a result.
        ({"role": "assistant", "content": "I begin"}, "assistant", "I begin", Level.INFO),
        ({"type": "system", "subtype": "init"}, "system", '{"type": "system", "subtype": "init"}', Level.INFO),
        ({"type": "tool_use", "tool": "Bash", "input": {"b": 1, "a": 2}}, "tool_use", 'Bash {"a": 2, "b": 1}', INFO),
        ({"type": "tool_result", "tool_name": "Bash", "tool_output": "exit 1"}, "tool_result", "Bash exit 1", INFO),
        ({"type": "message", "content": [{"type": "text", "t": 1}]}, "message", '[{"t": 1, "type": "text"}]', INFO),
        ({"type": "error", "error": "TimeoutError: 300s"}, "error", "TimeoutError: 300s", Level.ERROR),
        # Logs: a level decides, whatever the text says.
        ({"level": "INFO", "message": "no errors"}, "INFO", "no errors", Level.INFO),
        ({"level": "WARNING", "message": "slow"}, "WARNING", "slow", Level.WARN),
        ({"level": "critical", "message": "x"}, "critical", "x", Level.ERROR),
        # Events and routing.
        ({"kind": "step_end", "step_id": "fix", "payload": {"status": "ok"}}, "step_end", 'fix {"status": "ok"}', INFO),
        ({"decision": "loop", "reason": "again"}, "loop", "again", Level.INFO),
        ({"event": "heartbeat"}, "heartbeat", '{"event": "heartbeat"}', Level.INFO),
        # Odd values.
        ({"type": None, "content": ""}, "", '{"type": null, "content": ""}', Level.INFO),
        ({"type": 0, "content": False}, "0", "false", Level.INFO),
        ({"type": ["a"], "text": {"b": None}}, '["a"]', '{"b": null}', Level.INFO),
        ({}, "", "{}", Level.INFO),
    ],
)  # fmt: skip
def test_json_lines_are_told_in_short(record: object, where: str, text: str, level: Level) -> None:
    assert shown(record) == (where, text, level)


@pytest.mark.parametrize(
    ("raw", "text", "level"),
    [
        (b"plain words", "plain words", Level.INFO),
        (b"Traceback (most recent call last):", "Traceback (most recent call last):", Level.ERROR),
        (b"make: *** [x] Error 2", "make: *** [x] Error 2", Level.ERROR),
        (b"warning: slow", "warning: slow", Level.WARN),
        (b"", "", Level.INFO),
        (b'{"torn": ', '{"torn": ', Level.INFO),
        (b"[1, 2]", "[1, 2]", Level.INFO),
        (b'{"a": ' + b"9" * 5_000 + b"}", '{"a": ' + "9" * 3_993 + "…", Level.INFO),
        (b"\xff\xfe", "\ufffd\ufffd", Level.INFO),
    ],
    ids=["words", "traceback", "make", "warning", "empty", "torn", "list", "digits", "bytes"],
)
def test_other_lines_stand_as_they_are(raw: bytes, text: str, level: Level) -> None:
    row = file_row(41, raw)
    assert (row.at.text, row.where, row.text.text, row.level) == ("42", EMPTY, text, level)


@pytest.mark.parametrize("depth", [10, 300, 600, 900, 990, 1_000, 1_500, 20_000])
def test_nested_json_of_any_depth(depth: int) -> None:
    assert_clean(file_row(0, b'{"content": ' + b"[" * depth + b"]" * depth + b"}"))
    assert_clean(file_row(0, b'{"a": ' * depth + b"1" + b"}" * depth))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_clean_row(raw: bytes) -> None:
    assert_clean(file_row(0, raw))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["type", "role", "content", "level", "message", "tool", "payload", "x"])


@given(st.dictionaries(NAMES, JSON, max_size=5))
def test_any_json_object_is_a_clean_row(record: dict[str, Any]) -> None:
    assert_clean(file_row(0, line(record)))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_lines(text: str) -> None:
    assert_clean(file_row(0, text.encode("utf-8", "surrogatepass")))
    for name in ("type", "content", "tool", "level"):
        assert_clean(file_row(0, line({name: text, "message": text})))


def test_loudness_of_free_text_looks_at_its_beginning() -> None:
    assert file_row(0, b"x" * 1_000_000 + b"error").level is Level.INFO
    assert file_row(0, b"ERROR" + b"x" * 1_000_000).level is Level.ERROR


# The routing log.


def entry(**more: Any) -> RoutingEntry:
    return RoutingEntry(**{"decision": Decision.CONTINUE, "path": "run-1/events.jsonl", **more})


def test_a_decision_says_when_where_what_whereto_and_why() -> None:
    row = routing_row(
        7,
        entry(
            at=NOW, flow="build", step="critique", decision=Decision.LOOP, target="author", reason="not yet",
            iteration=Iteration(current=2, max=3), needs_human=True, level=Loudness.WARN,
        ),
        TimeStyle.UTC,
    )  # fmt: skip
    assert [cell.text for cell in cells(row)] == [
        "12:00:00", "build › critique", "LOOP", "-> author [2/3] needs a person: not yet",
    ]  # fmt: skip
    assert (row.key, row.level, row.text.tone) == ("7", Level.WARN, Tone.WARN)
    assert routing_row(0, entry(iteration=Iteration(current=2)), TimeStyle.UTC).text.text == "[2/?]"
    assert routing_row(0, entry(), TimeStyle.UTC).at.text == ""


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_a_decision(text: str) -> None:
    assert_clean(
        routing_row(0, entry(flow=text, step=text, target=text, reason=text, raw_decision=text), TimeStyle.UTC)
    )


class Million(Sequence[RoutingEntry]):
    """A million decisions of which each one made is counted."""

    def __init__(self) -> None:
        self.made = 0

    def __len__(self) -> int:
        return 1_000_000

    @overload
    def __getitem__(self, index: int) -> RoutingEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[RoutingEntry]: ...
    def __getitem__(self, index: int | slice) -> RoutingEntry | list[RoutingEntry]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        self.made += 1
        return entry(line=index + 1, reason=f"reason {index}")

    def next_level(self, start: int, step: int, levels: frozenset[str]) -> int | None:
        place = 700_000 if "error" in levels else None
        return place if place is not None and (place - start) * step > 0 else None


def test_a_million_lines_cost_what_is_looked_at() -> None:
    items = Million()
    rows = routing_rows(items, TimeStyle.UTC)
    assert len(rows) == 1_000_000
    assert rows[-1].key == "999999"
    assert rows[500_000].text.text == "reason 500000"
    assert [row.key for row in rows[999_998:]] == ["999998", "999999"]
    assert hunt(rows, 5, 1, LOUD) == 700_000
    assert hunt(rows, 800_000, 1, LOUD) is None
    assert hunt(rows, 800_000, -1, LOUD) == 700_000
    assert hunt(rows, 5, 1, frozenset((Level.WARN,))) is None
    assert items.made == 4


def test_lazy_rows_are_a_sequence() -> None:
    lines = [b"a", b"error b", b"c", b"warn d"]
    rows = LazyRows(lines, file_row)
    plain = [file_row(index, text) for index, text in enumerate(lines)]
    assert list(rows) == plain
    assert rows[1:3] == plain[1:3]
    assert rows[::-1] == plain[::-1]
    assert rows[-1] == plain[-1]
    assert rows[-4] == plain[0]
    assert list(reversed(rows)) == plain[::-1]
    assert [rows.index_of(key) for key in ("0", "3", "4", "-1", "x")] == [0, 3, None, None, None]
    for index in (4, -5, -7, 100):
        with pytest.raises(IndexError):
            rows[index]


def test_the_hunt_walks_where_the_lines_do_not_know() -> None:
    rows = LazyRows([b"a", b"error b", b"c", b"warn d", b"failed e"], file_row)
    both = frozenset((Level.ERROR, Level.WARN))
    assert [hunt(rows, start, 1, both) for start in (-1, 1, 3, 4)] == [1, 3, 4, None]
    assert [hunt(rows, start, -1, LOUD) for start in (5, 4, 1, 0)] == [4, 1, None, None]


def test_keys_are_known_without_making_rows() -> None:
    def never(index: int, item: int) -> LogRow:
        raise AssertionError(f"row {index} of {item} was made")

    rows = LazyRows(range(3), never, ["a", "b", "c"])
    assert [rows.index_of(key) for key in "abcd"] == [0, 1, 2, None]
    assert rows.lazy


# The timeline.


def told(kind: str, user: str = "ada", **data: Any) -> Entry:
    actor = Actor(user=user, real_user="ada")
    return Entry(seq=3, at=NOW, actor=actor, kind=kind, data=data, prev="0" * 64, hash="1" * 64)


def test_an_entry_says_who_did_what() -> None:
    row = timeline_row(told("action.started", "root", action="retry", flow="build", argv=["make", "x"]), TimeStyle.UTC)
    assert [cell.text for cell in cells(row)] == ["12:00:00", "ada as root", "started", "retry · build · make x"]
    assert row.key == "3"
    assert timeline_row(told("note", text="hello"), TimeStyle.UTC).where.text == "ada"
    assert timeline_row(told("some.new_kind"), TimeStyle.UTC).what.text == "some.new_kind"
    assert describe(told("note", text="", note=None, step="s", unknown="x")) == "s"


def test_a_bulk_says_how_much_it_is_about_and_no_name_makes_it_loud() -> None:
    runs = [f"run-{number}-failed" for number in range(7)]
    started = told("bulk.started", action="retry", count=7, refused=2, runs=runs)
    assert describe(started) == f"retry · 7 runs, 2 refused: {' '.join(runs[:5])} ..."
    assert timeline_row(started, TimeStyle.UTC).level is Level.INFO
    assert describe(told("bulk.started", action="retry", runs=runs[:1])) == "retry · 1 runs: run-0-failed"


def test_where_everything_is_shown_each_entry_names_its_run() -> None:
    ended = told("action.ended", action="retry", run="run-7", outcome="exit 0")
    ticked = told("checklist.tick", target="run-8", text="look")
    noted = told("note", text="hello")
    shown = [row.text.text for row in timeline_rows([ended, ticked, noted], TimeStyle.UTC, named=True)]
    assert shown == ["run-7: retry · exit 0", "run-8: look", "hello"]
    assert timeline_row(ended, TimeStyle.UTC).text.text == "retry · exit 0"


@pytest.mark.parametrize(
    ("kind", "data", "level"),
    [
        ("action.refused", {}, Level.WARN),
        ("action.ended", {"outcome": "failed: exit 2"}, Level.ERROR),
        ("action.ended", {"outcome": "succeeded"}, Level.INFO),
        ("action.cancelled", {}, Level.WARN),
    ],
)
def test_what_went_wrong_is_loud(kind: str, data: dict[str, Any], level: Level) -> None:
    assert timeline_row(told(kind, **data), TimeStyle.UTC).level is level


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_an_entry(text: str) -> None:
    assert_clean(timeline_row(told(text, text, text=text, argv=[text], reason={"a": text}), TimeStyle.UTC))


# Plans, jobs, checklists.


def plan(**more: Any) -> Plan:
    return Plan(**{"action": "retry", "run": "run-1", "run_key": "k", "hash": "abcdef0123456789", **more})


def test_a_plan_says_what_is_not_known_and_what_it_was_made_from() -> None:
    def texts(made: Plan) -> str:
        return "\n".join("".join(cell.text for cell in row.spans) for row in plan_lines(made))

    assert "takes     not known" in texts(plan())
    assert "takes" not in texts(plan(refused="no"))
    assert "takes     about 2m" in texts(plan(expected_s=120))
    assert "plan      abcdef012345, made from the state 77ac03e8b3cd" in texts(plan(fingerprint="77ac03e8b3cd26a8"))


def test_a_plan_shows_exactly_what_would_happen() -> None:
    rows = plan_lines(
        plan(
            flow="build", step="implement", argv=("make", "a b", "$(x)"), cwd="/srv", env={"B": "2", "A": "1"},
            effects=("one", "more"), warnings=("mind", "this"), expected_s=90, expected_tokens=1_234,
            undo="none", refused="because",
        )
    )  # fmt: skip
    texts = [row.spans[0].text.strip() + "=" + row.spans[1].text for row in rows]
    assert texts == [
        "refused=because", "run=run-1", "step=build › implement", "command=make 'a b' '$(x)'", "in=/srv", "env=A=1",
        "=B=2", "warning=mind", "=this", "effect=one", "=more", "takes=about 1m, about 1,234 tokens", "undo=none",
        "plan=abcdef012345",
    ]  # fmt: skip
    assert len({row.key for row in rows}) == len(rows)
    assert [row.spans[0].text.strip() for row in plan_lines(plan())] == ["run", "takes", "plan"]
    assert command_text(None) == command_text(()) == ""


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_plans_and_jobs(text: str) -> None:
    foreign = {"run": text, "flow": text, "step": text, "cwd": text, "undo": text, "refused": text}
    made = plan(**foreign, argv=(text,), env={text: text}, effects=(text,))
    assert_clean(plan_lines(made))
    job = Job(
        id=text, action=text, run=text, run_key=text, argv=(text,), started_at=NOW, state=JobState.LOST, output="o"
    )
    assert_clean(job_lines(job, NOW))


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_of_a_job_is_shown(state: JobState) -> None:
    job = Job(id="j", action="retry", run="run-1", run_key="k", started_at=NOW, state=state, output="o")
    assert state.value in [row.spans[1].text for row in job_lines(job, NOW)]


def item(name: str, state: ItemState = ItemState.OPEN, **more: Any) -> ChecklistItem:
    given = {"id": f"book/{name}", "text": f"do {name}", "playbook": "book", "section": "First", "state": state}
    return ChecklistItem(**{**given, **more})


def test_a_checklist_has_headings_boxes_and_reasons() -> None:
    seen = Evidence(rank=Rank.ARTIFACT, path="run-1/x.json", line=3)
    checklist = Checklist(
        target="run-1",
        playbooks=("book", "other"),
        items=(
            item("a", detail=("look here",)),
            item("b", ItemState.DONE, by="ada", at=NOW, evidence=(seen,)),
            item("c", ItemState.SKIPPED, by="ada", at=NOW, note="not ours", section="Second"),
            item("d", ItemState.CONTRADICTED, section="Second"),
            item("e", ItemState.STALE, playbook="other", section=""),
        ),
    )
    rows = checklist_rows(checklist, {"book": "Failed run"}, NOW, TimeStyle.UTC)
    assert [(row.state.text, row.text.text, row.note.text) for row in rows] == [
        ("", "Failed run", ""),
        ("", "First", ""),
        ("[ ]", "do a", "look here"),
        ("[x]", "do b", "run-1/x.json:3"),
        ("", "Second", ""),
        ("[-]", "do c", "because not ours"),
        ("[!]", "do d", ""),
        ("", "other", ""),
        ("[~]", "do e", ""),
    ]
    assert [row.heading for row in rows].count(True) == 4
    assert [row.level for row in rows if not row.heading] == [
        Level.INFO, Level.INFO, Level.INFO, Level.ERROR, Level.WARN,
    ]  # fmt: skip
    assert rows[3].by.text == "ada"
    assert rows[3].at.text == "12:00:00"
    assert len({row.key for row in rows}) == len(rows)
    assert progress(checklist) == "2/5"
    assert progress(Checklist(target="x")) == ""


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_in_a_checklist(text: str) -> None:
    seen = Evidence(rank=Rank.ARTIFACT, path=text)
    items = (
        item(text, text=text, section=text, playbook=text, detail=(text,)),
        item(text, ItemState.DONE, text=text, by=text, at=NOW, evidence=(seen,)),
        item(text, ItemState.SKIPPED, note=text),
    )
    assert_clean(checklist_rows(Checklist(target=text, items=items), {text: text}, NOW, TimeStyle.LOCAL))


def test_a_back_dated_remark_stands_at_the_time_it_speaks_of() -> None:
    now = told("note", text="written now")
    early = told("note", text="it began", happened_at="2026-11-21T09:00:00Z").model_copy(update={"seq": now.seq + 1})
    odd = told("note", text="odd", happened_at=[1]).model_copy(update={"seq": now.seq + 2})
    rows = timeline_rows([now, early, odd], TimeStyle.UTC)
    assert [row.text.text for row in rows] == ["it began", "written now", "odd"]
    assert rows[0].at.text == "09:00:00"
    assert rows[2].at.text == rows[1].at.text
