"""The theme files: complete, readable, and drawn as they say."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.theme import Theme

from tests.widgets.harness import Bench, run_rows
from widgets.rows import Tone
from widgets.run_list import RunList
from widgets.style import THEME_VARIABLE_DEFAULTS

THEMES = sorted((Path(__file__).parents[2] / "themes").glob("*.toml"))
COLOURS = [
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
]
TONES = [f"tone-{tone.value}" for tone in Tone]
STYLES = {"none", "bold", "dim", "italic", "underline", "reverse"}


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [part / 255 for part in Color.parse(colour).rgb]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def as_theme(path: Path) -> Theme:
    data = read(path)
    return Theme(
        name=data["name"],
        dark=data["dark"],
        ansi=data["ansi"],
        variables=data["variables"],
        **{name: data[name] for name in COLOURS},
    )


def test_the_shipped_themes() -> None:
    assert {path.stem for path in THEMES} == {
        "ansi-dark", "ansi-light", "colour-blind", "dark", "high-contrast", "high-contrast-light", "light", "mono",
    }  # fmt: skip


def test_the_defaults_are_those_of_the_dark_theme() -> None:
    dark = next(path for path in THEMES if path.stem == "dark")
    own = {name: value for name, value in THEME_VARIABLE_DEFAULTS.items() if not name.startswith("ansi-")}
    assert read(dark)["variables"] == own


@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
def test_a_theme_is_complete(path: Path) -> None:
    data = read(path)
    assert data["name"] == path.stem
    assert set(data) == {"name", "description", "dark", "ansi", "variables", *COLOURS}
    needed = {name for name in THEME_VARIABLE_DEFAULTS if data["ansi"] or not name.startswith("ansi-")}
    assert set(data["variables"]) == needed
    for name, value in {**{name: data[name] for name in COLOURS}, **data["variables"]}.items():
        if name.endswith("-style"):
            assert set(value.split()) <= STYLES
        elif data["ansi"]:
            assert re.fullmatch(r"ansi_[a-z_]+", value)
            Color.parse(value)
        else:
            assert re.fullmatch(r"#[0-9a-f]{6}", value)


@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
def test_every_text_can_be_read(path: Path) -> None:
    data = read(path)
    variables = data["variables"]
    if data["ansi"]:
        # The reverse of the terminal's own colours is as readable as they are.
        assert variables["cursor-style"] == "reverse"
        assert variables["cursor-foreground"] == variables["cursor-background"] == "ansi_default"
        return
    needed = 7.0 if path.stem.startswith("high-contrast") else 4.5
    grounds = {name: variables[name] for name in ("bar-background", "cursor-background", "cursor-blurred-background")}
    grounds["background"] = data["background"]
    pairs = [(tone, ground) for tone in TONES for ground in grounds]
    pairs += [("bar-foreground", "bar-background"), ("cursor-foreground", "cursor-background")]
    pairs += [("cursor-blurred-foreground", "cursor-blurred-background")]
    pairs += [("pane-title", "background"), ("pane-title-focus", "background")]
    grounds.update(variables)
    bad = {
        (text, ground): round(ratio, 2)
        for text, ground in pairs
        if (ratio := contrast(variables[text], grounds[ground])) < needed
    }
    assert not bad
    assert contrast(variables["frame"], data["background"]) >= 3
    assert contrast(variables["frame-focus"], data["background"]) >= 3


PALETTES = {
    "xterm": (
        "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
        "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
    ),
    "vga": (
        "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
        "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
    ),
    "campbell": (
        "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc "
        "767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2"
    ),
}
"""The sixteen colours of xterm, of the Linux console and of Windows Terminal."""
NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
def test_every_text_can_be_read_in_the_colours_of_common_terminals(name: str, palette: str) -> None:
    data = read(next(path for path in THEMES if path.stem == name))
    codes = dict(zip([*NAMES, *(f"bright_{each}" for each in NAMES)], PALETTES[palette].split(), strict=True))
    ground = codes["black"] if data["dark"] else "ffffff"
    codes["default"] = codes["white"] if data["dark"] else codes["black"]

    def against_ground(variable: str) -> float:
        return contrast(f"#{codes[data['variables'][variable].removeprefix('ansi_')]}", f"#{ground}")

    texts = [*TONES, "pane-title", "pane-title-focus", "bar-foreground"]
    bad = {text: round(ratio, 2) for text in texts if (ratio := against_ground(text)) < 4.5}
    bad |= {line: round(ratio, 2) for line in ("frame", "frame-focus") if (ratio := against_ground(line)) < 3}
    assert not bad


@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
async def test_a_theme_reaches_the_rows(path: Path) -> None:
    app = Bench(RunList)
    theme = as_theme(path)
    async with app.run_test(size=(80, 10)) as pilot:
        app.register_theme(theme)
        app.theme = theme.name
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(6))
        runs.focus()
        await pilot.press("j", "j")
        await pilot.pause()
        strip = runs.render_line(2)
        state = next(segment.style for segment in strip if "failed" in segment.text and segment.style)
        cursor = next(segment.style for segment in runs.render_line(3) if "succeeded" in segment.text and segment.style)
    assert state.color == Color.parse(theme.variables["tone-bad"]).rich_color
    assert bool(state.bold) is ("bold" in theme.variables["tone-bad-style"])
    if theme.ansi:
        assert cursor.reverse
    else:
        assert cursor.bgcolor == Color.parse(theme.variables["cursor-background"]).rich_color


async def test_without_colours_the_selected_line_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Bench(RunList)
    async with app.run_test(size=(80, 10)) as pilot:
        runs = app.query_one(RunList)
        runs.set_rows(run_rows(6))
        runs.focus()
        await pilot.pause()
        selected, other = runs.render_line(1), runs.render_line(2)
    assert all(segment.style.reverse for segment in selected if segment.style and "name-0" in segment.text)
    assert not any(segment.style.reverse for segment in other if segment.style)
    assert selected.text[1] == ">"
