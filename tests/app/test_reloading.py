"""The configuration is changed while the cockpit is open."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.session import Session
from cockpit.settings import RootSettings, load_settings
from tests.app import scenes
from tests.app.operator import HandClock, operate

Opened = Callable[[], CockpitApp]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('theme = "dark"\n')
    return path


def say(file: Path, text: str | None) -> None:
    """What an editor does."""
    if text is None:
        file.unlink()
    else:
        file.write_text(text)


@pytest.fixture
def opened(root: Path, file: Path, hand_clock: HandClock) -> Opened:
    """The app on a configuration file."""

    def make() -> CockpitApp:
        scenes.three(root)
        return CockpitApp(Session(load_settings(file), [RootSettings(path=root)], hand_clock, config=file))

    return make


async def test_a_valid_change_is_taken_up_at_once(opened: Opened, file: Path) -> None:
    async with operate(opened()) as me:
        await me.scope_on(scenes.RUNNING)
        text = (
            'theme = "light"\nglyphs = "unicode"\ntimes = "utc"\nmouse = true\nfps = 7\n'
            '[keys]\n"view.zoom" = "Z"\n[limits]\nstuck_after = "30s"\n'
        )
        say(file, text)
        note = await me.told("taken up: theme, ", "glyphs, times, ", "fps", "limits, keys", "at the next start: mouse")
        assert note.severity == "information"
        assert (me.app.theme, me.screen.view.unicode, me.screen.view.times.value) == ("light", True, "utc")
        assert me.app.pace.fps == 7
        await me.press("z")
        assert not me.screen.deck.state.zoomed
        await me.press("Z")
        await me.until(lambda: me.screen.deck.state.zoomed, "the new key zooms")
        await me.until(lambda: "1 stuck" in me.header, "silence is judged by the new limit")


async def test_a_broken_change_is_told_with_its_place_and_what_was_in_force_stays(opened: Opened, file: Path) -> None:
    async with operate(opened()) as me:
        say(file, 'theme = "light"\n[limits]\nstuck_after = "soon"\n')
        note = await me.told(f"{file}:3: limits.stuck_after", "stays")
        assert note.severity == "error"
        assert me.app.theme == "dark"
        say(file, 'theme = "pink"\n[keys]\n"run.retry" = "q"\n')
        await me.told(f"{file}:1: theme: no theme 'pink'", f"{file}:3: keys.run.retry")
        assert me.app.theme == "dark"
        say(file, None)
        await me.told("is gone", "stays in force")


async def test_a_command_without_a_key_can_be_given_one(opened: Opened, file: Path) -> None:
    say(file, '[keys]\n"view.theme" = "f7"\n')
    async with operate(opened()) as me:
        before = me.app.theme
        await me.press("f7")
        await me.until(lambda: me.app.theme != before, "the next theme")
