"""The order on the screen, kept by changes alone, is the order of a screen that was made anew."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cockpit.filtering import EVERYTHING, parse_filter
from cockpit.models.run import Becomes, Reason, Run, RunRef, RunState
from cockpit.models.snapshot import Snapshot, tally_of
from cockpit.presenters.arranged import Arranged
from cockpit.presenters.runs import ORDERS, RunsView, Sort, arrange, collapse
from cockpit.runtime import table as tables
from cockpit.runtime.table import RunTable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATES = (RunState.RUNNING, RunState.FAILED, RunState.STUCK, RunState.SUCCEEDED)


def _run(chance: random.Random, number: int) -> Run:
    state = chance.choice(STATES)
    moment = NOW - timedelta(minutes=chance.randrange(500))
    turns = Becomes(
        at=NOW + timedelta(minutes=chance.randrange(1, 30)), state=RunState.STUCK, reason=Reason(text="silent")
    )
    return Run(
        ref=RunRef(source="custom", root="/r", path=f"run-{number:03}", id=f"run-{number:03}"),
        state=state,
        started_at=moment - timedelta(hours=1),
        updated_at=moment,
        signature=f"s{number % 4}" if state is RunState.FAILED else None,
        becomes=turns if state is RunState.RUNNING else None,
    )


def _snapshot(table: RunTable, number: int, now: datetime) -> Snapshot:
    picture = table.picture()
    assert picture.tally == tally_of(picture.runs), "the count is kept, not lost"
    return Snapshot(number, now, picture.runs, tally=picture.tally, serial=picture.serial, changes=table.changes)


def _as_made_anew(arranged: Arranged, snapshot: Snapshot, view: RunsView, *, clustered: bool) -> None:
    wanted: Sequence[Run] = arrange(snapshot.runs, view)
    if clustered:
        wanted, counts = collapse(wanted)
        assert arranged.stands_for == counts
    assert list(arranged.runs) == list(wanted)
    assert list(arranged.keys) == [run.key for run in wanted]
    for place, run in enumerate(wanted):
        assert arranged.index_of(run.key) == place
    assert all(arranged.get(run.key) is run for run in snapshot.runs)
    assert arranged.get("custom:/r/nothing") is None


@pytest.mark.parametrize("seed", range(12))
def test_whatever_changes_it_shows_what_a_new_one_would(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_REMEMBERED", 20)
    chance, table, arranged = random.Random(seed), RunTable(), Arranged()  # noqa: S311
    sort, chosen, clustered, now = Sort.ATTENTION, EVERYTHING, False, NOW
    for number in range(60):
        for _ in range(chance.choice((0, 1, 3, 40))):
            match chance.randrange(6):
                case 0:
                    table.drop([_run(chance, chance.randrange(40)).key])
                case 1:
                    table.put([(_run(chance, each), "") for each in range(70)], now)
                case 2:
                    table.mark_stale(_run(chance, chance.randrange(40)).key)
                case _:
                    table.put([(_run(chance, chance.randrange(40)), "")], now)
        if chance.random() < 0.3:
            now += timedelta(minutes=chance.randrange(5))
            table.age(now)
        if chance.random() < 0.15:
            sort = chance.choice(list(Sort))
        if chance.random() < 0.15:
            chosen = chance.choice((EVERYTHING, parse_filter("state:failed,stuck"), parse_filter("silent>2h")))
        clustered = clustered != (chance.random() < 0.1)
        if chance.random() < 0.2:
            continue  # newest wins: not every snapshot is seen
        view, snapshot = RunsView(now, chosen, sort), _snapshot(table, number, now)
        arranged.take(snapshot, view, clustered=clustered)
        _as_made_anew(arranged, snapshot, view, clustered=clustered)


def test_one_change_among_thousands_asks_for_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    table, arranged, chance = RunTable(), Arranged(), random.Random(1)  # noqa: S311
    table.put([(_run(chance, number), "") for number in range(3_000)], NOW)
    view = RunsView(NOW)
    arranged.take(_snapshot(table, 1, NOW), view, clustered=False)
    first = list(arranged.runs)
    table.put([(_run(chance, 1_500), "new")], NOW)
    snapshot = _snapshot(table, 2, NOW)
    asked: list[str] = []
    ranked = ORDERS[view.sort]

    def rank(run: Run) -> tuple[Any, ...]:
        asked.append(run.key)
        return ranked(run)

    monkeypatch.setitem(ORDERS, view.sort, rank)
    arranged.take(snapshot, view, clustered=False)
    assert set(asked) == {"custom:/r/run-1500"}
    assert list(arranged.runs) == list(arrange(snapshot.runs, view)) != first
