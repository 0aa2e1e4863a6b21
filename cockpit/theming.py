"""Themes are data: `themes/*.toml` and the user's own, turned into Textual themes. A broken file is reported."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
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
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    colours: dict[str, Any] = {name: _colour(name, data.pop(name)) for name in _FIELDS if name in data}
    name = str(data.pop("name", path.stem))
    dark, ansi = _flag(data, "dark", default=True), _flag(data, "ansi", default=False)
    table = data.pop("variables", {})
    if not isinstance(table, dict):
        raise ValueError("variables: not a table")  # noqa: TRY004 - a value in a file, not an argument
    variables = {str(key): str(value) for key, value in table.items()}
    data.pop("description", None)
    if data:
        raise ValueError(f"unknown key {', '.join(sorted(data))}")
    if "primary" not in colours:
        raise ValueError("a theme needs at least `primary`")
    return Theme(name=name, dark=dark, ansi=ansi, variables=variables, **colours)


def _colour(name: str, value: object) -> str:
    """Textual looks at a colour only when the theme is switched on, and then it is too late to report it."""
    try:
        Color.parse(str(value))
    except ColorParseError as error:
        raise ValueError(f"{name}: {value!r} is no colour") from error
    return str(value)


def _flag(data: dict[str, Any], name: str, *, default: bool) -> bool:
    value = data.pop(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"{name}: neither true nor false")  # noqa: TRY004 - a value in a file, not an argument
    return value
