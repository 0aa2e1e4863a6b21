"""Themes: the shipped ones load, one's own override them, and a broken file is reported, never raised."""

from pathlib import Path

import pytest

from cockpit.theming import load_themes, read_theme, shipped_dir


def write(directory: Path, name: str, text: str | bytes) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / f"{name}.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_the_shipped_themes_load() -> None:
    loaded = load_themes([shipped_dir()])
    assert loaded.problems == ()
    assert set(loaded.themes) >= {"dark", "light", "ansi-dark", "ansi-light", "high-contrast"}
    assert loaded.themes["ansi-dark"].ansi
    assert not loaded.themes["light"].dark


def test_ones_own_theme_overrides_by_name(tmp_path: Path) -> None:
    write(tmp_path, "mine", 'name = "dark"\nprimary = "#010203"\n[variables]\ntone-bad = "#ff0000"\n')
    write(tmp_path, "other", 'primary = "red"\n')
    loaded = load_themes([shipped_dir(), tmp_path, tmp_path / "missing"])
    assert loaded.problems == ()
    assert loaded.themes["dark"].primary == "#010203"
    assert loaded.themes["dark"].variables == {"tone-bad": "#ff0000"}
    assert loaded.themes["other"].dark


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "primary"),
        ("primary = ", "Invalid value"),
        (b'primary = "\xff"', "decode"),
        ('primary = "nocolour"', "primary: 'nocolour' is no colour"),
        ("primary = 5", "primary: 5 is no colour"),
        ('primary = "red"\naccent = "$primary"', "accent"),
        ('primary = "red"\ncolour = 1', "2: colour: unknown key colour"),
        ('primary = "red"\n[variables]\n\ntone-bad = "reddish"', "4: variables.tone-bad: 'reddish' is no colour"),
        ('primary = "red"\nvariables.tone-bad-style = "loud"', "2: variables.tone-bad-style: 'loud' is no style"),
        ('primary = "red"\nvariables.footer-background = "no; colour"', "is no colour"),
        ('primary = "red"\naccent = \n', "2: Invalid value"),
        ('primary = "red"\nvariables = "none"', "variables: not a table"),
        ('primary = "red"\ndark = "no"', "dark: neither true nor false"),
        pytest.param("x = " + "[" * 50_000, "nested too deeply", id="deep"),
    ],
)
def test_a_broken_theme_is_reported_and_the_others_load(tmp_path: Path, text: str | bytes, why: str) -> None:
    broken = write(tmp_path, "broken", text)
    write(tmp_path, "good", 'primary = "red"')
    loaded = load_themes([tmp_path])
    assert list(loaded.themes) == ["good"]
    (problem,) = loaded.problems
    assert problem.startswith(f"{broken}:")
    assert why in problem
    with pytest.raises(ValueError, match=r"\w"):
        read_theme(broken)


def test_a_directory_called_like_a_theme_is_reported(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    assert "folder.toml" in load_themes([tmp_path]).problems[0]
