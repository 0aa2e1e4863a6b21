"""The chosen theme is on the screen from the first frame on: its colours, not Textual's own."""

from pathlib import Path

import pytest
from textual.color import Color

from cockpit import locations
from cockpit.settings import Settings
from cockpit.theming import load_themes, shipped_dir
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import operate
from widgets.rows import Tone

THEMES = load_themes([shipped_dir()]).themes


@pytest.mark.parametrize("name", sorted(THEMES))
async def test_the_chosen_theme_is_drawn_from_the_start(make_app: MakeApp, root: Path, name: str) -> None:
    scenes.failed(root)
    theme = THEMES[name]
    async with operate(make_app(settings=Settings(theme=name))) as me:
        assert me.app.theme == name
        assert me.screen.styles.background == Color.parse(theme.background or "")
        assert me.app.native_ansi_color is theme.ansi
        bad = me.pane("runs").palette.tones[Tone.BAD]
        assert bad.color == Color.parse(theme.variables["tone-bad"]).rich_color


async def test_another_theme_is_drawn_when_it_is_chosen(make_app: MakeApp, root: Path) -> None:
    scenes.failed(root)
    async with operate(make_app()) as me:
        for name in ("light", "ansi-dark", "mono"):
            await me.enter_command(f"theme {name}")
            await me.until(lambda name=name: me.app.theme == name)  # type: ignore[misc]
            wanted = Color.parse(THEMES[name].background or "")
            await me.until(lambda wanted=wanted: me.screen.styles.background == wanted)  # type: ignore[misc]


async def test_a_theme_is_drawn_anew_when_its_file_is_saved(make_app: MakeApp, root: Path) -> None:
    scenes.failed(root)
    directory = locations.config_dir() / "themes"
    directory.mkdir(parents=True)
    mine = directory / "mine.toml"
    mine.write_text('primary = "#ffffff"\nbackground = "#010101"\n')
    async with operate(make_app(settings=Settings(theme="mine"))) as me:

        async def drawn(colour: str) -> None:
            await me.until(lambda: me.screen.styles.background == Color.parse(colour), f"the ground is {colour}")

        await drawn("#010101")
        mine.write_text('primary = "#ffffff"\nbackground = "#020202"\nvariables.tone-bad = "#00ffff"\n')
        await drawn("#020202")
        assert me.pane("runs").palette.tones[Tone.BAD].color == Color.parse("#00ffff").rich_color
        mine.write_text('primary = "#ffffff"\nbackground = "#03\n')
        await me.told("mine.toml:2")
        await drawn("#020202")
        (directory / "other.toml").write_text('primary = "#ffffff"\nbackground = "#040404"\n')
        await me.until(lambda: "other" in me.app.available_themes, "a new one is known")
        await me.enter_command("theme other")
        await drawn("#040404")
        (directory / "other.toml").write_text('primary = "#ffffff"\nbackground = "#050505"\n')
        await drawn("#050505")
