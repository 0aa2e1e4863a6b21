"""Following the tail, and hunting."""

import pytest

from tests.widgets.harness import Bench, LazyRuns, body_lines, pane_lines
from widgets.routing_log import RoutingLog
from widgets.rows import Cell, Level, LogRow, Tone
from widgets.timeline import Timeline

ERRORS = frozenset({Level.ERROR})
LOUD = frozenset({Level.WARN, Level.ERROR})


def entry(index: int, level: Level = Level.INFO) -> LogRow:
    return LogRow(
        key=str(index),
        level=level,
        at=Cell("12:04:01", Tone.DIM),
        where=Cell("build › critic"),
        what=Cell("CONTINUE"),
        text=Cell(f"reason {index}"),
    )


def entries(count: int, **levels: Level) -> tuple[LogRow, ...]:
    loud = {int(name[1:]): level for name, level in levels.items()}
    return tuple(entry(index, loud.get(index, Level.INFO)) for index in range(count))


def bench() -> Bench:
    return Bench(lambda: RoutingLog(title="Routing", number="3"))


async def test_appended_rows_scroll_in() -> None:
    app = bench()
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(RoutingLog)
        log.set_rows(entries(50))
        await pilot.pause()
        assert "reason 49" in body_lines(log)[-1]
        log.set_rows(entries(53))
        await pilot.pause()
        assert "reason 52" in body_lines(log)[-1]
        assert log.cursor_key == "52"
        assert "new" not in pane_lines(log)[0]


async def test_moving_up_leaves_the_tail_and_counts_what_comes() -> None:
    app = bench()
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(RoutingLog)
        log.set_rows(entries(50))
        log.focus()
        await pilot.press("k")
        assert not log.following
        before = body_lines(log)
        log.set_rows(entries(52))
        log.set_rows(entries(55))
        await pilot.pause()
        assert body_lines(log) == before
        assert "+5 new" in pane_lines(log)[0]
        await pilot.press("G")
        await pilot.pause()
        assert log.following
        assert "reason 54" in body_lines(log)[-1]
        assert "new" not in pane_lines(log)[0]


async def test_new_rows_are_counted_by_key_where_old_ones_were_dropped() -> None:
    app = bench()
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(RoutingLog)
        log.set_rows(entries(50))
        log.focus()
        await pilot.press("k")
        log.set_rows(entries(60)[10:])
        await pilot.pause()
        assert "+10 new" in pane_lines(log)[0]
        log.set_rows(entries(3))
        await pilot.pause()
        assert "new" not in pane_lines(log)[0]


async def test_a_lazy_log_is_followed_without_being_read() -> None:
    app = Bench(lambda: RoutingLog(title="Routing"))
    rows = LazyRuns(1_000_000)
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(RoutingLog)
        log.set_rows(rows)  # type: ignore[arg-type]
        await pilot.pause()
        assert log.cursor_index == 999_999
        rows.size += 7
        log.focus()
        await pilot.press("k")
        log.set_rows(rows)  # type: ignore[arg-type]
        await pilot.pause()
        assert "+7 new" in pane_lines(log)[0]
        assert len(rows.asked) <= 40


async def test_following_can_be_switched() -> None:
    app = Bench(Timeline)
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(Timeline)
        log.set_rows(entries(50))
        await pilot.pause()
        log.move_to(10)
        assert not log.following
        log.following = True
        await pilot.pause()
        assert log.cursor_index == 49
        assert "reason 49" in body_lines(log)[-1]


@pytest.mark.parametrize(
    ("levels", "step", "start", "found"),
    [
        (ERRORS, 1, 0, 7),
        (LOUD, 1, 0, 4),
        (ERRORS, 1, 7, 30),
        (ERRORS, -1, 30, 7),
        (ERRORS, 1, 30, None),
        (ERRORS, -1, 7, None),
    ],
)
async def test_hunting(levels: frozenset[Level], step: int, start: int, found: int | None) -> None:
    app = bench()
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(RoutingLog)
        log.set_rows(entries(40, _4=Level.WARN, _7=Level.ERROR, _30=Level.ERROR))
        log.move_to(start)
        await pilot.pause()
        assert log.hunt(levels, step) is (found is not None)
        assert log.cursor_index == (start if found is None else found)
        assert log.cursor_index in log.view.visible


async def test_a_lazy_log_answers_the_hunt_itself() -> None:
    class Leveled(LazyRuns):
        def next_level(self, start: int, step: int, levels: frozenset[Level]) -> int | None:
            return start + 500_000 * step if levels == ERRORS else None

    app = Bench(RoutingLog)
    rows = Leveled(1_000_000)
    async with app.run_test(size=(80, 12)) as pilot:
        log = app.query_one(RoutingLog)
        log.set_rows(rows)  # type: ignore[arg-type]
        await pilot.pause()
        assert log.hunt(ERRORS, -1)
        assert log.cursor_index == 499_999
        assert not log.hunt(LOUD, -1)
        assert len(rows.asked) <= 40
