"""Themes are data: `themes/*.toml` and the user's own, turned into Textual themes. A broken file is reported."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from textual.theme import Theme

_FIELDS = (
    "primary", "secondary", "warning", "error", "success", "accent", "foreground", "background", "surface", "panel",
    "boost",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Themes:
    """What was loaded, by name, and what was not, with the reason."""

    themes: dict[str, Theme]
    problems: tuple[str, ...] = ()


def shipped_dir() -> Path:
    """The themes of this distribution: inside the package in a wheel, beside it in a checkout."""
    here = Path(__file__).parent
    packaged = here / "_themes"
    return packaged if packaged.is_dir() else here.parent / "themes"


def load_themes(directories: Iterable[Path]) -> Themes:
    """Every theme file of the directories; a later directory overrides an earlier one by name."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for directory in directories:
        for path in sorted(directory.glob("*.toml")) if directory.is_dir() else ():
            try:
                theme = read_theme(path)
            except (OSError, UnicodeDecodeError, ValueError, TypeError) as error:
                problems.append(f"{path}: {error}")
            else:
                themes[theme.name] = theme
    return Themes(themes, tuple(problems))


def read_theme(path: Path) -> Theme:
    """One theme file (`themes/README.md` describes its keys).

    Raises:
        ValueError: Not TOML, an unknown key, or a value that is no colour.
        OSError: Unreadable.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    colours = {name: data.pop(name) for name in _FIELDS if name in data}
    name = str(data.pop("name", path.stem))
    dark, ansi = bool(data.pop("dark", True)), bool(data.pop("ansi", False))
    variables = {str(key): str(value) for key, value in data.pop("variables", {}).items()}
    data.pop("description", None)
    if data:
        raise ValueError(f"unknown key {', '.join(sorted(data))}")
    if "primary" not in colours:
        raise ValueError("a theme needs at least `primary`")
    return Theme(name=name, dark=dark, ansi=ansi, variables=variables, **colours)
