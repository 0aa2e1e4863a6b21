"""Tiles below the header: none takes no room, many are counted, what matters is never dropped."""

from textual.app import ComposeResult
from textual.widgets import Static

from tests.widgets.harness import Bench, screen_lines
from widgets.rows import Cell, HeaderLine, Tone
from widgets.tiles import Tiles


class Board(Bench):
    """Tiles above a text."""

    def compose(self) -> ComposeResult:
        yield Tiles()
        yield Static("below", markup=False)


def tile(number: int) -> HeaderLine:
    left = (Cell("SEV2", Tone.BAD), Cell(f"inc-{number}"), Cell("diagnose"), Cell("a long title " * 8))
    return HeaderLine(left, (Cell("update due in 5m", Tone.WARN),))


async def shown(*numbers: int, size: tuple[int, int] = (60, 16), most: int = 2) -> list[str]:
    app = Board()
    async with app.run_test(size=size) as pilot:
        tiles = app.query_one(Tiles)
        tiles.most = most
        tiles.tiles = tuple(map(tile, numbers))
        await pilot.pause()
        await pilot.pause()
        return screen_lines(app)


async def test_no_tile_takes_no_line() -> None:
    assert (await shown())[0].startswith("below")


async def test_each_tile_is_a_line_with_its_ends() -> None:
    lines = await shown(1, 2)
    assert lines[0].split()[:3] == ["SEV2", "inc-1", "diagnose"]
    assert lines[1].split()[:3] == ["SEV2", "inc-2", "diagnose"]
    assert lines[0].rstrip().endswith("update due in 5m")
    assert lines[2].startswith("below")


async def test_what_has_no_room_is_counted() -> None:
    lines = await shown(1, 2, 3, 4)
    assert "+2 more" in lines[1]
    assert lines[2].startswith("below")


async def test_severity_id_and_phase_stay_at_any_width() -> None:
    lines = await shown(1, size=(24, 8))
    assert lines[0].split() == ["SEV2", "inc-1", "diagnose"]
