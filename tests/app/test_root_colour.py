"""Whose runs these are stands in the header: production in red, on every screen and at every width."""

from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.clock import Clock
from cockpit.presenters.header import root_cell
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app import scenes
from tests.app.operator import HandClock, operate
from widgets.header import Header
from widgets.rows import Cell, Tone


def production(root: Path, clock: Clock) -> CockpitApp:
    settings = RootSettings(path=root, label="production", colour="red")
    session = Session(Settings(theme="dark"), [settings], clock)
    session.board.first_page()
    return CockpitApp(session)


@pytest.mark.parametrize("size", [(160, 45), (60, 16)])
async def test_the_root_stands_out_on_every_screen(root: Path, hand_clock: HandClock, size: tuple[int, int]) -> None:
    scenes.three(root)
    async with operate(production(root, hand_clock), size) as me:
        await me.until(lambda: me.scope.run is not None)
        for key in ("", "b", "exclamation_mark"):
            if key:
                await me.press(key)
                await me.until(lambda: me.app.screen is not me.screen, "another screen")
                await me.pilot.pause()
            header = me.app.screen.query_one(Header)
            block = next(segment for segment in header.render_line(0) if "production" in segment.text)
            assert block.style is not None
            assert block.style.reverse
            assert block.style.color == me.pane("runs").palette.tones[Tone.BAD].color
            if key:
                await me.press("escape")
                await me.until(lambda: me.app.screen is me.screen)


def test_colours_are_tones_so_that_every_theme_has_its_shade() -> None:
    assert root_cell("staging", None) == Cell("staging", Tone.ACCENT)
    assert root_cell("staging", "yellow") == Cell(" staging ", Tone.WARN, block=True)
    assert root_cell("a\x1b[31m", "green").text.count("\x1b") == 0
