"""Columns by the width of the pane."""

import pytest

from widgets.columns import GAP, Column, Placed, place
from widgets.receipt_list import ReceiptList
from widgets.routing_log import RoutingLog
from widgets.run_list import RunList
from widgets.timeline import Timeline

COLUMNS = (
    Column("id", min=4, max=8),
    Column("extra", min=6, priority=2),
    Column("note", min=4, flex=1, priority=1),
)


def used(placed: tuple[Placed, ...]) -> int:
    return sum(item.width for item in placed) + GAP * (len(placed) - 1)


def names(width: int) -> list[str]:
    return [item.column.field for item in place(COLUMNS, width)]


def test_the_least_important_column_goes_first() -> None:
    assert names(16) == ["id", "extra", "note"]
    assert names(15) == ["id", "note"]
    assert names(8) == ["id"]
    assert names(2) == ["id"]
    assert place(COLUMNS, 2)[0].width == 2


def test_a_less_important_column_takes_room_that_a_wider_one_cannot() -> None:
    columns = (Column("id", min=4), Column("wide", min=20, priority=1), Column("small", min=3, priority=2))
    assert [item.column.field for item in place(columns, 10)] == ["id", "small"]


def test_flexible_columns_take_the_rest() -> None:
    id_, _, note = place(COLUMNS, 40)
    assert id_.width == 8
    assert note.width == 40 - 8 - 6 - 2 * GAP


@pytest.mark.parametrize("pane", [RunList, ReceiptList, RoutingLog, Timeline])
@pytest.mark.parametrize("width", [*range(1, 60), 77, 97, 157])
def test_columns_never_take_more_than_the_pane(pane: type[RunList], width: int) -> None:
    placed = place(pane.COLUMNS, width)
    assert placed
    assert used(placed) <= width


@pytest.mark.parametrize("width", [40, 57, 77, 137])
def test_the_last_column_of_runs_reaches_the_frame(width: int) -> None:
    placed = place(RunList.COLUMNS, width)
    if any(item.column.flex for item in placed):
        assert used(placed) == width
